"""D1, D7: an exchange belongs to one VM. Another VM must not find it, nor mistake one of its own for it.

A VM is replaced after a crash, and when the module or its variables change. Then filter state of the old VM meets roles
of the new one; a bare counter as the exchange's id was seen to give one client the answer to another's prompt.
"""

import copy
import os
import time
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
import yaml
from client import chat, open_stream
from mock import chat_stream, chatting, error
from trio import config, no_secret_in

pytestmark = pytest.mark.both
FILTERS = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"


def other_vm(plugin: dict) -> None:
    """One variable more is another VM: nothing in Envoy's log says so."""
    plugin["vm_config"]["environment_variables"]["key_values"] = {"OTHER": "1"}


def other_vm_of_azure(tree: dict) -> None:
    other_vm(example.upstream_plugin(example.clusters(tree)["azure"]))


@pytest.fixture
def mocks(upstream):
    """Each answers with the prompt that it got, so that an answer tells whose it is."""
    return {name: upstream(echo) for name in ("openai", "azure", "groq")}


def echo(request):
    return chatting("echo of " + request.json()["messages"][-1]["content"])


def assert_lost(response) -> None:
    assert (response.status, response.header("x-tollgate-error")) == (503, "gateway_misconfigured")
    assert response.json()["error"]["code"] == "gateway_misconfigured"
    assert "echo of" not in response.body.decode()
    no_secret_in(response.body.decode())


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_d7_a_role_in_another_vm_sends_nothing(gateway, mocks, stream):
    running = gateway(config(), mocks, edit=other_vm_of_azure)
    assert_lost(chat(running.url, "acme/azure", stream=stream))
    assert mocks["azure"].requests == []
    assert running.metrics().value("tollgate_misconfigured_total", reason="exchange") == 1
    assert chat(running.url, "acme/groq", prompt="mine", stream=stream).text() == "echo of mine"
    (lost, _) = running.wait_log(2)
    assert (lost["status"], lost["error"], lost["ended"]) == (503, "gateway_misconfigured", "failed")


def test_d1_a_retry_that_finds_its_vm_gone_is_over(gateway, upstream, mocks):
    """What a retry meets after a reload: a role in a VM that does not know the exchange."""
    mocks["openai"] = upstream(error(503))
    running = gateway(config(), mocks, edit=other_vm_of_azure)
    assert_lost(chat(running.url, "acme/chat", prompt="canary"))
    assert [len(mocks[name].requests) for name in ("openai", "azure", "groq")] == [1, 0, 0]
    assert running.metrics().value("tollgate_misconfigured_total", reason="exchange") == 1


def by_ecds(tree: dict, file) -> None:
    """Takes the gateway's plugin from a file, so that a test can replace it while requests run."""
    plugin = example.connection_manager(tree)["http_filters"][0]
    write_ecds(file, plugin["typed_config"])
    source = {"path_config_source": {"path": str(file), "watched_directory": {"path": str(file.parent)}}, "resource_api_version": "V3"}
    example.connection_manager(tree)["http_filters"][0] = {
        "name": "tollgate",
        "config_discovery": {"config_source": source, "type_urls": [FILTERS]},
    }
    tree["node"] = {"id": "test", "cluster": "test"}


def write_ecds(file, wasm: dict) -> None:
    resource = {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": "tollgate",
        "typed_config": wasm,
    }
    version = {"version_info": str(os.urandom(4).hex()), "resources": [resource]}
    fresh = file.with_suffix(".fresh")
    fresh.write_text(yaml.safe_dump(version))
    fresh.rename(file)  # Envoy watches for moves


def test_d1_exchanges_of_two_vms_with_the_same_number_are_not_mixed_up(gateway, upstream, mocks, tmp_path):
    """The gateway role moves to a new VM while Alice's stream runs in the old one: her exchange is the first of the old
    VM, Bob's is the first of the new one, and the upstream roles stay in the old."""
    tree = example.bootstrap()
    example.set_config(tree, config())
    wasm = copy.deepcopy(example.connection_manager(tree)["http_filters"][0]["typed_config"])
    file = tmp_path / "ecds.yaml"
    mocks["openai"] = upstream(chat_stream(("ALICE", "-ANSWER"), delay=0.4))
    running = gateway(config(), mocks, edit=lambda tree: by_ecds(tree, file))

    connection, answer = open_stream(running.url, "acme/alone", messages=[{"role": "user", "content": "ALICE-PROMPT"}])
    assert answer.status == 200
    moved = copy.deepcopy(wasm)
    other_vm(moved["config"])
    write_ecds(file, moved)
    wait_until_moved(running)

    for stream in (False, True):
        bobs = chat(running.url, "acme/alone", prompt="BOB-PROMPT", stream=stream)
        assert_lost(bobs)
        assert "ALICE" not in bobs.body.decode() + str(bobs.headers)
    assert [b"ALICE" in got.body for got in mocks["openai"].requests] == [True], "Alice paid for one answer"
    assert b"ALICE" in answer.read(), "and she has it"
    connection.close()

    write_ecds(file, wasm)
    wait_until_moved(running, 2)
    assert chat(running.url, "acme/groq", prompt="mine").text() == "echo of mine"
    lines = running.wait_log(4)
    assert [line["ended"] for line in lines].count("complete") == 2


def wait_until_moved(running, times: int = 1) -> None:
    end = time.monotonic() + 30
    while sum(v for n, v in running.stats("extension_config_discovery.*config_reload").items() if n.endswith("config_reload")) < times + 1:
        assert time.monotonic() < end, running.stats("extension_config_discovery")
        time.sleep(0.02)


def test_d1_under_load_nobody_gets_anothers_answer_while_the_vm_changes(gateway, mocks, tmp_path):
    """Requests with fallback all the time, while the gateway's VM changes back and forth: each client gets its own echo,
    or an error; never another's."""
    tree = example.bootstrap()
    example.set_config(tree, config())
    wasm = copy.deepcopy(example.connection_manager(tree)["http_filters"][0]["typed_config"])
    file = tmp_path / "ecds.yaml"
    running = gateway(config(), mocks, edit=lambda tree: by_ecds(tree, file), concurrency=2)

    def ask(number: int) -> tuple[int, str]:
        response = chat(running.url, "acme/chat", prompt=f"prompt-{number}", stream=bool(number % 2))
        return number, response.text() if response.status == 200 else response.json()["error"]["code"]

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(600)]
        for turn in range(4):
            plugin = copy.deepcopy(wasm)
            if turn % 2 == 0:
                other_vm(plugin["config"])
            asked[(turn + 1) * 120 - 1].result()
            write_ecds(file, plugin)
        got = [one.result() for one in asked]
    answers = {"own": 0, "lost": 0}
    for number, text in got:
        assert text in (f"echo of prompt-{number}", "gateway_misconfigured"), f"{number} got {text}"
        answers["own" if text.startswith("echo") else "lost"] += 1
    assert answers["own"] > 100 and answers["lost"] > 10, answers
    paid = [got.json()["messages"][0]["content"] for got in mocks["openai"].requests]
    assert len(paid) == len(set(paid)) == answers["own"], "who lost its exchange paid for nothing"
    running.wait_log(600)
