#!/usr/bin/env python3
"""run.py ENVOY CONFIG: starts Envoy in the foreground and, once it is ready, prints a curl that works."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


def listeners(config: str) -> list[tuple[str, int]]:
    """Every address the configuration binds, read by pattern: this script must run without a YAML library."""
    bound = re.findall(r"^ +address: \{socket_address: \{address: ([\d.]+), port_value: (\d+)\}\}$", config, re.M)
    return [(address, int(port)) for address, port in bound]


def require_free(addresses: list[tuple[str, int]], path: str) -> None:
    """Envoy's own message about a taken port is easily missed among the others."""
    for address, port in addresses:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                sys.exit(f"{address}:{port} cannot be used ({error.strerror}). Stop what runs there, or change the port in {path}.")


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=2) as answer:
        return answer.read()


def wait_ready(envoy: subprocess.Popen, admin: str) -> None:
    while envoy.poll() is None:
        try:
            get(f"{admin}/ready")
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"Envoy ended with status {envoy.returncode}; the reason is above.")


def find(tree, role: str):
    """The configuration of the plugin with this role, anywhere in Envoy's config dump."""
    if isinstance(tree, dict):
        if tree.get("role") == role:
            return tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            if found := find(branch, role):
                return found
    return None


def usable_model(config: dict) -> str:
    """The first model of the first provider that has a key in the environment, else the demo's."""
    for provider in config["providers"]:
        credentials = provider.get("credentials")
        if isinstance(credentials, list) and any(os.environ.get(c.get("env", "")) for c in credentials):
            for model in config["models"]:
                if any(target["provider"] == provider["name"] for target in model["targets"]):
                    return model["name"]
    return "demo/echo"


def hint(gateway: str, admin: str, model: str) -> str:
    def curl(flags: str, **extra) -> str:
        body = {"model": model, **extra, "messages": [{"role": "user", "content": "Hello"}]}
        return f"  curl {flags}{gateway}/v1/chat/completions -H 'content-type: application/json' -d '{json.dumps(body)}'"

    why = "" if model != "demo/echo" else "\nNo provider key is set (OPENAI_API_KEY, ...), so a demo provider answers.\n"
    return f"""
Tollgate is ready on {gateway}, its metrics on {admin}/stats/prometheus?usedonly&filter=tollgate
{why}
{curl("")}

{curl("-N ", stream=True)}

Ctrl-C stops it.
"""


def main() -> None:
    binary, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        addresses = listeners(file.read())
    require_free(addresses, path)
    (admin, gateway) = (f"http://{address}:{port}" for address, port in addresses[:2])

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Envoy ends with us, not only on Ctrl-C
    # Warnings only: one line per cluster and listener would bury the curl.
    quiet = ["--log-level", "warning", "--component-log-level", "wasm:info"]
    soon = ["--file-flush-interval-msec", "200"]  # the access log; Envoy would keep its lines for 10 s
    envoy = subprocess.Popen([binary, "-c", path, *quiet, *soon])
    try:
        wait_ready(envoy, admin)
        config = find(json.loads(get(f"{admin}/config_dump")), "gateway")
        print(hint(gateway, admin, usable_model(config)), flush=True)
        sys.exit(envoy.wait())
    except KeyboardInterrupt:
        pass
    finally:
        envoy.terminate()
        envoy.wait()


main()
