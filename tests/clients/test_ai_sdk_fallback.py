"""The AI SDK while providers of different APIs fail: one request of its, asked in three formats, and it notices nothing."""

import json

import pytest
from ai_sdk import PNG, VERBS, Url
from babel import CLIENT_KEY, saw_only_its_own
from failing import failing, said_at_once
from mock import close, error, reset
from speaking import speaking
from thinking import CALLS, thinking

HISTORY = [
    {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image", "image": PNG}]},
    {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "input": {"city": "Paris"}}]},
    {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "weather", "output": {"type": "text", "value": "20 degrees"}}]},
]
FAULTS = {
    "503, 529": (error(503), failing("anthropic", 529, "overloaded_error", "busy"), (503, 529)),
    "429, reset": (error(429), reset(), (429, None)),
    "401, close": (error(401), close(), (401, None)),
    "404, 500": (error(404), failing("anthropic", 500, "api_error", "oh"), (404, 500)),
}


@pytest.fixture
def ask(ai, babel):
    return lambda verb, model, **params: ai.call(babel.url, CLIENT_KEY, verb, model=model, **params)


def attempts(got) -> list[tuple]:
    (model,) = got.routing()["modelAttempts"]
    return [(one["provider"], one.get("statusCode")) for one in model["providerAttempts"]]


def answered(got, babel, stream: bool, statuses: tuple) -> None:
    assert (got.error, got.text, got.finish(), got.tries) == (None, "from bedrock", "stop", 1)
    assert attempts(got) == list(zip(("openai", "anthropic", "bedrock"), (*statuses, 200)))
    assert (got.routing()["finalProvider"], got.header("x-model-id")) == ("bedrock", "acme/three")
    assert babel.counts() == {"openai": 1, "anthropic": 1, "bedrock": 1}
    saw_only_its_own(babel.seen("openai"), "openai", stream, path="/v1/responses")
    for name in ("anthropic", "bedrock"):
        saw_only_its_own(babel.seen(name), name, stream)
    line = babel.line(got)
    assert (line["provider"], line["input"], line["output"], line["ended"]) == ("bedrock", 10, 5, "complete")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("faults", FAULTS)
def test_three_apis_in_one_request(ask, babel, faults, verb):
    openai, anthropic, statuses = FAULTS[faults]
    babel.behave(openai=openai, anthropic=anthropic)
    got = ask(verb, "acme/three", messages=HISTORY, system="Be brief.", tools=["weather", "clock"])
    answered(got, babel, verb == "streamText", statuses)
    for name in ("openai", "anthropic", "bedrock"):
        body = json.dumps(babel.seen(name).json())
        assert all(word in body for word in ("Be brief.", "What is this?", "iVBORw0KGgo", "Paris", "20 degrees", "zone")), name


def test_streams_that_fail_before_their_first_word(ask, babel):
    babel.behave(openai=speaking("never seen", keep=2, end="close"), anthropic=said_at_once("anthropic", "overloaded_error", "busy"))
    got = ask("streamText", "acme/three", prompt="Hi")
    assert (got.error, got.text, got.tries, len(got.of("text-start"))) == (None, "from bedrock", 1, 1)
    assert [name for name, _ in attempts(got)] == ["openai", "anthropic", "bedrock"]


@pytest.mark.parametrize("verb", VERBS)
def test_warnings_are_of_whoever_answered(ask, babel, verb):
    """OpenAI knows a seed in chat completions, Bedrock does not."""
    babel.behave(openai=error(503), anthropic=error(503))
    got = ask(verb, "acme/three", prompt="Hi", seed=7, stopSequences=["x"])
    assert [one.get("setting") or one["feature"] for one in got.warnings] == ["seed"]
    babel.behave()
    assert ask(verb, "acme/three", prompt="Hi", seed=7, stopSequences=["x"]).warnings == []


@pytest.mark.parametrize("verb", VERBS)
def test_seals_of_one_are_not_shown_to_another(ask, babel, verb):
    """In the second step Anthropic is down: what proves its thoughts would mean nothing to others."""
    seal = "c2VhbCBvZiBhbnRocm9waWM="
    down = failing("anthropic", 529, "overloaded_error", "busy")
    babel.mocks["anthropic"].behaviours = (lambda got: down if "noon" in got else thinking("anthropic", seal, CALLS)(got),)
    got = ask(verb, "acme/back", prompt="Think", tools=["weather", "clock"], steps=3)
    assert (got.error, got.text, got.steps[0]["reasoningText"]) == (None, "from openai", "Hm.")
    assert seal in babel.mocks["anthropic"].requests[1] and seal not in babel.seen("openai")
    assert "noon" in babel.seen("openai")


def test_a_file_by_url_is_not_asked_of_those_who_do_not_fetch(ask, babel):
    babel.behave(openai=error(503), anthropic=error(503))
    message = [{"role": "user", "content": [{"type": "text", "text": "See"}, {"type": "image", "image": Url("https://example.com/cat.png")}]}]
    got = ask("generateText", "acme/three", messages=message, maxRetries=0)
    assert (got.error["name"], got.error["status"]) == ("GatewayInternalServerError", 503)
    assert babel.counts() == {"openai": 1, "anthropic": 1}


@pytest.mark.parametrize("verb", VERBS)
def test_all_of_them_are_down(ask, babel, verb):
    babel.behave(openai=error(503), anthropic=error(500), bedrock=error(429))
    got = ask(verb, "acme/three", prompt="Hi")
    told = got.error if verb == "generateText" else got.of("error")[0]["error"]
    assert (told["name"], len(told["errors"]), got.tries) == ("AI_RetryError", 3, 3)
    assert (told["errors"][-1]["name"], told["errors"][-1]["status"]) == ("GatewayInternalServerError", 503)
    assert babel.counts() == {"openai": 3, "anthropic": 3, "bedrock": 3}
