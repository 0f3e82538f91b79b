"""A provider for tests: an HTTP/1.1 server that answers as it is told and can fail in every way a provider can.

    openai = Upstream(answer(503), chat("hello"))     # first request 503, every later one 200
    openai = Upstream(lambda request: chat("hi") if request.json()["model"] == "a" else reset())
    openai.requests                                   # everything that arrived

The functions below make behaviours; a behaviour is `async def (request, connection)` that writes raw bytes.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[bytes, bytes]]  # as they came: order, case, repetitions
    body: bytes
    at: float = field(default_factory=time.monotonic)
    left: bool = False  # the other side closed while a behaviour was waiting

    def header(self, name: str) -> str | None:
        """The header's values joined by commas; None when it is absent."""
        values = [value for key, value in self.headers if key.lower() == name.lower().encode()]
        return b",".join(values).decode("latin-1") if values else None

    def json(self):
        return json.loads(self.body)

    def __contains__(self, text: str) -> bool:
        """Whether this text (a key, a canary) stands anywhere in the request."""
        head = b"\n".join(key + b": " + value for key, value in self.headers)
        return text.encode() in self.path.encode() + b"\n" + head + b"\n" + self.body


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer
        # asyncio does this only for sockets it has made itself; without it small chunks wait 40 ms for an ACK.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """RST instead of FIN."""
        plain = self.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Request, Connection], Awaitable[None]]


# ---------------------------------------------------------------- behaviours


def answer(status: int = 200, body: bytes | str | dict | list = b"", headers: dict | list = (), delay: float = 0) -> Behaviour:
    """A whole answer with content-length. A dict or list body is JSON; `headers` may be pairs, to repeat one."""
    data = _bytes(body)
    kind = [("content-type", "application/json")] if isinstance(body, (dict, list)) else []
    head = _head(status, kind + _pairs(headers) + [("content-length", str(len(data)))])

    async def act(_request, connection):
        await asyncio.sleep(delay)
        await connection.send(head + data)

    return act


def chat(text: str = "Hello", usage: tuple[int, int] | dict | None = (10, 5), model: str = "mock", delay: float = 0, headers=()) -> Behaviour:
    """A chat completion; usage as (input, output) tokens, a dict, or None for none."""
    body = {
        "id": "chatcmpl-mock",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }
    return answer(200, body | _usage(usage), headers, delay)


def error(status: int, message: str = "mock says no", kind: str = "server_error", code=None, headers=()) -> Behaviour:
    """An error as OpenAI-compatible providers write it."""
    return answer(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers)


def chunk(delta: dict | None = None, finish=None, usage: dict | None = None, model: str = "mock") -> str:
    """One event of a chat stream; without a delta it is the usage chunk."""
    body = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1700000000, "model": model}
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return "data: " + json.dumps(body | {"choices": choices} | ({"usage": usage} if usage else {})) + "\n\n"


def sse(events: list[str | bytes], delay: float = 0, first: float = 0, end: str = "end", headers=()) -> Behaviour:
    """A chunked event stream, one chunk per item. `delay` between items, `first` before the first one (the headers are
    out by then). `end`: "end" = properly, "close" = without the last chunk, "reset" = RST, "hang" = nothing more."""

    async def act(request, connection):
        await connection.send(_head(200, [("content-type", "text/event-stream"), *_pairs(headers), ("transfer-encoding", "chunked")]))
        await asyncio.sleep(first)
        for n, event in enumerate(events):
            if n:
                await asyncio.sleep(delay)
            await connection.send(_chunk(_bytes(event)))
        await _finish(end, request, connection)

    return act


def chat_stream(words: tuple[str, ...] = ("Hel", "lo"), usage=(10, 5), done: bool = True, usage_always: bool = False, **how) -> Behaviour:
    """A chat completion as a stream, with a usage chunk when the request asked for one, like OpenAI (or always)."""

    async def act(request, connection):
        asked = usage_always or (request.json().get("stream_options") or {}).get("include_usage")
        events = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in words), chunk({}, "stop")]
        if asked and usage:
            events.append(chunk(usage=_usage(usage)["usage"]))
        await sse(events + ["data: [DONE]\n\n"] * done, **how)(request, connection)

    return act


