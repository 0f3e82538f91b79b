"""Every recorded answer of every provider, read by the AI SDK itself in its three versions: it takes each of them, and shows
what was written to it. That the right things are written is tested natively and in test_translated_recorded.py."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import dialects
import example
import load
import pytest
import recorded
from harness import Gateway
from mock import Upstream
from test_translated_recorded import MODELS, POOLS, recordings

CLIENTS = {5: "ai2", 6: "ai3", 7: "ai4"}


@pytest.fixture(scope="module")
def running():
    recorded.require()

    def choose(request):
        provider, number = re.search(rb"rec ([a-z]+) (\d+) end", request.body).groups()
        return recordings(provider.decode())[int(number)].replay()

    upstream = Upstream(choose)
    models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": MODELS[name]}]} for name in POOLS]
    with Gateway(example.plan(*POOLS) | {"models": models}, dict.fromkeys(POOLS, upstream)) as gateway:
        yield gateway
    upstream.close()


@pytest.mark.parametrize("provider", POOLS)
def test_the_sdk_reads_every_recording(ai, running, provider):
    every, model = recordings(provider), f"acme/{provider}"
    prompts = [(f"rec {provider} {number} end", one.is_stream) for number, one in enumerate(every)]
    written = load.crowd(running.url, [dialects.ask(CLIENTS[ai.version], model, *one) for one in prompts], connections=8)

    def read(prompt: str, is_stream: bool):
        return ai.call(running.url, "any", "streamText" if is_stream else "generateText", model=model, prompt=prompt, maxRetries=0)

    with ThreadPoolExecutor(8) as crowd:
        results = list(crowd.map(lambda one: read(*one), prompts))
    failed = 0
    for one, raw, got in zip(every, written, results):
        if raw.status != 200:
            failed += 1
            assert got.error["name"].startswith("Gateway") or got.error["name"] == "AI_RetryError", one.file
        elif one.is_stream:
            assert shown(got.parts) == told(events(raw.body)), one.file
        else:
            assert got.error is None, (one.file, got.error)
            assert shown(got.content) == told(json.loads(raw.body)["content"]), one.file
            assert got.finish() == reason(json.loads(raw.body)), one.file
    assert len(every) >= 12 and failed <= 3


def events(body: bytes) -> list[dict]:
    return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]


def told(parts: list[dict]) -> dict:
    """What the gateway wrote."""
    calls = [(name_of(part), part["toolName"], json.loads(part["input"] or "{}")) for part in of("tool-call", parts)]
    end = [reason(part) for part in of("finish", parts)]
    return said(parts, lambda part: part.get("delta") or part.get("text") or "", calls, end)


def shown(parts: list[dict]) -> dict:
    """What the SDK made of it."""
    calls = [(name_of(part), part["toolName"], part["input"]) for part in of("tool-call", parts)]
    end = [part["finishReason"] for part in of("finish-step", parts)]
    return said(parts, lambda part: part.get("text") or "", calls, end)


def said(parts: list[dict], text, calls: list, end: list) -> dict:
    words = {kind: "".join(text(part) for part in parts if part["type"] in (kind, f"{kind}-delta")) for kind in ("text", "reasoning")}
    return words | {"calls": calls, "end": end, "errors": len(of("error", parts)), "sources": len(of("source", parts))}


def name_of(call: dict) -> str:
    """Its id, but for those that the gateway makes where the provider has none: they differ from answer to answer."""
    return re.sub("^call_[0-9a-f]{24}$", "made", call["toolCallId"])


def of(kind: str, parts: list[dict]) -> list[dict]:
    return [part for part in parts if part["type"] == kind]


def reason(part: dict) -> str:
    finish = part["finishReason"]
    return finish if isinstance(finish, str) else finish["unified"]
