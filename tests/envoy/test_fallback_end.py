"""Where fallback ends: whose 400 counts, how many attempts there are, and what is not repeated at all."""

import pace
import pytest
from mock import chat, error, hang, reset
from trio import REFUSED, REFUSED_IMAGES, saw_only_its_own

pytestmark = pytest.mark.both


def bad(message: str = "bad request", status: int = 400):
    return error(status, message, "invalid_request_error", "invalid_value")


# name: (model, what the three do, status, code, in the message, attempts)
ENDS = {
    # The request is at fault: nobody else is bothered.
    "400_of_the_first": ("acme/chat", (bad("mine"), None, None), 400, "invalid_value", "mine", "openai:400"),
    "422_of_the_first": ("acme/chat", (bad("mine", 422), None, None), 422, "invalid_value", "mine", "openai:422"),
    "413_of_the_first": ("acme/chat", (error(413), None, None), 413, "request_too_large", "", "openai:413"),
    # A later target's 400 is that target's failure.
    "400_of_the_second": ("acme/chat", (error(503), bad(), None), 200, None, "", "openai:503,azure:400,groq:200"),
    "422_of_the_second": ("acme/chat", (error(503), bad(status=422), None), 200, None, "", "openai:503,azure:422,groq:200"),
    "400_of_the_second_then_503": ("acme/chat", (error(503), bad(), error(503, "late")), 503, "no_provider", "late", "openai:503,azure:400,groq:503"),
    "400_of_all_but_the_first": ("acme/chat", (error(503), bad(), bad("late")), 503, "no_provider", "", "openai:503,azure:400,groq:400"),
    "400_after_a_reset": ("acme/chat", (reset(), bad(), bad()), 503, "no_provider", "", "openai:reset,azure:400,groq:400"),
    # All fail: exactly one attempt each, however they fail.
    "all_503": ("acme/chat", (error(503), error(503), error(503)), 503, "no_provider", "", "openai:503,azure:503,groq:503"),
    "all_429": ("acme/chat", (error(429), error(429), error(429)), 429, "rate_limit_exceeded", "", "openai:429,azure:429,groq:429"),
    "all_keys_dead": ("acme/chat", (error(401), error(403), error(402)), 424, "provider_credential_rejected", "", "openai:401,azure:403,groq:402"),
    "all_404": ("acme/chat", (error(404), error(404), error(404)), 404, "model_not_found", "", "openai:404,azure:404,groq:404"),
    "all_reset": ("acme/chat", (reset(), reset(), reset()), 503, "no_provider", "", "openai:reset,azure:reset,groq:reset"),
    "all_hang": ("acme/quick", (hang(), hang(), hang()), 504, "timeout", "", "openai:timeout,azure:timeout,groq:timeout"),
    "refused_and_reset": ("acme/refused", (None, reset(), reset()), 503, "no_provider", "", f"{REFUSED}:connect,azure:reset,groq:reset"),
    "mixed": ("acme/chat", (error(500), error(429), reset()), 503, "no_provider", "", "openai:500,azure:429,groq:reset"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_plan(trio, name, stream):
    model, told, status, code, words, attempts = ENDS[name]
    trio.behave(**{name: one for name, one in zip(trio.mocks, told) if one})
    response = trio.chat(model, stream=stream)
    assert (response.status, response.header("x-tollgate-attempts")) == (status, attempts)
    assert trio.seen() == {name: attempts.count(name + ":") for name in trio.mocks}
    for name, mock in trio.mocks.items():
        [saw_only_its_own(got, name) for got in mock.requests]
    assert response.header("x-tollgate-retry") is None
    line = trio.line(response)
    assert (line["attempts"], line["status"]) == (attempts, status)
    if code:
        problem = response.json()["error"]
        assert problem["code"] == code and words in problem["message"]
        assert line["ended"] == "failed" and line["error"] == response.header("x-tollgate-error")


def test_all_limited_says_when_the_first_of_them_is_free(trio):
    lost = pace.lost()
    waits = {"openai": "30", "azure": "7", "groq": "20"}
    trio.behave(**{name: error(429, headers={"retry-after": wait}) for name, wait in waits.items()})
    response = trio.chat()
    assert (response.status, response.header("retry-after")) == (429, "7")
    assert response.chunks[0][0] < 5 + pace.lost() - lost, "nobody waits when there is somebody else to ask"


# What was paid for already must not be made twice: images, audio, and what the provider keeps.
PAID = {
    "images": ("/v1/images/generations", {"model": "acme/pair", "prompt": "a cat"}),
    "speech": ("/v1/audio/speech", {"model": "acme/pair", "input": "hello", "voice": "alloy"}),
    "stored_chat": ("/v1/chat/completions", {"model": "acme/pair", "store": True, "messages": [{"role": "user", "content": "x"}]}),
}


@pytest.mark.parametrize("failure,status,word", [(reset(), 503, "reset"), (hang(), 504, "timeout")], ids=["reset", "timeout"])
@pytest.mark.parametrize("name", PAID)
def test_what_is_paid_for_is_not_repeated_after_silence(trio, name, failure, status, word):
    path, body = PAID[name]
    trio.behave(openai=failure)
    response = trio.post(path, body | {"model": "acme/pair-quick"})
    assert (response.status, response.header("x-tollgate-attempts")) == (status, f"openai:{word}")
    assert response.json()["error"]["code"] == ("timeout" if status == 504 else "no_provider")
    assert trio.seen() == {"openai": 1, "azure": 0, "groq": 0}


@pytest.mark.parametrize("name", PAID)
def test_what_is_paid_for_goes_on_when_the_provider_said_no(trio, name):
    path, body = PAID[name]
    trio.behave(openai=error(503), azure=chat("made"))
    response = trio.post(path, body)
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "openai:503,azure:200")
    assert trio.seen() == {"openai": 1, "azure": 1, "groq": 0}


@pytest.mark.parametrize("name", PAID)
def test_what_is_paid_for_goes_on_when_nobody_was_reached(trio, name):
    """A refused connection has cost nothing."""
    path, body = PAID[name]
    trio.behave(azure=chat("made"))
    response = trio.post(path, body | {"model": "acme/refused-pair"})
    assert (response.status, response.header("x-tollgate-attempts")) == (200, f"{REFUSED_IMAGES}:connect,azure:200")
