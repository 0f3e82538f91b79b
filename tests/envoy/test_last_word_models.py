"""Whose failures the last word is about: those of the model that was asked for, where there are any."""

import pytest
from mock import error, hang
from trio import NAMES, Trios, config, model

pytestmark = pytest.mark.both


def settings() -> dict:
    whole = config()
    quick = {"attempt": "1s"}
    whole["models"] += [
        model("acme/one", "openai", fallbacks=["acme/azure"], timeouts=quick),
        model("acme/two", "openai", "azure", fallbacks=["acme/groq"], timeouts=quick),
    ]
    return whole


@pytest.fixture(scope="module")
def trios():
    running = Trios(settings=settings())
    yield running
    running.close()


def fails(status: int | str, words: str):
    return hang() if status == "timeout" else error(status, words, "whatever", headers={"retry-after": "9"})


NOBODY = (503, "no_provider", "gateway_no_target")

# (model, what its targets and then the other model's say): (status, code, x-tollgate-error), the text is whose
MIXES = {
    ("acme/one", (429, 400)): (429, "rate_limit_exceeded", "provider_limit", "openai"),
    ("acme/one", (429, 500)): (429, "rate_limit_exceeded", "provider_limit", "openai"),
    ("acme/one", (401, 500)): (424, "provider_credential_rejected", "provider_key", ""),
    ("acme/one", (404, 401)): (404, "model_not_found", "provider_model", "openai"),
    ("acme/one", ("timeout", 422)): (504, "timeout", "provider_timeout", ""),
    ("acme/one", (500, "timeout")): (*NOBODY, "openai"),
    ("acme/one", (500, 400)): (*NOBODY, "openai"),
    ("acme/one", (500, 404)): (*NOBODY, "openai"),
    ("acme/two", (429, 429, 500)): (429, "rate_limit_exceeded", "provider_limit", "azure"),
    ("acme/two", (429, 500, 429)): (*NOBODY, "azure"),
    ("acme/two", (500, "timeout", 400)): (504, "timeout", "provider_timeout", ""),
    ("acme/two", (404, 404, 413)): (404, "model_not_found", "provider_model", "azure"),
}


@pytest.mark.parametrize("how", MIXES, ids=lambda how: "-".join(map(str, (how[0][5:], *how[1]))))
def test_another_models_failure_hides_nothing(trio, how):
    name, said = how
    trio.behave(**{provider: fails(one, f"said by {provider}") for provider, one in zip(NAMES, said)})
    response = trio.chat(name)
    status, code, reason, whose = MIXES[how]
    problem = response.json()["error"]
    assert (response.status, problem["code"], response.header("x-tollgate-error")) == (status, code, reason)
    assert response.header("x-tollgate-attempts") == ",".join(f"{provider}:{one}" for provider, one in zip(NAMES, said))
    assert (f"said by {whose}" in problem["message"]) == bool(whose) and response.header("retry-after") == ("9" if status == 429 else None)


def test_the_requests_own_models_hide_nothing_either(trio):
    trio.behave(openai=fails(429, "said by openai"), azure=fails(400, "said by azure"))
    response = trio.chat("acme/alone", models=["acme/azure"])
    assert (response.status, response.header("retry-after"), response.header("x-tollgate-attempts")) == (429, "9", "openai:429,azure:400")


def test_without_an_attempt_on_the_asked_model_the_others_count(trio):
    """A wish leaves only the other model's target: that is then the first, and its 400 the answer."""
    trio.behave(azure=fails(400, "said by azure"))
    response = trio.chat("acme/one", provider={"only": ["azure"]})
    assert (response.status, response.header("x-tollgate-attempts")) == (400, "azure:400")
    assert response.json()["error"]["message"] == "said by azure"
