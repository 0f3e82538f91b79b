"""Every recorded answer through a real Envoy, to the clients of every dialect: the same bytes as without one, however they
are cut. What the bytes mean is tested natively, recording by recording; those that pass untranslated, in
test_recordings.py and test_messages_recorded.py."""

import json
import os
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import dialects
import example
import load
import pytest
import recorded
from client import Response
from harness import Gateway
from mock import Behaviour, Upstream, pieces
from recorded import FOLDER, Recording, answer_of

# provider: (endpoints of its dialect, the vendor whose recordings these are; None: every vendor's)
POOLS = {
    "anthropic": (("messages",), "anthropic"),
    "google": (("generateContent", "streamGenerateContent"), "gemini"),
    "vertex": (("generateContent", "streamGenerateContent"), "vertex"),
    "bedrock": (("converse", "converse-stream"), "bedrock"),
    "cohere": (("v2-chat",), "cohere"),
    "openai": (("responses",), None),
    "deepseek": (("chat-completions",), None),
}
MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "google": "gemini-3-pro-preview",
    "vertex": "gemini-3-flash-preview",
    "bedrock": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "command-a-03-2025",
    "openai": "gpt-5",
    "deepseek": "deepseek-chat",
}
PASSED = {("chat", "openai"), ("chat", "deepseek"), ("responses", "openai"), ("messages", "anthropic")}
PAIRS = [(client, provider) for client in dialects.CLIENTS for provider in POOLS if (client, provider) not in PASSED]
TRANSLATE = Path(os.environ.get("CARGO_TARGET_DIR", example.ROOT / "target")) / "debug/examples/translate"
TALLY = Counter()


@cache
def recordings(provider: str) -> list[Recording]:
    if not (FOLDER / "index.jsonl").exists():
        return []
    endpoints, vendor = POOLS[provider]
    rows = [json.loads(line) for line in (FOLDER / "index.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["status"] == 200 and row["endpoint"] in endpoints and vendor in (None, row["provider"])]
    return [_read(row) for row in rows]


def _read(row: dict) -> Recording:
    path = FOLDER / row["file"]
    headers, body = answer_of(json.loads(path.read_text())["response"], path)
    is_stream = row["stream"] is not None
    if is_stream:
        kind = "application/vnd.amazon.eventstream" if row["stream"] == "eventstream" else "text/event-stream"
        headers = tuple(pair for pair in headers if pair[0].lower() != "content-type") + (("content-type", kind),)
    return Recording(row["file"], row["provider"], row["endpoint"], 200, is_stream, {}, headers, body)


def replay(one: Recording, size: int, seed: int) -> Behaviour:
    """In pieces of a size; 0: whole, or cut where the seed draws."""
    if size:
        return pieces([one.body[at : at + size] for at in range(0, len(one.body), size)], status=200, headers=one.headers)
    return one.replay(seed or None)


def replays(provider: str) -> list[tuple[int, int, int]]:
    """Each recording once, every other one cut somewhere; one stream in pieces of one byte and of seven besides."""
    every = recordings(provider)
    streams = [n for n, one in enumerate(every) if one.is_stream and len(one.body) < 8000]
    longest = max(streams, key=lambda n: len(every[n].body), default=None)
    tiny = [] if longest is None else [(longest, 1, 0), (longest, 7, 0), (longest, 0, 0)]
    return [(number, 0, number % 2 * (number + 1)) for number in range(len(every))] + tiny


@pytest.fixture(scope="module")
def running():
    recorded.require()
    if not TRANSLATE.exists():
        assert os.environ.get("CI") != "true", f"no {TRANSLATE}: cargo build --example translate"
        pytest.skip("cargo build --example translate")

    def choose(request) -> Behaviour:
        provider, number, size, seed = re.search(rb"rec ([a-z]+) (\d+) (\d+) (\d+) end", request.body).groups()
        return replay(recordings(provider.decode())[int(number)], int(size), int(seed))

    upstream = Upstream(choose)
    models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": MODELS[name]}]} for name in POOLS]
    with Gateway(example.plan(*POOLS) | {"models": models}, dict.fromkeys(POOLS, upstream)) as gateway:
        yield gateway
    upstream.close()


def native(jobs: list[dict]) -> list[dict]:
    """What the translation gives without Envoy, ids and clock given."""
    done = subprocess.run(TRANSLATE, input="".join(json.dumps(job) + "\n" for job in jobs), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("client, provider", PAIRS)
def test_the_bytes_are_those_of_the_translation_alone(running, client, provider, tmp_path):
    every, played = recordings(provider), replays(provider)
    for number, one in enumerate(every):
        (tmp_path / str(number)).write_bytes(one.body)
    prompts = [f"rec {provider} {number} {size} {seed} end" for number, size, seed in played]
    model = f"acme/{provider}"
    streams = [every[number].is_stream for number, _, _ in played]
    answers = load.crowd(running.url, [dialects.ask(client, model, *one) for one in zip(prompts, streams)], connections=8)
    jobs = [
        {
            "client": client,
            "preset": provider,
            "model": MODELS[provider],
            "asked": model,
            "seed": answer.headers["x-tollgate-generation"].removeprefix("gen_"),
            "created": dialects.created(answer.body),
            "stream": stream,
            "request": dialects.body(client, model, prompt, stream),
            "body": str(tmp_path / str(number)),
            "gateway": dialects.gateway(answer.body),
            "responses": provider == "openai",
        }
        for (number, _, _), answer, prompt, stream in zip(played, answers, prompts, streams)
    ]
    lines = {line["id"]: line for line in running.access_log()}
    refused = 0
    for answer, told, (number, size, seed) in zip(answers, native(jobs), played):
        case = f"{client}: {every[number].file}, size {size}, seed {seed}"
        TALLY[client, every[number].provider] += 1
        if told["body"] is None:  # an error is all there is
            refused += 1
            assert answer.status >= 400 and "error" in json.loads(answer.body), case
            continue
        assert (answer.status, answer.body.decode()) == (200, told["body"]), case
        assert not client.startswith("ai") or dialects.gateway(answer.body), case
        generation = answer.headers["x-tollgate-generation"]
        line = lines.get(generation) or running.line_of(Response(200, [("x-tollgate-generation", generation)]))
        recorded.check_tokens(line, told["tokens"])
    assert len(every) >= 12 and refused <= 3


def test_every_pair_was_there(running, capsys):
    """The last test: prints how many were replayed, recordings and cuts, from whom to whom; all of them were right."""
    vendors = sorted({vendor for _, vendor in TALLY})
    if {client for client, _ in TALLY} != set(dialects.CLIENTS):
        pytest.skip("run with the tests above")
    with capsys.disabled():
        print(f"\n{'':14}" + "".join(f"{client:>11}" for client in dialects.CLIENTS))
        for vendor in vendors:
            print(f"{vendor:14}" + "".join(f"{TALLY[client, vendor] or 'passes':>11}" for client in dialects.CLIENTS))
    assert len(vendors) >= 12
