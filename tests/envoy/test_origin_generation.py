"""`GET /v1/generation?id=`: what is known of a request that has ended, from any worker, for the key that made it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from client import Response
from mock import error
from world import World, open_config

AI_SDK = {"ai-gateway-protocol-version": "0.0.1"}


@pytest.fixture(scope="module")
def four():
    world = World(open_config(), concurrency=4)
    yield world
    world.close()


@pytest.fixture
def ring(four):
    return four.behave()


def generation(response: Response) -> str:
    return response.header("x-tollgate-generation")


def look(world: World, id: str, key: str | None = "alice", headers=()) -> Response:
    """A connection of its own, so whichever worker Envoy takes. The record is written when the request has ended."""
    end = time.monotonic() + 2
    while (found := world.get(f"/v1/generation?id={id}", key=key, headers=headers)).status == 404 and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_every_one_is_found_from_any_worker(ring):
    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda n: ring.chat(stream=n % 2 == 0), range(200)))
        found = list(crowd.map(lambda answer: look(ring, generation(answer)), answers))
    assert {answer.status for answer in answers + found} == {200}
    assert [one.json()["data"]["id"] for one in found] == [generation(answer) for answer in answers]
    assert [one.json()["data"]["streamed"] for one in found] == [n % 2 == 0 for n in range(200)]
    assert len({generation(answer)[-3] for answer in answers}) > 1, "that digit is the worker's, and more than one has answered"


def test_what_is_known_of_a_stream(ring):
    answer = ring.chat(stream=True)
    data = look(ring, generation(answer)).json()["data"]
    line = ring.line(answer)
    assert (data.pop("created_at"), data.pop("latency"), data.pop("generation_time")) == (line["ts"], line["ttft_ms"], line["duration_ms"])
    zeros = ("total_cost", "upstream_inference_cost", "usage", "native_tokens_reasoning", "native_tokens_cached")
    assert data == {"id": generation(answer), "model": "acme/chat", "is_byok": False, "provider_name": "openai", "streamed": True} | {
        "finish_reason": "stop",
        "tokens_prompt": 10,
        "tokens_completion": 5,
        "native_tokens_prompt": 10,
        "native_tokens_completion": 5,
        "native_tokens_cache_creation": 0,
        "billable_web_search_calls": 0,
        "cost_source": "unknown",
        "estimated": False,
    } | dict.fromkeys(zeros, 0)


def test_one_that_failed_is_there_too(ring):
    ring.behave(openai=error(500), azure=error(500), groq=error(500))
    answer = ring.chat()
    data = look(ring, generation(answer)).json()["data"]
    assert (answer.status, data["provider_name"], data["finish_reason"], data["native_tokens_prompt"]) == (503, "groq", "error", 0)


def test_another_key_finds_nothing(ring):
    answer = ring.chat()
    assert look(ring, generation(answer)).status == 200
    missing = {}
    for id in (generation(answer), "gen_01HF7YAT000000000000000000"):
        response = ring.get(f"/v1/generation?id={id}", key="bob")
        assert (response.status, response.json()["error"]["code"]) == (404, "generation_not_found")
        missing[id] = response.body.replace(id.encode(), b"")
    assert len(set(missing.values())) == 1, "one of somebody else is as unknown as one that never was"
    for headers in ({"x-jwt-sub": "alice"}, {}):
        assert ring.get(f"/v1/generation?id={generation(answer)}", key=None, headers=headers).status == 404, "not the key `alice`"
    named = ring.chat("acme/other", key=None, headers={"x-jwt-sub": "alice"})
    assert look(ring, generation(named), key=None, headers={"x-jwt-sub": "alice"}).status == 200
    assert ring.get(f"/v1/generation?id={generation(named)}").status == 404


@pytest.mark.parametrize("query, status, code", [("", 400, "invalid_body"), ("?id=", 400, "invalid_body"), ("?id=%ff%00", 404, "generation_not_found")])
def test_what_is_no_id(ring, query, status, code):
    response = ring.get("/v1/generation" + query)
    assert (response.status, response.json()["error"]["code"]) == (status, code)
    told = ring.get("/v1/generation" + query, headers=AI_SDK)
    assert told.json()["error"]["type"] == {400: "invalid_request_error", 404: "not_found"}[status]


def test_what_nobody_was_asked_for_is_not_kept(ring):
    refused = ring.chat("secret/model", key="bob")
    assert refused.status == 403
    ring.line(refused)
    assert ring.get(f"/v1/generation?id={generation(refused)}", key="bob").status == 404


def test_the_ring_wraps():
    """A worker keeps its last 1024: the first of 1100 has made way, and its place is another's."""
    world = World(open_config())
    try:
        world.behave()
        with ThreadPoolExecutor(8) as crowd:
            first = world.chat()
            assert look(world, generation(first)).status == 200
            answers = list(crowd.map(lambda _: world.chat(), range(1100)))
        world.gateway.wait_log(1102, timeout=20)
        assert world.get(f"/v1/generation?id={generation(first)}").status == 404
        assert world.get(f"/v1/generation?id={generation(answers[-1])}").status == 200
    finally:
        world.close()
