"""The Envoys that the benchmark compares: all of them are envoy/envoy.yaml, on the same provider."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "envoy"))

import example  # noqa: E402
from harness import Gateway  # noqa: E402

KEY = "sk-bench-client"
ACCESS = {
    "groups": [{"name": "bench", "models": ["*"]}],
    "keys": [{"id": "bench", "group": "bench", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}],
    "access": {},
}
# What an Envoy without Tollgate logs: the line costs something there too.
PLAIN_LOG = "[%START_TIME%] %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %BYTES_SENT% %DURATION% %UPSTREAM_CLUSTER% %REQ(X-REQUEST-ID)%\n"


def _fixed_route(tree: dict) -> None:
    """Straight to the provider, as nobody chooses."""
    action = example.route(tree)["route"]
    del action["inline_cluster_specifier_plugin"]
    action["cluster"] = "openai"


def _plain(tree: dict) -> None:
    """No Tollgate anywhere."""
    _fixed_route(tree)
    manager = example.connection_manager(tree)
    del manager["http_filters"][0]
    log = manager["access_log"][0]
    del log["filter"]
    log["typed_config"]["log_format"]["text_format_source"]["inline_string"] = PLAIN_LOG
    for cluster in example.clusters(tree).values():
        del cluster["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["http_filters"]


def _floor(tree: dict) -> None:
    """Both filters are there and every callback returns at once: what two wasm filters cost before they do anything."""
    _fixed_route(tree)
    for plugin in [example.gateway_plugin(tree), *map(example.upstream_plugin, example.clusters(tree).values())]:
        plugin["configuration"]["value"] = {"role": "noop"}


@dataclass
class Variant:
    provider: str  # of the example; it says which dialect the upstream speaks
    edit: Callable[[dict], None] | None = None


VARIANTS = {
    "plain": Variant("openai", _plain),
    "floor": Variant("openai", _floor),
    "tollgate": Variant("openai"),
    "translated": Variant("anthropic"),
}


def start(name: str, port: int) -> Gateway:
    variant = VARIANTS[name]
    config = example.plan(variant.provider, model="bench/chat") | ACCESS
    gateway = Gateway(config, {variant.provider: port}, log_level="warning", edit=variant.edit)
    (gateway.folder / "access.log").symlink_to("/dev/null")
    return gateway.start()
