"""Clients that send exactly what a test says: any header bytes, any body, HTTP/2 with trailers, raw bytes."""

import http.client
import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events

CHAT = "/v1/chat/completions"


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    cut: bool = False  # the connection ended before the body did
    chunks: list[tuple[float, bytes]] = field(default_factory=list)  # (seconds since the request, bytes) as they came

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(values) if values else None

    def json(self):
        return json.loads(self.body)

    def events(self) -> list:
        """The `data:` of each server-sent event, as JSON where it is JSON."""
        data = [line[5:].strip() for line in self.body.decode().splitlines() if line.startswith("data:")]
        return [json.loads(one) if one.startswith("{") else one for one in data]

    def text(self) -> str:
        """What the model said, from a stream or from JSON."""
        if (self.header("content-type") or "").startswith("text/event-stream"):
            choices = [choice for event in self.events() if isinstance(event, dict) for choice in event.get("choices", [])]
            return "".join(choice["delta"].get("content") or "" for choice in choices)
        return self.json()["choices"][0]["message"]["content"]


def request(
    url: str,
    method: str = "GET",
    path: str = "/",
    body: bytes | str | dict | Iterable[bytes] | None = None,
    headers: dict | list = (),
    timeout: float = 30,
) -> Response:
    """One HTTP/1.1 request. A dict body is JSON; an iterable of bytes is sent chunked. Header values may be bytes."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if isinstance(body, dict):
        body = json.dumps(body)
        pairs.insert(0, ("content-type", "application/json"))
    data = body.encode() if isinstance(body, str) else body

    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    start = time.monotonic()
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in pairs:
            connection.putheader(name, value)
        chunked = data is not None and not isinstance(data, bytes)
        if chunked:
            connection.putheader("transfer-encoding", "chunked")
        elif data is not None:
            connection.putheader("content-length", str(len(data)))
        try:
            connection.endheaders(data, encode_chunked=chunked)
        except BrokenPipeError:
            pass  # refused while we were sending (413): the answer is there to be read
        return _read(connection.getresponse(), start)
    finally:
        connection.close()


def _read(answer: http.client.HTTPResponse, start: float) -> Response:
    response = Response(answer.status, answer.getheaders())
    try:
        while part := answer.read1(1 << 16):
            response.chunks.append((time.monotonic() - start, part))
    except (http.client.IncompleteRead, ConnectionError):
        response.cut = True
    response.body = b"".join(part for _, part in response.chunks)
    # read1 takes an early end for the end; what is left of content-length or of the chunk tells.
    response.cut = response.cut or bool(answer.length)
    return response


def chat(url: str, model: str = "acme/chat", *, prompt: str = "Hi", headers: dict | list = (), timeout: float = 30, **body) -> Response:
    """A chat completion, `stream=True` for a stream; whatever else is in `body` goes into the JSON."""
    message = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    return request(url, "POST", CHAT, message | body, headers, timeout)


def raw(url: str, *parts: bytes, pause: float = 0, timeout: float = 20) -> bytes:
    """Sends these bytes, with a pause between the parts, and returns all that comes until the other side closes or is
    silent for `timeout`."""
    host = urlsplit(url)
    received = b""
    with socket.create_connection((host.hostname, host.port), timeout=timeout) as plain:
        try:
            for part in parts:
                plain.sendall(part)
                time.sleep(pause)
            while data := plain.recv(1 << 16):
                received += data
        except (TimeoutError, ConnectionError):
            pass
    return received


def open_stream(url: str, model: str = "acme/chat", *, headers: dict | None = None, **body) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """A chat stream whose headers are there and whose body is not read yet: for clients that leave or read slowly."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    message = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hi"}]} | body
    connection.request("POST", CHAT, json.dumps(message), {"content-type": "application/json"} | (headers or {}))
    return connection, connection.getresponse()


def h2_request(
    url: str, path: str = CHAT, body: bytes | dict = b"", headers: Iterable = (), trailers: Iterable = (), method: str = "POST", timeout: float = 30
) -> Response:
    """One HTTP/2 request over cleartext, with request trailers when there are any."""
    host = urlsplit(url)
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    peer = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None, validate_outbound_headers=False))
    with socket.create_connection((host.hostname, host.port), timeout=timeout) as plain:
        peer.initiate_connection()
        head = [(":method", method), (":scheme", "http"), (":authority", host.netloc), (":path", path), *headers]
        peer.send_headers(1, head, end_stream=not data and not trailers)
        if not data and trailers:
            peer.send_headers(1, list(trailers), end_stream=True)
        response = Response(0, [])
        sent = 0
        while True:
            while sent < len(data) and (room := min(peer.local_flow_control_window(1), peer.max_outbound_frame_size)):
                part = data[sent : sent + room]
                sent += len(part)
                peer.send_data(1, part, end_stream=sent == len(data) and not trailers)
                if sent == len(data) and trailers:
                    peer.send_headers(1, list(trailers), end_stream=True)
            plain.sendall(peer.data_to_send())
            received = plain.recv(1 << 16)
            for event in peer.receive_data(received) if received else []:
                if _h2_event(peer, event, response):
                    return response
            if not received:
                response.cut = True
                return response


def _h2_event(peer: h2.connection.H2Connection, event, response: Response) -> bool:
    """Takes one event into the response; true when it was the last."""
    match event:
        case h2.events.ResponseReceived(headers=headers):
            pairs = [(name.decode(), value.decode("latin-1")) for name, value in headers]
            response.status = int(dict(pairs)[":status"])
            response.headers = [pair for pair in pairs if not pair[0].startswith(":")]
        case h2.events.DataReceived(data=data, flow_controlled_length=length):
            response.body += data
            peer.acknowledge_received_data(length, 1)
        case h2.events.StreamEnded():
            return True
        case h2.events.StreamReset() | h2.events.ConnectionTerminated():
            response.cut = True
            return True
    return False
