"""A mock provider that speaks whichever API its path belongs to: the same words, in each provider's own form."""

import json

from mock import Behaviour, Request, answer, chatting, sse


def speaking(text: str = "Hello", usage: tuple[int, int] = (10, 5)):
    """A behaviour per request: a whole answer, or a stream where one is asked for."""

    def behave(request: Request) -> Behaviour:
        path = request.path.split("?")[0]
        for belongs, speak in APIS:
            if belongs(path):
                return speak(request, text, usage)
        return chatting(text, usage)

    return behave


def anthropic(request: Request, text: str, usage: tuple[int, int]) -> Behaviour:
    tokens = {"input_tokens": usage[0], "output_tokens": usage[1]}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "mock", "content": [], "usage": tokens}
    if not request.json().get("stream"):
        return answer(200, message | {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"})
    halves = text[: len(text) // 2], text[len(text) // 2 :]
    return sse(
        [
            event("message_start", message=message | {"usage": tokens | {"output_tokens": 1}}),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            event("ping"),
            *(event("content_block_delta", index=0, delta={"type": "text_delta", "text": half}) for half in halves),
            event("content_block_stop", index=0),
            event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": usage[1]}),
            event("message_stop"),
        ]
    )


def event(name: str, **members) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name} | members)}\n\n"


APIS = [(lambda path: path.endswith("/messages"), anthropic)]
