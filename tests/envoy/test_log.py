"""The access log line, field by field: exactly these fields, in this order; numbers are numbers, absent is null."""

import hashlib
import re

import example
import pytest
from client import CHAT, chat, open_stream, request
from harness import NEWEST, OLDEST, Gateway
from mock import Upstream, chat as answering, chat_stream, chatting, chunk, error, hang, sse

FIELDS = (
    "ts id request_id key group user tags operation dialect stream model_asked model model_sent model_answered provider credential "
    "plan attempts provider_request_id status error ttft_ms duration_ms overhead_us input cache_read cache_write output reasoning "
    "estimated cost_usd budget_left ended"
).split()
KEY = {"authorization": "Bearer key-of-alice"}
USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 7},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
TOKENS = {"input": 100, "cache_read": 60, "cache_write": 7, "output": 50, "reasoning": 20}
IDS = [("x-request-id", "req-of-the-provider")]
# What every line has, and what a line has of which nothing is known.
NOTHING = dict.fromkeys(FIELDS) | {"tags": [], "dialect": "openai", "estimated": False}
ALICE = {"key": "alice", "group": "engineers"}
ASKED = NOTHING | ALICE | {"operation": "chat_completions", "stream": False, "model_asked": "acme/chat"}
SERVED = ASKED | {
    "model": "acme/chat",
    "model_sent": "openai-model",
    "model_answered": "gpt-x-2026",
    "provider": "openai",
    "credential": "0",
    "attempts": "openai:200",
    "provider_request_id": "req-of-the-provider",
    "status": 200,
    "ended": "complete",
}


def config() -> dict:
    keys = [{"id": "alice", "group": "engineers", "sha256": hashlib.sha256(b"key-of-alice").hexdigest()}]
    return example.plan("openai", "groq") | {"keys": keys, "groups": [{"name": "engineers", "models": ["acme/*"]}], "access": {}}


class Stage:
    def __init__(self, version: str):
        self.behaviour = chatting()
        self.first = Upstream(lambda _request: self.behaviour)
        self.second = Upstream(chatting("Hello", (3, 2)))
        upstreams = {"openai": self.first, "groq": self.second}
        self.gateway = Gateway(config(), upstreams, version=version)

    def lines(self, count: int) -> int:
        return len(self.gateway.access_log()) + count

    def last(self, count: int) -> dict:
        return self.gateway.wait_log(count)[-1]


@pytest.fixture(scope="module", params=[NEWEST, OLDEST])
def stage(request: pytest.FixtureRequest):
    one = Stage(request.param)
    with one.gateway:
        yield one
    one.first.close()
    one.second.close()


def check(line: dict, expected: dict, *timed: str) -> None:
    """Compares a line; `timed` names the fields that hold some number of milliseconds."""
    assert list(line) == FIELDS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])
    assert re.fullmatch(r"gen_[0-9A-HJKMNP-TV-Z]{26}", line["id"])
    assert re.fullmatch(r"[0-9a-f-]{36}", line["request_id"])
    for name in ("duration_ms", "overhead_us", *timed):
        assert type(line[name]) is int and 0 <= line[name] < 10_000_000, name
    own = {"ts", "id", "request_id", "duration_ms", "overhead_us", "plan", *timed}
    assert {name: value for name, value in line.items() if name not in own} == {name: value for name, value in expected.items() if name not in own}
    if expected["attempts"]:
        assert "openai" in line["plan"] and "groq" in line["plan"]
    else:
        assert line["plan"] is None


@pytest.mark.parametrize("stream", [False, True])
def test_served(stage, stream):
    stage.behaviour = served(stream)
    answer = chat(stage.gateway.url, headers=KEY | {"ai-reporting-user": "u-1", "ai-reporting-tags": "a, b"}, stream=stream)
    line = stage.gateway.line_of(answer)
    check(line, SERVED | TOKENS | {"stream": stream, "user": "u-1", "tags": ["a", "b"]}, "ttft_ms")
    assert line["duration_ms"] >= line["ttft_ms"] >= 0 and line["overhead_us"] > 0


def served(stream: bool):
    if not stream:
        return answering("Hello", USAGE, "gpt-x-2026", headers=IDS)
    events = [chunk({"role": "assistant", "content": "Hello"}, model="gpt-x-2026"), chunk({}, "stop"), chunk(usage=USAGE), "data: [DONE]\n\n"]
    return sse(events, headers=IDS)


