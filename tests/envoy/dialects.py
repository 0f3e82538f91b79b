"""The dialects of clients: one question in each one's own words, and what of an answer only this exchange can know."""

import json
import re
from datetime import datetime

import load

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "ai2": "/v1/ai/language-model",
    "ai3": "/v3/ai/language-model",
    "ai4": "/v4/ai/language-model",
}
CLIENTS = tuple(PATHS)


def body(client: str, model: str, prompt: str, stream: bool) -> dict:
    """A question of the user's; the AI SDK says in the head which model is asked, and whether to stream."""
    said = [{"role": "user", "content": prompt}]
    if client.startswith("ai"):
        return {"prompt": [{"role": "user", "content": [{"type": "text", "text": prompt}]}]}
    if client == "responses":
        return {"model": model, "input": said, "stream": stream}
    if client == "messages":
        return {"model": model, "max_tokens": 999, "messages": said, "stream": stream}
    return {"model": model, "messages": said} | ({"stream": True, "stream_options": {"include_usage": True}} if stream else {})


def headers(client: str, model: str, stream: bool) -> dict[str, str]:
    if not client.startswith("ai"):
        return {"content-type": "application/json"}
    words = {"id": model, "streaming": str(stream).lower(), "specification-version": client.removeprefix("ai")}
    return {"content-type": "application/json"} | {f"ai-language-model-{name}": word for name, word in words.items()}


def ask(client: str, model: str, prompt: str, stream: bool) -> load.Ask:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers(client, model, stream).items())
    return load.Ask(f"POST {PATHS[client]} HTTP/1.1\r\nhost: gateway\r\n{lines}", json.dumps(body(client, model, prompt, stream)).encode(), prompt)


def created(answer: bytes) -> int:
    """When the exchange began, as far as its answer says so."""
    if found := re.search(rb'"created(?:_at)?":(\d+)', answer):
        return int(found[1])
    found = re.search(rb'"timestamp":"([^"]+)"', answer)
    return int(datetime.fromisoformat(found[1].decode()).timestamp()) if found else 0


def gateway(answer: bytes) -> str | None:
    """What the gateway says of itself in an answer to the AI SDK, as it is written there: the last object in it."""
    before, found, after = answer.decode().rpartition('"providerMetadata":{"gateway":')
    if not found:
        before, found, after = answer.decode().rpartition(',"gateway":{"routing":')
        after = '{"routing":' + after
    return after[: json.JSONDecoder().raw_decode(after)[1]] if found else None
