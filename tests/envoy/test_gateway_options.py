"""Routing options of a request: each is honoured, with an effect that can be seen, or refused by its path."""

import json

import pytest
from client import CHAT
from mock import error
from world import World, refused

EXPLAIN = {"x-tollgate-explain": "1"}
ALL = "openai:openai-model > azure:azure-model > groq:groq-model"
GATEWAY = "providerOptions.gateway."


def gateway(**options) -> dict:
    return {"providerOptions": {"gateway": options}}


def planned(world: World, body: dict, headers=()) -> str:
    """The plan; the first of it answered, and saw nothing of the options."""
    response = world.chat(headers=EXPLAIN | dict(headers), **body)
    assert response.status == 200, response.body
    plan = response.header("x-tollgate-plan")
    assert response.header("x-tollgate-provider") == plan.split(":")[0]
    assert set(world.seen().json()) == {"model", "messages"}
    assert world.line(response)["plan"] == plan
    return plan


@pytest.mark.parametrize(
    "body, plan",
    [
        ({}, ALL),
        (gateway(), ALL),
        ({"providerOptions": {}}, ALL),
        ({"providerOptions": None, "models": None, "provider": None}, ALL),
        ({"providerOptions": {"openai": {}, "anthropic": None}}, ALL),
        # order: these first, the others after them
        (gateway(order=["groq"]), "groq:groq-model > openai:openai-model > azure:azure-model"),
        (gateway(order=["groq", "azure"]), "groq:groq-model > azure:azure-model > openai:openai-model"),
        (gateway(order=["unknown"]), ALL),
        ({"provider": {"order": ["azure"]}}, "azure:azure-model > openai:openai-model > groq:groq-model"),
        # only: no others; with order inside it
        (gateway(only=["azure"]), "azure:azure-model"),
        (gateway(only=["azure", "groq"]), "azure:azure-model > groq:groq-model"),
        (gateway(only=["azure", "groq"], order=["groq"]), "groq:groq-model > azure:azure-model"),
        ({"provider": {"only": ["groq"]}}, "groq:groq-model"),
        ({"provider": {"ignore": ["openai"]}}, "azure:azure-model > groq:groq-model"),
        ({"provider": {"allow_fallbacks": False}}, "openai:openai-model"),
        ({"provider": {"allow_fallbacks": True}}, ALL),
        # models: after the asked one's targets
        (gateway(models=["acme/other"]), ALL + " > groq:other-model"),
        ({"models": ["acme/other"]}, ALL + " > groq:other-model"),
        (gateway(models=["acme/chat"]), ALL),
        (gateway(only=["groq"], models=["acme/other"]), "groq:groq-model > groq:other-model"),
        # properties of a provider are labels
        (gateway(zeroDataRetention=True), "openai:openai-model"),
        (gateway(zeroDataRetention=False), ALL),
        ({"provider": {"zdr": True}}, "openai:openai-model"),
        (gateway(disallowPromptTraining=True), "groq:groq-model"),
        ({"provider": {"data_collection": "deny"}}, "groq:groq-model"),
        ({"provider": {"data_collection": "allow"}}, ALL),
        (gateway(has=["vision"]), "azure:azure-model"),
        (gateway(has=["vision", "eu"]), "azure:azure-model"),
        (gateway(has=[]), ALL),
        (gateway(inferenceRegion={"scope": "zone", "geoRegion": "eu"}), "openai:openai-model > azure:azure-model"),
        (gateway(inferenceRegion={"scope": "global"}), ALL),
        (gateway(headquarters=["US"]), "azure:azure-model"),
        (gateway(user="u", tags=["t"]), ALL),
    ],
    ids=json.dumps,
)
def test_what_an_option_does(world, body, plan):
    assert planned(world, body) == plan


@pytest.mark.parametrize(
    "options",
    [
        {"sort": "cost"},
        {"sort": "ttft"},
        {"providerTimeouts": {"byok": {"openai": 1000}}},
        {"caching": "auto"},
        {"serviceTier": "flex"},
        {"speed": "fast"},
        {"allowFallbackFromFast": False},
        {"inferenceRegion": {"scope": "zone"}},
        {"inferenceRegion": {"scope": "global", "providers": {"openai": None}}},
        {"headquarters": ["!US"]},
        {"headquarters": ["US", "DE"]},
        {"safetyIdentifier": "user-1"},
        {"quotaEntityId": "team-1"},
        {"byok": {"openai": [{"apiKey": "sk-own"}]}},
        {"hipaaCompliant": True},
        {"nonsense": 1},
        # a wrong type is not ignored either
        {"order": "groq"},
        {"only": [1]},
        {"models": {}},
        {"zeroDataRetention": "true"},
        {"disallowPromptTraining": 1},
        {"has": "vision"},
        {"user": 7},
        {"tags": ["x" * 65]},
        {"tags": ["x"] * 11},
    ],
    ids=json.dumps,
)
def test_what_is_not_honoured_is_named_by_its_path(world, options):
    (name,) = options
    message = refused(world.chat(**gateway(**options)), 400, "unsupported_option", GATEWAY + name)
    assert GATEWAY + name in message and world.unseen()


