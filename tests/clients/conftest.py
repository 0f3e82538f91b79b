"""The SDKs as fixtures. Other parts are slow to start: one of each per file."""

import pytest
from sdk import AnthropicNode, AnthropicPython, Node, Python


@pytest.fixture(scope="session")
def node():
    one = Node()
    yield one
    one.close()


@pytest.fixture(params=["python", "node"])
def sdk(request, node):
    return {"python": Python(), "node": node}[request.param]


@pytest.fixture(scope="session")
def anthropic_node():
    one = AnthropicNode()
    yield one
    one.close()


@pytest.fixture(params=["python", "node"])
def anthropic(request, anthropic_node):
    return {"python": AnthropicPython(), "node": anthropic_node}[request.param]
