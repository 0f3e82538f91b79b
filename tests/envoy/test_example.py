"""envoy/envoy.yaml as it is handed out: it loads, it answers without any key, and its parts agree with each other."""

import json
import os
import shutil
import signal
import subprocess
import sys

import example
import pytest
import yaml
from client import CHAT, chat, raw, request
from harness import BINARIES, Gateway
from speaking import speaking

TREE = example.bootstrap()
PROVIDERS = [one["name"] for one in example.gateway_config()["providers"]]


@pytest.fixture(scope="module")
def demos():
    running: dict[str, Gateway] = {}
    yield running
    problems = [problem for one in running.values() if (problem := one.stop_quietly())]
    assert not problems, problems


@pytest.fixture
def demo(demos, envoy_version) -> Gateway:
    """The file as it is, one Envoy per version; only for uploads it has less patience."""
    if envoy_version not in demos:
        demos[envoy_version] = Gateway(version=envoy_version, times={"request_timeout": "1s"}).start()
    return demos[envoy_version]


# ---------------------------------------------------------------- the parts agree


def test_every_provider_has_its_cluster_and_its_entry_in_the_matcher_map():
    matcher = example.matcher_map(TREE)
    assert list(example.clusters(TREE)) == PROVIDERS
    assert list(matcher) == PROVIDERS
    assert {name: entry["action"]["typed_config"]["cluster"] for name, entry in matcher.items()} == {name: name for name in PROVIDERS}


def test_every_target_and_fallback_names_something_configured():
    models = example.gateway_config()["models"]
    names = {model["name"] for model in models}
    assert {target["provider"] for model in models for target in model["targets"]} <= set(PROVIDERS)
    assert {name for model in models for name in model.get("fallbacks", [])} <= names
    assert len(names) == len(models)


def test_both_roles_have_the_same_vm_so_that_they_share_memory():
    vm = example.gateway_plugin(TREE)["vm_config"]
    assert [example.upstream_plugin(cluster)["vm_config"] for cluster in example.clusters(TREE).values()] == [vm] * len(PROVIDERS)


def test_every_plugin_waits_at_the_headers_and_reloads_after_a_crash():
    plugins = [example.gateway_plugin(TREE), *map(example.upstream_plugin, example.clusters(TREE).values())]
    for plugin in plugins:
        assert plugin["allow_on_headers_stop_iteration"] is True
        assert plugin["failure_policy"] == "FAIL_RELOAD" and "fail_open" not in plugin
        assert plugin["reload_config"]["backoff"]["base_interval"] == "0.05s"


def test_the_vm_sees_every_variable_that_a_credential_names():
    variables = example.gateway_plugin(TREE)["vm_config"]["environment_variables"]["host_env_keys"]
    assert variables == list(dict.fromkeys(example.key_variables().values()))
    assert all(c["optional"] for p in example.gateway_config()["providers"] for c in p["credentials"] if p["credentials"] != "none")


def test_all_clusters_differ_only_in_name_address_and_tls():
    """They are copies of each other because Envoy's YAML has no merge keys; none may be forgotten in a change."""
    first, *others = [_common(cluster) for cluster in example.clusters(TREE).values()]
    assert all(other == first for other in others)


