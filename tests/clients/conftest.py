"""The two SDKs as fixtures. Other parts are slow to start: one of each per file."""

import pytest
from sdk import Node, Python


@pytest.fixture(scope="session")
def node():
    one = Node()
    yield one
    one.close()


@pytest.fixture(params=["python", "node"])
def sdk(request, node):
    return {"python": Python(), "node": node}[request.param]
