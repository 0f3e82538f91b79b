"""What an SDK is told about trying again: `x-should-retry: false` where it is no use, `retry-after` where a wait helps.

SDKs obey both, and one of them sleeps as long as it is told: a provider's hour must not become a client's.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import example
import pytest
from client import CHAT, Response, request
from harness import NEWEST, Gateway
from mock import Behaviour, Upstream, error, reset, sse

NO = "false"
HOUR = {"retry-after": "3600"}
KEY, FEW = "sk-everything", "sk-a-few"


@dataclass(frozen=True)
class Told:
    """Of a plan with one target, which is asked again only where that can help, and not when it wants a long wait."""

    by: tuple[Behaviour, ...]  # one per target
    status: int
    retry: str | None = None  # x-should-retry
    wait: tuple[str, str] | None = None  # retry-after, retry-after-ms
    says: str = ""


def limited(words: str = "slow down", code=None, **headers: str) -> Behaviour:
    return error(429, words, "requests", code, {name.replace("_", "-"): value for name, value in headers.items()})


def one(status: int, headers: dict = {}, code=None) -> tuple[Behaviour]:
    return (error(status, "no", "whatever", code, headers),)


def first_event(kind: str, words: str) -> Behaviour:
    return sse(['data: {"error":{"message":"%s","type":"%s"}}\n\n' % (words, kind)])


# fmt: off
FAILURES = {
    # No use, whatever the provider advises: neither header of a wait goes with it.
    "400": Told(one(400, HOUR | {"x-should-retry": "true"}), 400, NO),
    "400_too_long": Told(one(400, code="context_length_exceeded"), 400, NO),
    "400_filtered": Told(one(400, code="content_filter"), 400, NO),
    "401": Told(one(401, HOUR), 424, NO),
    "402": Told(one(402), 424, NO),
    "403": Told(one(403), 424, NO),
    "404": Told(one(404), 404, NO),
    "413": Told(one(413), 413, NO),
    "422": Told(one(422), 422, NO),
    "429_quota": Told(one(429, {"retry-after": "5"}, "insufficient_quota"), 429, NO),
    "event_400": Told((first_event("invalid_request_error", "no"),), 400, NO),
    # May help: nothing is said, and the SDK decides by the status.
    "408": Told(one(408), 504),
    "409": Told(one(409), 502),
    "424": Told(one(424), 502),
    "500": Told(one(500, {"x-should-retry": "false"}), 500),
    "502": Told(one(502), 502),
    "503": Told(one(503), 503),
    "504": Told(one(504), 504),
    "529": Told(one(529), 503),
    "reset": Told((reset(),), 503),
    "event_500": Told((first_event("server_error", "no"),), 500),
    # A wait is told on 429, 503 and 529 only, in both headers, seconds rounded up.
    "429_no_hint": Told((limited(), limited()), 429, None, ("1", "1000")),
    "429_seconds": Told((limited(retry_after="7"),), 429, None, ("7", "7000")),
    "429_ms": Told((limited(retry_after_ms="2500"),), 429, None, ("3", "2500")),
    "429_both": Told((limited(retry_after="9", retry_after_ms="8100"),), 429, None, ("9", "8100")),
    "429_words": Told((limited("Please try again in 5.871s."),), 429, None, ("6", "5871")),
    "429_words_and_header": Told((limited("Please try again in 5.871s.", retry_after="20"),), 429, None, ("20", "20000")),
    "event_429": Told((first_event("rate_limit_error", "Please try again in 4s."),), 429, None, ("4", "4000")),
    "503_seconds": Told(one(503, {"retry-after": "7"}), 503, None, ("7", "7000")),
    "529_seconds": Told(one(529, {"retry-after": "7"}), 503, None, ("7", "7000")),
    "500_seconds": Told(one(500, {"retry-after": "7"}), 500),
    "502_seconds": Told(one(502, {"retry-after": "7"}), 502),
    "408_seconds": Told(one(408, {"retry-after": "7"}), 504),
    # Up to a minute; a longer wait stands in the message, for people.
    "429_minute": Told((limited(retry_after="60"),), 429, None, ("60", "60000")),
    "429_over_a_minute": Told((limited(retry_after_ms="60001"),), 429, NO, None, "61 seconds"),
    "429_hour": Told((limited(retry_after="3600"),), 429, NO, None, "slow down (It asks for a wait of 3600 seconds.)"),
    "429_hour_in_ms": Told((limited(retry_after_ms="3600000"),), 429, NO, None, "3600 seconds"),
    "429_hours_in_words": Told((limited("Please try again in 1h12m30.5s."),), 429, NO, None, "4351 seconds"),
    "429_minutes_in_words": Told((limited("Please try again in 2m5s"),), 429, NO, None, "125 seconds"),
    "503_hour": Told(one(503, HOUR), 503, NO, None, "3600 seconds"),
    "529_hour": Told(one(529, HOUR), 503, NO, None, "3600 seconds"),
    "500_hour": Told(one(500, HOUR), 500, NO, None, "3600 seconds"),
    # Several targets: the one that is free first counts, and a mix knows nothing about waits.
    "all_limited": Told((limited(retry_after="3600"), limited(retry_after="4"), limited(retry_after="20")), 429, None, ("4", "4000")),
    "all_for_long": Told((limited(retry_after="7200"), limited(retry_after="3600"), limited(retry_after="86400")), 429, NO, None, "3600 seconds"),
    "limited_and_spent": Told((limited(retry_after="4"), limited(code="insufficient_quota")), 429, None, ("4", "4000")),
    "all_spent": Told((limited(code="insufficient_quota"), limited(code="insufficient_quota")), 429, NO),
    "a_mix": Told((limited(retry_after="3600"), error(500, headers=HOUR)), 503),
    "all_overloaded": Told((error(503, headers=HOUR), error(529, headers=HOUR)), 503),
    # What is no wait at all.
    "429_nonsense": Told((limited(retry_after="soon"), limited(retry_after="-5")), 429, None, ("1", "1000")),
    "429_zero_ms": Told((limited(retry_after="5", retry_after_ms="0"),), 429, None, ("5", "5000")),
}
# fmt: on


def config() -> dict:
    """A model per row, all its targets at one provider."""
    models = [
        {"name": f"acme/{name}", "targets": [{"provider": "openai", "model": f"{name}-{at}", "priority": at} for at in range(len(told.by))]}
        for name, told in FAILURES.items()
    ]
    both = [(KEY, "all"), (FEW, "few")]
    keys = [{"id": secret, "group": group, "sha256": hashlib.sha256(secret.encode()).hexdigest()} for secret, group in both]
    return example.plan("openai") | {
        "models": models,
        "groups": [{"name": "all", "models": ["*"]}, {"name": "few", "models": ["acme/none"]}],
        "keys": keys,
        "access": {},
        "limits": {"request_body": "64KiB"},
    }


def choose(got) -> Behaviour:
    name, _, at = got.json()["model"].rpartition("-")
    return FAILURES[name].by[int(at)]


@pytest.fixture(scope="module")
def url():
    provider = Upstream(choose)
    with Gateway(config(), {"openai": provider}, version=NEWEST) as gateway:
        yield gateway.url
    provider.close()


@pytest.fixture(scope="module")
def answers(url):
    """All at once: some wait before the second try."""
    with ThreadPoolExecutor(len(FAILURES)) as pool:
        return dict(zip(FAILURES, pool.map(lambda name: post(url, model(name)), FAILURES)))


def model(name: str) -> dict:
    return {"model": f"acme/{name}", "messages": [{"role": "user", "content": "Hi"}], "stream": name.startswith("event")}


def post(url: str, body, key: str = KEY, headers: dict = {}, path: str = CHAT, method: str = "POST") -> Response:
    return request(url, method, path, body, {"authorization": f"Bearer {key}"} | headers)


def contract(response: Response) -> tuple:
    wait = response.header("retry-after"), response.header("retry-after-ms")
    return response.status, response.header("x-should-retry"), None if wait == (None, None) else wait


@pytest.mark.parametrize("name", FAILURES)
def test_the_headers_of_a_failure(answers, name):
    told, response = FAILURES[name], answers[name]
    assert contract(response) == (told.status, told.retry, told.wait)
    message = response.json()["error"]["message"]
    assert told.says in message and (told.says or "seconds" not in message), message


REFUSALS = {
    "no_key": (401, dict(body={}, key="sk-of-a-stranger")),
    "forbidden_model": (403, dict(body=model("500"), key=FEW)),
    "unknown_model": (404, dict(body=model("nobody-knows"))),
    "unknown_url": (404, dict(body={}, path="/v1/nothing")),
    "other_method": (404, dict(body=None, method="DELETE")),
    "no_json": (400, dict(body=b"no JSON")),
    "option": (400, dict(body=model("500") | {"provider": {"colour": "blue"}})),
    "no_target": (400, dict(body=model("500") | {"provider": {"only": ["groq"]}})),
    "own_credential": (403, dict(body=model("500"), headers={"x-tollgate-byok-openai": "sk-mine"})),
    "compressed": (415, dict(body=b"x", headers={"content-encoding": "gzip"})),
    "too_large": (413, dict(body=b"x" * (65 << 10))),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_not_worth_a_second_try(url, name):
    status, sent = REFUSALS[name]
    assert contract(post(url, **sent)) == (status, NO, None)
