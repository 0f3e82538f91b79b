"""Targets that fail in a row rest on all workers: how often they are asked meanwhile, how they come back, and what is
nobody's failure. Four workers; a rest lasts one second here."""

import itertools
import json
import time
from collections import Counter

import pace
import pytest
from client import chat
from load import Answer, ask, crowd, for_seconds, hold, leave, wait_until
from mock import chat as slow_chat
from mock import chat_stream, chatting, error, hang
from world import World, config, target

pytestmark = pytest.mark.alone

REST, AFTER, CONNECTIONS = 1.0, 3, 32


def settings() -> dict:
    three = [target("openai", "large"), target("azure", "large", 1), target("groq", "large", 2)]
    models = [
        {"name": "acme/chat", "targets": three},
        {"name": "acme/small", "targets": [target("openai", "small"), target("azure", "small", 1)]},
        {"name": "acme/alone", "targets": [target("openai", "alone")]},
        {"name": "acme/left", "targets": [target("openai", "left"), target("azure", "left", 1)]},
    ]
    routing = {"affinity": "none", "cooldown": {"after": AFTER, "for": f"{REST:.0f}s"}}
    return config(models=models, access={"allow_unauthenticated": True}, routing=routing)


class Cooled(World):
    """The world with its openai changed in the middle of a test, all others serving."""

    def rests(self, model: str = "acme/chat", provider: str = "openai") -> float:
        return self.gateway.metrics().value("tollgate_target_cooldown", model=model, provider=provider)

    def heal(self) -> None:
        """Everything serves and is known to serve: no test finds what another has left."""
        self.behave()
        asks = [ask(model["name"], providerOptions={"gateway": {"only": [one["provider"]]}}) for model in settings()["models"] for one in model["targets"]]
        wait_until(lambda: crowd(self.url, asks, 1) and self.gateway.metrics().value("tollgate_target_cooldown") == 0)
        self.behave()


@pytest.fixture(scope="module")
def worlds():
    running: dict[str, Cooled] = {}
    yield running
    for world in running.values():
        world.close()


@pytest.fixture
def world(worlds, envoy_version):
    if envoy_version not in worlds:
        worlds[envoy_version] = Cooled(settings(), rests=True, concurrency=4, version=envoy_version)
    worlds[envoy_version].heal()
    return worlds[envoy_version]


def failed_first(answers: list[Answer]) -> list[Answer]:
    """Those whose request was tried at openai in vain, in the order in which they were sent."""
    return sorted((one for one in answers if one.attempts.startswith("openai:503")), key=lambda one: one.sent)


def later_than_known(answers: list[Answer]) -> list[Answer]:
    """Of those, the ones that were sent when enough others had failed: what they learnt, every worker must know."""
    known = sorted(one.done for one in failed_first(answers))[AFTER - 1]
    return [one for one in failed_first(answers) if one.sent > known]


@pytest.mark.both
def test_a_target_that_is_down_is_probed_by_one_request_per_rest(world):
    world.behave(openai=error(503))
    lost = pace.lost()
    answers = crowd(world.url, for_seconds(2.6, "acme/chat"), CONNECTIONS)
    assert len(answers) > 100 and {one.status for one in answers} == {200}
    assert AFTER <= len(failed_first(answers)) - len(later_than_known(answers)) < CONNECTIONS + AFTER, "each client once, and once more who failed before it was enough"
    probes = later_than_known(answers)
    # In 2.6 seconds; a machine that is busy with other things may find the time for one probe less.
    assert len(probes) == 2 or len(probes) == 1 and pace.lost() - lost > 0.5, probes
    assert all(b.sent - a.sent >= REST * 0.9 for a, b in itertools.pairwise(probes)), [one.sent for one in probes]
    assert len(world.mocks["openai"].requests) == len(failed_first(answers))
    assert {one.attempts for one in answers} == {"openai:503,azure:200", "azure:200"}
    assert world.rests() == 1


def test_what_is_back_is_found_by_one_probe_and_not_by_a_herd(world):
    """The probe's answer takes half a second: nobody else asks meanwhile. Then everybody does."""
    world.behave(openai=error(503))
    assert {one.status for one in crowd(world.url, for_seconds(0.3, "acme/chat"), CONNECTIONS)} == {200}
    assert world.rests() == 1
    world.behave(openai=slow_chat("back", delay=0.5))
    answers = crowd(world.url, for_seconds(3.2, "acme/chat"), CONNECTIONS)
    assert {one.status for one in answers} == {200}
    served = sorted((one for one in answers if one.provider == "openai"), key=lambda one: one.sent)
    probe = served[0]
    meanwhile = [one for one in answers if probe.sent < one.sent < probe.done - 0.1]
    assert len(meanwhile) > 5 and {one.provider for one in meanwhile} == {"azure"}
    after = [one for one in answers if one.sent > probe.done + 0.1]
    assert len(after) >= CONNECTIONS and {one.provider for one in after} == {"openai"}
    assert world.rests() == 0


def test_a_few_failures_are_no_rest(world):
    world.behave(openai=(error(503), error(503), chatting(), error(503), error(503), chatting()))
    attempts = [chat(world.url).header("x-tollgate-attempts") for _ in range(6)]
    assert attempts == ["openai:503,azure:200"] * 2 + ["openai:200"] + ["openai:503,azure:200"] * 2 + ["openai:200"]
    assert world.rests() == 0


