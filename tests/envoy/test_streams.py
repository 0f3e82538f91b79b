"""Answers flow: nothing is held back, whatever its size, and what the gateway asked for itself stays hidden."""

import json

import example
import pytest
from client import chat, open_stream, request
from gate import Gate, stepping
from harness import NEWEST, OLDEST, Gateway
from mock import Upstream, chat_stream, chatting, chunk, sse, trailers

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
DONE = "data: [DONE]\n\n"
SSE_TYPE = {"content-type": "text/event-stream"}
MiB = 1 << 20


class Stage:
    """One Envoy for all tests of the module; each test says how the provider behaves."""

    def __init__(self, version: str):
        self.behaviour = chat_stream()
        self.upstream = Upstream(lambda _request: self.behaviour)
        self.gateway = Gateway(example.plan("openai"), {"openai": self.upstream}, version=version)

    def chat(self, behaviour, **body):
        self.behaviour = behaviour
        answer = chat(self.gateway.url, **body)
        return answer, self.gateway.line_of(answer)


@pytest.fixture(scope="module", params=[NEWEST, OLDEST])
def stage(request):
    one = Stage(request.param)
    with one.gateway:
        yield one
    one.upstream.close()


def words(count: int) -> list[str]:
    """A chat stream with so many words; the first event of content stands in the first piece."""
    role = chunk({"role": "assistant", "content": ""})
    return [role + chunk({"content": "w0 "}), *(chunk({"content": f"w{n} "}) for n in range(1, count)), chunk({}, "stop")]


@pytest.mark.parametrize("asked", [True, False], ids=["usage-asked", "usage-hidden"])
def test_each_event_arrives_before_the_next_is_sent(stage, asked):
    """Also while the gateway looks for a usage chunk to hide."""
    gate, parts = Gate(), [*words(5), chunk(usage=USAGE), DONE]
    stage.behaviour = stepping(gate, parts, free=1)
    wish = {"stream_options": {"include_usage": True}} if asked else {}
    connection, answer = open_stream(stage.gateway.url, **wish)
    for number, part in enumerate(parts):
        if asked or part != parts[-2]:
            assert answer.read(len(part)) == part.encode(), f"piece {number}"
        gate.open()
    assert answer.read() == b""
    connection.close()


def test_a_large_body_is_not_held(stage):
    """64 MiB of JSON, twice what Envoy would buffer; once its first 64 KiB are there, each piece must arrive before the next one
    is sent."""
    gate, size = Gate(), 8 * MiB
    parts = [b'{"model":"m","choices":[{"message":{"content":"', *[b"x" * size] * 8, b'"}}],"usage":' + json.dumps(USAGE).encode() + b"}"]
    stage.behaviour = stepping(gate, parts, [("content-type", "application/json")], free=2)
    connection, answer = open_stream(stage.gateway.url, stream=False)
    for part in parts:
        assert answer.read(len(part)) == part
        gate.open()
    assert answer.read() == b""
    line = stage.gateway.line_of(answer_with_headers(answer))
    assert (line["input"], line["output"], line["model_answered"]) == (10, 5, "m")
    connection.close()


def answer_with_headers(answer):
    """http.client's response with the name of the lookup that line_of uses."""
    answer.header = answer.getheader
    return answer


def test_the_gateway_asks_for_usage_and_hides_it(stage):
    answer, line = stage.chat(chat_stream(), stream=True)
    assert stage.upstream.requests[-1].json()["stream_options"] == {"include_usage": True}
    assert answer.body.decode() == chunk({"role": "assistant", "content": ""}) + chunk({"content": "Hel"}) + chunk({"content": "lo"}) + chunk({}, "stop") + DONE
    assert (line["input"], line["output"]) == (10, 5)


@pytest.mark.parametrize("options", [{"include_usage": False}, {"include_obfuscation": False}, {}, None])
def test_other_stream_options_stay(stage, options):
    answer, line = stage.chat(chat_stream(), stream=True, stream_options=options)
    assert stage.upstream.requests[-1].json()["stream_options"] == (options or {}) | {"include_usage": True}
    assert "usage" not in answer.body.decode() and line["input"] == 10


def test_the_client_that_asks_gets_the_usage_chunk(stage):
    options = {"include_usage": True, "include_obfuscation": False}
    answer, line = stage.chat(chat_stream(), stream=True, stream_options=options)
    assert stage.upstream.requests[-1].json()["stream_options"] == options
    assert [event["usage"] for event in answer.events() if "usage" in event] == [USAGE]
    assert line["input"] == 10


def test_usage_beside_content_is_never_hidden(stage):
    """DeepSeek, Mistral and OpenRouter put it into a chunk with choices: to hide that would lose the finish reason."""
    last = chunk({}, "stop").replace("}\n\n", ', "usage": ' + json.dumps(USAGE) + "}\n\n")
    answer, line = stage.chat(sse([*words(1)[:1], last, DONE]), stream=True)
    assert last in answer.body.decode() and line["input"] == 10


def test_what_is_no_stream_is_not_asked_for_usage(stage):
    stage.chat(chatting())
    assert "stream_options" not in stage.upstream.requests[-1].json()


