"""Fallback over three providers: one answer for the client, and each provider sees only what is its own."""

import json

import pytest
from mock import answer, chat, chatting, close, error, hang, reset, sse
from trio import CLIENT_KEY, NAMES, REFUSED, Trios, no_secret_in, saw_only_its_own

pytestmark = pytest.mark.both

OPENAI_ERROR = 'data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n'
ANTHROPIC_ERROR = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
ROLE = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'

# What a client may send to confuse us; none of it may reach anybody.
CLIENT_HEADERS = [
    ("authorization", f"Bearer {CLIENT_KEY}"),
    ("x-api-key", CLIENT_KEY),
    ("api-key", CLIENT_KEY),
    ("x-goog-api-key", CLIENT_KEY),
    ("cookie", f"session={CLIENT_KEY}"),
    ("x-tollgate-retry", "1"),
    ("x-tollgate-exchange", "1"),
    ("x-tollgate-session", "conversation-7"),
    ("x-envoy-max-retries", "9"),
    ("x-envoy-retry-on", "5xx"),
    ("x-envoy-upstream-rq-timeout-ms", "1"),
    ("x-envoy-original-path", "/elsewhere"),
]

# name: (model, what the first does, what the second does, `x-tollgate-attempts`)
FAILURES = {
    "503_then_429": ("acme/chat", error(503), error(429), "openai:503,azure:429,groq:200"),
    "408_then_529": ("acme/chat", error(408), error(529), "openai:408,azure:529,groq:200"),
    "dead_key_then_missing_model": ("acme/chat", error(401), error(404), "openai:401,azure:404,groq:200"),
    "refused_then_429": ("acme/refused", None, error(429), f"{REFUSED}:connect,azure:429,groq:200"),
    "reset_then_503": ("acme/chat", reset(), error(503), "openai:reset,azure:503,groq:200"),
    "503_then_reset": ("acme/chat", error(503), reset(), "openai:503,azure:reset,groq:200"),
    "closed_then_closed": ("acme/chat", close(), close(), "openai:reset,azure:reset,groq:200"),
    "timeout_then_503": ("acme/quick", hang(), error(503), "openai:timeout,azure:503,groq:200"),
    "503_then_timeout": ("acme/quick", error(503), hang(), "openai:503,azure:timeout,groq:200"),
}
STREAM_FAILURES = {
    "openai_error_first": ("acme/chat", sse([OPENAI_ERROR]), error(429), "openai:error,azure:429,groq:200"),
    "anthropic_error_first": ("acme/chat", sse([ANTHROPIC_ERROR]), error(429), "openai:error,azure:429,groq:200"),
    "error_after_the_role": ("acme/chat", sse([ROLE, OPENAI_ERROR]), sse([ROLE, ANTHROPIC_ERROR]), "openai:error,azure:error,groq:200"),
    "error_in_two_pieces": ("acme/chat", sse([OPENAI_ERROR[:9], OPENAI_ERROR[9:]], delay=0.02), error(503), "openai:error,azure:503,groq:200"),
    "empty_stream": ("acme/chat", sse([]), sse([": nothing\n\n"]), "openai:error,azure:error,groq:200"),
    "error_then_a_hanging_stream": ("acme/quick", sse([ANTHROPIC_ERROR], end="hang"), sse([ROLE], end="hang"), "openai:error,azure:timeout,groq:200"),
}
CASES = [(name, False) for name in FAILURES] + [(name, True) for name in FAILURES | STREAM_FAILURES]


@pytest.fixture(scope="module")
def trios():
    running = Trios(log_level="debug")  # what must not be logged must not be logged at any level
    yield running
    running.close()


