"""One gateway with several providers and callers, shared by the cases of a file; the mocks are told anew for each case.

    openai, azure, groq    as in the example, each at its own mock; openai has a header of its own
    azure-old              Azure with a dated API version: the deployments path (at the mock `together`)
    any                    takes whatever is asked, `"*": "*"` (at the mock `ollama`); only in `open_config`
"""

import hashlib
import time

import example
from client import CHAT, Response, chat, request
from harness import Gateway
from mock import Behaviour, Request, Upstream, chatting

KEYS = {name: f"sk-client-{name}" for name in ("alice", "bob", "carol")}
MOCKS = ("openai", "azure", "groq", "together", "ollama")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def providers() -> list[dict]:
    known = {one["name"]: one for one in example.gateway_config()["providers"]}
    old = {
        "name": "azure-old",
        "preset": "azure",
        "cluster": "together",
        "base_url": "https://old.openai.azure.com",
        "api_version": "2024-10-21",
        "credentials": [{"env": "TOGETHER_API_KEY"}],
    }
    return [
        known["openai"] | {"headers": {"x-team": "llm"}, "labels": ["zdr", "eu"]},
        known["azure"] | {"models": {}, "labels": ["eu", "vision", "hq-us"]},
        known["groq"] | {"labels": ["no-training"]},
        old,
    ]


def target(provider: str, model: str, priority: int = 0, weight: float = 1) -> dict:
    return {"provider": provider, "model": model, "priority": priority, "weight": weight}


def models() -> list[dict]:
    three = [target("openai", "openai-model"), target("azure", "azure-model", 1), target("groq", "groq-model", 2)]
    return [
        {"name": "acme/chat", "aliases": ["chat", "the/best/chat"], "targets": three},
        {"name": "acme/other", "targets": [target("groq", "other-model")]},
        {"name": "acme/same", "targets": [target("openai", "acme/same")]},
        {"name": "acme/spread", "targets": [target("openai", "shared", weight=80), target("groq", "shared", weight=20)]},
        {"name": "acme/old", "targets": [target("azure-old", "gpt5-prod")]},
        {"name": "acme/new", "targets": [target("azure", "gpt5-new")]},
        {"name": "acme/ear", "targets": [target("openai", "whisper-1")]},
        {"name": "secret/model", "targets": [target("groq", "shared")]},
    ]


def config(**more) -> dict:
    """Only known keys: alice uses everything, bob a few models, carol only providers with the label `eu`."""
    groups = [
        {"name": "all", "models": ["*"]},
        {"name": "few", "models": ["acme/chat", "acme/o*"]},
        {"name": "eu", "models": ["acme/*"], "labels": ["eu"]},
    ]
    keys = zip(KEYS.items(), groups)
    listed = [{"id": name, "group": group["name"], "sha256": sha256(key)} for (name, key), group in keys]
    return {"role": "gateway", "providers": providers(), "models": models(), "groups": groups, "keys": listed} | more


def open_config(**more) -> dict:
    """Callers without a key too, named by a filter before us or not at all; and a provider that takes any model."""
    anything = {
        "name": "any",
        "preset": "openai-compatible",
        "cluster": "ollama",
        "base_url": "http://any.test:8000/api/v3",
        "credentials": "none",
        "models": {"*": "*", "acme/mapped": "the-mapped"},
    }
    identity = {"header": "x-jwt-sub", "group_header": "x-jwt-team", "default_group": "few"}
    access = {"allow_unauthenticated": True, "identity": identity}
    return config(providers=[*providers(), anything], access=access) | more


class World:
    def __init__(self, settings: dict | None = None, **how):
        self.mocks = {name: Upstream() for name in MOCKS}
        self.gateway = Gateway(settings or config(), dict(self.mocks), **how).start()
        self.url = self.gateway.url

    def close(self) -> None:
        problem = self.gateway.stop_quietly()
        for mock in self.mocks.values():
            mock.close()
        assert not problem, problem

    def behave(self, **behaviours: Behaviour | tuple) -> "World":
        """What each mock does from now on; those not named answer properly. Their journals begin anew."""
        for name, mock in self.mocks.items():
            told = behaviours.get(name, chatting(f"from {name}"))
            mock.behaviours = told if isinstance(told, tuple) else (told,)
            mock.requests = []
        return self

    def seen(self) -> Request:
        """The one request that reached any provider."""
        (one,) = [got for mock in self.mocks.values() for got in mock.requests]
        return one

    def unseen(self) -> bool:
        """Nothing reached any provider."""
        return not any(mock.requests for mock in self.mocks.values())

    def line(self, response: Response, timeout: float = 30) -> dict:
        """The access log line of a response; it is written a moment after the client has its answer."""
        end = time.monotonic() + timeout
        while not (found := [one for one in self.gateway.access_log() if one["id"] == response.header("x-tollgate-generation")]):
            assert time.monotonic() < end, f"no access log line for {response.headers}"
            time.sleep(0.01)
        (line,) = found
        return line

    def chat(self, model: str = "acme/chat", *, key: str | None = "alice", headers=(), **body) -> Response:
        return chat(self.url, model, headers=[*bearer(key), *pairs(headers)], **body)

    def post(self, path: str = CHAT, body=b"", headers=(), key: str | None = "alice", **how) -> Response:
        return request(self.url, "POST", path, body, [*bearer(key), *pairs(headers)], **how)

    def get(self, path: str, method: str = "GET", headers=(), key: str | None = "alice") -> Response:
        return request(self.url, method, path, None, [*bearer(key), *pairs(headers)])


def pairs(headers: dict | list) -> list:
    return list(headers.items()) if isinstance(headers, dict) else list(headers)


def bearer(key: str | None) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {KEYS[key]}")] if key else []


def refused(response: Response, status: int, code: str, param: str | None = None) -> str:
    """Asserts an error of ours in OpenAI's shape, and returns its message."""
    assert (response.status, response.header("content-type")) == (status, "application/json"), response
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param), error
    assert response.header("x-tollgate-error") and response.header("x-tollgate-generation").startswith("gen_")
    return error["message"]
