"""Recorded traffic of real providers (`../shared/recordings`, see its README): what they sent, and what it says.

The rules of usage stand here once more, written from the providers' tables and not from the filter's code.
"""

import json
import os
import random
import re
from dataclasses import dataclass
from pathlib import Path

import example
import pytest
from mock import Behaviour, pieces

FOLDER = Path(os.environ.get("TOLLGATE_RECORDINGS", example.ROOT / ".." / "shared" / "recordings"))
PROVIDERS = ("openai", "azure", "groq", "mistral", "deepseek", "openrouter", "xai", "perplexity")
PATHS = {
    "chat-completions": "/v1/chat/completions",
    "completions": "/v1/completions",
    "embeddings": "/v1/embeddings",
    "responses": "/v1/responses",
    "moderations": "/v1/moderations",
}
# They refuse `stream_options`, and send usage unasked.
NEVER_ASKED = ("mistral", "perplexity")


@dataclass(frozen=True)
class Recording:
    file: str
    provider: str
    endpoint: str
    status: int
    is_stream: bool
    request: dict
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def replay(self, seed: int | None = None) -> Behaviour:
        """The answer as the provider gave it: in one piece, or cut at places that the seed draws."""
        parts = [self.body] if seed is None else cut(self.body, seed)
        length = None if self.is_stream or seed is not None else len(self.body)
        return pieces(parts, delay=0.001 if seed else 0, status=self.status, headers=self.headers, length=length)

    def json(self):
        return json.loads(self.body)


def cut(body: bytes, seed: int) -> list[bytes]:
    """Up to 16 pieces; half of the places are drawn near each other, so that lines and characters are hit too."""
    draw = random.Random(f"{seed} {len(body)}")
    places = {draw.randrange(len(body) + 1) for _ in range(draw.randint(1, 8))}
    places |= {min(len(body), place + draw.randint(1, 9)) for place in places}
    edges = [0, *sorted(places), len(body)]
    return [body[a:b] for a, b in zip(edges, edges[1:]) if a < b]


def load(providers=PROVIDERS, paths=PATHS) -> list[Recording]:
    """Every recording of these providers, in the order of the index; unless told otherwise the OpenAI-compatible ones."""
    if not (FOLDER / "index.jsonl").exists():
        return []
    rows = [json.loads(line) for line in (FOLDER / "index.jsonl").read_text().splitlines()]
    return [_read(row) for row in rows if row["provider"] in providers and row["endpoint"] in paths]


def _read(row: dict) -> Recording:
    path = FOLDER / row["file"]
    exchange = json.loads(path.read_text())
    headers, body = answer_of(exchange["response"], path)
    return Recording(
        row["file"], row["provider"], row["endpoint"], row["status"], row["stream"] == "sse", exchange["request"]["body"], headers, body
    )


def answer_of(response: dict, path: Path) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Headers and bytes of a recorded response."""
    framing = ("content-length", "transfer-encoding", "content-encoding", "connection")
    headers = {"content-type": "application/json"} | response["headers"]
    kept = tuple((name, str(value)) for name, value in headers.items() if name not in framing)
    if "body_file" in response:
        return kept, (path.parent / response["body_file"]).read_bytes()
    body = response.get("body_text", response.get("body"))
    return kept, body.encode() if isinstance(body, str) else json.dumps(body).encode()


def require() -> None:
    """Skips where there are no recordings; on CI that is a failure."""
    if (FOLDER / "index.jsonl").exists():
        return
    assert os.environ.get("CI") != "true", f"no recordings in {FOLDER}"
    pytest.skip(f"no recordings in {FOLDER}")


# ---------------------------------------------------------------- what an answer says


def events(body: bytes) -> list[tuple[bytes, dict]]:
    """Each event's bytes with its data, {} where that is no JSON object."""
    found = re.findall(rb".+?(?:\r?\n\r?\n|\Z)", body, re.S)
    return [(event, _data(event)) for event in found]


def _data(event: bytes) -> dict:
    lines = [line[5:].strip() for line in event.splitlines() if line.startswith(b"data:")]
    try:
        data = json.loads(b"\n".join(lines))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def without_usage_chunk(body: bytes) -> bytes:
    """What a client gets that has not asked for usage, of a stream that the gateway has asked it of."""
    return b"".join(event for event, data in events(body) if not (data.get("choices") == [] and data.get("usage")))


def said(recording: Recording) -> list[dict]:
    return [data for _, data in events(recording.body)] if recording.is_stream else [recording.json()]


def model_answered(recording: Recording) -> str | None:
    """The first model that the answer names; Azure's first chunk names an empty one."""
    names = (data.get("model") or (data.get("response") or {}).get("model") for data in said(recording))
    return next((name for name in names if name), None)


ESTIMATED = {"moderations": (), "embeddings": ("input",), "embedding_model": ("input",)}  # by operation; else input and output


def check_tokens(line: dict, told: dict) -> None:
    """What the provider told stands in the log's line; what it did not tell of input and output is an estimate."""
    may_be = ESTIMATED.get(line["operation"], ("input", "output"))
    known = {name: tokens for name, tokens in told.items() if tokens is not None or name not in may_be}
    assert {name: line[name] for name in known} == known
    guessed = [line[name] for name in told if name not in known]
    assert line["estimated"] == bool(guessed) and None not in guessed


def usage(recording: Recording) -> dict[str, int | None]:
    """The last usage of an answer counts: Perplexity's is cumulative, Groq's stands in two places."""
    places = []
    for data in said(recording):
        places += [(data.get("x_groq") or {}).get("usage"), (data.get("response") or {}).get("usage"), data.get("usage")]
    return tokens(next((place for place in reversed(places) if place), {}))


def tokens(reported: dict) -> dict[str, int | None]:
    """OpenAI's names or those of Responses; the cached part is inside the input, reasoning is inside the output."""
    inside = reported.get("prompt_tokens_details") or reported.get("input_tokens_details") or {}
    outside = reported.get("completion_tokens_details") or reported.get("output_tokens_details") or {}
    into = reported.get("prompt_tokens", reported.get("input_tokens"))
    out = reported.get("completion_tokens", reported.get("output_tokens"))
    if out is not None and "total_tokens" in reported:
        out = reported["total_tokens"] - into  # xAI's chat counts reasoning beside the completion; the total has both
    return {
        "input": into,
        "cache_read": _first(inside.get("cached_tokens"), reported.get("prompt_cache_hit_tokens"), reported.get("num_cached_tokens")),
        "cache_write": inside.get("cache_write_tokens"),
        "output": out,
        "reasoning": _first(outside.get("reasoning_tokens"), reported.get("reasoning_tokens")),
    }


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def is_whole(recording: Recording) -> bool:
    """Whether it came to its proper end, without an error in it."""
    return not (recording.is_stream and any(event.startswith(b"event: error") or data.get("error") for event, data in events(recording.body)))
