"""`max_in_flight`: a provider that is full makes way for those after it in the plan, on all workers together, and nobody is
refused. A pool of two with eight places each, a fallback model behind it, 64 clients at once on four workers."""

from collections import Counter

import pytest
from client import chat
from load import Answer, ask, crowd, hold, leave, wait_until
from mock import Behaviour, chat_stream, error, hang, reset
from mock import chat as json_chat
from test_isolation_reload import crash, small  # noqa: F401 (a fixture)
from world import World, config, target

PLACES, CLIENTS = 8, 64
POOL = ("openai", "azure")


def settings() -> dict:
    providers = [one | ({"max_in_flight": PLACES} if one["name"] in POOL else {}) for one in config()["providers"]]
    models = [
        {"name": "acme/chat", "targets": [{"provider": "both", "model": "pooled"}], "fallbacks": ["acme/reserve"]},
        {"name": "acme/reserve", "targets": [target("groq", "reserve")]},
        {"name": "acme/alone", "targets": [target("openai", "alone")]},
        {"name": "acme/then", "targets": [target("groq", "then"), target("openai", "then", 1), target("azure", "then", 2)]},
        {"name": "acme/first", "targets": [target("openai", "first"), target("groq", "first", 1)]},
        {"name": "acme/groq", "targets": [target("groq", "groq-model")]},
    ]
    pools = [{"name": "both", "providers": list(POOL)}]
    return config(providers=providers, pools=pools, models=models, access={"allow_unauthenticated": True})


class Doors:
    """Counts who is inside of a provider, from the request's arrival to the answer's last byte."""

    def __init__(self, behaviour: Behaviour):
        self.behaviour, self.inside, self.most = behaviour, 0, 0

    def __call__(self, _request) -> Behaviour:
        return self.pass_through

    async def pass_through(self, request, connection) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.behaviour(request, connection)
        finally:
            self.inside -= 1


class Full(World):
    def guard(self, **behaviours: Behaviour) -> dict[str, Doors]:
        doors = {name: Doors(behaviour) for name, behaviour in behaviours.items()}
        self.behave(**doors)
        return doors


@pytest.fixture(scope="module")
def shared():
    world = Full(settings(), concurrency=4)
    yield world
    world.close()


def rush(world: World, count: int, model: str = "acme/chat", clients: int = CLIENTS, **body) -> list[Answer]:
    answers = crowd(world.url, (ask(model, prompt=f"conversation {n}", **body) for n in range(count)), clients)
    assert {one.status for one in answers} == {200}, "none is refused"
    assert {one.attempts.count(":") for one in answers} == {1}, "and none of them had to fail first"
    return answers


SLOW = {
    "json": (json_chat("slow", delay=0.4), {}),
    "streams_to_their_end": (chat_stream(("a",) * 6, delay=0.05), {"stream": True}),
}


@pytest.mark.parametrize("name", SLOW)
def test_the_excess_of_a_full_pool_is_served_by_the_fallback(world, name):
    behaviour, body = SLOW[name]
    for _ in range(2):  # the second crowd finds the places of the first one free
        doors = world.guard(openai=behaviour, azure=behaviour)
        answers = rush(world, CLIENTS, **body)
        assert {door: (doors[door].most, doors[door].inside) for door in POOL} == {"openai": (PLACES, 0), "azure": (PLACES, 0)}
        assert Counter(one.provider for one in answers) == {"openai": PLACES, "azure": PLACES, "groq": CLIENTS - 2 * PLACES}


def test_places_go_on_from_client_to_client(world):
    doors = world.guard(openai=json_chat(delay=0.02), azure=json_chat(delay=0.02), groq=json_chat(delay=0.02))
    answers = rush(world, 2000)
    served = Counter(one.provider for one in answers)
    assert all(doors[name].most <= PLACES and served[name] > 200 for name in POOL), served
    assert doors["groq"].most > PLACES


def test_the_only_target_takes_more_than_it_should(world):
    doors = world.guard(openai=json_chat(delay=0.3))
    assert {one.provider for one in rush(world, 24, "acme/alone", 24)} == {"openai"}
    assert doors["openai"].most == 24
    assert Counter(one.provider for one in rush(world, 4, clients=4))["groq"] == 0, "and gives it back"


def test_a_fallback_looks_for_a_place_too(world):
    """The first target fails for everybody: the second takes eight of them, the third eight, then there is no way but over."""
    doors = world.guard(groq=error(500), openai=json_chat(delay=0.5), azure=json_chat(delay=0.5))
    answers = crowd(world.url, (ask("acme/then", prompt=f"conversation {n}") for n in range(2 * PLACES)), 2 * PLACES)
    assert Counter((one.status, one.provider) for one in answers) == {(200, "openai"): PLACES, (200, "azure"): PLACES}
    assert [doors[name].most for name in POOL] == [PLACES, PLACES]


ENDS = {
    "500": (error(500), None),
    "400": (error(400, "no", "invalid_request_error"), None),
    "reset": (reset(), None),
    "cut_stream": (chat_stream(done=False, end="reset"), None),
    "left_before_the_head": (hang(), 0),
    "left_in_the_middle": (chat_stream(("a",) * 50, delay=0.1), 60),
}


@pytest.mark.parametrize("name", ENDS)
def test_every_end_gives_the_place_back(world, name):
    behaviour, read = ENDS[name]
    world.behave(openai=behaviour, azure=behaviour, groq=behaviour)
    clients = hold(world.url, "acme/chat", 12)
    wait_until(lambda: sum(len(world.mocks[name].requests) for name in (*POOL, "groq")) >= 12)
    if read is None:
        [connection.getresponse().read1() for connection in clients]
    leave(clients, read or 0)
    wait_until(lambda: not world.gateway.metrics().value("tollgate_in_flight"))
    doors = world.guard(openai=json_chat(delay=0.3), azure=json_chat(delay=0.3))
    rush(world, 2 * PLACES + 4)
    assert [doors[name].most for name in POOL] == [PLACES, PLACES]


def test_places_of_a_vm_that_died_are_free_again(small):  # noqa: F811
    """Its eight streams are gone with it. It cannot say so: after five seconds of silence nobody believes it any more."""
    world = Full(settings(), edit=small).behave(openai=chat_stream(("a",) * 100, delay=0.1))
    try:
        clients = hold(world.url, "acme/first", PLACES)
        world.mocks["openai"].wait(PLACES)
        crash(world.gateway)
        wait_until(lambda: chat(world.url, "acme/groq").status == 200)
        leave(clients)
        world.behave()
        assert chat(world.url, "acme/first").header("x-tollgate-provider") == "groq", "they still count"
        wait_until(lambda: chat(world.url, "acme/first").header("x-tollgate-provider") == "openai", 7)
        doors = world.guard(openai=json_chat(delay=0.3))
        rush(world, 12, "acme/first")
        assert doors["openai"].most == PLACES
    finally:
        world.close()
