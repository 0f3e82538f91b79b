"""Failures of providers that speak other APIs: what the client sees of them, and whether the next target is asked.

The expectations are docs/dialects.md, section 5 (column Chat)."""

import pytest
from babel import FOREIGN, finish
from failing import BAD_KEY, RETRY_INFO, failing, said_at_once
from mock import answer, close, pieces, reset
from speaking import EVENTSTREAM, SSE, speaking

INVALID, SERVER = "invalid_request_error", "server_error"
LATER = {"retry-after": "30"}

# what the client sees: status, type, code, x-tollgate-error, retry-after
BUSY = (503, SERVER, "overloaded", "provider_overloaded", None)
KEY = (424, "api_error", "provider_credential_rejected", "provider_key", None)
MISSING = (404, INVALID, "model_not_found", "provider_model", None)
TOO_LONG = (400, INVALID, "context_length_exceeded", "caller_context_too_long", None)
BAD = (400, INVALID, None, "caller_bad_request", None)
LIMIT = (429, "rate_limit_exceeded", "rate_limit_exceeded", "provider_limit", "30")
FAULT = (500, SERVER, None, "provider_fault", None)
BROKEN = (502, SERVER, None, "provider_fault", None)
SLOW = (504, SERVER, "timeout", "provider_timeout", None)

