"""Streams through the official SDKs: what they deliver, and what they raise when a stream does not end as it should."""

import callers
import client
import example
import pytest
from callers import ALICE
from harness import Gateway
from mock import Upstream, chat_stream, chunk, error, sse
from sdk import CHAT, HELLO, Python

ROLE = chunk({"role": "assistant", "content": ""})
WORDS = [ROLE, chunk({"content": "Hel"}), chunk({"content": "lo"})]
FAILED = 'data: {"error":{"message":"boom","type":"server_error","param":null,"code":null}}\n\n'
CREATED = 'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","status":"in_progress","output":[]}}\n\n'
DELTA = 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":1,"item_id":"i","output_index":0,"content_index":0,"delta":"Hel","logprobs":[]}\n\n'

BEHAVIOURS = {
    "whole": chat_stream(("Hel", "lo"), (10, 5)),
    "pushy": chat_stream(("Hel", "lo"), (10, 5), usage_always=True),  # sends usage although nobody asked
    "no-done": chat_stream(("Hel", "lo"), (10, 5), done=False),
    "error-later": sse([*WORDS, FAILED]),
    "error-first": sse([ROLE, FAILED]),
    "cut": sse(WORDS),
    "done-too-early": sse([*WORDS, "data: [DONE]\n\n"]),
    "cut-without-last-chunk": sse(WORDS, end="close"),
    "reset": sse(WORDS, end="reset"),
    "lingers": chat_stream(("Hel", "lo"), (10, 5), end="hang"),
    "reset-after-done": chat_stream(("Hel", "lo"), (10, 5), end="reset"),
    "hangs": sse(WORDS, end="hang"),
    "responses-cut": sse([CREATED, DELTA]),
    "refusing": error(503, headers={"retry-after-ms": "20"}),
}


@pytest.fixture(scope="module")
def provider():
    one = Upstream(lambda request: BEHAVIOURS[request.json()["model"]])
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(provider):
    models = [{"name": f"acme/{name}", "targets": [{"provider": "openai", "model": name}]} for name in BEHAVIOURS]
    for name in ("error-first", "refusing"):
        second = {"provider": "groq", "model": "whole", "priority": 1}
        models.append({"name": f"acme/{name}-then-whole", "targets": [{"provider": "openai", "model": name}, second]})
    config = example.plan("openai", "groq") | {"models": models} | callers.sections(bob=["acme/none"])
    with Gateway(config, {"openai": provider, "groq": provider}) as one:
        yield one


@pytest.fixture
def stream(running, sdk):
    """`stream(model)` -> what the SDK made of it, and the line of the log about it."""

    def call(model: str, path: str = CHAT, **params):
        before = len(running.access_log())
        params = params or {"messages": HELLO}
        got = sdk.call(running.url, ALICE, path, model=f"acme/{model}", stream=True, **params)
        return got, callers.line_of(running, f"acme/{model}", before, len(got.at))

    return call


@pytest.mark.parametrize("model", ["whole", "pushy", "no-done", "error-first-then-whole", "refusing-then-whole"])
def test_a_stream_arrives_whole_and_usage_nobody_asked_for_is_hidden(stream, model):
    got, line = stream(model)
    assert (got.error, got.text(), len(got.at)) == (None, "Hello", 1)
    assert [event["choices"][0]["finish_reason"] for event in got.events][-1] == "stop"
    assert not any(event.get("usage") for event in got.events)
    assert (line["input"], line["output"], line["ended"]) == (10, 5, "complete")


def test_a_client_that_hangs_up_at_done_has_its_whole_answer(running):
    """The Python SDK leaves at `[DONE]`, before the body's own end: now and then whole answers counted as `client_left`."""
    since = len(running.access_log())
    got = Python().call(running.url, ALICE, CHAT, model="acme/lingers", messages=HELLO, stream=True)
    assert (got.error, got.text()) == (None, "Hello")
    line = callers.line_of(running, "acme/lingers", since)
    assert (line["ended"], line["error"], line["input"], line["output"]) == ("complete", None, 10, 5)
    assert running.metrics().value("tollgate_requests_total", model="acme/lingers", outcome="ok") == 1


def test_a_reset_after_done_takes_nothing_away(running):
    since = len(running.access_log())
    got = client.chat(running.url, "acme/reset-after-done", stream=True, headers={"authorization": f"Bearer {ALICE}"})
    assert got.text() == "Hello"
    assert callers.line_of(running, "acme/reset-after-done", since)["ended"] == "complete"


def test_a_client_that_leaves_before_the_end_has_left(running):
    since = len(running.access_log())
    connection, answer = client.open_stream(running.url, "acme/hangs", headers={"authorization": f"Bearer {ALICE}"})
    assert b"role" in answer.readline()
    connection.close()
    answer.close()
    assert callers.line_of(running, "acme/hangs", since)["ended"] == "client_left"


def test_usage_is_there_when_asked_for(stream):
    got, line = stream("whole", messages=HELLO, stream_options={"include_usage": True})
    (usage,) = [event["usage"] for event in got.events if event.get("usage")]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (line["input"], line["output"]) == (10, 5)
    assert got.events[-1]["choices"] == []


@pytest.mark.parametrize("model", ["error-later", "cut", "done-too-early", "cut-without-last-chunk"])
def test_a_stream_that_fails_after_its_first_word_raises(stream, model):
    """`cut` ends cleanly, and both SDKs alone would take it for a whole answer: the gateway adds the error event.
    (`cut-without-last-chunk` is a broken connection, which Envoy can only pass on as one.)"""
    got, line = stream(model)
    assert got.text() == "Hello", "what came before must not be lost"
    assert got.error and len(got.at) == 1
    if model != "cut-without-last-chunk":
        assert got.error["classes"][0] == "APIError"
    assert line["ended"] == "upstream_cut" and line["status"] == 200
    assert ("boom" in got.error["message"]) == (model == "error-later")


def test_a_reset_in_the_middle_raises(stream):
    got, line = stream("reset")
    assert got.error and got.text() in ("", "Hel", "Hello")
    assert (line["ended"], len(got.at)) == ("upstream_cut", 1)


def test_an_error_as_the_first_event_has_a_status_and_is_tried_again(stream):
    got, line = stream("error-first")
    assert (got.error["classes"][0], got.error["status"], len(got.at)) == ("InternalServerError", 500, 3)
    assert line["attempts"] == "openai:error,openai:error"


def test_a_responses_stream_that_is_cut_raises(stream):
    got, line = stream("responses-cut", "responses.create", input="Hi")
    assert [event["type"] for event in got.events][:2] == ["response.created", "response.output_text.delta"]
    assert line["ended"] == "upstream_cut"
    assert got.error or got.events[-1]["type"] == "error"
