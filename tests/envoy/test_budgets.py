"""Budgets: what is spent is exact on all workers, what is over is refused in every client's words, and what costs us nothing passes."""

import time
from decimal import Decimal
from fractions import Fraction

import dialects
import example
import load
import pytest
from client import request
from harness import Gateway
from mock import Upstream, chatting

PRICE = {"input": 1, "output": 2}
ONE = 10 * 1_000_000 + 5 * 2_000_000  # pico-USD of a request of the mock's usage
BYOK = {"x-tollgate-byok-openai": "sk-own"}


def usd(requests: int) -> str:
    """What so many requests cost, as the configuration says it."""
    return f"{Decimal(requests * ONE) / 10**12:f}"


def key(name: str, group: str = "all") -> dict:
    return {"id": name, "group": group, "secret": {"value": f"secret-{name}"}}


def of(name: str) -> dict[str, str]:
    return {"x-tollgate-key": f"secret-{name}"}


KEYS = ("exact", "capped", "reserved", "first", "second", "third", "money", "tokens", "soft", "own", "free", "three", "warned", "left", "tagged")
TEAM = ("first", "second", "third")
BUDGETS = [
    {"id": "exact", "match": {"key": "exact"}, "usd": "1000", "per": "month"},
    {"id": "capped", "match": {"key": "capped"}, "usd": usd(200), "per": "month"},
    {"id": "reserved", "match": {"key": "reserved"}, "usd": usd(200), "per": "month", "reserve": True},
    {"id": "team", "match": {"group": "team"}, "usd": usd(30), "per": "month"},
    {"id": "money", "match": {"key": "money"}, "usd": usd(1), "per": "month"},
    {"id": "tokens", "match": {"key": "tokens"}, "tokens": 15, "per": "total"},
    {"id": "soft", "match": {"key": "soft"}, "usd": usd(1), "per": "month", "on_exceed": {"use": "acme/cheap"}},
    {"id": "own", "match": {"key": "own"}, "tokens": 15, "per": "month"},
    {"id": "free", "match": {"key": "free"}, "usd": "0", "per": "month"},
    {"id": "wide", "match": {"key": "three"}, "usd": usd(100), "per": "month"},
    {"id": "narrow", "match": {"key": "three"}, "tokens": 45, "per": "week"},
    {"id": "middle", "match": {"key": "three"}, "usd": usd(5), "per": "day"},
    {"id": "warned", "match": {"key": "warned"}, "usd": usd(2), "per": "month", "warn_at": "50%"},
    {"id": "left", "match": {"key": "left"}, "usd": usd(4), "per": "month"},
    {"id": "groq", "match": {"provider": "groq"}, "usd": usd(2), "per": "month"},
    {"id": "users", "match": {"tag": "per-user"}, "each": "user", "tokens": 15, "per": "month"},
]


def config() -> dict:
    def model(name: str, *providers: str, **more) -> dict:
        targets = [{"provider": provider, "model": f"{name}-there", "priority": n} for n, provider in enumerate(providers)]
        return {"name": f"acme/{name}", "targets": targets} | more

    models = [
        model("chat", "openai", price=PRICE),
        model("cheap", "openai", price=PRICE),
        model("both", "groq", "openai", price=PRICE),
        model("unknown", "openai"),
    ]
    groups = [{"name": name, "models": ["*"], "byok": "allow"} for name in ("all", "team")]
    keys = [key(name, "team" if name in TEAM else "all") for name in KEYS]
    return example.plan("openai", "groq") | {"models": models, "groups": groups, "keys": keys, "budgets": BUDGETS}


