"""Seals of one provider in a conversation that goes on at another which would get the request as it is: it rejects what it has
not made itself (docs/dialects.md, line 44)."""

import json

import pytest
from thinking import CALLS, thinking

TOOLS = [{"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}} for _, name, _ in CALLS]
USER = {"role": "user", "content": "What is the weather in Paris?"}


def respond(babel, model: str, items: list[dict]):
    asked = {"include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low"}, "store": False, "max_output_tokens": 9000}
    response = babel.post("/v1/responses", {"model": model, "input": items, "tools": TOOLS} | asked)
    assert response.status == 200, response
    return response


@pytest.mark.parametrize("name", ["anthropic", "google", "bedrock"])
def test_line_44_responses_that_pass_have_no_seals_of_others(babel, name):
    babel.behave(**{name: thinking(name, "seal-1", CALLS)})
    said = respond(babel, f"acme/{name}", [USER]).json()["output"]
    assert "seal-1" in json.dumps(said)
    results = [{"type": "function_call_output", "call_id": item["call_id"], "output": "known"} for item in said if "call_id" in item]
    talk = [USER, *said, *results]

    babel.behave()
    respond(babel, "acme/openai", talk)
    seen = babel.seen("openai")
    assert "tg1." not in seen and "seal-1" not in seen and '"weather"' in seen and seen.path == "/v1/responses"

    babel.behave(**{name: thinking(name, "seal-2")})
    respond(babel, f"acme/{name}", talk)
    assert "seal-1" in babel.seen(name), "it is its own"


def test_what_has_no_such_seals_passes_as_it_is(babel):
    own = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAAB"}
    talk = [USER, own, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}, USER]
    respond(babel, "acme/openai", talk)
    assert babel.seen("openai").json()["input"] == talk
