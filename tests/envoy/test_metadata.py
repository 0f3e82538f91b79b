"""What the gateway says of itself in answers: to those who sent `providerOptions`, in the place of each format, whether
the answer is translated or passes. Everybody else gets the provider's bytes."""

import json
import time

import pytest
from babel import EMBEDDERS, FOREIGN, Babel, config
from mock import answer, chat, chat_stream, chunk, error, pieces, sse, trailers

ASKING = {"providerOptions": {"gateway": {}}}
HI = [{"role": "user", "content": "Hi"}]


def of_chat(response) -> dict:
    """The words; they stand in the first choice, and once."""
    if response.header("content-type") == "text/event-stream":
        assert response.body.endswith(b"data: [DONE]\n\n")
        choices = [event["choices"][0] for event in response.events() if isinstance(event, dict) and event["choices"]]
        said = [place for place, choice in enumerate(choices) if "provider_metadata" in choice["delta"]]
        reasons = [place for place, choice in enumerate(choices) if choice["finish_reason"]]
        assert len(said) == 1 and reasons == [said[0] + 1], choices
        return choices[said[0]]["delta"]["provider_metadata"]["gateway"]
    return response.json()["choices"][0]["message"]["provider_metadata"]["gateway"]


def checks(response, words: dict, providers: list[tuple[str, int | None]], before: float) -> None:
    assert words["generationId"] == response.header("x-tollgate-generation")
    routing = words["routing"]
    served = providers[-1][0]
    assert (routing["finalProvider"], routing["totalProviderAttemptCount"]) == (served, len(providers))
    (model,) = routing["modelAttempts"]
    attempts = model["providerAttempts"]
    assert [(one["provider"], one.get("statusCode")) for one in attempts] == providers
    assert [one["success"] for one in attempts] == [False] * (len(providers) - 1) + [True]
    times = [time for one in attempts for time in (one["startTime"], one["endTime"])]
    assert times == sorted(times) and before - 5 <= times[0] / 1000 and times[-1] / 1000 <= time.time() + 5


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", ["openai", *FOREIGN])
def test_chat_completions_of_every_provider(babel, name, stream):
    before = time.time()
    response = babel.chat(f"acme/{name}", messages=HI, stream=stream, **ASKING)
    assert (response.status, response.text()) == (200, f"from {name}"), response
    words = of_chat(response)
    checks(response, words, [(name, 200)], before)
    assert (words["routing"]["originalModelId"], words["routing"]["canonicalSlug"]) == (f"acme/{name}", f"acme/{name}")
    assert words["routing"]["fallbacksAvailable"] == []
    assert "cost" not in words or float(words["cost"]) > 0, "the catalog's price, where it has the name"
    assert name != "anthropic" or "cost" in words


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_attempts_that_failed_are_told(babel, stream):
    babel.behave(openai=error(429, "key sk-secret of org-1 is limited"))
    before = time.time()
    response = babel.chat("acme/three", messages=HI, stream=stream, **ASKING)
    words = of_chat(response)
    checks(response, words, [("openai", 429), ("anthropic", 200)], before)
    routing = words["routing"]
    assert (routing["resolvedProvider"], routing["fallbacksAvailable"]) == ("openai", ["anthropic", "bedrock"])
    assert routing["modelAttempts"][0]["providerAttempts"][0]["error"] == "provider_limit"
    assert routing["planningReasoning"].startswith("openai:gpt-4o > anthropic:") and "org-1" not in response.body.decode()
    # ... and the other way round: what passes says so too.
    babel.behave(anthropic=error(529, "busy"))
    checks(response := babel.chat("acme/back", messages=HI, stream=stream, **ASKING), of_chat(response), [("anthropic", 529), ("openai", 200)], before)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("usage", [{"include_usage": True}, None], ids=["usage", "plain"])
def test_only_those_who_ask_are_told(babel, stream, usage):
    """Of the provider's bytes nothing else changes; without the wish nothing at all."""
    own = chat_stream(usage=(1, 2)) if stream else chat()
    bodies = []
    for asked in [{}, {"providerOptions": None}, ASKING]:
        babel.behave(openai=own)
        extra = {"stream": True, "stream_options": usage} if stream else {}
        bodies.append(babel.chat("acme/openai", messages=HI, **extra, **asked))
    plain, null, told = bodies
    assert plain.body == null.body and b"provider_metadata" not in plain.body
    words = of_chat(told)
    text = json.dumps({"gateway": words}, separators=(",", ":")).encode()
    added = told.body.replace(b',"provider_metadata":' + text, b"")
    if stream:
        lines = told.body.split(b"\n\n")
        added = b"\n\n".join(line for line in lines if b"provider_metadata" not in line)
    assert added == plain.body
    assert (plain.header("content-length") is None) == stream and told.header("content-length") is None


