"""Three providers behind an Envoy that needs envoy/older-envoy.yaml, whose chains are

openai, azure, groq · azure, openai, groq · groq, cerebras · cerebras, groq
"""

import hashlib

import example
from harness import FIXED_ORDER
from trio import CLIENT_KEY, NAMES, QUICK, REFUSED, Trio, model

__all__ = ["FIXED_ORDER", "config", "start", "lead_to"]


def config(**more) -> dict:
    models = [
        model("acme/chat", *NAMES),
        model("acme/quick", *NAMES, timeouts=QUICK),
        model("acme/turned", "openai", "groq", "azure"),
        model("acme/refused", REFUSED, "groq"),
        model("acme/long", "groq", REFUSED, "azure"),
        model("acme/alone", "openai"),
        model("acme/azure", "azure"),
        model("acme/gap", "openai", "groq"),
    ]
    keys = [{"id": "alice", "sha256": hashlib.sha256(CLIENT_KEY.encode()).hexdigest()}]
    return example.plan(*NAMES, REFUSED) | {"models": models, "keys": keys} | more


def start(version: str, settings: dict | None = None, **how) -> Trio:
    return Trio(version, settings or config(), file=example.OLDER_PATH, **how).behave()


def lead_to(name: str, cluster: str):
    """An edit: plans that begin with a provider go to this cluster or chain."""
    return lambda tree: example.matcher_map(tree)[name]["action"]["typed_config"].update(cluster=cluster)