def _common(cluster: dict) -> dict:
    common = {key: value for key, value in cluster.items() if key not in ("name", "transport_socket")}
    own, refusing = common["load_assignment"]["endpoints"]
    assert common["load_assignment"]["cluster_name"] == cluster["name"]
    address = own["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    on_this_machine = address["address"] == "127.0.0.1"
    assert on_this_machine != ("transport_socket" in cluster), f"{cluster['name']}: TLS to others, plain only at home"
    return common | {"load_assignment": [common["load_assignment"]["policy"], refusing]}


def test_clients_and_operators_are_on_loopback():
    """`allow_unauthenticated` is only right as long as nobody else can connect."""
    addresses = [one["address"]["socket_address"]["address"] for one in [TREE["admin"], *TREE["static_resources"]["listeners"]]]
    assert set(addresses) == {"127.0.0.1"}


# ---------------------------------------------------------------- Envoy takes it


@pytest.mark.both
def test_envoy_accepts_the_file_itself(envoy_version):
    binary = (example.ROOT / BINARIES[envoy_version]).resolve()
    outcome = subprocess.run([binary, "--mode", "validate", "-c", example.PATH], cwd=example.ROOT, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr[-2000:]


def test_envoy_starts_without_a_complaint(gateway):
    log = gateway(log_level="warning").envoy_log()
    assert [line for line in log.splitlines() if "eprecat" in line or "][error]" in line] == []


@pytest.mark.both
def test_the_block_that_is_commented_out_loads_too(gateway):
    running = gateway(outlier_detection=True)
    assert chat(running.url, "demo/echo").status == 200
    assert "cluster.openai.outlier_detection.ejections_active" in running.stats("outlier_detection")


@pytest.mark.both
def test_a_provider_whose_name_does_not_resolve_is_passed_over(gateway, upstream):
    """Without the refusing endpoint Envoy answers 503 at once: it does not retry where a cluster has no host."""

    def unknown_name(tree: dict) -> None:
        endpoint = example.clusters(tree)["openai"]["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        endpoint["address"]["socket_address"]["address"] = "provider.invalid"

    running = gateway(example.plan("openai", "groq"), {"groq": upstream()}, edit=unknown_name)
    assert [chat(running.url, prompt=str(n)).status for n in range(20)] == [200] * 20


# ---------------------------------------------------------------- it answers without any key


@pytest.mark.both
def test_the_demo_answers_a_chat(demo):
    response = chat(demo.url, "demo/echo")
    assert response.status == 200
    assert response.text() == "Hello from the demo provider: Tollgate works."
    assert response.json()["usage"]["total_tokens"] == 21


@pytest.mark.both
def test_the_demo_streams_and_hides_the_usage_nobody_asked_for(demo):
    response = chat(demo.url, "demo/echo", stream=True)
    assert response.header("content-type") == "text/event-stream"
    assert response.text() == "Hello from the demo provider: Tollgate works."
    assert response.events()[-1] == "[DONE]"
    assert not any(event.get("usage") for event in response.events()[:-1])


def test_the_demo_streams_the_usage_when_asked(demo):
    events = chat(demo.url, "demo/echo", stream=True, stream_options={"include_usage": True}).events()
    assert events[-2]["usage"]["total_tokens"] == 21
    assert events[-2]["choices"] == []


def test_the_demo_embeds(demo):
    vector = request(demo.url, "POST", "/v1/embeddings", {"model": "demo/echo", "input": "hi"}).json()["data"][0]["embedding"]
    assert vector == [0.5, -0.5, 0.25, -0.25]


def test_the_log_has_one_json_line_per_request(gateway):
    running = gateway()
    chat(running.url, "demo/echo")
    chat(running.url, "demo/echo", stream=True)
    raw(running.url, b"no HTTP at all\r\n\r\n")
    assert len(running.wait_log(2)) == 2


# ---------------------------------------------------------------- with keys


def test_every_provider_is_asked_under_the_name_that_its_cluster_connects_to(gateway, upstream):
    """The preset's address and the cluster's must be the same; Envoy cannot know that they belong together."""
    config = example.gateway_config()
    config["models"] = [{"name": f"acme/{name}", "targets": [{"provider": name, "model": "m"}]} for name in PROVIDERS]
    one = upstream(speaking())
    url = gateway(config, {name: one for name in PROVIDERS}).url
    assert {name: chat(url, f"acme/{name}").status for name in PROVIDERS} == {name: 200 for name in PROVIDERS}

    hosts = dict(zip(PROVIDERS, (got.header("host") for got in one.requests)))
    assert hosts == {name: _host(cluster) for name, cluster in example.clusters(TREE).items()}
    for name, got in zip(PROVIDERS, one.requests):
        named = (got.header(header) for header in ("authorization", "api-key", "x-api-key", "x-goog-api-key"))
        sent = next((value for value in named if value), "")
        assert sent.removeprefix("Bearer ") == (example.secret(name) if name in example.key_variables() else "")


def _host(cluster: dict) -> str:
    address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    port = "" if address["port_value"] == 443 else f":{address['port_value']}"
    return address["address"] + port


# ---------------------------------------------------------------- Envoy's own answers are JSON

HEAD = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\n".encode()
EARLY = {
    "not HTTP": ([b"\x16\x03\x01 no HTTP\r\n\r\n"], 400, "caller_bad_request", "invalid_request"),
    "no host": ([b"GET / HTTP/1.1\r\n\r\n"], 400, "caller_bad_request", "invalid_request"),
    "headers too large": ([HEAD + b"x: " + b"a" * 100_000 + b"\r\n\r\n"], 431, "caller_bad_request", "invalid_request"),
    "two lengths": ([HEAD + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"], 400, "caller_bad_request", "invalid_request"),
    "upgrade": ([b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"], 426, "caller_bad_request", "unsupported_method"),
    "slow upload": ([HEAD + b"content-length: 10\r\n\r\n{"], 408, "caller_bad_request", "request_timeout"),
}


@pytest.mark.parametrize("case", EARLY)
@pytest.mark.both
def test_requests_that_no_filter_sees_get_a_json_error(demo, case):
    parts, status, reason, code = EARLY[case]
    head, _, body = raw(demo.url, *parts).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert f"x-tollgate-error: {reason}".encode() in head
    assert b"x-should-retry: false" in head
    error = json.loads(body)["error"]
    assert (set(error), error["type"], error["code"]) == ({"message", "type", "param", "code"}, "invalid_request_error", code)


# ---------------------------------------------------------------- the ways to start it


def test_make_run_prints_a_curl_that_works():
    """With no key in the environment. The example's own ports must be free: elsewhere this is skipped."""
    environment = {name: value for name, value in os.environ.items() if name not in example.key_variables().values()}
    command = [sys.executable, "scripts/run.py", str(BINARIES["1.40.0"]), "envoy/envoy.yaml"]
    run = subprocess.Popen(command, cwd=example.ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        printed = []
        while line := run.stdout.readline():
            printed.append(line)
            if "Ctrl-C" in line:
                break
        if "cannot be used" in "".join(printed):
            pytest.skip("".join(printed).strip())
        plain, streaming = [line.strip() for line in printed if line.startswith("  curl ")]
        assert json.loads(_shell(plain))["choices"][0]["message"]["content"].endswith("Tollgate works.")
        assert _shell(streaming).endswith("data: [DONE]\n\n")
    finally:
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)


def _shell(command: str) -> str:
    return subprocess.run(command.replace("curl ", "curl -s ", 1), shell=True, capture_output=True, text=True, check=True).stdout


COMPOSE = [["docker", "compose"], ["docker-compose"]]


def test_docker_compose_accepts_the_file():
    works = lambda command: shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0
    command = next(filter(works, COMPOSE), None)
    if not command:
        pytest.skip("no docker compose here")
    outcome = subprocess.run([*command, "config", "--quiet"], cwd=example.ROOT, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr


def test_docker_publishes_nothing_beyond_this_machine():
    services = yaml.safe_load((example.ROOT / "docker-compose.yaml").read_text())["services"]
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.get("ports", []))
