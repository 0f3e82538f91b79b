"""Every recorded answer of Anthropic passes a real Envoy as it is, to a client of Anthropic's; its tokens are counted."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
import recorded
from client import Response, request
from harness import Gateway
from mock import Upstream, pieces
from recorded import Recording

PATHS = {"messages": "/v1/messages", "count_tokens": "/v1/messages/count_tokens"}
SEEDS = (None, 1, 2, 3)  # whole, and cut in three ways
ALL = recorded.load(("anthropic",), PATHS)
ANSWERS = [one for one in ALL if one.status < 400]
ERRORS = [one for one in ALL if one.status >= 400]
TALLY = Counter()


@pytest.fixture(scope="module")
def running():
    recorded.require()

    def choose(got):
        number, seed, keep = json.loads(got.header("x-recording"))
        one = ALL[number]
        return pieces([one.body[:keep]], headers=one.headers) if keep else one.replay(seed)

    upstream = Upstream(choose)
    targets = [[{"provider": "anthropic", "model": one.request["model"]}] for one in ALL]
    models = [{"name": f"rec/{number}", "targets": target} for number, target in enumerate(targets)]
    config = example.plan("anthropic") | {"models": models}
    with Gateway(config, {"anthropic": upstream}, concurrency=2) as gateway:
        yield gateway, upstream
    upstream.close()


def replay(gateway: Gateway, one: Recording, seed: int | None = None, keep: int | None = None) -> Response:
    number = ALL.index(one)
    headers = {"x-recording": json.dumps([number, seed, keep]), "anthropic-version": "2023-06-01", "x-api-key": "any"}
    return request(gateway.url, "POST", PATHS[one.endpoint], one.request | {"model": f"rec/{number}"}, headers)


def tokens(one: Recording) -> dict[str, int | None]:
    """Anthropic's words: what the cache took and gave stands beside the input. Later counts replace earlier ones."""
    reported = {}
    for data in recorded.said(one):
        for place in ((data.get("message") or {}).get("usage"), data.get("usage")):
            reported |= {name: value for name, value in (place or {}).items() if value is not None}
    read, written = reported.get("cache_read_input_tokens"), reported.get("cache_creation_input_tokens")
    into = reported.get("input_tokens")
    return {
        "input": None if into is None else into + (read or 0) + (written or 0),
        "cache_read": read,
        "cache_write": written,
        "output": reported.get("output_tokens"),
        "reasoning": (reported.get("output_tokens_details") or {}).get("thinking_tokens"),
    }


def model_answered(one: Recording) -> str | None:
    names = (data.get("model") or (data.get("message") or {}).get("model") for data in recorded.said(one))
    return next((name for name in names if name), None)


@pytest.mark.parametrize("one", ANSWERS, ids=lambda one: one.file)
def test_a_recorded_answer_passes_as_it_is(running, one):
    gateway, upstream = running
    before = len(upstream.requests)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda seed: replay(gateway, one, seed), SEEDS))
    for answer in answers:
        assert (answer.status, answer.cut) == (one.status, False), answer
        assert answer.body == one.body
        line = gateway.line_of(answer)
        used = tokens(one)
        assert {name: line[name] for name in used} == used
        assert (line["model_answered"], line["model_sent"]) == (model_answered(one), one.request["model"])
        assert (line["ended"], line["error"], line["dialect"], line["operation"]) == ("complete", None, "anthropic", one.endpoint)
        TALLY["stream" if one.is_stream else "JSON"] += 1
        TALLY["usage"] += used["input"] is not None
    name = json.dumps(one.request["model"]).encode()
    asked = json.dumps(one.request | {"model": f"rec/{ALL.index(one)}"}).encode()
    for got in upstream.requests[before:]:
        assert got.body == asked.replace(f'"rec/{ALL.index(one)}"'.encode(), name, 1), "only the model was changed"
        assert (got.path, got.header("x-api-key")) == (PATHS[one.endpoint], example.secret("anthropic"))


@pytest.mark.parametrize("one", [one for one in ANSWERS if one.is_stream], ids=lambda one: one.file)
def test_line_34_a_recorded_stream_that_is_cut_ends_in_an_error(running, one):
    gateway, _ = running
    begun = one.body.index(b"event: content_block_start") if b"content_block_start" in one.body else len(one.body) // 2
    stop = one.body.rindex(b"event: message_stop")
    for keep in {(begun + stop) // 2, stop}:
        answer = replay(gateway, one, keep=keep)
        assert answer.status == 200 and answer.body.startswith(one.body[:keep])
        tail = answer.body[keep:].decode()
        assert tail.startswith("\n\nevent: error\ndata: ") and tail.endswith("\n\n"), tail
        told = json.loads(tail.removeprefix("\n\nevent: error\ndata: "))
        assert (told["type"], told["error"]["type"]) == ("error", "api_error")
        line = gateway.line_of(answer)
        assert (line["ended"], line["error"]) == ("upstream_cut", "provider_cut")
        TALLY["cut"] += 1


# What the table of errors makes of a provider's status.
STATUS = {400: (400, "invalid_request_error"), 401: (424, "api_error"), 404: (404, "not_found_error")}


@pytest.mark.parametrize("one", ERRORS, ids=lambda one: one.file)
def test_a_recorded_error_is_one_of_anthropics(running, one):
    gateway, _ = running
    answer = replay(gateway, one)
    status, kind = STATUS[one.status]
    body = answer.json()
    assert (answer.status, body["type"], body["error"]["type"]) == (status, "error", kind), answer
    if one.status != 401:
        assert one.json()["error"]["message"] in body["error"]["message"]
    assert example.secret("anthropic") not in answer.body.decode()
    TALLY["error"] += 1


def test_everything_was_there(running, capsys):
    """The last test: prints what was replayed."""
    if not TALLY["stream"]:
        pytest.skip("run with the tests above")
    with capsys.disabled():
        print(f"\nanthropic: {dict(TALLY)}")
    assert TALLY["JSON"] and TALLY["usage"] and TALLY["cut"] and TALLY["error"] == len(ERRORS)
