"""Anthropic's official SDKs, Python and Node, at providers of every API: which somebody else mocks (aimock) where that can be, and
in our own words where it is about seals, refused fields and streams that break."""

import base64
import copy
import json

import callers
import example
import pytest
from aimock import CLOCK, TEXT, TWO_STEPS, USAGE, WEATHER, mocking
from babel import CLIENT_KEY, MODELS, NAMES, SEEN, path_segment
from callers import ALICE
from harness import Gateway
from mock import answer, error, reset
from sdk import Shape
from speaking import event, speaking, stream
from thinking import CALLS, thinking

CREATE, STREAM = "messages.create", "messages.stream"
WHERE = ("anthropic", "openai", "groq", "google", "bedrock", "cohere")
HELLO = [{"role": "user", "content": "Hi"}]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 24).decode()
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
TOOLS = [
    {"name": name, "description": name, "input_schema": {"type": "object", "properties": {field: {"type": "string"}}}}
    for name, field in (("weather", "city"), ("clock", "zone"))
]
FIXTURES = [
    *TWO_STEPS,
    {"match": {"userMessage": "think"}, "response": {"content": TEXT, "reasoning": "Let me see.", "usage": USAGE}},
    {"match": {"userMessage": "shape"}, "response": {"content": '{"city":"Paris"}', "usage": USAGE}},
    {"match": {}, "response": {"content": TEXT, "usage": USAGE}},
]
others = mocking(WHERE, FIXTURES)


@pytest.fixture(scope="module")
def running(others):
    models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": MODELS.get(name, "m")}]} for name in WHERE]
    with Gateway(example.plan(*WHERE) | {"models": models} | callers.sections(bob=[]), {name: others for name in WHERE}) as one:
        yield one


@pytest.fixture
def ask(running, others, anthropic):
    """`ask(provider, ...)` -> what the SDK made of it, and the log's line."""

    def call(name: str, path: str = CREATE, **params):
        others.forget()
        since = len(running.access_log())
        got = anthropic.call(running.url, ALICE, path, model=f"acme/{name}", **{"max_tokens": 99, "messages": HELLO} | params)
        assert got.error is None, got.error
        return got, callers.line_of(running, f"acme/{name}", since, len(got.at))

    return call


HOW = {"json": (CREATE, {}), "stream": (CREATE, {"stream": True}), "helper": (STREAM, {})}
how = pytest.mark.parametrize("path, asked", HOW.values(), ids=HOW)
at_each = pytest.mark.parametrize("name", WHERE)


def message(got) -> dict:
    """The message: as it came, as the helper put it together, or put together here from the events, as strictly."""
    if got.value:
        return got.value
    kinds = [event["type"] for event in got.events if event["type"] != "ping"]
    assert (kinds[0], kinds[-2:]) == ("message_start", ["message_delta", "message_stop"])
    whole, opened = copy.deepcopy(got.events[0]["message"]), None
    for event in got.events:
        match event["type"]:
            case "content_block_start":
                assert opened is None and event["index"] == len(whole["content"]), "one block at a time, in order"
                opened = {"json": ""} | copy.deepcopy(event["content_block"])
                whole["content"].append(opened)
            case "content_block_delta":
                kind, delta = event["delta"]["type"], event["delta"]
                field = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "json"}.get(kind)
                if kind == "input_json_delta":
                    opened["json"] += delta["partial_json"]
                elif field:
                    opened[field] += delta[field]
                elif kind == "signature_delta":
                    opened["signature"] = delta["signature"]
            case "content_block_stop":
                text = opened.pop("json")
                opened |= {"input": json.loads(text)} if opened["type"] == "tool_use" else {}
                opened = None
            case "message_delta":
                whole |= {"stop_reason": event["delta"]["stop_reason"]}
                whole["usage"] |= {key: value for key, value in event["usage"].items() if value is not None}
    return whole


