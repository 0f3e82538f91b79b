"""A limit as the real SDKs take it: which exception, what it says, and after how many tries."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import example
import pytest
from ai_sdk import PATHS
from harness import Gateway
from load import hold, leave
from mock import Upstream, hang
from sdk import CHAT, HELLO, AnthropicPython, Python
from world import sha256

CLAUDE = {"messages": HELLO, "max_tokens": 9, "model": "acme/chat"}
CALLS = {
    "python": (CHAT, {"messages": HELLO, "model": "acme/chat"}),
    "node": (CHAT, {"messages": HELLO, "model": "acme/chat"}),
    "anthropic_python": ("messages.create", CLAUDE),
    "anthropic_node": ("messages.create", CLAUDE),
} | {f"ai{version}": ("generateText", {"model": "acme/chat", "prompt": "Hi"}) for version in PATHS}


def config() -> dict:
    return example.plan("openai") | {
        "models": [{"name": "acme/chat", "targets": [{"provider": "openai", "model": "m"}], "limits": {"concurrent": 1}}],
        "groups": [{"name": "all", "models": ["*"]}],
        "keys": [{"id": name, "group": "all", "sha256": sha256(f"sk-{name}")} for name in CALLS],
        "access": {"allow_unauthenticated": True},
    }


@pytest.fixture(scope="module")
def outcomes(node, anthropic_node, ai_sdks):
    """name -> what the SDK made of it while the model's only place is taken, and the log's lines of its tries."""
    sdks = {"python": Python(), "anthropic_python": AnthropicPython(), "node": node, "anthropic_node": anthropic_node}
    sdks |= {f"ai{version}": ai_sdks[version] for version in PATHS}
    provider = Upstream(hang())
    with Gateway(config(), {"openai": provider}, concurrency=2) as gateway:
        held = hold(gateway.url, "acme/chat", 1)
        provider.wait(1)
        with ThreadPoolExecutor(len(CALLS)) as pool:
            calls = {name: pool.submit(sdks[name].call, gateway.url, f"sk-{name}", verb, **params) for name, (verb, params) in CALLS.items()}
            found = {name: call.result() for name, call in calls.items()}
        lines = gateway.wait_log(3 * len(CALLS))
        leave(held)
    provider.close()
    return {name: (got, [line for line in lines if line["key"] == name]) for name, got in found.items()}


@pytest.mark.parametrize("name", CALLS)
def test_it_is_a_rate_limit_error_after_two_retries(outcomes, name):
    got, lines = outcomes[name]
    told = got.error
    raises = "GatewayRateLimitError" if name.startswith("ai") else "RateLimitError"
    if name.startswith("ai"):
        assert raises in str(told) and got.tries == 3, told
    else:
        assert (told["classes"][0], told["status"]) == (raises, 429), told
        assert len(got.at) == 3
    assert "model `acme/chat`: 1 requests at one time" in str(told)
    assert [(line["status"], line["error"]) for line in lines] == [(429, "policy_limit")] * 3
    at = [datetime.fromisoformat(line["ts"]) for line in lines]
    waited = [(after - before).total_seconds() for before, after in zip(at, at[1:])]
    waits = [wait / 1000 for wait in got.waits] if name.startswith("ai") else waited
    assert len(waits) == 2 and all(0.9 <= wait < 55 for wait in waits), f"{waits}: not the second that `retry-after` asks for"