@pytest.mark.parametrize("name,stream", CASES, ids=[f"{name}-{'stream' if stream else 'json'}" for name, stream in CASES])
def test_the_third_provider_answers(trio, name, stream):
    model, first, second, attempts = (FAILURES | STREAM_FAILURES)[name]
    trio.behave(**({"openai": first} if first else {}), azure=second)
    response = trio.chat(model, headers=CLIENT_HEADERS, stream=stream, prompt="canary prompt")

    assert (response.status, response.cut, response.text()) == (200, False, "from groq")
    assert response.header("x-tollgate-attempts") == attempts
    assert (response.header("x-tollgate-provider"), response.header("x-tollgate-model")) == ("groq", model)
    assert trio.seen() == {"openai": int(model != "acme/refused"), "azure": 1, "groq": 1}
    for provider in NAMES:
        for got in trio.mocks[provider].requests:
            saw_only_its_own(got, provider)
            assert got.json()["messages"] == [{"role": "user", "content": "canary prompt"}]
            assert int(got.header("content-length")) == len(got.body)
    ours = {key for key, _ in response.headers if key.startswith(("x-tollgate", "x-envoy"))}
    assert ours == {f"x-tollgate-{word}" for word in ("attempts", "provider", "model", "generation")}
    no_secret_in(str(response.headers) + response.body.decode())

    line = trio.line(response)
    assert (line["attempts"], line["provider"], line["model_sent"], line["model"]) == (attempts, "groq", "groq-model", model)
    assert (line["status"], line["ended"], line["error"], line["key"]) == (200, "complete", None, "alice")
    no_secret_in(json.dumps(line))
    assert "canary prompt" not in json.dumps(line)


def test_an_attempt_that_times_out_ends_at_the_provider_too(trio):
    trio.behave(openai=hang())
    assert trio.chat("acme/quick").text() == "from azure"
    trio.wait_value("tollgate_in_flight", 0)
    assert trio.mocks["openai"].requests[0].left


@pytest.mark.parametrize("stream", [False, True])
def test_a_providers_own_control_headers_do_nothing(trio, stream):
    """`x-tollgate-retry` from a provider would make Envoy throw a good answer away."""
    odd = {"x-tollgate-retry": "1", "x-tollgate-provider": "evil", "x-envoy-ratelimited": "true", "set-cookie": "a=b"}
    trio.behave(openai=chatting("from openai", headers=odd) if stream else chat("from openai", headers=odd))
    response = trio.chat(stream=stream)
    assert (response.text(), response.header("x-tollgate-attempts")) == ("from openai", "openai:200")
    assert response.header("x-tollgate-provider") == "openai"
    assert not {"x-tollgate-retry", "x-envoy-ratelimited", "set-cookie"} & {key for key, _ in response.headers}
    assert trio.seen() == {"openai": 1, "azure": 0, "groq": 0}


def test_fallbacks_are_counted_by_who_failed_and_who_took_over(trio):
    before = _counts(trio)
    trio.behave(openai=error(503), azure=error(429))
    trio.line(trio.chat())
    after = _counts(trio)
    assert {name: after[name] - before[name] for name in after} == {
        "openai overloaded": 1,
        "azure limited": 1,
        "groq none": 1,
        "openai azure": 1,
        "azure groq": 1,
        "ok": 1,
    }


def _counts(trio) -> dict[str, float]:
    attempts, fallbacks = "tollgate_attempts_total", "tollgate_fallbacks_total"
    return {
        "openai overloaded": trio.value(attempts, provider="openai", error_type="provider_overloaded"),
        "azure limited": trio.value(attempts, provider="azure", error_type="provider_limit"),
        "groq none": trio.value(attempts, provider="groq", error_type="none"),
        "openai azure": trio.value(fallbacks, from_provider="openai", to_provider="azure"),
        "azure groq": trio.value(fallbacks, from_provider="azure", to_provider="groq"),
        "ok": trio.value("tollgate_requests_total", model="acme/chat", provider="groq", outcome="ok"),
    }


def test_fallback_works_for_other_operations_too(trio):
    vectors = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}
    trio.behave(openai=error(503), azure=answer(200, vectors))
    response = trio.post("/v1/embeddings", {"model": "acme/pair", "input": "x"}, CLIENT_HEADERS)
    assert (response.status, response.json()) == (200, vectors)
    saw_only_its_own(trio.mocks["openai"].requests[0], "openai", "/v1/embeddings")
    saw_only_its_own(trio.mocks["azure"].requests[0], "azure", "/v1/embeddings")


def test_no_secret_of_a_provider_is_in_envoys_log_even_at_debug(trio):
    """Runs last, over all the cases above. The client's key is there: Envoy's own debug lines show requests as they came."""
    trio.line(trio.chat(headers=CLIENT_HEADERS, prompt="canary prompt"))
    log = trio.gateway.envoy_log()
    assert "decoding headers" in log and "canary prompt" not in log
    no_secret_in(log.replace(CLIENT_KEY, ""))
    no_secret_in("\n".join(line for line in log.splitlines() if "wasm log" in line))