def said(got) -> str:
    return "".join(block["text"] for block in message(got)["content"] if block["type"] == "text")


# ---------------------------------------------------------------- at providers as others mock them


@how
@at_each
def test_text(ask, others, name, path, asked):
    got, line = ask(name, path, system="Be brief.", stop_sequences=["never"], **asked)
    whole = message(got)
    assert (said(got), whole["stop_reason"], whole["role"]) == (TEXT, "end_turn", "assistant")
    assert (whole["usage"]["input_tokens"], whole["usage"]["output_tokens"]) == (7, 4)
    assert (line["provider"], line["dialect"], line["operation"], line["ended"]) == (name, "anthropic", "messages", "complete")
    assert (line["input"], line["output"], line["status"]) == (7, 4, 200)
    (arrived,) = others.journal()
    assert ALICE not in json.dumps(arrived) and "Be brief." in json.dumps(arrived)
    if name in SEEN and name != "openai":
        _, once, streamed, _ = SEEN[name]
        is_stream = path == STREAM or bool(asked)
        assert arrived["path"].split("?")[0] == (streamed if is_stream else once).format(path_segment(MODELS[name])).split("?")[0]


def test_the_helpers_events_add_up(ask, anthropic):
    """Beside the wire's own events Python's helper has some of its making, which need everything to be in its place."""
    for name in WHERE:
        got, _ = ask(name, STREAM)
        if anthropic.name == "anthropic_python":
            texts = [event for event in got.events if event["type"] == "text"]
            assert "".join(event["text"] for event in texts) == TEXT and texts[-1]["snapshot"] == TEXT
            (stopped,) = [event for event in got.events if event["type"] == "content_block_stop"]
            assert stopped["content_block"]["text"] == TEXT


@how
@at_each
def test_parallel_tools_and_their_results(ask, name, path, asked):
    asking = [{"role": "user", "content": "What is the weather in Paris, and what time is it?"}]
    got, line = ask(name, path, messages=asking, tools=TOOLS, **asked)
    whole = message(got)
    calls = [block for block in whole["content"] if block["type"] == "tool_use"]
    assert (whole["stop_reason"], line["ended"]) == ("tool_use", "complete")
    assert [(call["name"], call["input"]) for call in calls] == [("weather", WEATHER), ("clock", CLOCK)]
    assert len({call["id"] for call in calls}) == 2

    shown = [] if name in ("groq", "cohere") else [IMAGE]  # there it follows the results, and the mock looks at the last message
    results = [
        {"type": "tool_result", "tool_use_id": calls[0]["id"], "content": [{"type": "text", "text": "20 degrees"}, *shown]},
        {"type": "tool_result", "tool_use_id": calls[1]["id"], "is_error": True, "content": "it stands still"},
    ]
    kept = [block for block in whole["content"] if block["type"] in ("tool_use", "text", "thinking")]
    talk = [*asking, {"role": "assistant", "content": kept}, {"role": "user", "content": results}]
    got, _ = ask(name, path, messages=talk, tools=TOOLS, **asked)
    assert (said(got), message(got)["stop_reason"]) == ("20 degrees at noon", "end_turn")


@how
@pytest.mark.parametrize("name", ["anthropic", "google", "bedrock", "groq"])
def test_thoughts(ask, name, path, asked):
    thinks = {"messages": [{"role": "user", "content": "Please think"}], "thinking": {"type": "enabled", "budget_tokens": 1024}}
    got, _ = ask(name, path, max_tokens=2048, **thinks, **asked)
    first, *_ = message(got)["content"]
    assert (first["type"], first["thinking"], said(got)) == ("thinking", "Let me see.", TEXT)


