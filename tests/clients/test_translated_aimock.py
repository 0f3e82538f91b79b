"""The official SDKs at providers with APIs of their own, which somebody else wrote: aimock answers as each of them."""

import json

import callers
import example
import pytest
from aimock import CLOCK, TEXT, TWO_STEPS, USAGE, WEATHER, mocking
from babel import MODELS, SEEN, path_segment
from callers import ALICE
from harness import Gateway
from sdk import CHAT, HELLO

AZURE = {"base_url": "https://example.openai.azure.com", "api_version": "2024-10-21"}
# aimock has no Claude on Vertex.
NAMES = ("openai", "anthropic", "google", "vertex", "bedrock", "cohere", "azure")
FIXTURES = [
    *TWO_STEPS,
    {"match": {"userMessage": "think"}, "response": {"content": TEXT, "reasoning": "Let me see.", "usage": USAGE}},
    {"match": {"endpoint": "embedding"}, "response": {"embedding": [0.25, -0.5]}},
    {"match": {}, "response": {"content": TEXT, "usage": USAGE}},
]
ASKING = [{"role": "user", "content": "What is the weather in Paris, and what time is it?"}]
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {field: {"type": "string"}}}}}
    for name, field in (("weather", "city"), ("clock", "zone"))
]
mock = mocking(NAMES, FIXTURES)


@pytest.fixture(scope="module")
def running(mock):
    models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": MODELS.get(name, "gpt-prod")}]} for name in NAMES]
    models.append({"name": "acme/embed", "targets": [{"provider": "cohere", "model": "embed-v4.0"}]})
    config = example.plan(*NAMES) | {"models": models} | callers.sections(bob=["acme/none"])
    config["providers"] = [one | (AZURE if one["name"] == "azure" else {}) for one in config["providers"]]
    with Gateway(config, {name: mock for name in NAMES}) as one:
        yield one


@pytest.fixture
def ask(running, mock, sdk):
    """`ask(provider, ...)` -> what the SDK made of it, and the log's line."""

    def call(name: str, path: str = CHAT, **params):
        mock.forget()
        since = len(running.access_log())
        got = sdk.call(running.url, ALICE, path, model=f"acme/{name}", **params)
        return got, callers.line_of(running, f"acme/{name}", since, len(got.at))

    return call


def calls_of(got) -> list[tuple[str, str, dict]]:
    """Id, name and arguments, from a stream put together by index."""
    if got.value:
        whole = got.value["choices"][0]["message"]["tool_calls"]
        return [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in whole]
    calls: dict[int, list[str]] = {}
    deltas = [choice["delta"].get("tool_calls") or [] for event in got.events for choice in event["choices"]]
    for piece in (piece for delta in deltas for piece in delta):
        call = calls.setdefault(piece["index"], ["", "", ""])
        for place, text in enumerate((piece.get("id"), piece["function"].get("name"), piece["function"].get("arguments"))):
            call[place] += text or ""
    return [(call[0], call[1], json.loads(call[2])) for _, call in sorted(calls.items())]


def finish(got) -> str:
    choices = [choice for event in [got.value] if event for choice in event["choices"]]
    choices += [choice for event in got.events for choice in event["choices"]]
    (reason,) = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    return reason


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", NAMES)
def test_text(ask, mock, name, stream):
    got, line = ask(name, messages=HELLO, stream=stream)
    assert (got.error, got.text(), finish(got)) == (None, TEXT, "stop")
    assert (line["provider"], line["input"], line["output"], line["status"], line["ended"]) == (name, 7, 4, 200, "complete")
    if not stream:
        assert (got.value["usage"]["prompt_tokens"], got.value["usage"]["completion_tokens"]) == (7, 4)
    (arrived,) = mock.journal()
    assert arrived["response"]["status"] == 200 and ALICE not in json.dumps(arrived)
    if name in SEEN:
        _, whole, streamed, _ = SEEN[name]
        assert arrived["path"].split("?")[0] == (streamed if stream else whole).format(path_segment(MODELS[name])).split("?")[0]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", NAMES)
def test_parallel_tools_and_their_results(ask, name, stream):
    got, line = ask(name, messages=ASKING, tools=TOOLS, stream=stream)
    calls = calls_of(got)
    assert (got.error, finish(got), line["ended"]) == (None, "tool_calls", "complete")
    assert [call[1:] for call in calls] == [("weather", WEATHER), ("clock", CLOCK)]
    assert len({call[0] for call in calls}) == 2 and all(call[0] for call in calls)

    made = [{"id": i, "type": "function", "function": {"name": name, "arguments": json.dumps(args)}} for i, name, args in calls]
    told = [{"role": "tool", "tool_call_id": i, "content": "20 degrees"} for i, _, _ in calls]
    got, _ = ask(name, messages=[*ASKING, {"role": "assistant", "content": None, "tool_calls": made}, *told], tools=TOOLS, stream=stream)
    assert (got.error, got.text(), finish(got)) == (None, "20 degrees at noon", "stop")


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", ["anthropic", "google", "bedrock"])
def test_thoughts(ask, name, stream):
    asked = {"messages": [{"role": "user", "content": "Please think"}], "reasoning_effort": "low", "stream": stream}
    got, _ = ask(name, **asked)
    assert (got.error, got.text()) == (None, TEXT)
    messages = [got.value["choices"][0]["message"]] if got.value else [c["delta"] for event in got.events for c in event["choices"]]
    assert "".join(message.get("reasoning_content") or "" for message in messages) == "Let me see."


def test_embeddings(ask):
    got, line = ask("embed", "embeddings.create", input="Hi")
    assert (got.error, got.value["data"][0]["embedding"], line["operation"]) == (None, [0.25, -0.5], "embeddings")


# chaos: the word in the attempts
CHAOS = {"rateLimitRate": "429", "dropRate": "500", "disconnectRate": "reset", "malformedRate": "error"}


@pytest.mark.parametrize("chaos", CHAOS)
@pytest.mark.parametrize("name", ["anthropic", "google", "bedrock", "cohere"])
def test_what_goes_wrong_is_an_error_of_the_sdk(ask, mock, running, sdk, name, chaos):
    mock.forget()
    mock.chaos(**{chaos: 1})
    since = len(running.access_log())
    got = sdk.call(running.url, ALICE, CHAT, model=f"acme/{name}", messages=HELLO, options={"max_retries": 0})
    line = callers.line_of(running, f"acme/{name}", since, len(got.at))
    assert got.error["classes"][0] == ("RateLimitError" if chaos == "rateLimitRate" else "InternalServerError"), got
    assert set(line["attempts"].split(",")) == {f"{name}:{CHAOS[chaos]}"}
    assert (line["status"], line["ended"]) == (got.error["status"], "failed")
