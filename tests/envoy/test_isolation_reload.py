"""D1: a VM dies while others' requests wait, and a fresh one takes its place.

Nothing a client or a provider can send crashes the filter, so these tests take memory away: the same module, with a
maximum written into it, runs out of it over a request whose `model` stands behind megabytes of prompt.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
from client import chat, open_stream, request
from gate import Gate, stepping
from harness import MODULE, with_module
from mock import chunk, hang
from trio import config, model

pytestmark = pytest.mark.both
BUILD = example.ROOT / with_module(MODULE)
ROOM = 64  # pages of 64 KiB that the module may get besides those it starts with


def number(data: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            return value, at


def leb(value: int) -> bytes:
    more = value >> 7
    return bytes([value & 0x7F | (0x80 if more else 0)]) + (leb(more) if more else b"")


def with_little_memory(module: bytes) -> bytes:
    """The module, its one memory with a maximum."""
    at = 8
    while True:
        start, kind = at, module[at]
        size, at = number(module, at + 1)
        if kind == 5:  # the memory section: one entry of flags, minimum and perhaps a maximum
            count, inner = number(module, at)
            assert count == 1
            least, _ = number(module, inner + 1)
            body = leb(1) + b"\x01" + leb(least) + leb(least + ROOM)
            return module[:start] + b"\x05" + leb(len(body)) + body + module[at + size :]
        at += size


@pytest.fixture
def small(tmp_path):
    """An edit that gives both roles the module with little memory."""
    path = tmp_path / "small.wasm"
    path.write_bytes(with_little_memory(BUILD.read_bytes()))

    def edit(tree):
        plugins = [example.gateway_plugin(tree), *map(example.upstream_plugin, example.clusters(tree).values())]
        for plugin in plugins:
            plugin["vm_config"]["code"]["local"]["filename"] = str(path)

    return edit


def crash(running) -> None:
    running.may_panic = True
    body = '{"messages":[{"role":"user","content":"' + "x" * (8 << 20) + '"}],"model":"acme/groq"}'
    response = request(running.url, "POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    assert response.status == 503
    assert json.loads(response.body)["error"]["code"], "an error in JSON, whoever made it"
    log = running.envoy_log()
    assert "memory allocation" in log or "Uncaught RuntimeError" in log


def wait_until_well(running, model: str) -> None:
    """The back-off is 0.05 to 0.2 s, and every plugin (the gateway's, each cluster's) has its own."""
    end = time.monotonic() + 30
    while chat(running.url, model).status != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_module_with_little_memory_works(gateway, upstream, small):
    running = gateway(config(), {"groq": upstream()}, edit=small)
    assert chat(running.url, "acme/groq").text() == "Hello"


def test_d1_who_waits_when_the_vm_dies_never_gets_anothers_answer(gateway, upstream, small):
    """Alice's exchange is the first of the old VM, Bob's the first of the new one. Her provider hangs; her retry comes
    when the new VM is there, and may neither send Bob's prompt nor bring her his answer."""
    models = [model("acme/slow", "openai", "azure", timeouts={"attempt": "4s"}), model("acme/azure", "azure"), model("acme/groq", "groq")]
    gate = Gate()  # his is still running when her retry comes
    bobs = stepping(gate, [chunk({"content": "BOB"}), chunk({"content": "-ANSWER"}), chunk({}, "stop"), "data: [DONE]\n\n"], free=1)
    mocks = {"openai": upstream(hang()), "azure": upstream(bobs), "groq": upstream()}
    running = gateway(config(models=models), mocks, edit=small)
    with ThreadPoolExecutor(1) as pool:
        alice = pool.submit(chat, running.url, "acme/slow", prompt="ALICE-PROMPT", stream=True)
        mocks["openai"].wait(1)
        crash(running)
        time.sleep(1)  # the back-off of the reload
        connection, bob = open_stream(running.url, "acme/azure", messages=[{"role": "user", "content": "BOB-PROMPT"}])
        lost = alice.result()
        gate.open(4)
        assert b"BOB" not in lost.body and lost.status == 503, lost
        assert bob.status == 200 and b"ANSWER" in bob.read()
        connection.close()
    assert [b"ALICE" in got.body for got in mocks["azure"].requests] == [False], "Bob paid for one answer: his"
    assert [b"BOB" in got.body for got in mocks["openai"].requests] == [False]
    assert sum(running.stats("vm_reload_success").values()) > 0
    assert running.metrics().value("tollgate_misconfigured_total", reason="exchange") == 1, "her retry did come"


def test_the_next_request_gets_a_fresh_vm(gateway, upstream, small):
    running = gateway(config(), {"groq": upstream(), "azure": upstream()}, edit=small)
    for _ in range(2):
        crash(running)
        for name in ("acme/azure", "acme/groq"):
            wait_until_well(running, name)
            assert [chat(running.url, name).status for _ in range(5)] == [200] * 5


def test_without_a_vm_nothing_gets_past(gateway, upstream, small):
    """The gateway's plugin has no VM for as long as this test runs: nobody is let through unseen."""

    def long_wait(tree):
        small(tree)
        example.gateway_plugin(tree)["reload_config"]["backoff"] = {"base_interval": "60s", "max_interval": "60s"}

    groq = upstream()
    running = gateway(config(), {"groq": groq}, edit=long_wait)
    assert chat(running.url, "acme/groq").status == 200
    groq.requests = []
    crash(running)
    for headers in ({}, {"authorization": "Bearer any"}):
        response = chat(running.url, "acme/groq", headers=headers)
        assert (response.status, response.json()["error"]["code"]) == (503, "gateway_misconfigured")
    assert not groq.requests