@at_each
def test_answers_of_a_shape(ask, anthropic, name):
    wish = [{"role": "user", "content": "In the shape, please"}]
    for path in ("messages.parse", STREAM):
        got, _ = ask(name, path, messages=wish, output_format=Shape("Place", ("city",)))
        (block,) = [block for block in got.value["content"] if block["type"] == "text"]
        assert json.loads(block["text"]) == {"city": "Paris"}
        # Python's would have raised; what it made of the text is no part of the message.
        assert anthropic.name == "anthropic_python" or got.value["parsed_output"] == {"city": "Paris"}


@at_each
def test_images(ask, name):
    words = {"type": "text", "text": "What is this?"}
    got, _ = ask(name, messages=[{"role": "user", "content": [IMAGE, words]}])
    assert said(got) == TEXT


def test_models(running, anthropic):
    listed = anthropic.call(running.url, ALICE, "models.list")
    assert listed.error is None, listed.error
    names = {one["id"]: one for one in listed.value["data"]}
    assert {f"acme/{name}" for name in WHERE} <= set(names)
    assert {one["type"] for one in names.values()} == {"model"}
    one = anthropic.call(running.url, ALICE, "models.retrieve", "acme/google")
    assert (one.error, one.value["id"], one.value["type"]) == (None, "acme/google", "model")


def test_tokens_are_counted_where_there_is_a_counter(babel, anthropic):
    for name in NAMES:
        path = "messages.countTokens" if anthropic.name == "anthropic_node" else "messages.count_tokens"
        got = anthropic.call(babel.url, CLIENT_KEY, path, model=f"acme/{name}", messages=HELLO)
        if name in ("anthropic", "vertex-anthropic"):
            assert (got.error, got.value["input_tokens"]) == (None, 10)
        else:
            assert (got.error["classes"][0], got.error["status"], len(got.at)) == ("NotFoundError", 404, 1)


# ---------------------------------------------------------------- what providers see


@pytest.mark.parametrize("name", NAMES)
def test_betas_go_where_they_are_known(babel, anthropic, name):
    betas = ["context-1m-2025-08-07", "of-tomorrow-2031-01-01"]
    got = anthropic.call(
        babel.url, CLIENT_KEY, "beta.messages.create", model=f"acme/{name}", max_tokens=9, messages=HELLO, betas=betas, context_management={"edits": []}
    )
    assert (got.error, got.value["content"][0]["text"]) == (None, f"from {name}")
    seen = babel.seen(name)
    expected = {"anthropic": ",".join(betas), "vertex-anthropic": betas[0]}
    assert seen.header("anthropic-beta") == expected.get(name)
    assert ("context_management" in seen) == (name in expected)


SEALED = ("anthropic", "vertex-anthropic", "bedrock", "google", "vertex")
USER = {"role": "user", "content": "What is the weather in Paris, and what time is it?"}
THINKS = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 9000}
TWO_TOOLS = [{"name": name, "input_schema": {"type": "object"}} for _, name, _ in CALLS]


def converse(babel, anthropic, model: str, talk: list[dict], path: str = CREATE, **asked):
    """A turn; the talk grows by what was said, as it came, and by what the tools gave."""
    got = anthropic.call(babel.url, CLIENT_KEY, path, model=model, messages=talk, tools=TWO_TOOLS, **THINKS, **asked)
    assert got.error is None, got.error
    content = [{key: value for key, value in block.items() if value is not None} for block in message(got)["content"]]
    calls = [block for block in content if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "known"} for call in calls]
    talk += [{"role": "assistant", "content": content}, *([{"role": "user", "content": results}] if results else [])]
    return got


@how
@pytest.mark.parametrize("name", SEALED)
def test_thoughts_come_and_go_back_with_their_seals(babel, anthropic, name, path, asked):
    babel.behave(**{name: thinking(name, "seal-1", CALLS)})
    talk = [USER]
    first = converse(babel, anthropic, f"acme/{name}", talk, path, **asked)
    kinds = [block["type"] for block in message(first)["content"] if block["type"] != "redacted_thinking"]
    assert kinds == ["thinking", "tool_use", "tool_use"] and message(first)["content"][0]["thinking"] == "Hm."

    babel.behave(**{name: thinking(name, "seal-2")})
    second = converse(babel, anthropic, f"acme/{name}", talk, path, **asked)
    assert said(second) == "done"
    assert babel.seen(name).body.count(b'"seal-1"') == 1