def test_an_answer_in_pieces_and_with_trailers(babel):
    body = json.dumps({"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}], "usage": {}}).encode()
    cuts = [pieces([body[:at], body[at:]], delay=0.01) for at in (1, 40, body.index(b"}"), body.index(b"}") + 1, len(body) - 1)]
    for behaviour in [*cuts, trailers(body, {"x-end": "1"}, [("content-type", "application/json")]), answer(200, json.loads(body))]:
        babel.behave(openai=behaviour)
        response = babel.chat("acme/openai", messages=HI, **ASKING)
        assert response.json()["choices"][0]["message"].pop("content") == "hi"
        assert of_chat(response)["routing"]["finalProvider"] == "openai"


def test_responses_that_pass(babel):
    body = {"id": "resp_1", "object": "response", "output": [], "usage": {"input_tokens": 1, "output_tokens": 1}}
    babel.behave(openai=answer(200, body))
    response = babel.post("/v1/responses", {"model": "acme/openai", "input": "Hi"} | ASKING)
    assert response.json() == body | {"provider_metadata": response.json()["provider_metadata"]}
    assert response.json()["provider_metadata"]["gateway"]["routing"]["finalProvider"] == "openai"
    events = [
        {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1"}},
        {"type": "response.completed", "sequence_number": 1, "response": body},
    ]
    babel.behave(openai=sse([f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events]))
    response = babel.post("/v1/responses", {"model": "acme/openai", "input": "Hi", "stream": True} | ASKING)
    first, last = response.events()
    assert first == events[0]
    assert last["response"].pop("provider_metadata")["gateway"]["generationId"] == response.header("x-tollgate-generation")
    assert last == events[1]


VECTORS = {
    "embed/google": {"embeddings": [{"values": [0.5]}], "usageMetadata": {"promptTokenCount": 9}},
    "embed/cohere": {"embeddings": {"float": [[0.5]]}},
    "embed/two": {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "e", "usage": {"prompt_tokens": 1}},
}


@pytest.mark.parametrize("model", VECTORS)
def test_embeddings(babel, model):
    provider, _ = EMBEDDERS[model]
    babel.behave(**{provider: answer(200, VECTORS[model])})
    plain, told = (babel.post("/v1/embeddings", {"model": model, "input": "Hi", "encoding_format": "float"} | more) for more in ({}, ASKING))
    words = told.json()["providerMetadata"]["gateway"]
    assert told.json() == plain.json() | {"providerMetadata": {"gateway": words}}
    assert (words["routing"]["finalProvider"], words["generationId"]) == (provider, told.header("x-tollgate-generation"))


def test_errors_and_other_operations_say_nothing(babel):
    babel.behave(openai=answer(200, {"error": {"message": "no", "code": 500}}))
    response = babel.chat("acme/openai", messages=HI, **ASKING)
    assert response.status >= 400 and b"provider_metadata" not in response.body
    babel.behave(openai=answer(200, {"data": [{"b64_json": "AA=="}]}))
    response = babel.post("/v1/images/generations", {"model": "acme/openai", "prompt": "x"} | ASKING)
    assert response.json() == {"data": [{"b64_json": "AA=="}]}


def test_a_cut_stream_is_still_told_as_cut(babel):
    babel.behave(openai=sse([chunk({"content": "a"})]))
    response = babel.chat("acme/openai", messages=HI, stream=True, **ASKING)
    assert b"provider_metadata" not in response.body and b"stream_cut" in response.body


def test_little_is_told_where_little_is_exposed():
    babel = Babel("1.40.0", config(expose="minimal")).behave()
    try:
        for name, stream in [("openai", False), ("openai", True), ("anthropic", False), ("anthropic", True)]:
            response = babel.chat(f"acme/{name}", messages=HI, stream=stream, **ASKING)
            words = of_chat(response)
            assert words["generationId"] == response.header("x-tollgate-generation")
            assert words.keys() <= {"generationId", "cost", "costSource"}, "what it cost tells nobody's name"
    finally:
        assert babel.close() == ""


@pytest.mark.parametrize("name", ["anthropic", "google"])
def test_messages_that_pass_or_are_translated(babel, name):
    body = {"model": f"acme/{name}", "max_tokens": 9, "messages": HI}
    plain, told = (babel.post("/v1/messages", body | more) for more in ({}, ASKING))
    assert (plain.status, told.status) == (200, 200), told
    words = told.json()["provider_metadata"]["gateway"]
    assert (words["generationId"], words["routing"]["finalProvider"]) == (told.header("x-tollgate-generation"), name)
    assert b"provider_metadata" not in plain.body
    if name == "anthropic":
        assert told.json() == plain.json() | {"provider_metadata": {"gateway": words}}
    told = babel.post("/v1/messages", body | ASKING | {"stream": True})
    said = [event for event in told.events() if "provider_metadata" in event]
    assert [event["type"] for event in said] == ["message_delta"]
    assert said[0]["provider_metadata"]["gateway"]["routing"]["finalProvider"] == name
