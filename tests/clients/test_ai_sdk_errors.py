"""Every class of error that the AI SDK knows, in its three versions: which one, what it says, how often it is tried, and how
long the SDK would have waited in between. All cases run at once; what the SDK waits is written down instead."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import callers
import example
import pytest
from ai_sdk import PATHS, VERBS
from callers import ALICE, BOB, STRANGER
from failing import error_event
from harness import Gateway
from mock import Behaviour, Upstream, answer, chatting, error, hang, reset
from speaking import events_of, speaking, stream

INVALID, INTERNAL, RATE = "GatewayInvalidRequestError", "GatewayInternalServerError", "GatewayRateLimitError"
FORBIDDEN, UNKNOWN = "GatewayForbiddenError", "GatewayModelNotFoundError"
DEPENDENCY = {5: INTERNAL, 6: "GatewayFailedDependencyError", 7: "GatewayFailedDependencyError"}
OWN_KEY = {"providerOptions": {"gateway": {"byok": {"openai": [{"apiKey": "sk-of-bob-himself"}]}}}}
BACKOFF = [2000, 4000]  # milliseconds, where nobody says anything


@dataclass
class Case:
    name: str
    told: Behaviour | None  # what the provider says, every time; None: it is never asked
    raises: str | dict
    status: int
    type: str
    waits: list = field(default_factory=list)  # between the SDK's tries
    asked: int = 0  # how often the provider is asked: a plan of one target is tried twice
    says: str = ""
    key: str = ALICE
    model: str = ""  # asked for instead of the case's own
    params: dict = field(default_factory=dict)
    provider: str = "openai"
    timeouts: dict = field(default_factory=dict)


def told(status: int, message: str = "mock says no", code: str | None = None, **headers) -> Behaviour:
    return error(status, message, "whatever", code, {name.replace("_", "-"): value for name, value in headers.items()})


# fmt: off
CASES = [
    # What the gateway says by itself.
    Case("forbidden", None, FORBIDDEN, 403, "forbidden", key=BOB),
    Case("unknown-model", None, UNKNOWN, 404, "model_not_found", model="acme/unknown", says="acme/unknown"),
    Case("option", None, INVALID, 400, "invalid_request_error", says="colour", params={"providerOptions": {"gateway": {"colour": "blue"}}}),
    Case("no-target", None, INVALID, 400, "invalid_request_error", params={"providerOptions": {"gateway": {"only": ["groq"]}}}),
    Case("byok-denied", None, FORBIDDEN, 403, "forbidden", params=OWN_KEY),
    Case("too-much", None, INVALID, 413, "invalid_request_error", params={"prompt": "x" * 200_000}),
    # What the provider says.
    Case("bad-request", told(400, "no such tool"), INVALID, 400, "invalid_request_error", asked=1, says="no such tool"),
    Case("too-long", told(400, "This model's maximum context length is 8 tokens."), INVALID, 400, "invalid_request_error", asked=1),
    Case("unprocessable", told(422, "cannot"), INVALID, 422, "invalid_request_error", asked=1, says="cannot"),
    Case("our-key", told(401, "bad key"), DEPENDENCY, 424, "failed_dependency", asked=1),
    Case("our-account", told(402, "pay first"), DEPENDENCY, 424, "failed_dependency", asked=1),
    Case("own-account", told(402, "pay first"), INTERNAL, 402, "internal_server_error", asked=1, says="pay first", key=BOB, params=OWN_KEY),
    Case("own-rights", told(403, "not yours"), FORBIDDEN, 403, "forbidden", asked=1, says="not yours", key=BOB, params=OWN_KEY),
    Case("missing-there", told(404, "no such model"), UNKNOWN, 404, "model_not_found", asked=1),
    Case("rate", told(429), RATE, 429, "rate_limit_exceeded", waits=[1000, 1000], asked=6),
    Case("rate-with-a-hint", told(429, retry_after="7"), RATE, 429, "rate_limit_exceeded", waits=[7000, 7000], asked=3),
    Case("rate-for-an-hour", told(429, retry_after="3600"), RATE, 429, "rate_limit_exceeded", waits=BACKOFF, asked=3, says="3600 seconds"),
    Case("quota", told(429, "all spent", "insufficient_quota"), RATE, 429, "rate_limit_exceeded", waits=BACKOFF, asked=3),
    Case("own-fault", told(500), INTERNAL, 500, "internal_server_error", waits=BACKOFF, asked=6),
    Case("html", answer(502, "<html>bad gateway</html>"), INTERNAL, 502, "internal_server_error", waits=BACKOFF, asked=6),
    Case("not-json", answer(200, "Hello", {"content-type": "text/plain"}), INTERNAL, 502, "internal_server_error", waits=BACKOFF, asked=6),
    Case("overloaded", told(529, retry_after="1"), INTERNAL, 503, "internal_server_error", waits=[1000, 1000], asked=6),
    Case("overloaded-for-an-hour", told(503, retry_after="3600"), INTERNAL, 503, "internal_server_error", waits=BACKOFF, asked=3),
    Case("late", told(504), INTERNAL, 504, "internal_server_error", waits=BACKOFF, asked=6),
    Case("timeout", hang(), INTERNAL, 504, "internal_server_error", waits=BACKOFF, asked=6, timeouts={"attempt": "1500ms"}),
    Case("reset", reset(), INTERNAL, 503, "internal_server_error", waits=BACKOFF, asked=6),
    Case("refused", None, INTERNAL, 503, "internal_server_error", waits=BACKOFF, provider="groq"),
    # What Envoy answers by itself.
    Case("no-host", None, INTERNAL, 503, "internal_server_error", waits=BACKOFF, provider="azure"),
    Case("circuit-breaker", None, INTERNAL, 503, "internal_server_error", waits=BACKOFF, provider="mistral"),
]
# fmt: on
TABLE = [(case, version, verb) for case in CASES for version in PATHS for verb in VERBS]
IDS = [f"{case.name}-ai{version}-{verb}" for case, version, verb in TABLE]
each = pytest.mark.parametrize("case, version, verb", TABLE, ids=IDS)


@pytest.fixture(scope="module")
def provider():
    behaviours = {case.name: case.told for case in CASES}
    one = Upstream(lambda request: behaviours[request.json()["model"].rsplit("-", 2)[0]] or chatting())
    yield one
    one.close()


@pytest.fixture(scope="module")
def claude():
    one = Upstream(speaking())
    yield one
    one.close()


def broken(tree: dict) -> None:
    """What operators get wrong, or what happens under too much load."""
    clusters = example.clusters(tree)
    clusters["azure"]["load_assignment"]["endpoints"] = []
    clusters["mistral"]["circuit_breakers"]["thresholds"][0]["max_pending_requests"] = 0


@pytest.fixture(scope="module")
def running(provider, claude):
    models = [
        {"name": f"acme/{name}", "targets": [{"provider": case.provider, "model": name}], "timeouts": case.timeouts}
        for name, (case, *_) in zip(IDS, TABLE)
    ]
    models.append({"name": "acme/claude", "targets": [{"provider": "anthropic", "model": "claude-sonnet-4-5"}]})
    config = example.plan("openai", "groq", "azure", "mistral", "anthropic", models=models, limits={"request_body": "128KiB"})
    config |= callers.sections(bob=[f"acme/{name}" for name in IDS if name.startswith("own-")])
    config["groups"][1]["byok"] = "require"
    with Gateway(config, {"openai": provider, "anthropic": claude}, edit=broken) as one:
        yield one


@pytest.fixture(scope="module")
def outcomes(running, ai_sdks):
    """id -> what the SDK made of it."""

    clients = {version: ai_sdks[version] for version in PATHS}

    def run(name, case, version, verb):
        params = {"prompt": "Hi", "model": case.model or f"acme/{name}"} | case.params
        return clients[version].call(running.url, case.key, verb, **params)

    with ThreadPoolExecutor(len(TABLE)) as pool:
        return dict(zip(IDS, pool.map(lambda one: run(one[0], *one[1]), zip(IDS, TABLE))))


def error_of(got, verb: str) -> dict:
    """A stream tells its error in a part."""
    if verb == "generateText":
        return got.error
    (part,) = got.of("error")
    return part["error"]


@each
def test_the_class_and_what_it_says(outcomes, case, version, verb):
    whole = error_of(outcomes[f"{case.name}-ai{version}-{verb}"], verb)
    assert whole.get("errors") is None or (whole["name"], whole["reason"], len(whole["errors"])) == ("AI_RetryError", "maxRetriesExceeded", 3)
    got = whole["errors"][-1] if whole.get("errors") else whole
    raises = case.raises if isinstance(case.raises, str) else case.raises[version]
    kind = "internal_server_error" if raises == INTERNAL else case.type
    assert (got["name"], got["status"], got["type"]) == (raises, case.status, kind), got
    assert case.says in got["message"]
    assert got.get("modelId") == ((case.model or f"acme/{case.name}-ai{version}-{verb}") if raises == UNKNOWN else None)
    if version > 5:
        assert got["generationId"].startswith("gen_") and got["message"].endswith(f"[{got['generationId']}]")
    assert not any(secret in got["message"] for secret in (ALICE, BOB, example.secret("openai")))


@each
def test_how_often_and_when_it_is_tried(outcomes, provider, case, version, verb):
    name = f"{case.name}-ai{version}-{verb}"
    got = outcomes[name]
    asked = [one for one in provider.requests if one.json()["model"] == name]
    assert (got.tries, got.waits, len(asked)) == (1 + len(case.waits), case.waits, case.asked)
    assert max(got.waits, default=0) < 60_000


@pytest.mark.parametrize("version", PATHS)
def test_a_wrong_key(running, ai_sdks, version):
    kind = ("GatewayAuthenticationError", 401, "authentication_error")
    for verb, params in [("getAvailableModels", {}), ("streamText", {"model": "acme/claude", "prompt": "Hi"})]:
        got = ai_sdks[version].call(running.url, STRANGER, verb, **params)
        told = error_of(got, verb if params else "generateText")
        assert (told["name"], told["status"], told["type"]) == kind and got.tries == 1
    # ... which says it in words of its own.
    got = ai_sdks[version].call(running.url, STRANGER, "generateText", model="acme/claude", prompt="Hi")
    assert "Unauthenticated" in got.error["message"] and got.tries == 1


@pytest.mark.parametrize("version", PATHS)
def test_what_is_not_there_yet(running, ai_sdks, version):
    got = ai_sdks[version].call(running.url, ALICE, "getSpendReport", startDate="2026-01-01", endDate="2026-01-02")
    assert (got.error["name"], got.error["status"], got.tries) == (INTERNAL, 501, 1)


@pytest.mark.parametrize("version", [6, 7])
def test_kinds_of_models_that_are_not_served(running, ai_sdks, version):
    got = ai_sdks[version].call(running.url, ALICE, "rerank", id="acme/claude", query="q", documents=["a"])
    assert (got.error["name"], got.error["status"], got.tries) == ("GatewayNotFoundError" if version == 7 else INTERNAL, 404, 1)
    assert "reranking-model" in got.error["message"]


@pytest.mark.parametrize("version", PATHS)
def test_a_generation_that_nobody_knows(running, ai_sdks, version):
    got = ai_sdks[version].call(running.url, ALICE, "getGenerationInfo", id="gen_01M81TJCMVA2WERKKDX4QZG1R8")
    assert (got.error["name"], got.error["status"]) == ("GatewayNotFoundError" if version == 7 else INTERNAL, 404)


# ---------------------------------------------------------------- after the first word

EVENTS = [event.decode() for event in events_of("anthropic", "Hello")]
ENDS = {
    "error": stream([*EVENTS[:4], error_event("anthropic", "overloaded_error", "busy now")]),
    "unfinished": stream(EVENTS[:4]),
}


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("version", PATHS)
def test_a_stream_that_fails_says_so_and_ends(running, ai_sdks, claude, version, ends):
    claude.behaviours = (ENDS[ends],)
    got = ai_sdks[version].call(running.url, ALICE, "streamText", model="acme/claude", prompt="Hi")
    assert "".join(part["text"] for part in got.of("text-delta")) == "He" and got.tries == 1
    kinds = [part["type"] for part in got.parts]
    assert kinds.index("text-end") < kinds.index("error") < kinds.index("finish-step") < kinds.index("finish") == len(kinds) - 1
    (failed,) = got.of("error")
    told = failed["error"] if version == 7 else failed["error"]["raw"]
    assert got.of("finish-step")[0]["finishReason"] == "error"
    assert told.get("status" if version == 7 else "statusCode") == (503 if ends == "error" else 502), told
    assert ends != "error" or "busy now" in told["message"]
    if version == 7:
        assert (told["name"], told["isRetryable"]) == ("AI_StreamProviderError", True)


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("version", PATHS)
def test_a_stream_that_is_cut_is_an_error(running, ai_sdks, claude, version, end):
    """The gateway cannot say anything any more: its client's connection ends as well, which the SDK notices."""
    claude.behaviours = (stream(EVENTS[:4], delay=0.1, end=end),)
    got = ai_sdks[version].call(running.url, ALICE, "streamText", model="acme/claude", prompt="Hi")
    assert "".join(part["text"] for part in got.of("text-delta")) == "He"
    assert (got.error or got.of("error")) and not got.of("finish"), got
