"""D9, D12: clients that leave, stall or ask for something odd, and providers that stop in the middle: each is answered
or forgotten, and nothing is left behind."""

import json
import socket
import time
from urllib.parse import urlsplit

import pace
import pytest
from client import CHAT, h2_request, open_stream, raw, request
from mock import chat_stream, chunk, hang, pieces, sse
from trio import Trios, config, model

pytestmark = pytest.mark.both
ROLE = chunk({"role": "assistant", "content": ""})
WORD = chunk({"content": "word"})


@pytest.fixture(scope="module")
def trios():
    models = config()["models"] + [model("acme/patient", "openai", "azure", timeouts={"attempt": "60s"})]
    running = Trios(settings=config(models=models), times={"request_timeout": "1s"})
    yield running
    running.close()


@pytest.fixture
def trio(trios, envoy_version):
    """After each test nothing is in flight, and the VM is the one that it was."""
    one = trios.of(envoy_version)
    yield one
    one.wait_value("tollgate_in_flight", 0)
    assert one.is_well()


# ---------------------------------------------------------------- D12: answers at once

NO_BODY = {"content-type": "application/json", "content-length": "0"}
UPGRADE = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-key": "x", "sec-websocket-version": "13"}


def test_d12_a_post_without_a_body_is_refused(trio):
    for headers in (NO_BODY, {}):
        response = request(trio.gateway.url, "POST", CHAT, headers=headers, timeout=20)
        assert (response.status, response.json()["error"]["code"]) == (400, "invalid_body")
    response = h2_request(trio.gateway.url, headers=[("content-type", "application/json")], timeout=20)
    assert (response.status, response.json()["error"]["code"]) == (400, "invalid_body")
    assert sum(trio.seen().values()) == 0


def test_d12_a_chunked_body_without_a_chunk_is_refused(trio):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    status, body = parsed(raw(trio.gateway.url, head + b"0\r\n\r\n"))
    assert (status, body["error"]["code"]) == (400, "invalid_body")


@pytest.mark.parametrize("method,sent", [("GET", None), ("POST", b'{"model":"acme/chat","messages":[]}')])
def test_d12_upgrades_are_refused(trio, method, sent):
    response = request(trio.gateway.url, method, CHAT, sent, UPGRADE, timeout=20)
    assert (response.status, response.json()["error"]["code"]) == (426, "unsupported_method")
    assert sum(trio.seen().values()) == 0


def test_d12_connect_is_refused(trio):
    status, body = parsed(raw(trio.gateway.url, b"CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n", timeout=20))
    assert (status, body["error"]["code"], sum(trio.seen().values())) == (405, "unsupported_method", 0)


def parsed(answer: bytes) -> tuple[int, dict]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_d12_an_upload_that_is_too_slow_is_ended(trio):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    start, lost = time.monotonic(), pace.lost()
    status, body = parsed(raw(trio.gateway.url, head + b'{"model":"acme/chat",', timeout=20))
    assert (status, body["error"]["code"]) == (408, "request_timeout")
    assert 0.9 < time.monotonic() - start < 3 + pace.lost() - lost
    assert sum(trio.seen().values()) == 0


def test_d12_a_stream_longer_than_the_upload_may_take_is_left_alone(trio):
    trio.behave(openai=chat_stream(("a", "b", "c"), delay=0.4))
    assert trio.chat("acme/alone", stream=True).text() == "abc"


def test_d12_expect_continue_is_answered(trio):
    data = json.dumps({"model": "acme/chat", "messages": []}).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    got = raw(trio.gateway.url, head.encode(), data, pause=0.1)
    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert trio.mocks["openai"].requests[0].header("expect") is None


# ---------------------------------------------------------------- D9: clients leave

# name: (stream?, what the provider does, how many bytes the client reads before it leaves)
LEAVING = {
    "before_the_first_byte": (False, hang(), 0),
    "before_the_first_byte_of_a_stream": (True, hang(), 0),
    "while_a_stream_is_probed": (True, sse([ROLE], end="hang"), 0),
    "while_the_headers_are_held": (True, sse([], end="hang"), 0),
    "while_an_error_arrives": (False, pieces([b'{"error":'], status=500, end="hang"), 0),
    "while_the_body_has_not_begun": (False, pieces([], length=10, end="hang"), 0),
    "mid_stream": (True, sse([ROLE, WORD, WORD], end="hang"), 10),
    "mid_body": (False, pieces([b'{"choices":[]', b","], length=500, end="hang"), 5),
}


