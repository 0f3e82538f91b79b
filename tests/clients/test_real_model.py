"""A chat and a stream with a real model. Its words are nobody's business: protocol and token counts are."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import callers
import client
import example
import pytest
from callers import ALICE
from harness import Gateway
from sdk import CHAT, HELLO

ASKED, THERE = "ollama/gemma-3", "gemma-3-270m"
FEW = {"messages": HELLO, "max_tokens": 6}


@pytest.fixture(scope="module")
def port():
    """llama.cpp's server, in the place of Ollama: both are the OpenAI API on a port of one's own."""
    script = Path(__file__).parent / "model_server.py"
    process = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    assert address, "it ended; its error stands in what was captured"
    yield urlsplit(address).port
    process.communicate(timeout=20)


@pytest.fixture(scope="module")
def running(port):
    models = [{"name": ASKED, "targets": [{"provider": "ollama", "model": THERE}]}]
    config = example.plan("ollama") | {"models": models} | callers.sections(bob=["acme/none"])
    with Gateway(config, {"ollama": port}) as one:
        yield one


def check_line(running, since: int, usage: dict, stream: bool) -> None:
    line = callers.line_of(running, ASKED, since)
    assert (line["provider"], line["model_sent"], line["model_answered"]) == ("ollama", THERE, THERE)
    assert (line["input"], line["output"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert (line["stream"], line["status"], line["ended"]) == (stream, 200, "complete")
    assert line["input"] > 0 and 0 < line["output"] <= 6


def test_a_chat_with_a_real_model(running, sdk):
    since = len(running.access_log())
    got = sdk.call(running.url, ALICE, CHAT, model=ASKED, **FEW)
    assert got.error is None
    assert (got.value["object"], got.value["choices"][0]["message"]["role"]) == ("chat.completion", "assistant")
    check_line(running, since, got.value["usage"], stream=False)


def test_a_stream_from_a_real_model(running, sdk):
    """Each token comes as an event of its own, then usage because it was asked for."""
    since = len(running.access_log())
    got = sdk.call(running.url, ALICE, CHAT, model=ASKED, stream=True, stream_options={"include_usage": True}, **FEW)
    assert got.error is None
    assert {event["object"] for event in got.events} == {"chat.completion.chunk"} and len(got.events) > 2
    *chunks, last = got.events
    assert [choice["finish_reason"] for event in chunks for choice in event["choices"]][-1] in ("length", "stop")
    assert last["choices"] == []
    check_line(running, since, last["usage"], stream=True)


def test_tokens_of_a_real_model_are_counted_though_the_client_did_not_ask(running, port, sdk):
    """Straight to the server with usage, and through the gateway without. Its words may differ, not their number."""
    fixed = {"ignore_eos": True}
    asked = {"model": THERE, "stream": True, "stream_options": {"include_usage": True}} | FEW | fixed
    straight = client.request(f"http://127.0.0.1:{port}", "POST", "/v1/chat/completions", asked)
    usage = next(event["usage"] for event in straight.events() if isinstance(event, dict) and event.get("usage"))

    before = {kind: running.metrics().value("tollgate_tokens_total", type=kind) for kind in ("input", "output")}
    since = len(running.access_log())
    got = sdk.call(running.url, ALICE, CHAT, model=ASKED, stream=True, extra=fixed, **FEW)
    assert got.error is None and not any(event.get("usage") for event in got.events)
    check_line(running, since, usage, stream=True)
    after = {kind: running.metrics().value("tollgate_tokens_total", type=kind) for kind in before}
    assert {kind: after[kind] - before[kind] for kind in before} == {"input": usage["prompt_tokens"], "output": usage["completion_tokens"]}
