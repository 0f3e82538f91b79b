"""Every recorded answer of an OpenAI-compatible provider passes a real Envoy as it is, and its tokens are counted."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
import recorded
from client import request
from harness import Gateway
from mock import Upstream
from recorded import NEVER_ASKED, PATHS, Recording

SEEDS = (None, 1, 2, 3)  # whole, and cut in three ways
ANSWERS = [one for one in recorded.load() if one.status < 400]
TALLY = Counter()


def config() -> dict:
    """One model per recording: `rec/7` is, at its provider, the model that was asked then."""
    models = [
        {"name": f"rec/{n}", "targets": [{"provider": one.provider, "model": one.request["model"]}]} for n, one in enumerate(ANSWERS)
    ]
    return example.plan(*recorded.PROVIDERS) | {"models": models}


@pytest.fixture(scope="module")
def running():
    recorded.require()

    def choose(got):
        number, seed = json.loads(got.header("x-recording"))
        return ANSWERS[number].replay(seed)

    upstream = Upstream(choose)
    with Gateway(config(), dict.fromkeys(recorded.PROVIDERS, upstream), concurrency=2) as gateway:
        yield gateway, upstream
    upstream.close()


def asked(one: Recording, number: int, includes_usage: bool) -> dict:
    """The recorded request under the public name. OpenRouter's own routing options would be taken for the gateway's."""
    body = {key: value for key, value in one.request.items() if key not in ("models", "provider", "stream_options")}
    wish = {"stream_options": {"include_usage": True}} if includes_usage else {}
    return body | wish | {"model": f"rec/{number}"}


def wishes(one: Recording) -> list[bool]:
    """Streams of chats are replayed to clients that ask for usage and to those that do not."""
    return [False, True] if one.is_stream and one.endpoint in ("chat-completions", "completions") else [False]


@pytest.mark.parametrize("number", range(len(ANSWERS)), ids=[one.file.removesuffix(".json") for one in ANSWERS])
def test_a_recorded_answer_passes_as_it_is(running, number):
    gateway, upstream = running
    one = ANSWERS[number]

    def replay(variant):
        seed, wish = variant
        headers = {"x-recording": json.dumps([number, seed]), "x-wish": str(wish)}
        return variant, request(gateway.url, "POST", PATHS[one.endpoint], asked(one, number, wish), headers)

    before = len(upstream.requests)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(replay, [(seed, wish) for seed in SEEDS for wish in wishes(one)]))
    for (seed, wish), answer in answers:
        check(gateway, one, answer, wish)
        TALLY[one.provider, "stream" if one.is_stream else "JSON"] += seed is None and not wish
        TALLY[one.provider, "replays"] += 1
    arrived = upstream.requests[before:]
    assert len(arrived) == len(answers)
    for got in arrived:
        check_request(one, number, got)


def adds_usage(one: Recording, wish: bool) -> bool:
    return len(wishes(one)) == 2 and not wish and one.provider not in NEVER_ASKED


def check_request(one: Recording, number: int, got) -> None:
    """What the provider got is what was recorded then, and the wish for usage."""
    wish = got.header("x-wish") == "True"
    expected = asked(one, number, wish or adds_usage(one, wish)) | {"model": one.request["model"]}
    assert got.json() == expected
    assert got.header("accept-encoding") == "identity"


def check(gateway: Gateway, one: Recording, answer, wish: bool) -> None:
    assert (answer.status, answer.cut) == (one.status, False)
    is_hidden = adds_usage(one, wish)
    expected = recorded.without_usage_chunk(one.body) if is_hidden else one.body
    TALLY[one.provider, "hidden"] += expected != one.body
    assert answer.body == expected
    line = gateway.line_of(answer)
    used = recorded.usage(one)
    recorded.check_tokens(line, used)
    assert line["model_answered"] == recorded.model_answered(one)
    assert line["model_sent"] == one.request["model"]
    whole = recorded.is_whole(one)
    assert (line["ended"], line["error"]) == (("complete", None) if whole else ("upstream_cut", "provider_fault"))
    TALLY[one.provider, "usage"] += used["input"] is not None


def test_every_provider_was_there(running, capsys):
    """The last test: prints what was replayed."""
    names = ("JSON", "stream", "replays", "usage", "hidden")
    rows = [(provider, *(TALLY[provider, name] for name in names)) for provider in recorded.PROVIDERS]
    if not any(row[3] for row in rows):
        pytest.skip("run with the tests above")
    with capsys.disabled():
        print(f"\n{'provider':12}" + "".join(f"{name:>9}" for name in names))
        for provider, *counts in rows:
            print(f"{provider:12}" + "".join(f"{count:9}" for count in counts))
    assert [row[0] for row in rows if not row[3]] == []
    assert sum(row[5] for row in rows) > 0, "no usage chunk was ever hidden"
