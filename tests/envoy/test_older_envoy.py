"""Envoy 1.37 and 1.38 with envoy/older-envoy.yaml: everything but the order of fallback, which stands in Envoy's own file."""

import older
import pytest
from mock import error, hang, reset, sse
from trio import CLIENT_KEY, NAMES, REFUSED, no_secret_in, saw_only_its_own

STREAM_ERROR = sse(['data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n'])


@pytest.fixture(scope="module", params=older.FIXED_ORDER)
def running(request):
    one = older.start(request.param)
    yield one
    assert not (problem := one.close()), problem


@pytest.fixture
def chained(running):
    return running.behave()


# ---------------------------------------------------------------- what is the same everywhere


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_a_chat_its_log_line_and_its_metrics(chained, stream):
    before = chained.value("tollgate_tokens_total", model="acme/chat", provider="openai", type="output")
    response = chained.chat(stream=stream)
    assert (response.status, response.cut, response.text()) == (200, False, "from openai")
    assert response.header("x-tollgate-attempts") == "openai:200"
    saw_only_its_own(chained.mocks["openai"].requests[0], "openai")

    line = chained.line(response)
    assert (line["provider"], line["model_sent"], line["status"], line["ended"]) == ("openai", "openai-model", 200, "complete")
    assert (line["input"], line["output"], line["stream"]) == (10, 5, stream)
    chained.wait_value("tollgate_tokens_total", before + 5, model="acme/chat", provider="openai", type="output")


def test_metrics_have_their_names_and_labels(chained):
    """Before 1.39 they begin with the name of a cluster; the rule `vm_scope` takes it away."""
    chained.line(chained.chat())
    text = chained.gateway.get_admin("/stats/prometheus?usedonly&filter=tollgate")
    names = {line.split("{")[0] for line in text.splitlines() if not line.startswith("#")}
    assert names and all(name.startswith("tollgate_") for name in names), names
    (series,) = [one for one in chained.gateway.metrics().series("tollgate_requests_total") if one["outcome"] == "ok" and one["model"] == "acme/chat" and one["provider"] == "openai"]
    assert set(series) == {"vm_scope", "envoy_cluster_name", "model", "provider", "operation", "outcome"}


# ---------------------------------------------------------------- fallback in the file's order

# name: (model, what each does, who answers, attempts)
FALLBACKS = {
    "503": ("acme/chat", {"openai": error(503)}, "azure", "openai:503,azure:200"),
    "429_then_503": ("acme/chat", {"openai": error(429), "azure": error(503)}, "groq", "openai:429,azure:503,groq:200"),
    "dead_key_then_missing_model": ("acme/chat", {"openai": error(401), "azure": error(404)}, "groq", "openai:401,azure:404,groq:200"),
    "reset_then_reset": ("acme/chat", {"openai": reset(), "azure": reset()}, "groq", "openai:reset,azure:reset,groq:200"),
    "timeout_then_429": ("acme/quick", {"openai": hang(), "azure": error(429)}, "groq", "openai:timeout,azure:429,groq:200"),
    "refused": ("acme/refused", {}, "groq", f"{REFUSED}:connect,groq:200"),
    "400_of_the_second": ("acme/chat", {"openai": error(503), "azure": error(400)}, "groq", "openai:503,azure:400,groq:200"),
    # The plan says openai, groq, azure; the chain says otherwise, and nobody is left out.
    "another_order": ("acme/turned", {"openai": error(503), "azure": error(503)}, "groq", "openai:503,azure:503,groq:200"),
}
STREAMS = {
    "error_first": ("acme/chat", {"openai": STREAM_ERROR}, "azure", "openai:error,azure:200"),
    "error_first_twice": ("acme/chat", {"openai": STREAM_ERROR, "azure": STREAM_ERROR}, "groq", "openai:error,azure:error,groq:200"),
}
CASES = [(name, False) for name in FALLBACKS] + [(name, True) for name in FALLBACKS | STREAMS]


@pytest.mark.parametrize("name,stream", CASES, ids=[f"{name}-{'stream' if stream else 'json'}" for name, stream in CASES])
def test_the_next_of_the_chain_answers(chained, name, stream):
    asked, told, provider, attempts = (FALLBACKS | STREAMS)[name]
    chained.behave(**told)
    response = chained.chat(asked, stream=stream, headers=[("x-api-key", CLIENT_KEY)])
    assert (response.status, response.cut, response.text()) == (200, False, f"from {provider}")
    assert (response.header("x-tollgate-attempts"), response.header("x-tollgate-provider")) == (attempts, provider)
    assert chained.seen() == {name: attempts.count(name + ":") for name in NAMES}
    for name in NAMES:
        [saw_only_its_own(got, name) for got in chained.mocks[name].requests]
    line = chained.line(response)
    assert (line["attempts"], line["provider"], line["model_sent"]) == (attempts, provider, f"{provider}-model")
    no_secret_in(str(response.headers) + response.body.decode() + str(line))


# name: (model, what each does, status, code, attempts)
ENDS = {
    "400_of_the_first": ("acme/chat", {"openai": error(400)}, 400, None, "openai:400"),
    "all_limited": ("acme/chat", dict.fromkeys(NAMES, error(429)), 429, "rate_limit_exceeded", "openai:429,azure:429,groq:429"),
    "all_keys_dead": ("acme/chat", dict.fromkeys(NAMES, error(401)), 424, "provider_credential_rejected", "openai:401,azure:401,groq:401"),
    "mixed": ("acme/chat", {"openai": error(500), "azure": error(429), "groq": reset()}, 503, "no_provider", "openai:500,azure:429,groq:reset"),
    "all_hang": ("acme/quick", dict.fromkeys(NAMES, hang()), 504, "timeout", "openai:timeout,azure:timeout,groq:timeout"),
    # The chain goes on to azure, which is not in the plan: nothing is sent there, and the last error is the answer.
    "a_gap": ("acme/gap", {"openai": error(429)}, 429, "rate_limit_exceeded", "openai:429"),
    "alone": ("acme/alone", {"openai": error(503, "busy")}, 503, "overloaded", "openai:503"),
    "alone_reset": ("acme/alone", {"openai": reset()}, 503, "no_provider", "openai:reset"),
    # The plan is longer than the chain: Envoy has no cluster for the third try.
    "a_short_chain": ("acme/long", {"groq": error(503)}, 503, "no_provider", f"groq:503,{REFUSED}:connect"),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_chain(chained, name):
    asked, told, status, code, attempts = ENDS[name]
    chained.behave(**told)
    before = chained.value("tollgate_misconfigured_total")
    response = chained.chat(asked)
    assert (response.status, response.header("x-tollgate-attempts")) == (status, attempts)
    assert response.json()["error"]["code"] == code or code is None
    assert chained.seen() == {name: attempts.count(name + ":") for name in NAMES}
    assert chained.line(response)["attempts"] == attempts
    assert chained.value("tollgate_misconfigured_total") == before
