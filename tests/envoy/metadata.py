"""A GCP metadata server for tests, and Claude on Vertex behind a token of it."""

import re
import time
from collections.abc import Callable

import example
import yaml
from mock import Behaviour, Request, Upstream, answer, error
from speaking import speaking

TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"


class Metadata(Upstream):
    """Every answer is a token of its own, `ya29.<name>.<number>`, unless `faults` is not empty: those come first. What the
    real server refuses is refused here: no `Metadata-Flavor`, any `X-Forwarded-For`."""

    def __init__(self, name: str = "m", lifetime: int = 3599, port: int = 0):
        self.name, self.lifetime = name, lifetime
        self.faults: list[Behaviour] = []
        self.given: list[tuple[str, float]] = []
        super().__init__(self.give, port=port)

    def give(self, request: Request) -> Behaviour:
        if self.faults:
            return self.faults.pop(0)
        allowed = request.header("metadata-flavor") == "Google" and request.header("x-forwarded-for") is None
        if (request.method, request.path) != ("GET", TOKEN_PATH) or not allowed:
            return answer(403, "refused")
        self.given.append((f"ya29.{self.name}.{len(self.given) + 1}", time.monotonic()))
        body = {"access_token": self.given[-1][0], "expires_in": self.lifetime, "token_type": "Bearer"}
        return answer(200, body, {"metadata-flavor": "Google"})

    @property
    def tokens(self) -> list[str]:
        return [token for token, _ in self.given]

    @property
    def given_at(self) -> list[float]:
        return [at for _, at in self.given]


def clusters(**servers: Metadata | int | None) -> Callable[[dict], None]:
    """An `edit` of the Gateway: the cluster that stands commented out in the example, once for each of these servers (or
    ports); None is a name that does not resolve."""
    block = re.search(r"^  # - name: gcp_metadata\n(?:  #   .*\n)+", example.PATH.read_text(), re.M).group()
    text = re.sub(r"^  # ", "", block, flags=re.M)

    def edit(tree: dict) -> None:
        for name, server in servers.items():
            (cluster,) = yaml.safe_load(text)
            cluster["name"] = cluster["load_assignment"]["cluster_name"] = name
            if server is None:
                cluster["load_assignment"]["endpoints"] = []
            else:
                example.point(cluster, server if isinstance(server, int) else server.port)
            tree["static_resources"]["clusters"].append(cluster)

    return edit


def vertex(name: str, by: str, cluster: str = "vertex-anthropic") -> dict:
    """Claude on Vertex, with the tokens of the server behind the cluster `by`."""
    place = {"preset": "vertex-anthropic", "cluster": cluster, "project": "my-project", "location": "europe-west1"}
    return {"name": name, "credentials": [{"gcp_metadata": {"cluster": by}}]} | place


def settings(*providers: dict, **more) -> dict:
    """Of each provider a model `acme/<name>` that only it serves, and `acme/<name>-or` that groq serves after it."""
    groq = example.plan("groq")["providers"]
    alone = [one(f"acme/{name}", name) for name in (provider["name"] for provider in providers)]
    pairs = [one(f"acme/{provider['name']}-or", provider["name"], "groq") for provider in providers]
    models = {"models": alone + pairs, "access": {"allow_unauthenticated": True}}
    return {"role": "gateway", "providers": [*providers, *groq]} | models | more


def one(model: str, *providers: str) -> dict:
    targets = [{"provider": name, "model": "claude-sonnet-4-5", "priority": n} for n, name in enumerate(providers)]
    return {"name": model, "targets": targets}


class Vertex:
    """What a provider does that takes only some tokens: a 401 for others."""

    def __init__(self):
        self.refused: set[str] = set()

    def __call__(self, request: Request) -> Behaviour:
        if bearer(request) in self.refused:
            return error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED")
        return speaking("from vertex")(request)


def bearer(request: Request) -> str:
    return (request.header("authorization") or "").removeprefix("Bearer ")
