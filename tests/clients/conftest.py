"""The SDKs as fixtures. Other parts are slow to start: one of each per file."""

import pytest
from ai_sdk import PATHS, AiSdk
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


class Versions(dict):
    """A process per version of the AI SDK, once somebody asks for it."""

    def __missing__(self, version: int) -> AiSdk:
        self[version] = AiSdk(version)
        return self[version]


@pytest.fixture(scope="session")
def ai_sdks():
    running = Versions()
    yield running
    for one in running.values():
        one.close()


@pytest.fixture(params=list(PATHS), ids=[f"ai{version}" for version in PATHS])
def ai(request, ai_sdks):
    """The AI SDK, each of its versions; see ai_sdk.py."""
    return ai_sdks[request.param]
