"""Recorded and hand-written errors of providers: what the client sees of them, and whether the next target is asked.

The expectations are docs/dialects.md, section 5 (column Chat), written down once more in `row`.
"""

import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import example
import pytest
import recorded
from client import request
from harness import Gateway
from mock import Upstream, chat, error, pieces
from recorded import PATHS, Recording, answer_of

INVALID, SERVER = "invalid_request_error", "server_error"


class Row(NamedTuple):
    status: int
    type: str
    code: str | None
    reason: str  # x-tollgate-error
    next: bool = True  # whether the next target is tried when the first one says so
    again: bool = False  # whether it makes sense to repeat, for a plan of one and for an SDK
    wait: float | None = None  # seconds


KEY = Row(424, "api_error", "provider_credential_rejected", "provider_key")
MISSING = Row(404, INVALID, "model_not_found", "provider_model")
TOO_LONG = Row(400, INVALID, "context_length_exceeded", "caller_context_too_long", next=False)
TOO_LONG_WORDS = r"maximum context length|too large for model|messages is too long"


def row(status: int, body: dict, headers: dict) -> Row:
    """The row of the table, read from the providers' shapes."""
    inner = body["error"] if isinstance(body.get("error"), dict) else body
    message, code = said(body), inner.get("code")
    if status in (401, 402, 403) or message.startswith("Incorrect API key provided"):  # xAI: 400
        return KEY
    if status == 404:
        return MISSING
    if status == 429:
        wait = headers.get("retry-after") or next(iter(re.findall(r"try again in ([\d.]+)s", message)), 1)
        return Row(429, "rate_limit_exceeded", "rate_limit_exceeded", "provider_limit", again=True, wait=float(wait))
    assert status == 400
    if re.search(TOO_LONG_WORDS, message):
        return TOO_LONG
    return Row(400, INVALID, None if code is None else str(code), "caller_bad_request", next=False)


def said(body: dict) -> str:
    inner = body.get("error", body)
    return inner if isinstance(inner, str) else inner.get("message") or inner.get("detail")


# ---------------------------------------------------------------- one Envoy, three ways to meet an error

ERRORS = [one for one in recorded.load() if one.status >= 400]
SYNTHETIC = {
    "openai/429-insufficient-quota": Row(429, "insufficient_quota", "insufficient_quota", "provider_quota"),
    "openai/429-rate-limit": Row(429, "rate_limit_exceeded", "rate_limit_exceeded", "provider_limit", again=True, wait=5.871),
    "openai/500-server-error": Row(500, SERVER, None, "provider_fault", again=True),
    "openai/502-html": Row(502, SERVER, None, "provider_fault", again=True),
    "azure/400-content-filter": Row(400, INVALID, "content_filter", "caller_content_filtered", next=False),
    "azure/429-throttle": Row(429, "rate_limit_exceeded", "rate_limit_exceeded", "provider_limit", again=True, wait=7),
}
STREAMS = {  # name -> how it ends, tokens as told
    "openai/200-stream-error-mid": ("upstream_cut", (None, None)),
    "azure/200-stream-async-filter": ("complete", (9, 2)),
}


def _synthetic(name: str) -> Recording:
    path = recorded.FOLDER / "synthetic-errors" / f"{name}.json"
    response = json.loads(path.read_text())["response"]
    headers, body = answer_of(response, path)
    question = {"model": "gpt-x", "messages": [{"role": "user", "content": "Hi"}]}
    return Recording(f"synthetic/{name}", name.split("/")[0], "chat-completions", response["status"], name in STREAMS, question, headers, body)


CASES = ERRORS + [_synthetic(name) for name in [*SYNTHETIC, *STREAMS]] if recorded.load() else []


def expected(one: Recording) -> Row:
    name = one.file.removeprefix("synthetic/")
    return SYNTHETIC[name] if name in SYNTHETIC else row(one.status, one.json(), dict(one.headers))


def config() -> dict:
    """Per case three models: the provider alone, before a good one, and between a bad one and a good one."""

    def local(name: str, cluster: str) -> dict:
        return {"name": name, "cluster": cluster, "preset": "openai-compatible", "base_url": f"http://{name}.example/v1", "credentials": "none"}

    def model(name: str, *targets: tuple[str, str]) -> dict:
        return {"name": name, "targets": [{"provider": at, "model": asked, "priority": n} for n, (at, asked) in enumerate(targets)]}

    whole = example.plan(*recorded.PROVIDERS)
    whole["providers"] += [local("good", "together"), local("bad", "fireworks")]
    whole["models"] = []
    for n, one in enumerate(CASES):
        it, good, bad = (one.provider, one.request["model"]), ("good", "good"), ("bad", "bad")
        whole["models"] += [model(f"alone/{n}", it), model(f"first/{n}", it, good), model(f"later/{n}", bad, it, good)]
    return whole


