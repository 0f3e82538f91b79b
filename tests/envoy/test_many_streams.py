"""Three thousand streams at once, all of them held open in the middle: every client gets its own stream, whole."""

import asyncio
import json
import resource
from collections import Counter
from urllib.parse import urlsplit

import example
import pytest
from client import CHAT
from mock import Connection, Request, chunk

pytestmark = pytest.mark.alone

STREAMS = 3000
AT_ONCE = 200  # connections being made at the same time
FILES = 4 * STREAMS + 500  # two ends of two connections for each stream; both ours and Envoy's inherit the limit


@pytest.fixture(scope="module", autouse=True)
def open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= FILES, f"this test needs {FILES} open files, not {hard}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """A provider that says one word to everybody and the second one when told."""

    def __init__(self, upstream):
        self.upstream = upstream(lambda _request: self._serve)
        self._opened: asyncio.Event | None = None

    def open(self) -> None:
        self.upstream._loop.call_soon_threadsafe(self._opened.set)

    async def _serve(self, request: Request, connection: Connection) -> None:
        if self._opened is None:
            self._opened = asyncio.Event()
        name = request.json()["messages"][0]["content"]
        await connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + word(name))
        await self._opened.wait()
        await connection.send(word("!") + chunk({}, "stop").encode() + b"data: [DONE]\n\n")
        connection.writer.close()


def word(text: str) -> bytes:
    return chunk({"content": text}).encode()


async def open_stream(url: str, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """A stream up to its first word, or to the end of an answer that is none."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    body = json.dumps({"model": "acme/chat", "stream": True, "messages": [{"role": "user", "content": name}]})
    head = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    start = await reader.readuntil(b"\r\n\r\n")
    if b"content-length" not in start:
        start += await reader.readuntil(b"\n\n")
    return reader, writer, start


async def first_words(gateway, count: int, at_once: int) -> list[asyncio.Task]:
    turn = asyncio.Semaphore(at_once)

    async def one(number: int):
        async with turn:
            return await asyncio.wait_for(open_stream(gateway.url, f"client-{number}"), 90)

    return [asyncio.create_task(one(number)) for number in range(count)]


async def hold(gateway, count: int, meanwhile) -> list[bytes]:
    """Opens so many streams, does what is to be done while all are open, and reads each to its end."""
    streams = await asyncio.gather(*await first_words(gateway, count, AT_ONCE))
    meanwhile()

    async def rest(reader, writer, start: bytes) -> bytes:
        start += await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 90)
        writer.close()
        return start

    return await asyncio.gather(*(rest(*stream) for stream in streams))


def text(answer: bytes) -> str:
    events = [line[6:] for line in answer.split(b"\n") if line.startswith(b"data: {")]
    return "".join(json.loads(event)["choices"][0]["delta"].get("content", "") for event in events)


def test_3000_streams_at_once_are_all_whole(gateway, upstream):
    crowd = Crowd(upstream)
    running = gateway(example.plan("openai"), {"openai": crowd.upstream}, concurrency=2)
    before, held = running.memory(), {}

    def meanwhile() -> None:
        held["in flight"] = running.metrics().value("tollgate_in_flight")
        held["memory"] = running.memory() - before
        crowd.open()

    answers = asyncio.run(hold(running, STREAMS, meanwhile))
    assert held["in flight"] == STREAMS
    assert all(answer.startswith(b"HTTP/1.1 200 ") and b"data: [DONE]" in answer for answer in answers)
    assert [text(answer) for answer in answers] == [f"client-{number}!" for number in range(STREAMS)]
    lines = running.wait_log(STREAMS)
    assert Counter((line["status"], line["ended"], line["attempts"]) for line in lines) == {(200, "complete", "openai:200"): STREAMS}
    each = held["memory"] / STREAMS / 1024
    print(f"{each:.0f} KiB of Envoy's memory per open stream")
    assert each < 200


LIMIT = 1024  # Envoy's default for connections, requests, and those that wait for a connection


def test_without_circuit_breakers_no_more_than_1024_streams_are_open_at_once(gateway, upstream):
    """Of the others a few wait for one of them to end; the rest gets 503, and Envoy does not retry that."""
    crowd = Crowd(upstream)
    running = gateway(example.plan("openai"), {"openai": crowd.upstream}, edit=lambda tree: example.clusters(tree)["openai"].pop("circuit_breakers"))

    async def crowded() -> Counter:
        tasks = await first_words(running, LIMIT + 600, LIMIT + 600)
        found = Counter()
        for _ in range(600):
            await asyncio.sleep(0.05)
            before, found = found, Counter(task.result()[2].split()[1] for task in tasks if task.done())
            if found == before and found[b"200"] >= LIMIT and found[b"503"] > 100:
                break
        [task.cancel() for task in tasks]
        return found

    found = asyncio.run(crowded())
    assert found[b"200"] == LIMIT and found[b"503"] > 100, found
