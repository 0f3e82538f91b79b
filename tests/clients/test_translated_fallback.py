"""The official SDKs while providers of different APIs fail: they notice nothing of it, or get an error that they know.

PyPI's llmock fails as OpenAI, npm's aimock as Anthropic, another one answers as Bedrock."""

import json

import callers
import example
import pytest
from aimock import TEXT, Aimock
from babel import CLIENT_KEY, FOREIGN, MODELS
from callers import ALICE
from harness import Gateway
from llmock.scenarios import Fail, StreamFault
from llmock.testing import LLMockServer
from sdk import CHAT, HELLO
from speaking import speaking

PLAN = ("openai", "anthropic", "bedrock")
TALK = [{"role": "system", "content": "Be brief."}, *HELLO, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Again"}]


@pytest.fixture(scope="module")
def openai():
    with LLMockServer() as one:
        yield one


@pytest.fixture(scope="module")
def aimocks():
    both = {name: Aimock(example.secret(name)) for name in PLAN[1:]}
    yield both
    for one in both.values():
        one.close()


@pytest.fixture(scope="module")
def running(openai, aimocks):
    targets = [{"provider": name, "model": MODELS[name], "priority": n} for n, name in enumerate(PLAN)]
    config = example.plan(*PLAN) | {"models": [{"name": "acme/three", "targets": targets}]} | callers.sections(bob=["acme/none"])
    with Gateway(config, aimocks | {"openai": openai.port}) as one:
        yield one


FAULTS = {
    "503, 500": (Fail(503, retry_after=0, times=None), "dropRate", "openai:503,anthropic:500,bedrock:200"),
    "429, reset": (Fail(429, retry_after=60, times=None), "disconnectRate", "openai:429,anthropic:reset,bedrock:200"),
    "401, 429": (Fail(401, times=None), "rateLimitRate", "openai:401,anthropic:429,bedrock:200"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("faults", FAULTS)
def test_three_apis_in_one_request(running, openai, aimocks, sdk, faults, stream):
    fault, chaos, attempts = FAULTS[faults]
    openai.state.reset()
    openai.state.scenarios.add(fault)
    for one in aimocks.values():
        one.forget()
    aimocks["anthropic"].chaos(**{chaos: 1})
    since = len(running.access_log())
    got = sdk.call(running.url, ALICE, CHAT, model="acme/three", messages=TALK, stream=stream, temperature=0.5)
    assert (got.error, got.text(), len(got.at)) == (None, TEXT, 1)
    line = callers.line_of(running, "acme/three", since)
    assert (line["attempts"], line["provider"], line["input"], line["output"]) == (attempts, "bedrock", 7, 4)

    (second,), (third,) = aimocks["anthropic"].journal(), aimocks["bedrock"].journal()
    assert second["path"] == "/v1/messages" and third["path"].endswith("/converse-stream" if stream else "/converse")
    for arrived in (second, third):
        text = json.dumps(arrived["body"])
        assert all(f'"{message["content"]}"' in text for message in TALK) and ALICE not in json.dumps(arrived)
    assert "anthropic-version" in second["headers"] and "anthropic-version" not in third["headers"]


def test_a_stream_that_ends_before_its_first_word_is_tried_elsewhere(running, openai, aimocks, sdk):
    openai.state.reset()
    openai.state.scenarios.add(StreamFault("disconnect", after_chunks=1))
    for one in aimocks.values():
        one.forget()
    since = len(running.access_log())
    got = sdk.call(running.url, ALICE, CHAT, model="acme/three", messages=TALK, stream=True)
    assert (got.error, got.text(), len(got.at)) == (None, TEXT, 1)
    assert callers.line_of(running, "acme/three", since)["attempts"].endswith(",anthropic:200")


@pytest.mark.parametrize("name", FOREIGN)
def test_a_translated_stream_that_ends_in_the_middle_raises(babel, sdk, name):
    """An SDK alone would take the half for the whole."""
    babel.behave(**{name: speaking("halfwhole", keep={"google": 1, "vertex": 1, "bedrock": 2, "cohere": 3}.get(name, 4))})
    got = sdk.call(babel.url, CLIENT_KEY, CHAT, model=f"acme/{name}", messages=HELLO, stream=True)
    assert got.text() == "half"
    assert got.error["classes"][0] == "APIError" and "ended before its answer was complete" in got.error["message"]
    assert len(got.at) == 1


@pytest.mark.parametrize("name", FOREIGN)
def test_what_cannot_be_said_is_a_bad_request(babel, sdk, name):
    got = sdk.call(babel.url, CLIENT_KEY, CHAT, model=f"acme/{name}", messages=HELLO, extra={"prediction": {}, "modalities": ["text", "audio"]}, audio={"voice": "alloy", "format": "wav"})  # fmt: skip
    assert (got.error["classes"][0], got.error["code"]) == ("BadRequestError", "unsupported_parameter")
    assert got.error["param"] and len(got.at) == 1 and babel.counts() == {}
