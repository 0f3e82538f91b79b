"""envoy/older-envoy.yaml as it is handed out: Envoy takes it, its parts agree, and it differs from envoy.yaml only where
older Envoys differ."""

import copy
import subprocess

import example
import pytest
from harness import BINARIES, FIXED_ORDER

TREE, NEWER = example.bootstrap(example.OLDER_PATH), example.bootstrap()
CLUSTERS = example.clusters(TREE)
CHAINS = {name: one for name, one in CLUSTERS.items() if "cluster_type" in one}
PROVIDERS = {name: one for name, one in CLUSTERS.items() if name not in CHAINS}
LEADS_TO = {name: entry["action"]["typed_config"]["cluster"] for name, entry in example.matcher_map(TREE).items()}


def places(chain: str) -> list[str]:
    return [one["name"] for one in CHAINS[chain]["cluster_type"]["typed_config"]["clusters"]]


@pytest.mark.parametrize("version", FIXED_ORDER)
@pytest.mark.parametrize("path,accepted", [(example.OLDER_PATH, True), (example.PATH, False)], ids=["older-envoy", "envoy"])
def test_older_envoys_take_this_file_and_not_the_other(version, path, accepted):
    binary = (example.ROOT / BINARIES[version]).resolve()
    outcome = subprocess.run([binary, "--mode", "validate", "-c", path], cwd=example.ROOT, capture_output=True, text=True)
    assert (outcome.returncode == 0) == accepted, outcome.stderr[-2000:]
    assert "eprecat" not in outcome.stderr
    assert accepted or "refresh_cluster_on_retry" in outcome.stderr


def test_every_provider_begins_a_chain_or_stands_alone():
    assert list(LEADS_TO) == list(PROVIDERS) == [one["name"] for one in example.gateway_config(TREE)["providers"]]
    assert set(LEADS_TO.values()) - set(PROVIDERS) == set(CHAINS)
    for provider, cluster in LEADS_TO.items():
        assert cluster == provider or places(cluster)[0] == provider
    assert {name for chain in CHAINS for name in places(chain)} <= set(PROVIDERS)


def test_every_plan_of_the_example_finds_all_its_providers_in_its_chain():
    """Whichever target is first: the others follow. A fallback model's own targets may be left to the end."""
    for model in example.gateway_config(TREE)["models"]:
        providers = {target["provider"] for target in model["targets"]}
        for first in providers:
            chain = places(LEADS_TO[first]) if LEADS_TO[first] in CHAINS else [first]
            assert set(chain[: len(providers)]) == providers, f"{model['name']} at {first}: {chain}"


def test_every_endpoint_says_whose_it_is():
    for name, cluster in PROVIDERS.items():
        endpoints = [one for priority in cluster["load_assignment"]["endpoints"] for one in priority["lb_endpoints"]]
        assert [one["metadata"] for one in endpoints] == [{"filter_metadata": {"tollgate": {"provider": name}}}] * 2


def test_both_roles_have_the_same_vm_which_sees_every_variable():
    vm = example.gateway_plugin(TREE)["vm_config"]
    assert all(example.upstream_plugin(cluster)["vm_config"] == vm for cluster in CLUSTERS.values())
    named = {one["env"] for p in example.gateway_config(TREE)["providers"] for one in p["credentials"] if p["credentials"] != "none"}
    assert set(vm["environment_variables"]["host_env_keys"]) == named


def test_the_rest_is_that_of_the_newer_file():
    tags = TREE["stats_config"]["stats_tags"]
    assert tags[0]["tag_name"] == "vm_scope" and tags[1:] == NEWER["stats_config"]["stats_tags"]
    assert TREE["stats_config"] | {"stats_tags": []} == NEWER["stats_config"] | {"stats_tags": []}
    assert [TREE["admin"], TREE["overload_manager"]] == [NEWER["admin"], NEWER["overload_manager"]]

    manager, newer = example.connection_manager(TREE), example.connection_manager(NEWER)
    apart = {"route_config": None, "http_filters": None}
    assert manager | apart == newer | apart
    own, other = (dict(example.route(tree)["route"]) for tree in (TREE, NEWER))
    own.pop("inline_cluster_specifier_plugin"), other.pop("inline_cluster_specifier_plugin")
    other["retry_policy"].pop("refresh_cluster_on_retry")
    other.pop("hash_policy")  # tried: it has no effect before 1.39
    assert own == other
    plugin, newer = (example.gateway_plugin(tree) | {"configuration": None, "vm_config": None} for tree in (TREE, NEWER))
    assert plugin == newer


def test_every_cluster_is_that_of_the_newer_file_and_says_whose_it_is():
    for name, cluster in PROVIDERS.items():
        assert _alike(cluster) == _alike(example.clusters(NEWER)[name]), name
    first = _alike(PROVIDERS["openai"])
    for chain in CHAINS.values():  # of which these, its own, are in force; the rest are the providers'
        for field in ("circuit_breakers", "per_connection_buffer_limit_bytes", "typed_extension_protocol_options"):
            assert _alike(chain)[field] == first[field]


def _alike(cluster: dict) -> dict:
    """Without what differs between the files: the metadata, and the variables of the VM."""
    cluster = copy.deepcopy(cluster)
    for priority in cluster.get("load_assignment", {}).get("endpoints", []):
        for endpoint in priority["lb_endpoints"]:
            endpoint.pop("metadata", None)
    example.upstream_plugin(cluster).pop("vm_config")
    return cluster
