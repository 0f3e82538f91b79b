"""What is an option of ours where, what is a field of the provider, and what names a conversation."""

import json

import pytest
from client import CHAT
from world import World, refused

REFUSED, NOBODY = "unsupported_option", "no_matching_provider"


def gateway(**options) -> dict:
    return {"providerOptions": {"gateway": options}}


ENDPOINTS = [CHAT, "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/moderations", "/v1/images/generations", "/v1/audio/speech"]


@pytest.mark.parametrize("path", ENDPOINTS)
def test_the_gateways_options_hold_at_every_json_endpoint(world, path):
    asked = {"model": "acme/chat", "input": "x"}
    assert world.post(path, asked | gateway(only=["openai"], user="u", has=["zdr"])).header("x-tollgate-provider") == "openai"
    assert world.seen().json() == {"model": "openai-model", "input": "x"}
    refused(world.behave().post(path, asked | gateway(sort="ttft")), 400, REFUSED, "providerOptions.gateway.sort")
    assert world.unseen()


@pytest.mark.parametrize("path", ENDPOINTS[1:])
def test_outside_of_chat_models_and_provider_are_the_providers_business(world, path):
    theirs = {"models": ["x"], "provider": {"sort": "price"}, "route": "sort", "preset": "p"}
    assert world.post(path, {"model": "acme/chat"} | theirs | gateway(only=["openai"])).status == 200
    assert (world.seen().path, world.seen().json()) == (path, {"model": "openai-model"} | theirs)


FIELDS = {
    "transforms": ["middle-out"],
    "plugins": [{"id": "web", "max_results": 1}],
    "usage": {"include": True},
    "user": "end-user",
    "session_id": "s-1",
    "safety_identifier": "hash",
    "service_tier": "flex",
    "include_reasoning": True,
    "verbosity": "low",
    "modalities": ["text", "image"],
    "image_config": {"aspect_ratio": "1:1"},
    "web_search_options": {},
    "metadata": {"a": "b"},
    "trace": {"trace_id": "t"},
    "debug": {"echo_upstream_body": True},
    "top_k": 3,
    "min_p": 0.10,
    "nonsense": None,
}


def test_fields_of_providers_pass_as_they_are_and_are_no_options(world):
    body = json.dumps({"model": "acme/same", "messages": []} | FIELDS, indent=1).encode()
    for headers in ({}, {"x-tollgate-strict": "1"}):
        response = world.behave().post(CHAT, body, headers)
        assert (response.status, response.header("x-tollgate-dropped-params")) == (200, None)
        assert world.seen().body == body


def test_an_endpoint_that_no_provider_of_the_model_has_is_400(world):
    message = refused(world.post("/v1/rerank", {"model": "acme/chat"}), 400, NOBODY)
    assert "rerank" in message and world.unseen()


def test_a_response_kept_at_one_account_goes_nowhere_else(world):
    explain = {"x-tollgate-explain": "1"}
    pinned = {"model": "acme/chat", "previous_response_id": "resp_1"}
    for options in ({}, gateway(order=["groq"], models=["acme/other"]), gateway(only=["groq", "openai"])):
        response = world.post("/v1/responses", pinned | options, explain)
        assert response.header("x-tollgate-plan") == "openai:openai-model"
    assert world.post("/v1/responses", pinned | gateway(has=["no-training"]), explain).header("x-tollgate-plan") == "groq:groq-model"
    everybody = world.post(CHAT, {"model": "acme/chat", "models": ["acme/other"]}, explain).header("x-tollgate-plan")
    assert everybody == "openai:openai-model > azure:azure-model > groq:groq-model > groq:other-model"


# ---------------------------------------------------------------- what names a conversation


def served(world: World, text: str, headers: dict, body: dict) -> str:
    messages = [{"role": "user", "content": text}]
    return world.post(CHAT, {"model": "acme/spread", "messages": messages} | body, headers).header("x-tollgate-provider")


@pytest.mark.parametrize("name", ["x-tollgate-session", "session_id", "prompt_cache_key"])
def test_a_named_conversation_keeps_its_target(world, name):
    places = set()
    for n in range(25):
        named = {name: f"conversation-{n}"}
        how = (named, {}) if name.startswith("x-") else ({}, named)
        turns = {served(world, f"turn {turn}", *how) for turn in range(3)}
        assert len(turns) == 1
        places |= turns
    assert places == {"openai", "groq"}


@pytest.mark.parametrize("name", ["session_id", "prompt_cache_key"])
@pytest.mark.parametrize("nameless", [None, ""])
def test_everybody_without_a_name_is_not_one_conversation(world, name, nameless):
    assert {served(world, f"Hello, I am number {n}.", {}, {name: nameless}) for n in range(25)} == {"openai", "groq"}


def test_the_stronger_name_counts(world):
    names = [("session_id", "prompt_cache_key"), ("x-tollgate-session", "session_id")]
    for stronger, weaker in names:
        for n in range(10):
            same = {stronger: f"s{n}"}
            header = {key: value for key, value in same.items() if key.startswith("x-")}
            body = {key: value for key, value in same.items() if not key.startswith("x-")}
            assert len({served(world, "x", header, body | {weaker: f"w{other}"}) for other in range(8)}) == 1
