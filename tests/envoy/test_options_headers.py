"""Every header that a client may steer with: what it does, and what becomes of a value that means nothing."""

import re

import example
import pytest
from client import CHAT
from mock import error
from world import KEYS, World, bearer, refused

BODY = {"model": "acme/chat", "messages": [{"role": "user", "content": "Hi"}]}
ALICE, BOB = KEYS["alice"], KEYS["bob"]
ALL = "openai:openai-model > azure:azure-model > groq:groq-model"
USUAL = {"status": 200, "code": None, "param": None, "key": "alice", "user": None, "tags": [], "plan": ALL, "shown": None, "passed": None}


def refusal(status: int, code: str, param: str | None = None, key: str | None = "alice", plan=None) -> dict:
    return {"status": status, "code": code, "param": param, "key": key, "plan": plan}


def no_such(header: str) -> dict:
    return refusal(400, "unsupported_option", header)


ANY = "anything: 1; ~\u00e9"
# The header, its value (several: sent as often), and what is other than usual. Without a key of the row's own alice asks.
EFFECTS = [
    ("x-tollgate-key", BOB, {"key": "bob"}),
    ("x-tollgate-key", "unknown", refusal(401, "invalid_api_key", key=None)),
    ("x-tollgate-key", "", refusal(401, "invalid_api_key", key=None)),
    ("authorization", f"Bearer {BOB}", {"key": "bob"}),
    ("authorization", "Bearer unknown", refusal(401, "invalid_api_key", key=None)),
    ("x-api-key", BOB, {"key": "bob"}),
    ("x-api-key", "unknown", refusal(401, "invalid_api_key", key=None)),
    ("api-key", BOB, {"key": "bob"}),
    ("api-key", "", refusal(401, "invalid_api_key", key=None)),
    ("x-tollgate-session", "s", {}),
    ("x-tollgate-session", "", no_such("x-tollgate-session")),
    ("x-tollgate-session", ["s", "t"], no_such("x-tollgate-session")),
    ("x-tollgate-fallback", "off", {"plan": "openai:openai-model"}),
    ("x-tollgate-fallback", "on", {}),
    ("x-tollgate-fallback", "OFF", no_such("x-tollgate-fallback")),
    ("x-tollgate-fallback", "", no_such("x-tollgate-fallback")),
    ("x-tollgate-fallback", ["on", "off"], no_such("x-tollgate-fallback")),
    ("x-tollgate-explain", "1", {"shown": ALL}),
    ("x-tollgate-explain", "0", {}),
    ("x-tollgate-explain", "true", no_such("x-tollgate-explain")),
    ("x-tollgate-explain", b"\xff", no_such("x-tollgate-explain")),
    ("x-tollgate-strict", "1", {}),
    ("x-tollgate-strict", "maybe", no_such("x-tollgate-strict")),
    ("x-tollgate-byok-openai", "{}", refusal(403, "byok_denied")),
    ("x-tollgate-byok-nobody", "", refusal(403, "byok_denied")),
    ("ai-reporting-user", "u-1", {"user": "u-1"}),
    ("ai-reporting-user", "\u00e9".encode(), {"user": "\u00e9"}),
    ("ai-reporting-user", "", refusal(400, "invalid_body", "ai-reporting-user")),
    ("ai-reporting-user", "x" * 257, refusal(400, "invalid_body", "ai-reporting-user")),
    ("ai-reporting-user", b"\xff", refusal(400, "invalid_body", "ai-reporting-user")),
    ("ai-reporting-user", ["u", "v"], refusal(400, "invalid_body", "ai-reporting-user")),
    ("ai-reporting-tags", "a, b,a", {"tags": ["a", "b"]}),
    ("ai-reporting-tags", ["a", "b"], {"tags": ["a", "b"]}),
    ("ai-reporting-tags", "a,,b", refusal(400, "invalid_body", "ai-reporting-tags")),
    ("ai-reporting-tags", ",".join("abcdefghijk"), refusal(400, "invalid_body", "ai-reporting-tags")),
    ("ai-reporting-tags", b"\xff", refusal(400, "invalid_body", "ai-reporting-tags")),
    ("http-referer", "https://app.test/", {"passed": "https://app.test/"}),
    ("http-referer", b"\xff", {"passed": "\xff"}),
    ("x-title", "My app", {"passed": "My app"}),
    ("x-title", b"\xff", {"passed": "\xff"}),
    ("x-tollgate-anything", "1", {}),
]