@pytest.mark.parametrize("name", LEAVING)
def test_d9_a_client_that_leaves_takes_everything_with_it(trio, name):
    stream, behaviour, bytes_read = LEAVING[name]
    trio.behave(openai=behaviour)
    leave_after(trio, stream, name, bytes_read)
    line = trio.line_where(lambda line: line["user"] == name)
    assert (line["ended"], line["provider"]) == ("client_left", "openai")
    wait_until(lambda: trio.mocks["openai"].requests[0].left, "the provider still works for nobody")
    assert trio.seen() == {"openai": 1, "azure": 0, "groq": 0}, "nobody else is asked"


def leave_after(trio, stream: bool, name: str, bytes_read: int) -> None:
    """Sends a request, waits until the provider has it, reads so much and closes."""
    where = urlsplit(trio.gateway.url)
    data = json.dumps({"model": "acme/patient", "stream": stream, "messages": [{"role": "user", "content": name}]})
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nai-reporting-user: {name}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    with socket.create_connection((where.hostname, where.port), timeout=20) as plain:
        plain.sendall((head + data).encode())
        trio.mocks["openai"].wait(1)
        body = b""
        while bytes_read and len(body) < bytes_read:
            received = plain.recv(1 << 16)
            assert received, "closed before the client left"
            body = (body + received) if body else received.partition(b"\r\n\r\n")[2]
        if not bytes_read:
            time.sleep(0.15)  # the provider's beginning is with the filter


def wait_until(holds, otherwise: str, timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


def test_d9_a_client_that_leaves_during_its_upload(trio):
    where = urlsplit(trio.gateway.url)
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    with socket.create_connection((where.hostname, where.port), timeout=20) as plain:
        plain.sendall(head.encode() + b'{"model":"acme/chat"')
        wait_until(lambda: trio.value("tollgate_in_flight") == 1, "the request did not begin")
    line = trio.line_where(lambda line: line["ended"] == "client_left" and line["attempts"] is None)
    assert (line["key"], line["operation"], line["status"]) == ("anonymous", "chat_completions", None)
    assert sum(trio.seen().values()) == 0


def test_d9_many_clients_that_leave_leave_nothing(trio):
    trio.behave(openai=sse([ROLE, WORD], end="hang"))
    gone = [open_stream(trio.gateway.url, "acme/patient") for _ in range(30)]
    assert trio.value("tollgate_in_flight") == 30
    for connection, answer in gone:
        answer.close()
        connection.close()
    trio.wait_value("tollgate_in_flight", 0)
    wait_until(lambda: all(got.left for got in trio.mocks["openai"].requests), "providers still work")


# ---------------------------------------------------------------- D10: providers stop in the middle


@pytest.mark.parametrize("end", ["reset", "close"])
def test_d10_a_stream_that_its_provider_resets_is_cut_and_said_so(trio, end):
    """Nothing comes after the first byte: no second attempt, and a client that sees the cut."""
    before = trio.value("tollgate_requests_total", outcome="cut")
    trio.behave(openai=sse([ROLE, WORD, WORD], end=end))
    response = trio.chat(stream=True)
    assert (response.status, response.cut) == (200, True)
    assert b"[DONE]" not in response.body and response.body.count(b"word") == 2
    assert trio.seen() == {"openai": 1, "azure": 0, "groq": 0}
    line = trio.line(response)
    assert (line["ended"], line["error"], line["attempts"]) == ("upstream_cut", "provider_cut", "openai:cut")
    trio.wait_value("tollgate_requests_total", before + 1, outcome="cut")


@pytest.mark.parametrize("end", ["reset", "close"])
def test_d10_a_body_that_its_provider_cuts_is_cut(trio, end):
    trio.behave(openai=pieces([b'{"choices":['], length=500, end=end))
    response = trio.chat()
    assert (response.status, response.cut, response.body) == (200, True, b'{"choices":[')
    assert trio.line(response)["ended"] == "upstream_cut"
    assert trio.seen() == {"openai": 1, "azure": 0, "groq": 0}
