"""Many clients at once on four workers, providers failing in every way: each client gets exactly the answer to its own
prompt, and each prompt is sent to each provider at most once."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from mock import chatting, error, reset, sse
from trio import Trio, config, saw_only_its_own

pytestmark = pytest.mark.both

CLIENTS, REQUESTS = 32, 1200
BUSY = 'data: {"error":{"message":"Overloaded","type":"server_error"}}\n\n'


def prompt_of(request) -> str:
    return request.json()["messages"][0]["content"]


def echo(request):
    return chatting("echo of " + prompt_of(request))


def failing(*ways):
    """Fails in all these ways in turn, and serves in between; whoever is served gets its own prompt back."""
    turn = itertools.cycle(ways)
    return lambda request: next(turn) or echo(request)


@pytest.fixture
def crowd(envoy_version):
    one = Trio(envoy_version, config(), concurrency=4)
    yield one
    assert not (problem := one.close()), problem


def test_every_client_of_a_crowd_gets_its_own_answer(crowd):
    crowd.mocks["openai"].behaviours = (failing(error(503), reset(), None, sse([BUSY]), error(429), None, error(401)),)
    crowd.mocks["azure"].behaviours = (failing(None, error(500), reset(), None, error(400)),)
    crowd.mocks["groq"].behaviours = (echo,)
    models = itertools.cycle(["acme/chat", "acme/refused"])
    asked = [(f"prompt-{number:04}-", next(models), bool(number % 2)) for number in range(REQUESTS)]

    def ask(one) -> tuple[int, bool, str]:
        prompt, model, stream = one
        response = crowd.chat(model, prompt=prompt, stream=stream)
        return response.status, response.cut, response.text() if response.status == 200 else response.body.decode()

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(ask, asked))
    wrong = [(one, got) for one, got in zip(asked, answers) if got != (200, False, f"echo of {one[0]}")]
    assert not wrong, f"{len(wrong)} of {REQUESTS}: {wrong[:3]}"

    for name, mock in crowd.mocks.items():
        assert len(mock.requests) > REQUESTS / 8, "every provider had its part"
        times = Counter(map(prompt_of, mock.requests))
        assert set(times.values()) == {1}, f"{name} was asked twice for {times.most_common(1)}"
        for got in mock.requests:
            saw_only_its_own(got, name)

    lines = crowd.gateway.wait_log(REQUESTS)
    assert {(line["status"], line["ended"]) for line in lines} == {(200, "complete")}
    assert len({line["id"] for line in lines}) == REQUESTS
    crowd.wait_value("tollgate_in_flight", 0)
    crowd.wait_value("tollgate_requests_total", REQUESTS, outcome="ok")
    attempts = sum(line["attempts"].count(":") for line in lines)
    crowd.wait_value("tollgate_attempts_total", attempts)
    stats = crowd.gateway.stats("upstream_rq_retry_overflow")
    assert sum(stats.values()) == 0, "Envoy's circuit breaker gave up on a fallback"
