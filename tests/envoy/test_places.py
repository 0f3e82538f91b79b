"""`max_in_flight`: a provider that is full makes way for those after it in the plan, on all workers together, and nobody is
refused. A pool of two with eight places each, a fallback model behind it, 64 clients at once on four workers."""

import asyncio
import time
from collections import Counter

import pytest
from client import chat
from load import Answer, ask, crowd, hold, leave, wait_until
from mock import Behaviour, chat_stream, chunk, error, hang, reset
from mock import chat as json_chat
from test_isolation_reload import crash, small  # noqa: F401 (a fixture)
from world import World, config, target

PLACES, CLIENTS = 8, 64
POOL = ("openai", "azure")
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def piece(text: str) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text.encode())


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
    def held(self, count: int, stream: bool = False) -> Behaviour:
        """Keeps who is inside until so many requests have come to the providers, all taken together: until nobody else
        comes. A stream has begun by then."""

        async def act(request, connection) -> None:
            if stream:
                await connection.send(STREAM + piece(chunk({"role": "assistant", "content": ""}) + chunk({"content": "held"})))
            end = time.monotonic() + 30
            while sum(len(mock.requests) for mock in self.mocks.values()) < count and time.monotonic() < end:
                await asyncio.sleep(0.005)
            if stream:
                await connection.send(piece(chunk({}, "stop") + "data: [DONE]\n\n") + b"0\r\n\r\n")
            else:
                await json_chat("held")(request, connection)

        return act

    def wait_until_empty(self, doors: dict[str, "Doors"]) -> None:
        """Clients know of their answers' end before the providers and the gateway do."""
        wait_until(lambda: not any(door.inside for door in doors.values()))
        wait_until(lambda: not self.gateway.metrics().value("tollgate_in_flight"))

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


@pytest.mark.parametrize("stream", [False, True], ids=["json", "streams_to_their_end"])
def test_the_excess_of_a_full_pool_is_served_by_the_fallback(world, stream):
    held = world.held(CLIENTS, stream)
    for _ in range(2):  # the second crowd finds the places of the first one free
        doors = world.guard(openai=held, azure=held)
        answers = rush(world, CLIENTS, stream=stream)
        world.wait_until_empty(doors)
        assert {door: doors[door].most for door in POOL} == {"openai": PLACES, "azure": PLACES}
        assert Counter(one.provider for one in answers) == {"openai": PLACES, "azure": PLACES, "groq": CLIENTS - 2 * PLACES}


def test_places_go_on_from_client_to_client(world):
    doors = world.guard(openai=json_chat(delay=0.02), azure=json_chat(delay=0.02), groq=json_chat(delay=0.02))
    answers = rush(world, 2000)
    served = Counter(one.provider for one in answers)
    assert all(doors[name].most <= PLACES and served[name] > 200 for name in POOL), served
    assert doors["groq"].most > PLACES


def test_the_only_target_takes_more_than_it_should(world):
    doors = world.guard(openai=world.held(24))
    assert {one.provider for one in rush(world, 24, "acme/alone", 24)} == {"openai"}
    assert doors["openai"].most == 24
    world.wait_until_empty(doors)
    assert Counter(one.provider for one in rush(world, 4, clients=4))["groq"] == 0, "and gives it back"


def test_a_fallback_looks_for_a_place_too(world):
    """The first target fails for everybody: the second takes eight of them, the third eight, then there is no way but over."""
    held = world.held(4 * PLACES)  # twice as many as there are clients: all have been at the first one, too
    doors = world.guard(groq=error(500), openai=held, azure=held)
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
    held = world.held(2 * PLACES + 4)
    doors = world.guard(openai=held, azure=held)
    rush(world, 2 * PLACES + 4)
    assert [doors[name].most for name in POOL] == [PLACES, PLACES]


def test_places_of_a_vm_that_died_are_free_again(small):  # noqa: F811
    """Its eight streams are gone with it. It cannot say so: after five seconds of silence nobody believes it any more."""
    world = Full(settings(), edit=small).behave(openai=chat_stream(("a",) * 100, delay=0.1))
    try:
        clients = hold(world.url, "acme/first", PLACES)
        world.mocks["openai"].wait(PLACES)
        crashed = time.monotonic()
        crash(world.gateway)
        wait_until(lambda: chat(world.url, "acme/groq").status == 200)
        leave(clients)
        world.behave()
        first = chat(world.url, "acme/first").header("x-tollgate-provider")
        assert first == "groq" or time.monotonic() - crashed > 4, "they still count"
        wait_until(lambda: chat(world.url, "acme/first").header("x-tollgate-provider") == "openai")
        doors = world.guard(openai=world.held(12))
        rush(world, 12, "acme/first")
        assert doors["openai"].most == PLACES
    finally:
        world.close()
