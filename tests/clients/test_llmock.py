"""PyPI's llmock as a provider: it fails on demand and, seeing every attempt, judges the client that it talks to. Here
that client is the gateway together with the official SDK."""

import callers
import example
import pytest
from callers import ALICE
from harness import Gateway
from llmock.scenarios import Fail, SlowFirstToken, StreamFault
from llmock.testing import LLMockServer
from llmock.verdict import judge
from sdk import CHAT, HELLO

IDLE = "3s"  # longer than any wait below: it also ends the wait for a `retry-after`


@pytest.fixture(scope="module")
def server():
    with LLMockServer() as one:
        yield one


@pytest.fixture(scope="module")
def running(server):
    models = [
        {"name": "acme/alone", "targets": [{"provider": "openai", "model": "alone"}]},
        example.plan("openai", "together", model="acme/pair")["models"][0],
        example.plan("openai", "together", model="acme/hasty")["models"][0] | {"timeouts": {"first_token": "1s"}},
    ]
    config = example.plan("openai", "together") | {"models": models} | callers.sections(bob=["acme/none"])
    times = {"per_try_idle_timeout": IDLE}
    with Gateway(config, {"openai": server.port, "together": server.port}, times=times) as one:
        yield one


@pytest.fixture
def ask(running, server, sdk):
    """`ask(model, fault, ...)` -> what the SDK made of it, the log's line, and the mock's verdict."""

    def call(model: str, *faults, stream: bool = False, **options):
        server.state.reset()
        server.state.scenarios.add(*faults)
        since = len(running.access_log())
        got = sdk.call(running.url, ALICE, CHAT, model=f"acme/{model}", messages=HELLO, stream=stream, options=options)
        line = callers.line_of(running, f"acme/{model}", since, len(got.at))
        return got, line, judge(server.state.journal.records(wait=2))

    return call


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_a_failure_that_passes_is_never_seen_by_the_client(ask, status, stream):
    got, line, verdict = ask("alone", Fail(status, retry_after=0), stream=stream)
    assert got.error is None and got.text() and len(got.at) == 1
    assert line["attempts"] == f"openai:{status},openai:200"
    assert (verdict.attempts, verdict.faults, verdict.errors) == (2, 1, ())


def test_retry_after_is_waited_for(ask):
    """A plan of one target waits itself; then the SDK is told to. The mock complains when either is too early."""
    got, line, verdict = ask("alone", Fail(429, retry_after=1, times=None), max_retries=1)
    assert (got.error["classes"][0], len(got.at), verdict.attempts) == ("RateLimitError", 2, 4)
    assert not verdict.errors, verdict.render()
    assert line["attempts"] == "openai:429,openai:429"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_no_repetition_can_help_is_not_repeated(ask, status):
    got, line, verdict = ask("alone", Fail(status, times=None))
    assert got.error and len(got.at) == 1
    assert (verdict.attempts, verdict.errors) == (1, ()), verdict.render()
    assert line["attempts"] == f"openai:{status}"


@pytest.mark.parametrize("kind", ["disconnect", "truncate"])
def test_a_stream_that_ends_before_its_first_word_is_tried_elsewhere(ask, kind):
    """One chunk is only the role: nothing that the client could have used, so nothing has reached it."""
    got, line, verdict = ask("pair", StreamFault(kind, after_chunks=1), stream=True)
    assert got.error is None and got.text()
    assert [event for event in got.events if event["choices"] and event["choices"][0]["finish_reason"] == "stop"]
    assert line["attempts"].startswith("openai:") and line["attempts"].endswith(",together:200")
    assert verdict.attempts == 2


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "stall"])
def test_a_stream_that_ends_in_the_middle_raises(ask, kind):
    """The official SDKs alone take `truncate` for a whole answer."""
    got, line, _ = ask("pair", StreamFault(kind, after_chunks=3, stall_seconds=5), stream=True)
    assert got.error and got.text(), "the words so far, then the error"
    assert (line["attempts"], line["ended"], line["status"]) == ("openai:cut", "upstream_cut", 200)
    assert len(got.at) == 1


def test_a_truncated_stream_is_an_api_error(ask):
    got, _, _ = ask("alone", StreamFault("truncate", after_chunks=3), stream=True)
    assert got.error["classes"][0] == "APIError" and "ended before its answer was complete" in got.error["message"]


def test_a_slow_first_token_is_tried_elsewhere(ask):
    got, line, verdict = ask("hasty", SlowFirstToken(5), stream=True)
    assert got.error is None and got.text()
    assert line["attempts"] == "openai:timeout,together:200"
    assert verdict.attempts == 2


def test_usage_in_the_log_is_the_mocks(ask):
    got, line, _ = ask("pair")
    assert (got.value["usage"]["prompt_tokens"], got.value["usage"]["completion_tokens"]) == (line["input"], line["output"])
