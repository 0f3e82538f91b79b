"""One OpenAI client, seven providers, five APIs: each is asked in its own words, and answers in the client's."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from babel import FOREIGN, MODELS, PLANS, finish, saw_only_its_own
from client import Response
from mock import error, hang
from speaking import speaking

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Again, pl\u00e9ase"},
]


@pytest.mark.both
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", FOREIGN)
def test_each_is_asked_as_it_wants_and_answers_as_the_client_wants(babel, name, stream):
    before = {kind: babel.value("tollgate_tokens_total", provider=name, type=kind) for kind in ("input", "output")}
    response = babel.chat(f"acme/{name}", messages=TALK, stream=stream, stream_options={"include_usage": True} if stream else None)
    assert (response.status, response.text(), finish(response)) == (200, f"from {name}", "stop"), response
    kind = "text/event-stream" if stream else "application/json"
    assert (response.header("content-type"), response.header("x-tollgate-attempts")) == (kind, f"{name}:200")
    assert response.header("x-tollgate-dropped-params") is None
    answer = response.events()[-2] if stream else response.json()
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (10, 5)
    assert answer["object"] == ("chat.completion.chunk" if stream else "chat.completion")

    saw_only_its_own(babel.seen(name), name, stream)
    assert babel.counts() == {name: 1}
    for said in ("Be brief.", "Hi", "Hello."):
        assert f'"{said}"' in babel.seen(name)
    assert babel.seen(name).body.decode().count("Again, pl\u00e9ase") == 1

    line = babel.line(response)
    assert (line["input"], line["output"], line["provider"], line["model_sent"]) == (10, 5, name, MODELS[name])
    assert (line["status"], line["ended"], line["stream"]) == (200, "complete", stream)
    for kind, count in (("input", 10), ("output", 5)):
        assert babel.value("tollgate_tokens_total", provider=name, type=kind) == before[kind] + count


@pytest.mark.both
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("plan", ["acme/three", "acme/all", "acme/back"])
def test_each_attempt_is_translated_from_the_request_as_it_came(babel, plan, stream):
    """All but the last fail: what each saw is what it sees when it is the only one."""
    names = PLANS[plan]
    alone = {}
    for name in names:
        babel.behave().chat(f"acme/{name}", messages=TALK, stream=stream, temperature=0.5)
        alone[name] = (babel.seen(name).path, babel.seen(name).body)

    babel.behave(**{name: error(503, "busy") for name in names[:-1]})
    response = babel.chat(plan, messages=TALK, stream=stream, temperature=0.5)
    assert (response.status, response.text(), finish(response)) == (200, f"from {names[-1]}", "stop"), response
    assert response.header("x-tollgate-attempts") == ",".join([f"{name}:503" for name in names[:-1]] + [f"{names[-1]}:200"])
    assert babel.counts() == dict.fromkeys(names, 1)
    for name in names:
        saw_only_its_own(babel.seen(name), name, stream)
        assert (babel.seen(name).path, babel.seen(name).body) == alone[name], name


@pytest.mark.parametrize("name", FOREIGN)
def test_a_client_that_leaves_is_no_failure(babel, name):
    babel.behave(**{name: speaking("Hello" * 10, keep=4, end="hang")})
    connection, response = babel.stream(f"acme/{name}")
    assert response.status == 200 and response.read1(10)
    connection.close()
    line = babel.gateway.line_of(Response(200, response.getheaders()))
    assert (line["ended"], line["provider"], line["error"]) == ("client_left", name, None)
    assert wait_until(lambda: babel.seen(name).left), "the provider need not go on either"


def test_whoever_says_nothing_is_passed_over(babel):
    """All at the same time, since it takes as long as one."""
    names = [name for name in FOREIGN if name != "anthropic"]
    babel.behave(**{name: hang() for name in names})
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(lambda name: babel.chat(f"slow/{name}", stream=name == "google"), names))
    outcomes = [(answer.status, answer.text(), answer.header("x-tollgate-attempts")) for answer in answers]
    assert outcomes == [(200, "from anthropic", f"{name}:timeout,anthropic:200") for name in names]


def wait_until(holds, timeout: float = 30) -> bool:
    end = time.monotonic() + timeout
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()
