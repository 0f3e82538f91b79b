"""envoy/envoy.yaml for a test: the example itself, with nothing changed but addresses and ports, times, the gateway
plugin's configuration, and the block that stands there commented out. So the example cannot rot."""

import copy
import functools
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "envoy" / "envoy.yaml"
OLDER_PATH = ROOT / "envoy" / "older-envoy.yaml"  # for Envoy 1.37 and 1.38
REFUSING = 9  # nobody listens on the discard port


@functools.cache
def _parsed(path: Path) -> dict:
    return yaml.safe_load(path.read_text())


def bootstrap(path: Path = PATH) -> dict:
    """The example as a tree of our own: YAML anchors become separate copies, so a change stays where it is made."""
    return copy.deepcopy(_expanded(_parsed(path)))


def _expanded(tree):
    if isinstance(tree, dict):
        return {key: _expanded(value) for key, value in tree.items()}
    return [_expanded(value) for value in tree] if isinstance(tree, list) else tree


def listener(tree: dict, name: str) -> dict:
    return next(one for one in tree["static_resources"]["listeners"] if one["name"] == name)


def connection_manager(tree: dict, name: str = "gateway") -> dict:
    return listener(tree, name)["filter_chains"][0]["filters"][0]["typed_config"]


def route(tree: dict) -> dict:
    return connection_manager(tree)["route_config"]["virtual_hosts"][0]["routes"][0]


def clusters(tree: dict) -> dict[str, dict]:
    return {one["name"]: one for one in tree["static_resources"]["clusters"]}


def matcher_map(tree: dict) -> dict:
    """Which cluster each name in filter state leads to: the map that must have an entry per provider."""
    plugin = route(tree)["route"]["inline_cluster_specifier_plugin"]["extension"]["typed_config"]
    return plugin["cluster_matcher"]["matcher_tree"]["exact_match_map"]["map"]


def gateway_plugin(tree: dict) -> dict:
    return connection_manager(tree)["http_filters"][0]["typed_config"]["config"]


def upstream_plugin(cluster: dict) -> dict:
    options = cluster["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
    return options["http_filters"][0]["typed_config"]["config"]


def gateway_config(tree: dict | None = None) -> dict:
    """What the example itself tells the gateway role."""
    return gateway_plugin(tree or bootstrap())["configuration"]["value"]


def set_config(tree: dict, config: dict | str) -> None:
    """A dict goes in as `Struct`, text (JSON) as `StringValue`: the two ways Envoy can carry it."""
    kind = "Struct" if isinstance(config, dict) else "StringValue"
    gateway_plugin(tree)["configuration"] = {"@type": f"type.googleapis.com/google.protobuf.{kind}", "value": config}


def rest_never(tree: dict) -> None:
    """Takes the time of `routing.cooldown` down to nothing, unless the configuration says something of it."""
    config = gateway_plugin(tree)["configuration"]["value"]
    if isinstance(config, dict) and isinstance(routing := config.setdefault("routing", {}), dict):
        routing.setdefault("cooldown", {"for": "0s"})


def point(cluster: dict, port: int) -> None:
    """Leads a provider's cluster to a port of this machine. Mocks speak plain HTTP, so TLS goes with the address."""
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"] = {
        "address": "127.0.0.1",
        "port_value": port,
    }
    cluster.pop("transport_socket", None)


def outlier_detection() -> dict:
    """The block that stands commented out in the first cluster."""
    lines = re.search(r"^    # outlier_detection:\n(?:    #   .*\n)+", PATH.read_text(), re.M).group()
    return yaml.safe_load(re.sub(r"^    # ", "", lines, flags=re.M))["outlier_detection"]


def plan(*providers: str, model: str = "acme/chat", **more) -> dict:
    """A configuration with one model, whose targets are these providers, one after the other: `acme/chat` is
    `openai-model` at openai, `groq-model` at groq, ... The providers stand as in the example. `more`: other sections."""
    known = {one["name"]: one for one in gateway_config()["providers"]}
    targets = [{"provider": name, "model": f"{name}-model", "priority": n} for n, name in enumerate(providers)]
    config = {
        "role": "gateway",
        "providers": [copy.deepcopy(known[name]) for name in providers],
        "models": [{"name": model, "targets": targets}],
        "access": {"allow_unauthenticated": True},
    }
    return config | more


@functools.cache
def key_variables() -> dict[str, str]:
    """Provider -> the variable its key is in, as the example says."""
    return {
        one["name"]: one["credentials"][0]["env"]
        for one in gateway_config()["providers"]
        if isinstance(one.get("credentials"), list)
    }


def secret(provider: str) -> str:
    """The key that a Gateway of the tests has for a provider, different for each; one account's providers share one."""
    variables = key_variables()
    same = [name for name, variable in variables.items() if variable == variables.get(provider)]
    return f"sk-{(same or [provider])[0]}-of-the-gateway"
