"""What the official SDKs get from, and send to, a provider that somebody else wrote: its journal is the witness."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import callers
import client
import example
import pytest
from aimock import TEXT, Aimock
from callers import ALICE, BOB
from harness import Gateway
from sdk import CHAT, HELLO, File

THERE = "name-used-there"
PICTURE = File("cat.png", bytes(range(256)) * 400)
OPTIONS = {"providerOptions": {"gateway": {"only": ["openai"], "user": "u1"}, "openai": {}}, "provider": {"order": ["openai"]}}


@dataclass
class Call:
    name: str
    path: str
    arrives_at: str
    params: dict
    found: Callable  # what of the SDK's value, or of its events, is looked at
    expected: object
    usage: tuple = (None, None)  # in our log
    kept: dict = field(default_factory=dict)  # fields of the body that arrive as they are


CALLS = [
    Call("chat", CHAT, "/v1/chat/completions", {"messages": HELLO}, lambda got: got.text(), TEXT, (7, 4), {"messages": HELLO}),
    Call("stream", CHAT, "/v1/chat/completions", {"messages": HELLO, "stream": True}, lambda got: got.text(), TEXT, (7, 4)),
    Call("options", CHAT, "/v1/chat/completions", {"messages": HELLO, "extra": OPTIONS}, lambda got: got.text(), TEXT, (7, 4)),
    Call(
        "embeddings", "embeddings.create", "/v1/embeddings", {"input": "Hi", "encoding_format": "float"},
        lambda got: got.value["data"][0]["embedding"], [0.25, -0.5], (0, None),
    ),
    Call(
        "responses", "responses.create", "/v1/responses", {"input": "Hi"},
        lambda got: got.value["output"][0]["content"][0]["text"], TEXT, (7, 4),
    ),
    Call(
        "responses-stream", "responses.create", "/v1/responses", {"input": "Hi", "stream": True},
        lambda got: "".join(event["delta"] for event in got.events if event["type"] == "response.output_text.delta"), TEXT, (7, 4),
    ),
    Call("moderations", "moderations.create", "/v1/moderations", {"input": "Hi"}, lambda got: got.value["results"][0]["flagged"], False),
    Call(
        "transcription", "audio.transcriptions.create", "/v1/audio/transcriptions", {"file": File("a.wav", PICTURE.data)},
        lambda got: got.value["text"], "spoken",
    ),
    Call(
        "image-edit", "images.edit", "/v1/images/edits", {"image": PICTURE, "prompt": "a cat"},
        lambda got: got.value["data"][0]["b64_json"], "AAAA",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def mocks():
    """Two of them, each with a key of its own."""
    both = {name: Aimock(example.secret(name)) for name in ("openai", "together")}
    yield both
    for one in both.values():
        one.close()


@pytest.fixture(scope="module")
def running(mocks):
    models = [{"name": f"acme/{call.name}", "targets": [{"provider": "openai", "model": THERE}]} for call in CALLS]
    models.append(example.plan("openai", "together", model="acme/pair")["models"][0])
    config = example.plan("openai", "together") | {"models": models} | callers.sections(bob=["acme/chat", "acme/pair"])
    with Gateway(config, mocks) as one:
        yield one


@pytest.fixture(autouse=True)
def forget(mocks):
    for one in mocks.values():
        one.forget()


@pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
def test_the_sdk_gets_the_answer_and_the_provider_gets_its_own_names(running, mocks, sdk, call):
    before = len(running.access_log())
    got = sdk.call(running.url, ALICE, call.path, model=f"acme/{call.name}", **call.params)
    assert got.error is None
    assert call.found(got) == call.expected

    (arrived,) = mocks["openai"].journal()
    assert (arrived["method"], arrived["path"], arrived["response"]["status"]) == ("POST", call.arrives_at, 200)
    assert arrived["headers"]["host"] == "api.openai.com"
    body = arrived["body"] or {}  # the journal keeps none of moderations
    assert body.get("model") == (THERE if body else None)
    assert not {"provider", "providerOptions", "models"} & set(body)
    assert {name: body[name] for name in call.kept} == call.kept
    no_trace(arrived)

    line = callers.line_of(running, f"acme/{call.name}", before)
    assert (line["provider"], line["model"], line["model_sent"], line["key"]) == ("openai", f"acme/{call.name}", THERE, "alice")
    assert (line["input"], line["output"], line["status"], line["ended"]) == (*call.usage, 200, "complete")


def no_trace(arrived: dict) -> None:
    """Nothing that a provider must not see: the client's key, our own headers, Envoy's."""
    assert ALICE not in json.dumps(arrived)
    assert not [name for name in arrived["headers"] if name.startswith(("x-tollgate", "x-envoy", "x-forwarded"))]


def test_the_mock_takes_no_key_but_the_gateways_own(mocks):
    """What makes the 200s above proof that the key was swapped: the journal does not show it."""
    for key, status in [(ALICE, 401), (example.secret("together"), 401), (example.secret("openai"), 200)]:
        message = {"model": "m", "messages": HELLO}
        url, headers = mocks["openai"].url, {"authorization": f"Bearer {key}"}
        assert client.request(url, "POST", "/v1/chat/completions", message, headers).status == status


def test_usage_is_asked_for_and_options_of_the_gateway_stay_here(running, mocks, sdk):
    before = len(running.access_log())
    sdk.call(running.url, ALICE, CHAT, model="acme/stream", messages=HELLO, stream=True, extra=OPTIONS)
    (arrived,) = mocks["openai"].journal()
    assert arrived["body"]["stream_options"] == {"include_usage": True}
    assert not {"provider", "providerOptions"} & set(arrived["body"])
    assert callers.line_of(running, "acme/stream", before)["user"] == "u1"


def test_models_are_what_the_key_may_use(running, mocks, sdk):
    everything = sdk.call(running.url, ALICE, "models.list").value["data"]
    few = sdk.call(running.url, BOB, "models.list").value["data"]
    ours = {one["id"] for one in everything if one["id"].startswith("acme/")}
    assert ours == {f"acme/{call.name}" for call in CALLS} | {"acme/pair"}
    assert "openai/gpt-5" in {one["id"] for one in everything}, "whoever may use everything, may use the catalog"
    assert [one["id"] for one in few] == ["acme/chat", "acme/pair"]
    one = sdk.call(running.url, BOB, "models.retrieve", "acme/chat").value
    assert (one["id"], one["object"], one["owned_by"]) == ("acme/chat", "model", "acme")
    assert sdk.call(running.url, BOB, "models.retrieve", "acme/stream").error["classes"][0] == "NotFoundError"
    assert mocks["openai"].journal() == []


CHAOS = [("rateLimitRate", "429"), ("dropRate", "500"), ("disconnectRate", "reset")]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("chaos, word", CHAOS, ids=[chaos for chaos, _ in CHAOS])
def test_chaos_at_one_provider_is_an_answer_from_the_other(running, mocks, sdk, chaos, word, stream):
    before = len(running.access_log())
    mocks["openai"].chaos(**{chaos: 1})
    got = sdk.call(running.url, ALICE, CHAT, model="acme/pair", messages=HELLO, stream=stream)
    assert (got.error, got.text(), len(got.at)) == (None, TEXT, 1)
    first, second = mocks["openai"].journal(), mocks["together"].journal()
    assert [one["body"]["model"] for one in first + second] == ["openai-model", "together-model"]
    assert second[0]["headers"]["host"] == "api.together.ai"
    for arrived in first + second:
        no_trace(arrived)
    line = callers.line_of(running, "acme/pair", before)
    assert (line["attempts"], line["provider"]) == (f"openai:{word},together:200", "together")
