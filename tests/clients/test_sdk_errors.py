"""Every row of the error table (docs/dialects.md, section 5) as the official SDKs take it: which exception, what it
says, and how often they try: OpenAI's at a provider of its API, by chat completions and by responses, Anthropic's at the same one,
translated, and each at a provider of Anthropic's API. All cases run at once, since what takes time is the SDKs' own waiting."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import callers
import example
import pytest
from callers import ALICE, BOB, STRANGER
from harness import Gateway
from mock import Behaviour, Request, Upstream, answer, chat, error, hang
from sdk import CHAT, HELLO, AnthropicPython, Python

SOON = {"retry-after-ms": "20"}  # for the cases whose waiting is not what they are about
RESPONSES = "responses.create"
OTHER_STATUS = "OTHER_STATUS"  # one that an SDK has no name for
UNNAMED = {"python": "APIStatusError", "node": "APIError"}

# What Anthropic's SDKs make of a status, and the type that stands in its body.
OF_ANTHROPIC = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError", "authentication_error"),
    402: ("PaymentRequiredError", "billing_error"),
    403: ("PermissionDeniedError", "permission_error"),
    404: ("NotFoundError", "not_found_error"),
    413: ("ContentTooLargeError", "request_too_large"),
    422: ("UnprocessableEntityError", "invalid_request_error"),
    424: (OTHER_STATUS, "api_error"),
    429: ("RateLimitError", "rate_limit_error"),
    500: ("InternalServerError", "api_error"),
    502: ("InternalServerError", "api_error"),
    504: ("GatewayTimeoutError", "timeout_error"),
    529: ("OverloadedError", "overloaded_error"),
}


@dataclass(frozen=True)
class Way:
    """An SDK at a kind of provider."""

    name: str
    language: str
    client: str = "openai"
    provider: str = "openai"
    path: str = CHAT  # OpenAI's SDKs: what chats are asked by

    def providers(self, case: "Case") -> list[str]:
        """The providers of the case, or those of Anthropic's API that behave like them."""
        own = {"openai": "anthropic", "mistral": "second", "groq": "refusing"}
        return [name if self.provider == "openai" else own[name] for name in case.providers]


WAYS = [Way(language, language) for language in UNNAMED]
WAYS += [Way(f"anthropic_{language}", language, "anthropic") for language in UNNAMED]
WAYS += [Way(f"passing_{language}", language, "anthropic", "anthropic") for language in UNNAMED]
WAYS += [Way(f"responses_{language}", language, path=RESPONSES) for language in UNNAMED]
WAYS += [Way(f"responses_there_{language}", language, "openai", "anthropic", RESPONSES) for language in UNNAMED]
OPENAIS, ANTHROPICS = ("openai",), ("anthropic",)


@dataclass
class Case:
    name: str
    told: "Told | tuple[Told, Told] | None"  # what the provider says, every time, or each of two; None: it is never asked
    raises: str
    status: int
    code: str | None
    tries: int = 1  # of the SDK
    asked: int = 0  # how often the provider is asked: a plan of one target is tried twice
    says: str = ""
    key: str = ALICE
    model: object = ""  # asked for instead of the case's own
    providers: tuple[str, ...] = ("openai",)
    timeouts: dict = field(default_factory=dict)
    path: str = CHAT
    params: dict = field(default_factory=dict)
    least_wait: float = 0  # seconds between the SDK's tries
    at: tuple[str, ...] = ("openai", "anthropic")  # whose APIs have such an answer

    def expected(self, way: Way) -> tuple[str, int, str | None, str | None]:
        """The exception, the status, the code of OpenAI's error and the type of Anthropic's."""
        if way.client == "openai":
            return (UNNAMED[way.language] if self.raises == OTHER_STATUS else self.raises), self.status, self.code, None
        status = 529 if self.status == 503 else self.status
        raises, kind = OF_ANTHROPIC[status]
        return (UNNAMED[way.language] if raises == OTHER_STATUS else raises), status, None, kind


@dataclass
class Told:
    """What a provider says, in the shape of its API."""

    status: int
    message: str
    code: str | None
    headers: dict

    def __call__(self, request: Request) -> Behaviour:
        if "/messages" not in request.path:
            return error(self.status, self.message, "whatever", self.code, self.headers)
        kind = OF_ANTHROPIC.get(self.status, (None, "api_error"))[1]
        return answer(self.status, {"type": "error", "error": {"type": kind, "message": self.message}}, self.headers)


