"""Credentials of the caller's own: who may bring them, where they go, in which order, and that nobody ever sees them."""

import json

import example
import pytest
from client import CHAT, request
from harness import NEWEST, Gateway
from mock import Upstream, answer, chatting, error
from world import KEYS, sha256

MINE, MINE2, TOKEN = "sk-canary-mine", "sk-canary-mine-2", "sk-ant-oat-canary"
CANARIES = (MINE, MINE2, TOKEN)
GROUPS = {"alice": "allow", "bob": "deny", "carol": "require"}
OURS = "Bearer key-of-openai"


def config() -> dict:
    known = {one["name"]: one for one in example.gateway_config()["providers"]}
    target = lambda name, priority=0: {"provider": name, "model": f"{name}-model", "priority": priority}  # noqa: E731
    return {
        "role": "gateway",
        "providers": [known["openai"], known["groq"], known["anthropic"] | {"subscription": True}],
        "models": [
            {"name": "acme/chat", "targets": [target("openai"), target("groq", 1)]},
            {"name": "acme/claude", "targets": [target("anthropic")]},
        ],
        "groups": [{"name": name, "models": ["*"], "byok": byok} for name, byok in GROUPS.items()],
        "keys": [{"id": name, "group": name, "sha256": sha256(KEYS[name])} for name in GROUPS],
        "routing": {"cooldown": {"after": 100, "for": "5s"}},
    }


class World:
    def __init__(self):
        self.mocks = {name: Upstream(chatting()) for name in ("openai", "groq", "anthropic")}
        self.gateway = Gateway(config(), dict(self.mocks), version=NEWEST, rests=True).start()

    def behave(self, **told):
        for name, mock in self.mocks.items():
            mock.behaviours, mock.requests = told.get(name, (chatting(f"from {name}"),)), []

    def ask(self, who: str, headers: dict | None = None, byok: dict | None = None, model: str = "acme/chat", **more):
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]} | more
        if byok is not None:
            body["providerOptions"] = {"gateway": {"byok": byok}}
        return request(self.gateway.url, "POST", CHAT, body, {"authorization": f"Bearer {KEYS[who]}"} | (headers or {}))

    def used(self, name: str, header: str = "authorization") -> list:
        return [got.header(header) for got in self.mocks[name].requests]


@pytest.fixture(scope="module")
def world():
    one = World()
    yield one
    problem = one.gateway.stop_quietly()
    for mock in one.mocks.values():
        mock.close()
    assert not problem, problem


@pytest.fixture(autouse=True)
def fresh(world):
    world.behave()


BY_HEADER = dict(headers={"x-tollgate-byok-openai": MINE})
BY_BODY = dict(byok={"openai": [{"apiKey": MINE}, {"apiKey": MINE2}]})


@pytest.mark.parametrize("how", [BY_HEADER, BY_BODY], ids=["header", "body"])
def test_an_own_credential_is_used_first_and_goes_nowhere_else(world, how):
    response = world.ask("alice", **how)
    assert response.status == 200 and world.used("openai") == [f"Bearer {MINE}"]
    (got,) = world.mocks["openai"].requests
    assert not got.header("x-tollgate-byok-openai") and b"canary" not in got.body and b"providerOptions" not in got.body
    world.behave(openai=(error(500),))
    response = world.ask("alice", headers={"x-tollgate-byok-openai": MINE})
    assert response.status == 200 and world.used("groq") != [] and MINE not in str(world.used("groq"))


def test_own_ones_fall_back_to_each_other_then_to_ours_and_rest_nobody(world):
    ours = world.ask("alice") and world.used("openai")[0]
    rejects = lambda got: error(401, "no such key") if "canary" in got.header("authorization") else chatting()  # noqa: E731
    for _ in range(3):
        world.behave(openai=(rejects,))
        response = world.ask("alice", **BY_BODY)
        assert response.status == 200
        assert world.used("openai") == [f"Bearer {MINE}", f"Bearer {MINE2}", ours]
        routing = response.json()["choices"][0]["message"]["provider_metadata"]["gateway"]["routing"]
        tried = [one["credentialType"] for attempts in routing["modelAttempts"] for one in attempts["providerAttempts"]]
        assert tried == ["byok", "byok", "system"]
        assert response.header("x-tollgate-attempts") == "openai:401,openai:401,openai:200"
    assert world.gateway.line_of(response)["credential"] == "0"
    world.behave()
    assert world.gateway.line_of(world.ask("alice", **BY_BODY))["credential"] == "byok"


