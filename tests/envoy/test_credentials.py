"""A provider with three credentials, one of them dead, on four workers: no client sees it, and the dead one is asked once
per rest, not once per request."""

import itertools
from collections import Counter

import pace
import pytest
from ecds import watched_gateway
from load import ask, crowd, wait_until
from mock import Behaviour, Request, chatting, error
from world import World, config, target

pytestmark = pytest.mark.alone

WORKERS = 4
PROVIDERS = ("p401", "p402", "p403", "p429", "pspent", "pwait")
DEAD = {
    "p401": error(401, "Incorrect API key", code="invalid_api_key"),
    "p402": error(402, "Insufficient balance"),
    "p403": error(403, "Not for this key"),
    "p429": error(429, "Slow down", code="rate_limit_exceeded"),
    "pspent": error(429, "You exceeded your current quota", code="insufficient_quota"),
    "pwait": error(429, "Slow down", code="rate_limit_exceeded", headers={"retry-after": "2"}),
}
REST = {name: 1.0 for name in DEAD} | {"pwait": 2.0}  # of `cooldown.for`, unless the provider names another


class Accounts:
    """What stands behind all providers of this file: it knows them by their keys, `<provider>-<credential>`."""

    def __init__(self):
        self.dead: set[str] = set()
        self.asked: list[tuple[str, float]] = []

    def __call__(self, request: Request) -> Behaviour:
        key = request.header("authorization").removeprefix("Bearer ")
        self.asked.append((key, request.at))
        return DEAD[key.partition("-")[0]] if key in self.dead else chatting(key)

    def times(self, key: str) -> list[float]:
        return [at for asked, at in self.asked if asked == key]


def settings() -> dict:
    """Six providers at one cluster, so that one Envoy shows all ways in which a credential dies."""

    def provider(name: str) -> dict:
        credentials = [{"value": f"{name}-{index}"} for index in range(3)]
        return {"name": name, "preset": "openai-compatible", "cluster": "ollama", "base_url": "http://any.test/v1", "credentials": credentials}

    models = [{"name": f"acme/{name}", "targets": [target(name, "large")]} for name in PROVIDERS]
    models += [{"name": f"acme/{name}-other", "targets": [target(name, "small")]} for name in PROVIDERS]
    routing = {"cooldown": {"after": 3, "for": "1s"}}
    return config(providers=[*map(provider, PROVIDERS)], models=models, groups=[], keys=[], access={"allow_unauthenticated": True}, routing=routing)


@pytest.fixture(scope="module")
def shared():
    world = World(settings(), rests=True, concurrency=WORKERS)
    world.accounts = Accounts()
    yield world
    world.close()


@pytest.fixture
def accounts(world) -> Accounts:
    world.accounts.__init__()
    world.mocks["ollama"].behaviours = (world.accounts,)
    return world.accounts


def resting(world: World, provider: str, index: int = 1) -> float:
    return world.gateway.metrics().value("tollgate_credential_resting", provider=provider, credential=str(index))


