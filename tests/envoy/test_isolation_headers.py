"""D2: any byte in any header that the filter reads, from clients and from providers, harms nobody.

One request with a header byte of 0xff was seen to kill a VM, and with it every stream of the worker. So a stream runs
the whole time, and must come out whole.
"""

import asyncio
import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from client import CHAT
from mock import answer, chat, chatting, chunk, error
from trio import saw_only_its_own

pytestmark = pytest.mark.both

READ_FROM_CLIENTS = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-tollgate-key",
    "x-tollgate-session",
    "x-tollgate-fallback",
    "x-tollgate-explain",
    "x-tollgate-strict",
    "x-tollgate-byok-openai",
    "content-type",
    "content-encoding",
    "connection",
    "ai-reporting-user",
    "ai-reporting-tags",
    "x-request-id",
    "user-agent",
    "accept",
    "http-referer",
    "x-title",
    "cookie",
    "x-forwarded-for",
]
# These decide by themselves whether a request is served; the others are filled all at once, with every byte.
SWITCHES = ["x-tollgate-fallback", "x-tollgate-explain", "x-tollgate-strict"]  # of these only a few values mean something
REFUSED = ["x-tollgate-key", "x-tollgate-byok-openai", "content-encoding", "content-type", "connection", *SWITCHES]
PASSING = [name for name in READ_FROM_CLIENTS if name not in REFUSED]
ODD = {
    "ff": b"\xff",
    "bearer_ff": b"Bearer \xff\xfe",
    "every_high_byte": bytes(range(0x80, 0x100)),
    "cut_utf8": b"\xe2\x82",
    "overlong_utf8": b"\xc0\xaf\xed\xa0\x80",
    "printable": bytes(range(0x20, 0x7F)),
    "commas": b",,,;;==" + b"\xff," * 20,
    "empty": b"",
    "long": b"\xffa" * 8000,
}
MULTIPART = b"multipart/form-data; boundary=\xff\xfe"


@pytest.fixture
def trio(trios, envoy_version):
    """With a stream of somebody else's around each test."""
    one, over = trios.of(envoy_version), threading.Event()
    one.behave(groq=streaming_until(over))
    with ThreadPoolExecutor(1) as pool:
        bystander = pool.submit(one.chat, "acme/groq", stream=True)
        one.mocks["groq"].wait(1)
        yield one
        over.set()
        answer = bystander.result()
    assert (answer.status, answer.cut, answer.text().strip(".")) == (200, False, "whole")
    assert one.is_well()


def streaming_until(over: threading.Event):
    async def act(_request, connection):
        await connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        while not over.is_set():
            await connection.send(chunk({"content": "."}).encode())
            await asyncio.sleep(0.02)
        await connection.send((chunk({"content": "whole"}) + chunk({}, "stop") + "data: [DONE]\n\n").encode())
        connection.writer.close()

    return act


BODY = json.dumps({"model": "acme/chat", "messages": [{"role": "user", "content": "Hi"}]}).encode()


class Sender:
    """Requests one after the other, on one connection while Envoy keeps it."""

    def __init__(self, url: str):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def post(self, headers: list[tuple[str, bytes]]) -> tuple[int, bytes]:
        connection = self.connection
        connection.putrequest("POST", CHAT, skip_accept_encoding=True)
        connection._validate_value = None
        for name, value in [("content-length", str(len(BODY)).encode()), *headers]:
            # http.client would refuse the bytes that we are here for.
            connection._buffer.append(name.encode() + b": " + value)
        connection.endheaders(BODY)
        response = connection.getresponse()
        status, body = response.status, response.read()
        if response.will_close:
            connection.close()
        return status, body


@pytest.mark.parametrize("name", READ_FROM_CLIENTS)
def test_d2_odd_values_in_a_clients_header(trio, name):
    sender = Sender(trio.gateway.url)
    values = ODD | ({"multipart": MULTIPART} if name == "content-type" else {})
    for kind, value in values.items():
        status, body = sender.post([(name, value)])
        assert status in (200, 400, 401, 403, 415), (kind, status, body)
        assert status == 200 or json.loads(body)["error"]["message"], kind
    for got in trio.mocks["openai"].requests:
        saw_only_its_own(got, "openai")


def test_d2_every_byte_in_all_headers_at_once(trio):
    """Bytes that HTTP forbids are refused by Envoy; every other one is as good as a letter."""
    sender = Sender(trio.gateway.url)
    statuses = {}
    for byte in set(range(256)) - set(b"\r\n"):
        value = b"a" + bytes([byte]) + b"z"
        statuses[byte], body = sender.post([(name, value) for name in PASSING])
        assert statuses[byte] == 200 or json.loads(body)["error"]["message"], (byte, body)
    served = {byte for byte, status in statuses.items() if status == 200}
    assert served >= set(range(0x20, 0x7F)) - set(b","), statuses
    assert set(statuses.values()) <= {200, 400}
    assert len(served) == len(trio.mocks["openai"].requests)


PROVIDER_HEADERS = ["retry-after", "retry-after-ms", "content-type", "x-request-id", "apim-request-id", "openai-processing-ms", "x-tollgate-retry", "set-cookie", "server"]


@pytest.mark.parametrize("name", PROVIDER_HEADERS)
def test_d2_odd_values_in_a_providers_header(trio, name):
    for kind, value in ODD.items():
        odd = [(name, value.decode("latin-1"))]
        done = {"answer": chat("fine", headers=odd), "stream": chatting("fine", headers=odd), "error": error(503, headers=odd), "refusal": error(429, headers=odd)}
        for how, behaviour in done.items():
            if how == "answer" and name == "content-type":
                behaviour = answer(200, b'{"choices":[{"message":{"content":"fine"}}]}', odd)
            trio.mocks["openai"].behaviours = (behaviour,)
            response = trio.chat("acme/pair", stream=how == "stream")
            expected = {"answer": "openai:200", "stream": "openai:200", "error": "openai:503,azure:200", "refusal": "openai:429,azure:200"}[how]
            assert (response.status, response.header("x-tollgate-attempts")) == (200, expected), (kind, how)
            assert b"fine" in response.body or b"from azure" in response.body


WAITS = ["-1", "NaN", "inf", "1e400", "99999999999999999999", "Wed, 21 Oct 2099 07:28:00 GMT", "\xff", "0x10", "1;2", ""]


def test_d2_an_odd_wait_of_a_single_target_ends(trio):
    """A single target is waited for: no odd number may make that for ever, or at once a hundred times."""
    number = lambda got: int(got.json()["messages"][0]["content"])
    trio.mocks["openai"].behaviours = (lambda got: error(429, headers={"retry-after": WAITS[number(got)]}),)
    with ThreadPoolExecutor(len(WAITS)) as pool:
        asked = pool.map(lambda n: trio.chat("acme/alone", prompt=str(n), timeout=20).status, range(len(WAITS)))
        assert list(asked) == [429] * len(WAITS)
    times = Counter(map(number, trio.mocks["openai"].requests))
    assert set(times.values()) <= {1, 2}, {WAITS[n]: count for n, count in times.items()}
