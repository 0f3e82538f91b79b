"""Seals: proof of a model's thoughts, which must come back unchanged where it was made, and nowhere else."""

import json

import pytest
from babel import PLANS
from failing import failing
from mock import error
from thinking import CALLS, TOOLS, message_of, results, standard, thinking

ASKED = {"tools": TOOLS, "reasoning_effort": "low", "max_tokens": 9000}
USER = {"role": "user", "content": "What is the weather in Paris, and what time is it?"}
REJECTED = {
    "anthropic": ("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    "vertex-anthropic": ("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    "bedrock": ("ValidationException", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    "google": ("INVALID_ARGUMENT", "Thought signature is not valid"),
    "vertex": ("INVALID_ARGUMENT", "Thought signature is not valid"),
}
SKIP = "skip_thought_signature_validator"


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", REJECTED)
def test_thoughts_and_parallel_calls_come_and_go_back(babel, name, stream):
    babel.behave(**{name: thinking(name, "seal-1", CALLS)})
    first = babel.chat(f"acme/{name}", messages=[USER], stream=stream, **ASKED)
    message = message_of(first)
    calls = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]
    assert (first.status, calls, message["reasoning_content"]) == (200, [("weather", {"city": "Paris"}), ("clock", {})], "Hm.")
    assert "seal-1" in json.dumps(message["reasoning_details"])

    babel.behave(**{name: thinking(name, "seal-2")})
    second = babel.chat(f"acme/{name}", messages=[USER, message, *results(message)], stream=stream, **ASKED)
    # Gemini takes its seals back, but not the words of its thoughts.
    words = "reasoning" if name in PLANS["acme/gemini"] else None
    assert (second.status, second.text(), second.header("x-tollgate-dropped-params")) == (200, "done", words)
    assert babel.seen(name).body.count(b'"seal-1"') == 1 and SKIP not in babel.seen(name)
    saw = babel.seen(name).json()
    sent = saw.get("messages") or saw["contents"]
    assert [one["role"] for one in sent] in (["user", "assistant", "user"], ["user", "model", "user"])
    assert '"weather"' in babel.seen(name) and '"clock"' in babel.seen(name)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("plan", ["acme/claude", "acme/gemini"])
@pytest.mark.parametrize("keeps", ["everything", "standard"])
def test_a_conversation_outlives_its_provider(babel, plan, keeps, stream):
    """Turn 1 at the first, which is down in turn 2 and back in turn 3: all 200, and every seal stays at its own API."""
    first, second = PLANS[plan][0], PLANS[plan][1]
    behave = {one: thinking(one, f"seal-of-{one}", CALLS) for one in PLANS[plan]}
    talk, answered = [USER], []
    for turn, down in enumerate([False, True, False]):
        told = behave | ({first: error(503, "down")} if down else {})
        babel.behave(**told)
        response = babel.chat(plan, messages=talk, stream=stream, **ASKED)
        assert response.status == 200, (turn, response)
        answered.append(response.header("x-tollgate-provider"))
        message = message_of(response)
        talk += [message if keeps == "everything" else standard(message), *results(message)]
        got = babel.seen(answered[-1])
        dropped = response.header("x-tollgate-dropped-params")
        if keeps == "everything":
            sealed = [f"seal-of-{one}" for one in answered[:-1]]
            words = "reasoning" if turn and plan == "acme/gemini" else None
            assert ([seal for seal in sealed if f'"{seal}"' not in got], dropped) == ([], words), turn
        else:  # Gemini takes a word for a seal; Claude does not think in such a turn
            assert "seal-of" not in got
            assert (SKIP in got, dropped) == ((turn > 0, None) if plan == "acme/gemini" else (False, "reasoning" if turn else None)), turn
    assert answered == [first, second, first]


def test_a_seal_goes_to_no_other_api(babel):
    """A conversation that began at Anthropic goes on everywhere, with its calls and without its seals."""
    babel.behave(anthropic=thinking("anthropic", "seal-1", CALLS))
    message = message_of(babel.chat("acme/anthropic", messages=[USER], **ASKED))
    for name in ("openai", "google", "vertex", "cohere"):
        babel.behave()
        response = babel.chat(f"acme/{name}", messages=[USER, message, *results(message)], **ASKED)
        assert (response.status, response.text()) == (200, f"from {name}"), name
        assert '"weather"' in babel.seen(name), name
        assert "seal-1" not in babel.seen(name) or name == "openai", name  # OpenAI's API gets the request as it is


@pytest.mark.both
@pytest.mark.parametrize("name", REJECTED)
def test_a_rejected_seal_is_left_out_once(babel, name):
    def attempts(kind: str) -> float:
        return babel.value("tollgate_attempts_total", provider=name, error_type=kind)

    babel.behave(**{name: thinking(name, "seal-1", CALLS)})
    message = message_of(babel.chat(f"acme/{name}", messages=[USER], **ASKED))
    talk = [USER, message, *results(message)]
    no = failing(name, 400, *REJECTED[name])

    before = attempts("provider_seal"), attempts("none")
    babel.behave(**{name: (no, thinking(name, "seal-2"))})
    response = babel.chat(f"pair/{name}", messages=talk, **ASKED)
    assert (response.status, response.text(), response.header("x-tollgate-attempts")) == (200, "done", f"{name}:400,{name}:200")
    sealed, unsealed = babel.mocks[name].requests
    assert "seal-1" in sealed and "seal-1" not in unsealed
    assert '"weather"' in unsealed, "the calls stay"
    assert (attempts("provider_seal"), attempts("none")) == (before[0] + 1, before[1] + 1)

    other = "openai" if name == "anthropic" else "anthropic"
    for second, outcome, word in [(no, 400, f"{name}:400,{name}:400"), (error(503, "down"), 200, f"{name}:400,{name}:503,{other}:200")]:
        babel.behave(**{name: (no, second, no)})
        response = babel.chat(f"pair/{name}", messages=talk, **ASKED)
        assert (response.status, response.header("x-tollgate-attempts")) == (outcome, word)
        assert len(babel.mocks[name].requests) == 2, "exactly one more"
    assert response.status == 200 or response.header("x-tollgate-error") == "provider_seal"


def test_openais_own_api_gets_a_rejected_seal_once_too(babel):
    babel.behave(google=thinking("google", "seal-1", CALLS))
    message = message_of(babel.chat("acme/google", messages=[USER], **ASKED))
    no = error(400, "Thought signature is not valid", "invalid_request_error")
    babel.behave(openai=(no, error(503, "down")))
    response = babel.chat("acme/three", messages=[USER, message, *results(message)], **ASKED)
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "openai:400,openai:503,anthropic:200")
    sealed, unsealed = babel.mocks["openai"].requests
    assert "seal-1" in sealed and "seal-1" not in unsealed and '"weather"' in unsealed
    assert "seal-1" not in babel.seen("anthropic")
