"""npm's @copilotkit/aimock as a provider: answers of somebody else's making, a journal of what arrived, chaos on demand."""

import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import example
import pytest

HERE = Path(__file__).parent
TEXT, USAGE = "Hello from a mock by others", {"prompt_tokens": 7, "completion_tokens": 4}
FIXTURES = [
    {"match": {"endpoint": "embedding", "inputText": "Hi"}, "response": {"embedding": [0.25, -0.5]}},
    {"match": {"endpoint": "transcription"}, "response": {"transcription": {"text": "spoken"}}},
    {"match": {"endpoint": "image"}, "response": {"image": {"b64Json": "AAAA"}}},
    {"match": {}, "response": {"content": TEXT, "usage": USAGE}},
]


WEATHER, CLOCK = {"city": "Paris"}, {"zone": "Europe/Paris"}
TWO_CALLS = {"toolCalls": [{"name": "weather", "arguments": WEATHER}, {"name": "clock", "arguments": CLOCK}], "usage": USAGE}
# Asked for the weather it calls both tools, and told what they gave it says so.
TWO_STEPS = [
    {"match": {"hasToolResult": True}, "response": {"content": "20 degrees at noon", "usage": USAGE}},
    {"match": {"userMessage": "weather"}, "response": TWO_CALLS},
]


class Aimock:
    """`keys`: the only ones it accepts; any other, or none, is a 401."""

    def __init__(self, *keys: str, fixtures: list[dict] = FIXTURES):
        folder = Path(tempfile.mkdtemp(prefix="aimock-"))
        (folder / "fixtures.json").write_text(json.dumps({"fixtures": fixtures}))
        self.key = keys[0]
        command = ["node", HERE / "node_modules/@copilotkit/aimock/dist/cli.js", "-p", "0", "-f", folder / "fixtures.json"]
        with open(folder / "log", "wb") as log:  # a file, since nobody reads on: a full pipe would stop it
            self.process = subprocess.Popen(command, env=os.environ | {"AIMOCK_API_KEYS": ",".join(keys)}, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not (found := re.search(r"listening on (http://127\.0\.0\.1:(\d+))", said := (folder / "log").read_text())):
            assert self.process.poll() is None and time.monotonic() < end, f"aimock does not start: {said}"
            time.sleep(0.02)
        self.url, self.port = found[1], int(found[2])

    def journal(self) -> list[dict]:
        return json.loads(self._ask("GET", "/__aimock/journal"))

    def forget(self) -> None:
        """The journal and the chaos of the test before."""
        self._ask("POST", "/__aimock/reset/journal")
        self._ask("DELETE", "/__aimock/chaos")

    def chaos(self, **rates: float) -> None:
        self._ask("POST", "/__aimock/chaos", json.dumps(rates).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> str:
        headers = {"authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def mocking(names: tuple[str, ...], fixtures: list[dict]):
    """A fixture: a mock of these providers for a file of tests."""

    @pytest.fixture(scope="module")
    def mock():
        one = Aimock(*(example.secret(name) for name in names), fixtures=fixtures)
        yield one
        one.close()

    return mock
