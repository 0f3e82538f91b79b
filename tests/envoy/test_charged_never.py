"""What is never charged: requests that are refused, and those whose attempts all failed. And what a budget that is spent
refuses: every endpoint of tests/endpoints.txt, however it is sent, before any provider is asked; nothing that is for reading
only."""

import json
from collections import Counter
from dataclasses import replace

import endpoints
import example
import load
import money
import pytest
from client import CHAT, h2_request, request
from endpoints import ENDPOINTS, Endpoint
from harness import Gateway
from mock import Behaviour, Request, Upstream, error, reset
from world import sha256

ALICE, BOB, SPENT, POOR, STRANGER = (f"sk-never-{name}" for name in ("alice", "bob", "spent", "poor", "stranger"))
KEYS = {"alice": ALICE, "bob": BOB, "spent": SPENT, "poor": POOR}  # bob may use no model; spent has spent its money, poor its tokens
PRESETS = sorted({endpoint.presets[0] for endpoint in ENDPOINTS})
CAP = "1000"  # USD, of each key's budget
PRICE = {"input": "2", "output": "8", "request": "0.01"}
COST = 10 * 2_000_000 + 5 * 8_000_000 + 10_000_000_000  # of an answer of ten tokens and five, in pico-USD
each = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[endpoint.path.removeprefix("/").replace("/", "_") for endpoint in ENDPOINTS])

# How all attempts can fail: what the provider does, and the statuses a client may get.
FAILURES = {
    "down": (error(500, "down"), {500}),
    "busy": (error(429, "slowly", headers={"retry-after": "9"}), {429}),
    "bad": (error(400, "no such tool"), {400}),
    "gone": (reset(), {503, 529}),
    "locked": (error(401, "bad key"), {424}),
}
# How a request can be refused: how it differs from one that is right, and the status.
REFUSALS = {
    "unknown-key": (lambda path, stream: asking(path, key=STRANGER, stream=stream), 401),
    "forbidden": (lambda path, stream: asking(path, key=BOB, stream=stream), 403),
    "unknown-model": (lambda path, stream: asking(path, "once/unknown", stream=stream), 404),
    "unknown-url": (lambda path, stream: asking(path, below="/nothing", stream=stream), 404),
    "bad-body": (lambda path, stream: replace(asking(path, stream=stream), body=b"{"), 400),
    "bad-option": (lambda path, stream: asking(path, stream=stream, headers={"x-tollgate-fallback": "sideways"}), 400),
    "no-money": (lambda path, stream: asking(path, key=SPENT, stream=stream), 402),
    "no-tokens": (lambda path, stream: asking(path, key=POOR, stream=stream), 402),
}


def model(path: str, name: str = "well") -> str:
    """One for each endpoint, at its first provider."""
    return f"never/{name}{path.replace('/', '-')}"


def asking(path: str, of: str = "", key: str = ALICE, stream: bool = False, below: str = "", **how) -> load.Ask:
    asked = endpoints.ask(path, of or model(path), key, stream, **how)
    return replace(asked, head=asked.head.replace(f"POST {path} ", f"POST {path}{below} "))


def config() -> dict:
    models = [
        {"name": model(one.path, name), "targets": [{"provider": one.presets[0], "model": f"{name}-at"}], "price": PRICE}
        for one in ENDPOINTS
        for name in ("well", *FAILURES)
    ]
    groups = [{"name": "all", "models": ["*"]}, {"name": "none", "models": ["never/none"]}]
    listed = [{"id": name, "group": "none" if name == "bob" else "all", "sha256": sha256(secret)} for name, secret in KEYS.items()]
    budgets = [
        {"id": "own", "each": "key", "usd": CAP, "per": "total"},
        {"id": "tiny", "match": {"key": "spent"}, "usd": "0.0001", "per": "month"},
        {"id": "few", "match": {"key": "poor"}, "tokens": 14, "per": "month"},
    ]
    return example.plan(*PRESETS) | {"models": models, "groups": groups, "keys": listed, "access": {}, "budgets": budgets}


