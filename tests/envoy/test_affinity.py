"""Who keeps its target: every turn of a conversation, on every worker and every Envoy; shares of the traffic as weighted."""

import time
from collections import Counter

import pytest
from load import Answer, ask, crowd, wait_until
from mock import error
from world import World, bearer, config, target

CONVERSATIONS, TURNS = 400, 10
THREE = [target("openai", "shared", weight=5), target("azure", "shared", weight=3), target("groq", "shared", weight=2)]
ALICE = bearer("alice")


def settings(affinity: str = "conversation", **more) -> dict:
    cooldown = {"after": 3, "for": "1s"}
    model = {"name": "acme/three", "targets": THREE}
    return config(models=[*config()["models"], model], routing={"affinity": affinity, "cooldown": cooldown}, **more)


@pytest.fixture(scope="module")
def shared():
    world = World(settings(), concurrency=4)
    yield world
    world.close()


def turn(conversation: int, number: int) -> list[dict]:
    """The messages of a conversation's n-th turn: all that was said before, and one more."""
    said = [{"role": "user", "content": f"Conversation {conversation}: hello!"}]
    for past in range(number):
        said += [{"role": "assistant", "content": f"Answer {past}"}, {"role": "user", "content": f"Question {past}"}]
    return said


def turns(world: World, model: str = "acme/spread", conversations: int = CONVERSATIONS, count: int = 1, headers=ALICE) -> list[Answer]:
    each = ((conversation, number) for number in range(count) for conversation in range(conversations))
    asks = (ask(model, str(conversation), messages=turn(conversation, number), headers=headers) for conversation, number in each)
    answers = crowd(world.url, asks)
    assert {answer.status for answer in answers} == {200}
    return answers


def places(answers: list[Answer]) -> dict[str, str]:
    """Conversation -> its provider; fails where a conversation has been at two."""
    found: dict[str, str] = {}
    for answer in answers:
        assert found.setdefault(answer.name, answer.provider) == answer.provider, f"{answer.name} was moved"
    return found


def share(found: dict[str, str], provider: str) -> float:
    return Counter(found.values())[provider] / len(found)


def test_every_turn_of_400_conversations_goes_where_the_first_went(world):
    found = places(turns(world, count=TURNS))
    assert len(found) == CONVERSATIONS
    assert abs(share(found, "openai") - 0.8) <= 0.03 and share(found, "openai") + share(found, "groq") == 1
    assert len(world.mocks["openai"].requests) == TURNS * Counter(found.values())["openai"], "and it was really asked"


def test_another_envoy_chooses_alike(world):
    other = World(settings(), concurrency=1)
    try:
        for model in ("acme/spread", "acme/three"):
            assert places(turns(other, model)) == places(turns(world, model))
    finally:
        other.close()


NAMES = {
    "session_header": lambda name: {"headers": [*ALICE, ("x-tollgate-session", name)]},
    "prompt_cache_key": lambda name: {"headers": ALICE, "prompt_cache_key": name},
    "metadata_user_id": lambda name: {"headers": ALICE, "metadata": {"user_id": name}},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_named_conversation_keeps_its_target_whatever_it_opens_with(world, name):
    each = ((conversation, number) for number in range(4) for conversation in range(100))
    asks = (ask("acme/three", f"{name}-{c}", prompt=f"another opening {n}", **NAMES[name](f"{name}-{c}")) for c, n in each)
    found = places(crowd(world.url, asks))
    assert len(found) == 100 and set(found.values()) == {"openai", "azure", "groq"}


def test_only_the_conversations_of_a_target_that_is_down_move_and_they_return():
    world = World(settings(), concurrency=4, rests=True).behave()
    try:
        before = places(turns(world, "acme/three"))
        world.behave(groq=error(503))
        began = time.monotonic()
        down = places(turns(world, "acme/three"))
        took = time.monotonic() - began
        moved = {name for name in before if down[name] != before[name]}
        assert moved == {name for name, provider in before.items() if provider == "groq"}, "the others stay where they are"
        assert {down[name] for name in moved} == {"openai", "azure"}, "each by its own second choice"
        assert 3 <= len(world.mocks["groq"].requests) <= 34 + took, "it rests, and is probed once a second"
        world.behave()
        wait_until(lambda: any(answer.provider == "groq" for answer in turns(world, "acme/three", 50)))
        assert places(turns(world, "acme/three")) == before
    finally:
        world.close()


def test_affinity_of_the_key():
    keys = [{"id": f"key-{n}", "group": "all", "secret": {"value": f"sk-{n}"}} for n in range(40)]
    world = World(settings("key", keys=keys), concurrency=2).behave()
    try:
        asks = (ask("acme/three", str(n), prompt=f"{t}", headers=[("authorization", f"Bearer sk-{n}")]) for t in range(5) for n in range(40))
        found = places(crowd(world.url, asks))
        assert len(found) == 40 and set(found.values()) == {"openai", "azure", "groq"}
    finally:
        world.close()


def test_without_affinity_every_request_is_drawn():
    world = World(settings("none"), concurrency=2).behave()
    try:
        answers = crowd(world.url, (ask("acme/spread", headers=ALICE) for _ in range(5000)))
        count = Counter((answer.status, answer.provider) for answer in answers)
        assert set(count) == {(200, "openai"), (200, "groq")}
        assert abs(count[200, "openai"] / 5000 - 0.8) <= 0.03, count
    finally:
        world.close()
