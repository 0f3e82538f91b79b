"""What envoy/envoy.yaml says happens without each of its cures: taken out one by one, the loss is there."""

from concurrent.futures import ThreadPoolExecutor

import example
import pace
import pytest
from client import chat
from dead import Dead, attempts, statuses
from harness import Gateway
from mock import Upstream, error, hang
from mock import chat as said

# ---------------------------------------------------------------- of the clusters


@pytest.fixture
def sick(envoy_version, tmp_path):
    """`sick(edit)`: the gateway of dead.py, its clusters without something."""
    running = []

    def start(without) -> Dead:
        running.append(Dead(envoy_version, tmp_path, without))
        return running[-1]

    yield start
    for one in running:
        one.close()


def test_without_circuit_breakers_most_fallbacks_are_lost(sick):
    dead = sick(lambda clusters: clusters["openai"].pop("circuit_breakers"))
    got = statuses(dead.crowd("acme/overloaded", 600, at_once=200))
    assert got[503] > 100 and got[200] + got[503] == 600, got
    assert dead.gateway.stats("upstream_rq_retry_overflow")["cluster.openai.upstream_rq_retry_overflow"] == got[503]


def no_refusing_endpoint(*names: str):
    return lambda clusters: [clusters[name]["load_assignment"]["endpoints"].pop() for name in names]


def test_without_the_refusing_endpoint_who_has_no_address_is_the_end(sick):
    """Whether no name resolves or every address is ejected."""
    dead = sick(no_refusing_endpoint("mistral", "together"))
    assert statuses(dead.crowd("acme/unresolvable", 50)) == {503: 50}
    dead.eject("ejected")
    assert statuses(dead.crowd("acme/ejected", 50)) == {503: 50}
    assert dead.well.requests == []


def test_without_the_overprovisioning_factor_a_third_goes_to_nobody(sick):
    """One of two addresses is well, and there is no other provider."""
    dead = sick(lambda clusters: clusters["fireworks"]["load_assignment"].pop("policy"))
    dead.eject("halved")
    answers = dead.crowd("alone/halved", 200)
    went_astray = 200 - attempts(answers)["fireworks:200"]
    assert 30 < went_astray < 90 and statuses(answers)[503] > 0, attempts(answers)


def test_without_max_ejection_percent_nobody_is_ejected(sick):
    """The default is 10 %, and of one address 10 % is none."""
    dead = sick(lambda clusters: clusters["together"]["outlier_detection"].pop("max_ejection_percent"))
    with pytest.raises(AssertionError, match="never ejected"):
        dead.eject("ejected")
    assert attempts(dead.crowd("acme/ejected", 50)) == {"together:503,azure:200": 50}


def test_without_split_origins_the_refusing_endpoint_is_ejected_too(sick):
    def joined(clusters: dict) -> None:
        for field in ("split_external_local_origin_errors", "enforcing_consecutive_local_origin_failure", "enforcing_local_origin_success_rate"):
            clusters["together"]["outlier_detection"].pop(field)

    dead = sick(joined)
    dead.eject("ejected")
    dead.crowd("acme/ejected", 50)
    assert statuses(dead.crowd("acme/ejected", 50)) == {503: 50}


def test_panic_mode_would_keep_asking_whom_envoy_has_ejected(sick):
    """It begins where no host is left: with the refusing endpoint there is always one."""

    def panicking(clusters: dict) -> None:
        no_refusing_endpoint("together")(clusters)
        clusters["together"].pop("common_lb_config")

    dead = sick(panicking)
    dead.eject("ejected")
    assert attempts(dead.crowd("acme/ejected", 50)) == {"together:503,azure:200": 50}


@pytest.mark.parametrize("without", ["update_merge_window", None])
def test_without_update_merge_window_who_is_ejected_second_is_asked_for_another_second(sick, without):
    """The default lets changes of hosts act once a second."""
    dead = sick(lambda clusters: clusters["fireworks"]["common_lb_config"].pop(without, None))
    dead.half.behaviours = (error(503),)
    dead.eject("halved", addresses=2)
    answers = dead.crowd("acme/halved", 20)
    assert statuses(answers) == {200: 20}
    assert (len(dead.sick.requests + dead.half.requests) > 0) == bool(without)


# ---------------------------------------------------------------- of the route and the filter

LARGE = "x" * (2 << 20)


def of_route(*path: str):
    """Takes a field of the route away."""

    def edit(tree: dict) -> None:
        place = example.route(tree)
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return edit


