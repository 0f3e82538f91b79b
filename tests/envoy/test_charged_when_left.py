"""Clients that leave in the middle of a stream, at ten points of it: each is charged once, the log, the ledger and Prometheus
say the same, and where it is an estimate it is marked. Who leaves before the answer has begun pays nothing, and who leaves
after its last word pays what it cost."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import endpoints
import example
import load
import money
import pytest
from dialects import CLIENTS, PATHS
from harness import Gateway
from mock import Behaviour, Request, Upstream, chat_stream, chunk, hang, sse
from speaking import Words, speaking
from world import sha256

WORDS = [f"word{number}." for number in range(1, 10)]
POINTS = range(len(WORDS) + 2)  # 0: before the first byte; then after each word; last: after the terminal event
WHOLE = POINTS[-1]
# Whether its bytes pass, or in whichever format it is read.
PROVIDERS = {
    "chat": ("openai", "anthropic"),
    "responses": ("openai", "cohere"),
    "messages": ("anthropic", "bedrock"),
    "ai2": ("openai", "google"),
    "ai3": ("deepseek", "vertex-anthropic"),
    "ai4": ("openai", "anthropic"),
}
PRESETS = sorted({name for names in PROVIDERS.values() for name in names})
USAGE = (1003, 107)
CAP = "1000"  # USD, of each key's budget
RATES = (3_000_007, 11_000_003)  # pico-USD per token
# By what a client knows that its answer is whole.
TERMINAL = {"chat": b"[DONE]", "responses": b"response.completed", "messages": b"message_stop"}


@dataclass(frozen=True)
class Leaving:
    client: str
    provider: str
    point: int

    @property
    def name(self) -> str:
        return f"{self.client}-{self.provider}-{self.point}"

    @property
    def mark(self) -> bytes:
        """What it reads before it leaves."""
        return TERMINAL.get(self.client, b'"type":"finish"') if self.point == WHOLE else WORDS[self.point - 1].encode()


LEAVINGS = [Leaving(client, provider, point) for client in CLIENTS for provider in PROVIDERS[client] for point in POINTS]


def config() -> dict:
    price = {"input": money.per_million(RATES[0]), "output": money.per_million(RATES[1])}
    models = [{"name": f"left/{one.name}", "targets": [{"provider": one.provider, "model": "m"}], "price": price} for one in LEAVINGS]
    keys = [{"id": one.name, "sha256": sha256(secret(one))} for one in LEAVINGS]
    budgets = [{"id": "own", "each": "key", "usd": CAP, "per": "total"}]
    return example.plan(*PRESETS) | {"models": models, "keys": keys, "access": {}, "budgets": budgets}


def secret(one: Leaving) -> str:
    return f"sk-{one.name}"


def behave(request: Request) -> Behaviour:
    """Says as many words as the prompt asks for, and then nothing more; all of them, and that it has ended, at the last point."""
    point = int(re.search(rb"leave at (\d+)", request.body)[1])
    if point == 0:
        return hang()
    how = {} if point == WHOLE else {"end": "hang"}
    if request.path.endswith("/chat/completions"):
        if not how:
            return chat_stream(tuple(WORDS), USAGE)
        return sse([chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in WORDS[:point])], **how)
    return speaking(Words(*WORDS), USAGE, until=how and WORDS[point - 1], **how)(request)


@pytest.fixture(scope="module")
def provider():
    one = Upstream(behave)
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(provider):
    with Gateway(config(), {preset: provider for preset in PRESETS}) as one:
        yield one


def leave(url: str, provider: Upstream, one: Leaving) -> bytes:
    """Reads as far as it wants, and closes the connection."""
    path, where, prompt = PATHS[one.client], urlsplit(url), f"leave at {one.point} ({one.name})"
    asked = endpoints.ask(path, f"left/{one.name}", secret(one), stream=True, prompt=prompt)
    received = b""
    with socket.create_connection((where.hostname, where.port), timeout=30) as plain:
        plain.sendall(f"{asked.head}content-length: {len(asked.body)}\r\n\r\n".encode() + asked.body)
        if one.point == 0:
            load.wait_until(lambda: any(f"({one.name})" in got for got in provider.requests))
        while one.point and one.mark not in received:
            data = plain.recv(1 << 16)
            assert data, f"the answer has ended: {received}"
            received += data
    return received


@pytest.fixture(scope="module")
def seen(running, provider):
    """-> the lines of each in the log, and the metrics."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: leave(running.url, provider, one), LEAVINGS))
    running.wait_log(len(LEAVINGS))
    load.wait_until(lambda: running.metrics().value("tollgate_in_flight") == 0)
    lines = {one.name: [line for line in running.access_log() if line["key"] == one.name and line["operation"]] for one in LEAVINGS}
    return lines, running.metrics()


each = pytest.mark.parametrize("one", LEAVINGS, ids=[one.name for one in LEAVINGS])


@each
def test_who_leaves_is_charged_once(seen, one):
    lines, metrics = seen
    (line,) = lines[one.name]
    labels = {"model": f"left/{one.name}", "provider": one.provider}
    estimates = metrics.value("tollgate_usage_estimated_total", **labels)
    assert (line["provider"], line["ended"]) == (one.provider, "complete" if one.point == WHOLE else "client_left")
    assert estimates == line["estimated"]
    assert metrics.value("tollgate_cost_unknown_total", **labels) == 0
    if one.point == 0:
        assert (line["cost_usd"], line["estimated"], money.ledger(line, CAP), money.nano(metrics, **labels)) == (None, False, 0, 0)
        return
    cost = line["input"] * RATES[0] + line["output"] * RATES[1]
    assert money.pico(line["cost_usd"]) == money.ledger(line, CAP) == cost
    assert money.nano(metrics, **labels) == cost // money.NANO
    if one.point == WHOLE:
        assert (line["input"], line["output"], line["estimated"]) == (*USAGE, False)


def test_what_nobody_reported_is_marked(seen):
    """All but Gemini say how many tokens an answer took when it is over."""
    lines, _ = seen
    cut = [one for one in LEAVINGS if 0 < one.point < WHOLE]
    assert {one.name for one in cut if not lines[one.name][0]["estimated"]} == {one.name for one in cut if one.provider == "google"}


@pytest.mark.parametrize("client", CLIENTS)
def test_who_read_more_pays_no_less(seen, client):
    lines, _ = seen
    for provider in PROVIDERS[client]:
        costs = [money.pico(lines[f"{client}-{provider}-{point}"][0]["cost_usd"]) for point in POINTS[1:WHOLE]]
        assert costs == sorted(costs), provider