# provider, status, its word, its message, headers, what else its error holds; then what the client sees, whether the next is asked
CASES = [
    ("anthropic", 400, "invalid_request_error", "max_tokens: required", {}, {}, BAD, False),
    ("anthropic", 400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", {}, {}, TOO_LONG, False),
    ("anthropic", 401, "authentication_error", "invalid x-api-key", {}, {}, KEY, True),
    ("anthropic", 404, "not_found_error", "model: none", {}, {}, MISSING, True),
    ("anthropic", 413, "request_too_large", "too large", {}, {}, (413, INVALID, "request_too_large", "caller_too_large", None), False),
    ("anthropic", 429, "rate_limit_error", "slowly", LATER, {}, LIMIT, True),
    ("anthropic", 500, "api_error", "oh", {}, {}, FAULT, True),
    ("anthropic", 529, "overloaded_error", "Overloaded", {}, {}, BUSY, True),
    ("vertex-anthropic", 403, "PERMISSION_DENIED", "no", {}, {}, KEY, True),
    ("google", 400, "INVALID_ARGUMENT", "bad", {}, {}, (400, INVALID, "INVALID_ARGUMENT", "caller_bad_request", None), False),
    ("google", 400, "INVALID_ARGUMENT", "API key not valid.", {}, BAD_KEY, KEY, True),
    ("google", 404, "NOT_FOUND", "models/none is not found", {}, {}, MISSING, True),
    ("google", 429, "RESOURCE_EXHAUSTED", "slowly", {}, RETRY_INFO, LIMIT[:-1] + ("35",), True),
    ("google", 503, "UNAVAILABLE", "The model is overloaded.", {}, {}, BUSY, True),
    ("vertex", 429, "RESOURCE_EXHAUSTED", "slowly", LATER, {}, LIMIT, True),
    ("vertex", 500, "INTERNAL", "oh", {}, {}, FAULT, True),
    ("bedrock", 400, "ValidationException", "malformed", {}, {}, BAD, False),
    ("bedrock", 400, "ValidationException", "Input is too long for requested model.", {}, {}, TOO_LONG, False),
    ("bedrock", 403, "AccessDeniedException", "no", {}, {}, KEY, True),
    ("bedrock", 404, "ResourceNotFoundException", "none", {}, {}, MISSING, True),
    ("bedrock", 408, "ModelTimeoutException", "slow", {}, {}, SLOW, True),
    ("bedrock", 424, "ModelErrorException", "oh", {}, {}, (502, SERVER, "provider_error", "provider_fault", None), True),
    ("bedrock", 429, "ThrottlingException", "slowly", LATER, {}, LIMIT, True),
    ("bedrock", 503, "ServiceUnavailableException", "busy", {}, {}, BUSY, True),
    ("cohere", 400, "", "invalid request", {}, {}, BAD, False),
    ("cohere", 401, "", "invalid api token", {}, {}, KEY, True),
    ("cohere", 422, "", "unprocessable", {}, {}, (422, INVALID, None, "caller_unprocessable", None), False),
    ("cohere", 429, "", "slowly", LATER, {}, LIMIT, True),
    ("cohere", 500, "", "oh", {}, {}, FAULT, True),
]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_errors_are_openais_and_lead_on_or_not(babel, stream):
    """The whole table at one Envoy; a stream that was asked for changes nothing."""
    for name, status, kind, message, headers, more, expected, leads_on in CASES:
        case = f"{name} {status} {message}"
        babel.behave(**{name: failing(name, status, kind, message, headers, **more)})
        response = babel.chat(f"acme/{name}", stream=stream)
        error = response.json()["error"]
        seen = (response.status, error["type"], error["code"], response.header("x-tollgate-error"), response.header("retry-after"))
        assert seen == expected, case
        assert set(error) == {"message", "type", "param", "code"} and error["message"], case
        assert response.header("content-type") == "application/json", case
        assert (message in error["message"]) == (expected != KEY), case

        babel.behave(**{name: failing(name, status, kind, message, headers, **more)})
        response = babel.chat(f"pair/{name}", stream=stream)
        other = "openai" if name == "anthropic" else "anthropic"
        assert babel.counts() == ({name: 1, other: 1} if leads_on else {name: 1}), case
        assert (response.status, response.header("x-tollgate-attempts")) == (
            (200, f"{name}:{status},{other}:200") if leads_on else (expected[0], f"{name}:{status}")
        ), case


@pytest.mark.parametrize("name", FOREIGN)
def test_answers_that_are_none_lead_on(babel, name):
    """HTML, nothing, JSON of something else, half of a JSON; as an error and as a 200."""
    html = {"content-type": "text/html"}
    for behaviour, word in [
        (answer(502, "<html>Bad Gateway</html>", html), "502"),
        (answer(500), "500"),
        (answer(200, "<html>Hello</html>", html), "error"),
        (answer(200, {"hello": "world"}), "error"),
        (answer(200, '{"content": [', {"content-type": "application/json"}), "error"),
        (answer(200), "error"),
        (close(), "reset"),
        (reset(), "reset"),
    ]:
        babel.behave(**{name: behaviour})
        response = babel.chat(f"pair/{name}")
        assert (response.status, response.text().split()[0]) == (200, "from"), word
        assert response.header("x-tollgate-attempts").split(",")[0] == f"{name}:{word}"


FIRST = [
    ("anthropic", "overloaded_error", "Overloaded"),
    ("vertex-anthropic", "api_error", "oh"),
    ("google", "UNAVAILABLE", "The model is overloaded."),
    ("vertex", "UNAVAILABLE", "The model is overloaded."),
    ("bedrock", "throttlingException", "slowly"),
    ("bedrock", "modelStreamErrorException", "oh"),
    ("cohere", "", "oh"),
]


@pytest.mark.both
def test_an_error_as_a_streams_first_event_is_left_for_the_next(babel):
    for name, kind, message in FIRST:
        babel.behave(**{name: said_at_once(name, kind, message)})
        response = babel.chat(f"pair/{name}", stream=True)
        assert (response.status, response.text().split()[0], finish(response)) == (200, "from", "stop"), name
        assert response.header("x-tollgate-attempts").split(",")[0] == f"{name}:error"
        alone = babel.chat(f"acme/{name}", stream=True)
        assert alone.status >= 429 and message in alone.json()["error"]["message"], name


@pytest.mark.parametrize("name", FOREIGN)
def test_an_empty_stream_is_left_for_the_next(babel, name):
    kind = EVENTSTREAM if name == "bedrock" else SSE
    babel.behave(**{name: pieces([], headers=kind)})
    response = babel.chat(f"pair/{name}", stream=True)
    assert (response.status, response.text().split()[0]) == (200, "from")
    assert response.header("x-tollgate-attempts").startswith(f"{name}:")


# How many of a stream's events come before it ends; in each of them the first half of the text has come.
BEGUN = {"anthropic": 4, "vertex-anthropic": 4, "google": 1, "vertex": 1, "bedrock": 2, "cohere": 3}


@pytest.mark.both
@pytest.mark.parametrize("name", FOREIGN)
def test_a_stream_that_is_cut_ends_in_an_error_event(babel, name):
    """Never in a clean end: `[DONE]` after half of an answer is an answer to an SDK."""
    before = babel.value("tollgate_stream_errors_total", provider=name)
    babel.behave(**{name: speaking("halfwhole", keep=BEGUN[name])})
    response = babel.chat(f"pair/{name}", stream=True)
    assert (response.status, response.text(), finish(response)) == (200, "half", None)
    assert response.events()[-1]["error"]["message"] == "The provider's stream ended before its answer was complete."
    assert "[DONE]" not in response.events()
    line = babel.line(response)
    assert (line["ended"], line["error"], line["attempts"]) == ("upstream_cut", "provider_cut", f"{name}:cut")
    assert babel.value("tollgate_stream_errors_total", provider=name) == before + 1


@pytest.mark.parametrize("name", FOREIGN)
def test_a_connection_that_breaks_in_a_stream_is_a_cut_body(babel, name):
    babel.behave(**{name: speaking("halfwhole", keep=BEGUN[name], end="reset")})
    response = babel.chat(f"pair/{name}", stream=True)
    assert (response.status, response.text(), response.cut, "[DONE]" in response.events()) == (200, "half", True, False)
    assert babel.line(response)["ended"] == "upstream_cut"