@pytest.fixture(scope="module")
def running():
    recorded.require()

    def choose(got):
        one = CASES[int(got.header("x-recording"))]
        local = {"good.example": chat("from the good one"), "bad.example": error(503)}
        return local.get(got.header("host"), pieces([one.body], status=one.status, headers=one.headers, length=len(one.body)))

    upstream = Upstream(choose)
    with Gateway(config(), dict.fromkeys([*recorded.PROVIDERS, "together", "fireworks"], upstream), concurrency=2) as gateway:
        yield gateway
    upstream.close()


@pytest.fixture(scope="module")
def answers(running):
    """All cases at once: some wait a second for their `retry-after`."""

    def ask(case):
        how, n = case
        body = {key: value for key, value in CASES[n].request.items() if key not in ("models", "provider")}
        wish = {"stream": True} if CASES[n].is_stream else {}
        return request(running.url, "POST", PATHS[CASES[n].endpoint], body | wish | {"model": f"{how}/{n}"}, {"x-recording": str(n)})

    cases = [(how, n) for how in ("alone", "first", "later") for n in range(len(CASES))]
    with ThreadPoolExecutor(32) as pool:
        return dict(zip(cases, pool.map(ask, cases)))


failures = pytest.mark.parametrize(
    "number", [n for n, one in enumerate(CASES) if not one.is_stream], ids=[one.file.removesuffix(".json") for one in CASES if not one.is_stream]
)


@failures
def test_the_client_sees_the_row_of_the_table(running, answers, number):
    answer, one = answers["alone", number], CASES[number]
    check(answer, one)
    row, code = expected(one), one.status
    tries = 2 if row.again and (row.wait or 0) <= 2 else 1
    assert answer.header("x-tollgate-attempts") == ",".join([f"{one.provider}:{code}"] * tries)
    line = running.line_of(answer)
    assert (line["status"], line["error"], line["ended"], line["input"]) == (row.status, row.reason, "failed", None)


def check(answer, one: Recording) -> None:
    row, inner = expected(one), answer.json()["error"]
    assert list(answer.json()) == ["error"] and list(inner) == ["message", "type", "param", "code"]
    assert (answer.status, inner["type"], inner["code"], answer.header("x-tollgate-error")) == row[:4]
    if row is KEY:
        assert inner["message"] == f"The provider rejected the gateway's credential ({one.status})."
    elif one.body.startswith(b"<"):
        assert inner["message"] == "The provider answered 502 without a readable error."
    else:
        target = f"{one.provider}:{one.request['model']}: " if row is MISSING else ""  # whose model is missing
        assert inner["message"] == target + said(one.json())
    assert answer.header("x-should-retry") == (None if row.again else "false")
    wait = (None, None) if row.wait is None else (str(math.ceil(row.wait)), str(round(row.wait * 1000)))
    assert (answer.header("retry-after"), answer.header("retry-after-ms")) == wait


@failures
def test_the_first_target_says_so(answers, number):
    answer, one = answers["first", number], CASES[number]
    if not expected(one).next:
        check(answer, one)
        assert answer.header("x-tollgate-attempts") == f"{one.provider}:{one.status}"
        return
    assert (answer.status, answer.text() if "chat" in one.endpoint else "") == (200, "from the good one" if "chat" in one.endpoint else "")
    assert answer.header("x-tollgate-attempts") == f"{one.provider}:{one.status},good:200"


@failures
def test_a_later_target_says_so(answers, number):
    """Whatever it is, it is that target's failure: the next one is asked."""
    answer, one = answers["later", number], CASES[number]
    assert answer.status == 200
    assert answer.header("x-tollgate-attempts") == f"bad:503,{one.provider}:{one.status},good:200"


@pytest.mark.parametrize("name", STREAMS if CASES else [])
def test_a_stream_that_began_is_not_repeated(running, answers, name):
    number = next(n for n, one in enumerate(CASES) if one.file == f"synthetic/{name}")
    answer, one, (ended, used) = answers["first", number], CASES[number], STREAMS[name]
    line = running.line_of(answer)
    assert (answer.status, answer.cut, answer.body) == (200, False, recorded.without_usage_chunk(one.body))
    assert answer.header("x-tollgate-attempts") == f"{one.provider}:200"
    assert line["ended"] == ended
    recorded.check_tokens(line, dict(zip(("input", "output"), used)))


def test_there_are_errors_of_every_provider(running):
    assert {one.provider for one in ERRORS} == set(recorded.PROVIDERS)
