"""Who leaves in the middle of a stream, or is cut off, is charged for what was said until then, by estimate, and once."""

import http.client
import json
from urllib.parse import urlsplit

import example
import pytest
from client import chat, request
from harness import NEWEST, Gateway
from mock import Upstream, chat_stream, chunk, sse

POINTS = range(1, 11)
WORD = "eight by"
CHAT = {"messages": [{"role": "user", "content": "Hi"}]}
# endpoint of a client: (path, headers, body beside the model)
CLIENTS = {
    "chat": ("/v1/chat/completions", {}, CHAT | {"stream": True}),
    "messages": ("/v1/messages", {"anthropic-version": "2023-06-01"}, CHAT | {"stream": True, "max_tokens": 99}),
    "responses": ("/v1/responses", {}, {"input": "Hi", "stream": True}),
    "ai_sdk": (
        "/v3/ai/language-model",
        {"ai-language-model-specification-version": "3", "ai-language-model-streaming": "true", "ai-language-model-id": "{}"},
        {"prompt": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    ),
}


def event(data: dict) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n"


def claudes(words: int) -> list[str]:
    """The beginning of a stream of Anthropic's: 25 tokens of input, 1 of output that it knows of."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 25, "output_tokens": 1}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORD}}
    return [event({"type": "message_start", "message": message}), event(block)] + [event(delta)] * words


def chunks(words: int) -> list[str]:
    return [chunk({"role": "assistant", "content": ""})] + [chunk({"content": WORD})] * words


def pieces(words: int) -> list[str]:
    """The beginning of a stream of responses."""
    response = {"id": "resp_1", "object": "response", "model": "m", "status": "in_progress", "output": [], "usage": None}
    deltas = [
        {"type": "response.output_text.delta", "sequence_number": n + 1, "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": WORD}
        for n in range(words)
    ]
    return [event({"type": "response.created", "sequence_number": 0, "response": response}), *map(event, deltas)]


SAYS = {"openai": lambda path: pieces if path.endswith("/responses") else chunks, "anthropic": lambda path: claudes}


class Stage:
    """One Envoy; each test says how many words a provider says, and how it ends."""

    def __init__(self):
        self.words, self.end, self.behaviour = 1, "hang", None
        self.upstreams = {name: Upstream(self.answer(name)) for name in SAYS}
        models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": "m"}]} for name in SAYS]
        self.gateway = Gateway(example.plan(*SAYS, models=models), self.upstreams, version=NEWEST)

    def answer(self, name: str):
        return lambda got: self.behaviour or sse(SAYS[name](got.path)(self.words), end=self.end)

    def leave(self, client: str, model: str, words: int) -> list[dict]:
        """The lines after a client has read so many words, and gone."""
        self.words = words
        before = len(self.gateway.access_log())
        path, headers, body = CLIENTS[client]
        headers = {name: value.format(model) for name, value in headers.items()} | {"content-type": "application/json"}
        connection = http.client.HTTPConnection(urlsplit(self.gateway.url).netloc, timeout=30)
        connection.request("POST", path, json.dumps({"model": model} | body if client != "ai_sdk" else body), headers)
        answer = connection.getresponse()
        seen = b""
        while seen.count(WORD.encode()) < words:
            assert (piece := answer.read1(1 << 16)), seen
            seen += piece
        answer.close()
        connection.close()
        return self.gateway.wait_log(before + 1)[before:]

    def kept(self, line: dict) -> tuple[int, bool]:
        """Output and mark of its generation, which is there when its line is."""
        answer = request(self.gateway.url, "GET", f"/v1/generation?id={line['id']}")
        self.gateway.line_of(answer)
        data = answer.json()["data"]
        return data["native_tokens_completion"], data["estimated"]

    def counted(self, family: str, **labels) -> float:
        return self.gateway.metrics().value(f"tollgate_{family}_total", **labels)


@pytest.fixture(scope="module")
def stage():
    one = Stage()
    with one.gateway:
        yield one
    for upstream in one.upstreams.values():
        upstream.close()


@pytest.fixture(autouse=True)
def as_usual(stage):
    stage.behaviour, stage.end = None, "hang"


PATHS = [("chat", "openai"), ("responses", "openai"), ("ai_sdk", "anthropic"), ("messages", "anthropic"), ("chat", "anthropic")]


@pytest.mark.parametrize("client, provider", PATHS)
def test_a_client_that_leaves_at_any_point(stage, client, provider):
    labels = {"model": f"acme/{provider}", "provider": provider}
    before = [stage.counted(name, **labels) for name in ("usage_estimated", "usage_missing")]
    spent = 0
    for words in POINTS:
        lines = stage.leave(client, f"acme/{provider}", words)
        assert len(lines) == 1
        assert (lines[0]["ended"], lines[0]["estimated"], lines[0]["status"]) == ("client_left", True, 200)
        assert stage.kept(lines[0]) == (lines[0]["output"], True)
        told = 1 if provider == "anthropic" else 0
        assert lines[0]["output"] == told + len(WORD) * words // 4
        assert lines[0]["input"] == 25 if provider == "anthropic" else 2 < lines[0]["input"] < 9
        spent += lines[0]["output"]
    after = [stage.counted(name, **labels) for name in ("usage_estimated", "usage_missing")]
    assert after == [before[0] + len(POINTS), before[1]]
    assert stage.counted("tokens", **labels, type="output") >= spent


def test_an_upstream_that_resets(stage):
    stage.words, stage.end = 5, "reset"
    before = stage.counted("usage_estimated", provider="openai")
    line = stage.gateway.line_of(chat(stage.gateway.url, "acme/openai", stream=True))
    assert (line["ended"], line["estimated"], line["output"]) == ("upstream_cut", True, 10)
    assert stage.kept(line) == (10, True)
    assert stage.counted("usage_estimated", provider="openai") == before + 1


def test_a_provider_that_never_tells(stage):
    stage.behaviour = chat_stream(usage=None)
    before = [stage.counted(name, provider="openai") for name in ("usage_estimated", "usage_missing")]
    line = stage.gateway.line_of(chat(stage.gateway.url, "acme/openai", stream=True))
    assert (line["ended"], line["estimated"], line["output"]) == ("complete", True, 2)
    assert [stage.counted(name, provider="openai") for name in ("usage_estimated", "usage_missing")] == [one + 1 for one in before]


def test_whole_answers_are_not_estimated(stage):
    stage.behaviour = chat_stream()
    before = stage.counted("usage_estimated")
    line = stage.gateway.line_of(chat(stage.gateway.url, "acme/openai", stream=True))
    assert (line["ended"], line["estimated"], line["input"], line["output"]) == ("complete", False, 10, 5)
    assert stage.kept(line) == (5, False)
    assert stage.counted("usage_estimated") == before
