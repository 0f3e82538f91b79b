"""Fixtures of every test that runs a real Envoy: `gateway(...)` and `upstream(...)` make as many as a test wants."""

import shutil

import pytest
from harness import NEWEST, OLDEST, Gateway
from mock import Upstream

FAILED = pytest.StashKey[bool]()


def pytest_generate_tests(metafunc):
    """Tests run on the pinned Envoy; those marked `both` also on the oldest one that is supported."""
    if "envoy_version" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both")
        metafunc.parametrize("envoy_version", [NEWEST, OLDEST] if both else [NEWEST])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def gateway(envoy_version, request):
    """`gateway(config, upstreams, ...)` starts a Gateway; all of them are stopped, and looked at, after the test."""
    running = []

    def start(*args, **kwargs) -> Gateway:
        kwargs.setdefault("version", envoy_version)
        running.append(Gateway(*args, **kwargs))
        return running[-1].start()

    yield start
    problems = [problem for one in running if (problem := one.stop_quietly())]
    assert not problems, "\n".join(problems)
    if not request.node.stash.get(FAILED, False):  # else the logs are worth a look
        for one in running:
            shutil.rmtree(one.folder)


@pytest.fixture
def upstream():
    """`upstream(*behaviours)` starts a mock provider; see mock.py for the behaviours."""
    running = []

    def start(*behaviours, **kwargs) -> Upstream:
        running.append(Upstream(*behaviours, **kwargs))
        return running[-1]

    yield start
    for one in running:
        one.close()
