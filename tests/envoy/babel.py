"""Seven providers with five APIs behind one Envoy, shared by the tests of translation: the mocks are told anew for each.

They differ in everything that must not get mixed up: host, path, the header of the key, key and model name.
"""

import hashlib
import re

import example
from client import Response, chat, open_stream, request
from harness import Gateway
from mock import Behaviour, Request, Upstream
from speaking import speaking

CLIENT_KEY = "sk-of-the-client"

# provider: (host, path of a whole answer, of a stream, header of the key)
SEEN = {
    "openai": ("api.openai.com", "/v1/chat/completions", "/v1/chat/completions", "authorization"),
    "anthropic": ("api.anthropic.com", "/v1/messages", "/v1/messages", "x-api-key"),
    "google": (
        "generativelanguage.googleapis.com",
        "/v1beta/models/{}:generateContent",
        "/v1beta/models/{}:streamGenerateContent?alt=sse",
        "x-goog-api-key",
    ),
    "vertex": (
        "us-central1-aiplatform.googleapis.com",
        "/v1/projects/example-project/locations/us-central1/publishers/google/models/{}:generateContent",
        "/v1/projects/example-project/locations/us-central1/publishers/google/models/{}:streamGenerateContent?alt=sse",
        "authorization",
    ),
    "vertex-anthropic": (
        "us-east5-aiplatform.googleapis.com",
        "/v1/projects/example-project/locations/us-east5/publishers/anthropic/models/{}:rawPredict",
        "/v1/projects/example-project/locations/us-east5/publishers/anthropic/models/{}:streamRawPredict",
        "authorization",
    ),
    "bedrock": ("bedrock-runtime.us-east-1.amazonaws.com", "/model/{}/converse", "/model/{}/converse-stream", "authorization"),
    "cohere": ("api.cohere.com", "/v2/chat", "/v2/chat", "authorization"),
}
NAMES = tuple(SEEN)
FOREIGN = NAMES[1:]
MODELS = {
    "openai": "gpt-4o",
    "anthropic": "claude-sonnet-4-5",
    "google": "gemini-3-pro-preview",
    "vertex": "gemini-3-flash-preview",
    "vertex-anthropic": "claude-sonnet-4-5@20250929",
    "bedrock": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "command-a-03-2025",
}
# Plans of more than one. Besides, every provider has a model `acme/<its name>` of its own, and one of two: `pair/<its name>`.
PLANS = {
    "acme/three": ("openai", "anthropic", "bedrock"),
    "acme/all": NAMES,
    "acme/foreign": FOREIGN,
    "acme/claude": ("anthropic", "bedrock", "vertex-anthropic"),
    "acme/gemini": ("google", "vertex"),
    "acme/back": ("anthropic", "openai"),
}

# Models that embed, and their providers.
EMBEDDERS = {
    "embed/google": ("google", "gemini-embedding-001"),
    "embed/vertex": ("vertex", "text-embedding-005"),
    "embed/titan": ("bedrock", "amazon.titan-embed-text-v2:0"),
    "embed/bedrock-cohere": ("bedrock", "cohere.embed-v4:0"),
    "embed/cohere": ("cohere", "embed-v4.0"),
    "embed/two": ("openai", "text-embedding-3-small"),
}


def pair(creator: str, name: str, **more) -> dict:
    """A model of a provider and of another one after it, which speaks another API."""
    plan = (name, "openai" if name == "anthropic" else "anthropic")
    targets = [{"provider": one, "model": MODELS[one], "priority": n} for n, one in enumerate(plan)]
    return {"name": f"{creator}/{name}", "targets": targets} | more


def config(**more) -> dict:
    plans = {f"acme/{name}": (name,) for name in NAMES} | PLANS
    models = [
        {"name": model, "targets": [{"provider": name, "model": MODELS[name], "priority": n} for n, name in enumerate(names)]}
        for model, names in plans.items()
    ]
    models += [pair("pair", name) for name in NAMES]
    models += [pair("slow", name, timeouts={"attempt": "1500ms"}) for name in NAMES]
    models += [pair("hasty", name, timeouts={"first_token": "1s"}) for name in NAMES]
    models += [{"name": name, "targets": [{"provider": provider, "model": model}]} for name, (provider, model) in EMBEDDERS.items()]
    models[-1]["targets"].append({"provider": "cohere", "model": "embed-v4.0", "priority": 1})
    keys = [{"id": "alice", "sha256": hashlib.sha256(CLIENT_KEY.encode()).hexdigest()}]
    own = {"models": models, "keys": keys, "access": {}, "routing": {"max_attempts": len(NAMES) + 1}}
    return example.plan(*NAMES) | own | more


