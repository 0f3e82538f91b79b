"""D3: with a cluster missing from the matcher map Envoy silently stays at the old one, and the plan must notice."""

import example
import pytest
from client import chat
from mock import error, reset
from trio import config, no_secret_in, saw_only_its_own

pytestmark = pytest.mark.both


def without(name: str):
    """The operator forgot the entry of a new provider in the matcher map."""
    return lambda tree: example.matcher_map(tree).pop(name)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_d3_no_provider_gets_anothers_key(gateway, upstream, stream):
    mocks = {"openai": upstream(error(503)), "azure": upstream(), "groq": upstream()}
    running = gateway(config(), mocks, edit=without("azure"))
    response = chat(running.url, stream=stream)

    assert (response.status, response.header("x-tollgate-error")) == (503, "gateway_misconfigured")
    assert response.json()["error"]["code"] == "gateway_misconfigured"
    no_secret_in(response.body.decode())
    assert [len(mock.requests) for mock in mocks.values()] == [1, 0, 0], "the attempt for azure was at openai's cluster"
    saw_only_its_own(mocks["openai"].requests[0], "openai")
    assert running.metrics().value("tollgate_misconfigured_total", reason="cluster") == 1
    (line,) = running.wait_log(1)
    assert (line["error"], line["attempts"]) == ("gateway_misconfigured", "openai:503")


def test_d3_the_same_after_a_reset_where_envoy_retries_by_itself(gateway, upstream):
    mocks = {"openai": upstream(reset()), "azure": upstream(), "groq": upstream()}
    running = gateway(config(), mocks, edit=without("azure"))
    response = chat(running.url)
    assert (response.status, response.header("x-tollgate-error")) == (503, "gateway_misconfigured")
    assert [len(mock.requests) for mock in mocks.values()] == [1, 0, 0]


def test_d3_the_first_cluster_is_missing(gateway, upstream):
    mocks = {"openai": upstream(), "azure": upstream(), "groq": upstream()}
    running = gateway(config(), mocks, edit=without("openai"))
    response = chat(running.url)
    assert (response.status, response.header("x-tollgate-error")) == (503, "gateway_misconfigured")
    assert [len(mock.requests) for mock in mocks.values()] == [0, 0, 0]
    assert running.metrics().value("tollgate_misconfigured_total", reason="cluster") == 1
    assert chat(running.url, "acme/groq").status == 200, "the others are well"


def test_d3_a_matcher_map_that_leads_to_another_provider(gateway, upstream):
    """Worse than a missing entry: a name that leads to somebody else's cluster."""

    def crossed(tree):
        entries = example.matcher_map(tree)
        entries["openai"]["action"]["typed_config"]["cluster"] = "groq"

    mocks = {"openai": upstream(), "azure": upstream(), "groq": upstream()}
    running = gateway(config(), mocks, edit=crossed)
    response = chat(running.url)
    assert (response.status, response.header("x-tollgate-error")) == (503, "gateway_misconfigured")
    assert [len(mock.requests) for mock in mocks.values()] == [0, 0, 0]
    assert running.metrics().value("tollgate_misconfigured_total", reason="cluster") == 1