class Shop:
    def __init__(self):
        self.mocks = {name: Upstream(chatting()) for name in ("openai", "groq")}
        self.gateway = Gateway(config(), dict(self.mocks), concurrency=4).start()
        self.url = self.gateway.url

    def ask(self, who: str, model: str = "acme/chat", client: str = "chat", stream: bool = False, headers: dict | None = None, **more):
        body = dialects.body(client, model, "Hi", stream) | more
        head = dialects.headers(client, model, stream) | of(who) | (headers or {})
        response = request(self.url, "POST", dialects.PATHS[client], body, head)
        if response.status == 200:
            self.gateway.line_of(response)  # it is charged by then
        return response

    def crowd(self, names: list[str], connections: int = 32) -> list[load.Answer]:
        asks = [load.ask("acme/chat", name, prompt=str(n), headers=of(name).items()) for n, name in enumerate(names)]
        return load.crowd(self.url, asks, connections)

    def spent(self, budget: str) -> int:
        """In nano-USD, as the last of its requests has seen it; once no more comes."""
        before, now = -1, self.gateway.metrics().value("tollgate_budget_spent_nanousd", budget=budget)
        while before != now:
            time.sleep(0.3)
            before, now = now, self.gateway.metrics().value("tollgate_budget_spent_nanousd", budget=budget)
        return int(now)


@pytest.fixture(scope="module")
def shop():
    one = Shop()
    yield one
    problem = one.gateway.stop_quietly()
    for mock in one.mocks.values():
        mock.close()
    assert not problem, problem


# ---------------------------------------------------------------- sums


def test_four_workers_lose_no_request_and_count_none_twice(shop):
    requests = 20_000
    before = shop.gateway.metrics().value("tollgate_cost_nanousd_total")
    assert {answer.status for answer in shop.crowd(["exact"] * (requests - 1))} == {200}
    last = shop.ask("exact")
    left = shop.gateway.line_of(last)["budget_left"]
    credits = request(shop.url, path="/v1/credits", headers=of("exact")).json()
    assert (Fraction(credits["total_used"]), Fraction(credits["balance"])) == (Fraction(requests * ONE, 10**12), Fraction(str(left)))
    assert credits["budget"]["id"] == "exact"
    assert Fraction(str(left)) == 1000 - Fraction(requests * ONE, 10**12), "not a pico-USD more or less"
    cost = shop.gateway.metrics().value("tollgate_cost_nanousd_total") - before
    assert abs(cost * 1000 - requests * ONE) <= 4 * 1000, "a nano-USD for each worker"


def test_a_budget_lets_through_what_it_is_worth_and_what_is_under_way(shop):
    statuses = [answer.status for answer in shop.crowd(["capped"] * 400)]
    assert set(statuses) == {200, 402}
    assert 200 <= statuses.count(200) < 200 + 32
    assert shop.spent("capped") == statuses.count(200) * ONE // 1000


def test_with_a_reserve_never_more_than_the_budget(shop):
    asks = [load.ask("acme/chat", prompt=str(n), headers=of("reserved").items(), max_tokens=5) for n in range(300)]
    # All at once they refuse each other; one after the other they find what was given back.
    answers = load.crowd(shop.url, asks, connections=32) + load.crowd(shop.url, asks, connections=1)
    served = [answer.status for answer in answers].count(200)
    assert served <= 200 and {answer.status for answer in answers} == {200, 402}
    assert "This request may take" in answers[-1].body.decode()
    assert served >= 150, "what is left is less than one request may take: its input is estimated generously"
    credits = request(shop.url, path="/v1/credits", headers=of("reserved")).json()
    assert (Fraction(credits["total_used"]), credits["budget"]["held"]) == (Fraction(served * ONE, 10**12), "0")


def test_keys_of_a_group_share_its_budget(shop):
    for name in TEAM * 10:
        assert shop.ask(name).status == 200
    for name in TEAM:
        refused = shop.ask(name)
        assert refused.status == 402
        assert "budget `team`" in refused.json()["error"]["message"]


def test_of_three_budgets_the_first_that_is_spent_refuses(shop):
    assert [shop.ask("three").status for _ in range(4)] == [200, 200, 200, 402]
    message = shop.ask("three").json()["error"]["message"]
    assert message.startswith("The budget `narrow` is spent: 45 of 45 tokens a week. It begins anew at ")


# ---------------------------------------------------------------- refusals


