"""A Node process that calls SDKs, one line of JSON for each call and for each outcome: starting Node for each would take longer
than the call."""

import itertools
import json
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path

HERE = Path(__file__).parent


class Process:
    """`outcome` makes what the tests look at of what the script says of a call."""

    outcome = dict

    def __init__(self, script: str, *args: str):
        command = ["node", HERE / script, *args]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.numbers = itertools.count()
        self.waiting: dict[int, Future] = {}
        self.writing = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, **call) -> Future:
        number, future = next(self.numbers), Future()
        self.waiting[number] = future
        with self.writing:
            self.process.stdin.write(json.dumps({"id": number} | call, default=self.as_json) + "\n")
            self.process.stdin.flush()
        return future

    @staticmethod
    def as_json(value):
        """What JSON has no word for."""
        raise TypeError(f"{value!r} for Node")

    def _read(self) -> None:
        for line in self.process.stdout:
            answer = json.loads(line)
            self.waiting.pop(answer.pop("id")).set_result(self.outcome(**answer))
        for future in self.waiting.values():
            future.set_exception(RuntimeError("Node ended; its error stands above"))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)
