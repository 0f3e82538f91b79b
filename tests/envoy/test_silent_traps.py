"""Envoy's defaults lose requests in silence, most of them just when a provider is down. The example holds the cures; here
they work, and test_cures.py takes each one out and sees the loss."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
from client import chat, request
from dead import DEAD, Dead, attempts, statuses
from harness import NEWEST, OLDEST
from mock import chat as said
from mock import chunk, sse

PROVIDER = {kind: name for name, kind in DEAD.items()}


@pytest.fixture(scope="module", params=[NEWEST, OLDEST])
def dead(request, tmp_path_factory):
    one = Dead(request.param, tmp_path_factory.mktemp("tls"))
    yield one
    one.close()


def test_600_requests_200_at_once_over_an_overloaded_provider(dead):
    """Envoy allows three retries at a time by default: just when a provider is down."""
    answers = dead.crowd("acme/overloaded", 600, at_once=200)
    assert (statuses(answers), attempts(answers)) == ({200: 600}, {"openai:503,azure:200": 600})
    assert (len(dead.sick.requests), len(dead.well.requests)) == (600, 600)


@pytest.mark.parametrize("kind", ["refused", "unresolvable", "mute", "outdated", "stranger"])
def test_whoever_cannot_be_connected_to_is_passed_over(dead, kind):
    before = dead.gateway.metrics().value("tollgate_requests_total", provider="azure", outcome="ok")
    answers = dead.crowd(f"acme/{kind}", 100, at_once=50)
    assert statuses(answers) == {200: 100}
    assert {answer.text() for answer in answers} == {"from the next"}
    assert set(attempts(answers)) == {f"{PROVIDER[kind]}:connect,azure:200"}
    assert len(dead.well.requests) == 100 and not (dead.sick.requests + dead.stranger.requests + dead.outdated.requests)
    assert dead.gateway.metrics().value("tollgate_requests_total", provider="azure", outcome="ok") == before + 100


def test_what_must_not_be_repeated_goes_on_where_nothing_was_sent(dead):
    """Pictures may have been paid for when a connection breaks, but not when there was none."""
    answer = request(dead.gateway.url, "POST", "/v1/images/generations", {"model": "acme/mute", "prompt": "a cat"})
    assert (answer.status, answer.header("x-tollgate-attempts")) == (200, "xai:connect,azure:200"), answer


def test_whose_only_address_is_ejected_is_passed_over_without_being_asked(dead):
    dead.eject("ejected")
    answers = dead.crowd("acme/ejected", 200)
    assert (statuses(answers), attempts(answers)) == ({200: 200}, {"together:connect,azure:200": 200})
    assert dead.sick.requests == []


@pytest.mark.parametrize("creator", ["acme", "alone"])
def test_with_one_of_two_addresses_ejected_the_other_serves_all(dead, creator):
    """Also where there is no other provider to go to."""
    dead.eject("halved")
    answers = dead.crowd(f"{creator}/halved", 200)
    assert (statuses(answers), attempts(answers)) == ({200: 200}, {"fireworks:200": 200})
    assert (len(dead.half.requests), dead.sick.requests) == (200, [])


# ---------------------------------------------------------------- a generation that is silent for 400 s

SILENCE = 400  # seconds without a byte
FASTER = 100  # the example's timers run so much faster in the test below

# What may be shorter, because it is not running while a generation is silent.
OTHER_TIMERS = {
    "connect_timeout": "the connection stands before the request is sent",
    "request_timeout": "until the request is whole",
    "request_headers_timeout": "until the request's head is whole",
    "idle_timeout": "connections to a provider without a request",
    "base_interval": "between two attempts, or two VMs",
    "max_interval": "between two attempts, or two VMs",
    "update_merge_window": "changes of a cluster's hosts",
}
DO_NOT_THINK = {"meta/llama-3.3-70b"}  # models whose first token comes soon or not at all


def durations(tree, name: str = "") -> list[tuple[str, float]]:
    """Every duration of a configuration by its field's name."""
    if isinstance(tree, dict):
        return [one for key, value in tree.items() for one in durations(value, key)]
    if isinstance(tree, list):
        return [one for value in tree for one in durations(value, name)]
    is_duration = isinstance(tree, str) and tree[-1:] == "s" and tree[:-1].replace(".", "").isdigit()
    return [(name, float(tree[:-1]))] if is_duration else []


def test_no_timer_of_the_example_ends_a_generation_that_thinks_for_400_s():
    """0 is none. Where a field is missing Envoy has a default: 15 s for a route, 5 minutes for a silent stream."""
    tree = example.bootstrap()
    manager = example.connection_manager(tree)
    example.gateway_plugin(tree)["configuration"] = None  # the models' own bounds are looked at below
    found = durations(tree)
    running = {(name, seconds) for name, seconds in found if name not in OTHER_TIMERS}
    assert running == {("timeout", 0), ("stream_idle_timeout", 3600), ("per_try_idle_timeout", 600)}
    assert set(OTHER_TIMERS) <= {name for name, _ in found}, "all named above are there"
    assert float(manager["stream_idle_timeout"][:-1]) > SILENCE and example.route(tree)["route"]["timeout"] == "0s"
    for name in ("max_stream_duration", "max_connection_duration", "idle_timeout", "common_http_protocol_options"):
        assert name not in manager and name not in example.route(tree)["route"]

    bounds = [(model["name"], bound) for model in example.gateway_config()["models"] for bound in durations(model.get("timeouts", {}))]
    shorter = {name for name, (_, seconds) in bounds if seconds <= SILENCE}
    assert shorter <= DO_NOT_THINK, bounds


STILL = {"connect_timeout", "base_interval", "max_interval"}


def hurry(tree) -> None:
    """Divides every duration of a configuration that may be running while nothing is heard."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, (dict, list)) and key != "configuration":
            hurry(value)
        elif key not in STILL and isinstance(value, str) and durations(value, key):
            tree[key] = f"{float(value[:-1]) / FASTER:.4f}s"


def quicker(tree: dict) -> None:
    for part in tree["static_resources"].values():
        hurry(part)


ROLE, WORD, END = chunk({"role": "assistant", "content": ""}), chunk({"content": "late"}), chunk({}, "stop") + "data: [DONE]\n\n"
WAIT = SILENCE / FASTER
SILENCES = {
    "json": said("late", delay=WAIT),
    "stream before its first byte": sse([ROLE + WORD + END], first=WAIT),
    "stream after its role": sse([ROLE, WORD + END], delay=WAIT),
    "stream between two words": sse([ROLE + WORD, WORD + END], delay=WAIT),
}


@pytest.mark.both
def test_a_silence_of_400_s_ends_in_the_whole_answer(gateway, upstream, envoy_version):
    """Every timer of the example a hundred times as fast, and so is the default for `timeouts.attempt`."""
    model = {"timeouts": {"attempt": f"{600_000 // FASTER}ms"}} | example.plan("openai")["models"][0]
    silent = upstream(lambda request: SILENCES[request.json()["user"]])
    running = gateway(example.plan("openai", models=[model]), {"openai": silent}, edit=quicker)
    with ThreadPoolExecutor(len(SILENCES)) as pool:
        answers = list(pool.map(lambda name: chat(running.url, stream="stream" in name, user=name), SILENCES))
    for name, answer in zip(SILENCES, answers):
        assert (answer.status, answer.cut, answer.header("x-tollgate-attempts")) == (200, False, "openai:200"), name
        assert answer.text() == ("latelate" if name.endswith("words") else "late"), name
        assert running.line_of(answer)["ended"] == "complete", name
    assert len(silent.requests) == len(SILENCES)
