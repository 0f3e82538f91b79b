"""Models that think and call tools: their answers in each provider's API, sealed, and a client that keeps what it got."""

import json

from client import Response
from mock import Behaviour, Request, answer
from speaking import EVENTSTREAM, data, event, frame, stream

CALLS = [("c1", "weather", {"city": "Paris"}), ("c2", "clock", {})]
TOOLS = [
    {"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object", "properties": {}}}}
    for _, name, _ in CALLS
]


def thinking(name: str, seal: str, calls: list | None = None):
    """A behaviour: it thinks, sealed with this, and calls tools at the same time, or says `done`."""

    def behave(request: Request) -> Behaviour:
        if name in ("anthropic", "vertex-anthropic"):
            return _anthropic(request, seal, calls or [])
        return (_bedrock if name == "bedrock" else _gemini)(request, seal, calls or [])

    return behave


def _anthropic(request: Request, seal: str, calls: list) -> Behaviour:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": seal}
    blocks = [thought, *({"type": "tool_use", "id": i, "name": n, "input": a} for i, n, a in calls)]
    blocks += [] if calls else [{"type": "text", "text": "done"}]
    reason, usage = "tool_use" if calls else "end_turn", {"input_tokens": 10, "output_tokens": 5}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "mock", "usage": usage}
    if not request.json().get("stream"):
        return answer(200, message | {"content": blocks, "stop_reason": reason})
    events = [event("message_start", message=message | {"content": []})]
    for index, block in enumerate(blocks):
        empty, deltas = {
            "thinking": lambda b: ({"thinking": "", "signature": ""}, [("thinking_delta", "thinking", "Hm."), ("signature_delta", "signature", seal)]),
            "text": lambda b: ({"text": ""}, [("text_delta", "text", "done")]),
            "tool_use": lambda b: ({"id": b["id"], "name": b["name"], "input": {}}, [("input_json_delta", "partial_json", json.dumps(b["input"]))]),
        }[block["type"]](block)
        events.append(event("content_block_start", index=index, content_block={"type": block["type"]} | empty))
        events += [event("content_block_delta", index=index, delta={"type": kind, field: value}) for kind, field, value in deltas]
        events.append(event("content_block_stop", index=index))
    return stream([*events, event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 5}), event("message_stop")])


def _bedrock(request: Request, seal: str, calls: list) -> Behaviour:
    usage, reason = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}, "tool_use" if calls else "end_turn"
    if not request.path.endswith("-stream"):
        blocks = [{"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": seal}}}]
        blocks += [{"toolUse": {"toolUseId": i, "name": n, "input": a}} for i, n, a in calls] or [{"text": "done"}]
        return answer(200, {"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": reason, "usage": usage})
    deltas = [(None, [{"reasoningContent": {"text": "Hm."}}, {"reasoningContent": {"signature": seal}}])]
    deltas += [({"toolUse": {"toolUseId": i, "name": n}}, [{"toolUse": {"input": json.dumps(a)}}]) for i, n, a in calls] or [(None, [{"text": "done"}])]
    events = [frame("messageStart", {"role": "assistant"})]
    for index, (start, pieces) in enumerate(deltas):
        at = {"contentBlockIndex": index}
        events += [frame("contentBlockStart", at | {"start": start})] if start else []
        events += [frame("contentBlockDelta", at | {"delta": piece}) for piece in pieces] + [frame("contentBlockStop", at)]
    return stream([*events, frame("messageStop", {"stopReason": reason}), frame("metadata", {"usage": usage})], EVENTSTREAM)


def _gemini(request: Request, seal: str, calls: list) -> Behaviour:
    parts = [{"text": "Hm.", "thought": True}, *({"functionCall": {"name": n, "args": a}} for _, n, a in calls)]
    parts += [] if calls else [{"text": "done"}]
    parts[1]["thoughtSignature"] = seal  # on the first call only
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}

    def body(parts: list, finish: dict) -> dict:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0} | finish
        return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "mock"}

    if ":stream" not in request.path:
        return answer(200, body(parts, {"finishReason": "STOP"}))
    return stream([*(data(body([part], {})) for part in parts), data(body([{"text": ""}], {"finishReason": "STOP"}))])


# ---------------------------------------------------------------- the client


def message_of(response: Response) -> dict:
    """The assistant's message, from a stream put together as SDKs do: by the index of each item."""
    if not (response.header("content-type") or "").startswith("text/event-stream"):
        return response.json()["choices"][0]["message"]
    message = {"role": "assistant", "content": ""}
    for chunk in response.events():
        for choice in chunk["choices"] if isinstance(chunk, dict) else []:
            _add(message, choice["delta"])
    return message


def _add(known: dict, more: dict) -> None:
    for name, value in more.items():
        if isinstance(value, list):
            items = known.setdefault(name, [])
            for item in value:
                same = next((one for one in items if one.get("index") == item.get("index")), None)
                _add(same, item) if same else items.append(dict(item))
        elif isinstance(value, dict):
            _add(known.setdefault(name, {}), value)
        elif isinstance(value, str) and isinstance(known.get(name), str) and name not in ("role", "type", "format", "id"):
            known[name] += value
        else:
            known[name] = value


def results(message: dict) -> list[dict]:
    """What a client's tools gave."""
    return [{"role": "tool", "tool_call_id": call["id"], "content": f"{n}"} for n, call in enumerate(message["tool_calls"])]


def standard(message: dict) -> dict:
    """What is left of a message by a client that keeps OpenAI's own fields only."""
    kept = {name: message[name] for name in ("role", "content", "tool_calls") if message.get(name)}
    calls = [{name: call[name] for name in ("id", "type", "function")} for call in message.get("tool_calls") or []]
    return kept | ({"tool_calls": calls} if calls else {})
