"""Four workers and every endpoint at once, on one budget: what the log says, what the ledger has and what Prometheus counts is
the same money."""

import random
from collections import Counter

import load
import money
from combinations import CAP, COMBINATIONS, PRESETS, WAYS, asks, behave, config

WORKERS, CONNECTIONS, REQUESTS = 4, 32, 2000


def test_log_ledger_and_prometheus_agree(gateway, upstream):
    settings = config() | {"budgets": [{"id": "everybody", "usd": CAP, "per": "total"}]}
    provider = upstream(behave)
    running = gateway(settings, {preset: provider for preset in PRESETS}, concurrency=WORKERS)
    draw = random.Random(7)
    drawn = [(draw.choice(COMBINATIONS), draw.choice(WAYS)) for _ in range(REQUESTS)]
    answers = load.crowd(running.url, [asks(*one) for one in drawn], CONNECTIONS)
    assert Counter(answer.status for answer in answers) == {200: REQUESTS}

    lines = running.wait_log(REQUESTS)
    per_series, expected = Counter(), Counter()
    for line in lines:
        per_series[line["model"], line["provider"]] += money.pico(line["cost_usd"])
    for one, _ in drawn:
        expected[one.model, one.preset] += one.cost()
    assert (len(lines), per_series) == (REQUESTS, expected)
    # Each line says what the ledger had after its own request: no two the same, and at last the sum of all.
    had = [money.ledger(line, CAP) for line in lines]
    assert (len(set(had)), max(had)) == (REQUESTS, expected.total())

    metrics = running.metrics()
    for (model, provider), cost in per_series.items():
        counted = money.nano(metrics, model=model, provider=provider)
        # The rest of each worker, less than a nano-dollar, waits for the next request.
        assert 0 <= cost - counted * money.NANO < WORKERS * money.NANO, (model, provider)
    assert len(metrics.series("tollgate_cost_nanousd_total")) == len(per_series)