def only_after_answers(tree: dict) -> None:
    example.route(tree)["route"]["retry_policy"]["retry_on"] = "retriable-headers"


def wait_for_the_limited_one(tree: dict) -> None:
    headers = [{"name": "retry-after", "format": "SECONDS"}]
    example.route(tree)["route"]["retry_policy"]["rate_limited_retry_back_off"] = {"reset_headers": headers, "max_interval": "10s"}


LIMITED = error(429, headers={"retry-after": "1"})
# name: (what is changed, how the first provider fails, the prompt, status, code, attempts)
ROUTE = {
    "nothing": (lambda tree: None, error(503), LARGE, 200, None, "openai:503,azure:200"),
    "request_body_buffer_limit": (of_route("request_body_buffer_limit"), error(503), LARGE, 413, "request_too_large", None),
    "retriable_headers": (of_route("route", "retry_policy", "retriable_headers"), error(503), "Hi", 503, "no_provider", "openai:503"),
    "refresh_cluster_on_retry": (of_route("route", "retry_policy", "refresh_cluster_on_retry"), error(503), "Hi", 503, "gateway_misconfigured", "openai:503"),
    "connect-failure": (only_after_answers, None, "Hi", 503, "no_provider", "openai:connect"),
}


@pytest.mark.parametrize("name", ROUTE)
def test_fallback_without_a_field_of_the_route(gateway, upstream, name):
    edit, failure, prompt, status, code, tried = ROUTE[name]
    upstreams = {"azure": upstream()} | ({"openai": upstream(failure)} if failure else {})
    answer = chat(gateway(example.plan("openai", "azure"), upstreams, edit=edit).url, prompt=prompt)
    assert (answer.status, answer.header("x-tollgate-attempts")) == (status, tried)
    assert code is None or answer.json()["error"]["code"] == code


def test_with_a_back_off_for_the_rate_limited_the_other_provider_waits_too(gateway, upstream):
    """The comment at the retry policy says not to add it."""
    upstreams = {"openai": upstream(LIMITED), "azure": upstream()}
    for edit, least, most in ((None, 0, 0.7), (wait_for_the_limited_one, 0.9, 3)):
        running, lost = gateway(example.plan("openai", "azure"), upstreams, edit=edit), pace.lost()
        answer = chat(running.url)
        assert answer.header("x-tollgate-attempts") == "openai:429,azure:200"
        assert least < answer.chunks[0][0] < most + pace.lost() - lost


@pytest.mark.parametrize("plugin", ["gateway", "upstream"])
def test_without_the_stop_at_the_headers_requests_hang(gateway, upstream, plugin):
    def edit(tree: dict) -> None:
        cluster = example.clusters(tree)["openai"]
        del (example.gateway_plugin(tree) if plugin == "gateway" else example.upstream_plugin(cluster))["allow_on_headers_stop_iteration"]

    one = upstream()
    with pytest.raises(TimeoutError):
        chat(gateway(example.plan("openai"), {"openai": one}, edit=edit).url, timeout=1)
    assert one.requests == []


# ---------------------------------------------------------------- timers


@pytest.fixture(scope="module", autouse=True)
def slow_answer():
    """An answer that takes 20 s, through a route that says nothing about time; asked for while the other tests run."""
    provider = Upstream(said("late", delay=20))
    running = Gateway(example.plan("openai"), {"openai": provider}, edit=of_route("route", "timeout")).start()
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(chat, running.url)
    problem = running.stop_quietly()
    provider.close()
    assert not problem, problem


def test_a_silent_stream_is_given_up_after_stream_idle_timeout(gateway, upstream):
    """Its default is five minutes; here it is a second."""
    one = upstream(hang())
    running, lost = gateway(example.plan("openai"), {"openai": one}, times={"stream_idle_timeout": "1s"}), pace.lost()
    answer = chat(running.url)
    assert (answer.status, answer.json()["error"]["code"], len(one.requests)) == (504, "timeout", 1)
    assert 0.9 < answer.chunks[0][0] < 2 + pace.lost() - lost


def test_without_a_timeout_of_the_route_an_answer_may_take_15_seconds(slow_answer):
    """Runs last."""
    answer = slow_answer.result()
    assert (answer.status, answer.json()["error"]["code"]) == (504, "timeout")
    assert 14.5 < answer.chunks[0][0] < 17 + pace.lost()