def told(status: int, message: str = "mock says no", code: str | None = None, **headers: str) -> Told:
    return Told(status, message, code, {name.replace("_", "-"): value for name, value in headers.items()})


def always(behaviour: Behaviour):
    return lambda _request: behaviour


TWO = ("openai", "mistral")
OWN_KEY = {"extra": {"providerOptions": {"gateway": {"byok": {name: [{"apiKey": "sk-own"}] for name in ("openai", "anthropic")}}}}}


# fmt: off
CASES = [
    # What the gateway says by itself.
    Case("bad-key", None, "AuthenticationError", 401, "invalid_api_key", key=STRANGER),
    Case("forbidden", None, "PermissionDeniedError", 403, "model_not_allowed", key=BOB),
    Case("unknown-model", None, "NotFoundError", 404, "model_not_found", model="acme/unknwon-model-{sdk}", says="nearest names are `acme/unknown-model-{sdk}`"),
    Case("unknown-url", None, "NotFoundError", 404, "unknown_url", path="files.list", params={"messages": None}),
    Case("no-such-model", None, "NotFoundError", 404, "model_not_found", path="models.retrieve", says="acme/none"),
    Case("option", None, "BadRequestError", 400, "unsupported_option", params={"extra": {"providerOptions": {"gateway": {"colour": "blue"}}}}),
    Case("no-target", None, "BadRequestError", 400, "no_matching_provider", params={"extra": {"providerOptions": {"gateway": {"only": ["groq"]}}}}),
    Case("byok-denied", None, "PermissionDeniedError", 403, "byok_denied", params=OWN_KEY),
    Case("wrong-type", None, "BadRequestError", 400, "invalid_body", model=7),
    Case("above-the-limit", None, OTHER_STATUS, 413, "request_too_large", params={"messages": [{"role": "user", "content": "x" * 200_000}]}),
    # What one provider says.
    Case("bad-request", told(400, "no such tool", "bad_tool"), "BadRequestError", 400, "bad_tool", asked=1, says="no such tool", at=OPENAIS),
    Case("bad-request-there", told(400, "no such tool"), "BadRequestError", 400, None, asked=1, says="no such tool"),
    Case("too-long", told(400, "This model's maximum context length is 8 tokens."), "BadRequestError", 400, "context_length_exceeded", asked=1, says="maximum context length", at=OPENAIS),
    Case("too-long-there", told(400, "prompt is too long: 9 tokens > 8 maximum"), "BadRequestError", 400, "context_length_exceeded", asked=1, says="prompt is too long"),
    Case("filtered", told(400, "filtered", "content_filter"), "BadRequestError", 400, "content_filter", asked=1, at=OPENAIS),
    Case("unprocessable", told(422, "cannot"), "UnprocessableEntityError", 422, None, asked=1, says="cannot"),
    Case("too-large", told(413, "too much"), OTHER_STATUS, 413, "request_too_large", asked=1),
    Case("our-key", told(401, "bad key"), OTHER_STATUS, 424, "provider_credential_rejected", asked=1),
    Case("our-account", told(402, "pay first"), OTHER_STATUS, 424, "provider_credential_rejected", asked=1),
    Case("our-rights", told(403, "not yours"), OTHER_STATUS, 424, "provider_credential_rejected", asked=1),
    # On a key of the caller's own all of this is the caller's to read.
    Case("own-key", told(401, "bad key"), "AuthenticationError", 401, "provider_credential_rejected", asked=1, says="bad key", key=BOB, params=OWN_KEY),
    Case("own-account", told(402, "pay first"), OTHER_STATUS, 402, "provider_credential_rejected", asked=1, says="pay first", key=BOB, params=OWN_KEY),
    Case("own-rights", told(403, "not yours"), "PermissionDeniedError", 403, "provider_credential_rejected", asked=1, says="not yours", key=BOB, params=OWN_KEY),
    Case("missing-there", told(404, "no such model"), "NotFoundError", 404, "model_not_found", asked=1),
    Case("rate", told(429, **SOON), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6),
    Case("quota", told(429, "all spent", "insufficient_quota"), "RateLimitError", 429, "insufficient_quota", asked=1, at=OPENAIS),
    Case("rate-of-a-stream", told(429, **SOON), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, params={"stream": True}),
    Case("own-fault", told(500), "InternalServerError", 500, None, tries=3, asked=6),
    Case("html", always(answer(502, "<html>bad gateway</html>")), "InternalServerError", 502, None, tries=3, asked=6),
    Case("failed-model", told(424), "InternalServerError", 502, "provider_error", tries=3, asked=6),
    Case("overloaded", told(503, **SOON), "InternalServerError", 503, "overloaded", tries=3, asked=6),
    Case("overloaded-529", told(529, **SOON), "InternalServerError", 503, "overloaded", tries=3, asked=6),
    Case("late", told(504), "InternalServerError", 504, "timeout", tries=3, asked=6),
    Case("timeout", always(hang()), "InternalServerError", 504, "timeout", tries=3, asked=6, timeouts={"attempt": "3s"}),
    Case("refused", None, "InternalServerError", 503, "no_provider", tries=3, providers=("groq",)),
    # A provider's own advice is about its own answer: whether a repetition makes sense, the gateway says.
    Case("advice-no", told(500, x_should_retry="false"), "InternalServerError", 500, None, tries=3, asked=6),
    Case("advice-yes", told(400, x_should_retry="true"), "BadRequestError", 400, None, asked=1),
    # No wait above a minute, which Python would sleep through up to two, is left to an SDK: it gives up at once.
    Case("ninety-seconds", told(429, retry_after="90"), "RateLimitError", 429, "rate_limit_exceeded", asked=1, says="90 seconds"),
    Case("hour", told(429, retry_after="3600"), "RateLimitError", 429, "rate_limit_exceeded", asked=1, says="3600 seconds"),
    Case("hour-in-ms", told(429, retry_after_ms="3600000"), "RateLimitError", 429, "rate_limit_exceeded", asked=1),
    Case("hour-in-words", told(429, "Please try again in 1h0m0s."), "RateLimitError", 429, "rate_limit_exceeded", asked=1, at=OPENAIS),
    Case("overloaded-for-an-hour", told(503, retry_after="3600"), "InternalServerError", 503, "overloaded", asked=1),
    Case("fault-for-an-hour", told(500, retry_after="3600"), "InternalServerError", 500, None, asked=1),
    # Two targets: no wait between them, so all the waiting is the SDK's. Without a hint it would be half a second.
    Case("waits", told(429, retry_after="1"), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, providers=TWO, least_wait=1),
    Case("waits-without-a-hint", told(429), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, providers=TWO, least_wait=1),
    Case("hour-everywhere", told(429, retry_after="3600"), "RateLimitError", 429, "rate_limit_exceeded", asked=2, providers=TWO),
    Case("hour-and-second", (told(429, retry_after="3600"), told(429, retry_after="1")), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, providers=TWO, least_wait=1),
    Case("hour-in-a-mix", (told(429, retry_after="3600"), told(500)), "InternalServerError", 503, "no_provider", tries=3, asked=6, providers=TWO),
    Case("mixed", (told(500), told(429)), "InternalServerError", 503, "no_provider", tries=3, asked=6, providers=TWO),
    Case("our-keys", told(401), OTHER_STATUS, 424, "provider_credential_rejected", asked=2, providers=TWO),
    Case("missing-everywhere", told(404), "NotFoundError", 404, "model_not_found", asked=2, providers=TWO),
    Case("late-at-last", (told(500), told(408)), "InternalServerError", 504, "timeout", tries=3, asked=6, providers=TWO),
]
# fmt: on
TABLE = [(case, way) for case in CASES for way in WAYS if way.provider in case.at]


