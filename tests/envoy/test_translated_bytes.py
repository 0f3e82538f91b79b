"""The bytes of translation: however they come, in whatever amount, the answer is the same."""

import asyncio
import base64
import json

import load
import pytest
from babel import CLIENT_KEY, FOREIGN, body_of_stream, saw_only_its_own
from client import CHAT, h2_request
from mock import Request, error, trailers
from speaking import EVENTSTREAM, SSE, speaking

TEXT = "H\u00e9llo w\u00f6rld, \U0001f600 and \u65e5\u672c\u8a9e!"


@pytest.mark.both
@pytest.mark.parametrize("name", FOREIGN)
def test_any_chunking_gives_the_same_answer(babel, name):
    """One event per chunk, one byte per chunk (which cuts letters, lines and frames), all in one."""
    answers = []
    for how in ({}, {"size": 1}, {"size": 7}, {"size": 1 << 20}):
        babel.behave(**{name: speaking(TEXT, **how)})
        response = babel.chat(f"acme/{name}", stream=True, stream_options={"include_usage": True})
        assert (response.status, response.text(), response.events()[-1]) == (200, TEXT, "[DONE]"), how
        assert babel.line(response)["output"] == 5
        answers.append(body_of_stream(response))
    assert answers == answers[:1] * 4


@pytest.mark.both
@pytest.mark.parametrize("name", FOREIGN)
def test_answers_with_trailers(babel, name):
    """No body callback ever sees their end."""
    kind = EVENTSTREAM if name == "bedrock" else SSE
    for stream in (True, False):
        heard = record(speaking("words"), name, stream)
        babel.behave(**{name: trailers(heard, {"x-checksum": "1"}, kind if stream else {"content-type": "application/json"})})
        response = babel.chat(f"acme/{name}", stream=stream)
        assert (response.status, response.text(), response.cut) == (200, "words", False), stream
        assert not stream or response.events()[-1] == "[DONE]"
        line = babel.line(response)
        assert (line["ended"], line["input"], line["output"]) == ("complete", 10, 5)


def record(speak, name: str, stream: bool) -> bytes:
    """The body that a mock gives."""
    written = []

    class Connection:
        async def send(self, data: bytes) -> None:
            written.append(data)

    paths = {"google": ":{}enerateContent", "vertex": ":{}enerateContent", "bedrock": "/model/m/converse{}", "cohere": "/v2/chat"}
    path = paths.get(name, "/v1/messages")
    word = {"bedrock": ("", "-stream")}.get(name, ("g", "streamG"))[stream]
    request = Request("POST", path.format(word), [], json.dumps({"stream": stream}).encode())
    asyncio.run(speak(request)(request, Connection()))
    whole = b"".join(written).split(b"\r\n\r\n", 1)[1]
    if not stream:
        return whole
    body = b""
    while (line := whole.partition(b"\r\n"))[0] != b"0":
        size = int(line[0], 16)
        body, whole = body + line[2][:size], line[2][size + 2 :]
    return body


@pytest.mark.parametrize("name", FOREIGN)
def test_a_request_with_trailers(babel, name):
    """The body's end comes with them, for both roles."""
    body = {"model": f"pair/{name}", "messages": [{"role": "user", "content": "Hi"}]}
    headers = [("authorization", f"Bearer {CLIENT_KEY}"), ("content-type", "application/json")]
    response = h2_request(babel.url, CHAT, body, headers, trailers=[("x-end", "1")])
    assert (response.status, response.text()) == (200, f"from {name}"), response
    saw_only_its_own(babel.seen(name), name)


PICTURE = base64.b64encode(bytes(range(256)) * 18_000).decode()  # 6 MB of text


@pytest.mark.parametrize("name", FOREIGN)
def test_a_picture_of_6_mb(babel, name):
    """Whole and once, also at the second attempt."""
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}]
    response = babel.chat(f"acme/{name}", messages=[{"role": "user", "content": parts}])
    assert (response.status, response.text()) == (200, f"from {name}")
    assert babel.seen(name).body.count(PICTURE.encode()) == 1
    assert babel.seen(name).header("content-length") == str(len(babel.seen(name).body))
    if name != "anthropic":
        babel.behave(**{name: error(503, "down")})
        response = babel.chat(f"pair/{name}", messages=[{"role": "user", "content": parts}])
        assert response.header("x-tollgate-attempts") == f"{name}:503,anthropic:200"
        assert babel.seen("anthropic").body.count(PICTURE.encode()) == 1


def test_memory_stays_flat_over_5000_translated_requests(babel):
    """Streams and whole answers of every API, with fallback."""
    key = [("authorization", f"Bearer {CLIENT_KEY}")]

    def some(count: int) -> set[int]:
        babel.behave(openai=error(503, "down"))
        plans = [f"acme/{name}" for name in FOREIGN] + ["acme/three", "acme/claude"]
        asks = [load.ask(plans[n % len(plans)], prompt="Hi " * 100, headers=key, stream=n % 3 == 0) for n in range(count)]
        return {answer.status for answer in load.crowd(babel.url, asks, connections=16)}

    assert some(1000) == {200}
    before = babel.gateway.memory()
    assert some(5000) == {200}
    grown = babel.gateway.memory() - before
    assert grown < 10 << 20, f"{grown >> 20} MiB more"
    assert babel.value("tollgate_in_flight") == 0
