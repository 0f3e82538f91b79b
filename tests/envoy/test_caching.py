"""`providerOptions.gateway.caching: auto`: Claude is told what to cache, wherever it runs; others are told nothing."""

import pytest
from babel import FOREIGN

AUTO = {"providerOptions": {"gateway": {"caching": "auto"}}}
MARK = {"type": "ephemeral"}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Again"},
]


def marks(babel, name: str) -> list:
    """Where the provider's request has marks: `system`, or the place of a message."""
    sent = babel.seen(name).json()
    has_mark = lambda block: isinstance(block, dict) and (block.get("cache_control") == MARK or "cachePoint" in block)  # noqa: E731
    inside = lambda content: isinstance(content, list) and any(map(has_mark, content))  # noqa: E731
    system = ["system"] if inside(sent.get("system")) else []
    return system + [place for place, message in enumerate(sent["messages"]) if inside(message["content"])]


@pytest.mark.parametrize("name", ["anthropic", "vertex-anthropic", "bedrock"])
@pytest.mark.parametrize("talk, places", [(TALK, [1, 2]), (TALK[:2], ["system", 0]), (TALK[1:2], [0])], ids=["turns", "first", "alone"])
def test_claude_is_told(babel, name, talk, places):
    response = babel.chat(f"acme/{name}", messages=talk, **AUTO)
    assert response.status == 200 and response.header("x-tollgate-dropped-params") is None
    assert marks(babel, name) == places
    babel.behave().chat(f"acme/{name}", messages=talk)
    assert marks(babel, name) == []


def test_a_client_that_marks_does_it_alone(babel):
    own = [TALK[0] | {"cache_control": MARK}, *TALK[1:]]
    babel.chat("acme/anthropic", messages=own, **AUTO)
    assert marks(babel, "anthropic") == ["system"]


@pytest.mark.parametrize("name", ["openai", *(name for name in FOREIGN if name not in ("anthropic", "vertex-anthropic", "bedrock"))])
def test_others_are_told_nothing(babel, name):
    response = babel.chat(f"acme/{name}", messages=TALK, **AUTO)
    assert response.status == 200 and response.header("x-tollgate-dropped-params") is None
    assert "cache" not in babel.seen(name)


def test_messages_that_would_pass_are_marked(babel):
    body = {"model": "acme/anthropic", "max_tokens": 9, "system": "Be brief.", "messages": TALK[1:]}
    response = babel.post("/v1/messages", body | AUTO)
    assert response.status == 200 and response.json()["content"][0]["text"] == "from anthropic"
    assert marks(babel, "anthropic") == [1, 2]
    assert babel.behave().post("/v1/messages", body).status == 200
    assert babel.seen("anthropic").json() == body | {"model": "claude-sonnet-4-5"}
