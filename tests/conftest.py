"""Fixtures of every test that runs a real Envoy: `gateway(...)` and `upstream(...)` make as many as a test wants."""

import shutil
import time

import pace
import pytest
from babel import Babels
from harness import NEWEST, OLDEST, Gateway
from mock import Upstream
from trio import Trios
from world import World

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    return pace.workers()


class Progress:
    """A line per so many tests in the place of a dot for each: what failed is to be found in the output."""

    def __init__(self, config, every: int = 250):
        self.config, self.every, self.done, self.began = config, every, 0, time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report):
        if report.when == "call" or not report.passed:
            return ("error" if report.failed and report.when != "call" else report.outcome), "", report.outcome.upper()
        return "", "", ""

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._say(f"FAILED {report.nodeid}")
        if report.when == "teardown":
            self.done += 1
            if self.done % self.every == 0:
                self._say(f"{self.done} tests after {time.monotonic() - self.began:.0f} s")

    def _say(self, line: str) -> None:
        self.config.pluginmanager.get_plugin("terminalreporter").write_line(line)


def pytest_configure(config):
    if config.option.verbose < 0:
        config.pluginmanager.register(Progress(config))


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


@pytest.fixture(scope="module")
def trios():
    """The trio of each version of Envoy, shared by a file; a file that wants another one has a fixture of this name."""
    running = Trios()
    yield running
    running.close()


@pytest.fixture
def trio(trios, envoy_version):
    """Three providers that differ in all that can be told apart; see trio.py."""
    return trios.of(envoy_version)


@pytest.fixture(scope="session")
def babels():
    """Seven providers with five APIs, of each version of Envoy; shared by all tests of translation."""
    running = Babels()
    yield running
    running.close()


@pytest.fixture
def babel(babels, envoy_version):
    """See babel.py."""
    return babels.of(envoy_version)


@pytest.fixture(scope="module")
def shared():
    """One gateway with several callers for a file; `world` is it, with its mocks told anew for each test."""
    world = World()
    yield world
    world.close()


@pytest.fixture
def world(shared):
    return shared.behave()


@pytest.fixture
def open_world(shared_open):
    """The file's own `shared_open`, a gateway without keys, with its mocks told anew for each test."""
    return shared_open.behave()
