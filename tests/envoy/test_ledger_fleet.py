"""A fleet: two Envoys that keep what is spent at one rate limit service, whose counters are in a real Redis. One lets requests
pass while the service is away; the other, of the oldest version, refuses them; else they are the same. A request costs 20
micro-USD: 10 tokens of input for 1 USD per million, 5 of output for 2."""

import contextlib
import datetime
import threading
import time

import pytest
from client import chat, open_stream, request
from harness import NEWEST, OLDEST, Gateway
from load import ask, crowd, wait_until
from mock import Upstream, chatting, chunk, sse
from rls import RateLimitService, Redis, cluster
from world import sha256

COST = 20  # micro-USD
MONTH = datetime.datetime.now(datetime.UTC).strftime("month=%Y-%m")
BUDGETS = {  # by the key that they are of, so that no test sees another's spending
    "plain": {"usd": "1", "per": "month"},
    "ten": {"usd": "0.0002", "per": "month"},
    "tokens": {"tokens": 45, "per": "month"},
    "restarts": {"usd": "0.0001", "per": "month"},
    "away": {"usd": "0.0002", "per": "month"},
    "frozen": {"usd": "1", "per": "month"},
    "forgetful": {"usd": "1", "per": "month"},
    "crowd": {"usd": "1", "per": "month"},
    "leaver": {"usd": "1", "per": "month"},
    "gone": {"usd": "1", "per": "month"},
    "users": {"usd": "0.0001", "per": "month", "each": "user"},
    "small": {"usd": "1", "per": "month"},
    "large": {"usd": "50000", "per": "month"},
    "credits": {"usd": "1.5", "per": "month"},
}


def config(**ledger) -> dict:
    price = {"input": "1", "output": "2"}
    models = [
        {"name": "acme/chat", "targets": [{"provider": "openai", "model": "m"}], "price": price},
        {"name": "acme/cheap", "targets": [{"provider": "openai", "model": "m"}], "price": {"input": "0.05", "output": "0.02"}},
    ]
    return {
        "role": "gateway",
        "providers": ["openai"],
        "models": models,
        "keys": [{"id": key, "sha256": sha256(f"sk-{key}")} for key in (*BUDGETS, "free")],
        "budgets": [{"id": f"of-{key}", "match": {"key": key}} | budget for key, budget in BUDGETS.items()],
        "ledger": {"rate_limit_service": {"cluster": "ratelimit"} | ledger},
    }


class Fleet:
    """`allows` and `denies` share the service; `lost` asks a domain for which the service has no rules."""

    def __init__(self, closing: contextlib.ExitStack):
        self.redis = closing.enter_context(contextlib.closing(Redis()))
        self.service = closing.enter_context(contextlib.closing(RateLimitService(self.redis)))
        self.provider = closing.enter_context(contextlib.closing(Upstream(chatting())))
        self.allows = self.envoy(failure_mode="allow")
        closing.callback(lambda: self.allows.stop())
        self.denies = closing.enter_context(self.envoy(version=OLDEST, failure_mode="deny", timeout="300ms"))
        self.allows.start()

    def envoy(self, version: str = NEWEST, **ledger) -> Gateway:
        edit = cluster(self.service.port)
        return Gateway(config(**ledger), {"openai": self.provider}, version=version, concurrency=2, edit=edit)

    def chat(self, envoy: Gateway, key: str, model: str = "acme/chat", **how):
        headers = {"authorization": f"Bearer sk-{key}"} | how.pop("headers", {})
        return chat(envoy.url, model, headers=headers, **how)

    def spend(self, envoy: Gateway, key: str, **how):
        """A request, and the wait until the service knows of it."""
        before = self.service.charged(f"of-{key}")
        answer = self.chat(envoy, key, **how)
        assert answer.status == 200, answer.body
        wait_until(lambda: self.service.charged(f"of-{key}") > before, 10)
        return answer


@pytest.fixture(scope="module")
def fleet():
    with contextlib.ExitStack() as closing:
        yield Fleet(closing)


def errors(envoy: Gateway, call: str) -> int:
    return envoy.metrics().value("tollgate_ledger_errors_total", call=call)


def test_a_request_is_one_question_and_one_charge(fleet):
    """Of every descriptor that applies, and of no other; whoever has no budget asks nothing."""
    before = len(fleet.service.calls)
    fleet.spend(fleet.allows, "plain")
    fleet.spend(fleet.denies, "plain", stream=True)
    assert fleet.chat(fleet.allows, "free").status == 200
    descriptor = f"{MONTH} budget=of-plain unit=micro-usd of=all"
    expected = [[(0, descriptor)], [(COST, descriptor)]] * 2
    assert [call.counters for call in fleet.service.calls[before:]] == expected


def test_a_budget_holds_across_both(fleet):
    """Ten requests' worth: ten pass, here and there, and then none does."""
    for number in range(10):
        fleet.spend((fleet.allows, fleet.denies)[number % 2], "ten")
    for envoy in (fleet.allows, fleet.denies):
        refused = fleet.chat(envoy, "ten")
        assert (refused.status, refused.header("x-tollgate-error")) == (402, "policy_budget")
        assert refused.header("x-should-retry") == "false"
        assert "of-ten" in refused.json()["error"]["message"]
    assert fleet.service.charged("of-ten") == 10 * COST, "who is refused is not charged"


