"""Limits of key, group, user and model on four workers together: what is let through, and what headers and refusals say."""

from collections import Counter

import pytest
from load import ask, crowd, wait_until
from mock import chat
from world import World, config, sha256, target

MODELS = {"acme/chat": {}, "acme/busy": {"requests_per_minute": 5}}


def settings() -> dict:
    limits = {
        "requests": {"requests_per_minute": 40},
        "tokens": {"tokens_per_minute": 100},
        "crowd": {"concurrent": 4},
        "tight": {"requests_per_minute": 9},
        "free": {},
    }
    keys = [{"id": name, "group": "team" if name != "free" else "others", "sha256": sha256(f"sk-{name}"), "limits": limit} for name, limit in limits.items()]
    groups = [
        {"name": "team", "models": ["*"], "limits": {"requests_per_minute": 1000}, "user_limits": {"requests_per_minute": 3}},
        {"name": "others", "models": ["*"]},
    ]
    models = [{"name": name, "targets": [target("openai", "m")], "limits": limit} for name, limit in MODELS.items()]
    return config(keys=keys, groups=groups, models=models)


@pytest.fixture(scope="module")
def shared():
    world = World(settings(), concurrency=4)
    yield world
    world.close()


def rush(world: World, key: str, count: int, model: str = "acme/chat", connections: int = 32, user: str = ""):
    headers = [("authorization", f"Bearer sk-{key}")] + ([("ai-reporting-user", user)] if user else [])
    return crowd(world.url, (ask(model, headers=headers) for _ in range(count)), connections)


def statuses(answers) -> dict:
    return dict(Counter(answer.status for answer in answers))


def test_a_burst_gets_the_whole_limit_and_no_more(world):
    answers = rush(world, "requests", 300)
    assert statuses(answers) == {200: 40, 429: 260}
    assert len(world.mocks["openai"].requests) == 40
    remaining = sorted(int(one.headers["x-ratelimit-remaining-requests"]) for one in answers if one.status == 200)
    assert remaining == list(range(40))
    refused = next(one for one in answers if one.status == 429)
    assert b"key `requests`: 40 requests in any 60 seconds" in refused.body
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-tollgate-error"] == "policy_limit"


def test_tokens_are_counted_when_they_are_known(world):
    answers = rush(world, "tokens", 12, connections=1)  # 15 tokens each: the seventh begins with ten left
    assert statuses(answers) == {200: 7, 429: 5}
    assert b'"type":"tokens"' in answers[-1].body


def test_places_are_for_so_many_at_one_time_and_free_again(world):
    world.behave(openai=chat("slow", delay=1))
    answers = rush(world, "crowd", 32)
    assert statuses(answers) == {200: 4, 429: 28}
    assert {one.headers["retry-after"] for one in answers if one.status == 429} == {"1"}
    wait_until(lambda: not world.gateway.metrics().value("tollgate_in_flight"))
    world.behave()
    assert statuses(rush(world, "crowd", 40, connections=4)) == {200: 40}


def test_all_limits_hold_and_a_refusal_takes_nothing(world):
    assert statuses(rush(world, "tight", 20, user="ann")) == {200: 3, 429: 17}
    assert statuses(rush(world, "free", 20, "acme/busy")) == {200: 5, 429: 15}
    assert statuses(rush(world, "tight", 20, "acme/busy")) == {429: 20}
    assert statuses(rush(world, "tight", 20)) == {200: 6, 429: 14}


def test_own_limits_replace_the_providers(world):
    told = {"x-ratelimit-limit-requests": "99999", "x-ratelimit-remaining-tokens": "7"}
    world.behave(openai=chat("Hi", headers=told))
    (free,) = rush(world, "free", 1)
    assert {name: free.headers.get(name) for name in told} == told
    (own,) = rush(world, "crowd", 1)
    assert own.headers["x-ratelimit-limit-requests"] == "1000" and "x-ratelimit-remaining-tokens" not in own.headers