def test_whoever_must_bring_them_never_spends_ours(world):
    world.behave(openai=(error(401, "your key is wrong"),))
    response = world.ask("carol", **BY_HEADER)
    assert (response.status, world.used("openai"), world.used("groq")) == (401, [f"Bearer {MINE}"], [])
    assert "your key is wrong" in response.json()["error"]["message"] and response.header("x-should-retry") == "false"
    for status in (402, 403):
        world.behave(openai=(error(status, "no"),))
        assert world.ask("carol", **BY_HEADER).status == status
    world.behave()
    refused = world.ask("carol")
    assert (refused.status, refused.json()["error"]["code"]) == (403, "byok_required")
    assert world.used("openai") == world.used("groq") == []


@pytest.mark.parametrize(
    "who, how, status, code",
    [
        ("bob", BY_HEADER, 403, "byok_denied"),
        ("bob", BY_BODY, 403, "byok_denied"),
        ("bob", dict(headers={"x-tollgate-byok-openai": ""}), 403, "byok_denied"),
        ("alice", dict(headers={"x-tollgate-byok-openai": ""}), 400, "unsupported_byok"),
        ("alice", dict(headers={"x-tollgate-byok-nobody": MINE}), 400, "unsupported_byok"),
        ("alice", dict(byok={"azure": [{"apiKey": MINE, "resourceName": "r"}]}), 400, "unsupported_byok"),
        ("alice", dict(byok={"bedrock": [{"accessKeyId": MINE, "secretAccessKey": MINE}]}), 400, "unsupported_byok"),
        ("alice", dict(byok={"openai": MINE}), 400, "unsupported_option"),
    ],
)
def test_what_is_not_possible_is_refused_by_name(world, who, how, status, code):
    response = world.ask(who, **how)
    assert (response.status, response.json()["error"]["code"]) == (status, code)
    assert MINE.encode() not in response.body
    assert all(mock.requests == [] for mock in world.mocks.values())


def test_a_subscription_goes_to_its_provider_alone(world):
    said = {"type": "message", "id": "msg_1", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "Hi"}]}
    told = answer(200, said | {"stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}})
    headers = {"x-tollgate-key": KEYS["bob"], "authorization": f"Bearer {TOKEN}"}
    world.behave(anthropic=(told,))
    assert world.ask("bob", headers, model="acme/claude").status == 200
    assert world.used("anthropic") == [f"Bearer {TOKEN}"] and world.used("anthropic", "x-api-key") == [None]
    assert world.ask("bob", headers).status == 200
    assert TOKEN not in str(world.used("openai"))
    world.behave(anthropic=(told,))
    assert world.ask("bob", model="acme/claude").status == 200
    assert world.used("anthropic") == [None] and world.used("anthropic", "x-api-key") != [None]


def test_a_provider_that_repeats_an_own_credential_does_not_show_it(world):
    world.behave(openai=(error(400, f"what is {MINE}?"),))
    response = world.ask("alice", **BY_HEADER)
    assert response.status == 400 and MINE.encode() not in response.body and b"***" in response.body


def test_nobody_ever_sees_one(world):
    """After all that: not in the log, not in the metrics, not in what Envoy knows."""
    admin = "".join(world.gateway.get_admin(path) for path in ("/stats/prometheus", "/config_dump", "/clusters"))
    seen = json.dumps(world.gateway.access_log()) + admin + world.gateway.envoy_log()
    assert not [canary for canary in CANARIES if canary in seen]
