"""A real Envoy with Tollgate in it, for one test."""

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import example
import yaml
from mock import Upstream, reserve_port
from prometheus import Metrics

NEWEST, OLDEST = "1.40.0", "1.39.3"
FIXED_ORDER = ("1.38.2", "1.37.0")  # those that need envoy/older-envoy.yaml
BINARIES = {
    NEWEST: Path(os.environ.get("ENVOY", ".envoy/envoy")),
} | {version: Path(f".envoy/envoy-{version}") for version in (OLDEST, *FIXED_ORDER)}

MODULE = "target/wasm32-wasip1/release/tollgate.wasm"  # TOLLGATE_WASM: another build


def with_module(text: str) -> str:
    """A configuration with the build that is to be tested."""
    return text.replace(MODULE, os.environ.get("TOLLGATE_WASM", MODULE))


class EnvoyRefused(Exception):
    """Envoy ended instead of getting ready; `log` is what it said, with the filter's own messages in it."""

    def __init__(self, log: str):
        super().__init__(log[-4000:])
        self.log = log


class Gateway:
    """Envoy with the example configuration, its providers led to mocks.

    config     what the gateway role is told; None = what stands in the example; text = JSON in a StringValue
    upstreams  provider -> mock (or port); the clusters of all other providers refuse connections, `demo` stays
    env        variables of Envoy; every provider's key variable is set to `example.secret(provider)` before
    times      durations of the example that a test cannot wait for: {"request_timeout": "1s"}, by the field's name
    rests      whether targets and credentials that fail rest; most tests let many requests fail at one Envoy, each by itself
    file       the example to take instead of envoy.yaml
    edit       changes the tree at the end: only for tests of what a broken configuration does
    """

    def __init__(
        self,
        config: dict | str | None = None,
        upstreams: dict[str, Upstream | int] | None = None,
        *,
        version: str = NEWEST,
        concurrency: int = 1,
        env: dict[str, str] | None = None,
        times: dict[str, str] | None = None,
        outlier_detection: bool = False,
        rests: bool = False,
        log_level: str = "info",
        file: Path = example.PATH,
        edit: Callable[[dict], None] | None = None,
    ):
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-"))
        self.version, self.concurrency, self.log_level = version, concurrency, log_level
        keys = {variable: example.secret(name) for name, variable in example.key_variables().items()}
        self.env = os.environ | keys | (env or {})
        self.process: subprocess.Popen | None = None
        self.may_panic = False  # a test that crashes the filter on purpose sets this

        tree = example.bootstrap(file)
        if config is not None:
            example.set_config(tree, config)
        if not rests:
            example.rest_never(tree)
        _lead(tree, upstreams or {})
        _set_times(tree, times or {})
        if outlier_detection:
            for cluster in tree["static_resources"]["clusters"]:
                cluster["outlier_detection"] = example.outlier_detection()
        if edit:
            edit(tree)
        self.tree = tree

    # ---- life

    def start(self) -> "Gateway":
        text = yaml.safe_dump(self.tree, sort_keys=False)
        self.config_file.write_text(with_module(text))
        command = [
            (example.ROOT / BINARIES[self.version]).resolve(),
            *("-c", self.config_file),
            *("--concurrency", str(self.concurrency)),
            *("--admin-address-path", self.folder / "admin"),
            *("--file-flush-interval-msec", "10"),  # access log lines at once, not after 10 s
            *("--log-level", self.log_level),
            "--disable-hot-restart",
        ]
        with open(self.folder / "access.log", "wb") as out, open(self.folder / "envoy.log", "wb") as err:
            # The example names the module relative to the repository.
            self.process = subprocess.Popen(command, cwd=example.ROOT, env=self.env, stdout=out, stderr=err)
        self._wait_ready()
        return self

    def _wait_ready(self) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.process = None
                raise EnvoyRefused(self.envoy_log())
            try:
                self.admin = "http://" + (self.folder / "admin").read_text().strip()
                self.get_admin("/ready")
                self.url = self._listener_url("gateway")
                return
            except (OSError, KeyError):  # no file yet, refused, 503, or no listener yet
                time.sleep(0.02)
        self.process.kill()
        raise EnvoyRefused("not ready after 90 s\n" + self.envoy_log())

    def _listener_url(self, name: str) -> str:
        listeners = json.loads(self.get_admin("/listeners?format=json"))["listener_statuses"]
        address = next(one for one in listeners if one["name"] == name)["local_address"]["socket_address"]
        return f"http://{address['address']}:{address['port_value']}"

    def stop(self) -> None:
        """Ends Envoy and fails when it, or the filter in it, had crashed before."""
        if problem := self.stop_quietly():
            raise AssertionError(problem)

    def stop_quietly(self) -> str:
        """Ends Envoy; says what was wrong with it, or nothing."""
        if self.process is None:
            return ""
        process, self.process = self.process, None
        ended_before = process.poll()
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"Envoy did not stop: {self.folder}"
        log = self.envoy_log()
        if ended_before not in (None, 0):
            return f"Envoy ended by itself ({ended_before}): {self.folder}\n{log[-4000:]}"
        crash = next((line for line in log.splitlines() if "Uncaught RuntimeError" in line or "panicked" in line), "")
        return f"the filter crashed: {crash}: {self.folder}" if crash and not self.may_panic else ""

    def __enter__(self) -> "Gateway":
        return self.start()

    def __exit__(self, *exception) -> None:
        self.stop()

    # ---- what it says

    @property
    def config_file(self) -> Path:
        return self.folder / "envoy.yaml"

    def get_admin(self, path: str) -> str:
        with urllib.request.urlopen(self.admin + path, timeout=30) as answer:
            return answer.read().decode()

    def post_admin(self, path: str) -> None:
        urllib.request.urlopen(urllib.request.Request(self.admin + path, method="POST"), timeout=30).close()

    def metrics(self) -> Metrics:
        """The filter's own metrics, as Prometheus would scrape them."""
        return Metrics.parse(self.get_admin("/stats/prometheus?usedonly&filter=tollgate"))

    def stats(self, pattern: str = "") -> dict[str, int]:
        """Envoy's raw counters and gauges, by Envoy's names."""
        lines = self.get_admin(f"/stats?filter={pattern}").splitlines()
        pairs = (line.rsplit(": ", 1) for line in lines)
        return {name: int(value) for name, value in pairs if value.isdecimal()}

    def access_log(self) -> list[dict]:
        whole = (self.folder / "access.log").read_bytes().rpartition(b"\n")[0]  # the last line may still be on its way
        return [json.loads(line) for line in whole.splitlines()]

    def wait_log(self, count: int, timeout: float = 30) -> list[dict]:
        """The access log, once it has that many lines: they are written a moment after the client has its answer."""
        end = time.monotonic() + timeout
        while len(lines := self.access_log()) < count:
            assert time.monotonic() < end, f"{len(lines)} access log lines after {timeout} s, not {count}"
            time.sleep(0.02)
        return lines

    def line_of(self, answer, timeout: float = 30) -> dict:
        """The access log line of an answer, found by its generation."""
        generation = answer.header("x-tollgate-generation")
        end = time.monotonic() + timeout
        while True:
            whole = (self.folder / "access.log").read_bytes().rpartition(b"\n")[0].splitlines()
            for line in reversed(whole):
                if generation.encode() in line:
                    return json.loads(line)
            assert time.monotonic() < end, f"no access log line of {generation} after {timeout} s"
            time.sleep(0.01)

    def envoy_log(self) -> str:
        return (self.folder / "envoy.log").read_text(errors="replace")

    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


