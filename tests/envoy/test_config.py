"""Configurations in a real Envoy: what is refused, what is said, and how one follows another while streams run.

The exact words of every mistake are native tests (tests/config/mistakes.rs).
"""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
from client import chat, request
from ecds import watched_gateway
from harness import EnvoyRefused
from mock import chat_stream, chatting, error

PLAN = example.plan("openai")
SECRET = "sk-in-the-document-4711"


def said(log: str, level: str) -> list[str]:
    """What the filter wrote into Envoy's log."""
    lines = (re.match(rf"\[[^]]*\]\[\d+\]\[{level}\]\[wasm\] \[[^]]*\] wasm log[^:]*: tollgate(.*)", line) for line in log.splitlines())
    return [line[1].lstrip(": ") for line in lines if line]


def wait_for(condition, timeout: float = 30):
    end = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


# ---------------------------------------------------------------- refused at start

REFUSED = [
    ("{nonsense", ["configuration: found JSON with a mistake: key must be a string at line 1 column 2"]),
    (PLAN | {"nonsense": 1, "routing": {"max_attempts": "many"}}, ['routing.max_attempts: found "many", expected a whole number from 1 to 100', "nonsense: unknown field"]),
    (
        PLAN | {"models": [{"name": "acme/chat", "targets": [{"provider": "opena"}]}]},
        ['models[0].targets[0].provider: found "opena", expected the name of a provider or pool (did you mean "openai"?)'],
    ),
]


@pytest.mark.parametrize("document, mistakes", REFUSED, ids=range(len(REFUSED)))
def test_a_bad_document_stops_envoy_and_all_its_mistakes_are_in_the_log(gateway, document, mistakes):
    with pytest.raises(EnvoyRefused) as refused:
        gateway(document)
    rejected = [line.removeprefix("configuration rejected: ") for line in said(refused.value.log, "error")]
    assert rejected == mistakes


def test_a_document_that_nobody_could_call_is_refused(gateway):
    with pytest.raises(EnvoyRefused) as refused:
        gateway({key: value for key, value in PLAN.items() if key != "access"})
    (line,) = said(refused.value.log, "error")
    assert "allow_unauthenticated" in line


def test_a_secret_in_a_refused_document_is_not_told(gateway):
    provider = {"name": "openai", "credentials": [{"value": SECRET + "\n" + SECRET}], "labels": 7}
    with pytest.raises(EnvoyRefused) as refused:
        gateway(PLAN | {"providers": [provider]})
    assert said(refused.value.log, "error")
    assert SECRET not in "\n".join(said(refused.value.log, "(?:error|warning|info)"))


# ---------------------------------------------------------------- the same either way


def config_hash(running) -> str:
    """The hash in force: a configuration that was replaced stays as a series at 0."""
    metrics = running.metrics()
    (series,) = [labels for labels in metrics.series("tollgate_config_info") if metrics.value("tollgate_config_info", **labels)]
    return series["hash"]


def test_struct_and_json_text_give_the_same(gateway):
    document = PLAN | {"limits": {"request_body": "33554432"}, "routing": {"max_attempts": 3, "first_event_probe": {"bytes": 65536}}}
    text = json.dumps(dict(reversed(document.items())), indent=2)
    hashes = {config_hash(gateway(one, rests=True)) for one in (document, text)}
    assert len(hashes) == 1 and config_hash(gateway(document | {"expose": "minimal"}, rests=True)) not in hashes


# ---------------------------------------------------------------- what is said at start


def test_one_line_at_start_for_all_workers_and_one_warning_per_matter(gateway):
    providers = PLAN["providers"] + [{"name": "groq", "credentials": [{"env": "GROQ_API_KEY", "optional": True}]}]
    document = PLAN | {"providers": providers, "budgets": [{"id": "b", "each": "key", "usd": "1", "per": "total"}]}
    running = gateway(document, concurrency=4, env={"GROQ_API_KEY": ""})
    with ThreadPoolExecutor(16) as pool:  # every worker is up by now
        list(pool.map(lambda _: request(running.url, "HEAD"), range(64)))
    (line,) = said(running.envoy_log(), "info")
    version = example.ROOT.joinpath("Cargo.toml").read_text().split('version = "')[1].split('"')[0]
    assert line == f"{version}: 1 providers (openai), 1 models, configuration {config_hash(running)}"
    assert said(running.envoy_log(), "warning") == [
        "disabled providers, because none of their variables is set: groq (GROQ_API_KEY)",
        "a restart of Envoy forgets what was spent of budgets[0], per: total; a ledger.rate_limit_service does not",
    ]
    assert running.metrics().value("tollgate_build_info", version=version) == 1


