"""The real Claude Code command through the gateway: what it sends by itself, one loop of a tool, and how it takes errors."""

import json
import time

import callers
import example
import pytest
from aimock import USAGE, Aimock
from babel import MODELS
from callers import ALICE, BOB
from claude_code import ClaudeCode
from harness import Gateway
from mock import Request, Upstream, answer
from speaking import speaking

# Each API once, and chat completions besides OpenAI's responses. `mock` speaks Anthropic's, and fails as it is told.
NAMES = ("anthropic", "openai", "groq", "google", "bedrock", "cohere")
TRANSLATED = NAMES[1:]
CANARY = "the note says 7341"
SAID = "That is all."


def model(name: str) -> str:
    return f"acme/{name}"


@pytest.fixture(scope="module")
def mock():
    """Anthropic's API in our own words; what is not told otherwise answers."""
    one = Upstream(speaking(SAID))
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(mock):
    models = [{"name": model(name), "targets": [{"provider": name, "model": MODELS.get(name, "m")}]} for name in NAMES]
    models[0]["aliases"] = ["opus", "claude-opus-4-6", "claude-haiku-4-5"]
    config = example.plan(*NAMES) | {"models": models} | callers.sections(bob=[model("anthropic")])
    config["groups"][1]["byok"] = "require"
    config["providers"][0]["subscription"] = True
    with Gateway(config, {name: mock for name in NAMES}) as one:
        yield one


@pytest.fixture
def code(running, mock):
    """Claude Code, and mocks that have been told nothing."""
    mock.behaviours, mock.requests = (speaking(SAID),), []
    return ClaudeCode(running.url, ALICE)


def lines(running, since: int) -> list[dict]:
    time.sleep(0.1)  # a line is written a moment after the client has its answer
    return running.access_log()[since:]


def test_what_it_sends_by_itself_passes_as_it_is(running, mock, code):
    since = len(running.access_log())
    run = code.ask("Hi", model("anthropic"))
    assert (run.code, run.result["result"], run.result["is_error"]) == (0, SAID, False), run
    (got,) = mock.requests
    assert (got.method, got.path) == ("POST", "/v1/messages?beta=true")
    assert "claude-code-20250219" in got.header("anthropic-beta") and got.header("anthropic-version") == "2023-06-01"
    assert (got.header("x-api-key"), got.header("authorization")) == (example.secret("anthropic"), None)
    body = got.json()
    assert {"context_management", "thinking", "metadata", "output_config", "tools"} <= set(body), "it has changed: look anew"
    assert json.loads(body["metadata"]["user_id"])["session_id"]
    assert [(line["operation"], line["status"]) for line in lines(running, since)] == [("messages", 200)]


@pytest.mark.parametrize("name", TRANSLATED)
def test_what_it_sends_by_itself_is_refused_nowhere(running, mock, code, name):
    since = len(running.access_log())
    run = code.ask("Hi", model(name))
    assert (run.code, run.result["result"], run.result["is_error"]) == (0, SAID, False), run
    assert [line["status"] for line in lines(running, since)] == [200]
    assert run.result["usage"]["input_tokens"], "it counts what it spends"
    (got,) = mock.requests
    assert not got.header("anthropic-beta") and not got.header("anthropic-version") and ALICE not in got
    foreign = ("cache_control", "context_management", "defer_loading", "tool_reference")
    assert not [word for word in foreign if f'"{word}"' in got.body.decode()]


@pytest.fixture(scope="module")
def note(tmp_path_factory):
    one = tmp_path_factory.mktemp("work") / "note.txt"
    one.write_text(CANARY)
    return one


@pytest.fixture(scope="module")
def others(note):
    """Each API as somebody else mocks it: the first turn calls a tool, the second talks."""
    loops = {"the note": ("Read", {"file_path": str(note)}), "the web": ("ToolSearch", {"query": "select:WebFetch"})}
    asking = [
        {"match": {"userMessage": words}, "response": {"toolCalls": [{"name": name, "arguments": arguments}], "usage": USAGE}}
        for words, (name, arguments) in loops.items()
    ]
    done = {"match": {"hasToolResult": True}, "response": {"content": SAID, "usage": USAGE}}
    one = Aimock(*(example.secret(name) for name in NAMES), fixtures=[done, *asking])
    yield one
    one.close()


