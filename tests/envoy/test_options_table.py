"""Every routing option of a body: what it does to the plan, or that it is refused by its path. The list is docs/options.md."""

import json
import re

import example
import pytest
from client import CHAT
from world import World, config, refused

ALL = "openai > azure > groq"
REFUSED, NOBODY = "unsupported_option", "no_matching_provider"
GATEWAY = "providerOptions.gateway."

# Each value with the plan that comes of it, or the code of the refusal. Besides, for every option: null is ALL, 7 is REFUSED.
OPTIONS = {
    GATEWAY + "order": [
        (["groq"], "groq > openai > azure"),
        (["groq", "azure"], "groq > azure > openai"),
        (["unknown", "azure"], "azure > openai > groq"),
        ([], ALL),
        ("groq", REFUSED),
        ([1], REFUSED),
        (["groq"] * 65, REFUSED),
    ],
    GATEWAY + "only": [(["azure"], "azure"), (["groq", "openai"], "openai > groq"), ([], NOBODY), (["unknown"], NOBODY), ([1], REFUSED)],
    GATEWAY + "models": [(["acme/other"], ALL + " > groq"), (["acme/chat"], ALL), ([], ALL), ({}, REFUSED)],
    GATEWAY + "user": [("u", ALL), ("", REFUSED), ("x" * 257, REFUSED)],
    GATEWAY + "tags": [(["t"], ALL), (["x" * 65], REFUSED), ([""], REFUSED), (["x"] * 11, REFUSED)],
    GATEWAY + "zeroDataRetention": [(True, "openai"), (False, ALL), ("true", REFUSED)],
    GATEWAY + "disallowPromptTraining": [(True, "groq"), (False, ALL), (1, REFUSED)],
    GATEWAY + "has": [
        (["vision"], "azure"),
        (["vision", "eu"], "azure"),
        (["quantization:fp8"], "groq"),
        ([], ALL),
        (["teleport"], NOBODY),
        (["!quantization:fp8"], REFUSED),
        ("vision", REFUSED),
    ],
    GATEWAY + "inferenceRegion": [
        ({"scope": "zone", "geoRegion": "eu"}, "openai > azure"),
        ({"scope": "global"}, ALL),
        ({"scope": "zone", "geoRegion": "moon"}, NOBODY),
        ({"scope": "zone"}, REFUSED),
        ({"scope": "global", "geoRegion": "eu"}, REFUSED),
        ({"scope": "global", "providers": {"openai": None}}, REFUSED),
    ],
    GATEWAY + "headquarters": [(["US"], "azure"), ([], ALL), (["DE"], NOBODY), (["!US"], REFUSED), (["US", "DE"], REFUSED)],
    GATEWAY + "sort": [("cost", ALL), ("ttft", REFUSED), ("tps", REFUSED)],
    GATEWAY + "byok": [({}, ALL), ({"openai": []}, ALL), ([], REFUSED), ({"openai": "sk-own"}, REFUSED)],  # more: test_byok.py
    GATEWAY + "caching": [("auto", ALL), ("never", REFUSED), (True, REFUSED)],
    GATEWAY + "providerTimeouts": [({"byok": {"openai": 1000}}, REFUSED)],
    GATEWAY + "serviceTier": [("flex", REFUSED), ("priority", REFUSED)],
    GATEWAY + "speed": [("fast", REFUSED)],
    GATEWAY + "allowFallbackFromFast": [(False, REFUSED)],
    GATEWAY + "safetyIdentifier": [("user-1", REFUSED)],
    GATEWAY + "quotaEntityId": [("team-1", REFUSED)],
    GATEWAY + "hipaaCompliant": [(True, REFUSED)],
    GATEWAY + "nonsense": [(False, REFUSED)],
    "providerOptions.openai.serviceTier": [("flex", REFUSED)],
    "models": [(["acme/other"], ALL + " > groq"), ("acme/other", REFUSED), ([1], REFUSED), (["acme/other"] * 65, REFUSED)],
    "route": [("fallback", ALL), ("sort", REFUSED)],
    "preset": [("mine", REFUSED)],
    "provider.order": [(["azure"], "azure > openai > groq"), ("openai", REFUSED)],
    "provider.only": [(["groq"], "groq"), (["unknown"], NOBODY)],
    "provider.ignore": [(["openai"], "azure > groq"), (["unknown"], ALL), (["openai", "azure", "groq"], NOBODY)],
    "provider.allow_fallbacks": [(False, "openai"), (True, ALL), ("no", REFUSED)],
    "provider.zdr": [(True, "openai"), (False, ALL), ("yes", REFUSED)],
    "provider.data_collection": [("deny", "groq"), ("allow", ALL), ("maybe", REFUSED)],
    "provider.quantizations": [(["fp8"], "groq"), (["int4"], NOBODY), ([], ALL), (["fp8", "bf16"], REFUSED)],
    "provider.require_parameters": [(True, REFUSED), (False, ALL)],
    "provider.enforce_distillable_text": [(True, REFUSED), (False, ALL)],
    "provider.sort": [("price", ALL), ("latency", REFUSED), ({"by": "throughput", "partition": None}, REFUSED)],
    "provider.max_price": [({"prompt": 1}, NOBODY), ({"request": 1}, REFUSED)],
    "provider.preferred_min_throughput": [(50, REFUSED), ({"p90": 50}, REFUSED)],
    "provider.preferred_max_latency": [(1, REFUSED)],
    "provider.nonsense": [(False, REFUSED)],
}
OF_RESPONSES = {"caching": "auto", "cache_anchor_items": 2, "cache_ttl": "1h"}
CASES = [(name, value, outcome) for name, rows in OPTIONS.items() for value, outcome in [*rows, (None, ALL), (7, REFUSED)]]


