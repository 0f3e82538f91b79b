"""The real Claude Code command, without a terminal: one prompt, one answer, in a home and a folder of its own."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(__file__).parent / "node_modules/.bin/claude"
# It shall talk to nobody but the gateway.
QUIET = {name: "1" for name in ("DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")}


@dataclass
class Run:
    code: int
    events: list[dict]  # of `--output-format stream-json`
    errors: str
    seconds: float

    @property
    def result(self) -> dict:
        """The last event: what came of it."""
        return self.events[-1]

    def blocks(self, role: str) -> list[dict]:
        """The blocks of all messages of a role."""
        contents = [event["message"]["content"] for event in self.events if event["type"] == role]
        return [block for content in contents if isinstance(content, list) for block in content]


class ClaudeCode:
    """`folder` is where it works; what it remembers from one run to the next is in a home of its own."""

    def __init__(self, url: str, key: str):
        self.home, self.folder = Path(tempfile.mkdtemp(prefix="claude-home-")), Path(tempfile.mkdtemp(prefix="claude-work-"))
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": key} | QUIET

    def ask(self, prompt: str, model: str, *more: str, **env: str | None) -> Run:
        """`more`: arguments; `env`: variables, None takes one away."""
        command = [COMMAND, "-p", prompt, "--model", model, "--output-format", "stream-json", "--verbose", *more]
        variables = {name: value for name, value in (self.env | env).items() if value is not None}
        start = time.monotonic()
        done = subprocess.run(command, env=variables, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return Run(done.returncode, events, done.stderr, time.monotonic() - start)