@pytest.fixture(scope="module")
def looping(others):
    models = [{"name": model(name), "targets": [{"provider": name, "model": MODELS.get(name, "m")}]} for name in NAMES]
    with Gateway(example.plan(*NAMES) | {"models": models} | callers.sections(bob=[]), {name: others for name in NAMES}) as one:
        yield one


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_is_called_and_its_result_is_read(looping, others, note, name):
    others.forget()
    since = len(looping.access_log())
    code = ClaudeCode(looping.url, ALICE)
    code.folder = note.parent
    run = code.ask("Read the note", model(name))
    assert (run.code, run.result["result"], run.result["num_turns"]) == (0, SAID, 2), run
    kinds = [block["type"] for block in run.blocks("assistant") if block["type"] != "thinking"]
    assert kinds == ["tool_use", "text"]
    first, second = others.journal()
    assert CANARY not in json.dumps(first) and CANARY in json.dumps(second)
    found = lines(looping, since)
    assert [(line["status"], line["input"], line["output"], line["ended"]) for line in found] == [(200, 7, 4, "complete")] * 2
    assert run.result["usage"]["output_tokens"] == 8


@pytest.mark.parametrize("name", NAMES)
def test_tools_that_its_search_has_found_can_be_called(looping, others, name):
    """Its search answers with references to tools, and the next turn declares them: others than Anthropic read words."""
    others.forget()
    since = len(looping.access_log())
    run = ClaudeCode(looping.url, ALICE).ask("Look into the web", model(name))
    assert (run.code, run.result["result"]) == (0, SAID), run
    assert [line["status"] for line in lines(looping, since)] == [200, 200]
    second = json.dumps(others.journal()[1])
    assert '"WebFetch"' in second
    assert name == "anthropic" or "The tool `WebFetch` can be called now." in second


def test_the_models_of_its_list_are_the_gateways(code):
    """Asked for by a variable: the picker then shows what the key may use, of what has `claude` or `anthropic` in its name."""
    variables = {"CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": None}
    assert code.ask("Hi", "opus", ANTHROPIC_DEFAULT_OPUS_MODEL="opus", **variables).code == 0
    (cached,) = code.home.rglob("gateway-models.json")
    assert [one["id"] for one in json.loads(cached.read_text())["models"]] == [model("anthropic")]


def test_an_account_without_money_is_told_at_once(running, mock, code):
    """402 as a caller reads it on a key of its own; that of a spent budget is the same."""
    told = {"type": "error", "error": {"type": "billing_error", "message": "Nothing is left."}}
    mock.behaviours = (answer(402, told),)
    since = len(running.access_log())
    own = {"ANTHROPIC_AUTH_TOKEN": BOB, "ANTHROPIC_CUSTOM_HEADERS": "x-tollgate-byok-anthropic: sk-own"}
    run = code.ask("Hi", model("anthropic"), **own)
    assert run.result["is_error"] and "Nothing is left." in run.result["result"], run.result
    assert run.seconds < 10
    assert [line["status"] for line in lines(running, since)] == [402]


def test_a_limit_is_waited_for(running, mock, code):
    told = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    slow = answer(429, told, {"retry-after": "1"})
    mock.behaviours = (slow, slow, speaking(SAID))  # a plan of one target is tried twice
    since = len(running.access_log())
    run = code.ask("Hi", model("anthropic"))
    assert (run.code, run.result["result"]) == (0, SAID), run
    assert run.seconds > 1
    assert [line["status"] for line in lines(running, since)] == [429, 200]


def test_a_key_that_nobody_knows_is_told_at_once(running, code):
    run = code.ask("Hi", model("anthropic"), ANTHROPIC_AUTH_TOKEN="sk-unknown")
    assert run.result["is_error"] and run.seconds < 10
    assert "key" in run.result["result"], run.result


def test_a_subscription_passes_and_our_key_stands_beside_it(running, mock, code):
    """The client's own `Authorization` goes to Anthropic alone, and what lets it in here does not."""
    run = code.ask("Hi", model("anthropic"), ANTHROPIC_AUTH_TOKEN="sk-ant-oat-own", ANTHROPIC_CUSTOM_HEADERS=f"x-tollgate-key: {ALICE}")
    assert (run.code, run.result["result"]) == (0, SAID), run
    (got,) = mock.requests
    assert (got.header("authorization"), got.header("x-api-key")) == ("Bearer sk-ant-oat-own", None)
    assert ALICE not in got

    mock.requests = []
    run = code.ask("Hi", model("groq"), ANTHROPIC_AUTH_TOKEN="sk-ant-oat-own", ANTHROPIC_CUSTOM_HEADERS=f"x-tollgate-key: {ALICE}")
    (got,) = mock.requests
    assert (got.header("authorization"), "sk-ant-oat-own" in got) == (f"Bearer {example.secret('groq')}", False)


def test_a_stream_that_is_cut_is_no_answer(mock, code):
    """It tries again by itself; the second answer is whole."""

    def behave(request: Request):
        return speaking(SAID, keep=4 if len(mock.requests) == 1 else None)(request)

    mock.behaviours = (behave,)
    run = code.ask("Hi", model("anthropic"))
    assert run.result["result"] == SAID and len(mock.requests) > 1, (run, len(mock.requests))
