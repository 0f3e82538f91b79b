"""Every endpoint at a provider of every API that serves it, as a whole answer and as a stream: what each combination costs is
known, and like no other's."""

import re
from dataclasses import dataclass

import endpoints
import example
import load
import money
from endpoints import ENDPOINTS, Endpoint
from mock import Behaviour, Request, error
from world import sha256

PRESETS = sorted({preset for endpoint in ENDPOINTS for preset in endpoint.presets})


@dataclass(frozen=True)
class Combination:
    """An endpoint at a provider, with a key, models, prices and counts that nobody else has."""

    number: int
    endpoint: Endpoint
    preset: str
    stream: bool

    @property
    def name(self) -> str:
        return f"{self.endpoint.path.removeprefix('/')}-{self.preset}-{'stream' if self.stream else 'json'}".replace("/", "_")

    @property
    def model(self) -> str:
        return f"once/m-{self.number}"

    @property
    def failing(self) -> str:
        """A model whose provider fails, after which the other one is asked."""
        return f"once/failing-{self.number}"

    @property
    def sent(self) -> str:
        """Its name at the provider."""
        is_titan = self.preset == "bedrock" and not self.has_output
        return f"amazon.titan-embed-m-{self.number}" if is_titan else f"m-{self.number}"

    @property
    def times(self) -> int:
        return 1 + self.number % 3

    @property
    def reports(self) -> bool:
        return endpoints.reports(self.endpoint.path, self.stream)

    @property
    def has_output(self) -> bool:
        return self.endpoint.operation not in endpoints.INPUT_ONLY

    @property
    def rates(self) -> tuple[int, int, int]:
        """Pico-USD for a token of input, one of output, and the request."""
        return 1_000_003 + self.number, 7_000_001 + 3 * self.number, 11_000_000_007 + self.number

    def price(self) -> dict:
        """As the configuration says it: USD for every request, and for each million tokens where they are counted."""
        into, out, request = self.rates
        price = {"request": money.usd(request)}
        if self.reports:
            price |= {"input": money.per_million(into)} | ({"output": money.per_million(out)} if self.has_output else {})
        return price

    def tokens(self) -> tuple[int | None, int | None]:
        """What a provider reports."""
        into, out = usage(self.number)
        return (into, out if self.has_output else None) if self.reports else (None, None)

    def cost(self) -> int:
        """Of one request, in pico-USD."""
        into, out, request = self.rates
        tokens_in, tokens_out = self.tokens()
        return request + (tokens_in or 0) * into + (tokens_out or 0) * out


def usage(number: int) -> tuple[int, int]:
    return 100 + number, 10 + 2 * number


def _combinations() -> list[Combination]:
    every = [
        (endpoint, preset, stream)
        for endpoint in ENDPOINTS
        for preset in endpoint.presets
        for stream in ([False, True] if endpoint.streams else [False])
    ]
    return [Combination(number, *one) for number, one in enumerate(every)]


COMBINATIONS = _combinations()
CAP = "1000"  # USD, of each key's budget
WAYS = ("once", "fallback")  # how the provider is reached; each combination has a key for each


def key(one: Combination, way: str) -> str:
    return f"sk-{way}-{one.number}"


def asks(one: Combination, way: str) -> load.Ask:
    """A request by that key, whose name it bears."""
    model = one.model if way == "once" else one.failing
    return endpoints.ask(one.endpoint.path, model, key(one, way), one.stream, key(one, way))


def config() -> dict:
    models, keys = [], []
    for one in COMBINATIONS:
        first = {"provider": one.endpoint.presets[0], "model": f"down-{one.number}"}
        dear = {"request": "9", "input": "900", "output": "900"}
        models.append({"name": one.model, "targets": [{"provider": one.preset, "model": one.sent}], "price": one.price()})
        models.append({"name": one.failing, "targets": [first], "fallbacks": [one.model], "price": dear})
        keys += [{"id": f"{way}-{one.number}", "sha256": sha256(key(one, way))} for way in WAYS]
    budgets = [{"id": "own", "each": "key", "usd": CAP, "per": "total"}]
    return example.plan(*PRESETS) | {"models": models, "keys": keys, "access": {}, "budgets": budgets}


def behave(request: Request) -> Behaviour:
    """What a provider says it used is told by the model it was asked for, wherever that stands."""
    whole = request.path.encode() + b"\n" + request.body
    if b"down-" in whole:
        return error(503, "down")
    return endpoints.serving(usage(int(re.search(rb"\bm-(\d+)", whole)[1])))(request)