def chatting(text: str = "Hello", usage=(10, 5), **how) -> Behaviour:
    """What a provider does: a stream when the request says so, else JSON."""

    async def act(request, connection):
        wants_stream = request.body[:1] == b"{" and request.json().get("stream")
        behaviour = chat_stream((text,), usage, **how) if wants_stream else chat(text, usage)
        await behaviour(request, connection)

    return act


def pieces(parts: list[bytes], delay: float = 0, status: int = 200, headers=(), end: str = "end", length: int | None = None) -> Behaviour:
    """A body in these very pieces: chunked, or with content-length when `length` is given. For cuts at any byte."""

    async def act(request, connection):
        framing = ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
        await connection.send(_head(status, [*_pairs(headers), framing]))
        for part in parts:
            await connection.send(_chunk(part) if length is None else part)
            await asyncio.sleep(delay)
        await _finish(end if length is None or end != "end" else "none", request, connection)

    return act


def trailers(body: bytes, fields: dict[str, str], headers=(), status: int = 200) -> Behaviour:
    """A chunked answer that ends in trailers: no body callback ever sees its end."""

    async def act(_request, connection):
        head = _head(status, [*_pairs(headers), ("transfer-encoding", "chunked"), ("trailer", ",".join(fields))])
        tail = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        await connection.send(head + _chunk(body) + b"0\r\n" + tail.encode() + b"\r\n")

    return act


def reset() -> Behaviour:
    """The connection is reset before any header."""
    return _ending("reset")


def close() -> Behaviour:
    """The connection is closed properly before any header."""
    return _ending("close")


def hang() -> Behaviour:
    """Nothing at all, until the other side gives up."""
    return _ending("hang")


def _ending(how: str) -> Behaviour:
    async def act(request, connection):
        await _finish(how, request, connection)

    return act


async def _finish(end: str, request: Request, connection: Connection) -> None:
    match end:
        case "end":
            await connection.send(b"0\r\n\r\n")
        case "close":
            connection.writer.close()
        case "reset":
            await asyncio.sleep(0.02)  # what was sent must be read first: RST throws unread bytes away
            connection.reset()
        case "hang":
            with contextlib.suppress(ConnectionError):
                await connection.reader.read(1)
            request.left = True


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} Mock"] + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _pairs(headers: dict | list) -> list[tuple[str, str]]:
    return list(headers.items()) if isinstance(headers, dict) else list(headers)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def _bytes(body) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _usage(usage) -> dict:
    if isinstance(usage, tuple):
        usage = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return {"usage": usage} if usage else {}


# ---------------------------------------------------------------- the server


class Upstream:
    """The server, in a thread of its own. The n-th request gets the n-th behaviour, later ones the last; a single
    plain function of the request chooses the behaviour itself."""

    def __init__(self, *behaviours: Behaviour | Callable[[Request], Behaviour], tls: ssl.SSLContext | None = None, port: int = 0):
        self.behaviours = behaviours or (chatting(),)
        self.tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, count: int, timeout: float = 30) -> list[Request]:
        """What arrived, once it is that many requests."""
        end = time.monotonic() + timeout
        while len(self.requests) < count:
            assert time.monotonic() < end, f"{len(self.requests)} requests after {timeout} s, not {count}"
            time.sleep(0.01)
        return self.requests

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        serve = asyncio.start_server(self._serve, sock=self._socket, limit=1 << 20, ssl=self.tls)
        server = self._loop.run_until_complete(serve)
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while request := await _read_request(reader):
                number = len(self.requests)
                self.requests.append(request)
                await self._behaviour(number, request)(request, Connection(reader, writer))
                if writer.is_closing():
                    return
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side left, or the test is over
        finally:
            writer.close()

    def _behaviour(self, number: int, request: Request) -> Behaviour:
        chosen = self.behaviours[min(number, len(self.behaviours) - 1)]
        return chosen if asyncio.iscoroutinefunction(chosen) else chosen(request)


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head[:-4].split(b"\r\n")
    method, path, _version = first.decode("latin-1").split(" ", 2)
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    fields = {name.lower(): value for name, value in headers}
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return Request(method, path, headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass  # trailers
    return bytes(body)


_reserved: list[socket.socket] = []


def reserve_port() -> int:
    """A port for a server that cannot choose one by itself. It stays bound for as long as this process lives, so that nobody
    else is given it; connections to it are refused until somebody, who reuses addresses, listens there."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # Envoy's listeners do so too
    one.bind(("127.0.0.1", 0))
    _reserved.append(one)
    return one.getsockname()[1]
