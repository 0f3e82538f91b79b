"""Envoy 1.37 and 1.38: the limits of a fixed order, and what a mistake in the chains does. Each test has its own Envoy."""

import copy
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import example
import older
import pytest
from client import request
from mock import answer, chatting, chunk, error, sse
from test_tls import authority  # noqa: F401 (a fixture)
from trio import CLIENT_KEY, Trio

SECOND_KEY = "sk-second-key-of-openai"


# What does not depend on the version is shown on one of them.
on_one = pytest.mark.parametrize("other", older.FIXED_ORDER[:1], indirect=True)


@pytest.fixture(params=older.FIXED_ORDER)
def other(request):
    """`other(settings, edit=...)`: with something changed in our part of the file, or in Envoy's."""
    made = []

    def start(settings: dict | None = None, **how) -> Trio:
        made.append(older.start(request.param, settings, **how))
        return made[-1]

    yield start
    problems = [problem for one in made if (problem := one.close())]
    assert not problems, "\n".join(problems)


@on_one
def test_the_list_of_models_and_a_wrong_key(other):
    one = other(older.config(access={}))
    known = [("authorization", f"Bearer {CLIENT_KEY}")]
    listed = request(one.gateway.url, "GET", "/v1/models", headers=known)
    assert listed.status == 200 and "acme/chat" in [model["id"] for model in listed.json()["data"]]
    refused = one.chat(headers=[("authorization", "Bearer sk-of-nobody")])
    assert (refused.status, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert one.seen() == {"openai": 0, "azure": 0, "groq": 0}
    assert one.line(one.chat(headers=known))["key"] == "alice"


def test_a_provider_without_a_chain_is_tried_twice(other):
    """The matcher leads to its own cluster, as on newer Envoys, so there is somebody to try again."""
    one = other(edit=older.lead_to("azure", "azure"))
    one.behave(azure=(error(429, headers={"retry-after": "1"}), chatting("at last")))
    response = one.chat("acme/azure")
    assert (response.text(), response.header("x-tollgate-attempts")) == ("at last", "azure:429,azure:200")
    one.behave(azure=error(503))
    assert one.chat("acme/azure").header("x-tollgate-attempts") == "azure:503,azure:503"


@on_one
def test_max_attempts_and_the_callers_wish_end_a_chain(other):
    one = other(older.config(routing={"max_attempts": 2}))
    one.behave(openai=error(503), azure=error(503))
    assert one.chat().header("x-tollgate-attempts") == "openai:503,azure:503"
    response = one.chat(headers=[("x-tollgate-fallback", "off")])
    assert (response.status, response.header("x-tollgate-attempts")) == (503, "openai:503")
    assert one.seen() == {"openai": 2, "azure": 1, "groq": 0}


@on_one
def test_the_next_key_where_a_chain_names_its_provider_twice(other):
    def twice(tree: dict) -> None:
        chain = example.clusters(tree)["openai-first"]["cluster_type"]["typed_config"]
        chain["clusters"] = [{"name": name} for name in ("openai", "openai", "azure", "groq")]

    providers = copy.deepcopy(older.config()["providers"])
    providers[0]["credentials"] = [{"env": "OPENAI_API_KEY"}, {"value": SECOND_KEY}]
    one = other(older.config(providers=providers), edit=twice)
    one.behave(openai=(error(401), chatting("from the second")))
    keys = lambda: {got.header("authorization") for got in one.mocks["openai"].requests}  # noqa: E731
    assert one.chat().text() == "from the second" and len(keys()) == 2
    one.behave(openai=error(401))
    assert one.chat().header("x-tollgate-attempts") == "openai:401,openai:401,azure:200"
    assert keys() == {f"Bearer {example.secret('openai')}", f"Bearer {SECOND_KEY}"}
    one.behave(openai=error(503))
    assert one.chat("acme/alone").header("x-tollgate-attempts") == "openai:503,openai:503"


@on_one
def test_a_target_that_rests_is_not_where_a_chain_begins(other):
    one = other(older.config(routing={"cooldown": {"after": 2, "for": "60s"}}), rests=True)
    one.behave(openai=error(503))
    attempts = [one.chat().header("x-tollgate-attempts") for _ in range(4)]
    assert attempts == ["openai:503,azure:200"] * 2 + ["azure:200"] * 2


def test_many_at_a_time_all_fall_back(other):
    """Retries of a chain are counted against the chain's circuit breaker, whose default is three."""
    one = other()
    one.behave(openai=answer(503, {"error": {"message": "busy"}}, delay=0.2))
    with ThreadPoolExecutor(100) as pool:
        assert Counter(pool.map(lambda _: one.chat().status, range(300))) == {200: 300}
    assert one.gateway.stats("upstream_rq_retry_overflow")["cluster.openai-first.upstream_rq_retry_overflow"] == 0


def test_a_provider_whose_name_does_not_resolve_is_passed_over(other):
    def unknown_name(tree: dict) -> None:
        endpoint = example.clusters(tree)["openai"]["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        endpoint["address"]["socket_address"]["address"] = "provider.invalid"

    responses = [one.chat() for one in [other(edit=unknown_name)] for _ in range(5)]
    assert {(one.status, one.header("x-tollgate-attempts")) for one in responses} == {(200, "openai:connect,azure:200")}


# ---------------------------------------------------------------- what must not go wrong in silence


@on_one
def test_an_endpoint_that_does_not_say_whose_it_is_gets_nothing(other):
    def unnamed(tree: dict) -> None:
        for priority in example.clusters(tree)["azure"]["load_assignment"]["endpoints"]:
            priority["lb_endpoints"][0].pop("metadata")

    one = other(edit=unnamed)
    one.behave(openai=error(503))
    response = one.chat()
    assert (response.status, response.header("x-tollgate-error")) == (503, "gateway_misconfigured")
    assert one.seen() == {"openai": 1, "azure": 0, "groq": 0}
    one.wait_value("tollgate_misconfigured_total", 1, reason="cluster")


@on_one
def test_a_chain_that_begins_with_somebody_else_gets_nothing(other):
    one = other(edit=older.lead_to("openai", "groq-first"))
    assert one.chat("acme/alone").header("x-tollgate-error") == "gateway_misconfigured"
    assert one.seen() == {"openai": 0, "azure": 0, "groq": 0}
    one.wait_value("tollgate_misconfigured_total", 1, reason="cluster")


def test_each_provider_of_a_chain_has_its_own_name_in_tls(other, upstream, authority):
    """The chain is one cluster for Envoy's router; names sent and certificates taken are those of the clusters in it."""
    hosts, sent, mocks = {"openai": "localhost", "azure": "azure.localhost"}, [], {}
    for name, host in hosts.items():
        context = authority(host)
        context.sni_callback = lambda _socket, name, _context: sent.append(name)
        mocks[name] = upstream(error(503) if name == "openai" else chatting("over TLS"), tls=context)

    def encrypted(tree: dict) -> None:
        socket = example.bootstrap(example.OLDER_PATH)["static_resources"]["clusters"][0]["transport_socket"]
        socket["typed_config"]["common_tls_context"]["validation_context"]["trusted_ca"]["filename"] = authority.ca
        for name, host in hosts.items():
            cluster = example.clusters(tree)[name]
            address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]
            address["socket_address"] = {"address": host, "port_value": mocks[name].port}
            cluster["transport_socket"] = socket

    response = other(edit=encrypted).chat()
    assert (response.text(), response.header("x-tollgate-attempts")) == ("over TLS", "openai:503,azure:200")
    assert sent == list(hosts.values())


def test_nothing_of_a_slow_stream_is_lost():
    """Newer Envoys let the headers go after five seconds without content; before 1.39 that costs the next piece."""
    role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    told = sse([role, chunk({"content": "all of it"}) + chunk({}, "stop") + "data: [DONE]\n\n"], delay=5.3)

    def ask(version: str):
        one = older.start(version)
        one.behave(openai=told)
        response = one.chat(stream=True)
        return one.close(), response.cut, response.text()

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(ask, older.FIXED_ORDER)) == [("", False, "all of it")] * 2
