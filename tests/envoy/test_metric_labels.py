"""Labels of callers, where the configuration asks for them; and that no label value ever comes from a client."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import example
import pytest
from client import chat, request
from mock import chatting, error
from test_metrics import FAMILIES, KEY, Stage

CLASSES = {"gateway_misconfigured", "gateway_ledger", "gateway_no_target", "none"} | {
    f"{who}_{what}"
    for who, whats in {
        "caller": "bad_request context_too_long content_filtered too_large unprocessable",
        "policy": "key forbidden model budget limit option",
        "provider": "key model limit quota fault overloaded timeout connect cut seal",
    }.items()
    for what in whats.split()
}
OPERATIONS = {"chat_completions", "completions", "responses", "embeddings", "moderations", "images", "audio", "rerank"}
# Every value that a label may have in the runs below.
CLOSED = {
    "model": {"acme/one", "acme/two", "other"},
    "provider": {"openai", "groq", "other"},
    "from_provider": {"openai", "groq"},
    "to_provider": {"openai", "groq"},
    "operation": OPERATIONS | {"other"},
    "outcome": {"ok", "refused", "failed", "client_left", "cut"},
    "error_type": CLASSES,
    "reason": CLASSES | {"cluster", "exchange"},
    "call": {"peek", "charge", "lost"},
    "type": {"input", "output", "cache_read", "cache_write", "reasoning"},
    "group": {"team", "other"},
    "key": {"alice", "anonymous", "other"},
    "tag": {"search", "batch", "other"},
    "user": {"u-1", "other"},
}
LABELS = {"labels": ["group", "key", "tag", "user"], "tags": ["search", "batch"], "users": ["u-1"]}
WISHED = {"group", "key", "tag", "user"}
WITH_WISHED = {"tollgate_requests_total", "tollgate_tokens_total", "tollgate_cost_nanousd_total", "tollgate_refusals_total"}


@pytest.mark.both
def test_labels_of_group_key_tag_and_user(envoy_version):
    with Stage(envoy_version, metrics=LABELS) as one:
        said = {"ai-reporting-user": "u-1", "ai-reporting-tags": "odd,search"}
        chat(one.gateway.url, "acme/one", headers=KEY | said)
        chat(one.gateway.url, "acme/one", headers={"ai-reporting-user": "u-2", "ai-reporting-tags": "odd"}, prompt="fall")
        chat(one.gateway.url, "acme/none", headers=KEY | said)
        metrics = one.settled(3, refused=1)
    alice = {"group": "team", "key": "alice", "tag": "search", "user": "u-1"}
    nobody = {"group": "other", "key": "anonymous", "tag": "other", "user": "other"}
    for name in WITH_WISHED:
        assert {frozenset(labels) for labels in metrics.series(name)} == {frozenset(FAMILIES[name] | WISHED)}
    for name in set(FAMILIES) & metrics.names() - WITH_WISHED:
        assert {frozenset(labels) for labels in metrics.series(name)} == {frozenset(FAMILIES[name])}
    assert metrics.value("tollgate_tokens_total", type="input", **alice) == 100
    assert metrics.value("tollgate_tokens_total", type="input", **nobody) == 3
    assert metrics.value("tollgate_refusals_total", reason="policy_model", **alice) == 1


@pytest.mark.both
def test_only_the_asked_labels_are_there(envoy_version):
    with Stage(envoy_version, metrics={"labels": ["group"]}) as one:
        chat(one.gateway.url, "acme/one", headers=KEY)
        metrics = one.settled(1)
    assert {frozenset(labels) for labels in metrics.series("tollgate_requests_total")} == {frozenset(FAMILIES["tollgate_requests_total"] | {"group"})}


def test_no_label_value_comes_from_a_client(envoy_version):
    """10,000 requests with names, tags, users, keys, paths that nobody configured; each value must be of a closed list."""
    draw = random.Random(7)
    odd = ["", ";.;model=.=x", "a.b.c", "ö", '"', "\\", "}", "acme/one ", "ACME/ONE", "x" * 200]

    def ask(n):
        name = f"{draw.choice(odd)}{n}"
        safe = name.encode("ascii", "ignore").decode().strip()[:60] or "x"
        headers = {"ai-reporting-user": safe, "ai-reporting-tags": safe}
        body = {"model": name, "messages": [{"role": "user", "content": "Hi"}]}
        if n % 50 == 0:  # these are served
            model = ["acme/one", "acme/two"][n % 100 == 0]
            return chat(one.gateway.url, model, headers=headers).status
        if n % 3 == 1:
            body |= {"model": "acme/one", "models": [name]}
        if n % 7 == 1:
            headers["authorization"] = f"Bearer {safe}"
        path = f"/v1/{safe.encode().hex()}" if n % 11 == 1 else "/v1/chat/completions"
        return request(one.gateway.url, "POST", path, body, headers).status

    with Stage(envoy_version, metrics=LABELS) as one:
        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(pool.map(ask, range(10_000)))
        metrics = one.gateway.metrics()
        assert statuses[200] == 200 and set(statuses) == {200, 404}
        seen = {label: metrics.label_values(label) for label in CLOSED}
        assert {label: values - CLOSED[label] for label, values in seen.items() if values - CLOSED[label]} == {}
        assert seen["model"] == CLOSED["model"]
        known = set(CLOSED) | {"version", "hash", "le"}
        assert {name for _, labels in metrics.samples for name, _ in labels} <= known
        assert all(";" not in name for name in metrics.names())


@pytest.mark.both
def test_a_cluster_that_is_missing_from_the_matcher_map_is_counted(gateway, upstream):
    running = gateway(
        example.plan("openai", "groq"),
        {"openai": upstream(error(503)), "groq": upstream(chatting())},
        edit=lambda tree: example.matcher_map(tree).pop("groq"),
    )
    assert chat(running.url).status == 503
    running.wait_log(1)
    metrics = running.metrics()
    assert [metrics.value("tollgate_misconfigured_total", reason=reason) for reason in ("cluster", "exchange")] == [1, 0]