def public_name(case: Case, way: Way) -> str:
    """Each SDK has a model of its own per case, so that log and mock can be counted."""
    return f"acme/{case.name}-{way.name}"


def asked_model(case: Case, way: Way):
    return (case.model.format(sdk=way.name) if isinstance(case.model, str) else case.model) or public_name(case, way)


def models() -> list[dict]:
    return [
        {
            "name": public_name(case, way),
            "targets": [{"provider": name, "model": f"{case.name}-{way.name}-{n}", "priority": n} for n, name in enumerate(way.providers(case))],
            "timeouts": case.timeouts,
        }
        for case, way in TABLE
    ]


@pytest.fixture(scope="module")
def provider():
    behaviours = {case.name: case.told for case in CASES}

    def choose(request):
        name, _, place = request.json()["model"].rsplit("-", 2)
        says = behaviours[name] or always(chat())
        return (says[int(place)] if isinstance(says, tuple) else says)(request)

    one = Upstream(choose)
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(provider):
    bob = ["acme/none", *(public_name(case, way) for case, way in TABLE if case.params is OWN_KEY)]
    config = example.plan("openai", "mistral", "groq", "anthropic", models=models(), limits={"request_body": "128KiB"})
    config |= callers.sections(bob)
    config["groups"][1]["byok"] = "require"
    key = {"credentials": [{"value": "sk-of-another-account"}]}
    config["providers"] += [{"name": name, "preset": "anthropic", "cluster": cluster} | key for name, cluster in OTHERS.items()]
    with Gateway(config, {name: provider for name in ("openai", "mistral", "anthropic", OTHERS["second"])}) as one:
        yield one


