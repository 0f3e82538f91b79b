"""Four workers and every endpoint at once: what the log says and what Prometheus counts is the same money."""

import random
from collections import Counter

import load
import money
from combinations import COMBINATIONS, PRESETS, WAYS, asks, behave, config, key
from mock import Upstream

WORKERS, CONNECTIONS, REQUESTS = 4, 32, 2000


def test_log_and_prometheus_agree(gateway, upstream):
    settings = config()
    provider: Upstream = upstream(behave)
    running = gateway(settings, {preset: provider for preset in PRESETS}, concurrency=WORKERS)
    draw = random.Random(7)
    drawn = [(draw.choice(COMBINATIONS), draw.choice(WAYS)) for _ in range(REQUESTS)]
    answers = load.crowd(running.url, [asks(*one) for one in drawn], CONNECTIONS)
    assert Counter(answer.status for answer in answers) == {200: REQUESTS}

    lines = running.wait_log(REQUESTS)
    per_key, per_series = Counter(), Counter()
    for line in lines:
        cost = money.pico(line["cost_usd"])
        per_key[f"sk-{line['key']}"] += cost
        per_series[line["model"], line["provider"]] += cost
    expected = Counter()
    for one, way in drawn:
        expected[key(one, way)] += one.cost()
    assert (len(lines), per_key) == (REQUESTS, expected)

    metrics = running.metrics()
    for (model, provider), cost in per_series.items():
        counted = money.nano(metrics, model=model, provider=provider)
        # The rest of each worker, less than a nano-dollar, waits for the next request.
        assert 0 <= cost - counted * money.NANO < WORKERS * money.NANO, (model, provider)
    assert len(metrics.series("tollgate_cost_nanousd_total")) == len(per_series)