class Babel:
    """The mocks by name, and the gateway that leads to them."""

    def __init__(self, version: str, settings: dict | None = None, **how):
        self.mocks = {name: Upstream() for name in NAMES}
        self.gateway = Gateway(settings or config(), dict(self.mocks), version=version, **how).start()
        self.url = self.gateway.url

    def close(self) -> str:
        problem = self.gateway.stop_quietly()
        for mock in self.mocks.values():
            mock.close()
        return problem

    def behave(self, **behaviours: Behaviour | tuple) -> "Babel":
        """What each mock does from now on; those not named answer properly, each in its own API. Their journals begin
        anew."""
        for name, mock in self.mocks.items():
            told = behaviours.get(name, speaking(f"from {name}"))
            mock.behaviours = told if isinstance(told, tuple) else (told,)
            mock.requests = []
        return self

    def chat(self, model: str, headers: dict | None = None, **body) -> Response:
        return chat(self.url, model, headers={"authorization": f"Bearer {CLIENT_KEY}"} | (headers or {}), **body)

    def stream(self, model: str, **body):
        return open_stream(self.url, model, headers={"authorization": f"Bearer {CLIENT_KEY}"}, **body)

    def post(self, path: str, body: dict) -> Response:
        return request(self.url, "POST", path, body, {"authorization": f"Bearer {CLIENT_KEY}"})

    def seen(self, name: str) -> Request:
        """The one request that a provider got."""
        (one,) = self.mocks[name].requests
        return one

    def counts(self) -> dict[str, int]:
        """How many requests each provider got, of those that got any."""
        return {name: len(mock.requests) for name, mock in self.mocks.items() if mock.requests}

    def line(self, response: Response) -> dict:
        return self.gateway.line_of(response)

    def value(self, name: str, **labels: str) -> float:
        return self.gateway.metrics().value(name, **labels)


class Babels:
    """One Babel per version of Envoy, for as long as the tests last."""

    def __init__(self, **how):
        self.how, self.running = how, {}

    def of(self, version: str) -> Babel:
        if version not in self.running:
            self.running[version] = Babel(version, **self.how)
        return self.running[version].behave()

    def close(self) -> None:
        problems = [problem for one in self.running.values() if (problem := one.close())]
        assert not problems, "\n".join(problems)


def saw_only_its_own(got: Request, name: str, stream: bool = False, path: str | None = None) -> None:
    """A provider saw its own host, path and key, and nothing of the client's, the others' or ours."""
    host, whole, streamed, header = SEEN[name]
    assert (got.header("host"), got.path) == (host, path or (streamed if stream else whole).format(path_segment(MODELS[name])))
    assert got.header(header).removeprefix("Bearer ") == example.secret(name)
    assert got.header("content-length") == str(len(got.body)) and got.header("content-type") == "application/json"
    secrets = {CLIENT_KEY, *(example.secret(other) for other in NAMES)} - {example.secret(name)}
    assert not [secret for secret in secrets if secret in got], f"{name} saw another's key"
    assert "acme/" not in got
    keys = {"authorization", "api-key", "x-api-key", "x-goog-api-key"} - {header}
    assert not [key for key in keys if got.header(key)]
    assert not [key for key, _ in got.headers if key.lower().startswith((b"x-tollgate", b"x-envoy", b"x-forwarded"))]


def path_segment(model: str) -> str:
    return model.replace(":", "%3A") if model.startswith("us.") else model


def finish(response: Response) -> str | None:
    """Why it ended, from a stream or from JSON."""
    if not (response.header("content-type") or "").startswith("text/event-stream"):
        return response.json()["choices"][0]["finish_reason"]
    choices = [choice for event in response.events() if isinstance(event, dict) for choice in event.get("choices", [])]
    return next((choice["finish_reason"] for choice in choices if choice["finish_reason"]), None)


def body_of_stream(response: Response) -> bytes:
    """A stream's bytes without what differs from one request to the next: the id and the time."""
    return re.sub(rb'"id":"chatcmpl-[^"]*"|"created":\d+', b"", response.body)
