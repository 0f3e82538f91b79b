"""The official SDKs of OpenAI and of Anthropic, Python and Node, behind one verb, so that one table of cases holds for all.

    sdk.call(url, key, "chat.completions.create", model="acme/chat", messages=[...], stream=True)
"""

import base64
import contextlib
import time
from dataclasses import dataclass, field

import anthropic
import node
import openai
import pydantic

HELLO = [{"role": "user", "content": "Hi"}]
CHAT = "chat.completions.create"


@dataclass
class Outcome:
    at: list[float]  # seconds, by the SDK's clock, at which each of its tries went out
    value: dict | None = None  # what the call returned, or a stream's helper put together
    events: list[dict] = field(default_factory=list)  # the events of a stream, up to its end or its error
    error: dict | None = None  # classes (most special first), status, type, code, param, message

    def text(self) -> str:
        """What the model said, in chat shape."""
        if self.value:
            return self.value["choices"][0]["message"]["content"]
        choices = [choice for event in self.events for choice in event["choices"]]
        return "".join(choice["delta"].get("content") or "" for choice in choices)


@dataclass
class File:
    name: str
    data: bytes


@dataclass
class Shape:
    """Texts that an answer has to have: a class for Python, a schema of zod for Node; only OpenAI's read it."""

    name: str
    fields: tuple[str, ...]


class Python:
    """OpenAI's."""

    name = "python"

    def connect(self, url: str, key: str, hooks: dict, **options):
        http = openai.DefaultHttpxClient(event_hooks=hooks)
        return openai.OpenAI(base_url=f"{url}/v1", api_key=key, timeout=60, http_client=http, **options)

    def call(self, url: str, key: str, path: str, *args, extra: dict | None = None, options: dict | None = None, **params) -> Outcome:
        """Calls `path` of a client with its own retries. `extra`: fields of the body that the SDK has no name for."""
        at, events = [], []
        hooks = {"request": [lambda _: at.append(time.monotonic())]}
        params = {name: _as_python(value) for name, value in params.items()}
        params |= {"extra_body": extra} if extra else {}
        with self.connect(url, key, hooks, **(options or {})) as client:
            try:
                method = client
                for name in path.split("."):
                    method = getattr(method, name)
                value = method(*args, **params)
                if hasattr(value, "model_dump"):
                    return Outcome(at, value=_dumped(value))
                with contextlib.nullcontext(value) if hasattr(value, "__iter__") else value as stream:
                    for event in stream:
                        events.append(_dumped(event))
                    final = getattr(stream, "get_final_message", None) or getattr(stream, "get_final_response", None)
                    return Outcome(at, events=events, value=final and _dumped(final()))
            except Exception as error:  # noqa: BLE001 - which class it is, is what the tests ask
                return Outcome(at, events=events, error=_described(error))

    def close(self) -> None:
        pass


class AnthropicPython(Python):
    name = "anthropic_python"

    def connect(self, url: str, key: str, hooks: dict, **options):
        http = anthropic.DefaultHttpxClient(event_hooks=hooks)
        return anthropic.Anthropic(base_url=url, api_key=key, timeout=60, http_client=http, **options)


def _described(error: Exception) -> dict:
    names = {"status": "status_code", "type": "type", "code": "code", "param": "param"}
    fields = {name: getattr(error, attribute, None) for name, attribute in names.items()}
    return fields | {"classes": [one.__name__ for one in type(error).__mro__], "message": str(error)}


class Node(node.Process):
    """OpenAI's."""

    name = "node"
    script = "sdk.mjs"
    outcome = Outcome

    def __init__(self):
        super().__init__(self.script)

    def call(self, url: str, key: str, path: str, *args, extra: dict | None = None, options: dict | None = None, **params) -> Outcome:
        params = {name: _as_json(value) for name, value in params.items()} | (extra or {})
        options = {"maxRetries": value for name, value in (options or {}).items() if name == "max_retries"}
        return self.send(url=url, key=key, options=options, path=path, args=args, params=params or None).result(60)


class AnthropicNode(Node):
    name = "anthropic_node"
    script = "anthropic_sdk.mjs"


def _dumped(model) -> dict:
    return model.model_dump(mode="json", warnings=False)  # parsed answers are of a class that it warns of


def _as_python(value):
    if isinstance(value, Shape):
        return pydantic.create_model(value.name, **dict.fromkeys(value.fields, str))
    return (value.name, value.data) if isinstance(value, File) else value


def _as_json(value):
    if isinstance(value, Shape):
        return {"shape": value.fields, "name": value.name}
    return {"file": base64.b64encode(value.data).decode(), "name": value.name} if isinstance(value, File) else value
