"""Who calls in the tests of this folder."""

import hashlib

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
