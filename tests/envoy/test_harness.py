"""The harness itself: a mock that does not fail the way it says would hide what we look for."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pace
import pytest
from client import chat, h2_request, request
from harness import EnvoyRefused
from mock import answer, chat_stream, chatting, close, hang, pieces, reset, sse, trailers
from prometheus import Metrics


def url(one) -> str:
    return f"http://127.0.0.1:{one.port}"


def test_the_journal_has_everything_as_it_came(upstream):
    one = upstream()
    request(url(one), "POST", "/x?y=1", b"\x00\xff", [("X-Twice", "a"), ("x-twice", b"\xff")])
    (got,) = one.requests
    assert (got.method, got.path, got.body) == ("POST", "/x?y=1", b"\x00\xff")
    assert [pair for pair in got.headers if pair[0].lower() == b"x-twice"] == [(b"X-Twice", b"a"), (b"x-twice", b"\xff")]
    assert got.header("x-twice") == "a,\xff"
    assert "y=1" in got and "canary" not in got


def test_a_chunked_request_is_put_together(upstream):
    one = upstream()
    request(url(one), "POST", "/", [b"ab", b"c"])
    assert one.requests[0].body == b"abc"


def test_behaviours_follow_each_other_and_the_last_one_stays(upstream):
    one = upstream(answer(503), answer(200))
    assert [request(url(one)).status for _ in range(3)] == [503, 200, 200]


def test_a_function_chooses_by_the_request(upstream):
    one = upstream(lambda got: answer(404 if got.path == "/no" else 200))
    assert [request(url(one), path=path).status for path in ("/no", "/yes")] == [404, 200]


def test_usage_comes_only_when_asked_for(upstream):
    one = upstream(chatting("Hello"))
    plain = chat(url(one), stream=True)
    asked = chat(url(one), stream=True, stream_options={"include_usage": True})
    assert plain.text() == asked.text() == chat(url(one)).text() == "Hello"
    assert (len(plain.events()), len(asked.events())) == (4, 5)


@pytest.mark.parametrize("behaviour", [reset(), close()])
def test_nothing_comes_before_a_reset_or_a_close(upstream, behaviour):
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        request(url(upstream(behaviour)))


def test_a_hanging_provider_notices_that_we_left(upstream):
    one = upstream(hang())
    with pytest.raises((TimeoutError, socket.timeout)):
        request(url(one), timeout=0.5)
    for _ in range(3000):
        if one.requests[0].left:
            return
        time.sleep(0.01)
    raise AssertionError("the mock still waits")


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_cut_stream_is_seen_as_cut(upstream, end):
    response = request(url(upstream(sse(["data: a\n\n", "data: b\n\n"], end=end))))
    assert (response.cut, response.body) == (True, b"data: a\n\ndata: b\n\n")


def test_a_cut_body_with_a_length_is_seen_as_cut(upstream):
    assert request(url(upstream(pieces([b"ab"], length=5, end="close")))).cut


def test_pieces_come_when_they_should(upstream):
    lost = pace.lost()
    response = request(url(upstream(pieces([b"a", b"b"], delay=0.4))))
    (first, _), (second, _) = response.chunks
    assert not response.cut and 0.2 - (pace.lost() - lost) < second - first < 1 + pace.lost() - lost


def test_a_body_before_trailers_is_whole(upstream):
    response = request(url(upstream(trailers(b"{}", {"x-end": "1"}))))
    assert (response.cut, response.body) == (False, b"{}")


def test_many_requests_at_a_time(upstream):
    one = upstream(chat_stream(delay=0.01))
    with ThreadPoolExecutor(64) as pool:
        texts = set(pool.map(lambda _: chat(url(one), stream=True).text(), range(500)))
    assert texts == {"Hello"} and len(one.requests) == 500


def test_http2_and_its_trailers_reach_envoy(gateway):
    running = gateway()
    body = {"model": "demo/echo", "messages": [{"role": "user", "content": "Hi"}]}
    assert h2_request(running.url, body=body).status == 200
    assert h2_request(running.url, body=body, trailers=[("x-end", "1")]).status == 200


def test_a_configuration_that_envoy_refuses_is_an_exception_with_the_log(gateway):
    with pytest.raises(EnvoyRefused, match=r"no\s+such\s+field"):
        gateway(edit=lambda tree: tree.update(nonsense=1))


def test_prometheus_text():
    text = '# TYPE a counter\na{x="1",y="a\\"b\\\\c"} 2\na{x="2"} 3\nb{} 1\n'
    metrics = Metrics.parse(text)
    assert (metrics.value("a"), metrics.value("a", x="1"), metrics.value("b"), metrics.value("c")) == (5, 2, 1, 0)
    assert {"x": "1", "y": 'a"b\\c'} in metrics.series("a")