def behave(request: Request) -> Behaviour:
    whole = request.path.encode() + request.body
    told = next((told for name, (told, _) in FAILURES.items() if f"{name}-at".encode() in whole), None)
    return told or endpoints.serving((10, 5))(request)


class Running:
    def __init__(self):
        self.provider = Upstream(behave)
        self.gateway = Gateway(config(), {preset: self.provider for preset in PRESETS}).start()
        self.url = self.gateway.url
        self.alice = 0  # what she has spent
        for key in (SPENT, POOR):  # what a key has not spent yet it may spend: nobody knows before what a request costs
            (first,) = self.crowd([asking(CHAT, key=key)])
            assert first.status == 200, first
        self.gateway.wait_log(2)

    def crowd(self, asks: list[load.Ask]) -> list[load.Answer]:
        return load.crowd(self.url, asks, connections=8)

    def get(self, path: str, key: str) -> load.Answer:
        (answer,) = self.crowd([load.Ask(f"GET {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n", b"", path)])
        return answer

    def spent(self) -> tuple:
        """In nano-dollars and tokens: what the ledger has of every budget, and Prometheus in all."""
        metrics = self.gateway.metrics()
        spent = {labels: value for (name, labels), value in metrics.samples.items() if value and name.startswith("tollgate_budget_spent_")}
        return spent, money.nano(metrics)

    def close(self) -> str:
        self.provider.close()
        return self.gateway.stop_quietly()


@pytest.fixture(scope="module")
def running():
    one = Running()
    yield one
    problem = one.close()
    assert not problem, problem


def charged_nothing(running: Running, asks: dict, timeout: float = 30) -> list[load.Answer]:
    """Sends all of it; each has its own line in the log, and nobody has spent anything."""
    before = running.spent()
    answers = running.crowd(list(asks.values()))
    ids = Counter(one.headers["x-tollgate-generation"] for one in answers)
    load.wait_until(lambda: set(ids) <= {line["id"] for line in running.gateway.access_log()}, timeout)
    lines = [line for line in running.gateway.access_log() if line["id"] in ids]
    assert Counter(line["id"] for line in lines) == ids and set(ids.values()) == {1}
    assert {line["cost_usd"] for line in lines} == {None}
    assert {line["ended"] for line in lines} <= {"refused", "failed"}
    assert running.spent() == before
    return answers


def forms(endpoint: Endpoint) -> list[bool]:
    return [False, True] if endpoint.streams else [False]


def test_what_is_refused_costs_nothing(running):
    asks = {(name, one.path, stream): make(one.path, stream) for name, (make, _) in REFUSALS.items() for one in ENDPOINTS for stream in forms(one)}
    asked = len(running.provider.requests)
    answers = charged_nothing(running, asks)
    found = {case: answer.status for case, answer in zip(asks, answers)}
    assert found == {case: REFUSALS[case[0]][1] for case in asks}
    assert len(running.provider.requests) == asked, "a provider was asked"


def test_what_failed_at_every_attempt_costs_nothing(running):
    asks = {(name, one.path, stream): asking(one.path, model(one.path, name), stream=stream) for name in FAILURES for one in ENDPOINTS for stream in forms(one)}
    answers = charged_nothing(running, asks)
    for (name, path, _), got in zip(asks, answers):
        assert got.status in FAILURES[name][1], (name, path, got)


# ---------------------------------------------------------------- over a budget

BUDGETS = {SPENT: ("tiny", "USD"), POOR: ("few", "tokens")}


