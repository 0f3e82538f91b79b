"""The official SDKs on Responses: at providers that speak it, which get their requests as they come, and at those that do
not, who are asked in their own APIs. Somebody else's mock answers as each of them; where what was asked is looked at, our own."""

import json

import callers
import example
import pytest
from aimock import CLOCK, TEXT, TWO_STEPS, USAGE, WEATHER, mocking
from babel import CLIENT_KEY, FOREIGN, MODELS, NAMES as ALL
from callers import ALICE
from harness import Gateway
from sdk import HELLO, Shape
from speaking import speaking
from thinking import CALLS, thinking

PASSING = ("openai", "groq")
CHAT_ONLY = ("deepseek", "together")
TRANSLATED = ("anthropic", "google", "vertex", "bedrock", "cohere", *CHAT_ONLY)
NAMES = (*PASSING, *TRANSLATED)
CITY = {"city": "Paris", "country": "France"}
FIXTURES = [
    *TWO_STEPS,
    {"match": {"userMessage": "capital"}, "response": {"content": json.dumps(CITY), "usage": USAGE}},
    {"match": {}, "response": {"content": TEXT, "usage": USAGE}},
]
ASKING = [{"role": "user", "content": "What is the weather in Paris, and what time is it?"}]
TOOLS = [
    {"type": "function", "name": name, "strict": False, "parameters": {"type": "object", "properties": {field: {"type": "string"}}}}
    for name, field in (("weather", "city"), ("clock", "zone"))
]
HOWS = {"plain": "responses.create", "stream": "responses.create", "helper": "responses.stream"}


mock = mocking(NAMES, FIXTURES)


@pytest.fixture(scope="module")
def running(mock):
    models = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": MODELS.get(name, f"{name}-model")}]} for name in NAMES]
    with Gateway(example.plan(*NAMES) | {"models": models} | callers.sections(bob=[]), dict.fromkeys(NAMES, mock)) as one:
        yield one


@pytest.fixture
def ask(running, mock, sdk):
    """`ask(provider, how, ...)` -> the response, and the log's line."""

    def call(name: str, how: str = "plain", path: str | None = None, **params):
        mock.forget()
        since = len(running.access_log())
        if how == "stream":
            params["stream"] = True
        got = sdk.call(running.url, ALICE, path or HOWS[how], model=f"acme/{name}", **params)
        assert got.error is None, got.error
        response = got.value or next(event["response"] for event in got.events if event["type"] == "response.completed")
        if name in TRANSLATED:  # the mock gives none of its own
            assert [event["sequence_number"] for event in got.events] == list(range(len(got.events)))
        assert not got.events or "".join(event["delta"] for event in got.events if event["type"] == "response.output_text.delta") == text(response)
        return response, callers.line_of(running, f"acme/{name}", since)

    return call


def text(response: dict) -> str:
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    return "".join(part["text"] for part in parts)


