"""What a client is told when every attempt failed: the rules, written down a second time, and all the mixes of failures.

The rules are those of docs/errors.md and of the error table (docs/dialects.md, section 5), in Python and from the text:
an oracle that was copied from the filter would agree with any mistake in it.
"""

import itertools
import json
from dataclasses import dataclass

import example
from mock import Behaviour, Request, answer, error, hang, reset, sse

# How an attempt can fail -> the word it gets in `x-tollgate-attempts`.
WORDS = {
    "400": "400",
    "401": "401",
    "404": "404",
    "429": "429",
    "500": "500",
    "reset": "reset",
    "refused": "connect",
    "timeout": "timeout",
    "event": "error",  # the first event of a stream whose status is 200; without a stream, the body of such a 200
}
# The others of the error table, in pairs only: what else counts as a rejected key, a timeout, a limit, a bad request.
MORE = {name: name for name in ("402", "403", "408", "413", "422", "503", "504", "529")} | {"quota": "429"}
KEYS, LATE, LIMITS = {"401", "402", "403"}, {"timeout", "408", "504"}, {"429", "quota"}
OF_THE_REQUEST = {  # code, x-tollgate-error
    "400": ("bad_tool", "caller_bad_request"),
    "413": ("request_too_large", "caller_too_large"),
    "422": ("bad_tool", "caller_unprocessable"),
}
REACHED = ("openai", "azure", "groq")  # the providers of the first, second and third target, each at a mock of its own
REFUSING = ("cerebras", "together", "mistral")  # and where nobody listens
WAITS = (7, 3, 5)  # seconds in the `retry-after` of each target's 429

TOO_LATE = "3s"  # hundreds of cases wait at the same time, and who answers has to do so in this time


@dataclass(frozen=True)
class Case:
    """One request whose targets fail in these ways, one after the other."""

    failures: tuple[str, ...]
    stream: bool

    @property
    def model(self) -> str:
        return "acme/" + "-".join(self.failures)

    @property
    def name(self) -> str:
        return f"{self.model}-{'stream' if self.stream else 'json'}"

    def provider(self, at: int) -> str:
        return (REFUSING if self.failures[at] == "refused" else REACHED)[at]


def cases() -> list[Case]:
    pairs, threes = itertools.product(WORDS | MORE, repeat=2), itertools.product(WORDS, repeat=3)
    return [Case(mix, stream) for mix in [*pairs, *threes] for stream in (False, True)]


# ---------------------------------------------------------------- the rules


@dataclass(frozen=True)
class Word:
    """The answer as far as the rules say it. A `wait` also means `retry-after-ms`."""

    status: int
    type: str
    code: str | None
    error: str  # x-tollgate-error
    retry: str | None = None  # x-should-retry
    wait: str | None = None  # retry-after


def tried(failures: tuple[str, ...]) -> int:
    """A 400 of the first target ends the plan: the request is at fault. Everything else leads on, one attempt each."""
    return 1 if failures[0] in OF_THE_REQUEST else len(failures)


def last_word(failures: tuple[str, ...]) -> Word:
    """The first rule that holds, for plans of more than one target."""
    every = set(failures)
    if failures[0] in OF_THE_REQUEST:
        code, whose = OF_THE_REQUEST[failures[0]]
        return Word(int(failures[0]), "invalid_request_error", code, whose, "false")
    if every == {"quota"}:
        return Word(429, "insufficient_quota", "insufficient_quota", "provider_quota", "false")
    if every <= LIMITS:  # a spent quota is no wait
        wait = min(wait for wait, failure in zip(WAITS, failures) if failure == "429")
        return Word(429, "rate_limit_exceeded", "rate_limit_exceeded", "provider_limit", wait=str(wait))
    if every <= KEYS:
        return Word(424, "api_error", "provider_credential_rejected", "provider_key", "false")
    if every == {"404"}:
        return Word(404, "invalid_request_error", "model_not_found", "provider_model", "false")
    if failures[-1] in LATE:
        return Word(504, "server_error", "timeout", "provider_timeout")
    return Word(503, "server_error", "no_provider", "gateway_no_target")


def text(failure: str, at: int) -> str:
    """What must stand in the message: the text is the last attempt's."""
    silent = {"timeout": "did not answer in time", "reset": "could not be reached (reset)", "refused": "could not be reached (connect)"}
    rejected = f"rejected the gateway's credential ({failure})" if failure in KEYS else None
    return silent.get(failure) or rejected or said(failure, at)


def said(failure: str, at: int) -> str:
    return f"{failure} of target {at}"


# ---------------------------------------------------------------- the providers


def behave(at: int):
    """The mock of the targets in this place. How it fails is the name of the model it is asked for."""

    def choose(request: Request) -> Behaviour:
        sent = request.json()
        failure, words = sent["model"], said(sent["model"], at)
        match failure:
            case "timeout":
                return hang()
            case "reset":
                return reset()
            case "event":
                body = {"error": {"message": words, "type": "server_error", "param": None, "code": None}}
                return sse([f"data: {json.dumps(body)}\n\n"]) if sent.get("stream") else answer(200, body)
            case "429":
                return error(429, words, "requests", headers={"retry-after": str(WAITS[at])})
            case "quota":
                return error(429, words, "insufficient_quota", "insufficient_quota", {"retry-after": "2"})
            case "400" | "422":
                return error(int(failure), words, "invalid_request_error", "bad_tool")
        return error(int(failure), words, "whatever")

    return choose


def config(of: list[Case]) -> dict:
    """A model per mix."""
    mixes = {case.model: case for case in of}
    models = [
        {
            "name": model,
            "targets": [{"provider": case.provider(at), "model": failure, "priority": at} for at, failure in enumerate(case.failures)],
            # Short only where it is waited for: a busy machine must not turn other failures into timeouts.
            "timeouts": {"attempt": TOO_LATE if "timeout" in case.failures else "20s"},
        }
        for model, case in mixes.items()
    ]
    return example.plan(*REACHED, *REFUSING) | {"models": models}
