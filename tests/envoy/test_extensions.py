"""What clients of OpenRouter's and Vercel's gateways say in chat completions, for providers that speak OpenAI's API: who
knows it gets it as it is, the others in their own words or not at all, which is told."""

import example
import pytest
from client import chat
from harness import Gateway
from mock import Upstream, answer, chatting, chunk, sse

NAMES = ("openai", "groq", "mistral", "deepseek", "openrouter", "alibaba", "ollama")
HI = [{"role": "user", "content": "Hi"}]
MARK = {"cache_control": {"type": "ephemeral"}}
MARKED = [HI[0] | MARK]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
PDF = {"type": "file", "file": {"data": "AAAA", "media_type": "application/pdf", "filename": "a.pdf"}}


class Vendors:
    def __init__(self):
        self.mocks = {name: Upstream() for name in NAMES}
        models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": f"{name}-model"}]} for name in NAMES]
        self.gateway = Gateway(example.plan(*NAMES, models=models), dict(self.mocks)).start()

    def ask(self, name: str, behaviour=None, headers: dict | None = None, **body):
        self.mocks[name].behaviours, self.mocks[name].requests = (behaviour or chatting(),), []
        return chat(self.gateway.url, f"acme/{name}", headers=headers or {}, **{"messages": HI} | body)

    def sent(self, name: str) -> dict:
        (one,) = self.mocks[name].requests
        return one.json()


@pytest.fixture(scope="module")
def vendors():
    vendors = Vendors()
    yield vendors
    problem = vendors.gateway.stop_quietly()
    [mock.close() for mock in vendors.mocks.values()]
    assert not problem, problem


HIGH, OFF = {"effort": "high"}, {"enabled": False}

# provider, what is said, what the provider gets of it, what is lost
REWRITTEN = [
    ("openai", {"reasoning": HIGH}, {"reasoning_effort": "high"}, None),
    ("groq", {"reasoning": HIGH | {"exclude": True}}, {"reasoning_effort": "high"}, None),
    ("openai", {"reasoning": {"max_tokens": 2000}}, {"reasoning_effort": "low"}, None),
    ("openai", {"reasoning": OFF}, {}, "reasoning"),
    ("deepseek", {"reasoning": OFF}, {"thinking": {"type": "disabled"}}, None),
    ("openai", {"messages": MARKED}, {"messages": HI}, "cache_control"),
    ("mistral", {"messages": MARKED}, {"messages": HI}, "cache_control"),
    ("alibaba", {"reasoning": HIGH}, {"reasoning_effort": "high"}, None),
    (
        "openai",
        {"response_format": {"type": "json", "schema": SCHEMA, "name": "n"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}},
        None,
    ),
    ("openrouter", {"response_format": {"type": "json"}}, {"response_format": {"type": "json_object"}}, None),
    ("openai", {"reasoning": HIGH, "unknown": [1], "seed": 7}, {"reasoning_effort": "high", "unknown": [1], "seed": 7}, None),
]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name, said, sent, lost", REWRITTEN, ids=[f"{name}-{next(iter(said))}" for name, said, *_ in REWRITTEN])
def test_who_does_not_know_it_gets_it_in_other_words(vendors, name, said, sent, lost, stream):
    response = vendors.ask(name, stream=stream, **said)
    assert (response.status, response.text()) == (200, "Hello"), response
    assert response.header("x-tollgate-dropped-params") == lost
    got = vendors.sent(name)
    for own in ("stream", "stream_options"):
        got.pop(own, None)
    assert got == {"model": f"{name}-model", "messages": HI} | sent


@pytest.mark.parametrize(
    "name, said",
    [
        ("openrouter", {"reasoning": HIGH | {"exclude": True}, "messages": MARKED}),
        ("alibaba", {"messages": MARKED}),
        ("ollama", {"reasoning": HIGH, "messages": MARKED, "response_format": {"type": "json"}}),
        ("openai", {"reasoning_effort": "high", "response_format": {"type": "json_object"}}),
        ("openai", {"reasoning": None}),
        ("openai", {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"reasoning": {"type": "object"}}}}}]}),
    ],
    ids=str,
)
def test_who_knows_it_gets_it_as_it_is(vendors, name, said):
    response = vendors.ask(name, **said)
    assert vendors.sent(name) == {"model": f"{name}-model", "messages": HI} | said
    assert response.json()["id"] == "chatcmpl-mock", "the provider's own bytes"


def test_a_file_in_vercels_form(vendors):
    vendors.ask("openai", messages=[{"role": "user", "content": [PDF]}])
    (part,) = vendors.sent("openai")["messages"][0]["content"]
    assert part == {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}


def test_a_loss_is_a_refusal_where_the_client_is_strict(vendors):
    strict = {"x-tollgate-strict": "1"}
    response = vendors.ask("openai", headers=strict, messages=MARKED)
    error = response.json()["error"]
    assert (response.status, error["code"], error["param"]) == (400, "unsupported_parameter", "cache_control")
    assert vendors.mocks["openai"].requests == []
    assert vendors.ask("openai", headers=strict, reasoning=HIGH).status == 200


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_reasoning_is_hidden_on_request(vendors, stream):
    thought = {"role": "assistant", "content": "4", "reasoning_content": "2+2", "reasoning": "2+2"}
    whole = answer(200, {"id": "x", "model": "m", "choices": [{"index": 0, "message": thought, "finish_reason": "stop"}]})
    behaviour = sse([chunk(thought), chunk({}, "stop"), "data: [DONE]\n\n"]) if stream else whole
    shown = vendors.ask("groq", behaviour, stream=stream, reasoning=HIGH)
    hidden = vendors.ask("groq", behaviour, stream=stream, reasoning=HIGH | {"exclude": True})
    assert (shown.text(), hidden.text()) == ("4", "4")
    assert b"2+2" in shown.body and b"2+2" not in hidden.body
