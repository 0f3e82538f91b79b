"""Several servers behind one self-hosted provider: Envoy's ring hash keeps a conversation at one of them."""

import collections

import client
import example
import pytest
from mock import chat

CONVERSATIONS, TURNS = 30, 4


def turns(conversation: int) -> list[list[dict]]:
    """The messages of a conversation that grows, turn by turn."""
    said, all_turns = [], []
    for turn in range(TURNS):
        said = said + [{"role": "user", "content": f"conversation {conversation}, turn {turn}"}]
        all_turns.append(said)
        said = said + [{"role": "assistant", "content": "yes"}]
    return all_turns


@pytest.fixture
def served_by(gateway, upstream):
    """`served_by(affinity, policy)` gives a function: messages -> the server that answered."""

    def start(affinity: str, policy: str, **more):
        servers = [upstream(chat(f"server {n}")) for n in range(3)]

        def edit(tree):
            cluster = example.clusters(tree)["ollama"]
            addresses = [{"address": "127.0.0.1", "port_value": server.port} for server in servers]
            endpoints = [{"endpoint": {"address": {"socket_address": address}}} for address in addresses]
            cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = endpoints
            cluster["lb_policy"] = policy

        config = example.plan("ollama", "groq", routing={"affinity": affinity})
        url = gateway(config, {"ollama": servers[0]}, edit=edit, **more).url
        return lambda messages: client.chat(url, messages=messages).text()

    return start


@pytest.mark.both
@pytest.mark.parametrize("policy", ["RING_HASH", "MAGLEV"])
def test_a_conversation_stays_at_one_server(served_by, policy):
    server_of = served_by("conversation", policy, concurrency=2)
    servers = [{server_of(messages) for messages in turns(n)} for n in range(CONVERSATIONS)]
    assert all(len(those) == 1 for those in servers), "a conversation moved"
    assert set.union(*servers) == {"server 0", "server 1", "server 2"}, "each has its share"


def test_without_affinity_servers_are_drawn(served_by):
    server_of = served_by("none", "RING_HASH")
    assert len(collections.Counter(server_of(turns(1)[0]) for _ in range(60))) == 3
