"""Every row of the error table (docs/dialects.md, section 5) as the official SDKs take it: which exception, what it
says, and how often they try. All cases run at once, since what takes time is the SDKs' own waiting."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import callers
import example
import pytest
from callers import ALICE, BOB, STRANGER
from harness import Gateway
from mock import Behaviour, Upstream, answer, chat, error, hang
from sdk import CHAT, HELLO, Python

SOON = {"retry-after-ms": "20"}  # for the cases whose waiting is not what they are about
OTHER_STATUS = {"python": "APIStatusError", "node": "APIError"}  # how each calls a status that it has no name for


@dataclass
class Case:
    name: str
    told: Behaviour | None  # what the provider says, every time; None: it is never asked
    raises: str | dict
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


def told(status: int, message: str = "mock says no", code: str | None = None, kind: str = "whatever", **headers) -> Behaviour:
    return error(status, message, kind, code, {name.replace("_", "-"): value for name, value in headers.items()})


TWO = ("openai", "mistral")


def either(openai: Behaviour, mistral: Behaviour):
    """What each of two targets says."""
    return lambda got: openai if "openai" in got.header("host") else mistral


# fmt: off
CASES = [
    # What the gateway says by itself.
    Case("bad-key", None, "AuthenticationError", 401, "invalid_api_key", key=STRANGER),
    Case("forbidden", None, "PermissionDeniedError", 403, "model_not_allowed", key=BOB),
    Case("unknown-model", None, "NotFoundError", 404, "model_not_found", model="acme/unknwon-model-{sdk}", says="nearest names are `acme/unknown-model-{sdk}`"),
    Case("unknown-url", None, "NotFoundError", 404, "unknown_url", path="files.list", params={"messages": None}),
    Case("no-such-model", None, "NotFoundError", 404, "model_not_found", path="models.retrieve", says="acme/none"),
    Case("option", None, "BadRequestError", 400, "unsupported_option", params={"extra": {"provider": {"colour": "blue"}}}),
    Case("no-target", None, "BadRequestError", 400, "no_matching_provider", params={"extra": {"provider": {"only": ["groq"]}}}),
    Case("wrong-type", None, "BadRequestError", 400, "invalid_body", model=7),
    Case("above-the-limit", None, OTHER_STATUS, 413, "request_too_large", params={"messages": [{"role": "user", "content": "x" * 200_000}]}),
    # What one provider says.
    Case("bad-request", told(400, "no such tool", "bad_tool"), "BadRequestError", 400, "bad_tool", asked=1, says="no such tool"),
    Case("too-long", told(400, "This model's maximum context length is 8 tokens."), "BadRequestError", 400, "context_length_exceeded", asked=1),
    Case("filtered", told(400, "filtered", "content_filter"), "BadRequestError", 400, "content_filter", asked=1),
    Case("unprocessable", told(422, "cannot"), "UnprocessableEntityError", 422, None, asked=1, says="cannot"),
    Case("too-large", told(413, "too much"), OTHER_STATUS, 413, "request_too_large", asked=1),
    Case("our-key", told(401, "bad key"), OTHER_STATUS, 424, "provider_credential_rejected", asked=1),
    Case("our-account", told(402, "pay first"), OTHER_STATUS, 424, "provider_credential_rejected", asked=1),
    Case("our-rights", told(403, "not yours"), OTHER_STATUS, 424, "provider_credential_rejected", asked=1),
    Case("missing-there", told(404, "no such model"), "NotFoundError", 404, "model_not_found", asked=1),
    Case("rate", told(429, **SOON), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6),
    Case("quota", told(429, "all spent", "insufficient_quota"), "RateLimitError", 429, "insufficient_quota", asked=1),
    Case("rate-of-a-stream", told(429, **SOON), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, params={"stream": True}),
    Case("own-fault", told(500), "InternalServerError", 500, None, tries=3, asked=6),
    Case("html", answer(502, "<html>bad gateway</html>"), "InternalServerError", 502, None, tries=3, asked=6),
    Case("failed-model", told(424), "InternalServerError", 502, "provider_error", tries=3, asked=6),
    Case("overloaded", told(503, **SOON), "InternalServerError", 503, "overloaded", tries=3, asked=6),
    Case("overloaded-529", told(529, **SOON), "InternalServerError", 503, "overloaded", tries=3, asked=6),
    Case("late", told(504), "InternalServerError", 504, "timeout", tries=3, asked=6),
    Case("timeout", hang(), "InternalServerError", 504, "timeout", tries=3, asked=6, timeouts={"attempt": "500ms"}),
    Case("refused", None, "InternalServerError", 503, "no_provider", tries=3, providers=("groq",)),
    # A provider's own advice is about its own answer: whether a repetition makes sense, the gateway says.
    Case("advice-no", told(500, x_should_retry="false"), "InternalServerError", 500, None, tries=3, asked=6),
    Case("advice-yes", told(400, x_should_retry="true"), "BadRequestError", 400, None, asked=1),
    # No wait above a minute, which Python would sleep through up to two, is left to an SDK: it gives up at once.
    Case("ninety-seconds", told(429, retry_after="90"), "RateLimitError", 429, "rate_limit_exceeded", asked=1, says="90 seconds"),
    Case("hour", told(429, retry_after="3600"), "RateLimitError", 429, "rate_limit_exceeded", asked=1, says="3600 seconds"),
    Case("hour-in-ms", told(429, retry_after_ms="3600000"), "RateLimitError", 429, "rate_limit_exceeded", asked=1),
    Case("hour-in-words", told(429, "Please try again in 1h0m0s."), "RateLimitError", 429, "rate_limit_exceeded", asked=1),
    Case("overloaded-for-an-hour", told(503, retry_after="3600"), "InternalServerError", 503, "overloaded", asked=1),
    Case("fault-for-an-hour", told(500, retry_after="3600"), "InternalServerError", 500, None, asked=1),
    # Two targets: no wait between them, so all the waiting is the SDK's. Without a hint it would be half a second.
    Case("waits", told(429, retry_after="1"), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, providers=TWO, least_wait=1),
    Case("waits-without-a-hint", told(429), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, providers=TWO, least_wait=1),
    Case("hour-everywhere", told(429, retry_after="3600"), "RateLimitError", 429, "rate_limit_exceeded", asked=2, providers=TWO),
    Case("hour-and-second", either(told(429, retry_after="3600"), told(429, retry_after="1")), "RateLimitError", 429, "rate_limit_exceeded", tries=3, asked=6, providers=TWO, least_wait=1),
    Case("hour-in-a-mix", either(told(429, retry_after="3600"), told(500)), "InternalServerError", 503, "no_provider", tries=3, asked=6, providers=TWO),
    Case("mixed", either(told(500), told(429)), "InternalServerError", 503, "no_provider", tries=3, asked=6, providers=TWO),
    Case("our-keys", told(401), OTHER_STATUS, 424, "provider_credential_rejected", asked=2, providers=TWO),
    Case("missing-everywhere", told(404), "NotFoundError", 404, "model_not_found", asked=2, providers=TWO),
    Case("late-at-last", either(told(500), told(408)), "InternalServerError", 504, "timeout", tries=3, asked=6, providers=TWO),
]
# fmt: on
NAMES = [case.name for case in CASES]


def public_name(case: Case, sdk_name: str) -> str:
    """Each SDK has a model of its own per case, so that log and mock can be counted."""
    return f"acme/{case.name}-{sdk_name}"


def asked_model(case: Case, sdk_name: str):
    return (case.model.format(sdk=sdk_name) if isinstance(case.model, str) else case.model) or public_name(case, sdk_name)


def models() -> list[dict]:
    return [
        {
            "name": public_name(case, sdk_name),
            "targets": [{"provider": name, "model": f"{case.name}-{sdk_name}", "priority": n} for n, name in enumerate(case.providers)],
            "timeouts": case.timeouts,
        }
        for case in CASES
        for sdk_name in ("python", "node")
    ]


@pytest.fixture(scope="module")
def provider():
    behaviours = {case.name: case.told or chat() for case in CASES}

    def choose(request):
        behaviour = behaviours[request.json()["model"].rpartition("-")[0]]
        return behaviour(request) if behaviour.__name__ == "<lambda>" else behaviour

    one = Upstream(choose)
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(provider):
    more = {"models": models(), "limits": {"request_body": "128KiB"}}
    config = example.plan("openai", "mistral", "groq") | more | callers.sections(bob=["acme/none"])
    with Gateway(config, {"openai": provider, "mistral": provider}) as one:
        yield one


def run(case: Case, sdk, url: str):
    if case.path == "models.retrieve":
        return sdk.call(url, case.key, case.path, "acme/none")
    params = {"model": asked_model(case, sdk.name), "messages": HELLO} | case.params
    if params["messages"] is None:
        params = {}
    return sdk.call(url, case.key, case.path, **params)


def timed(case: Case, sdk, url: str):
    start = time.monotonic()
    return run(case, sdk, url), time.monotonic() - start


@pytest.fixture(scope="module")
def outcomes(running, node):
    """(case, SDK) -> what the SDK made of it, and in how many seconds."""
    both = {"python": Python(), "node": node}
    todo = [(case, sdk) for case in CASES for sdk in both.values()]
    with ThreadPoolExecutor(len(todo)) as pool:
        results = pool.map(lambda one: timed(one[0], one[1], running.url), todo)
        return {(case.name, sdk.name): result for (case, sdk), result in zip(todo, results)}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_exception_and_what_it_says(outcomes, sdk, case):
    got = outcomes[case.name, sdk.name][0].error
    raises = case.raises if isinstance(case.raises, str) else case.raises[sdk.name]
    assert got, "no exception"
    assert (got["classes"][0], got["status"], got["code"]) == (raises, case.status, case.code), got
    assert case.says.format(sdk=sdk.name) in got["message"]
    assert not any(secret in got["message"] for secret in (ALICE, BOB, STRANGER, example.secret("openai")))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_how_often_it_is_tried(outcomes, provider, sdk, case):
    """The SDKs try a failing request three times, except where the gateway says that it is no use."""
    outcome, seconds = outcomes[case.name, sdk.name]
    asked = [one for one in provider.requests if one.json()["model"] == f"{case.name}-{sdk.name}"]
    assert (len(outcome.at), len(asked)) == (case.tries, case.asked)
    waits = [after - before for before, after in zip(outcome.at, outcome.at[1:])]
    assert all(wait >= case.least_wait for wait in waits), waits
    assert seconds < 55, "an SDK sleeps because of what it was told"


UNREAD = {"bad-key", "unknown-url", "no-such-model", "option", "wrong-type", "above-the-limit"}  # refused before the model is known
LOGGED = [case for case in CASES if case.name not in UNREAD]


@pytest.mark.parametrize("case", LOGGED, ids=[case.name for case in LOGGED])
def test_each_try_has_its_line_in_the_log(outcomes, running, sdk, case):
    model = asked_model(case, sdk.name)
    callers.line_of(running, model, since=0, count=case.tries)
    lines = [line for line in running.access_log() if line["model_asked"] == model]
    assert [line["status"] for line in lines] == [case.status] * case.tries


def test_no_provider_saw_a_clients_key(outcomes, provider):
    assert len(provider.requests) > 50
    assert not [one for one in provider.requests if any(key in one for key in (ALICE, BOB, STRANGER))]
