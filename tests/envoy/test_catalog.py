"""Models that nobody configured: what the catalog makes of a document with providers alone."""

import pytest
from client import chat, request
from harness import Gateway
from mock import Upstream, chatting

EXPLAIN = {"x-tollgate-explain": "1"}


@pytest.fixture(scope="module")
def bare():
    mocks = {name: Upstream() for name in ("openai", "groq")}
    config = {
        "role": "gateway",
        "providers": [{"name": "openai", "preset": "openai"}, {"name": "groq", "preset": "groq"}],
        "access": {"allow_unauthenticated": True},
    }
    for mock in mocks.values():
        mock.behaviours = (chatting("hello"),)
    with Gateway(config, dict(mocks)) as gateway:
        yield gateway, mocks
    for mock in mocks.values():
        mock.close()


@pytest.mark.parametrize(
    "asked, plan",
    [
        ("openai/gpt-5", "openai:gpt-5"),
        ("gpt-5", "openai:gpt-5"),
        ("gpt-5-2025-08-07", "openai:gpt-5-2025-08-07"),
        ("meta/llama-3.3-70b", "groq:llama-3.3-70b-versatile"),
        ("openai/gpt-oss-120b", "groq:openai/gpt-oss-120b"),
    ],
)
def test_a_provider_alone_serves_its_models(bare, asked, plan):
    response = chat(bare[0].url, asked, headers=EXPLAIN)
    assert (response.status, response.header("x-tollgate-plan")) == (200, plan)


def test_a_catalogued_model_is_a_label_and_another_is_not(bare):
    for model in ("openai/gpt-5", "openai/gpt-of-tomorrow"):
        assert chat(bare[0].url, model).status == 200
    metrics = bare[0].metrics()
    assert metrics.value("tollgate_requests_total", model="openai/gpt-5", provider="openai") >= 1
    assert metrics.value("tollgate_requests_total", model="other", provider="openai") >= 1


def test_near_names_are_those_that_work(bare):
    response = chat(bare[0].url, "gpt5")
    assert response.status == 404 and "`openai/gpt-5`" in response.json()["error"]["message"]


def test_the_list_has_prices(bare):
    body = request(bare[0].url, path="/v1/models/openai/gpt-5").json()
    assert body["pricing"] == {"input": "0.00000125", "output": "0.00001", "input_cache_read": "0.000000125"}
    names = [one["id"] for one in request(bare[0].url, path="/v1/models").json()["data"]]
    assert "meta/llama-3.3-70b" in names and not any(name.startswith("anthropic/") for name in names)


def test_prices_bound_a_plan(bare):
    dear = chat(bare[0].url, "openai/gpt-5", provider={"max_price": {"prompt": 1}})
    assert (dear.status, dear.json()["error"]["param"]) == (400, "max_price")
    cheap = chat(bare[0].url, "openai/gpt-5", provider={"max_price": {"prompt": 2}, "sort": "price"})
    assert cheap.status == 200
