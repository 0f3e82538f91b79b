"""Providers that are dead in every way there is, each before one that is well (`azure`), behind one Envoy.

What is wrong with a provider stands in the clusters' addresses; `without` takes cures out of clusters on top of that.
"""

import ssl
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import example
from client import Response, chat
from harness import Gateway
from mock import Upstream, chatting, error

# provider: what is wrong with it
DEAD = {
    "openai": "overloaded",  # answers 503
    "groq": "refused",
    "mistral": "unresolvable",  # its name has no address
    "xai": "mute",  # accepts the connection and never speaks TLS: `connect_timeout`
    "perplexity": "outdated",  # only a cipher that nobody offers any more: the handshake fails
    "deepseek": "stranger",  # TLS with a certificate that nobody has signed
    "together": "ejected",  # answers 503, outlier detection is on
    "fireworks": "halved",  # two addresses; one answers 503, outlier detection is on
}
NEVER = {"cooldown": {"after": 1000}}  # Envoy's own means are looked at here, not the filter's


def config() -> dict:
    """`acme/<what is wrong>` has the dead provider first and azure second; `alone/<what is wrong>` has no other."""
    pairs = [(kind, "acme", [name, "azure"]) for name, kind in DEAD.items()] + [(kind, "alone", [name]) for name, kind in DEAD.items()]
    models = [example.plan(*names, model=f"{creator}/{kind}")["models"][0] for kind, creator, names in pairs]
    return example.plan(*DEAD, "azure") | {"models": models, "routing": NEVER}


class Dead:
    def __init__(self, version: str, folder: Path, without: Callable[[dict], None] = lambda clusters: None, **how):
        self.sick, self.well = Upstream(error(503)), Upstream(chatting("from the next"))
        self.stranger, self.outdated = Upstream(tls=_self_signed(folder)), Upstream(tls=_outdated(_self_signed(folder)))
        self.half = Upstream(chatting("from the other address"))
        self.mocks = (self.sick, self.well, self.stranger, self.outdated, self.half)

        def edit(tree: dict) -> None:
            clusters = example.clusters(tree)
            self._bury(clusters)
            without(clusters)

        upstreams = {"openai": self.sick, "together": self.sick, "azure": self.well}
        times = {"connect_timeout": "1s"}
        self.gateway = Gateway(config(), upstreams, version=version, edit=edit, times=times, **how).start()

    def _bury(self, clusters: dict[str, dict]) -> None:
        address(clusters["mistral"])["address"] = "provider.invalid"
        for name, mock in (("xai", self.sick), ("deepseek", self.stranger), ("perplexity", self.outdated)):
            address(clusters[name])["port_value"] = mock.port
            clusters[name]["transport_socket"] = example.clusters(example.bootstrap())[name]["transport_socket"]
        hosts = [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": mock.port}}}} for mock in (self.sick, self.half)]
        clusters["fireworks"]["load_assignment"]["endpoints"][0]["lb_endpoints"] = hosts
        for name in ("together", "fireworks"):
            clusters[name]["outlier_detection"] = example.outlier_detection()

    def close(self) -> None:
        problem = self.gateway.stop_quietly()
        for mock in self.mocks:
            mock.close()
        assert not problem, problem

    def crowd(self, model: str, count: int, at_once: int = 20) -> list[Response]:
        """So many requests, so many at once; the mocks' journals begin anew."""
        for mock in self.mocks:
            mock.requests = []
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda n: chat(self.gateway.url, model, prompt=str(n)), range(count)))

    def eject(self, kind: str, addresses: int = 1) -> None:
        """Asks until Envoy has taken the failing addresses out."""
        provider = next(name for name, what in DEAD.items() if what == kind)
        for _ in range(40):
            self.crowd(f"acme/{kind}", 10)
            if self.gateway.stats(f"cluster.{provider}.outlier_detection.ejections_active").popitem()[1] >= addresses:
                return
        raise AssertionError(f"never ejected: {self.gateway.stats(f'cluster.{provider}.outlier')}")


def statuses(answers: list[Response]) -> dict[int, int]:
    return dict(Counter(answer.status for answer in answers))


def attempts(answers: list[Response]) -> dict[str, int]:
    return dict(Counter(answer.header("x-tollgate-attempts") for answer in answers))


def address(cluster: dict) -> dict:
    return cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]


def _self_signed(folder: Path) -> ssl.SSLContext:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _outdated(context: ssl.SSLContext) -> ssl.SSLContext:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES256-SHA256")
    return context
