"""The bytes of translation: however they come, in whatever amount, the answer is the same."""

import base64

import example
import load
import pytest
from babel import CLIENT_KEY, FOREIGN, Babel, body_of_stream, saw_only_its_own
from client import CHAT, h2_request
from harness import NEWEST
from mock import error, trailers
from speaking import EVENTSTREAM, SSE, events_of, speaking

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


@pytest.fixture(scope="module")
def shared_own():
    """A gateway that lets trailers through, and whose memory nobody else has grown."""
    one = Babel(NEWEST, edit=with_trailers)
    yield one
    assert not one.close()


@pytest.fixture
def own(shared_own):
    return shared_own.behave()


def with_trailers(tree: dict) -> None:
    """Envoy drops HTTP/1 trailers unless told otherwise; providers that speak HTTP/2 need no such switch."""
    for cluster in example.clusters(tree).values():
        options = cluster["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
        options["explicit_http_config"]["http_protocol_options"] = {"enable_trailers": True}


@pytest.mark.parametrize("name", FOREIGN)
def test_answers_with_trailers(own, name):
    """No body callback ever sees their end."""
    for stream in (True, False):
        kind = {"content-type": "application/json"} if not stream else EVENTSTREAM if name == "bedrock" else SSE
        own.behave(**{name: trailers(b"".join(events_of(name, "words", stream)), {"x-checksum": "1"}, kind)})
        response = own.chat(f"acme/{name}", stream=stream)
        assert (response.status, response.text(), response.cut) == (200, "words", False), stream
        assert not stream or response.events()[-1] == "[DONE]"
        line = own.line(response)
        assert (line["ended"], line["input"], line["output"]) == ("complete", 10, 5)


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


def test_memory_stays_flat_over_5000_translated_requests(own):
    """Streams and whole answers of every API, with fallback."""
    key = [("authorization", f"Bearer {CLIENT_KEY}")]

    def some(count: int) -> set[int]:
        own.behave(openai=error(503, "down"))
        plans = [f"acme/{name}" for name in FOREIGN] + ["acme/three", "acme/claude"]
        asks = [load.ask(plans[n % len(plans)], prompt="Hi " * 100, headers=key, stream=n % 3 == 0) for n in range(count)]
        return {answer.status for answer in load.crowd(own.url, asks, connections=16)}

    assert some(1000) == {200}
    before = own.gateway.memory()
    assert some(5000) == {200}
    grown = own.gateway.memory() - before
    assert grown < 4 << 20, f"{grown >> 20} MiB more"
    assert own.value("tollgate_in_flight") == 0
