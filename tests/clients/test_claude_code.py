"""The real Claude Code command through the gateway: what it sends by itself, one loop of a tool, and how it takes errors."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

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
from thinking import thinking

# Each API once, and chat completions besides OpenAI's responses. `mock` speaks Anthropic's, and fails as it is told.
NAMES = ("anthropic", "openai", "groq", "google", "bedrock", "cohere")
TRANSLATED = NAMES[1:]
CANARY = "the note says 7341"
SAID = "That is all."
SHORT = ("opus", "sonnet", "haiku")


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
    models[0]["aliases"] = [f"claude-{name}-5-5" for name in SHORT]  # as this release means them
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
    calls = {"note": ("Read", {"file_path": str(note)}), "web": ("ToolSearch", {"query": "select:WebFetch"})}
    asking = [
        {"match": {"userMessage": f"the {words}"}, "response": {"toolCalls": [{"name": name, "arguments": arguments}], "usage": USAGE}}
        for words, (name, arguments) in calls.items()
    ]
    done = {"match": {"hasToolResult": True}, "response": {"content": SAID, "usage": USAGE}}
    one = Aimock(*(example.secret(name) for name in NAMES), fixtures=[done, *asking])
    yield one
    one.close()


@pytest.fixture(scope="module")
def loops(others, note):
    """(provider, what is asked) -> what came of it, the lines of the log, and what the provider saw; all at the same time."""
    todo = [(name, words) for name in NAMES for words in ("note", "web")]
    models = [{"name": f"{words}/{name}", "targets": [{"provider": name, "model": MODELS.get(name, "m")}]} for name, words in todo]
    config = example.plan(*NAMES) | {"models": models} | callers.sections(bob=[])

    def loop(name: str, words: str):
        code = ClaudeCode(running.url, ALICE)
        code.folder = note.parent
        return code.ask(f"Look at the {words} ({name})", f"{words}/{name}")

    with Gateway(config, {name: others for name in NAMES}) as running, ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda one: loop(*one), todo))
        journal, log = others.journal(), lines(running, 0)

    def of(name: str, words: str):
        seen = [text for text in map(json.dumps, journal) if f"the {words} ({name})" in text]
        return runs[todo.index((name, words))], [line for line in log if line["model_asked"] == f"{words}/{name}"], seen

    return of


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_is_called_and_its_result_is_read(loops, name):
    run, found, (first, second) = loops(name, "note")
    assert (run.code, run.result["result"], run.result["num_turns"]) == (0, SAID, 2), run
    kinds = [block["type"] for block in run.blocks("assistant") if block["type"] != "thinking"]
    assert kinds == ["tool_use", "text"]
    assert CANARY not in first and CANARY in second
    assert [(line["status"], line["input"], line["output"], line["ended"]) for line in found] == [(200, 7, 4, "complete")] * 2
    assert run.result["usage"]["output_tokens"] == 8


@pytest.mark.parametrize("name", NAMES)
def test_tools_that_its_search_has_found_can_be_called(loops, name):
    """Its search answers with references to tools, and the next turn declares them: others than Anthropic read words."""
    run, found, (_, second) = loops(name, "web")
    assert (run.code, run.result["result"], [line["status"] for line in found]) == (0, SAID, [200, 200]), run
    assert '"WebFetch"' in second
    assert name == "anthropic" or "The tool `WebFetch` can be called now." in second


@pytest.mark.parametrize("name", ["anthropic", "bedrock", "google"])
def test_proofs_of_thoughts_come_back_from_it(mock, code, note, name):
    code.folder = note.parent
    thinks = thinking(name, "seal-1", [("c1", "Read", {"file_path": str(note)})])
    mock.behaviours = (thinks, thinking(name, "seal-2"))
    run = code.ask("Look", model(name))
    # Gemini proves its last words too: the proof is the last block, and `result` has only what a last block says.
    assert [block["text"] for block in run.blocks("assistant") if block["type"] == "text"] == ["done"], run
    assert (run.code, run.result["result"]) == (0, "" if name == "google" else "done")
    first, second = mock.requests
    assert "seal-1" not in first and second.body.count(b'"seal-1"') == 1


def test_the_models_of_its_list_are_the_gateways(code):
    """Asked for by a variable: the picker then shows what the key may use, of what has `claude` or `anthropic` in its name."""
    variables = {"CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": None}
    assert code.ask("Hi", "opus", **variables).code == 0
    (cached,) = code.home.rglob("gateway-models.json")
    shown = [one["id"] for one in json.loads(cached.read_text())["models"]]
    assert model("anthropic") in shown and len(shown) == len(set(shown))
    assert all("claude" in name or "anthropic" in name for name in shown), shown


@pytest.mark.parametrize("name", SHORT)
def test_its_short_names_are_aliases_or_variables(running, mock, code, name):
    since = len(running.access_log())
    assert code.ask("Hi", name).result["result"] == SAID
    assert code.ask("Hi", name, **{f"ANTHROPIC_DEFAULT_{name.upper()}_MODEL": model("google")}).result["result"] == SAID
    asked = [(line["model_asked"], line["model"]) for line in lines(running, since)]
    assert asked == [(f"claude-{name}-5-5", model("anthropic")), (model("google"), model("google"))]


def test_models_that_do_not_think_are_not_told_to(mock, code):
    """For models of other vendors that refuse what asks for thoughts: two variables."""
    assert code.ask("Hi", model("openai")).result["result"] == SAID
    assert "reasoning" in mock.requests[-1].json()
    run = code.ask("Hi", model("openai"), MAX_THINKING_TOKENS="0", CLAUDE_CODE_EFFORT_LEVEL="unset")
    assert run.result["result"] == SAID and "reasoning" not in mock.requests[-1].json()


def test_an_account_without_money_is_told_at_once(running, mock, code):
    """402 as a caller reads it on a key of its own; that of a spent budget is the same."""
    mock.behaviours = (failing(402, "billing_error"),)
    since = len(running.access_log())
    own = {"ANTHROPIC_AUTH_TOKEN": BOB, "ANTHROPIC_CUSTOM_HEADERS": "x-tollgate-byok-anthropic: sk-own"}
    run = code.ask("Hi", model("anthropic"), **own)
    assert run.result["is_error"] and "Not now." in run.result["result"], run.result
    assert run.seconds < 10
    assert [line["status"] for line in lines(running, since)] == [402]


def failing(status: int, kind: str, **headers: str):
    told = {"type": "error", "error": {"type": kind, "message": "Not now."}}
    return answer(status, told, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("status, kind", [(429, "rate_limit_error"), (529, "overloaded_error")])
def test_a_limit_is_waited_for(running, mock, code, status, kind):
    slow = failing(status, kind, retry_after="1")
    mock.behaviours = (slow, slow, speaking(SAID))  # a plan of one target is tried twice
    since = len(running.access_log())
    run = code.ask("Hi", model("anthropic"))
    assert (run.code, run.result["result"]) == (0, SAID), run
    assert run.seconds > 1
    assert [line["status"] for line in lines(running, since)] == [status, 200]


def test_a_wait_of_an_hour_is_told_at_once(running, mock, code):
    mock.behaviours = (failing(429, "rate_limit_error", retry_after="3600"),)
    since = len(running.access_log())
    run = code.ask("Hi", model("anthropic"))
    assert run.result["is_error"] and "3600 seconds" in run.result["result"] and run.seconds < 10
    assert [line["status"] for line in lines(running, since)] == [429]


def test_a_key_that_nobody_knows_is_told_at_once(running, code):
    run = code.ask("Hi", model("anthropic"), ANTHROPIC_AUTH_TOKEN="sk-unknown")
    assert run.result["is_error"] and run.seconds < 10
    assert "key" in run.result["result"], run.result


def test_a_subscription_passes_and_our_key_stands_beside_it(mock, code):
    """The client's own `Authorization` goes to Anthropic alone, and what lets it in here goes nowhere."""
    own = {"ANTHROPIC_AUTH_TOKEN": None, "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-own", "ANTHROPIC_CUSTOM_HEADERS": f"x-tollgate-key: {ALICE}"}
    run = code.ask("Hi", model("anthropic"), **own)
    assert (run.code, run.result["result"]) == (0, SAID), run
    (got,) = mock.requests
    assert (got.header("authorization"), got.header("x-api-key")) == ("Bearer sk-ant-oat01-own", None)
    assert "oauth" in got.header("anthropic-beta") and ALICE not in got

    mock.requests = []
    assert code.ask("Hi", model("groq"), **own).result["result"] == SAID
    (got,) = mock.requests
    assert (got.header("authorization"), "sk-ant-oat01-own" in got) == (f"Bearer {example.secret('groq')}", False)


def test_a_stream_that_is_cut_is_no_answer(mock, code):
    """It tries again by itself; the second answer is whole."""

    def behave(request: Request):
        return speaking(SAID, keep=4 if len(mock.requests) == 1 else None)(request)

    mock.behaviours = (behave,)
    run = code.ask("Hi", model("anthropic"))
    assert run.result["result"] == SAID and len(mock.requests) > 1, (run, len(mock.requests))