@pytest.mark.parametrize("header, value, other", EFFECTS, ids=[f"{header}={value}"[:50] for header, value, _ in EFFECTS])
def test_every_header(world, header, value, other):
    sent = [(header, one) for one in (value if isinstance(value, list) else [value])]
    of_alice = [] if header in ("authorization", "x-api-key", "api-key") else bearer("alice")
    response = world.post(CHAT, BODY, [*of_alice, *sent], key=None)
    assert observed(world, response, header) == USUAL | other


def observed(world: World, response, header: str) -> dict:
    line = world.line(response)
    wrong = response.json().get("error", {})
    assert world.unseen() == (response.status != 200)
    passed = None if world.unseen() or header == "authorization" else world.seen().header(header)
    told = {"status": response.status, "code": wrong.get("code"), "param": wrong.get("param"), "passed": passed}
    return told | {"shown": response.header("x-tollgate-plan")} | {name: line[name] for name in ("key", "user", "tags", "plan")}


def test_the_documentation_lists_every_header():
    text = (example.ROOT / "docs/options.md").read_text().partition("## Headers")[2]
    examples = {"x-tollgate-byok-nobody", "x-tollgate-anything"}
    assert set(re.findall(r"^\| `([^`]+)`", text, re.M)) == {header for header, *_ in EFFECTS} - examples


@pytest.mark.parametrize(
    "headers, key",
    [
        ([("x-api-key", BOB), ("authorization", f"Bearer {ALICE}")], "alice"),
        ([("api-key", BOB), ("x-api-key", ALICE)], "alice"),
        ([("api-key", BOB), ("x-api-key", "unknown"), ("authorization", "Bearer unknown")], "bob"),
        ([("authorization", f"Bearer {ALICE}"), ("x-tollgate-key", BOB)], "bob"),
        ([("api-key", ALICE), ("x-api-key", "unknown"), ("x-api-key", BOB)], "bob"),
    ],
)
def test_the_order_of_the_key_headers_is_ours_not_the_clients(world, headers, key):
    response = world.post(CHAT, BODY, headers, key=None)
    assert (response.status, world.line(response)["key"]) == (200, key)


def test_headers_and_body_say_who_asks(world):
    said = {"providerOptions": {"gateway": {"user": "body-user", "tags": ["a"]}}}
    response = world.chat(**said)
    assert (world.line(response)["user"], world.line(response)["tags"]) == ("body-user", ["a"])
    headers = {"ai-reporting-user": "header-user", "ai-reporting-tags": "b, c,a"}
    response = world.behave().chat(headers=headers, **said)
    assert (world.line(response)["user"], world.line(response)["tags"]) == ("header-user", ["a", "b", "c"])
    assert "header-user" not in world.seen() and "body-user" not in world.seen()
    too_many = {"ai-reporting-tags": ",".join("bcdefghijk")}
    refused(world.chat(headers=too_many, **said), 400, "invalid_body", "ai-reporting-tags")


@pytest.mark.parametrize(
    "body, headers",
    [({}, {"x-tollgate-fallback": "off"}), ({"provider": {"allow_fallbacks": False}}, {}), ({"provider": {"only": ["openai"]}}, {})],
)
def test_a_plan_of_one_is_tried_twice_and_nobody_else_is(world, body, headers):
    world.behave(openai=error(503))
    response = world.chat(headers=headers, **body)
    assert (response.status, response.header("x-tollgate-attempts")) == (503, "openai:503,openai:503")
    assert [len(world.mocks[name].requests) for name in ("openai", "azure", "groq")] == [2, 0, 0]


def test_the_plan_of_a_request_that_failed_is_shown_too(world):
    world.behave(openai=error(400))
    assert world.chat(headers={"x-tollgate-explain": "1"}).header("x-tollgate-plan") == ALL
