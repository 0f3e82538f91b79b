"""The gateway plugin's configuration in a file that Envoy watches (ECDS), so that it changes while streams run."""

import copy
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import example
import yaml
from harness import Gateway, with_module

KIND = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"


class Watched:
    """Use as `Gateway(config, ..., edit=watched.take)`, then `watched.write(document)`: the plugin as it stood in the
    example, with another document. Files are moved into place: Envoy must never read half of one."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-ecds-"))
        self.file = self.folder / "gateway.yaml"

    def take(self, tree: dict) -> None:
        filters = example.connection_manager(tree)["http_filters"]
        self.plugin = filters[0]["typed_config"]
        self._write()
        source = {"path_config_source": {"path": str(self.file), "watched_directory": {"path": str(self.folder)}}, "resource_api_version": "V3"}
        tree["node"] = {"id": "test", "cluster": "test"}  # Envoy wants a name for whatever asks for configuration
        filters[0] = {"name": "tollgate", "config_discovery": {"config_source": source, "type_urls": [KIND]}}

    def write(self, document: dict | str) -> None:
        kind = "Struct" if isinstance(document, dict) else "StringValue"
        self.plugin = copy.deepcopy(self.plugin)
        self.plugin["config"]["configuration"] = {"@type": f"type.googleapis.com/google.protobuf.{kind}", "value": document}
        self._write()

    def _write(self) -> None:
        resource = {"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": "tollgate", "typed_config": self.plugin}
        fresh = self.folder / "fresh.tmp"
        fresh.write_text(with_module(yaml.safe_dump({"resources": [resource]})))
        os.rename(fresh, self.file)


def watched_gateway(document: dict | str, *args, prepare: Callable[[dict], None] = lambda tree: None, **kwargs) -> tuple[Gateway, Watched]:
    """A running gateway whose document can be changed; `prepare` changes the tree before."""
    watched = Watched()

    def edit(tree: dict) -> None:
        prepare(tree)
        watched.take(tree)

    return Gateway(document, *args, edit=edit, **kwargs).start(), watched
