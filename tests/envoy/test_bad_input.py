"""Whatever bytes come in: a 4xx in JSON, no crash, and no memory that stays."""

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from bad_requests import FORM, JSON_PATHS, Bad, Mutator, by_hand, statuses
from client import raw
from harness import Gateway
from mock import Upstream, chat

CONFIG = {
    "role": "gateway",
    # No vendor that would take names of its own: every name is known or not.
    "providers": [{"name": "p", "preset": "openai-compatible", "cluster": "ollama", "base_url": "http://p.test/v1", "credentials": "none"}],
    "models": [{"name": "acme/chat", "targets": [{"provider": "p", "model": "the-model"}]}],
    "access": {"allow_unauthenticated": True},
}
RANDOM, SEED = 10_000, 20261122
WORKERS = 12


class Journal(Upstream):
    """Keeps only what is wrong with what arrived: every `model` must be the target's."""

    def __init__(self):
        self.served, self.wrong = 0, []
        super().__init__(self._look)

    def _look(self, request):
        self.requests.clear()
        self.served += 1
        if b"--XX" not in request.body and request.json()["model"] != "the-model":
            self.wrong.append(request.body)
        return chat()


@pytest.fixture(scope="module")
def mock():
    journal = Journal()
    yield journal
    journal.close()


@pytest.fixture(scope="module")
def running(mock):
    with Gateway(CONFIG, {"ollama": mock}, concurrency=2) as gateway:  # fails at the end when the filter has crashed
        yield gateway


local = threading.local()


def send(url: str, bad: Bad) -> tuple[int, dict, bytes]:
    """One request over this thread's kept connection."""
    if getattr(local, "url", None) != url:
        local.url, local.connection = url, http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    for attempt in (1, 2):
        try:
            local.connection.putrequest(bad.method, "/v1/" + bad.path, skip_accept_encoding=True)
            for name, value in bad.headers:
                local.connection.putheader(name, value)
            local.connection.putheader("content-length", str(len(bad.body)))
            try:
                local.connection.endheaders(bad.body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # answered before all was sent: the answer is there to be read
            answer = local.connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (http.client.RemoteDisconnected, ConnectionError):
            local.connection.close()  # the kept connection was closed in between: once more on a new one
            if attempt == 2:
                raise
    raise AssertionError


def check(url: str, bad: Bad) -> int:
    """The status, when the answer is one that the request may get."""
    status, headers, body = send(url, bad)
    assert status in bad.statuses, (status, bad.path, bad.body[:400], body)
    if status >= 400:
        error = json.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"} and error["message"] and error["code"], body
        assert headers["content-type"] == "application/json" and headers["x-tollgate-error"], headers
    return status


def all_of(url: str, cases) -> list[int]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda bad: check(url, bad), cases))


def alive(gateway: Gateway) -> None:
    """Every VM that was there is there, nothing is in flight, and the next request is served."""
    reloads = {name: value for name, value in gateway.stats("vm_reload").items() if value}
    assert not reloads
    good = Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({200}))
    assert set(all_of(gateway.url, [good] * 50)) == {200}
    assert gateway.metrics().value("tollgate_in_flight") == 0


def test_by_hand(running, mock):
    cases = by_hand()
    assert len(cases) >= 400
    for name, bad in cases.items():
        try:
            check(running.url, bad)
        except Exception as problem:
            raise AssertionError(name) from problem
    assert mock.served == 0
    alive(running)


def test_random(running, mock):
    mutator, bad, others = Mutator(SEED), [], []
    while len(bad) < RANDOM:
        if len(bad) % 20 == 19:
            bad.append(Bad("audio/transcriptions", mutator.form(), headers=(("content-type", FORM),)))
            continue
        body = mutator.json()
        may = statuses(body)
        path = mutator.random.choice(JSON_PATHS)
        (others if 200 in may else bad).append(Bad(path, body, may))
    assert len(others) > 1000, "mutants that are still valid show that the others are not refused for nothing"
    before = running.metrics().value("tollgate_refusals_total")
    found = all_of(running.url, bad + others)
    assert min(found[: len(bad)]) >= 400 and found[len(bad) :].count(200) > 1000
    assert mock.wrong == []
    assert running.metrics().value("tollgate_refusals_total") - before == sum(status >= 400 for status in found)
    alive(running)


def test_memory_does_not_grow(running):
    """The wasm memory is part of the process: it never shrinks, so what comes later must find room in what there is."""
    mutator = Mutator(SEED + 1)
    big = [bad for bad in by_hand().values() if len(bad.body) > 1 << 20]

    def small() -> int:
        bodies = [mutator.json() for _ in range(2000)]
        all_of(running.url, [Bad("chat/completions", body, statuses(body)) for body in bodies])
        return running.memory()

    def large() -> int:
        all_of(running.url, big * 2)
        return running.memory()

    for load, rounds, most in [(small, 3, 2), (large, 6, 12)]:
        load(), load()  # both workers have seen the worst
        first, *_, last = [load() for _ in range(rounds)]
        assert last - first <= most << 20, f"{load.__name__}: {first >> 20} MiB -> {last >> 20} MiB"


GOOD_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"


NO_HTTP = [
    (b"nonsense\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
    (b"POST /v1/chat/completions HTTP/1.1\r\n\r\n", 400),
    (b"POST /v1/chat/completions HTTP/1.0\r\nhost: x\r\n\r\n", 426),
    (b"POST v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n", 400),
    (GOOD_HEAD + b"content-length: x\r\n\r\n", 400),
    (GOOD_HEAD + b"content-length: -1\r\n\r\n", 400),
    (GOOD_HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", 400),
    (GOOD_HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", 400),
    (GOOD_HEAD + b"transfer-encoding: nonsense\r\n\r\n{}", 501),
    (GOOD_HEAD + b"transfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n", 400),
    (GOOD_HEAD + b"x: a\0b\r\n\r\n", 400),
    (GOOD_HEAD + b"a b: c\r\n\r\n", 400),
    (GOOD_HEAD + b": c\r\n\r\n", 400),
    (GOOD_HEAD + b"upgrade: websocket\r\nconnection: upgrade\r\n\r\n", 426),
    (GOOD_HEAD + b"x: " + b"y" * 100_000 + b"\r\n\r\n", 431),
    (b"POST /" + b"x" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 431),
    (b"CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n\r\n", 405),
    (GOOD_HEAD + b"content-length: 0\r\n\r\n", 400),
]


def test_what_is_not_even_http_gets_json_too(running):
    with ThreadPoolExecutor(len(NO_HTTP)) as pool:  # each waits for the connection's end
        answers = pool.map(lambda case: raw(running.url, case[0], timeout=5), NO_HTTP)
    for (sent, status), answer in zip(NO_HTTP, answers):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split(b" ")[1:2] == [str(status).encode()], (sent[:80], answer)
        assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}, (sent[:80], answer)
        assert b"x-tollgate-error: " in head, (sent[:80], answer)