def test_a_dead_credential_of_three_hurts_nobody(world, accounts):
    accounts.dead, lost = {f"{name}-1" for name in PROVIDERS}, pace.lost()
    requests = (ask(f"acme/{name}", name, prompt=f"conversation {n}") for n in range(1000) for name in PROVIDERS)
    answers = crowd(world.url, requests, connections=WORKERS)
    began = accounts.asked[0][1]
    assert Counter((one.name, one.status) for one in answers) == {(name, 200): 1000 for name in PROVIDERS}

    for name in PROVIDERS:
        spread = Counter(key for key, _ in accounts.asked if key.startswith(name + "-"))
        assert min(spread[f"{name}-0"], spread[f"{name}-2"]) > 300, f"the living share the work: {spread}"
        (first, *later) = rounds(accounts.times(f"{name}-1"), REST[name] / 2)
        assert len(first) <= WORKERS, f"{name}: one connection, so at most one attempt, per worker"
        assert all(len(probes) == 1 for probes in later), f"{name}: after a rest there is one probe"
        starts = [first[0], *(probe for (probe,) in later)]
        assert all(b - a >= REST[name] * 0.9 for a, b in itertools.pairwise(starts)), f"{name}: {starts}"
        lasted = accounts.asked[-1][1] - began - (pace.lost() - lost)
        assert len(later) >= int(lasted / (REST[name] * 1.25)) - 1, f"{name} is probed: {len(later)} times in {lasted} s"
        wait_until(lambda: resting(world, name) == 1)
        assert resting(world, name, 0) == resting(world, name, 2) == 0

    # Alive again: one probe finds out, and it takes its part.
    accounts.dead = set()
    for name in PROVIDERS:
        wait_until(lambda: crowd(world.url, asks_of(name, 20), WORKERS) and resting(world, name) == 0)
    accounts.asked.clear()
    assert {one.status for one in crowd(world.url, (ask for name in PROVIDERS for ask in asks_of(name, 60)))} == {200}
    spread = Counter(key for key, _ in accounts.asked)
    assert all(spread[f"{name}-{index}"] >= 8 for name in PROVIDERS for index in range(3)), spread


def asks_of(name: str, count: int):
    return (ask(f"acme/{name}", name, prompt=f"conversation {n}") for n in range(count))


def rounds(times: list[float], gap: float) -> list[list[float]]:
    """Moments in groups that have at least this gap between them."""
    groups: list[list[float]] = []
    for at in sorted(times):
        if groups and at - groups[-1][-1] < gap:
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups


WHOLE = {"p401": True, "p402": True, "p403": False, "p429": False, "pspent": True, "pwait": False}


def test_a_bad_key_is_one_for_every_model_a_limit_is_for_one(world, accounts):
    accounts.dead = {f"{name}-1" for name in WHOLE}
    wait_until(lambda: crowd(world.url, of_all(40), WORKERS) and all(resting(world, name) for name in WHOLE))
    accounts.asked.clear()
    accounts.dead = {f"{name}-1" for name, whole in WHOLE.items() if whole}  # the others would have served the other model
    answers = crowd(world.url, of_all(40, "-other"), WORKERS)
    assert {one.status for one in answers} == {200}
    asked = {name: len(accounts.times(f"{name}-1")) for name in WHOLE}
    # One for every model: at most the probe of a rest that is just over.
    assert {name: count <= 1 for name, count in asked.items()} == WHOLE, asked
    accounts.dead = set()
    both = lambda: itertools.chain(of_all(40), of_all(40, "-other"))  # noqa: E731
    wait_until(lambda: crowd(world.url, both(), WORKERS) and not any(resting(world, name) for name in WHOLE))


def of_all(count: int, other: str = ""):
    return (ask(f"acme/{name}{other}", prompt=f"conversation {n}") for n in range(count) for name in WHOLE)


def test_the_gauge_of_a_key_that_was_replaced_goes_down(upstream):
    """Nobody asks the old key any more, so no probe of it can end its rest: the gauge stayed 1 for ever."""

    def document(second: str) -> dict:
        whole = settings()
        provider = whole["providers"][0] | {"credentials": [{"value": "p401-0"}, {"value": second}]}
        return whole | {"providers": [provider], "models": [{"name": "acme/p401", "targets": [target("p401", "large")]}]}

    accounts = Accounts()
    accounts.dead = {"p401-dead"}
    running, watched = watched_gateway(document("p401-dead"), {"ollama": upstream(accounts)}, rests=True)
    try:
        value = lambda: running.metrics().value("tollgate_credential_resting", provider="p401", credential="1")  # noqa: E731
        crowd(running.url, asks_of("p401", 30), 4)
        wait_until(lambda: value() == 1)
        watched.write(document("p401-fresh"))
        wait_until(lambda: {one.status for one in crowd(running.url, asks_of("p401", 30), 4)} == {200} and value() == 0)
        assert accounts.times("p401-fresh")
    finally:
        running.stop()
