"""Recorded answers of Anthropic, Gemini, Vertex, Bedrock and Cohere through a real Envoy: the same bytes as without one,
however they are cut. What the bytes mean is tested natively, recording by recording."""

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path

import example
import load
import pytest
import recorded
from babel import CLIENT_KEY, MODELS
from client import Response
from recorded import FOLDER, Recording, answer_of

ENDPOINTS = {
    "anthropic": ("messages",),
    "google": ("generateContent", "streamGenerateContent"),
    "vertex": ("generateContent", "streamGenerateContent"),
    "bedrock": ("converse", "converse-stream"),
    "cohere": ("v2-chat",),
}
FOLDERS = {"google": "gemini"}
TRANSLATE = Path(os.environ.get("CARGO_TARGET_DIR", example.ROOT / "target")) / "debug/examples/translate"
CUTS = (None, 1, 2)  # whole, and at two draws of places


@cache
def recordings(provider: str) -> list[Recording]:
    if not (FOLDER / "index.jsonl").exists():
        return []
    rows = [json.loads(line) for line in (FOLDER / "index.jsonl").read_text().splitlines()]
    of = (FOLDERS.get(provider, provider), 200)
    rows = [row for row in rows if (row["provider"], row["status"]) == of and row["endpoint"] in ENDPOINTS[provider]]
    return [_read(row) for row in rows]


def _read(row: dict) -> Recording:
    path = FOLDER / row["file"]
    exchange = json.loads(path.read_text())
    headers, body = answer_of(exchange["response"], path)
    is_stream = row["stream"] is not None
    if is_stream:
        kind = "application/vnd.amazon.eventstream" if row["stream"] == "eventstream" else "text/event-stream"
        headers = tuple(pair for pair in headers if pair[0].lower() != "content-type") + (("content-type", kind),)
    return Recording(row["file"], row["provider"], row["endpoint"], 200, is_stream, {}, headers, body)


def asked(recording: Recording) -> dict:
    return {"stream": True, "stream_options": {"include_usage": True}} if recording.is_stream else {}


def native(recording: Recording, provider: str, seed: str, created: str, folder: Path) -> tuple[int, bytes, dict]:
    """What the translation gives without Envoy, the same id and clock given."""
    (folder / "request").write_text(json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]} | asked(recording)))
    (folder / "body").write_bytes(recording.body)
    kind = "stream" if recording.is_stream else "whole"
    command = [TRANSLATE, provider, provider, MODELS[provider], seed, created, kind, folder / "request", folder / "body"]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    return done.returncode, done.stdout, json.loads(done.stderr)


@pytest.mark.parametrize("provider", ENDPOINTS)
def test_the_bytes_are_those_of_the_translation_alone(babel, provider, tmp_path):
    recorded.require()
    if not TRANSLATE.exists():
        assert os.environ.get("CI") != "true", f"no {TRANSLATE}: cargo build --example translate"
        pytest.skip("cargo build --example translate")
    every = recordings(provider)
    replays = [(number, cut) for number in range(len(every)) for cut in CUTS]

    def replay(request) -> object:
        number, cut = replays[int(re.search(rb"rec-(\d+)-", request.body)[1])]
        return every[number].replay(cut)

    babel.behave(**{provider: replay})
    key = [("authorization", f"Bearer {CLIENT_KEY}")]
    asks = [load.ask(f"acme/{provider}", prompt=f"rec-{n}-", headers=key, **asked(every[number])) for n, (number, _) in enumerate(replays)]
    answers = load.crowd(babel.url, asks, connections=8)
    lines = {line["id"]: line for line in babel.gateway.wait_log(1)}
    refused = 0
    for (number, cut), answer in zip(replays, answers):
        recording, generation = every[number], answer.headers["x-tollgate-generation"]
        created = re.search(rb'"created":(\d+)', answer.body)
        status, body, tokens = native(recording, provider, generation.removeprefix("gen_"), created[1].decode() if created else "0", tmp_path)
        case = f"{recording.file} cut {cut}"
        if status == 3:  # an error is all there is
            refused += 1
            assert answer.status >= 400 and "error" in json.loads(answer.body), case
            continue
        assert (answer.status, answer.body) == (200, body), case
        line = lines.get(generation) or babel.line(Response(200, [("x-tollgate-generation", generation)]))
        assert {name: line[name] for name in tokens} == tokens, case
    print(f"{provider}: {len(every)} recordings, {len(replays)} replays, {refused} of them errors")
    assert len(every) >= 12 and refused <= 3
