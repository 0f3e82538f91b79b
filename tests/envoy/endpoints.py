"""Every endpoint that can cost something, from the list that the code is held to (tests/endpoints.txt): how each is asked, and
a provider of every API that answers it and says what it used."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import dialects
import example
import load
from mock import Behaviour, Request, answer, sse
from speaking import data, event, speaking

LIST = example.ROOT / "tests" / "endpoints.txt"
Usage = tuple[int, int]  # tokens: input, output


@dataclass(frozen=True)
class Endpoint:
    path: str
    operation: str
    streams: bool
    presets: tuple[str, ...]

    @property
    def client(self) -> str:
        """Whose shape its errors have."""
        return "anthropic" if "/messages" in self.path else "ai_sdk" if "/ai/" in self.path else "openai"


def _read(line: str) -> Endpoint:
    path, operation, *rest = line.split()
    return Endpoint(path, operation, "*" in rest, tuple(word for word in rest if word != "*"))


ENDPOINTS = [_read(line) for line in LIST.read_text().splitlines() if not line.startswith("#")]
# Whose answers never say how many tokens they took. (Speech does in a stream.)
SILENT = ("/v1/messages/count_tokens", "/v1/moderations", "/v1/images/variations", "/v1/audio/speech", "/v1/audio/translations")
# Whose answers have no output that is counted.
INPUT_ONLY = ("embeddings", "embedding_model", "rerank")


def reports(path: str, stream: bool) -> bool:
    """Whether an answer says how many tokens it took."""
    return path not in SILENT or (stream and path == "/v1/audio/speech")


# ---------------------------------------------------------------- the clients

CHATS = {path: client for client, path in dialects.PATHS.items()}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
BOUNDARY = "a-boundary"


def ask(path: str, model: str, key: str, stream: bool = False, name: str = "", headers: dict | None = None, prompt: str = "Hi") -> load.Ask:
    """A request that is right. The AI SDK says in the head which model is asked, and whether to stream."""
    kind, body = _body(path, model, stream, prompt)
    fields = {"host": "gateway", "content-type": kind, "authorization": f"Bearer {key}"} | (headers or {})
    if path in CHATS:
        fields |= dialects.headers(CHATS[path], model, stream)
    elif "/ai/" in path:
        fields |= {"ai-model-id": model, "ai-embedding-model-specification-version": {"1": "2"}.get(path[2], path[2])}
    lines = "".join(f"{field}: {value}\r\n" for field, value in fields.items())
    return load.Ask(f"POST {path} HTTP/1.1\r\n{lines}", body, name)


def _body(path: str, model: str, stream: bool, prompt: str) -> tuple[str, bytes]:
    said = [{"role": "user", "content": prompt}]
    streamed = {"stream": True} if stream else {}
    if path in CHATS:
        return _json(dialects.body(CHATS[path], model, prompt, stream))
    match path.rpartition("/")[2]:
        case "embedding-model":
            return _json({"input" if path.startswith("/v1") else "values": [prompt]})
        case "count_tokens":
            return _json({"model": model, "messages": said})
        case "completions":
            return _json({"model": model, "prompt": prompt, **streamed})
        case "generations":
            return _json({"model": model, "prompt": prompt, **streamed})
        case "speech":
            return _json({"model": model, "input": prompt, "voice": "alloy", **({"stream_format": "sse"} if stream else {})})
        case "rerank":
            return _json({"model": model, "query": prompt, "documents": ["a", "b"]})
        case "edits" | "variations":
            return _form({"model": model, "prompt": prompt, **streamed}, "image", "cat.png", PNG)
        case "transcriptions" | "translations":
            return _form({"model": model, **streamed}, "file", "said.mp3", b"ID3" + bytes(64))
    return _json({"model": model, "input": prompt})  # embeddings, moderations


def _json(body: dict) -> tuple[str, bytes]:
    return "application/json", json.dumps(body).encode()


def _form(fields: dict, file: str, name: str, content: bytes) -> tuple[str, bytes]:
    parts = [(f'name="{field}"', json.dumps(value).encode() if value is True else value.encode()) for field, value in fields.items()]
    parts.append((f'name="{file}"; filename="{name}"', content))
    body = b"".join(f"--{BOUNDARY}\r\ncontent-disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n" for head, value in parts)
    return f"multipart/form-data; boundary={BOUNDARY}", body + f"--{BOUNDARY}--\r\n".encode()


# ---------------------------------------------------------------- the provider


def serving(usage: Usage):
    """A behaviour per request, of whichever API its path belongs to."""

    def behave(request: Request) -> Behaviour:
        path = request.path.split("?")[0]
        own = next((own for ending, own in OWN.items() if path.endswith(ending)), None)
        return own(request, usage) if own else speaking("Hello", usage)(request)

    return behave


def _wants_stream(request: Request) -> bool:
    if request.body.startswith(b"{"):
        return bool(request.json().get("stream")) or request.json().get("stream_format") == "sse"
    return b'name="stream"\r\n\r\ntrue' in request.body


def _tokens(usage: Usage) -> dict:
    return {"usage": {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}}


def _prompt_tokens(usage: Usage) -> dict:
    return {"usage": {"prompt_tokens": usage[0], "total_tokens": usage[0]}}


def _completion(request: Request, usage: Usage) -> Behaviour:
    counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "mock"}
    words = [{"text": word, "index": 0, "logprobs": None, "finish_reason": finish} for word, finish in (("Hel", None), ("lo", "stop"))]
    if not _wants_stream(request):
        return answer(200, body | {"choices": [words[1]], "usage": counts})
    asked = (request.json().get("stream_options") or {}).get("include_usage")
    last = [data(body | {"choices": [], "usage": counts})] if asked else []
    return sse([*(data(body | {"choices": [word]}) for word in words), *last, "data: [DONE]\n\n"])


def _embeddings(_request: Request, usage: Usage) -> Behaviour:
    vectors = [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}]
    return answer(200, {"object": "list", "data": vectors, "model": "mock"} | _prompt_tokens(usage))


def _image(request: Request, usage: Usage) -> Behaviour:
    if not _wants_stream(request):
        return answer(200, {"created": 1, "data": [{"b64_json": "aGk="}]} | _tokens(usage))
    kind = "image_edit" if request.path.endswith("/edits") else "image_generation"
    last = event(f"{kind}.completed", b64_json="aGk=", **_tokens(usage))
    return sse([event(f"{kind}.partial_image", b64_json="aA==", partial_image_index=0), last])


def _speech(request: Request, usage: Usage) -> Behaviour:
    if not _wants_stream(request):
        return answer(200, b"ID3" + bytes(200), {"content-type": "audio/mpeg"})
    return sse([event("speech.audio.delta", audio="aGk="), event("speech.audio.done", **_tokens(usage))])


def _transcript(request: Request, usage: Usage) -> Behaviour:
    if not _wants_stream(request):
        counts = _tokens(usage)
        return answer(200, {"text": "Hello", "usage": {"type": "tokens"} | counts["usage"]})
    return sse([event("transcript.text.delta", delta="Hel"), event("transcript.text.done", text="Hello", **_tokens(usage))])


def _always(body: dict) -> Callable[[Request, Usage], Behaviour]:
    return lambda _request, _usage: answer(200, body)


OWN = {
    "/chat/completions": lambda request, usage: speaking("Hello", usage)(request),
    "/completions": _completion,
    "/embeddings": _embeddings,
    "/moderations": _always({"id": "m1", "model": "mock", "results": [{"flagged": False}]}),
    "/images/variations": _always({"created": 1, "data": [{"b64_json": "aGk="}]}),
    "/images/generations": _image,
    "/images/edits": _image,
    "/audio/speech": _speech,
    "/audio/transcriptions": _transcript,
    "/audio/translations": _always({"text": "Hello"}),
    "/rerank": lambda _, usage: answer(200, {"results": [{"index": 0, "relevance_score": 0.5}]} | _prompt_tokens(usage)),
    ":batchEmbedContents": lambda _, usage: answer(200, {"embeddings": [{"values": [0.5]}], "usageMetadata": {"promptTokenCount": usage[0]}}),
    ":predict": lambda _, usage: answer(200, {"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": usage[0]}}}]}),
    "/invoke": lambda _, usage: answer(200, {"embedding": [0.5], "inputTextTokenCount": usage[0]}),
    "/v2/embed": lambda _, usage: answer(200, {"embeddings": {"float": [[0.5]]}, "meta": {"billed_units": {"input_tokens": usage[0]}}}),
}
