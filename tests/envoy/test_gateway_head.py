"""What of a client's head and query reaches a provider, and which headers of ours reach the client."""

import example
import pytest
from client import CHAT, raw
from world import KEYS, bearer

EXPLAIN = {"x-tollgate-explain": "1"}


PRIVATE = {
    "x-api-key": "CANARY",
    "api-key": "CANARY",
    "x-goog-api-key": "CANARY",
    "proxy-authorization": "CANARY",
    "cookie": "a=CANARY",
    "forwarded": "for=CANARY",
    "x-forwarded-for": "CANARY",
    "x-forwarded-host": "CANARY",
    "x-forwarded-proto": "https",
    "x-real-ip": "CANARY",
    "openai-organization": "CANARY",
    "openai-project": "CANARY",
    "x-tollgate-session": "CANARY",
    "x-tollgate-anything": "CANARY",
    "x-envoy-upstream-rq-timeout-ms": "99999",
    "x-envoy-anything": "CANARY",
    "x-private": "CANARY",
    "connection": "keep-alive, x-private",
    "keep-alive": "timeout=CANARY",
    "te": "trailers",
    "accept-encoding": "gzip, CANARY",
    "ai-reporting-user": "CANARY",
    "ai-reporting-tags": "CANARY",
}
PUBLIC = {"accept": "text/event-stream", "user-agent": "test/1", "x-stainless-lang": "python", "openai-beta": "x=1", "x-odd": b"\xff\xfe"}
SENT = {":authority", "host", "content-type", "content-length", "authorization", "accept-encoding", "x-request-id", "x-team"}


def test_what_of_the_clients_head_reaches_a_provider(world):
    assert world.chat(headers=PRIVATE | PUBLIC).status == 200
    seen = world.seen()
    assert "CANARY" not in seen and not any(key in seen for key in KEYS.values())
    names = {name.decode().lower() for name, _ in seen.headers}
    assert names <= SENT | set(PUBLIC), names - SENT - set(PUBLIC)
    assert {name: seen.header(name) for name in PUBLIC} == PUBLIC | {"x-odd": "\xff\xfe"}
    assert (seen.header("accept-encoding"), seen.header("authorization")) == ("identity", f"Bearer {example.secret('openai')}")


def test_a_providers_extra_header_is_at_that_provider_only(world):
    world.chat("acme/same", headers={"x-team": "of the client"})
    assert [value for name, value in world.seen().headers if name.lower() == b"x-team"] == [b"llm"]
    world.behave().chat("acme/other", headers={"x-team": "of the client"})
    assert world.seen().header("x-team") == "of the client"


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", ""),
        ("?", ""),
        ("?key=CANARY", ""),
        ("?key=CANARY&api_key=CANARY", ""),
        ("?a=1&key=CANARY&b=2", "?a=1&b=2"),
        ("?a=1&&keys=x&b", "?a=1&keys=x&b"),
        ("?a=%26key%3D1", "?a=%26key%3D1"),
    ],
)
def test_the_query_loses_its_keys_and_nothing_else(world, query, expected):
    assert world.post(CHAT + query, {"model": "acme/same"}).status == 200
    assert world.seen().path == CHAT + expected


def test_a_key_in_a_query_is_in_no_log(world):
    response = world.post(CHAT + "?key=QUERY-CANARY", {"model": "acme/same"})
    world.line(response)
    assert "QUERY-CANARY" not in (world.gateway.folder / "access.log").read_text() + world.gateway.envoy_log()


def test_headers_of_the_answer(world):
    response = world.chat(headers=EXPLAIN)
    ours = {name: value for name, value in response.headers if name.startswith("x-tollgate")}
    assert ours.pop("x-tollgate-generation").startswith("gen_")
    assert ours == {
        "x-tollgate-provider": "openai",
        "x-tollgate-model": "acme/chat",
        "x-tollgate-attempts": "openai:200",
        "x-tollgate-plan": "openai:openai-model > azure:azure-model > groq:groq-model",
    }
    assert not [name for name, _ in response.headers if name.startswith("x-envoy")]


def test_the_clients_host_is_not_the_providers(world):
    head = f"POST {CHAT} HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\nauthorization: {bearer('alice')[0][1]}\r\n"
    answer = raw(world.url, head.encode() + b'content-length: 21\r\n\r\n{"model":"acme/same"}')
    assert answer.startswith(b"HTTP/1.1 200") and world.seen().header("host") == "api.openai.com"
    assert "evil.test" not in world.seen()
