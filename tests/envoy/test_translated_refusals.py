"""What a provider's API cannot say: its target leaves the plan, or a loss is told, or refused where nothing may be lost."""

import pytest
from babel import FOREIGN
from mock import error

WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQAAAAA="


def user(*parts: dict) -> dict:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, *parts]}]}


BUILT_IN = {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}]}
PICTURE = user({"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}})
SOUND = user({"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}})
FILE = user({"type": "file", "file": {"file_id": "file-1"}})

# what is asked for, the field that is named, who cannot say it
REFUSED = {
    "several choices": ({"n": 2}, "n", ["anthropic", "vertex-anthropic", "bedrock", "cohere"]),
    "logprobs": ({"logprobs": True, "top_logprobs": 2}, "logprobs", ["anthropic", "vertex-anthropic", "bedrock"]),
    "sound": (SOUND, "messages.content.input_audio", ["anthropic", "vertex-anthropic", "bedrock", "cohere"]),
    "sound as an answer": (
        {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
        None,
        ["anthropic", "vertex-anthropic", "bedrock", "cohere"],
    ),
    "a file of an account": (FILE, "messages.content.file_id", ["anthropic", "google", "vertex", "bedrock", "cohere"]),
    "a picture elsewhere": (PICTURE, "messages.content.image_url", ["bedrock", "vertex-anthropic"]),
    "another's built-in tool": (BUILT_IN, "tools", ["google", "vertex", "bedrock", "cohere"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_who_cannot_say_it_leaves_the_plan(babel, what):
    """With nobody left: 400 that names the field, and no provider has seen the request."""
    asked, field, unable = REFUSED[what]
    for name in unable:
        babel.behave()
        response = babel.chat(f"acme/{name}", **asked)
        fault = response.json()["error"]
        assert (response.status, fault["type"], fault["code"]) == (400, "invalid_request_error", "unsupported_parameter"), name
        assert response.header("x-tollgate-error") and fault["message"]
        assert field is None or (fault["param"] == field and f"`{field}`" in fault["message"]), (name, fault)
        assert babel.counts() == {}
        assert babel.line(response)["ended"] == "refused"

        if what == "a file of an account":
            continue  # bound to the first target of the dialect that made it
        babel.behave()
        response = babel.chat(f"pair/{name}", **asked)
        other = "openai" if name == "anthropic" else "anthropic"
        if other in unable:
            assert (response.status, babel.counts()) == (400, {}), name
        else:
            assert (response.status, response.header("x-tollgate-attempts")) == (200, f"{other}:200"), name
            assert babel.counts() == {other: 1}


def test_who_can_say_it_stays(babel):
    """The same requests where they can be said: the plan of all is left with these."""
    for asked, provider in [({"n": 2}, "openai"), ({"n": 2}, "google"), ({"logprobs": True}, "cohere"), (SOUND, "vertex"), (PICTURE, "anthropic")]:
        babel.behave()
        response = babel.chat(f"acme/{provider}", **asked)
        assert (response.status, babel.counts()) == (200, {provider: 1}), (asked, response)


def test_a_plan_without_those_who_cannot(babel):
    babel.behave(openai=error(503, "down"), google=error(503, "down"))
    response = babel.chat("acme/all", n=2)
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "openai:503,google:503,vertex:200")
    assert babel.counts() == {"openai": 1, "google": 1, "vertex": 1}


LOSSES = {"seed": 7, "logit_bias": {"1": 2}, "frequency_penalty": 0.5}
LOST = {
    "anthropic": "seed,logit_bias,frequency_penalty",
    "bedrock": "seed,logit_bias,frequency_penalty",
    "google": "logit_bias",
    "cohere": "logit_bias",
}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", LOST)
def test_harmless_losses_are_told(babel, name, stream):
    response = babel.chat(f"acme/{name}", stream=stream, **LOSSES)
    assert (response.status, set(response.header("x-tollgate-dropped-params").split(","))) == (200, set(LOST[name].split(",")))


def test_the_losses_are_those_of_the_attempt_that_answered(babel):
    babel.behave(openai=error(503, "down"))
    response = babel.chat("acme/three", **LOSSES)
    assert response.header("x-tollgate-attempts") == "openai:503,anthropic:200"
    assert set(response.header("x-tollgate-dropped-params").split(",")) == set(LOST["anthropic"].split(","))
    babel.behave()
    response = babel.chat("acme/three", **LOSSES)
    assert (response.header("x-tollgate-attempts"), response.header("x-tollgate-dropped-params")) == ("openai:200", None)
    babel.behave(anthropic=error(503, "down"))
    response = babel.chat("acme/back", **LOSSES)
    assert (response.header("x-tollgate-attempts"), response.header("x-tollgate-dropped-params")) == ("anthropic:503,openai:200", None)


@pytest.mark.parametrize("name", LOST)
def test_where_nothing_may_be_lost_a_loss_is_a_refusal(babel, name):
    strict = {"x-tollgate-strict": "1"}
    response = babel.chat(f"acme/{name}", headers=strict, **LOSSES)
    fault = response.json()["error"]
    assert (response.status, fault["code"]) == (400, "unsupported_parameter") and fault["param"] in LOST[name].split(",")
    assert babel.counts() == {}
    response = babel.chat(f"acme/{name}", headers=strict)
    assert (response.status, babel.counts()) == (200, {name: 1}), "with nothing to lose it is like any other"
    babel.behave(openai=error(503, "down"))
    response = babel.chat("acme/three", headers=strict, **LOSSES)
    assert response.status == 503 and babel.counts() == {"openai": 2}, "those who would lose something are no help"


def test_a_request_that_cannot_be_read_is_not_sent(babel):
    """OpenAI's API may know more than we do; who needs a translation needs to understand."""
    nothing = [{"role": "user"}]
    for messages, code in [("Hi", "invalid_body"), (nothing, "unsupported_parameter"), ([{"role": "stranger", "content": "Hi"}], "invalid_body")]:
        response = babel.behave().chat("acme/anthropic", messages=messages)
        assert (response.status, response.json()["error"]["code"], babel.counts()) == (400, code, {}), messages
        assert babel.chat("acme/openai", messages=messages).status == 200


URL = "https://example.com/cat.png"
IN_THEIR_WORDS = {
    "/v1/responses": ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": URL}]}]}, "input.content.input_image"),
    "/v1/messages": (
        {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": URL}}]}]},
        "messages.content.image",
    ),
}


@pytest.mark.parametrize("path", IN_THEIR_WORDS)
def test_a_field_is_named_as_the_client_calls_it(babel, path):
    asked, field = IN_THEIR_WORDS[path]
    response = babel.post(path, {"model": "acme/bedrock"} | asked)
    assert response.status == 400 and f"`{field}`" in response.json()["error"]["message"]
    assert babel.counts() == {}


def test_what_is_dropped_is_named_as_the_client_calls_it(babel):
    asked = {"input": "Hi", "tools": [{"type": "function", "name": "a", "parameters": {"type": "object"}, "strict": True}]}
    dropped = {name: babel.post("/v1/responses", {"model": f"acme/{name}"} | asked).header("x-tollgate-dropped-params") for name in FOREIGN}
    assert "tools.strict" in dropped.values() and "tools.function.strict" not in str(dropped.values()), dropped
