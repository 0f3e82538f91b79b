"""upstream.py PORT: the provider of the benchmark, as fast as plain Python gets: an answer of 1 KB, or, when the body says
`"stream": true`, 200 events, each written by itself, as providers send them. In the words of Anthropic to those who ask at
`/v1/messages`, as chat completions to all others.

Start it several times with the same port: the kernel spreads the connections.
"""

import asyncio
import json
import re
import socket
import sys

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
ASKS_FOR_STREAM = re.compile(rb'"stream": ?true')
WORD = "token "
EVENTS = 200


def answer(body: dict) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data


def stream(events: list[bytes]) -> list[bytes]:
    return [b"%x\r\n%s\r\n" % (len(event), event) for event in events] + [b"0\r\n\r\n"]


def completion() -> dict:
    usage = {"prompt_tokens": 200, "completion_tokens": 120, "total_tokens": 320}
    message = {"role": "assistant", "content": WORD * 120}
    body = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1700000000, "model": "bench"}
    return body | {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}


def chunks() -> list[bytes]:
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1700000000, "model": "bench"}
    usage = {"prompt_tokens": 200, "completion_tokens": EVENTS, "total_tokens": 200 + EVENTS}
    parts = [head | {"choices": [{"index": 0, "delta": {"content": WORD}, "finish_reason": None}]}] * (EVENTS - 3)
    parts.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    parts.append(head | {"choices": [], "usage": usage})
    return [b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts] + [b"data: [DONE]\n\n"]


MESSAGE = {"id": "msg_bench", "type": "message", "role": "assistant", "model": "bench", "stop_sequence": None}


def message() -> dict:
    usage = {"input_tokens": 200, "output_tokens": 120}
    return MESSAGE | {"content": [{"type": "text", "text": WORD * 120}], "stop_reason": "end_turn", "usage": usage}


def message_events() -> list[bytes]:
    """As many as the chunks: two before the text and three behind it."""
    usage = {"input_tokens": 200, "output_tokens": 1}
    start = MESSAGE | {"content": [], "stop_reason": None, "usage": usage}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORD}}
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[delta] * (EVENTS - 5),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": EVENTS}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE = {"chat": answer(completion()), "messages": answer(message())}
STREAMS = {"chat": stream(chunks()), "messages": stream(message_events())}


class Provider(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.received = transport, b""
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.loop = asyncio.get_running_loop()

    def data_received(self, data):
        self.received += data
        head_end = self.received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = LENGTH.search(self.received, 0, head_end)
        end = head_end + 4 + (int(length[1]) if length else 0)
        if len(self.received) < end:
            return
        dialect = "messages" if self.received.startswith(b"POST /v1/messages") else "chat"
        body, self.received = self.received[head_end + 4 : end], self.received[end:]
        if ASKS_FOR_STREAM.search(body):
            self.transport.write(STREAM_HEAD)
            self.write_event(iter(STREAMS[dialect]))
        else:
            self.transport.write(WHOLE[dialect])

    def write_event(self, rest):
        """One event per turn of the loop: a write, and so usually a packet, of its own."""
        if (event := next(rest, None)) is not None and not self.transport.is_closing():
            self.transport.write(event)
            self.loop.call_soon(self.write_event, rest)


async def main(port: int) -> None:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", port))
    server = await asyncio.get_running_loop().create_server(Provider, sock=listening, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