def test_providers_are_asked_not_to_compress(stage):
    """Usage cannot be read out of gzip."""
    stage.behaviour = chat_stream()
    chat(stage.gateway.url, headers={"accept-encoding": "gzip, br"})
    assert stage.upstream.requests[-1].header("accept-encoding") == "identity"


def test_an_event_of_more_than_a_mebibyte_passes_and_its_usage_is_missing(stage):
    before = stage.gateway.metrics().value("tollgate_usage_missing_total")
    big = chunk({"content": "x" * (MiB + 1)}, usage=USAGE)
    parts = [big, chunk({}, "stop"), DONE]
    answer, line = stage.chat(sse(parts), stream=True)
    assert answer.body == "".join(parts).encode()
    assert (line["input"], line["output"], line["estimated"], line["ended"]) == (4, 0, True, "complete")
    assert stage.gateway.metrics().value("tollgate_usage_missing_total", model="acme/chat", provider="openai") == before + 1


def test_usage_after_an_event_of_more_than_a_mebibyte_is_found(stage):
    parts = [chunk({"content": "x" * (2 * MiB)}), chunk({}, "stop"), chunk(usage=USAGE), DONE]
    answer, line = stage.chat(sse(parts), stream=True)
    assert answer.body == "".join([*parts[:2], DONE]).encode()
    assert (line["input"], line["output"]) == (10, 5)


def test_an_answer_without_usage_is_counted(stage):
    before = stage.gateway.metrics().value("tollgate_usage_missing_total")
    _, line = stage.chat(chat_stream(usage=None), stream=True)
    assert line["input"] > 0 and line["output"] > 0 and line["estimated"]
    assert stage.gateway.metrics().value("tollgate_usage_missing_total") == before + 1


# ---------------------------------------------------------------- ends that are none

CUT = {"error": {"message": "The provider's stream ended before its answer was complete.", "type": "server_error", "param": None, "code": "stream_cut"}}


@pytest.mark.parametrize("asked", [True, False], ids=["usage-asked", "usage-hidden"])
@pytest.mark.parametrize("at", [0, 3, 9, len(DONE)], ids=lambda at: f"done-cut-at-{at}")
def test_a_done_without_a_finish_reason_is_an_error(stage, at, asked):
    """SDKs read no further than to `[DONE]`, so the error stands in its place, however it was cut."""
    parts = [*words(2)[:-1], DONE[:at], DONE[at:]]
    wish = {"stream_options": {"include_usage": True}} if asked else {}
    answer, line = stage.chat(sse([part for part in parts if part], delay=0.02), stream=True, **wish)
    assert answer.body.decode().startswith("".join(words(2)[:-1]))
    assert (answer.cut, answer.events()[-1]) == (False, CUT) and b"[DONE]" not in answer.body
    assert (line["ended"], line["error"], line["status"]) == ("upstream_cut", "provider_cut", 200)


def test_a_cut_response_ends_with_its_next_numbers(stage):
    """Rules 37 and 45 of the dialects: `error`, on which SDKs raise, then `response.failed` of the same response."""
    created = {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_7", "model": "m"}}
    delta = {"type": "response.output_text.delta", "sequence_number": 1, "item_id": "i", "output_index": 0, "content_index": 0, "delta": "Hi"}
    stage.behaviour = sse([f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in (created, delta)])
    answer = request(stage.gateway.url, "POST", "/v1/responses", {"model": "acme/chat", "input": "Hi", "stream": True})
    one, two, error, failed = answer.events()
    assert [one, two] == [created, delta]
    assert (error["type"], error["sequence_number"], error["error"]["code"]) == ("error", 2, "stream_cut")
    assert (failed["type"], failed["sequence_number"]) == ("response.failed", 3)
    assert (failed["response"]["id"], failed["response"]["status"]) == ("resp_7", "failed")
    assert stage.gateway.line_of(answer)["error"] == "provider_cut"


# ---------------------------------------------------------------- trailers


def with_trailers(tree: dict) -> None:
    """Envoy drops HTTP/1 trailers unless told otherwise; providers that speak HTTP/2 need no such switch."""
    options = example.clusters(tree)["openai"]["typed_extension_protocol_options"]
    http = options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["explicit_http_config"]
    http["http_protocol_options"] = {"enable_trailers": True}


@pytest.mark.both
def test_usage_is_read_when_an_answer_ends_in_trailers(gateway, upstream):
    """No body callback ever sees the end then. The usage chunk is the last event, and its blank line is missing."""
    document = json.dumps({"model": "m", "choices": [], "usage": USAGE}).encode()
    events = [*words(2), DONE, chunk(usage=USAGE).rstrip()]

    def choose(got):
        if got.json().get("stream"):
            return trailers("".join(events).encode(), {"x-end": "1"}, SSE_TYPE)
        return trailers(document, {"x-end": "1"}, {"content-type": "application/json"})

    running = gateway(example.plan("openai"), {"openai": upstream(choose)}, edit=with_trailers)
    for stream, expected in ((False, document), (True, "".join(events[:-1]).encode())):
        answer = chat(running.url, stream=stream)
        line = running.line_of(answer)
        assert (answer.cut, answer.body) == (False, expected)
        assert (line["input"], line["output"], line["ended"]) == (10, 5, "complete")