def test_while_everything_rests_each_request_is_one_attempt_and_told_the_truth(world):
    says = {"openai": (503, "overloaded", "openai is busy"), "azure": (500, "provider_error", "azure is broken")}
    world.behave(openai=error(503, "openai is busy"), azure=error(500, "azure is broken"), groq=error(500, "groq is broken"))
    says["groq"] = (500, "provider_error", "groq is broken")
    answers = crowd(world.url, for_seconds(0.8, "acme/chat"), CONNECTIONS)
    all_rest = sorted(one.done for one in answers if one.attempts.count(":") == 3)[AFTER - 1]
    once = [one for one in answers if all_rest < one.sent < answers[0].sent + REST * 0.9]
    assert len(once) > 10 and {one.attempts for one in once} <= {"openai:503", "azure:500", "groq:500"}
    for one in once:
        told = json.loads(one.body)["error"]
        assert (one.status, told["code"], told["message"]) == says[one.provider]
        assert "x-should-retry" not in one.headers, "its client may try again"
    asked = sum(len(mock.requests) for mock in world.mocks.values())
    assert asked == sum(one.attempts.count(":") for one in answers)
    world.behave()
    wait_until(lambda: chat(world.url).header("x-tollgate-attempts") == "openai:200")


def test_the_only_target_of_a_model_is_asked_by_everybody_though_it_rests(world):
    world.behave(openai=error(503))
    answers = crowd(world.url, (ask("acme/alone") for _ in range(200)), CONNECTIONS)
    assert {one.status for one in answers} == {503}
    assert world.rests("acme/alone") == 1
    assert {one.attempts for one in answers[-CONNECTIONS:]} == {"openai:503"}, "once"
    world.behave()
    answers = crowd(world.url, (ask("acme/alone") for _ in range(64)), CONNECTIONS)
    assert {(one.status, one.attempts) for one in answers} == {(200, "openai:200")}, "at once, without waiting for a rest's end"
    assert world.rests("acme/alone") == 0


def test_failures_of_one_model_rest_no_other_of_its_provider(world):
    world.behave(openai=(lambda request: error(503) if request.json()["model"] == "large" else chatting(),))
    mixed = (ask(model, model) for _ in range(100) for model in ("acme/chat", "acme/small"))
    count = Counter((one.name, one.provider) for one in crowd(world.url, mixed, 4))
    assert count == {("acme/chat", "azure"): 100, ("acme/small", "openai"): 100}
    assert (world.rests("acme/chat"), world.rests("acme/small")) == (1, 0)


FAULTS = {
    "caller": error(400, "no", "invalid_request_error"),
    "missing": error(404, "no such model"),
    "too_long": error(400, "long", "invalid_request_error", "context_length_exceeded"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_request_is_at_fault_for_rests_nobody(world, name):
    world.behave(openai=FAULTS[name])
    for _ in range(2 * AFTER):
        assert chat(world.url).header("x-tollgate-attempts").startswith("openai:4")
    assert world.rests() == 0


def test_the_gauge_shows_rest_and_return_while_their_answers_still_stream(world):
    """It was written at the end of requests only: a rest showed minutes late, and the last to end had the last word."""
    slow = chat_stream(("a",) * 100, delay=0.1)
    world.behave(openai=error(503), azure=slow)
    clients = hold(world.url, "acme/left", AFTER)
    world.mocks["azure"].wait(AFTER)
    wait_until(lambda: world.rests("acme/left") == 1, 6)
    world.behave(openai=slow, azure=slow)
    begin = time.monotonic()
    while not world.mocks["openai"].requests:
        assert time.monotonic() - begin < 30
        clients += hold(world.url, "acme/left", 1)
        time.sleep(0.05)
    wait_until(lambda: world.rests("acme/left") == 0, 6)
    leave(clients)


def settled(world) -> int:
    """How many lines the log has once everybody who left before has one."""
    wait_until(lambda: world.gateway.metrics().value("tollgate_in_flight") == 0)
    lines = -1
    while lines != (lines := len(world.gateway.access_log())):
        time.sleep(0.2)
    return lines


LEFT = {
    "in_the_middle_of_a_stream": (chat_stream(("a",) * 50, delay=0.1), 60),
    "before_the_first_event": (chat_stream(first=5), 0),
    "before_the_head": (hang(), 0),
}


@pytest.mark.parametrize("name", LEFT)
def test_a_client_that_leaves_is_nobodys_failure(world, name):
    behaviour, read = LEFT[name]
    world.behave(openai=behaviour)
    before = settled(world)
    clients = hold(world.url, "acme/left", 2 * AFTER)
    world.mocks["openai"].wait(2 * AFTER)
    leave(clients, read)
    lines = world.gateway.wait_log(before + 2 * AFTER)[before:]
    assert {(line["attempts"].split(":")[0], line["ended"]) for line in lines} == {("openai", "client_left")}
    world.behave()
    assert chat(world.url, "acme/left").header("x-tollgate-attempts") == "openai:200"
    assert world.rests("acme/left") == 0


def test_a_probe_whose_client_leaves_is_given_to_another(world):
    world.behave(openai=error(503))
    assert {one.status for one in crowd(world.url, (ask("acme/left") for _ in range(AFTER)), 1)} == {200}
    world.behave(openai=hang())
    begin = time.monotonic()
    while not world.mocks["openai"].requests:
        assert time.monotonic() - begin < 30
        clients = hold(world.url, "acme/left", 1)
        time.sleep(0.05)
    leave(clients)
    world.behave()
    wait_until(lambda: chat(world.url, "acme/left").header("x-tollgate-attempts") == "openai:200")
    assert world.rests("acme/left") == 0
