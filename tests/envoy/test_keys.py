"""A client's key from its making to its end: `make key`, given out, replaced while both secrets work, revoked; all of it in a
gateway that keeps running, by documents that Envoy is handed while streams live."""

import hashlib
import re
import subprocess

import example
import pytest
import yaml
from client import chat, open_stream
from ecds import watched_gateway
from gate import Gate, stepping
from load import wait_until
from mock import Upstream, chatting, chunk


def make_key(*arguments: str) -> tuple[str, dict]:
    """The secret and the entry that `make key` prints."""
    variables = [f"{name}={value}" for name, value in zip(("ID", "GROUP"), arguments)]
    said = subprocess.run(["make", "-s", "key", *variables], cwd=example.ROOT, capture_output=True, text=True, check=True).stdout
    (secret,) = re.findall(r"^(tg-[\w-]{43})$", said, re.M)
    (entry,) = yaml.safe_load(said[said.index("- {") :])
    return secret, entry


@pytest.mark.parametrize("id, group", [("alice", "engineers"), ("007", "on"), ("a.b-c_d", None)])
def test_a_new_key_and_its_entry(id, group):
    secret, entry = make_key(id, *([group] if group else []))
    other, _ = make_key(id)
    assert secret != other and re.fullmatch(r"[0-9a-f]{64}", entry["sha256"])
    assert {name: value for name, value in entry.items() if name != "sha256"} == {"id": id} | ({"group": group} if group else {})


@pytest.mark.parametrize("arguments", [(), ("a b",), ("anonymous",), ("alice", "a/b")], ids=str)
def test_a_name_that_the_configuration_would_refuse_gets_no_key(arguments):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        make_key(*arguments)
    assert refused.value.stdout == "" and re.search("whose key|found", refused.value.stderr)


def test_the_readmes_key_has_its_own_hash():
    text = (example.ROOT / "README.md").read_text()
    (secret,) = re.findall(r"^(tg-[\w-]{43})$", text, re.M)
    assert f"sha256: {hashlib.sha256(secret.encode()).hexdigest()}}}" in text


def test_a_key_is_replaced_and_revoked_without_a_restart():
    old, entry = make_key("alice", "engineers")
    new, following = make_key("alice", "engineers")
    gate = Gate()
    steps = [chunk({"content": "a"}), chunk({"content": "b"}), chunk({}, "stop"), chunk(usage={"prompt_tokens": 10, "completion_tokens": 5}), "data: [DONE]\n\n"]
    mock = Upstream(lambda got: stepping(gate, steps, free=1) if b"slowly" in got.body else chatting(usage=(10, 5)))

    def document(*keys: dict) -> dict:
        groups = [{"name": "engineers", "models": ["*"]}]
        budgets = [{"id": "each", "each": "key", "tokens": 1_000_000, "per": "month"}]
        return example.plan("openai", groups=groups, keys=list(keys), budgets=budgets, metrics={"labels": ["key"]}, access={})

    answered = []

    def statuses() -> tuple[int, int]:
        answered.extend(chat(running.url, headers={"authorization": f"Bearer {secret}"}).status for secret in (old, new))
        return tuple(answered[-2:])

    both = entry | {"sha256": [following["sha256"], entry["sha256"]]}
    running, watched = watched_gateway(document(entry), {"openai": mock}, concurrency=2)
    with running:
        served = 0
        for expected, keys in [((200, 401), [entry]), ((200, 200), [both]), ((401, 200), [following])]:
            watched.write(document(*keys))
            wait_until(lambda: statuses() == expected)
            if keys == [both]:  # asked with the old secret, it lives on when that is gone
                connection, stream = open_stream(running.url, headers={"authorization": f"Bearer {old}"}, messages=[{"role": "user", "content": "slowly"}])
        someone = make_key("bob")[1]
        watched.write(document(someone))
        wait_until(lambda: statuses() == (401, 401))
        gate.open(len(steps))
        assert b"[DONE]" in stream.read()
        connection.close()
        lines = running.wait_log(len(answered) + 1)
        assert {line["key"] for line in lines if line["status"] == 200} == {"alice"}
        assert {line["key"] for line in lines if line["status"] == 401} == {None}
        metrics, served = running.metrics(), answered.count(200) + 1
        assert metrics.value("tollgate_tokens_total", key="alice", type="input") == 10 * served > 10 * 4, "one series, whichever secret"
        assert metrics.value("tollgate_budget_spent_tokens", key="alice", budget="each") == 15 * served, "and one budget"
        assert secrets_are_nowhere(running, old, new)
    mock.close()


def secrets_are_nowhere(running, *secrets: str) -> bool:
    dump = running.get_admin("/config_dump")
    return not any(secret in text for secret in secrets for text in (dump, running.envoy_log(), str(running.access_log())))