@pytest.fixture(scope="module")
def shared():
    settings = config()
    next(one for one in settings["providers"] if one["name"] == "groq")["labels"].append("quantization-fp8")
    world = World(settings)
    yield world
    world.close()


def nested(path: str, value) -> dict:
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def gateway(**options) -> dict:
    return {"providerOptions": {"gateway": options}}


def planned(world: World, body: dict) -> str:
    """The plan's providers; the first of them answered, and saw nothing of the options."""
    response = world.chat(headers={"x-tollgate-explain": "1"}, **body)
    assert response.status == 200, response.body
    plan = response.header("x-tollgate-plan")
    assert response.header("x-tollgate-provider") == plan.split(":")[0]
    assert set(world.seen().json()) == {"model", "messages"}
    assert world.line(response)["plan"] == plan
    return re.sub(r":\S+", "", plan)


@pytest.mark.parametrize("name, value, outcome", CASES, ids=[f"{name}={json.dumps(value)[:40]}" for name, value, _ in CASES])
def test_every_option(world, name, value, outcome):
    body = nested(name, value)
    if outcome not in (REFUSED, NOBODY):
        assert planned(world, body) == outcome
        return
    response = world.chat(**body)
    param = response.json()["error"]["param"]
    assert param == name or (outcome == NOBODY and "." + param in name)
    message = refused(response, 400, outcome, param)
    assert f"`{param}`" in message and world.unseen()
    assert (response.header("x-tollgate-error"), response.header("x-should-retry")) == ("policy_option", "false")


@pytest.mark.parametrize("name, value", OF_RESPONSES.items())
def test_every_option_of_responses(world, name, value):
    path, body = "/v1/responses", {"model": "acme/chat"}
    refused(world.post(path, body | {name: value}), 400, REFUSED, name)
    assert world.unseen()
    # Null is absent, an object is some provider's own field, and chat completions have no such option.
    for path, value, left in [(path, None, {}), (path, {"type": "x"}, {name: {"type": "x"}}), (CHAT, value, {name: value})]:
        assert world.behave().post(path, body | {name: value}).status == 200
        assert world.seen().json() == {"model": "openai-model"} | left


def test_the_documentation_lists_every_option():
    """Of bodies; the headers are in test_options_headers.py."""
    text = (example.ROOT / "docs/options.md").read_text().partition("## Headers")[0]
    assert set(re.findall(r"^\| `([^`]+)`", text, re.M)) == (set(OPTIONS) | set(OF_RESPONSES)) - {GATEWAY + "nonsense", "provider.nonsense"}


# ---------------------------------------------------------------- several at a time


@pytest.mark.parametrize(
    "body, plan",
    [
        ({"providerOptions": {}}, ALL),
        ({"providerOptions": None, "provider": None}, ALL),
        ({"providerOptions": {"openai": {}, "anthropic": None}}, ALL),
        (gateway(only=["azure", "groq"], order=["groq"]), "groq > azure"),
        (gateway(only=["groq"], models=["acme/other"]), "groq > groq"),
        (gateway(order=["azure"]) | {"provider": {"order": ["azure"], "ignore": ["groq"]}}, "azure > openai"),
        (gateway(only=["azure", "groq"]) | {"provider": {"data_collection": "deny"}}, "groq"),
        ({"provider": {"order": ["groq", "azure"], "allow_fallbacks": False}}, "groq > azure"),
        ({"provider": {"order": ["groq", "azure"], "only": ["azure", "openai"], "allow_fallbacks": False}}, "azure"),
        ({"models": ["acme/other"], "route": "fallback", "provider": {"ignore": ["openai"]}}, "azure > groq > groq"),
        # a repeated member: the last one counts, as in every common parser
        (gateway(**json.loads('{"only": ["azure"], "only": ["groq"]}')), "groq"),
    ],
    ids=json.dumps,
)
def test_options_together(world, body, plan):
    assert planned(world, body) == plan


@pytest.mark.parametrize(
    "body, code, param",
    [
        (gateway(order=["azure"]) | {"provider": {"order": ["groq"]}}, REFUSED, "provider.order"),
        (gateway(only=["azure"]) | {"provider": {"only": ["groq"]}}, REFUSED, "provider.only"),
        (gateway(zeroDataRetention=True, disallowPromptTraining=True), NOBODY, None),  # of two filters either may be named
        ({"provider": {"order": ["unknown"], "allow_fallbacks": False}}, NOBODY, None),
        ({"provider": "openai"}, REFUSED, "provider"),
        ({"provider": ["openai"]}, REFUSED, "provider"),
        ({"providerOptions": "x"}, REFUSED, "providerOptions"),
        ({"providerOptions": {"gateway": []}}, REFUSED, "providerOptions.gateway"),
        ({"providerOptions": {"openai": "flex"}}, REFUSED, "providerOptions.openai"),
        ({"providerOptions": {"gateway": {}, "x": "y" * 70_000}}, REFUSED, "providerOptions"),
        ({"models": ["acme/none"]}, "model_not_found", "model"),
    ],
    ids=lambda case: json.dumps(case)[:60],
)
def test_what_is_refused_together(world, body, code, param):
    response = world.chat(**body)
    refused(response, 404 if code == "model_not_found" else 400, code, param or response.json()["error"]["param"])
    assert world.unseen()
