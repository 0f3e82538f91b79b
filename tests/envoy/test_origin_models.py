"""Lists of models in each client's shape, and what else the AI SDK asks of an account."""

import anthropic
import openai
import pytest
from world import KEYS, World, config

ANTHROPIC = {"anthropic-version": "2023-06-01"}
AI_SDK = {"ai-gateway-protocol-version": "0.0.1"}
PRICE = {"input": "0.2", "cached_input": "0.05", "cache_write_5m": "0.25", "output": "0.8"}
PER_TOKEN = {"input": "0.0000002", "output": "0.0000008", "input_cache_read": "0.00000005", "input_cache_write": "0.00000025"}


def settings(**more) -> dict:
    known = {"supports": ["tools", "reasoning"], "context_window": 1000, "max_output": 100, "price": PRICE}
    models = [one | (known if one["name"] == "acme/chat" else {}) for one in config()["models"]]
    # Of the document alone: the catalog's models are in test_catalog.py.
    groups = [group | {"models": ["acme/*", "secret/*"]} if group["models"] == ["*"] else group for group in config()["groups"]]
    return config(models=models, groups=groups, **more)


@pytest.fixture(scope="module")
def listed():
    world = World(settings())
    yield world
    world.close()


def ids(response) -> list[str]:
    assert (response.status, response.header("content-type")) == (200, "application/json"), response
    return [one["id"] for one in response.json()["data"]]


def test_what_the_configuration_knows_is_in_openais_list(listed):
    body = listed.get("/v1/models?include_mappings=true").json()
    known = {"context_window": 1000, "max_tokens": 100, "type": "language", "tags": ["tool-use", "reasoning"], "pricing": PER_TOKEN}
    basis = {"id": "acme/chat", "object": "model", "created": 0, "owned_by": "acme", "name": "acme/chat"}
    assert body["data"][0] == basis | known == listed.get("/v1/models/acme/chat", headers=AI_SDK).json()
    assert body["data"][1] == basis | {"id": "acme/other", "name": "acme/other"}
    client = openai.OpenAI(base_url=listed.url + "/v1", api_key=KEYS["alice"])
    assert [one.id for one in client.models.list()] == [one["id"] for one in body["data"]]
    assert client.models.retrieve("acme/chat").owned_by == "acme"


def test_the_list_in_anthropics_shape_and_its_pages(listed):
    names = ids(listed.get("/v1/models"))
    whole = listed.get("/v1/models?limit=1000", headers=ANTHROPIC)
    assert ids(whole) == names
    assert whole.json()["data"][0] == {
        "type": "model",
        "id": "acme/chat",
        "display_name": "acme/chat",
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 1000,
        "max_tokens": 100,
    }
    assert {key: value for key, value in whole.json().items() if key != "data"} == {"has_more": False, "first_id": names[0], "last_id": names[-1]}
    client = anthropic.Anthropic(base_url=listed.url, api_key=KEYS["alice"])
    assert [one.id for one in client.models.list(limit=3)] == names, "page by page, to the end"
    assert [one.id for one in client.models.list(limit=2, before_id=names[3])] == [names[1], names[2], names[0]], "page by page, backward"
    assert client.models.retrieve("chat").id == "acme/chat"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("acme/none")
    with pytest.raises(anthropic.BadRequestError):
        client.models.list(limit=0)


@pytest.mark.parametrize("path, version", [("/v1/ai/config", "v2"), ("/v3/ai/config", "v3"), ("/v4/ai/config", "v4")])
def test_the_ai_sdks_list_by_version(listed, path, version):
    response = listed.get(path, headers=AI_SDK)
    models = response.json()["models"]
    assert [one["id"] for one in models] == ids(listed.get("/v1/models"))
    specification = {"specificationVersion": version, "provider": "gateway", "modelId": "acme/chat"}
    assert models[0] == {"id": "acme/chat", "name": "acme/chat", "pricing": PER_TOKEN, "modelType": "language", "specification": specification}
    assert {one["specification"]["specificationVersion"] for one in models} == {version}
    assert all("pricing" not in one for one in models[1:])


def test_the_endpoints_of_a_model_are_the_callers(listed):
    def names(key):
        data = listed.get("/v1/models/acme/chat/endpoints", key=key).json()["data"]
        assert data["id"] == "acme/chat" and all(one["status"] == 0 for one in data["endpoints"])
        return [one["name"] for one in data["endpoints"]]

    assert names("alice") == ["openai | openai-model", "azure | azure-model", "groq | groq-model"]
    assert names("carol") == ["openai | openai-model", "azure | azure-model"], "only those with the label"
    assert listed.get("/v1/models/secret/model/endpoints", key="bob").status == 404
    assert listed.get("/v1/models/acme/none/endpoints", headers=AI_SDK).json()["error"]["type"] == "model_not_found"


def test_providers_that_are_not_to_be_named_are_not():
    world = World(settings(expose="minimal"))
    try:
        response = world.get("/v1/models/acme/chat/endpoints")
        assert response.json()["data"]["endpoints"] == [] and b"openai" not in response.body
    finally:
        world.close()


def test_credits_are_none_and_reports_are_prometheus_to_make(listed):
    response = listed.get("/v1/credits?slug=team", headers=AI_SDK)
    assert (response.status, response.json()) == (200, {"balance": "0", "total_used": "0", "budget": None})
    path = "/v1/report?start_date=2026-11-20&end_date=2026-11-21&group_by=model"
    query = "sum by (model, type) (increase(tollgate_tokens_total[2d] @ 1795305600))"
    for headers, kind in [({}, "invalid_request_error"), (AI_SDK, "internal_server_error")]:
        response = listed.get(path, headers=headers)
        assert (response.status, response.header("x-should-retry")) == (501, "false")
        assert query in response.json()["error"]["message"] and response.json()["error"]["type"] == kind


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/acme/chat/endpoints", "/v4/ai/config", "/v1/credits", "/v1/generation?id=x", "/v1/report"])
def test_nothing_is_told_without_a_key(listed, path):
    assert listed.get(path, key=None).status == 401


def test_what_is_not_there_is_404_in_each_clients_shape(listed):
    openais = listed.get("/v1/nowhere").json()
    assert openais["error"]["code"] == "unknown_url"
    response = listed.get("/v1/nowhere", headers=ANTHROPIC)
    assert (response.status, response.json()["type"], response.json()["error"]["type"]) == (404, "error", "not_found_error")
    response = listed.get("/v1/nowhere", headers=AI_SDK)
    assert (response.status, response.json()["error"]["type"]) == (404, "not_found")
    assert response.json()["generationId"] == response.header("x-tollgate-generation")
