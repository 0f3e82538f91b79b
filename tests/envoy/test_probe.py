"""The first-event probe: a stream's headers wait for its first content, so that another provider can still answer."""

import time
from concurrent.futures import ThreadPoolExecutor

import example
import pace
import pytest
from client import chat, open_stream, request
from gate import Gate, stepping
from harness import NEWEST, OLDEST, Gateway
from mock import Upstream, chatting, chunk, sse
from mock import chat as said

ROLE = chunk({"role": "assistant", "content": ""})
WORD = chunk({"content": "late"})
END = chunk({}, "stop") + "data: [DONE]\n\n"
CREATED = 'event: response.created\ndata: {"type":"response.created","response":{"model":"m"}}\n\n'
DELTA = 'data: {"type":"response.output_text.delta","delta":"late"}\n\n'
COMPLETED = 'data: {"type":"response.completed","response":{"model":"m"}}\n\n'


class Stage:
    """`acme/plain` waits as long as the default says, `acme/quick` has a `first_token`; openai before groq."""

    def __init__(self, version: str):
        self.behaviour = chatting()
        self.first, self.second = Upstream(lambda _request: self.behaviour), Upstream(chatting("from the second"))
        targets = [{"provider": "openai", "model": "m"}, {"provider": "groq", "model": "m", "priority": 1}]
        config = example.plan("openai", "groq") | {"models": [
            {"name": "acme/plain", "targets": targets},
            {"name": "acme/quick", "targets": targets, "timeouts": {"first_token": "1s"}},
        ]}
        self.gateway = Gateway(config, {"openai": self.first, "groq": self.second}, version=version)


@pytest.fixture(scope="module", params=[NEWEST, OLDEST])
def stage(request: pytest.FixtureRequest):
    one = Stage(request.param)
    with one.gateway:
        yield one
    one.first.close()
    one.second.close()


@pytest.mark.parametrize("opening", [[], [": ping\n\n"], [ROLE], [chunk(usage={"prompt_tokens": 1})], [ROLE, ": ping\n\n", ROLE]],
                         ids=["nothing", "comment", "role", "no-choices", "several"])
def test_headers_wait_for_the_first_content(stage, opening):
    gate = Gate()
    stage.behaviour = stepping(gate, [*opening, WORD, END], free=len(opening))
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(open_stream, stage.gateway.url, "acme/plain", stream_options={"include_usage": True})
        time.sleep(0.25)
        assert not opened.done()
        gate.open()
        connection, answer = opened.result(20)
        assert (answer.status, answer.getheader("x-tollgate-attempts")) == (200, "openai:200")
        gate.open(2)
        assert answer.read().decode() == "".join([*opening, WORD, END])
        connection.close()


def test_a_silent_streams_headers_go_after_five_seconds(stage):
    """The default wait. The provider is slow, not gone: no other is asked, and the answer comes when it comes."""
    gates = {"nothing": Gate(), "role": Gate()}

    async def act(got, connection):
        name = got.json()["messages"][0]["content"]
        opening = [ROLE] if name == "role" else []
        await stepping(gates[name], [*opening, WORD, END], free=len(opening))(got, connection)

    def ask(name):
        start, lost = time.monotonic(), pace.lost()
        connection, answer = open_stream(stage.gateway.url, "acme/plain", messages=[{"role": "user", "content": name}])
        held, late = time.monotonic() - start, pace.lost() - lost
        gates[name].open(3)
        body = answer.read().decode()
        connection.close()
        return 4.9 < held < 6 + late, answer.getheader("x-tollgate-attempts"), body

    stage.behaviour = act
    with ThreadPoolExecutor(2) as pool:
        for (five_seconds, attempts, body), opening in zip(pool.map(ask, gates), ("", ROLE)):
            assert (five_seconds, attempts, body) == (True, "openai:200", opening + WORD + END)


def test_64_kib_of_bookkeeping_are_enough(stage):
    gate, parts = Gate(), [ROLE * 600, WORD, END]
    assert len(parts[0]) > 1 << 16
    stage.behaviour = stepping(gate, parts, free=1)
    start, lost = time.monotonic(), pace.lost()
    connection, answer = open_stream(stage.gateway.url, "acme/plain")
    assert time.monotonic() - start < 2 + pace.lost() - lost
    gate.open(3)
    assert answer.read().decode() == "".join(parts)
    connection.close()


@pytest.mark.parametrize("events", [[], [ROLE], [": ping\n\n"]], ids=["headers", "role", "comment"])
def test_no_first_token_in_time_leads_to_the_next_provider(stage, events):
    lost, stage.behaviour = pace.lost(), sse(events, end="hang")
    answer = chat(stage.gateway.url, "acme/quick", stream=True)
    assert (answer.status, answer.text()) == (200, "from the second")
    assert answer.header("x-tollgate-attempts") == "openai:timeout,groq:200"
    assert 0.9 < stage.gateway.line_of(answer)["ttft_ms"] / 1000 < 2 + pace.lost() - lost


def test_no_first_token_for_many_at_once(stage):
    """The timer of the default wait once let 2 of 60 through at the moment when Envoy was about to give up."""
    stage.behaviour = sse([ROLE], end="hang")

    def ask(n):
        time.sleep(n * 0.007)  # at all places between two ticks
        return chat(stage.gateway.url, "acme/quick", stream=True)

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(ask, range(60)))
    assert {answer.header("x-tollgate-attempts") for answer in answers} == {"openai:timeout,groq:200"}


def test_the_rest_of_a_stream_may_take_longer_than_its_first_token(stage):
    stage.behaviour = sse([ROLE + WORD, WORD, END], delay=1.2)
    answer = chat(stage.gateway.url, "acme/quick", stream=True)
    assert (answer.cut, answer.text(), answer.header("x-tollgate-attempts")) == (False, "latelate", "openai:200")


def test_an_answer_that_is_no_stream_may_take_longer_than_a_first_token(stage):
    stage.behaviour = said("slow", delay=1.5)
    answer = chat(stage.gateway.url, "acme/quick")
    assert answer.header("x-tollgate-attempts") == "openai:200"


def test_bookkeeping_of_responses_is_no_content(stage):
    gate, body = Gate(), {"model": "acme/plain", "stream": True, "input": "Hi"}
    stage.behaviour = stepping(gate, [CREATED, DELTA, COMPLETED], free=1)
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(request, stage.gateway.url, "POST", "/v1/responses", body)
        time.sleep(0.25)
        assert not opened.done()
        gate.open(3)
        assert opened.result(20).body.decode() == CREATED + DELTA + COMPLETED
