"""D4: HTTP/2 request trailers, and Envoy's decompressor before us, end a body without the body callback seeing it.

A filter that decides there is then never asked: the request went through without a policy.
"""

import gzip
import hashlib
import json
import os

import example
import pytest
from client import CHAT, h2_request, request
from mock import chatting, error
from trio import CLIENT_KEY, Trios, config, saw_only_its_own

pytestmark = pytest.mark.both

TRAILERS = [("x-end", "1")]
GZIP = [("content-type", "application/json"), ("content-encoding", "gzip")]
BIG = "canary " + os.urandom(3 << 19).hex()  # the decompressor refuses what shrinks a hundredfold


def guarded() -> dict:
    """Nobody without a key, and this key only for one model: what a skipped policy would let through."""
    digest = hashlib.sha256(CLIENT_KEY.encode()).hexdigest()
    return config(
        access={"allow_unauthenticated": False},
        groups=[{"name": "some", "models": ["acme/chat", "acme/quick"]}],
        keys=[{"id": "alice", "group": "some", "sha256": digest}],
    )


def decompress(tree: dict) -> None:
    library = {"name": "gzip", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.compression.gzip.decompressor.v3.Gzip"}}
    kind = "type.googleapis.com/envoy.extensions.filters.http.decompressor.v3.Decompressor"
    filter = {"name": "envoy.filters.http.decompressor", "typed_config": {"@type": kind, "decompressor_library": library}}
    example.connection_manager(tree)["http_filters"].insert(0, filter)


@pytest.fixture(scope="module")
def trios():
    running = Trios(settings=guarded())
    yield running
    running.close()


@pytest.fixture(scope="module")
def decompressing():
    running = Trios(settings=guarded(), edit=decompress)
    yield running
    running.close()


def with_trailers(trio, body: dict, headers=()):
    return h2_request(trio.gateway.url, body=body, headers=headers, trailers=TRAILERS)


def compressed(trio, body: dict, headers=()):
    return request(trio.gateway.url, "POST", CHAT, gzip.compress(json.dumps(body).encode()), [*GZIP, *headers])


@pytest.fixture(params=["trailers", "decompressor"])
def way(request, trios, decompressing, envoy_version):
    """Both ways in which a body ends unseen: (where, how to ask)."""
    if request.param == "trailers":
        return trios.of(envoy_version), with_trailers
    return decompressing.of(envoy_version), compressed


KEY = [("authorization", f"Bearer {CLIENT_KEY}")]


def body(model: str = "acme/chat", prompt: str = "canary", **more) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": prompt}]} | more


@pytest.mark.parametrize("prompt", ["canary", BIG], ids=["small", "big"])
def test_d4_a_body_that_ends_unseen_gets_the_whole_treatment(way, prompt):
    trio, ask = way
    trio.behave(openai=error(503))
    response = ask(trio, body(prompt=prompt), KEY)
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "openai:503,azure:200")
    for name in ("openai", "azure"):
        (got,) = trio.mocks[name].requests
        saw_only_its_own(got, name)
        assert got.json() == body(f"{name}-model", prompt)
        assert got.header("content-encoding") is None


@pytest.mark.parametrize(
    "headers,asked,status,error_type",
    [
        ([], body(), 401, "policy_key"),
        ([("authorization", "Bearer wrong")], body(), 401, "policy_key"),
        (KEY, body("acme/groq"), 403, "policy_forbidden"),
        (KEY, body("acme/unknown"), 404, "policy_model"),
        (KEY, {"messages": []}, 400, "caller_bad_request"),
        (KEY, body(provider={"zdr": True}), 400, "policy_option"),
    ],
    ids=["no_key", "wrong_key", "forbidden_model", "unknown_model", "no_model", "option"],
)
def test_d4_a_body_that_ends_unseen_skips_no_policy(way, headers, asked, status, error_type):
    trio, ask = way
    response = ask(trio, asked, headers)
    assert (response.status, response.header("x-tollgate-error")) == (status, error_type)
    assert response.json()["error"]["message"]
    assert trio.seen() == {"openai": 0, "azure": 0, "groq": 0}


def test_d4_a_stream_is_asked_for_its_usage_although_its_body_ended_unseen(way):
    trio, ask = way
    trio.behave(openai=chatting("streamed"))
    response = ask(trio, body(stream=True), KEY)
    assert (response.status, response.text()) == (200, "streamed")
    assert trio.mocks["openai"].requests[0].json()["stream_options"] == {"include_usage": True}
    assert all(event.get("choices") for event in response.events() if isinstance(event, dict)), "its chunk is hidden"
    assert trio.line(response)["output"] == 5


def test_d4_trailers_do_not_reach_the_provider_as_a_second_request(trio):
    for _ in range(5):
        assert with_trailers(trio, body(), KEY).status == 200
    assert trio.seen()["openai"] == 5


def test_d4_trailers_without_any_body(trio):
    response = h2_request(trio.gateway.url, headers=KEY, trailers=TRAILERS)
    assert (response.status, response.json()["error"]["code"]) == (400, "invalid_body")
    assert trio.seen() == {"openai": 0, "azure": 0, "groq": 0}


def test_a_compressed_body_without_the_decompressor_is_415(trio):
    response = compressed(trio, body(), KEY)
    assert (response.status, response.json()["error"]["code"]) == (415, "unsupported_encoding")
    assert trio.seen() == {"openai": 0, "azure": 0, "groq": 0}


def test_a_body_that_only_says_it_is_compressed_harms_nobody(decompressing, envoy_version):
    trio = decompressing.of(envoy_version)
    response = request(trio.gateway.url, "POST", CHAT, b"not gzip at all", [*GZIP, *KEY], timeout=20)
    assert 400 <= response.status < 500
    assert trio.seen() == {"openai": 0, "azure": 0, "groq": 0}
