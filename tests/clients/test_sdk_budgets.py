"""A key over its budget, of money and of tokens, as the real SDKs take it: which exception, after one try and at once, and what
it says: which budget, what is spent of it, and when it begins anew."""

import re
import time
from dataclasses import dataclass

import example
import pace
import pytest
from ai_sdk import PATHS
from claude_code import ClaudeCode
from harness import Gateway
from mock import Upstream
from sdk import CHAT, HELLO, AnthropicPython, Python
from speaking import speaking
from world import sha256

UNITS = {"money": "USD", "tokens": "tokens"}
SAYS = {
    "money": r"budget `monthly-money`.* 0\.01006 of 0\.0001 USD",
    "tokens": r"budget `monthly-tokens`.* 15 of 14 tokens",
}
CHAT_MODEL, CLAUDE = "acme/chat", "acme/claude"
RESPONSES, MESSAGES = "responses.create", "messages.create"


@dataclass(frozen=True)
class Case:
    """A call of an SDK, by a key that has spent its budget by the same call."""

    sdk: str
    verb: str
    stream: bool
    unit: str

    @property
    def name(self) -> str:
        return f"{self.sdk}-{self.verb}-{'stream' if self.stream else 'json'}-{self.unit}"

    @property
    def key(self) -> str:
        return f"sk-{self.name}"

    def params(self) -> dict:
        if self.sdk.startswith("ai"):
            return {"model": CHAT_MODEL, "prompt": "Hi"}
        streamed = {"stream": True} if self.stream else {}
        if self.verb == RESPONSES:
            return {"model": CHAT_MODEL, "input": "Hi"} | streamed
        return {"model": CLAUDE if "anthropic" in self.sdk else CHAT_MODEL, "messages": HELLO} | streamed | ({"max_tokens": 9} if "anthropic" in self.sdk else {})


VERBS = {
    "python": [(CHAT, False), (CHAT, True), (RESPONSES, False), (RESPONSES, True)],
    "node": [(CHAT, False), (CHAT, True), (RESPONSES, False), (RESPONSES, True)],
    "anthropic_python": [(MESSAGES, False), (MESSAGES, True)],
    "anthropic_node": [(MESSAGES, False), (MESSAGES, True)],
} | {f"ai{version}": [("generateText", False), ("streamText", True)] for version in PATHS}
CASES = [Case(sdk, *verb, unit) for sdk, verbs in VERBS.items() for verb in verbs for unit in UNITS]
CODE = Case("claude-code", "-p", True, "money")

# The exception, and the code or type that it shows.
RAISES = {
    "python": ("APIStatusError", "insufficient_quota"),
    "node": ("APIError", "insufficient_quota"),
    "anthropic_python": ("PaymentRequiredError", "billing_error"),
    "anthropic_node": ("PaymentRequiredError", "billing_error"),
} | {f"ai{version}": ("GatewayInternalServerError", "internal_server_error") for version in PATHS}


def config() -> dict:
    price = {"input": "2", "output": "8", "request": "0.01"}
    targets = {CHAT_MODEL: "openai", CLAUDE: "anthropic"}
    models = [{"name": name, "targets": [{"provider": provider, "model": "m"}], "price": price} for name, provider in targets.items()]
    budgets = [{"id": f"monthly-{unit}", "match": {"group": unit}, "each": "key", "per": "month"} for unit in UNITS]
    budgets[0]["usd"], budgets[1]["tokens"] = "0.0001", 14
    return example.plan("openai", "anthropic") | {
        "models": models,
        "groups": [{"name": unit, "models": ["*"]} for unit in UNITS],
        "keys": [{"id": case.name, "group": case.unit, "sha256": sha256(case.key)} for case in [*CASES, CODE]],
        "access": {},
        "budgets": budgets,
    }


@pytest.fixture(scope="module")
def provider():
    one = Upstream(speaking("Hello"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(provider):
    with Gateway(config(), {"openai": provider, "anthropic": provider}) as one:
        yield one


@pytest.fixture(scope="module")
def sdks(node, anthropic_node, ai_sdks):
    python = {"python": Python(), "anthropic_python": AnthropicPython()}
    return python | {"node": node, "anthropic_node": anthropic_node} | {f"ai{version}": ai_sdks[version] for version in PATHS}


@pytest.fixture(scope="module")
def outcomes(running, provider, sdks):
    """name -> what the SDK made of its second call, in how many seconds, by how many requests."""

    def call(case: Case):
        return sdks[case.sdk].call(running.url, case.key, case.verb, **case.params())

    firsts = {case.name: call(case) for case in CASES}
    assert not [name for name, got in firsts.items() if got.error]
    assert len(running.wait_log(len(CASES))) == len(provider.requests) == len(CASES)

    def second(case: Case):
        began, lost = time.monotonic(), pace.lost()
        got = call(case)
        return got, time.monotonic() - began - (pace.lost() - lost)

    found = {case.name: second(case) for case in CASES}
    lines = running.wait_log(2 * len(CASES))[len(CASES) :]
    assert len(provider.requests) == len(CASES), "a provider was asked for what nobody pays"
    return {name: (*got, [line for line in lines if line["key"] == name]) for name, got in found.items()}


each = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def error_of(case: Case, got) -> dict:
    """The AI SDK tells the error of a stream in a part."""
    if case.verb != "streamText":
        return got.error
    (part,) = got.of("error")
    return part["error"]


@each
def test_the_exception_names_the_budget_and_when_it_begins_anew(outcomes, case):
    got, _, lines = outcomes[case.name]
    told = error_of(case, got)
    raises, word = RAISES[case.sdk]
    assert (told["name"] if case.sdk.startswith("ai") else told["classes"][0], told["status"]) == (raises, 402), told
    assert word in (told.get("code"), told.get("type")), told
    assert re.search(SAYS[case.unit], told["message"]), told["message"]
    assert re.search(r"\d{4}-\d\d-01T00:00:00(\.000)?Z", told["message"]), "when it begins anew"
    assert [(line["status"], line["error"], line["cost_usd"]) for line in lines] == [(402, "policy_budget", None)]


@each
def test_it_is_raised_at_once_and_nothing_is_tried_again(outcomes, case):
    got, seconds, lines = outcomes[case.name]
    tries = got.tries if case.sdk.startswith("ai") else len(got.at)
    assert (tries, len(lines)) == (1, 1)
    assert seconds < 1


def test_claude_code_shows_it_at_once(running, outcomes):
    code = ClaudeCode(running.url, CODE.key)
    assert not code.ask("Hi", CLAUDE).result["is_error"]
    since = len(running.wait_log(2 * len(CASES) + 1))
    run = code.ask("Hi", CLAUDE)
    assert run.result["is_error"] and re.search(SAYS["money"].replace("0\\.01006 ", ""), run.result["result"]), run.result
    assert run.seconds < 10
    assert [line["status"] for line in running.wait_log(since + 1)[since:]] == [402]
