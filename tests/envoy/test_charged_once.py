"""What every endpoint charges: each of tests/endpoints.txt, at a provider of each API that serves it, as a whole answer and as a
stream, at once and after a provider that failed. The access log, the ledger and Prometheus agree to the pico-dollar."""

from collections import defaultdict
from dataclasses import dataclass

import load
import money
import pytest
from combinations import CAP, COMBINATIONS, PRESETS, WAYS, asks, behave, config, key
from harness import Gateway
from mock import Upstream

each = pytest.mark.parametrize("one", COMBINATIONS, ids=[one.name for one in COMBINATIONS])


@pytest.fixture(scope="module")
def running():
    provider = Upstream(behave)
    with Gateway(config(), {preset: provider for preset in PRESETS}) as one:
        yield one
    provider.close()


@dataclass
class Seen:
    answers: list[load.Answer]
    lines: list[dict]


@pytest.fixture(scope="module")
def seen(running):
    """(combination, way) -> what its requests got, and their lines in the log."""
    sent = [asks(one, "once") for one in COMBINATIONS for _ in range(one.times)] + [asks(one, "fallback") for one in COMBINATIONS]
    answers, lines = defaultdict(list), defaultdict(list)
    for answer in load.crowd(running.url, sent, connections=8):
        answers[answer.name].append(answer)
    for line in running.wait_log(len(sent)):
        lines[f"sk-{line['key']}"].append(line)
    return {(one, way): Seen(answers[key(one, way)], lines[key(one, way)]) for one in COMBINATIONS for way in WAYS}


@pytest.fixture(scope="module")
def metrics(running, seen):
    return running.metrics()


@each
def test_every_request_is_charged_once(seen, one):
    got = seen[one, "once"]
    assert [answer.status for answer in got.answers] == [200] * one.times, got.answers[0]
    assert [told(line) for line in got.lines] == [(one.endpoint.operation, one.preset, one.model, "complete", *one.tokens())] * one.times
    assert [money.pico(line["cost_usd"]) for line in got.lines] == [one.cost()] * one.times


@each
def test_after_a_failure_who_served_is_charged_and_nobody_else(seen, one):
    got = seen[one, "fallback"]
    (line,) = got.lines
    assert got.answers[0].attempts == f"{one.endpoint.presets[0]}:503,{one.preset}:200"
    assert told(line) == (one.endpoint.operation, one.preset, one.model, "complete", *one.tokens())
    assert money.pico(line["cost_usd"]) == one.cost()


@each
def test_the_ledger_has_the_same(seen, one):
    """It has counted each request by the time its line is written."""
    counted = [[money.ledger(line, CAP) for line in seen[one, way].lines] for way in WAYS]
    assert counted == [[times * one.cost() for times in range(1, one.times + 1)], [one.cost()]]


def test_every_key_is_told_what_it_has_spent(running, seen):
    expected = {key(one, way): len(got.answers) * one.cost() for (one, way), got in seen.items()}
    assert money.used(running.url, list(expected)) == expected


@each
def test_prometheus_has_the_same(metrics, one):
    labels = {"model": one.model, "provider": one.preset}
    served = one.times + 1
    assert money.nano(metrics, **labels) == served * one.cost() // money.NANO
    assert metrics.value("tollgate_requests_total", outcome="ok", operation=one.endpoint.operation, **labels) == served
    assert metrics.value("tollgate_cost_nanousd_total", model=one.failing) == 0
    assert metrics.value("tollgate_cost_unknown_total", **labels) == 0
    assert metrics.value("tollgate_usage_estimated_total", **labels) == 0


def told(line: dict) -> tuple:
    assert line["estimated"] is False
    return tuple(line[field] for field in ("operation", "provider", "model", "ended", "input", "output"))


def test_the_headers_of_documents_say_it_too(seen):
    for (one, _), got in seen.items():
        for answer in got.answers:
            told = answer.headers.get("x-tollgate-cost")
            is_document = answer.headers["content-type"].startswith("application/json")
            assert (told and money.pico(told)) == (one.cost() if is_document else None), one.name