@pytest.mark.parametrize(
    "provider",
    [
        {"sort": "price"},
        {"sort": {"by": "throughput"}},
        {"max_price": {"prompt": 1}},
        {"require_parameters": True},
        {"quantizations": ["fp8", "bf16"]},
        {"preferred_min_throughput": 50},
        {"preferred_max_latency": 1},
        {"enforce_distillable_text": True},
        {"nonsense": 1},
        {"order": "openai"},
        {"allow_fallbacks": "no"},
        {"data_collection": "maybe"},
        {"zdr": "yes"},
    ],
    ids=json.dumps,
)
def test_the_provider_object_too(world, provider):
    (name,) = provider
    refused(world.chat(provider=provider), 400, "unsupported_option", f"provider.{name}")
    assert world.unseen()


@pytest.mark.parametrize(
    "body, param",
    [
        ({"provider": "openai"}, "provider"),
        ({"provider": ["openai"]}, "provider"),
        ({"models": "acme/other"}, "models"),
        ({"models": [1]}, "models"),
        ({"models": ["acme/other"] * 65}, "models"),
        ({"providerOptions": "x"}, "providerOptions"),
        ({"providerOptions": {"gateway": []}}, "providerOptions.gateway"),
        ({"providerOptions": {"gateway": {}, "x": "y" * 70_000}}, "providerOptions"),
    ],
)
def test_a_container_of_a_wrong_kind_is_named(world, body, param):
    refused(world.chat(**body), 400, "unsupported_option", param)
    assert world.unseen()


@pytest.mark.parametrize(
    "body, param",
    [
        (gateway(only=[]), "only"),
        (gateway(only=["unknown"]), "only"),
        ({"provider": {"ignore": ["openai", "azure", "groq"]}}, "ignore"),
        (gateway(zeroDataRetention=True, disallowPromptTraining=True), None),
        (gateway(has=["teleport"]), GATEWAY + "has"),
        (gateway(inferenceRegion={"scope": "zone", "geoRegion": "moon"}), GATEWAY + "inferenceRegion"),
    ],
    ids=json.dumps,
)
def test_what_leaves_nobody_is_400_and_names_the_filter(world, body, param):
    response = world.chat(**body)
    param = param or response.json()["error"]["param"]  # of two filters either may be named
    message = refused(response, 400, "no_matching_provider", param)
    assert "acme/chat" in message and world.unseen()


def test_a_model_of_the_request_that_nobody_knows_is_404(world):
    refused(world.chat(models=["acme/none"]), 404, "model_not_found", "model")


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/embeddings", "/v1/moderations"])
def test_outside_of_chat_models_and_provider_are_the_providers_business(world, path):
    body = {"model": "acme/chat", "models": ["x"], "provider": {"sort": "price"}} | gateway(only=["openai"])
    response = world.post(path, body)
    assert response.status == 200
    assert world.seen().json() == {"model": "openai-model", "models": ["x"], "provider": {"sort": "price"}}
    assert world.seen().path == path


def test_an_endpoint_that_no_provider_of_the_model_has_is_400(world):
    message = refused(world.post("/v1/rerank", {"model": "acme/chat"}), 400, "no_matching_provider")
    assert "rerank" in message and world.unseen()


def test_user_and_tags_are_in_the_log_from_body_and_headers(world):
    response = world.chat(**gateway(user="body-user", tags=["a"]))
    assert (world.line(response)["user"], world.line(response)["tags"]) == ("body-user", ["a"])
    headers = {"ai-reporting-user": "header-user", "ai-reporting-tags": "b, c,a"}
    response = world.behave().chat(headers=headers, **gateway(user="body-user", tags=["a"]))
    assert (world.line(response)["user"], world.line(response)["tags"]) == ("header-user", ["a", "b", "c"])
    assert "header-user" not in world.seen() and "body-user" not in world.seen()
    for name, value in [("ai-reporting-user", "x" * 257), ("ai-reporting-tags", "a,,b")]:
        refused(world.chat(headers={name: value}), 400, "invalid_body", name)


# ---------------------------------------------------------------- options in headers


def test_fallback_off_is_one_target(world):
    assert planned(world, {}, {"x-tollgate-fallback": "off"}) == "openai:openai-model"
    assert planned(world.behave(), {}, {"x-tollgate-fallback": "on"}) == ALL


@pytest.mark.parametrize(
    "body, headers",
    [({}, {"x-tollgate-fallback": "off"}), ({"provider": {"allow_fallbacks": False}}, {}), (gateway(only=["openai"]), {})],
)
def test_a_plan_of_one_is_tried_twice_and_nobody_else_is(world, body, headers):
    world.behave(openai=error(503))
    response = world.chat(headers=headers, **body)
    assert (response.status, response.header("x-tollgate-attempts")) == (503, "openai:503,openai:503")
    assert [len(world.mocks[name].requests) for name in ("openai", "azure", "groq")] == [2, 0, 0]


def test_the_plan_is_shown_only_when_asked(world):
    for headers in ({}, {"x-tollgate-explain": "0"}):
        assert world.chat(headers=headers).header("x-tollgate-plan") is None


def test_a_credential_of_the_callers_own_is_denied_not_ignored(world):
    refused(world.chat(headers={"x-tollgate-byok-openai": "{}"}), 403, "byok_denied")
    assert world.unseen()


def test_a_response_kept_at_one_account_goes_nowhere_else(world):
    response = world.post("/v1/responses", {"model": "acme/chat", "previous_response_id": "resp_1"}, EXPLAIN)
    assert response.header("x-tollgate-plan") == "openai:openai-model"
    assert world.post(CHAT, {"model": "acme/chat"}, EXPLAIN).header("x-tollgate-plan") == ALL
