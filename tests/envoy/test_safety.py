"""Safety: every promise of promises.py has its tests, and here are those that stand nowhere else."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import example
import pytest
from client import CHAT
from mock import error
from promises import CALLS, SAFETY
from world import KEYS, World, config, refused, sha256

HERE = Path(__file__).parent
PROMISES = CALLS | SAFETY


@pytest.fixture(scope="module")
def shared():
    """The provider with the model's name in its path takes any model. Clients on this machine are internal, as in many
    an Envoy: their x-envoy-* headers, which the example's Envoy itself would remove, get to the filter."""
    settings = config()
    next(one for one in settings["providers"] if one["name"] == "azure-old")["models"] = {"*": "*"}
    world = World(settings, edit=trusting)
    yield world
    world.close()


def trusting(tree: dict) -> None:
    loopback = {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]}
    example.connection_manager(tree).update(internal_address_config=loopback)


def named_in(file: str) -> set[str]:
    if file.endswith(".rs"):
        return set(re.findall(r"#\[test\]\s+fn (\w+)", (example.ROOT / file).read_text()))
    return {one.name for one in ast.parse((HERE / f"{file}.py").read_text()).body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_its_tests(promise):
    shown = PROMISES[promise]
    assert shown
    for file, name in (one.split("::") for one in shown):
        assert name in named_in(file), f"{file} has no {name}"


ALICE = KEYS["alice"]


@pytest.mark.parametrize("key", [sha256(ALICE), sha256(ALICE).upper(), ALICE.upper(), ALICE[:-1], ALICE + "x", ALICE + ",", "alice", ""])
def test_only_the_key_itself_is_the_key(world, key):
    for name, value in [("authorization", f"Bearer {key}"), ("x-api-key", key), ("x-tollgate-key", key)]:
        refused(world.post(CHAT, {"model": "acme/chat"}, {name: value}, key=None), 401, "invalid_api_key")
    assert world.unseen()


@pytest.mark.parametrize("name", ["any/model", "any/model:free", "any/a;b=c&d=e", "any/a@b+c", "any/...", "x/y/z", "any/~(*)!'$,"])
def test_a_models_name_is_one_segment_of_a_path(world, name):
    """At `azure-old`, where the name stands in the path."""
    assert world.post(CHAT, {"model": name}).status == 200
    before, _, segment, *after = world.seen().path.rsplit("/", 4)[-5:]
    assert (before, "/".join(after)) == ("/openai", "chat/completions?api-version=2024-10-21")
    assert unquote(segment) == name and re.fullmatch(r"[A-Za-z0-9._~%-]+", segment)


@pytest.mark.parametrize("name", ["../admin", "any/../../admin", "any/./x", "any//x", "/any/x", "any/", "any/x?y=1", "any/x#y", "any/x%2F..%2Fy", "any/x y", "any/x\\y", 'any/x"y', "any/\u00e9"])
def test_a_models_name_that_is_no_path_is_unknown(world, name):
    refused(world.post(CHAT, {"model": name}), 404, "model_not_found", "model")
    assert world.unseen()


CONTROL = {
    "x-envoy-max-retries": "0",
    "x-envoy-retry-on": "",
    "x-envoy-retry-grpc-on": "cancelled",
    "x-envoy-retriable-header-names": "content-type",
    "x-envoy-retriable-status-codes": "200",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-upstream-rq-per-try-timeout-ms": "1",
    "x-envoy-upstream-rq-timeout-alt-response": "1",
    "x-envoy-hedge-on-per-try-timeout": "true",
    "x-envoy-upstream-alt-stat-name": "CANARY",
    "x-envoy-original-path": "/CANARY",
    "x-envoy-original-host": "canary.test",
    "x-envoy-decorator-operation": "CANARY",
    "x-envoy-ip-tags": "CANARY",
    "x-envoy-force-trace": "1",
}


@pytest.mark.parametrize("headers", [*({name: value} for name, value in CONTROL.items()), CONTROL], ids=lambda headers: ",".join(headers)[:40])
def test_a_client_does_not_control_envoy(world, headers):
    """Neither how often and how long Envoy tries, nor what anybody is told."""
    world.behave(openai=error(503), azure=error(500))
    response = world.chat(headers=headers)
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "openai:503,azure:500,groq:200")
    for got in (one for mock in world.mocks.values() for one in mock.requests):
        assert "CANARY" not in got and not [name for name, _ in got.headers if name.lower().startswith(b"x-envoy")]
    assert not [name for name, _ in response.headers if name.startswith("x-envoy")]
