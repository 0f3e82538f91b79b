"""A crowd of clients that costs little: requests over keep-alive connections, all in one loop.

    answers = crowd(gateway.url, [ask("acme/chat", prompt=f"{n}") for n in range(1000)], connections=32)

The answers are in the order of the requests. A generator of requests may end when the test has seen enough.
"""

import asyncio
import http.client
import itertools
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from client import CHAT


@dataclass
class Ask:
    head: str
    body: bytes
    name: str  # for the test: whose request this is


@dataclass
class Answer:
    name: str
    status: int
    headers: dict[str, str]
    body: bytes
    sent: float
    done: float

    @property
    def provider(self) -> str:
        return self.headers.get("x-tollgate-provider", "")

    @property
    def attempts(self) -> str:
        return self.headers.get("x-tollgate-attempts", "")


def ask(model: str, name: str = "", *, prompt: str = "Hi", headers: Iterable[tuple[str, str]] = (), path: str = CHAT, **body) -> Ask:
    """One request; without `messages` it has one of the user's."""
    whole = {"model": model, "messages": [{"role": "user", "content": prompt}]} | body
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers)
    return Ask(f"POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n{lines}", json.dumps(whole).encode(), name)


def crowd(url: str, asks: Iterable[Ask], connections: int = 32) -> list[Answer]:
    """Every connection sends one request after the other, the next of those that are left."""
    return asyncio.run(_crowd(url, iter(asks), connections))


def for_seconds(seconds: float, model: str, **how) -> Iterator[Ask]:
    """Requests of ever new conversations until the time is up."""
    end = time.monotonic() + seconds
    for number in itertools.count():
        if time.monotonic() >= end:
            return
        yield ask(model, str(number), prompt=f"conversation {number}", **how)


async def _crowd(url: str, asks: Iterator[Ask], connections: int) -> list[Answer]:
    numbered, answers = enumerate(asks), {}
    place = urlsplit(url)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for number, one in numbered:
            sent = time.monotonic()
            writer.write(f"{one.head}content-length: {len(one.body)}\r\n\r\n".encode() + one.body)
            answers[number] = answer = await _read(reader, one.name, sent)
            if answer.headers.get("connection") == "close":  # refused before its body was read
                writer.close()
                reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.close()

    async with asyncio.timeout(100):
        await asyncio.gather(*(client() for _ in range(connections)))
    return [answers[number] for number in sorted(answers)]


async def _read(reader: asyncio.StreamReader, name: str, sent: float) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1").split("\r\n")
    headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return Answer(name, int(first.split(" ")[1]), headers, body, sent, time.monotonic())


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return bytes(body)


def hold(url: str, model: str, count: int) -> list[http.client.HTTPConnection]:
    """Clients that have asked for a stream and read nothing of it yet."""
    connections = [http.client.HTTPConnection(urlsplit(url).netloc) for _ in range(count)]
    for connection in connections:
        connection.request("POST", CHAT, ask(model, stream=True).body, {"content-type": "application/json"})
    return connections


def leave(connections: list[http.client.HTTPConnection], read: int = 0) -> None:
    """They read so much and close their connections."""
    for connection in connections:
        if read:
            answer = connection.getresponse()
            answer.read(read)
            answer.close()
        connection.close()


def wait_until(what, timeout: float = 30) -> None:
    """Waits until this is true: rests end by the clock."""
    end = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < end, f"not so after {timeout} s"
        time.sleep(0.05)
