"""Who calls in the tests of this folder, and what the log says about a call."""

import hashlib
import time

ALICE, BOB, STRANGER = "sk-alice-canary", "sk-bob-canary", "sk-stranger-canary"  # no provider may ever see one of them


def sections(bob: list[str]) -> dict:
    """`groups`, `keys` and `access` of a configuration: alice may use every model, bob those named, nobody else any."""
    return {
        "groups": [{"name": "all", "models": ["*"]}, {"name": "few", "models": bob}],
        "keys": [
            {"id": name, "group": group, "sha256": hashlib.sha256(secret.encode()).hexdigest()}
            for name, group, secret in [("alice", "all", ALICE), ("bob", "few", BOB)]
        ],
        "access": {},
    }


def line_of(running, model: str, since: int, count: int = 1) -> dict:
    """The last of `count` lines about this model that follow the log's first `since` lines. Waits for all of them: a
    line is written a moment after the client has its answer, and must not be taken for one of the next test."""
    end = time.monotonic() + 30
    while len(found := [line for line in running.access_log()[since:] if line["model_asked"] == model]) < count:
        assert time.monotonic() < end, f"{len(found)} lines about {model}, not {count}"
        time.sleep(0.02)
    return found[-1]