@how
@pytest.mark.parametrize("name, own", [("google", "anthropic"), ("vertex", "vertex-anthropic"), ("openai", "anthropic"), ("bedrock", "anthropic")])
def test_line_44_seals_of_others_are_not_anthropics_to_see(babel, anthropic, name, own, path, asked):
    """A conversation that began elsewhere goes on at Anthropic, where another's seal is a 400. Bedrock's are Claude's own."""
    begins = openai_thinking("seal-1") if name == "openai" else thinking(name, "seal-1", CALLS)
    babel.behave(**{name: begins})
    talk = [USER]
    converse(babel, anthropic, f"acme/{name}", talk, path, **asked)
    assert "seal-1" in json.dumps(talk)

    babel.behave()
    assert said(converse(babel, anthropic, f"acme/{own}", talk, path, **asked)) == f"from {own}"
    seen = babel.seen(own)
    assert "tg1." not in seen and '"weather"' in seen
    assert ("seal-1" in seen) == (name == "bedrock")

    babel.behave()
    talk.append(HELLO[0])
    converse(babel, anthropic, f"acme/{name}", talk, path, **asked)
    assert "seal-1" in babel.seen(name), "it was kept for its own"


def openai_thinking(seal: str):
    """OpenAI's responses: sealed reasoning, and a call."""
    output = [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": seal},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "weather", "arguments": "{}", "status": "completed"},
    ]
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": "mock", "status": "completed", "output": output}
    response |= {"usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}}

    def behave(request):
        if not request.json().get("stream"):
            return answer(200, response)
        items = [(kind, {"output_index": i, "item": item}) for i, item in enumerate(output) for kind in ("added", "done")]
        events = [event("response.created", sequence_number=0, response=response | {"status": "in_progress", "output": []})]
        events += [event(f"response.output_item.{kind}", sequence_number=0, **body) for kind, body in items]
        return stream([*events, event("response.completed", sequence_number=0, response=response)])

    return behave


# ---------------------------------------------------------------- what breaks


CUT = {"openai": 5, "google": 1, "vertex": 1}  # events until the first word


@pytest.mark.parametrize("path, asked", [HOW["stream"], HOW["helper"]], ids=["stream", "helper"])
@pytest.mark.parametrize("name", NAMES)
def test_line_34_a_stream_that_is_cut_raises(babel, anthropic, name, path, asked):
    babel.behave(**{name: speaking("Hello", keep=CUT.get(name, 4))})
    got = anthropic.call(babel.url, CLIENT_KEY, path, model=f"acme/{name}", max_tokens=9, messages=HELLO, **asked)
    assert got.error and len(got.at) == 1, got
    assert "APIError" in got.error["classes"]
    if anthropic.name == "anthropic_python":
        assert (got.error["classes"][0], got.error["status"]) == ("APIStatusError", 200)
    assert got.error["type"] == "api_error"
    assert any('"He' in json.dumps(event) for event in got.events), "what came before is not lost"


@pytest.mark.parametrize("failure", [reset(), error(503), answer(529, {"type": "error", "error": {"type": "overloaded_error", "message": "no"}})])
@pytest.mark.parametrize("asked", [{}, {"stream": True}], ids=["json", "stream"])
def test_what_fails_before_the_first_word_is_another_providers(babel, anthropic, failure, asked):
    babel.behave(anthropic=failure)
    got = anthropic.call(babel.url, CLIENT_KEY, CREATE, model="acme/back", max_tokens=9, messages=HELLO, **asked)
    assert (got.error, said(got), len(got.at)) == (None, "from openai", 1)
