"""No prompt, completion or key anywhere but where it belongs: not in the access log, Envoy's log, stats or headers."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
from client import CHAT, chat, open_stream, request
from mock import answer as answering
from mock import chat as completion
from mock import chunk, close, error, sse, trailers

PROMPT, COMPLETION, CLIENT = "canary-prompt", "canary-completion", "canary-client-key"
WRONG = "canary-wrong-key"
SECRETS = [example.secret("openai"), example.secret("groq")]
CANARIES = [PROMPT, COMPLETION, CLIENT, WRONG, *SECRETS]
EVENTS = [chunk({"content": COMPLETION}), chunk({}, "stop"), "data: [DONE]\n\n"]
SAID = f"you sent '{PROMPT}' with Bearer {SECRETS[0]}, I say {COMPLETION}"
FAILED_EVENT = 'data: {"error":{"message":"' + SAID + '","type":"server_error","code":"' + SECRETS[0] + '"}}\n\n'

ALONE = {"x-tollgate-fallback": "off", "x-tollgate-explain": "1"}
# A provider may repeat to its caller what the caller said. Our key it must not; a stream that has begun passes as it is.
BEHAVIOURS = {
    "answer": completion(COMPLETION),
    "stream": sse(EVENTS),
    "cut": sse(EVENTS[:1], end="reset"),
    "no-end": sse(EVENTS[:1]),
    "error-in-stream": sse([EVENTS[0], FAILED_EVENT.replace(SECRETS[0], "***")]),
    "error-first": sse([FAILED_EVENT]),
    "400": error(400, SAID, code=SECRETS[0]),
    "401": error(401, SAID),
    "429": error(429, SAID, headers={"retry-after": "60"}),
    "500-text": answering(500, SAID, {"content-type": "text/plain"}),
    "not-json": answering(200, f'{{"model": {COMPLETION}', {"content-type": "application/json"}),
    "cookie": completion(COMPLETION, headers={"set-cookie": COMPLETION, "x-tollgate-provider": COMPLETION}),
    "trailers": trailers(COMPLETION.encode(), {"x-end": "1"}),
    "closed": close(),
}


def config(*providers: str) -> dict:
    keys = [{"id": "alice", "group": "all", "sha256": hashlib.sha256(CLIENT.encode()).hexdigest()}]
    return example.plan(*providers) | {"keys": keys, "groups": [{"name": "all", "models": ["*"]}], "access": {}}


@pytest.fixture
def running(gateway, upstream):
    """A gateway whose filter may say all it can."""
    first = upstream(lambda got: BEHAVIOURS[got.header("x-case")])
    one = gateway(config("openai", "groq"), {"openai": first, "groq": upstream(completion(COMPLETION))})
    one.post_admin("/logging?wasm=trace")
    return one


@pytest.mark.both
def test_no_canary_is_seen_from_outside(running):
    cases = [(name, stream, extra) for name in BEHAVIOURS for stream in (False, True) for extra in ({}, ALONE)]

    def ask(case):
        name, stream, extra = case
        headers = {"authorization": f"Bearer {CLIENT}", "x-case": name} | extra
        return name, {PROMPT, COMPLETION}, chat(running.url, prompt=PROMPT, headers=headers, stream=stream)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, cases))
    for name, got in bad_requests(running.url):
        answers.append((name, set(), got))
    headers = {"authorization": f"Bearer {CLIENT}", "x-case": "stream"}
    connection, answer = open_stream(running.url, headers=headers, messages=[{"role": "user", "content": PROMPT}])
    answer.read(10)
    connection.close()

    for name, allowed, got in answers:
        assert found(str(got.headers)) == set(), name
        assert found(got.body.decode()) <= allowed, name
    running.wait_log(len(answers) + 1)
    access_log = (running.folder / "access.log").read_text()
    assert found(access_log) == set() and "acme/chat" in access_log
    assert found(running.envoy_log()) == set()
    for page in ("/stats", "/stats/prometheus"):
        assert found(running.get_admin(page)) == set()


def found(text: str) -> set[str]:
    return {canary for canary in CANARIES if canary in text}


def bad_requests(url: str):
    """Requests that are refused with a word about what is wrong with them."""
    known = {"authorization": f"Bearer {CLIENT}"}
    message = [{"role": "user", "content": PROMPT}]
    for name, headers, body in (
        ("wrong-key", {"authorization": f"Bearer {WRONG}"}, {"model": "acme/chat", "messages": message}),
        ("wrong-tollgate-key", {"x-tollgate-key": WRONG}, {"model": "acme/chat", "messages": message}),
        ("byok", known | {"x-tollgate-byok-openai": WRONG}, {"model": "acme/chat", "messages": message}),
        ("no-model", known, {"messages": message}),
        ("not-json", known, '{"messages": "' + PROMPT + '", oops'),
        ("odd-option", known, {"model": "acme/chat", "messages": message, "providerOptions": {"gateway": {"only": [1]}}}),
        ("stream", known, {"model": "acme/chat", "stream": PROMPT}),
    ):
        got = request(url, "POST", CHAT, body, headers)
        assert 400 <= got.status < 500
        yield name, got
    yield "key-in-query", request(url, "POST", f"{CHAT}?key={CLIENT}", {"model": "acme/chat"})
