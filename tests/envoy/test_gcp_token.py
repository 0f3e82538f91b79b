"""Tokens of a GCP metadata server, at one gateway with four workers: who fetches, who gets what, and what becomes of it when
a provider refuses one, or a server gives something else."""

import pytest
from client import chat
from harness import Gateway
from load import ask, crowd, wait_until
from metadata import TOKEN_PATH, Metadata, Vertex, bearer, clusters, settings, vertex
from mock import Upstream, answer, chatting, hang, reserve_port, reset, trailers

WORKERS = 4
GARBAGE = {  # what a server may give instead of a token, once
    "html": answer(200, "<html>log in</html>", {"content-type": "text/html"}),
    "empty": answer(200),
    "missing": answer(404, "no service account"),
    "huge": answer(200, b'{"access_token":"' + b"x" * 3_000_000 + b'","expires_in":3599}'),
    "control": answer(200, b'{"access_token":"a\\r\\nx-evil: 1","expires_in":3599}'),
    "bytes": answer(200, b"\xff\xfe\x00"),
    "over": answer(200, {"access_token": "ya29.over", "expires_in": 0}),
    "reset": reset(),
    "trailers": trailers(b"[]", {"x-late": "1"}),
}


class Cloud:
    """A gateway with a provider for each metadata server, all of them at one mock of Vertex but `second`, which has its own."""

    def __init__(self, version: str):
        self.servers = {name: Metadata(name) for name in ("first", "second", "silent", *GARBAGE)}
        for name, fault in GARBAGE.items():
            self.servers[name].faults = [fault]
        self.servers["silent"].faults = [hang()]
        self.vertex, self.accounts = Vertex(), {}
        self.mocks = {"vertex-anthropic": Upstream(self.vertex), "vertex": Upstream(self.vertex), "groq": Upstream(chatting("from groq"))}
        providers = [vertex(name, name, "vertex" if name == "second" else "vertex-anthropic") for name in self.servers]
        providers += [vertex("nowhere", "not-in-envoy"), vertex("dead", "dead"), vertex("homeless", "homeless"), vertex("same", "first")]
        edit = clusters(dead=reserve_port(), homeless=None, **self.servers)
        self.gateway = Gateway(settings(*providers), dict(self.mocks), version=version, concurrency=WORKERS, edit=edit).start()
        self.url = self.gateway.url

    def close(self) -> None:
        problem = self.gateway.stop_quietly()
        for mock in (*self.mocks.values(), *self.servers.values()):
            mock.close()
        assert not problem, problem

    def chat(self, model: str, **how):
        return chat(self.url, model, **how)

    def wait(self, name: str) -> None:
        wait_until(lambda: self.chat(f"acme/{name}").status == 200)

    def used(self, cluster: str = "vertex-anthropic") -> list[str]:
        return [bearer(request) for request in self.mocks[cluster].requests]

    def forget(self) -> None:
        for mock in self.mocks.values():
            mock.requests = []


@pytest.fixture(scope="module")
def clouds():
    running: dict[str, Cloud] = {}
    yield running
    for one in running.values():
        one.close()


@pytest.fixture
def cloud(clouds, envoy_version) -> Cloud:
    if envoy_version not in clouds:
        clouds[envoy_version] = Cloud(envoy_version)
    cloud = clouds[envoy_version]
    cloud.wait("first")
    cloud.forget()
    return cloud


@pytest.mark.both
def test_one_worker_fetches_for_all(cloud):
    for name in ("first", "second"):
        cloud.wait(name)
        cloud.forget()
        answers = crowd(cloud.url, (ask(f"acme/{name}", stream=number % 2 == 0) for number in range(200)), connections=4 * WORKERS)
        assert {one.status for one in answers} == {200}
        mock = "vertex" if name == "second" else "vertex-anthropic"
        assert cloud.used(mock) == [f"ya29.{name}.1"] * 200
        (fetch,) = cloud.servers[name].requests
        assert (fetch.method, fetch.path) == ("GET", TOKEN_PATH)
        assert (fetch.header("host"), fetch.header("metadata-flavor")) == ("metadata.google.internal", "Google")
        assert fetch.header("x-forwarded-for") is None, "a metadata server refuses what a proxy passes on"
    assert cloud.servers["first"].tokens == ["ya29.first.1"], "two providers go by it"
    assert cloud.chat("acme/same").text() == "from vertex"
    assert cloud.used()[-1] == "ya29.first.1"


@pytest.mark.both
@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_token_is_asked_for_again(cloud, name):
    wait_until(lambda: cloud.chat(f"acme/{name}").status == 200)
    server = cloud.servers[name]
    assert server.tokens == [f"ya29.{name}.1"] and len(server.requests) == 2
    assert 0.3 < server.requests[1].at - server.requests[0].at < 3
    log = cloud.gateway.envoy_log()
    (line,) = (line for line in log.splitlines() if f"no token by cluster {name}:" in line)
    assert "next try in 0.5 s" in line
    assert log.count(f"a token has come by cluster {name}") == 1
    assert cloud.used()[-1] == f"ya29.{name}.1"