OTHERS = {"second": "together", "refusing": "cerebras"}  # further accounts at Anthropic, and their clusters
# The calls by Anthropic's names.
CALLS = {CHAT: "messages.create", "files.list": "beta.files.list", "models.retrieve": "models.retrieve"}


def run(case: Case, way: Way, sdk, url: str):
    path = (way.path if case.path == CHAT else case.path) if way.client == "openai" else CALLS[case.path]
    if case.path == "models.retrieve":
        return sdk.call(url, case.key, path, "acme/none")
    params = {"model": asked_model(case, way), "messages": HELLO} | case.params
    params |= {"max_tokens": 16} if way.client == "anthropic" else {}
    if params["messages"] is None:
        params = {}
    elif path == RESPONSES:
        params["input"] = params.pop("messages")
    return sdk.call(url, case.key, path, **params)


def timed(case: Case, way: Way, sdk, url: str):
    start = time.monotonic()
    return run(case, way, sdk, url), time.monotonic() - start


@pytest.fixture(scope="module")
def outcomes(running, node, anthropic_node):
    """(case, way) -> what the SDK made of it, and in how many seconds."""
    sdks = {("openai", "python"): Python(), ("openai", "node"): node}
    sdks |= {("anthropic", "python"): AnthropicPython(), ("anthropic", "node"): anthropic_node}
    with ThreadPoolExecutor(len(TABLE)) as pool:
        results = pool.map(lambda one: timed(*one, sdks[one[1].client, one[1].language], running.url), TABLE)
        return {(case.name, way.name): result for (case, way), result in zip(TABLE, results)}


each = pytest.mark.parametrize("case, way", TABLE, ids=[f"{case.name}-{way.name}" for case, way in TABLE])


@each
def test_the_exception_and_what_it_says(outcomes, case, way):
    got = outcomes[case.name, way.name][0].error
    assert got, "no exception"
    raises, status, code, kind = case.expected(way)
    assert (got["classes"][0], got["status"], got.get("code")) == (raises, status, code), got
    assert kind is None or got["type"] == kind, got
    assert case.says.format(sdk=way.name) in got["message"]
    if case.name.startswith("too-long") and way.client == "anthropic":
        assert "'prompt is too long" in got["message"] or '"prompt is too long' in got["message"], "its clients know it by this"
    assert not any(secret in got["message"] for secret in (ALICE, BOB, STRANGER, example.secret("openai")))


@each
def test_how_often_it_is_tried(outcomes, provider, case, way):
    """The SDKs try a failing request three times, except where the gateway says that it is no use."""
    outcome, seconds = outcomes[case.name, way.name]
    asked = [one for one in provider.requests if one.json()["model"].rpartition("-")[0] == f"{case.name}-{way.name}"]
    assert (len(outcome.at), len(asked)) == (case.tries, case.asked)
    waits = [after - before for before, after in zip(outcome.at, outcome.at[1:])]
    assert all(wait >= case.least_wait for wait in waits), waits
    assert seconds < 55, "an SDK sleeps because of what it was told"


# Refused before the model is known.
UNREAD = {"bad-key", "unknown-url", "no-such-model", "option", "wrong-type", "above-the-limit"}
LOGGED = [(case, way) for case, way in TABLE if case.name not in UNREAD]


@pytest.mark.parametrize("case, way", LOGGED, ids=[f"{case.name}-{way.name}" for case, way in LOGGED])
def test_each_try_has_its_line_in_the_log(outcomes, running, case, way):
    model = asked_model(case, way)
    callers.line_of(running, model, since=0, count=case.tries)
    lines = [line for line in running.access_log() if line["model_asked"] == model]
    assert [line["status"] for line in lines] == [case.expected(way)[1]] * case.tries


def test_no_provider_saw_a_clients_key(outcomes, provider):
    assert len(provider.requests) > 50
    assert not [one for one in provider.requests if any(key in one for key in (ALICE, BOB, STRANGER))]
