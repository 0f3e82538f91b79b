"""The AI SDK in its three versions at providers with five APIs, which somebody else wrote: aimock answers as each of them."""

import json

import callers
import example
import pytest
from ai_sdk import VERBS
from aimock import CLOCK, TEXT, TWO_STEPS, USAGE, WEATHER, mocking
from babel import MODELS
from callers import ALICE
from harness import Gateway

NAMES = ("openai", "anthropic", "google", "bedrock", "together", "cohere")  # openai: responses, together: chat completions
MODELS = MODELS | {"together": "openai/gpt-oss-120b"}
EMBEDDERS = {"openai": "text-embedding-3-small", "cohere": "embed-v4.0"}  # aimock has those of no other API
OBJECT = {"city": "Paris", "degrees": 20.5}
FIXTURES = [
    *TWO_STEPS,
    {"match": {"userMessage": "broken"}, "response": {"toolCalls": [{"name": "broken", "arguments": WEATHER}], "usage": USAGE}},
    {"match": {"userMessage": "think"}, "response": {"content": TEXT, "reasoning": "Let me see.", "usage": USAGE}},
    {"match": {"userMessage": "JSON"}, "response": {"content": json.dumps(OBJECT), "usage": USAGE}},
    {"match": {"endpoint": "embedding"}, "response": {"embedding": [0.25, -0.5]}},
    {"match": {}, "response": {"content": TEXT, "usage": USAGE}},
]
mock = mocking(NAMES, FIXTURES)


@pytest.fixture(scope="module")
def running(mock):
    models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": MODELS[name]}]} for name in NAMES]
    models += [{"name": f"embed/{name}", "targets": [{"provider": name, "model": model}]} for name, model in EMBEDDERS.items()]
    config = example.plan(*NAMES) | {"models": models} | callers.sections(bob=["acme/none"])
    with Gateway(config, {name: mock for name in NAMES}) as one:
        yield one


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def ask(ai, running, mock):
    """`ask(verb, model, ...)` -> what the SDK made of it; every call must be one request that succeeds, per step."""

    def call(verb: str, model: str, **params):
        mock.forget()
        got = ai.call(running.url, ALICE, verb, model=model, **params)
        assert got.error is None, got.error
        arrived = mock.journal()
        assert {one["response"]["status"] for one in arrived} == {200} and ALICE not in json.dumps(arrived)
        return got

    return call


@pytest.mark.parametrize("verb", VERBS)
def test_text(ask, ai, name, verb):
    got = ask(verb, f"acme/{name}", prompt="Hi")
    assert (got.text, got.finish(), got.warnings, got.tries) == (TEXT, "stop", [], 1)
    assert (got.usage["inputTokens"], got.usage["outputTokens"], got.usage["totalTokens"]) == (7, 4, 11)
    assert (got.routing()["finalProvider"], got.routing()["canonicalSlug"]) == (name, f"acme/{name}")
    assert got.header("x-model-id") == f"acme/{name}"
    assert got.providerMetadata["gateway"]["generationId"].startswith("gen_")
    if verb == "streamText":
        kinds = [part["type"] for part in got.parts]
        assert kinds[:2] == ["start", "start-step"] and kinds[-2:] == ["finish-step", "finish"]
        assert [kind for n, kind in enumerate(kinds) if kind not in kinds[:n]][2:5] == ["text-start", "text-delta", "text-end"]
        assert "".join(part["text"] for part in got.of("text-delta")) == TEXT
        assert got.response["modelId"] == MODELS[name] and got.response["id"] == got.providerMetadata["gateway"]["generationId"]


@pytest.mark.parametrize("verb", VERBS)
def test_tools_in_two_steps(ask, name, verb):
    """Two calls at a time; the SDK runs them and sends what they gave."""
    got = ask(verb, f"acme/{name}", prompt="What is the weather in Paris, and the time?", tools=["weather", "clock"], steps=5)
    first, second = got.steps
    assert [(call["toolName"], call["input"]) for call in first["toolCalls"]] == [("weather", WEATHER), ("clock", CLOCK)]
    assert [result["output"] for result in first["toolResults"]] == [{"city": "Paris", "degrees": 20}, "noon"]
    assert len({call["toolCallId"] for call in first["toolCalls"]}) == 2
    assert (first["finishReason"], second["finishReason"], second["text"]) == ("tool-calls", "stop", "20 degrees at noon")
    assert (got.totalUsage["inputTokens"], got.totalUsage["outputTokens"]) == (14, 8)
    if verb == "streamText":
        inputs = {part["id"]: "" for part in got.of("tool-input-start")}
        for part in got.of("tool-input-delta"):
            inputs[part["id"]] += part["delta"]
        assert [json.loads(text) for text in inputs.values()] == [WEATHER, CLOCK]
        assert list(inputs) == [part["id"] for part in got.of("tool-input-end")] == [part["toolCallId"] for part in got.of("tool-call")]


@pytest.mark.parametrize("verb", VERBS)
def test_a_tool_that_fails(ask, mock, name, verb):
    got = ask(verb, f"acme/{name}", prompt="Call the broken one", tools=["broken"], steps=5)
    first, second = got.steps
    assert [part["type"] for part in first["content"]][-2:] == ["tool-call", "tool-error"]
    assert second["text"] == "20 degrees at noon"
    assert "no such city" in json.dumps(mock.journal()[-1]["body"])


@pytest.mark.parametrize("verb", VERBS)
def test_objects_as_the_output_of_text(ask, name, verb):
    got = ask(verb, f"acme/{name}", prompt="JSON, please", output=True)
    assert (got.output, got.finish()) == (OBJECT, "stop")


@pytest.mark.parametrize("verb", ["generateObject", "streamObject"])
def test_objects(ask, name, verb):
    got = ask(verb, f"acme/{name}", prompt="JSON, please", schema=True)
    assert (got.object, got.finish()) == (OBJECT, "stop")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", NAMES[:4])
def test_thoughts(ask, name, verb):
    got = ask(verb, f"acme/{name}", prompt="Please think")
    assert (got.text, got.reasoningText) == (TEXT, "Let me see.")
    if verb == "streamText":
        kinds = [part["type"] for part in got.parts]
        assert kinds.index("reasoning-start") < kinds.index("reasoning-end") and kinds.count("reasoning-start") == 1


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embeddings(ask, name):
    got = ask("embed", f"embed/{name}", value="Hi")
    assert got.embedding == [0.25, -0.5]
    assert got.providerMetadata["gateway"]["routing"]["finalProvider"] == name
    got = ask("embedMany", f"embed/{name}", values=["Hi", "there"])
    assert got.embeddings == [[0.25, -0.5]] * 2
