"""Every metric family: its labels, its values, its buckets."""

import hashlib
import re
import time

import example
import pytest
from client import chat, open_stream
from harness import NEWEST, OLDEST, Gateway
from mock import Upstream, chat_stream, chatting, chunk, error, sse

ALL = {"model", "provider", "operation"}
HISTOGRAMS = (
    "tollgate_request_duration_milliseconds",
    "tollgate_time_to_first_token_milliseconds",
    "tollgate_time_per_output_token_microseconds",
    "tollgate_overhead_microseconds",
)
FAMILIES = {
    "tollgate_requests_total": ALL | {"outcome"},
    "tollgate_attempts_total": {"model", "provider", "error_type"},
    "tollgate_fallbacks_total": {"model", "from_provider", "to_provider"},
    "tollgate_tokens_total": {"model", "provider", "type"},
    "tollgate_token_details_total": {"model", "provider", "type"},
    "tollgate_cost_nanousd_total": {"model", "provider"},
    "tollgate_refusals_total": {"reason"},
    "tollgate_usage_missing_total": {"model", "provider"},
    "tollgate_usage_estimated_total": {"model", "provider"},
    "tollgate_stream_errors_total": {"provider"},
    "tollgate_reasoning_dropped_total": set(),
    "tollgate_misconfigured_total": {"reason"},
    "tollgate_ledger_errors_total": {"call"},
    "tollgate_config_rejected_total": set(),
    "tollgate_series_dropped_total": set(),
    "tollgate_in_flight": set(),
    "tollgate_build_info": {"version"},
    "tollgate_config_info": {"hash"},
}
USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 7},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
PRICE = {"input": "2", "cached_input": "0.5", "cache_write_5m": "2.5", "output": "8"}
KEY = {"authorization": "Bearer key-of-alice"}


def config(**more) -> dict:
    both = [{"provider": "openai", "model": "m"}, {"provider": "groq", "model": "m", "priority": 1}]
    models = [{"name": "acme/one", "targets": both, "price": PRICE}, {"name": "acme/two", "targets": both[1:]}]
    keys = [{"id": "alice", "group": "team", "sha256": hashlib.sha256(b"key-of-alice").hexdigest()}]
    groups = [{"name": "team", "models": ["*"]}]
    return example.plan("openai", "groq") | {"models": models, "keys": keys, "groups": groups} | more


class Stage:
    """The first provider does what the prompt says; the second is fine."""

    def __init__(self, version: str, **more):
        cut = sse([chunk({"content": "a"}), chunk({"content": "b"})], end="reset")
        hanging = sse([chunk({"content": "a"})], end="hang")
        does = {"fall": error(503), "cut": cut, "hang": hanging, "bad": error(400), "dumb": chat_stream(usage=None)}
        first = Upstream(lambda got: does.get(got.json()["messages"][0]["content"], chatting(usage=USAGE)))
        self.upstreams = {"openai": first, "groq": Upstream(chatting(usage=(3, 2)))}
        self.gateway = Gateway(config(**more), self.upstreams, version=version)

    def __enter__(self) -> "Stage":
        self.gateway.start()
        return self

    def __exit__(self, *exception) -> None:
        self.gateway.stop()
        for one in self.upstreams.values():
            one.close()

    def settled(self, lines: int, refused: int = 0):
        """The metrics once every request has its line; Envoy merges histograms a moment later."""
        self.gateway.wait_log(lines)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            metrics = self.gateway.metrics()
            if metrics.value("tollgate_overhead_microseconds_count") == lines - refused:
                return metrics
            time.sleep(0.05)
        raise AssertionError(f"not {lines - refused} in the histogram")


@pytest.fixture(scope="module", params=[NEWEST, OLDEST])
def stage(request: pytest.FixtureRequest):
    """After one request of each kind: 2 served, a fallback, one cut, failed, without usage, refused, left by its client."""
    with Stage(request.param) as one:
        url = one.gateway.url
        chat(url, "acme/one", headers=KEY)
        chat(url, "acme/one", stream=True)
        for prompt in ("fall", "cut", "bad", "dumb"):
            chat(url, "acme/one", prompt=prompt, stream=prompt in ("cut", "dumb"))
        chat(url, "acme/none")
        connection, answer = open_stream(url, "acme/one", messages=[{"role": "user", "content": "hang"}])
        one.open = one.gateway.metrics().value("tollgate_in_flight")
        answer.close()
        connection.close()
        one.metrics = one.settled(8, refused=1)
        yield one


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_exactly_its_labels(stage, family):
    series = stage.metrics.series(family)
    assert series and {frozenset(labels) for labels in series} == {frozenset(FAMILIES[family])}


