"""A rate limit service with its counters in a real Redis, by the rules of the example in envoy/fleet/."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import example
import yaml
from load import wait_until
from mock import reserve_port

FLEET = example.ROOT / "envoy" / "fleet"
SERVER = Path(os.environ.get("TOLLGATE_RLS", example.ROOT / "target" / "rls" / "debug" / "tollgate-test-rls"))
SECONDS = {"hour": 3600, "day": 86_400, "month": 2_592_000, "year": 31_536_000}  # envoyproxy/ratelimit's units


def rules() -> list[str]:
    """The example's rules as the test server takes them."""

    def of(rule: dict, keys: tuple = ()):
        keys += (rule["key"],)
        if limit := rule.get("rate_limit"):
            yield f"{','.join(keys)}={limit['requests_per_unit']}/{SECONDS[limit['unit']]}"
        for inner in rule.get("descriptors", []):
            yield from of(inner, keys)

    return [text for rule in _example()["descriptors"] for text in of(rule)]


def _example() -> dict:
    return yaml.safe_load((FLEET / "ratelimit.yaml").read_text())


def cluster(port: int):
    """An edit of the configuration: the example's cluster, led to a port."""

    def edit(tree: dict) -> None:
        one = yaml.safe_load((FLEET / "cluster.yaml").read_text())
        address = one["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
        address |= {"address": "127.0.0.1", "port_value": port}
        tree["static_resources"]["clusters"].append(one)

    return edit


class Redis:
    """A Redis of our own that writes down every change before it says that it is made."""

    def __init__(self):
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="tollgate-redis-")), reserve_port()
        self.start()

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "appendonly": "yes", "appendfsync": "always", "save": ""}
        command = ["redis-server", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: self.run("PING") == "PONG")

    def run(self, *command: str) -> str:
        done = subprocess.run(["redis-cli", "-p", str(self.port), *command], capture_output=True, text=True)
        return done.stdout.strip()

    def counter(self, budget: str) -> str:
        """What the only counter of a budget holds."""
        (key,) = self.run("KEYS", f'namespace*"budget":"{budget}"*').splitlines()
        return self.run("GET", key)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class Call:
    """One call that the service got: hits and descriptor of each counter, such as `(0, "month=2026-11 budget=b unit=token of=all")`."""

    def __init__(self, line: str):
        pairs = (part.split(" ", 1) for part in line.split(" | "))
        self.counters = [(int(hits), descriptor) for hits, descriptor in pairs]

    @property
    def is_peek(self) -> bool:
        return all(hits == 0 for hits, _ in self.counters)


class RateLimitService:
    """The test server of tests/rls; `calls` is what it got."""

    def __init__(self, redis: Redis):
        self.redis, self.port = redis, reserve_port()
        self.file = tempfile.NamedTemporaryFile(prefix="tollgate-rls-", suffix=".log")
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        command = [SERVER, f"127.0.0.1:{self.port}", f"redis://127.0.0.1:{self.redis.port}", _example()["domain"], *rules()]
        said = self._text().count("listening")
        with open(self.file.name, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out)
        wait_until(lambda: self._text().count("listening") > said)

    def stop(self) -> None:
        """Goes away; whoever calls is refused."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Takes calls, and does not answer."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        self.file.close()

    def _text(self) -> str:
        return Path(self.file.name).read_text()

    @property
    def calls(self) -> list[Call]:
        return [Call(line) for line in self._text().splitlines() if line[:1].isdigit()]

    def charged(self, budget: str) -> int:
        """All hits of a budget, whatever its counter."""
        of_it = re.compile(rf"\bbudget={re.escape(budget)} ")
        return sum(hits for call in self.calls for hits, descriptor in call.counters if of_it.search(descriptor))

    def wait_charged(self, budget: str, hits: int, timeout: float = 10) -> None:
        """Charges come a moment after the answer. Nothing more may come either, so it looks twice."""
        wait_until(lambda: self.charged(budget) >= hits, timeout)
        time.sleep(0.05)
        assert self.charged(budget) == hits
