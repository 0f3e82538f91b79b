"""Money in tests: exact, in whole pico-USD, from wherever the gateway tells it."""

import json
from decimal import Decimal

import load

NANO = 1000  # pico-USD


def pico(usd) -> int:
    """Of USD in decimal digits: a text, or a number of the access log (whose digits Python's float keeps up to the 15th)."""
    whole = Decimal(str(usd)).scaleb(12)
    assert whole == int(whole), f"{usd} is no whole number of pico-USD"
    return int(whole)


def usd(amount: int) -> str:
    """USD in decimal digits of so many pico-USD."""
    return f"{Decimal(amount).scaleb(-12):f}"


def per_million(rate: int) -> str:
    """What a configuration says, USD per million tokens, of a rate in pico-USD per token."""
    return f"{Decimal(rate).scaleb(-6):f}"


def ledger(line: dict, cap: str) -> int:
    """What the ledger had after the request of a line of the log, of a budget of so many USD."""
    return pico(cap) - pico(line["budget_left"])


def used(url: str, keys: list[str]) -> dict[str, int]:
    """What each key is told of what it has spent."""
    asks = [load.Ask(f"GET /v1/credits HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n", b"", key) for key in keys]
    answers = load.crowd(url, asks, connections=4)
    assert all(answer.status == 200 for answer in answers), answers[0]
    return {answer.name: pico(json.loads(answer.body)["total_used"]) for answer in answers}


def nano(metrics, **labels: str) -> int:
    """What Prometheus has, in nano-USD."""
    return int(metrics.value("tollgate_cost_nanousd_total", **labels))
