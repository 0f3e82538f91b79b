"""Requests that name state kept at one account: the first provider of the configuration that serves the model, with its
first credential, whatever weights, priorities, conversations, wishes and rests say."""

import pytest
from client import CHAT, request
from load import wait_until
from mock import Request, answer, chatting, error
from world import World, config, target

RESPONSES = "/v1/responses"
FILE = [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]
PINS = {
    "previous_response_id": (RESPONSES, {"previous_response_id": "resp_1", "input": "x"}),
    "conversation": (RESPONSES, {"conversation": {"id": "conv_1"}, "input": "x"}),
    "background": (RESPONSES, {"background": True, "input": "x"}),
    "prompt_id": (RESPONSES, {"prompt": {"id": "pmpt_1"}}),
    "item_reference": (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    "container": (RESPONSES, {"input": "x", "tools": [{"type": "code_interpreter", "container": "cntr_1"}]}),
    "file_id": (CHAT, {"messages": FILE}),
}
NOT_PINNED = {
    "background_false": (RESPONSES, {"background": False, "input": "x"}),
    "null": (RESPONSES, {"previous_response_id": None, "conversation": None, "input": "x"}),
}
FIRST = "Bearer first-of-openai"


def settings() -> dict:
    """The first provider of the configuration stands last in every model: least weight, or latest."""
    openai, *others = config()["providers"]
    openai = openai | {"credentials": [{"value": FIRST.removeprefix("Bearer ")}, {"value": "second"}, {"value": "third"}]}
    models = [
        {"name": "acme/light", "targets": [target("groq", "shared", weight=999), target("openai", "shared", weight=1)]},
        {"name": "acme/late", "targets": [target("groq", "shared"), target("openai", "shared", 1)]},
    ]
    more = {"providers": [openai, *others], "models": models, "routing": {"cooldown": {"after": 2, "for": "500ms"}}}
    return config(access={"allow_unauthenticated": True}, **more)


@pytest.fixture(scope="module")
def shared():
    world = World(settings(), rests=True)
    yield world
    world.close()


def told(world: World, pin: tuple, session: int, model: str = "acme/light"):
    path, body = pin
    order = {"providerOptions": {"gateway": {"order": ["groq"]}}} if session % 2 else {}
    return request(world.url, "POST", path, {"model": model} | body | order, [("x-tollgate-session", str(session))])


def attempts(world: World, pin: tuple, **how) -> set[str]:
    return {told(world, pin, session, **how).header("x-tollgate-attempts") for session in range(12)}


def keys(requests: list[Request]) -> set[str]:
    return {got.header("authorization") for got in requests}


@pytest.mark.parametrize("name", PINS)
def test_it_goes_to_one_account_whatever_weights_priorities_and_wishes_say(world, name):
    for model in ("acme/light", "acme/late"):
        assert attempts(world, PINS[name], model=model) == {"openai:200"}
    assert keys(world.mocks["openai"].requests) == {FIRST}


@pytest.mark.parametrize("name", NOT_PINNED)
def test_what_names_nothing_pins_nothing(world, name):
    assert attempts(world, NOT_PINNED[name]) == {"groq:200"}


def test_it_goes_there_also_while_that_target_or_credential_rests(world):
    pin, plain = PINS["previous_response_id"], (CHAT, {"messages": []})
    world.behave(openai=(error(500), error(500), chatting()))
    assert told(world, pin, 0).header("x-tollgate-attempts") == "openai:500,openai:500"
    assert told(world, plain, 0, "acme/late").header("x-tollgate-attempts") == "groq:200"
    assert world.gateway.metrics().value("tollgate_target_cooldown", provider="openai") == 1
    assert attempts(world, pin) == {"openai:200"}
    assert world.gateway.metrics().value("tollgate_target_cooldown", provider="openai") == 0, "which brought it back"

    dead = answer(401, {"error": {"message": "bad key", "code": "invalid_api_key"}})
    world.behave(openai=dead)
    assert told(world, pin, 0).header("x-tollgate-attempts") == "openai:401", "another account cannot help"
    wait_until(lambda: world.gateway.metrics().value("tollgate_credential_resting", provider="openai", credential="0") == 1)
    world.behave()
    assert attempts(world, pin) == {"openai:200"}
    assert keys(world.mocks["openai"].requests) == {FIRST}
