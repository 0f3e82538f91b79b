"""What a real Prometheus makes of the metrics, and that no label ever comes from a client."""

import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
from client import chat
from load import wait_until
from mock import chatting, error, reserve_port
from prometheus import Prometheus

PLAN = example.plan("openai", "groq") | {"models": [
    {"name": "acme/one", "targets": [{"provider": "openai", "model": "m1"}, {"provider": "groq", "model": "m1", "priority": 1}]},
    {"name": "acme/ft:two@2025-01-01", "targets": [{"provider": "groq", "model": "m2"}]},
]}


@pytest.mark.both
def test_tokens_in_prometheus_are_the_tokens_that_were_served(gateway, upstream, tmp_path):
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus here")
    flaky = upstream(lambda got: error(503) if b"fall" in got.body else chatting(usage=(11, 7)))
    running = gateway(PLAN, {"openai": flaky, "groq": upstream(chatting(usage=(100, 50)))}, concurrency=2)
    expected = Counter()
    for n in range(60):
        model = ["acme/one", "acme/ft:two@2025-01-01"][n % 2]
        prompt = ["stay", "fall"][n % 3 == 0] + str(n)
        answer = chat(running.url, model, prompt=prompt, stream=n % 4 < 2)
        assert answer.status == 200
        provider = "openai" if model == "acme/one" and prompt.startswith("stay") else "groq"
        assert answer.header("x-tollgate-provider") == provider
        used = (11, 7) if provider == "openai" else (100, 50)
        for kind, tokens in zip(("input", "output"), used):
            expected[frozenset({"model": model, "provider": provider, "type": kind}.items())] += tokens
    running.wait_log(60)
    with Prometheus(running.admin, tmp_path, reserve_port()) as prometheus:
        prometheus.wait("sum by (model, provider, type) (tollgate_tokens_total)", expected)
        prometheus.wait("sum(tollgate_request_duration_milliseconds_count)", {frozenset(): 60})


def test_promtool_accepts_the_metrics(gateway, upstream):
    if not shutil.which("promtool"):
        pytest.skip("no promtool here")
    running = gateway(PLAN, {"openai": upstream(error(503)), "groq": upstream()})
    chat(running.url, "acme/one")
    chat(running.url, "acme/one", stream=True)
    running.wait_log(2)
    scrape = lambda: running.get_admin("/stats/prometheus?usedonly&filter=wasmcustom.tollgate")  # noqa: E731
    wait_until(lambda: "_milliseconds_bucket{" in scrape())  # Envoy merges histograms a moment later
    text = scrape()
    assert "tollgate_fallbacks_total{" in text
    outcome = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    # Envoy writes no HELP lines, for none of its metrics, and its histograms are of whole numbers: not of seconds.
    known = ("no help text", 'use base unit "seconds"')
    complaints = [line for line in outcome.stderr.splitlines() if line and not any(words in line for words in known)]
    assert complaints == []


@pytest.mark.both
def test_every_label_is_a_label_and_nothing_is_left_in_a_name(gateway, upstream):
    """The tag rules of the example fit every name that the filter makes."""
    running = gateway(PLAN, {"openai": upstream(error(503)), "groq": upstream()})
    chat(running.url, "acme/one")
    chat(running.url, "acme/none")
    running.wait_log(2)
    metrics = running.metrics()
    assert [name for name in metrics.names() if "___" in name or "=" in name] == []
    assert metrics.value("tollgate_requests_total", model="acme/one", provider="groq", operation="chat_completions", outcome="ok") == 1
    assert metrics.value("tollgate_attempts_total", model="acme/one", provider="openai", error_type="provider_overloaded") == 1
    assert metrics.value("tollgate_fallbacks_total", from_provider="openai", to_provider="groq") == 1
    assert metrics.value("tollgate_refusals_total", reason="policy_model") == 1
    assert metrics.value("tollgate_build_info") >= 1


def test_clients_cannot_make_series(gateway):
    """10,000 names that nobody configured."""
    running = gateway(PLAN, concurrency=2)
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda n: chat(running.url, f"acme/made-up-{n}").status, range(10_000)))
    assert statuses == {404}
    known = {"acme/one", "acme/ft:two@2025-01-01", "other"}
    assert running.metrics().label_values("model") <= known
    assert running.metrics().label_values("provider") <= {"openai", "groq", "other"}