@pytest.mark.both
@pytest.mark.parametrize("name", ["dead", "nowhere", "homeless"])
def test_without_a_token_nothing_is_sent(cloud, name):
    response = cloud.chat(f"acme/{name}")
    error = response.json()["error"]
    assert (response.status, error["type"], error["code"]) == (503, "server_error", "no_provider")
    assert error["message"] == "The gateway has no token for this provider at the moment."
    heads = ("x-tollgate-error", "retry-after", "x-should-retry", "x-tollgate-attempts")
    assert [response.header(head) for head in heads] == ["provider_key", "1", None, f"{name}:no_token"]
    line = cloud.gateway.line_of(response)
    assert (line["credential"], line["error"], line["status"], line["ended"]) == ("gcp", "provider_key", 503, "failed")
    assert cloud.used() == []
    # With somebody else behind it in the plan, nobody notices.
    before = value(cloud, name)
    response = cloud.chat(f"acme/{name}-or")
    assert (response.text(), response.header("x-tollgate-attempts")) == ("from groq", "groq:200")
    assert (before, value(cloud, name)) == (1, 1)


def value(cloud: Cloud, name: str) -> float:
    labels = {"model": f"acme/{name}", "provider": name, "error_type": "provider_key"}
    return cloud.gateway.metrics().value("tollgate_attempts_total", **labels)


def test_others_that_fail_lead_to_nobody_without_a_token(cloud):
    """groq is asked first, since the token has not come, and the plan ends with it instead of at a refusal of our own."""
    cloud.mocks["groq"].behaviours = (answer(503, "down"),)
    try:
        response = cloud.chat("acme/dead-or")
        assert (response.status, response.header("x-tollgate-attempts")) == (503, "groq:503")
    finally:
        cloud.mocks["groq"].behaviours = (chatting("from groq"),)


def test_a_refused_token_is_fetched_anew(cloud):
    cloud.wait("second")
    server, old = cloud.servers["second"], cloud.servers["second"].tokens[-1]
    cloud.vertex.refused.add(old)
    response = cloud.chat("acme/second")
    assert (response.status, response.json()["error"]["code"]) == (424, "provider_credential_rejected")
    wait_until(lambda: cloud.chat("acme/second").status == 200)
    fresh = server.tokens[-1]
    assert fresh != old and len(server.tokens) == 2, "one fetch, whichever worker heard of it"
    cloud.forget()
    answers = crowd(cloud.url, (ask("acme/second") for _ in range(40)), connections=4 * WORKERS)
    assert {one.status for one in answers} == {200} and set(cloud.used("vertex")) == {fresh}

    # The other provider's token has nothing to do with it; and a plan with a second target loses no request.
    assert len(cloud.servers["first"].tokens) == 1
    cloud.vertex.refused.add(fresh)
    response = cloud.chat("acme/second-or")
    assert (response.text(), response.header("x-tollgate-attempts")) == ("from groq", "second:401,groq:200")
    wait_until(lambda: cloud.chat("acme/second-or").text() == "from vertex")


@pytest.mark.both
def test_a_silent_server_is_given_up(cloud):
    """A fetch has five seconds. Meanwhile no other worker begins one."""
    wait_until(lambda: cloud.chat("acme/silent").status == 200)
    server = cloud.servers["silent"]
    first, second = (request.at for request in server.requests)
    assert 5 < second - first < 8 and server.tokens == ["ya29.silent.1"]
    (line,) = (line for line in cloud.gateway.envoy_log().splitlines() if "no token by cluster silent:" in line)
    assert "no answer" in line or "answer 504" in line


def test_nothing_shows_a_token(cloud):
    """Not even where a provider repeats it in its error."""
    token = cloud.servers["first"].tokens[-1]
    cloud.mocks["vertex-anthropic"].behaviours = (answer(400, {"error": {"message": f"no {token}", "status": "INVALID_ARGUMENT"}}),)
    try:
        failed = cloud.chat("acme/first")
    finally:
        cloud.mocks["vertex-anthropic"].behaviours = (cloud.vertex,)
    served = cloud.chat("acme/first", headers={"x-tollgate-explain": "1"})
    assert (failed.status, served.status) == (400, 200)
    line = cloud.gateway.line_of(served)
    assert (line["credential"], line["provider"]) == ("gcp", "first")
    cloud.gateway.line_of(failed)
    seen = [str(one.headers) + one.body.decode() for one in (failed, served)]
    seen += [cloud.gateway.get_admin(path) for path in ("/config_dump", "/stats/prometheus", "/stats?filter=tollgate")]
    seen += [cloud.gateway.envoy_log(), str(cloud.gateway.access_log())]
    assert not [text for text in seen if "ya29" in text or "evil" in text]