def test_a_request_writes_nothing_into_envoys_log(gateway, upstream):
    running = gateway(PLAN, {"openai": upstream(chatting(), error(500))})
    before = said(running.envoy_log(), r"\w+")
    for _ in range(3):
        chat(running.url)
    chat(running.url, "unknown/model")
    assert said(running.envoy_log(), r"\w+") == before


def test_a_secret_written_in_the_document_is_seen_nowhere(gateway, upstream):
    """Only in Envoy's /config_dump, of which a warning tells."""
    one = upstream(chatting(), chatting(), error(401, f"Incorrect API key {SECRET}"), error(400, f"You sent {SECRET}", code=SECRET))
    document = PLAN | {"providers": [{"name": "openai", "credentials": [{"value": SECRET}]}]}
    running = gateway(document, {"openai": one})
    answers = [chat(running.url), chat(running.url, stream=True), chat(running.url), chat(running.url)]
    assert [answer.status for answer in answers] == [200, 200, 424, 400]
    assert all(got.header("authorization") == f"Bearer {SECRET}" for got in one.requests)
    running.wait_log(4)
    pages = [running.get_admin(page) for page in ("/stats", "/stats/prometheus", "/clusters", "/listeners", "/server_info")]
    seen = [str(answer.headers).encode() + answer.body for answer in answers]
    seen += [page.encode() for page in pages] + [running.envoy_log().encode(), (running.folder / "access.log").read_bytes()]
    assert not any(SECRET.encode() in one for one in seen)
    (warning,) = said(running.envoy_log(), "warning")
    assert "providers[0].credentials[0].value" in warning and "/config_dump" in warning
    assert SECRET in running.get_admin("/config_dump"), "the warning is true"


# ---------------------------------------------------------------- one after the other


def serves(running, model: str) -> bool:
    return chat(running.url, model).status == 200


@pytest.mark.both
def test_an_update_takes_effect_a_bad_one_does_not_and_streams_live(upstream, envoy_version):
    words = tuple(f"w{n} " for n in range(30))
    one = upstream(lambda got: chat_stream(words, delay=0.1) if got.json().get("stream") else chatting())
    running, watched = watched_gateway(example.plan("openai", model="acme/first"), {"openai": one}, concurrency=2, version=envoy_version)
    try:
        first = config_hash(running)
        with ThreadPoolExecutor(1) as pool:
            stream = pool.submit(chat, running.url, "acme/first", stream=True)
            one.wait(1)

            watched.write(PLAN | {"nonsense": 1})
            wait_for(lambda: running.metrics().value("tollgate_config_rejected_total") >= 1)
            assert serves(running, "acme/first") and config_hash(running) == first
            assert "configuration rejected: nonsense: unknown field" in said(running.envoy_log(), "error")

            watched.write(json.dumps(example.plan("openai", model="acme/second")))
            wait_for(lambda: serves(running, "acme/second"))
            wait_for(lambda: not serves(running, "acme/first"))  # on every worker
            answer = stream.result()
        assert (answer.cut, answer.text()) == (False, "".join(words)), "the stream ran through both updates"
        assert config_hash(running) != first
        assert said(running.envoy_log(), "info")[-1].endswith(f"configuration {config_hash(running)}")
        assert running.metrics().value("tollgate_in_flight") == 0
    finally:
        running.stop()


def test_requests_are_served_without_a_gap_while_documents_change(upstream):
    one = upstream(lambda _: chatting())
    running, watched = watched_gateway(PLAN, {"openai": one}, concurrency=2)
    try:
        with ThreadPoolExecutor(4) as pool:
            ended = []
            found = [pool.submit(_keep_calling, running, ended) for _ in range(4)]
            for number in range(10):
                # Envoy itself remembers a document that was refused: the same one again would not reach the filter.
                watched.write(PLAN | ({"routing": {"max_attempts": 2 + number}} if number % 3 else {f"bad{number}": 1}))
                wait_for(lambda: sum(running.stats("tollgate.config_reload").values()) == number + 2)  # the first was at start
                time.sleep(0.05)
            ended.append(True)
            statuses = [status for one in found for status in one.result()]
        assert set(statuses) == {200} and len(statuses) > 20
        loads = [line for line in said(running.envoy_log(), "info") if "configuration" in line]
        assert len(loads) == 1 + 6 and running.metrics().value("tollgate_config_rejected_total") == 4
        assert config_hash(running) == loads[-1].split()[-1]
    finally:
        running.stop()


def _keep_calling(running, ended: list) -> list[int]:
    statuses = []
    while not ended:
        statuses.append(chat(running.url).status)
    return statuses