def calls(response: dict) -> list[dict]:
    return [item for item in response["output"] if item["type"] == "function_call"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", NAMES)
def test_text_and_usage(ask, mock, name, how):
    response, line = ask(name, how, input="Hi", instructions="Be brief.", store=False, include=["reasoning.encrypted_content"])
    assert (text(response), response["status"], response["object"]) == (TEXT, "completed", "response")
    assert (response["usage"]["input_tokens"], response["usage"]["output_tokens"]) == (7, 4)
    assert (line["input"], line["output"], line["provider"], line["ended"]) == (7, 4, name, "complete")
    assert (line["operation"], line["dialect"], line["stream"]) == ("responses", "openai", how != "plain")
    (arrived,) = mock.journal()
    assert arrived["path"].endswith("/responses") == (name in PASSING)
    assert "Be brief." in json.dumps(arrived["body"]) and ALICE not in json.dumps(arrived)
    if name in TRANSLATED:
        assert response["instructions"] == "Be brief." and response["id"].startswith("resp_")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", NAMES)
def test_tools_over_two_turns(ask, mock, name, how):
    """Parallel calls; what came back goes back as the SDK gave it, with each result by its `call_id`."""
    response, line = ask(name, how, input=ASKING, tools=TOOLS)
    called = calls(response)
    assert [(call["name"], json.loads(call["arguments"])) for call in called] == [("weather", WEATHER), ("clock", CLOCK)]
    assert len({call["call_id"] for call in called}) == 2 and all(call["call_id"] for call in called)
    assert (response["status"], line["ended"]) == ("completed", "complete")

    given = [{"type": "function_call_output", "call_id": call["call_id"], "output": "20 degrees"} for call in called]
    response, _ = ask(name, how, input=[*ASKING, *response["output"], *given], tools=TOOLS)
    assert (text(response), response["status"]) == ("20 degrees at noon", "completed")
    sent = json.dumps(mock.journal()[0]["body"])
    assert sent.count("20 degrees") == 2 and "Europe/Paris" in sent


@pytest.mark.parametrize("name", NAMES)
def test_structured_output_is_parsed(ask, name):
    response, _ = ask(name, path="responses.parse", input="What is the capital of France?", text_format=Shape("City", ("city", "country")))
    (part,) = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    assert part["parsed"] == CITY




# ---------------------------------------------------------------- what arrives


@pytest.fixture
def create(babel, sdk):
    """`create(provider, ...)` -> what the SDK made of it."""

    def call(name: str, path: str = "responses.create", **params):
        return sdk.call(babel.url, CLIENT_KEY, path, model=f"acme/{name}", **{"input": "Hi"} | params)

    return call


PLACES = {
    "openai": '"text":{"format":',
    "anthropic": '"output_config"',
    "vertex-anthropic": '"output_config"',
    "google": '"responseJsonSchema"',
    "vertex": '"responseJsonSchema"',
    "bedrock": '"outputConfig"',
    "cohere": '"response_format"',
}


@pytest.mark.parametrize("name", ALL)
def test_a_schema_arrives_in_each_providers_own_place(babel, create, name):
    babel.behave(**{name: speaking(json.dumps(CITY))})
    got = create(name, "responses.parse", text_format=Shape("City", ("city", "country")))
    assert got.error is None and text(got.value) == json.dumps(CITY)
    assert PLACES[name] in babel.seen(name) and "country" in babel.seen(name)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_was_to_be_stored_is_told_to_be_none(babel, create, name):
    for store in (False, True):
        got = create(name, store=store)
        assert (got.error, text(got.value), got.value["store"]) == (None, f"from {name}", False)
        told = babel.post("/v1/responses", {"model": f"acme/{name}", "input": "Hi", "store": store})
        assert told.header("x-tollgate-dropped-params") == ("store" if store else None)


# What an account keeps, others cannot know.
KEPT = {
    "previous_response_id": {"previous_response_id": "resp_1"},
    "conversation": {"conversation": "conv_1"},
    "background": {"background": True},
    "input.item_reference": {"input": [{"type": "item_reference", "id": "msg_1"}]},
}


@pytest.mark.parametrize("param", KEPT)
def test_what_an_account_keeps_is_asked_of_that_account_or_refused(babel, create, param):
    for name in FOREIGN:
        got = create(name, **KEPT[param])
        assert (got.error["classes"][0], got.error["status"], got.error["param"]) == ("BadRequestError", 400, param), (name, got.error)
        assert (len(got.at), babel.counts()) == (1, {}), name
    for name in ("openai", "back"):  # `back`: of two targets the one that has it
        babel.behave()
        assert create(name, **KEPT[param]).error is None
        sent = babel.seen("openai").json()
        assert {field: sent[field] for field in KEPT[param]} == KEPT[param] and babel.counts() == {"openai": 1}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", ["anthropic", "google", "bedrock", "vertex-anthropic"])
def test_thoughts_come_and_go_back_sealed(babel, create, name, stream):
    """Reasoning items with `encrypted_content`, as the SDK gave them, are the provider's own proofs again; the others do
    without."""
    babel.behave(**{name: thinking(name, "seal-1", CALLS)})
    tools = [{"type": "function", "name": called, "parameters": {"type": "object", "properties": {}}} for _, called, _ in CALLS]
    asked = {"tools": tools, "reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"], "stream": stream}
    got = create(name, input=HELLO, **asked)
    assert got.error is None
    response = got.value or got.events[-1]["response"]
    thoughts = [item for item in response["output"] if item["type"] == "reasoning"]
    assert "".join(part["text"] for item in thoughts for part in item["summary"]) == "Hm."
    assert [item.get("encrypted_content") for item in thoughts if "seal-1" in (item.get("encrypted_content") or "")]
    results = [{"type": "function_call_output", "call_id": call["call_id"], "output": "1"} for call in calls(response)]
    assert len(results) == 2

    history = [*HELLO, *response["output"], *results]
    for other, sealed in ((name, 1), ("openai", 0), ("cohere", 0)):
        babel.behave(**{name: thinking(name, "seal-2")})
        got = create(other, input=history, **asked)
        assert got.error is None and text(got.value or got.events[-1]["response"]) == ("done" if sealed else f"from {other}"), other
        if other != "openai":  # which gets its own API's requests as they come
            assert babel.seen(other).body.count(b'"seal-1"') == sealed, other
        assert '"weather"' in babel.seen(other)


# ---------------------------------------------------------------- what goes wrong: the rest is in test_sdk_errors.py

@pytest.mark.parametrize("path", ["responses.create", "responses.stream"])
@pytest.mark.parametrize("name", ALL)
def test_a_stream_that_is_cut_raises(create, babel, name, path):
    """An SDK alone would take the half for the whole."""
    keep = {"openai": 5, "google": 1, "vertex": 1, "bedrock": 2, "cohere": 3}.get(name, 4)
    babel.behave(**{name: speaking("halfwhole", keep=keep)})
    got = create(name, path, **({"stream": True} if path == "responses.create" else {}))
    said = "".join(event["delta"] for event in got.events if event["type"] == "response.output_text.delta")
    assert said == "half" and len(got.at) == 1
    assert got.error["classes"][0] == "APIError" and "ended before its answer was complete" in got.error["message"]
    assert got.value is None
