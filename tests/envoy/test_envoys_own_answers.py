"""What Envoy answers by itself while the filter is at work: the filter gives it the shape and the words of every other
error, with an id and a line in the log. (What Envoy answers before any filter is asked: test_example.py.)"""

import json
import time

import example
import pace
import pytest
from client import CHAT, Response, chat, raw
from harness import Gateway
from mock import Upstream, hang

PROVIDERS = ("openai", "azure", "mistral", "groq")


def broken(tree: dict) -> None:
    """What operators get wrong, or what happens under too much load."""
    clusters = example.clusters(tree)
    clusters["openai"]["circuit_breakers"]["thresholds"][0]["max_pending_requests"] = 0
    clusters["azure"]["load_assignment"]["endpoints"] = []
    clusters["mistral"]["circuit_breakers"]["thresholds"][0]["max_retries"] = 0
    example.route(tree)["request_body_buffer_limit"] = 16 << 10
    example.listener(tree, "gateway")["per_connection_buffer_limit_bytes"] = 16 << 10


def config() -> dict:
    models = [example.plan(name, model=f"acme/{name}")["models"][0] for name in PROVIDERS]
    return example.plan(*PROVIDERS) | {"models": models}


@pytest.fixture(scope="module")
def gateways():
    """One per version of Envoy, with little patience for silence."""
    running, silent = {}, Upstream(hang())

    def of(version: str) -> Gateway:
        if version not in running:
            times = {"stream_idle_timeout": "1s"}
            running[version] = Gateway(config(), {"groq": silent}, version=version, edit=broken, times=times).start()
        return running[version]

    yield of
    problems = [problem for one in running.values() if (problem := one.stop_quietly())]
    silent.close()
    assert not problems, problems


@pytest.fixture
def running(gateways, envoy_version):
    return gateways(envoy_version)


LARGE = {"model": "acme/openai", "messages": [{"role": "user", "content": "x" * 500_000}]}
INVALID, SERVER = "invalid_request_error", "server_error"
NOBODY = (503, SERVER, "no_provider", "gateway_no_target", None)

# name: (what is asked, (status, type, code, x-tollgate-error, x-should-retry), x-tollgate-attempts)
OWN = {
    "circuit_breaker": (dict(model="acme/openai"), NOBODY, None),  # 1.39 begins an attempt, 1.40 does not
    "no_host": (dict(model="acme/azure"), NOBODY, None),
    "refused_and_the_retry_overflows": (dict(model="acme/mistral"), (503, SERVER, "no_provider", "provider_connect", None), "mistral:connect"),
    "silent_longer_than_streams_may_be": (dict(model="acme/groq"), (504, SERVER, "timeout", "provider_timeout", None), "groq:reset"),
    "too_large_for_the_route": (LARGE, (413, INVALID, "request_too_large", "caller_too_large", "false"), None),
}


@pytest.mark.both
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", OWN)
def test_envoys_own_answer_is_an_error_like_any_other(running, name, stream):
    asked, expected, attempts = OWN[name]
    response = chat(running.url, stream=stream, **asked)
    assert seen(response) == expected, response
    assert response.header("x-tollgate-attempts") == attempts
    line = running.line_of(response)
    assert (line["status"], line["error"], line["ended"]) == (expected[0], expected[3], "refused" if expected[0] == 413 else "failed")


def seen(response: Response) -> tuple:
    problem = response.json()["error"]
    assert set(problem) == {"message", "type", "param", "code"} and problem["message"]
    assert response.header("content-type") == "application/json"
    assert response.header("retry-after") is None and response.header("x-tollgate-generation").startswith("gen_")
    return response.status, problem["type"], problem["code"], response.header("x-tollgate-error"), response.header("x-should-retry")


@pytest.mark.both
def test_an_upload_that_stops_is_ended(running):
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    start, lost = time.monotonic(), pace.lost()
    head, _, body = raw(running.url, head.encode(), b'{"model":').partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ") and b"x-should-retry: false" in head and 0.9 < time.monotonic() - start < 3 + pace.lost() - lost
    assert json.loads(body)["error"]["code"] == "request_timeout"