def _lead(tree: dict, upstreams: dict[str, Upstream | int]) -> None:
    """Ports nobody else has, and every provider at a mock or at nothing: no test ever leaves this machine."""
    tree["admin"]["address"]["socket_address"]["port_value"] = 0
    demo = reserve_port()
    for listener in tree["static_resources"]["listeners"]:
        listener["address"]["socket_address"]["port_value"] = {"gateway": 0, "demo": demo}[listener["name"]]
    for name, cluster in example.clusters(tree).items():
        if "cluster_type" in cluster:
            continue  # made of other clusters, it has no address of its own
        target = upstreams.get(name, demo if name == "demo" else example.REFUSING)
        example.point(cluster, target if isinstance(target, int) else target.port)


def _set_times(tree: dict, times: dict[str, str]) -> None:
    """Sets each named duration wherever the example has it. Histograms show only after a flush: five seconds else."""
    tree["stats_flush_interval"] = "0.1s"
    missing = set(times) - {field for field, value in times.items() if _replace(tree, field, value)}
    assert not missing, f"envoy.yaml has no {missing}"


def _replace(tree, field: str, value: str) -> bool:
    if isinstance(tree, list):
        return any([_replace(one, field, value) for one in tree])
    if not isinstance(tree, dict):
        return False
    found = field in tree and not isinstance(tree[field], (dict, list))
    if found:
        tree[field] = value
    return any([found] + [_replace(one, field, value) for one in tree.values()])
