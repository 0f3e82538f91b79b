"""A mock provider that speaks whichever API its path belongs to: the same words, in each provider's own form."""

import asyncio
import json
import struct
import zlib

from mock import Behaviour, Request, answer, chatting, pieces

SSE = {"content-type": "text/event-stream"}
EVENTSTREAM = {"content-type": "application/vnd.amazon.eventstream"}


def speaking(text: str = "Hello", usage: tuple[int, int] = (10, 5), **how):
    """A behaviour per request: a whole answer, or a stream where one is asked for. `keep`, `until`: see `stream`;
    further words: see `pieces`."""

    def behave(request: Request) -> Behaviour:
        path = request.path.split("?")[0]
        for belongs, speak in APIS:
            if belongs(path):
                return speak(request, text, usage, **how)
        return chatting(text, usage)

    return behave


class Words(str):
    """A text that comes in these pieces where it is streamed, not in two."""

    def __new__(cls, *words: str):
        whole = super().__new__(cls, "".join(words))
        whole.words = words
        return whole


def stream(events: list[str | bytes], headers: dict = SSE, keep: int | None = None, until: str = "", size: int = 0, **how) -> Behaviour:
    """Events one by one, or all of them in chunks of a size; `until`: those up to the first that has this text."""
    parts = [one if isinstance(one, bytes) else one.encode() for one in events[:keep]]
    if until:
        parts = parts[: 1 + next(at for at, part in enumerate(parts) if until.encode() in part)]
    if size:
        whole = b"".join(parts)
        parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    return pieces(parts, headers=headers, **how)


def events_of(name: str, text: str) -> list[bytes]:
    """The events of a provider's stream, one by one."""
    sent: list[bytes] = []

    class Journal:
        async def send(self, data: bytes) -> None:
            sent.append(data)

    paths = {"google": "/m:streamGenerateContent", "vertex": "/m:streamGenerateContent", "bedrock": "/model/m/converse-stream", "cohere": "/v2/chat"}
    request = Request("POST", paths.get(name, "/v1/messages"), [], b'{"stream":true}')
    asyncio.run(speaking(text)(request)(request, Journal()))
    chunks = sent[1:-1]  # between the head and the last chunk
    return [chunk.partition(b"\r\n")[2][:-2] for chunk in chunks]


def halves(text: str) -> tuple[str, ...]:
    return text.words if isinstance(text, Words) else (text[: len(text) // 2], text[len(text) // 2 :])


def event(name: str, **members) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name} | members)}\n\n"


def data(body: dict) -> str:
    return f"data: {json.dumps(body)}\n\n"


# ---------------------------------------------------------------- Anthropic, and Claude on Vertex


def anthropic(request: Request, text: str, usage: tuple[int, int], **how) -> Behaviour:
    tokens = {"input_tokens": usage[0], "output_tokens": usage[1]}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "mock", "content": [], "usage": tokens}
    if not request.json().get("stream"):
        return answer(200, message | {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
    return stream(
        [
            event("message_start", message=message | {"usage": tokens | {"output_tokens": 1}}),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            event("ping"),
            *(event("content_block_delta", index=0, delta={"type": "text_delta", "text": half}) for half in halves(text)),
            event("content_block_stop", index=0),
            event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": usage[1]}),
            event("message_stop"),
        ],
        **how,
    )


def counting(_request: Request, _text: str, usage: tuple[int, int], **_how) -> Behaviour:
    return answer(200, {"input_tokens": usage[0]})


# ---------------------------------------------------------------- Gemini, and Vertex


def gemini(request: Request, text: str, usage: tuple[int, int], **how) -> Behaviour:
    def part(piece: str, finish: dict) -> dict:
        candidate = {"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0} | finish
        counts = {"promptTokenCount": usage[0], "candidatesTokenCount": usage[1], "totalTokenCount": sum(usage)}
        return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "mock", "responseId": "r1"}

    stop = {"finishReason": "STOP"}
    if ":streamGenerateContent" not in request.path:
        return answer(200, part(text, stop))
    parts = [part(half, {}) for half in halves(text)] + [part("", stop)]
    return stream([data(one) for one in parts], **how)


# ---------------------------------------------------------------- Bedrock


def bedrock(request: Request, text: str, usage: tuple[int, int], **how) -> Behaviour:
    counts = {"inputTokens": usage[0], "outputTokens": usage[1], "totalTokens": sum(usage)}
    if not request.path.endswith("/converse-stream"):
        message = {"role": "assistant", "content": [{"text": text}]}
        return answer(200, {"output": {"message": message}, "stopReason": "end_turn", "usage": counts})
    events = [frame("messageStart", {"role": "assistant"})]
    events += [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": half}}) for half in halves(text)]
    events += [frame("contentBlockStop", {"contentBlockIndex": 0}), frame("messageStop", {"stopReason": "end_turn"})]
    return stream([*events, frame("metadata", {"usage": counts})], EVENTSTREAM, **how)


def frame(name: str, body: dict, kind: str = "event") -> bytes:
    """A frame of an AWS event stream: lengths, headers, payload, each half with its CRC-32."""
    words = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    headers = b"".join(bytes([len(k)]) + k.encode() + b"\x07" + struct.pack(">H", len(v)) + v.encode() for k, v in words.items())
    payload = json.dumps(body).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


# ---------------------------------------------------------------- Cohere


def cohere(request: Request, text: str, usage: tuple[int, int], **how) -> Behaviour:
    tokens = {"input_tokens": usage[0], "output_tokens": usage[1]}
    counts = {"billed_units": tokens, "tokens": tokens}
    if not request.json().get("stream"):
        message = {"role": "assistant", "content": [{"type": "text", "text": text}]}
        return answer(200, {"id": "c1", "finish_reason": "COMPLETE", "message": message, "usage": counts})
    return stream(
        [
            event("message-start", id="c1", delta={"message": {"role": "assistant", "content": []}}),
            event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}}),
            *(event("content-delta", index=0, delta={"message": {"content": {"text": half}}}) for half in halves(text)),
            event("content-end", index=0),
            event("message-end", delta={"finish_reason": "COMPLETE", "usage": counts}),
        ],
        **how,
    )


# ---------------------------------------------------------------- OpenAI's responses


def responses(request: Request, text: str, usage: tuple[int, int], **how) -> Behaviour:
    counts = {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": "mock", "status": "in_progress", "output": []}
    done = response | {"status": "completed", "output": [item], "usage": counts}
    if not request.json().get("stream"):
        return answer(200, done)
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    said = [
        ("response.created", {"response": response}),
        ("response.in_progress", {"response": response}),
        ("response.output_item.added", {"output_index": 0, "item": item | {"status": "in_progress", "content": []}}),
        ("response.content_part.added", at | {"part": part | {"text": ""}}),
        *(("response.output_text.delta", at | {"delta": half}) for half in halves(text)),
        ("response.output_text.done", at | {"text": text}),
        ("response.content_part.done", at | {"part": part}),
        ("response.output_item.done", {"output_index": 0, "item": item}),
        ("response.completed", {"response": done}),
    ]
    return stream([event(name, sequence_number=number, **members) for number, (name, members) in enumerate(said)], **how)


APIS = [
    (lambda path: path.endswith("/responses"), responses),
    (lambda path: path.endswith(("/messages/count_tokens", "/count-tokens:rawPredict")), counting),
    (lambda path: path.endswith(("/messages", ":rawPredict", ":streamRawPredict")), anthropic),
    (lambda path: path.endswith(("enerateContent",)), gemini),
    (lambda path: "/converse" in path, bedrock),
    (lambda path: path == "/v2/chat", cohere),
]
