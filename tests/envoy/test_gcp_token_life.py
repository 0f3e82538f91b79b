"""The life of a token: it is replaced in time, comes late, and outlasts a new configuration."""

import itertools
import threading
import time

import pace
import pytest
from client import chat
from ecds import Watched
from harness import Gateway
from load import ask, crowd, for_seconds, wait_until
from metadata import Metadata, Vertex, bearer, clusters, settings, vertex
from mock import reserve_port
from speaking import speaking

pytestmark = pytest.mark.alone


@pytest.fixture
def server():
    servers = []

    def start(*args, **how) -> Metadata:
        servers.append(Metadata(*args, **how))
        return servers[-1]

    yield start
    for one in servers:
        one.close()


@pytest.mark.both
def test_tokens_are_replaced_before_they_are_over(gateway, upstream, server):
    """Tokens of two seconds, for four of them, on four workers: no request goes without a good one, nobody fetches beside
    another, and streams that run meanwhile are whole."""
    metadata, mock = server(lifetime=2), upstream(Vertex())
    slow = upstream(speaking("a stream that outlives its token", delay=0.5))
    config = settings(vertex("claude", "gcp_metadata"), vertex("slow", "gcp_metadata", "vertex"))
    edit = clusters(gcp_metadata=metadata)
    running = gateway(config, {"vertex-anthropic": mock, "vertex": slow}, concurrency=4, edit=edit)
    wait_until(lambda: chat(running.url, "acme/claude").status == 200)
    mock.requests = []

    streams = []
    crowd_of_streams = threading.Thread(target=lambda: streams.extend(crowd(running.url, [ask("acme/slow", stream=True)] * 8, connections=8)))
    crowd_of_streams.start()
    began, lost = time.monotonic(), pace.lost()
    answers = crowd(running.url, for_seconds(4, "acme/claude"), connections=2)
    lasted = time.monotonic() - began
    crowd_of_streams.join()
    late = pace.lost() - lost
    assert {one.status for one in answers} == {200}
    assert [one.status for one in streams] == [200] * 8
    assert all(one.body.endswith(b"data: [DONE]\n\n") for one in streams)

    given = dict(metadata.given)
    ages = [request.at - given[bearer(request)] for request in mock.requests]
    assert max(ages) < 2.2 + late, "no token is used when it is over"
    gaps = [b - a for a, b in itertools.pairwise(metadata.given_at)]
    assert all(1.6 - late < gap < 2.2 + late for gap in gaps), gaps
    assert len({bearer(request) for request in mock.requests}) >= int(lasted / (2.2 + late)), "the newest is used"


def test_a_server_that_is_down_at_the_start_and_comes_back(gateway, upstream, server):
    port, mock = reserve_port(), upstream(Vertex())
    running = gateway(settings(vertex("claude", "gcp_metadata")), {"vertex-anthropic": mock}, concurrency=2, edit=clusters(gcp_metadata=port))
    wait_until(lambda: "next try in 0.5 s" in running.envoy_log())
    assert chat(running.url, "acme/claude").status == 503 and mock.requests == []
    metadata, back, lost = server(port=port), time.monotonic(), pace.lost()
    wait_until(lambda: chat(running.url, "acme/claude").status == 200)
    assert time.monotonic() - back < 3 + pace.lost() - lost, "waits grow, but not that fast"
    assert {bearer(request) for request in mock.requests} == {"ya29.m.1"} and len(metadata.requests) == 1
    assert "a token has come by cluster gcp_metadata" in running.envoy_log()


def test_a_new_configuration_goes_on_with_the_token(upstream, server):
    metadata, mock, watched = server(), upstream(Vertex()), Watched()

    def edit(tree: dict) -> None:
        clusters(gcp_metadata=metadata)(tree)
        watched.take(tree)

    before, after = (settings(vertex(name, "gcp_metadata")) for name in ("before", "after"))
    with Gateway(before, {"vertex-anthropic": mock}, concurrency=4, edit=edit) as running:
        wait_until(lambda: chat(running.url, "acme/before").status == 200)
        watched.write(after)
        wait_until(lambda: chat(running.url, "acme/before").status == 404)
        answers = crowd(running.url, [ask("acme/after")] * 100, connections=16)
        assert {one.status for one in answers} == {200}
        assert len(metadata.requests) == 1

        # One that asks for no token, and back: the token is still there.
        watched.write(settings())
        wait_until(lambda: chat(running.url, "acme/after").status == 404)
        watched.write(before)
        wait_until(lambda: chat(running.url, "acme/before").status == 200)
        assert len(metadata.requests) == 1 and set(map(bearer, mock.requests)) == {"ya29.m.1"}
