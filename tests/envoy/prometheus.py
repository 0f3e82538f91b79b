"""Prometheus' text format, as far as Envoy writes it."""

import re
from dataclasses import dataclass

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


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
