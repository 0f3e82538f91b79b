"""The AI SDK in its three versions, each in a Node process of its own (ai_sdk.mjs), behind one verb.

    ai.call(url, key, "generateText", model="acme/chat", prompt="Hi", tools=["weather", "clock"], steps=5)

`tools` and `schema` name what stands in ai_sdk.mjs; bytes and `Url` may be anywhere in the parameters.
"""

import base64
from concurrent.futures import Future
from dataclasses import dataclass, field

import node

PATHS = {5: "/v1/ai", 6: "/v3/ai", 7: "/v4/ai"}
VERBS = ("generateText", "streamText")
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


@dataclass
class Url:
    href: str


@dataclass
class Outcome:
    tries: int  # requests that went out
    waits: list[float]  # milliseconds between them, which the SDK asked for and nobody waited
    value: dict | list | None = None  # what the call returned; of a stream, once it had ended
    parts: list[dict] = field(default_factory=list)  # of a stream's `fullStream`
    error: dict | None = None  # name, message, status, type, modelId, ...; of a RetryError also its `errors`

    def __getattr__(self, name: str):
        """A member of the value."""
        if self.error or name.startswith("__"):
            raise AttributeError(f"{name}, of {self.error}")
        return self.value.get(name)

    def finish(self) -> str:
        """Why it ended. AI SDK 6 and 7 give the word alone, too."""
        return self.value["finishReason"]

    def header(self, name: str) -> str | None:
        return self.value["response"]["headers"].get(name)

    def routing(self) -> dict:
        return self.value["providerMetadata"]["gateway"]["routing"]

    def of(self, kind: str) -> list[dict]:
        """The parts of a stream of one type."""
        return [part for part in self.parts if part["type"] == kind]

    def last_error(self) -> dict:
        """The error itself, where the SDK has wrapped those of all its tries."""
        return self.error["errors"][-1] if self.error.get("errors") else self.error


class AiSdk(node.Process):
    outcome = Outcome

    def __init__(self, version: int):
        self.version, self.path = version, PATHS[version]
        super().__init__("ai_sdk.mjs", f"ai-{version}")

    def __repr__(self) -> str:
        return f"ai@{self.version}"

    def start(self, url: str, key: str, verb: str, **params) -> Future:
        return self.send(url=url + self.path, key=key, verb=verb, params=params)

    def call(self, url: str, key: str, verb: str, **params) -> Outcome:
        return self.start(url, key, verb, **params).result(60)

    @staticmethod
    def as_json(value):
        return {"$bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else {"$url": value.href}