def test_there_is_no_other_family(stage):
    parts = {f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")}
    assert stage.metrics.names() == set(FAMILIES) | parts


def test_the_reference_lists_every_metric_and_the_example_takes_every_label_out():
    code = (example.ROOT / "src/metric/series.rs").read_text()
    listed = re.findall(r"^\| `(tollgate_\w+)` \|", (example.ROOT / "docs/metrics.md").read_text(), re.M)
    assert sorted(listed) == sorted(re.findall(r'=> "(tollgate_\w+)"', code))
    tags = {one["tag_name"] for one in example.bootstrap()["stats_config"]["stats_tags"]}
    names = code.partition("/// The label's name.")[2].partition("/// The label's value.")[0]
    assert set(re.findall(r'=> "(\w+)"', names)) <= tags


VALUES = [
    ("tollgate_requests_total", {"outcome": "ok", "provider": "openai", "model": "acme/one", "operation": "chat_completions"}, 3),
    ("tollgate_requests_total", {"outcome": "ok", "provider": "groq"}, 1),
    ("tollgate_requests_total", {"outcome": "cut"}, 1),
    ("tollgate_requests_total", {"outcome": "failed"}, 1),
    ("tollgate_requests_total", {"outcome": "client_left"}, 1),
    ("tollgate_requests_total", {"outcome": "refused", "model": "other", "provider": "other"}, 1),
    ("tollgate_attempts_total", {}, 8),
    ("tollgate_attempts_total", {"error_type": "provider_overloaded", "provider": "openai"}, 1),
    ("tollgate_attempts_total", {"error_type": "provider_cut"}, 1),
    ("tollgate_attempts_total", {"error_type": "caller_bad_request"}, 1),
    ("tollgate_fallbacks_total", {"model": "acme/one", "from_provider": "openai", "to_provider": "groq"}, 1),
    ("tollgate_tokens_total", {"provider": "openai", "type": "input"}, 200 + 4 + 4 + 4),  # told, and estimated of three
    ("tollgate_tokens_total", {"provider": "openai", "type": "output"}, 100 + 1 + 2 + 1),
    ("tollgate_tokens_total", {"provider": "groq", "type": "input"}, 3),
    ("tollgate_token_details_total", {"type": "cache_read"}, 120),
    ("tollgate_token_details_total", {"type": "cache_write"}, 14),
    ("tollgate_token_details_total", {"type": "reasoning"}, 40),
    # Twice 33 * 2 + 60 * 0.5 + 7 * 2.5 + 50 * 8 USD per million, and 3 * 2 + 2 * 8.
    ("tollgate_cost_nanousd_total", {"model": "acme/one", "provider": "openai"}, 1_027_000 + 12 * 2_000 + 4 * 8_000),
    ("tollgate_cost_nanousd_total", {"provider": "groq"}, 22_000),
    ("tollgate_usage_missing_total", {"model": "acme/one", "provider": "openai"}, 2),  # the dumb one and the cut one
    ("tollgate_usage_estimated_total", {"model": "acme/one", "provider": "openai"}, 3),  # and the one that its client left
    ("tollgate_stream_errors_total", {"provider": "openai"}, 1),
    ("tollgate_refusals_total", {"reason": "policy_model"}, 1),
    *((f"tollgate_{rare}_total", {}, 0) for rare in ("misconfigured", "config_rejected", "series_dropped", "ledger_errors")),
    ("tollgate_in_flight", {}, 0),
    ("tollgate_build_info", {}, 1),
    ("tollgate_config_info", {}, 1),
    ("tollgate_request_duration_milliseconds_count", {"operation": "chat_completions"}, 7),
    ("tollgate_overhead_microseconds_count", {}, 7),
    ("tollgate_time_to_first_token_milliseconds_count", {}, 6),
    ("tollgate_time_per_output_token_microseconds_count", {"provider": "openai"}, 1),
]


@pytest.mark.parametrize("name, labels, value", VALUES, ids=lambda value: str(value) if not isinstance(value, dict) else ",".join(value.values()))
def test_values(stage, name, labels, value):
    assert stage.metrics.value(name, **labels) == value


def test_in_flight_counts_what_is_under_way(stage):
    assert stage.open == 1


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_histograms_have_the_buckets_of_the_example(stage, name):
    settings = example.bootstrap()["stats_config"]["histogram_bucket_settings"]
    (wanted,) = [one["buckets"] for one in settings if name in one["match"]["safe_regex"]["regex"]]
    series = stage.metrics.series(f"{name}_bucket")
    assert {frozenset(labels) for labels in series} == {frozenset(ALL | {"le"})}
    assert {labels["le"] for labels in series} == {*map(str, wanted), "+Inf"}