def test_a_fallback(stage):
    stage.behaviour = error(503, headers=IDS)
    line = stage.gateway.line_of(chat(stage.gateway.url, headers=KEY))
    second = {"model_sent": "groq-model", "model_answered": "mock", "provider": "groq", "provider_request_id": None, "input": 3, "output": 2}
    check(line, SERVED | second | {"attempts": "openai:503,groq:200"}, "ttft_ms")


def test_all_failed(stage):
    stage.behaviour = error(400, "bad", headers=IDS)
    line = stage.gateway.line_of(chat(stage.gateway.url, headers=KEY))
    failed = {"model_answered": None, "attempts": "openai:400", "status": 400, "error": "caller_bad_request", "ended": "failed"}
    check(line, SERVED | failed)


REFUSALS = {
    "no-key": (CHAT, {}, {"model": "acme/chat"}, {"operation": None, "status": 401, "error": "policy_key"}),
    "model": (CHAT, KEY, {"model": "acme/none"}, ASKED | {"model_asked": "acme/none", "status": 404, "error": "policy_model"}),
    "no-model": (CHAT, KEY, {}, ALICE | {"operation": "chat_completions", "status": 400, "error": "caller_bad_request"}),
    "path": ("/v1/nothing", KEY, {}, ALICE | {"status": 404, "error": "caller_bad_request"}),
    "tags": (CHAT, KEY | {"ai-reporting-tags": "x" * 65}, {"model": "acme/chat"}, ASKED | {"status": 400, "error": "caller_bad_request"}),
}


@pytest.mark.parametrize("path, headers, body, expected", REFUSALS.values(), ids=REFUSALS)
def test_refusals(stage, path, headers, body, expected):
    answer = request(stage.gateway.url, "POST", path, body, headers)
    check(stage.gateway.line_of(answer), NOTHING | expected | {"ended": "refused"})


@pytest.mark.parametrize("method, path, caller", [("GET", "/v1/models", ALICE), ("GET", "/v1/models/acme/chat", ALICE), ("OPTIONS", CHAT, {})])
def test_what_the_gateway_answers_itself(stage, method, path, caller):
    count = stage.lines(1)
    assert request(stage.gateway.url, method, path, headers=KEY).status == 200
    check(stage.last(count), NOTHING | caller | {"status": 200, "ended": "complete"})


def test_a_client_that_left_in_a_stream(stage):
    count = stage.lines(1)
    stage.behaviour = sse([chunk({"content": "Hello"}, usage=USAGE, model="gpt-x-2026")], end="hang", headers=IDS)
    connection, answer = open_stream(stage.gateway.url, headers=KEY)
    answer.read(20)
    answer.close()
    connection.close()
    check(stage.last(count), SERVED | TOKENS | {"stream": True, "ended": "client_left"}, "ttft_ms")


def test_a_client_that_left_before_an_answer(stage):
    count = stage.lines(1)
    stage.behaviour = hang()
    with pytest.raises(TimeoutError):
        chat(stage.gateway.url, headers=KEY, timeout=1.5)
    nobody = {"model_answered": None, "provider_request_id": None, "status": None, "attempts": "openai:pending"}
    check(stage.last(count), SERVED | nobody | {"ended": "client_left"})


@pytest.mark.parametrize("end", ["close", "reset", "end"])
def test_an_upstream_that_cut_its_stream(stage, end):
    events = [chunk({"content": "Hello"}, usage=USAGE, model="gpt-x-2026"), chunk({"content": "!"}, model="gpt-x-2026")]
    stage.behaviour = sse(events, delay=0.05, end=end, headers=IDS)
    answer = chat(stage.gateway.url, headers=KEY, stream=True)
    assert answer.cut == (end != "end")
    check(stage.gateway.line_of(answer), SERVED | TOKENS | {"output": TOKENS["output"] + 1, "estimated": True, "attempts": "openai:cut", "stream": True, "error": "provider_cut", "ended": "upstream_cut"}, "ttft_ms")


def test_one_line_per_request(stage):
    before = len(stage.gateway.access_log())
    stage.behaviour = chat_stream()
    ids = [chat(stage.gateway.url, headers=KEY, stream=n % 2 == 0).header("x-tollgate-generation") for n in range(20)]
    lines = stage.gateway.wait_log(before + 20)[before:]
    assert sorted(line["id"] for line in lines) == sorted(ids) and len(set(ids)) == 20