def credits(envoy: Gateway, key: str, **headers: str):
    return request(envoy.url, path="/v1/credits", headers={"authorization": f"Bearer sk-{key}"} | headers)


def test_credits_are_what_the_fleet_has_spent(fleet):
    for envoy in (fleet.allows, fleet.denies):
        fleet.spend(envoy, "credits")
    asked = len(fleet.service.calls)
    for envoy in (fleet.allows, fleet.denies):
        told = credits(envoy, "credits").json()
        assert (told["balance"], told["total_used"], told["budget"]["id"]) == ("1.49996", "0.00004", "of-credits")
    assert [call.counters[0][0] for call in fleet.service.calls[asked:]] == [0, 0], "to ask costs nothing"
    assert credits(fleet.allows, "free").json() == {"balance": "0", "total_used": "0", "budget": None}
    assert credits(fleet.allows, "tokens").json()["budget"] is None, "there are no credits of tokens"
    assert len(fleet.service.calls) == asked + 2


def test_tokens_are_counted_as_tokens(fleet):
    """45 tokens are three requests of 15."""
    for _ in range(3):
        fleet.spend(fleet.allows, "tokens")
    assert fleet.chat(fleet.denies, "tokens").status == 402
    assert fleet.service.calls[-1].counters == [(0, f"{MONTH} budget=of-tokens unit=token of=all")]
    assert fleet.service.charged("of-tokens") == 45


def test_what_is_spent_survives_restarts(fleet):
    """Of an Envoy and of the service, by what is in Redis: five requests' worth are five."""
    fleet.spend(fleet.allows, "restarts")
    fleet.service.stop()
    fleet.redis.stop()
    fleet.redis.start()
    fleet.service.start()
    wait_until(lambda: fleet.chat(fleet.denies, "free").status == 200)
    wait_until(lambda: fleet.chat(fleet.denies, "plain").status == 200)  # its connection to the service is there again
    fleet.spend(fleet.denies, "restarts")
    fleet.allows.stop()
    fleet.allows = fleet.envoy(failure_mode="allow").start()
    for envoy in (fleet.allows, fleet.denies, fleet.allows):
        fleet.spend(envoy, "restarts")
    assert [fleet.chat(envoy, "restarts").status for envoy in (fleet.allows, fleet.denies)] == [402, 402]


def test_while_the_service_is_away(fleet):
    """One lets requests pass, and charges them later; the other refuses them, in the client's words. Both recover."""
    fleet.spend(fleet.allows, "away")
    peeks, charges = errors(fleet.allows, "peek"), errors(fleet.allows, "charge")
    fleet.service.stop()

    for _ in range(4):
        answer = fleet.chat(fleet.allows, "away")
        assert answer.status == 200
    assert fleet.allows.line_of(answer)["budget_left"] is None, "what is not known is not told"
    refused = fleet.chat(fleet.denies, "away")
    assert (refused.status, refused.header("x-tollgate-error")) == (503, "gateway_ledger")
    assert refused.json()["error"]["code"] == "ledger_unavailable"
    assert (refused.header("retry-after"), refused.header("x-should-retry")) == ("1", None)
    message = {"model": "acme/chat", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"x-api-key": "sk-away", "anthropic-version": "2023-06-01"}
    refused = request(fleet.denies.url, "POST", "/v1/messages", message, headers)
    assert (refused.status, refused.json()["error"]["type"]) == (529, "overloaded_error")
    assert fleet.chat(fleet.denies, "free").status == 200, "who has no budget does not need the service"
    assert errors(fleet.allows, "peek") - peeks == 4
    for envoy in (fleet.allows, fleet.denies):
        unknown = credits(envoy, "away", **{"ai-gateway-protocol-version": "0.0.1"})
        assert (unknown.status, unknown.json()["error"]["type"]) == (503, "internal_server_error"), unknown.body
    wait_until(lambda: errors(fleet.allows, "charge") > charges)

    fleet.service.start()
    wait_until(lambda: fleet.service.charged("of-away") == 5 * COST)
    wait_until(lambda: fleet.chat(fleet.denies, "away").status == 200)
    fleet.service.wait_charged("of-away", 6 * COST)
    for _ in range(4):
        fleet.spend(fleet.allows, "away")
    assert fleet.service.charged("of-away") == 10 * COST
    spent = fleet.allows.metrics().value("tollgate_budget_spent_nanousd", budget="of-away")
    assert spent == 10 * COST * 1000, "as the service tells it, and the last charge"
    assert [fleet.chat(envoy, "away").status for envoy in (fleet.allows, fleet.denies)] == [402, 402]


