"""Prometheus: its text format as far as Envoy writes it, and a real server that scrapes a running gateway."""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import yaml

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
ENVOY = Path(__file__).resolve().parents[2] / "envoy"
EXAMPLE, ALERTS = ENVOY / "prometheus.yaml", ENVOY / "alerts.yaml"


@dataclass(frozen=True)
class Metrics:
    """samples: (name, labels as a frozenset of pairs) -> value."""

    samples: dict[tuple[str, frozenset], float]

    @classmethod
    def parse(cls, text: str) -> "Metrics":
        matches = (SAMPLE.match(line) for line in text.splitlines() if line and not line.startswith("#"))
        return cls({(m[1], frozenset(_labels(m[2]))): float(m[3]) for m in matches})

    def value(self, name: str, **labels: str) -> float:
        """The sum over all series of the name that carry these labels; 0 when there is none."""
        wanted = set(labels.items())
        return sum(value for (found, has), value in self.samples.items() if found == name and wanted <= has)

    def series(self, name: str) -> list[dict[str, str]]:
        """The labels of every series of the name."""
        return [dict(labels) for found, labels in self.samples if found == name]

    def names(self) -> set[str]:
        return {name for name, _ in self.samples}

    def label_values(self, label: str) -> set[str]:
        """Every value that a label has anywhere: what must never come from a client."""
        return {value for _, labels in self.samples for name, value in labels if name == label}


def _labels(text: str):
    for name, value in LABEL.findall(text):
        yield name, re.sub(r'\\[\\"n]', lambda escape: ESCAPES[escape[0]], value)


class Prometheus:
    """A real server with envoy/prometheus.yaml and envoy/alerts.yaml, its target and interval changed; a context manager."""

    def __init__(self, admin_url: str, folder: Path, port: int, interval: str = "200ms"):
        config = yaml.safe_load(EXAMPLE.read_text())
        config["global"] |= {"scrape_interval": interval, "evaluation_interval": interval}
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [urllib.parse.urlsplit(admin_url).netloc]
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        shutil.copy(ALERTS, folder)

    def __enter__(self) -> "Prometheus":
        address = urllib.parse.urlsplit(self.url).netloc
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", f"--web.listen-address={address}"],
            cwd=self.folder,
            stderr=open(self.folder / "prometheus.log", "wb"),
        )
        return self

    def __exit__(self, *exception) -> None:
        self.process.terminate()
        self.process.wait(30)

    def query(self, expression: str) -> dict[frozenset, float]:
        """The instant vector: labels as a frozenset of pairs -> value."""
        result = self.api("query", query=expression)["result"]
        return {frozenset(one["metric"].items()): float(one["value"][1]) for one in result}

    def values(self, expression: str, start: float, end: float, step: int) -> dict[frozenset, list[float]]:
        """The same over time, as a graph asks for it."""
        result = self.api("query_range", query=expression, start=start, end=end, step=step)["result"]
        return {frozenset(one["metric"].items()): [float(value) for _, value in one["values"]] for one in result}

    def api(self, path: str, **parameters):
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            if refused.code != 400:  # 503: it is still starting
                raise
            raise AssertionError(f"{parameters}: {refused.read().decode()}") from refused

    def wait(self, expression: str, expected: dict[frozenset, float], timeout: float = 60) -> None:
        """Waits until the query gives this."""
        end, got = time.monotonic() + timeout, None
        while time.monotonic() < end:
            try:
                got = self.query(expression)
            except OSError:  # still starting
                pass
            if got == expected:
                return
            time.sleep(0.1)
        raise AssertionError(f"{expression} gives {got}, not {expected}")