@pytest.mark.parametrize("key", BUDGETS, ids=["money", "tokens"])
@each
def test_over_its_budget_a_key_is_refused_everywhere_in_its_clients_shape(running, endpoint, key):
    name, unit = BUDGETS[key]
    asked = len(running.provider.requests)
    for stream in forms(endpoint):
        (got,) = running.crowd([asking(endpoint.path, key=key, stream=stream)])
        assert (got.status, got.headers["content-type"]) == (402, "application/json"), got
        assert (got.headers["x-tollgate-error"], got.headers["x-should-retry"]) == ("policy_budget", "false")
        reset_at = got.headers["x-tollgate-budget-reset"]
        assert not {"retry-after", "retry-after-ms"} & set(got.headers)
        body = json.loads(got.body)
        told = {
            "openai": {"type": "quota_for_entity_exceeded", "param": None, "code": "insufficient_quota"},
            "ai_sdk": {"type": "quota_for_entity_exceeded"},
            "anthropic": {"type": "billing_error"},
        }[endpoint.client]
        assert body["error"] == body["error"] | told, body
        message = body["error"]["message"]
        assert name in message and unit in message and reset_at in message, message
        assert (endpoint.client == "anthropic") == (body.get("type") == "error")
        assert (endpoint.client == "ai_sdk") == (body.get("generationId") == got.headers["x-tollgate-generation"])
    assert len(running.provider.requests) == asked, "a provider was asked"


def test_over_its_budget_a_key_may_still_read(running):
    listed = json.loads(running.get("/v1/models", SPENT).body)["data"]
    assert len(listed) > len(ENDPOINTS)
    generation = running.gateway.wait_log(1)[0]["id"]
    paths = ["/v1/credits", f"/v1/models/{listed[0]['id']}", f"/v1/models/{listed[0]['id']}/endpoints", f"/v1/generation?id={generation}"]
    paths += [f"/v{spec}/ai/config" for spec in (1, 3, 4)]
    found = {path: running.get(path, SPENT).status for path in paths}
    assert found == dict.fromkeys(paths, 200)
    assert money.used(running.url, [SPENT]) == {SPENT: COST}


# ---------------------------------------------------------------- however it is sent

ASKED = {"model": model(CHAT), "messages": [{"role": "user", "content": "Hi"}]}
DATA = json.dumps(ASKED).encode()
PIECES = [DATA[at : at + 7] for at in range(0, len(DATA), 7)]


def post(url: str, body, key: str, path: str = CHAT, header: str = "authorization"):
    secret = f"Bearer {key}" if header == "authorization" else key
    return request(url, "POST", path, body, {"content-type": "application/json", header: secret})


def post_2(url: str, key: str, trailers=()):
    return h2_request(url, CHAT, DATA, [("content-type", "application/json"), ("authorization", f"Bearer {key}")], trailers)


SENDINGS = {
    "whole": lambda url, key: post(url, DATA, key),
    "in-pieces": lambda url, key: post(url, PIECES, key),
    "http2": lambda url, key: post_2(url, key),
    "http2-with-trailers": lambda url, key: post_2(url, key, [("x-checksum", "1")]),
    "with-a-query": lambda url, key: post(url, DATA, key, CHAT + "?beta=true"),
    "with-two-slashes": lambda url, key: post(url, DATA, key, "/v1//chat/completions"),
    "with-a-dot": lambda url, key: post(url, DATA, key, "/v1/./chat/completions"),
    "x-api-key": lambda url, key: post(url, DATA, key, header="x-api-key"),
    "api-key": lambda url, key: post(url, DATA, key, header="api-key"),
    "x-tollgate-key": lambda url, key: post(url, DATA, key, header="x-tollgate-key"),
}


@pytest.mark.parametrize("name", SENDINGS)
def test_however_it_is_sent_it_is_checked_before_and_charged_once(running, name):
    send, asked = SENDINGS[name], len(running.provider.requests)
    refused = send(running.url, SPENT)
    assert (refused.status, refused.header("x-tollgate-error"), len(running.provider.requests)) == (402, "policy_budget", asked)

    for _ in range(2):
        line = running.gateway.line_of(send(running.url, ALICE))
        assert (line["status"], money.pico(line["cost_usd"])) == (200, COST)
        assert money.ledger(line, CAP) == running.alice + COST
        running.alice += COST
    assert len(running.provider.requests) == asked + 2
