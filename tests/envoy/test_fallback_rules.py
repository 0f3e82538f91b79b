"""Rules at the edges of fallback: pins, the time for all attempts, errors behind a 200, the first target's credentials."""

import example
import pytest
from mock import answer, chat, error, hang, pieces
from trio import Trios, config, model

pytestmark = pytest.mark.both

TOTAL = {"total": "1200ms", "attempt": "10s"}


def settings() -> dict:
    whole = config()
    two_keys = [{"env": "OPENAI_API_KEY"}, {"value": "second-of-openai"}]
    whole["providers"] = [one | {"credentials": two_keys} if one["name"] == "openai" else one for one in whole["providers"]]
    whole["models"] += [
        model("acme/late", "groq", "azure", fallbacks=["acme/alone"]),
        model("acme/total", "openai", "azure", timeouts=TOTAL),
        model("acme/total-alone", "groq", timeouts=TOTAL),
        model("acme/one-key", "azure", "groq"),
    ]
    return whole


@pytest.fixture(scope="module")
def trios():
    running = Trios(settings=settings())
    yield running
    running.close()


# ---------------------------------------------------------------- state that is kept at one account


def test_a_pinned_request_goes_to_the_asked_models_first_configured_provider(trio):
    """`openai` stands before `azure` in the configuration, but it serves another model: a fallback, and a wish."""
    body = {"model": "acme/late", "previous_response_id": "resp_1", "input": "go on"}
    response = trio.post("/v1/responses", body)
    assert response.header("x-tollgate-attempts") == "azure:200"
    trio.behave(azure=error(500))
    response = trio.post("/v1/responses", body)
    assert (response.status, trio.seen()) == (500, {"openai": 0, "azure": 2, "groq": 0})


# ---------------------------------------------------------------- the time for all attempts


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", ["acme/total", "acme/total-alone"])
def test_the_time_for_all_attempts_ends_in_a_timeout(trio, name, stream):
    trio.behave(openai=hang(), azure=hang(), groq=hang())
    response = trio.chat(name, stream=stream)
    provider = "openai" if name == "acme/total" else "groq"
    assert (response.status, response.json()["error"]["code"]) == (504, "timeout")
    assert response.header("x-tollgate-attempts") == f"{provider}:timeout"
    line = trio.line(response)
    assert (line["error"], line["ended"], sum(trio.seen().values())) == ("provider_timeout", "failed", 1)


def test_the_time_for_all_attempts_covers_those_before(trio):
    trio.behave(openai=error(500), azure=hang())
    response = trio.chat("acme/total")
    assert (response.status, response.json()["error"]["code"]) == (504, "timeout")
    assert response.header("x-tollgate-attempts") == "openai:500,azure:timeout"


def test_the_time_is_over_while_a_target_rests(trio):
    """The last that was heard is a 429; still it is the time that ended the request."""
    trio.behave(groq=error(429, headers={"retry-after": "2"}))
    response = trio.chat("acme/total-alone")
    assert (response.status, response.json()["error"]["code"]) == (504, "timeout")
    assert response.header("x-tollgate-attempts") == "groq:429"


# ---------------------------------------------------------------- an error behind a good status

OPENROUTERS = {"error": {"message": "Provider returned error", "code": 502}, "user_id": "u"}


@pytest.mark.parametrize("body, status", [(OPENROUTERS, 503), ({"error": {"message": "slow down", "code": 429}}, 429)], ids=["502", "429"])
def test_an_error_in_place_of_an_answer_is_a_failure(trio, body, status):
    trio.behave(azure=answer(200, body))
    response = trio.chat("acme/one-key")
    assert (response.status, response.text()) == (200, "from groq")
    assert response.header("x-tollgate-attempts") == "azure:error,groq:200"
    trio.behave(azure=answer(200, body), groq=answer(200, body))
    response = trio.chat("acme/one-key")
    assert (response.status, response.header("x-tollgate-attempts")) == (status, "azure:error,groq:error")
    assert trio.line(response)["ended"] == "failed"


def test_an_error_in_place_of_an_answer_is_tried_again_after_its_wait(trio):
    limited = answer(200, {"error": {"message": "Please try again in 300ms", "code": 429}})
    trio.behave(groq=(limited, chat("second try")))
    response = trio.chat("acme/groq")
    assert (response.status, response.text(), response.header("x-tollgate-attempts")) == (200, "second try", "groq:error,groq:200")
    one, two = trio.mocks["groq"].requests
    assert two.at - one.at >= 0.25


def test_an_error_beside_an_answer_passes_and_is_marked(trio):
    """A failed response of the Responses API is an answer; so is one whose beginning has gone to the client: blanks do."""
    failed = b'{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"x"},"output":[]}'
    for parts in ([failed], [b"\n", b'{"error":{"message":"late"}}']):
        trio.behave(azure=pieces(parts, delay=0.1, headers={"content-type": "application/json"}))
        response = trio.post("/v1/responses", {"model": "acme/one-key", "input": "x"})
        assert (response.status, response.body) == (200, b"".join(parts))
        line = trio.line(response)
        assert (line["ended"], line["error"], line["status"]) == ("upstream_cut", "provider_fault", 200)


# ---------------------------------------------------------------- whose words


def test_the_second_credentials_400_is_the_first_targets(trio):
    trio.behave(openai=(error(429), error(400, "mine", "invalid_request_error")))
    response = trio.chat("acme/pair")
    assert (response.status, response.json()["error"]["message"]) == (400, "mine")
    assert response.header("x-tollgate-attempts") == "openai:429,openai:400"
    assert {got.header("authorization") for got in trio.mocks["openai"].requests} == {
        f"Bearer {example.secret('openai')}",
        "Bearer second-of-openai",
    }


def test_a_rejected_signature_is_not_sent_again_as_it_is(trio):
    """Once without it; then the request is at fault."""
    trio.behave(azure=error(400, "no", "invalid_request_error", "invalid_encrypted_content"))
    details = [{"type": "reasoning.encrypted", "index": 0, "format": "openai-responses-v1", "data": "sealed"}]
    spoken = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes", "reasoning_details": details}]
    response = trio.chat("acme/one-key", messages=spoken + spoken[:1])
    assert (response.status, response.header("x-tollgate-attempts")) == (400, "azure:400,azure:400")
    assert response.header("x-tollgate-error") == "provider_seal"
    assert [b"sealed" in got.body for got in trio.mocks["azure"].requests] == [True, False]


def test_a_404_names_its_target(trio):
    trio.behave(groq=error(404, "The model does not exist"))
    response = trio.chat("acme/groq")
    assert (response.status, response.json()["error"]["message"]) == (404, "groq:groq-model: The model does not exist")


def test_of_two_waits_the_milliseconds_count(trio):
    trio.behave(groq=(error(429, headers={"retry-after": "1", "retry-after-ms": "300"}), chat("second try")))
    assert trio.chat("acme/groq").text() == "second try"
    one, two = trio.mocks["groq"].requests
    assert 0.25 <= two.at - one.at < 0.9
