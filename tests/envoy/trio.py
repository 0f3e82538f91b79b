"""Three providers behind one Envoy, shared by the cases of a file: the mocks are told anew for each case.

They differ in everything that must not get mixed up: host, path, the header of the key, key and model name.
"""

import hashlib
import time
from dataclasses import dataclass

import example
from client import CHAT, Response, chat, request
from harness import Gateway
from mock import Behaviour, Request, Upstream, chatting, error

CLIENT_KEY = "sk-of-the-client"
QUICK = {"attempt": "1s"}  # what answers at all has to do so in this time, also on a busy machine


@dataclass(frozen=True)
class Provider:
    host: str
    path: str  # what stands before the operation
    auth: tuple[str, str]
    model: str


def _bearer(name: str) -> tuple[str, str]:
    return "authorization", f"Bearer {example.secret(name)}"


PROVIDERS = {
    "openai": Provider("api.openai.com", "/v1", _bearer("openai"), "openai-model"),
    "azure": Provider("example.openai.azure.com", "/openai/v1", ("api-key", example.secret("azure")), "azure-model"),
    "groq": Provider("api.groq.com", "/openai/v1", _bearer("groq"), "groq-model"),
}
NAMES = tuple(PROVIDERS)
REFUSED, REFUSED_IMAGES = "cerebras", "together"  # nobody listens at their addresses


def model(name: str, *providers: str, **more) -> dict:
    return example.plan(*providers, model=name)["models"][0] | more


def config(**more) -> dict:
    """Models with these targets, one after the other: whom a request asks is chosen by the model's name."""
    models = [
        model("acme/chat", *NAMES),
        model("acme/quick", *NAMES, timeouts=QUICK),
        model("acme/refused", REFUSED, "azure", "groq"),
        model("acme/alone", "openai"),
        model("acme/alone-quick", "openai", timeouts=QUICK),
        model("acme/pair", "openai", "azure"),
        model("acme/pair-quick", "openai", "azure", timeouts=QUICK),
        model("acme/refused-pair", REFUSED_IMAGES, "azure"),
        model("acme/azure", "azure"),
        model("acme/groq", "groq"),
    ]
    keys = [{"id": "alice", "sha256": hashlib.sha256(CLIENT_KEY.encode()).hexdigest()}]
    return example.plan(*NAMES, REFUSED, REFUSED_IMAGES) | {"models": models, "keys": keys} | more


class Trio:
    """The mocks by name, and the gateway that leads to them."""

    def __init__(self, version: str, settings: dict | None = None, **how):
        self.mocks = {name: Upstream() for name in NAMES}
        self.gateway = Gateway(settings or config(), dict(self.mocks), version=version, **how).start()

    def close(self) -> str:
        problem = self.gateway.stop_quietly()
        for mock in self.mocks.values():
            mock.close()
        return problem

    def behave(self, **behaviours: Behaviour | tuple) -> "Trio":
        """What each mock does from now on; those not named answer properly. Their journals begin anew."""
        for name, mock in self.mocks.items():
            told = behaviours.get(name, chatting(f"from {name}"))
            mock.behaviours = told if isinstance(told, tuple) else (told,)
            mock.requests = []
        return self

    def seen(self) -> dict[str, int]:
        """How many requests each provider got."""
        return {name: len(mock.requests) for name, mock in self.mocks.items()}

    def chat(self, model: str = "acme/chat", **how) -> Response:
        return chat(self.gateway.url, model, **how)

    def post(self, path: str, body, headers=(), **how) -> Response:
        return request(self.gateway.url, "POST", path, body, headers, **how)

    def line(self, response: Response) -> dict:
        """The access log line of a response."""
        return self.line_where(lambda line: line["id"] == response.header("x-tollgate-generation"))

    def line_where(self, matches, timeout: float = 30) -> dict:
        end = time.monotonic() + timeout
        while not (found := [line for line in self.gateway.access_log() if matches(line)]):
            assert time.monotonic() < end, f"no such line among {self.gateway.access_log()[-3:]}"
            time.sleep(0.02)
        (line,) = found
        return line

    def value(self, name: str, **labels: str) -> float:
        return self.gateway.metrics().value(name, **labels)

    def wait_value(self, name: str, expected: float, timeout: float = 30, **labels: str) -> None:
        """Waits until a metric has a value: a client knows of its end before the filter does."""
        end = time.monotonic() + timeout
        while (value := self.value(name, **labels)) != expected:
            assert time.monotonic() < end, f"{name}{labels} is {value}, not {expected}"
            time.sleep(0.02)

    def is_well(self) -> bool:
        """Whether the worker's VM was never lost: a reload would hide the crash from the next request."""
        reloads = sum(value for name, value in self.gateway.stats("vm_reload").items() if "success" in name)
        return reloads == 0 and self.behave().chat().text() == "from openai"


class Trios:
    """One Trio per version of Envoy, for as long as the tests of a file last."""

    def __init__(self, **how):
        self.how, self.running = how, {}

    def of(self, version: str) -> Trio:
        if version not in self.running:
            self.running[version] = Trio(version, **self.how)
        return self.running[version].behave()

    def close(self) -> None:
        problems = [problem for one in self.running.values() if (problem := one.close())]
        assert not problems, "\n".join(problems)


def saw_only_its_own(got: Request, name: str, operation: str = CHAT) -> None:
    """A provider saw its own host, path, key and model, and nothing of the client's, the others' or ours."""
    own = PROVIDERS[name]
    assert got.header("host") == own.host
    assert got.path == own.path + operation.removeprefix("/v1")
    assert got.header(own.auth[0]) == own.auth[1]
    assert b'"' + own.model.encode() + b'"' in got.body
    assert "acme/" not in got
    assert CLIENT_KEY not in got
    for other in set(NAMES) - {name}:
        for strange in (PROVIDERS[other].host, example.secret(other), PROVIDERS[other].model):
            assert strange not in got, f"{name} saw {strange} of {other}"
    auth = {"authorization", "api-key", "x-api-key", "x-goog-api-key", "x-tollgate-key"} - {own.auth[0]}
    internal = [key for key, _ in got.headers if key.lower().startswith((b"x-tollgate", b"x-envoy"))]
    assert not internal and not [key for key in auth if got.header(key)]


def no_secret_in(text: str) -> None:
    for secret in (CLIENT_KEY, *(example.secret(name) for name in (*NAMES, REFUSED))):
        assert secret not in text


def overloaded(message: str = "busy") -> Behaviour:
    return error(503, message)