def refusal(client: str, response) -> str:
    """The message, where all the rest is as the client's format wants it."""
    body = response.json()
    error = body["error"]
    if client == "messages":
        assert (body["type"], error["type"]) == ("error", "billing_error")
    else:
        assert (error["type"], error["code"], error["param"]) == ("quota_for_entity_exceeded", "insufficient_quota", None)
    return error["message"]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("client", dialects.CLIENTS)
def test_402_in_every_clients_words(shop, client, stream):
    for who, says in [("money", f"The budget `money` is spent: {usd(1)} of {usd(1)} USD a month."), ("tokens", "The budget `tokens` is spent: 15 of 15 tokens in all.")]:
        shop.ask(who)
        asked = len(shop.mocks["openai"].requests)
        response = shop.ask(who, client=client, stream=stream)
        assert response.status == 402
        message = refusal(client, response)
        assert message.startswith(says)
        told = {name: response.header(name) for name in ("x-tollgate-error", "x-should-retry", "retry-after")}
        assert told == {"x-tollgate-error": "policy_budget", "x-should-retry": "false", "retry-after": None}
        reset = response.header("x-tollgate-budget-reset")
        assert (reset is None) == (who == "tokens") and (reset is None or message.endswith(f"It begins anew at {reset}."))
        assert len(shop.mocks["openai"].requests) == asked, "nobody is asked"
        line = shop.gateway.line_of(response)
        assert (line["status"], line["error"], line["ended"], line["cost_usd"]) == (402, "policy_budget", "refused", None)


def test_every_endpoint_asks_the_budget(shop):
    shop.ask("tokens")
    paths = ["completions", "embeddings", "moderations", "images/generations", "audio/speech", "responses", "messages"]
    for path in paths:
        body = {"model": "acme/chat", "input": "Hi", "prompt": "Hi", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
        response = request(shop.url, "POST", f"/v1/{path}", body, of("tokens"))
        assert response.status == 402, (path, response)


# ---------------------------------------------------------------- instead of a refusal


def test_a_cheaper_model_serves_and_the_answer_says_so(shop):
    assert shop.ask("soft").header("x-tollgate-downgraded") is None
    response = shop.ask("soft")
    assert (response.status, response.header("x-tollgate-model")) == (200, "acme/cheap")
    assert response.header("x-tollgate-downgraded") == "soft: acme/chat -> acme/cheap"
    assert shop.mocks["openai"].requests[-1].json()["model"] == "cheap-there"


def test_a_provider_without_budget_leaves_the_plans(shop):
    assert [shop.ask("left", "acme/both").header("x-tollgate-attempts") for _ in range(3)] == ["groq:200", "groq:200", "openai:200"]


def test_what_costs_us_nothing_is_neither_counted_nor_refused(shop):
    assert shop.ask("own", headers=BYOK).status == 200
    assert shop.ask("own").status == 200, "the caller's own credential has spent nothing"
    assert [shop.ask("own").status, shop.ask("own", headers=BYOK).status] == [402, 200]
    # A model without a price: nobody knows what it costs.
    assert [shop.ask("free").status, shop.ask("free", "acme/unknown").status] == [402, 200]


def test_warnings_and_what_is_left_follow_what_was_spent(shop):
    told = [shop.ask("warned").header("x-tollgate-budget-warning") for _ in range(2)]
    assert told[0] is None and told[1].startswith(f"warned: {usd(1)} of {usd(2)} USD, until ")
    assert shop.gateway.metrics().value("tollgate_budget_limit_nanousd", budget="warned") == 2 * ONE // 1000
    assert shop.spent("warned") == 2 * ONE // 1000


def test_each_user_has_a_budget_of_its_own(shop):
    def ask(user: str | None) -> int:
        options = {"tags": ["per-user"]} | ({"user": user} if user else {})
        return shop.ask("tagged", providerOptions={"gateway": options}).status

    assert [ask(user) for user in ("ann", "ann", "ben", None, None)] == [200, 402, 200, 200, 402]