def test_a_service_that_is_slow_is_waited_for_as_long_as_the_configuration_says(fleet):
    fleet.spend(fleet.allows, "frozen")
    fleet.service.freeze()
    began = time.monotonic()
    assert fleet.chat(fleet.allows, "frozen").status == 200
    assert 0.45 < time.monotonic() - began < 5
    began = time.monotonic()
    assert fleet.chat(fleet.denies, "frozen").status == 503
    assert 0.25 < time.monotonic() - began < 5
    fleet.service.thaw()
    wait_until(lambda: fleet.service.charged("of-frozen") == 2 * COST)
    wait_until(lambda: fleet.chat(fleet.denies, "frozen").status == 200)
    fleet.service.wait_charged("of-frozen", 3 * COST)


def test_a_store_that_is_away_is_a_service_that_is_away(fleet):
    fleet.spend(fleet.allows, "forgetful")
    fleet.redis.stop()
    assert fleet.chat(fleet.allows, "forgetful").status == 200
    assert fleet.chat(fleet.denies, "forgetful").status == 503
    fleet.redis.start()
    wait_until(lambda: fleet.chat(fleet.denies, "forgetful").status == 200)
    wait_until(lambda: int(fleet.redis.counter("of-forgetful")) == 3 * COST)


def test_a_crowd_is_charged_to_the_last_micro_dollar(fleet):
    """300 requests at both Envoys, 16 at a time at each: fewer messages than requests, and exactly their sum."""
    before = len(fleet.service.calls)
    asks = [ask("acme/chat", headers=[("authorization", "Bearer sk-crowd")]) for _ in range(150)]
    answers: list = []
    threads = [threading.Thread(target=lambda url=url: answers.extend(crowd(url, asks, 16))) for url in (fleet.allows.url, fleet.denies.url)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 300
    fleet.service.wait_charged("of-crowd", 300 * COST)
    calls = fleet.service.calls[before:]
    assert sum(call.is_peek for call in calls) == 300
    assert 1 <= sum(not call.is_peek for call in calls) <= 300
    assert int(fleet.redis.counter("of-crowd")) == 300 * COST


def test_a_client_that_leaves_is_charged(fleet):
    """For what is known by then: its provider tells the usage with every event."""
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    fleet.provider.behaviours = (sse([chunk({"content": "word"}, usage=usage)] * 400, delay=0.05),)
    try:
        connection, answer = open_stream(fleet.allows.url, headers={"authorization": "Bearer sk-leaver"})
        answer.read(200)
        connection.close()
        wait_until(lambda: fleet.service.charged("of-leaver") >= COST)
    finally:
        fleet.provider.behaviours = (chatting(),)


def test_a_client_that_leaves_while_the_service_is_asked_is_not(fleet):
    fleet.service.freeze()
    with pytest.raises(TimeoutError):
        fleet.chat(fleet.allows, "gone", timeout=0.2)
    fleet.service.thaw()
    fleet.spend(fleet.allows, "gone")
    fleet.service.wait_charged("of-gone", COST)


def test_each_user_has_a_counter(fleet):
    """Five requests' worth each; a name that is no plain word is told by its hash."""
    for user in ("ann", "two words"):
        for _ in range(5):
            fleet.spend(fleet.allows, "users", headers={"ai-reporting-user": user})
        assert fleet.chat(fleet.denies, "users", headers={"ai-reporting-user": user}).status == 402
    assert fleet.chat(fleet.denies, "users", headers={"ai-reporting-user": "bob"}).status == 200
    whose = {descriptor.split("of=")[1] for call in fleet.service.calls for _, descriptor in call.counters if "of-users" in descriptor}
    assert whose == {"user:ann", "user:bob", f"user:sha256:{sha256('two words')[:32]}"}


def test_less_than_a_unit_adds_up(fleet):
    """A request of 0.6 micro-USD: ten of them are 6 hits, of one worker or of two, but for what is less than a hit there."""
    for _ in range(10):
        assert fleet.chat(fleet.allows, "small", "acme/cheap").status == 200
    wait_until(lambda: fleet.service.charged("of-small") >= 5)
    assert fleet.service.charged("of-small") <= 6


def test_a_large_budget_counts_in_a_larger_unit(fleet):
    """50,000 USD: a hit is 100 micro-USD, so five requests are one."""
    for _ in range(10):
        assert fleet.chat(fleet.allows, "large").status == 200
    wait_until(lambda: fleet.service.charged("of-large") >= 1)
    assert fleet.service.charged("of-large") <= 2
    assert f"{MONTH} budget=of-large unit=100-micro-usd of=all" in {descriptor for _, descriptor in fleet.service.calls[-1].counters}


def test_a_service_without_rules_is_no_ledger(fleet):
    """It would say yes to everything and count nothing: that is no answer, and the log says why."""
    with fleet.envoy(failure_mode="deny", domain="other") as lost:
        assert fleet.chat(lost, "plain").status == 503
        assert f"it has no rule for {MONTH} budget=of-plain unit=micro-usd of=all" in lost.envoy_log()
        assert fleet.chat(lost, "free").status == 200


def test_a_cluster_that_envoy_does_not_have(fleet):
    with fleet.envoy(failure_mode="deny", cluster="nowhere") as lost:
        assert fleet.chat(lost, "plain").status == 503
        assert errors(lost, "peek") == 1
        assert fleet.chat(lost, "free").status == 200
