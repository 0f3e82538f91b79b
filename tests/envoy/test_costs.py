"""What a request cost: the same in header, access log, metric, metadata and generation, for every client, exactly."""

import json
import time
from decimal import Decimal
from fractions import Fraction

import dialects
import example
import pytest
from client import CHAT, Response, request
from harness import NEWEST, Gateway
from mock import Upstream, answer, chat, chat_stream, pieces, sse
from speaking import event

CLAUDE = {
    "input": "3",
    "cached_input": "0.3",
    "cache_write_5m": "3.75",
    "cache_write_1h": "6",
    "output": "15",
    "tools": [{"name": "web_search", "usd": "0.01"}],
}
GPT = {
    "input": "1.000001",
    "output": "8",
    "request": "0.000000000001",
    "tiers": [{"above": 1000, "input": "2"}],
    "service_tiers": [{"name": "flex", "input": "0.5", "output": "4"}],
}
PRICES = {
    "claude": ("anthropic", CLAUDE),
    "advisor": ("anthropic", {"input": 10, "output": 50}),
    "gpt": ("openai", GPT),
    "free": ("openai", None),
    "dear": ("openrouter", GPT),
}


def config() -> dict:
    models = [
        {"name": f"acme/{name}", "targets": [{"provider": provider, "model": f"{name}-there"}]} | ({"price": price} if price else {})
        for name, (provider, price) in PRICES.items()
    ]
    groups = [{"name": "all", "models": ["*"], "byok": "allow"}]
    access = {"allow_unauthenticated": True, "identity": {"header": "x-who", "default_group": "all"}}
    return example.plan("openai", "anthropic", "openrouter") | {"models": models, "groups": groups, "access": access, "metrics": {"labels": ["group"]}}


class Shop:
    def __init__(self):
        self.mocks = {name: Upstream() for name in ("openai", "anthropic", "openrouter")}
        self.gateway = Gateway(config(), dict(self.mocks), version=NEWEST, concurrency=2).start()
        self.url = self.gateway.url

    def ask(self, client: str, model: str, stream: bool, **more) -> Response:
        body = dialects.body(client, model, "Hi", stream) | {"providerOptions": {"gateway": {}}} | more
        return request(self.url, "POST", dialects.PATHS[client], body, dialects.headers(client, model, stream))

    def generation(self, response: Response, **who: str) -> dict:
        """It is kept a moment after the answer."""
        end = time.monotonic() + 5
        path = f"/v1/generation?id={response.header('x-tollgate-generation')}"
        while (found := request(self.url, path=path, headers=who)).status == 404:
            assert time.monotonic() < end
            time.sleep(0.02)
        return json.loads(found.body, parse_float=Decimal)["data"]

    def line(self, response: Response) -> dict:
        self.gateway.line_of(response)
        lines = (self.gateway.folder / "access.log").read_bytes().splitlines()
        line = next(line for line in lines if response.header("x-tollgate-generation").encode() in line)
        return json.loads(line, parse_float=Decimal)

    def metric(self, name: str) -> float:
        return self.gateway.metrics().value(f"tollgate_cost_{name}_total")


@pytest.fixture(scope="module")
def shop():
    one = Shop()
    yield one
    problem = one.gateway.stop_quietly()
    for mock in one.mocks.values():
        mock.close()
    assert not problem, problem


def words(response: Response) -> dict:
    """What the gateway says of itself, wherever it stands; the AI SDK is told the generation in a stream's first part, too."""
    bodies = response.events() if (response.header("content-type") or "").startswith("text/event-stream") else [response.json()]

    def found(value):
        if isinstance(value, dict):
            if "generationId" in value:
                yield value
            for one in value.values():
                yield from found(one)
        elif isinstance(value, list):
            for one in value:
                yield from found(one)

    return list(found(bodies))[-1]


def checks(shop: Shop, response: Response, pico: int, source: str, before: float, stream: bool = False) -> None:
    """Every view says the same amount; the metric may lack what is below a nano-USD, of each of the two workers."""
    assert response.status == 200, response
    usd = Fraction(pico, 10**12)
    said = words(response)
    assert (Fraction(said["cost"]), said["costSource"], "marketCost" in said) == (usd, source, False)
    assert response.header("x-tollgate-cost") == (None if stream else said["cost"])
    assert Fraction(shop.line(response)["cost_usd"]) == usd
    kept = shop.generation(response)
    assert (Fraction(kept["total_cost"]), Fraction(kept["usage"]), kept["upstream_inference_cost"]) == (usd, usd, 0)
    assert kept["cost_source"] == source
    assert abs((shop.metric("nanousd") - before) * 1000 - pico) < 1000


# ---------------------------------------------------------------- every client, by the price

USAGE = {
    "input_tokens": 100,
    "cache_read_input_tokens": 900,
    "cache_creation_input_tokens": 70,
    "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 30},
    "output_tokens": 50,
    "server_tool_use": {"web_search_requests": 2},
    "service_tier": "standard",
}
# In pico-USD, from USD per million.
CLAUDES = 100 * 3_000_000 + 900 * 300_000 + 40 * 3_750_000 + 30 * 6_000_000 + 50 * 15_000_000 + 2 * 10_000_000_000
UNCACHED = (100 + 900 + 70) * 3_000_000 + 50 * 15_000_000 + 2 * 10_000_000_000


def claude(usage: dict, stream: bool):
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-there", "content": [], "stop_reason": None}
    if not stream:
        return answer(200, message | {"content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn", "usage": usage})
    start = {name: count for name, count in usage.items() if name not in ("server_tool_use", "iterations")} | {"output_tokens": 1}
    return sse(
        [
            event("message_start", message=message | {"usage": start}),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello"}),
            event("content_block_stop", index=0),
            event("message_delta", delta={"stop_reason": "end_turn"}, usage=usage),
            event("message_stop"),
        ]
    )


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("client", ["chat", "responses", "messages", "ai4"])
def test_every_client_is_told_what_a_price_says(shop, client, stream):
    shop.mocks["anthropic"].behaviours = (claude(USAGE, stream),)
    before = shop.metric("nanousd")
    response = shop.ask(client, "acme/claude", stream)
    checks(shop, response, CLAUDES, "computed", before, stream)
    assert Fraction(shop.generation(response)["cost_without_cache"]) == Fraction(UNCACHED, 10**12)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize(
    "usage, tier, pico",
    [
        ({"prompt_tokens": 1000, "completion_tokens": 7}, None, 1 + 1000 * 1_000_001 + 7 * 8_000_000),
        ({"prompt_tokens": 1001, "completion_tokens": 7}, "default", 1 + 1001 * 2_000_000 + 7 * 8_000_000),
        ({"prompt_tokens": 10, "completion_tokens": 7}, "flex", 1 + 10 * 500_000 + 7 * 4_000_000),
    ],
    ids=["usual", "long", "flex"],
)
def test_an_answer_that_passes(shop, usage, tier, pico, stream):
    told = {"service_tier": tier} if tier else {}
    if stream:
        parts = [{"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}]}, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        parts.append({"choices": [], "usage": usage})
        shop.mocks["openai"].behaviours = (sse([*(f"data: {json.dumps(part | told)}\n\n" for part in parts), "data: [DONE]\n\n"]),)
    else:
        choices = [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]
        shop.mocks["openai"].behaviours = (answer(200, {"id": "c", "choices": choices, "usage": usage} | told),)
    before = shop.metric("nanousd")
    checks(shop, shop.ask("chat", "acme/gpt", stream), pico, "computed", before, stream)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("client", ["chat", "messages"])
def test_what_the_provider_reports_wins(shop, client, stream):
    """To the last place, with an exponent, and with the bill of an account of one's own behind it."""
    for told, pico in [
        ({"cost": 0.00333825}, 3_338_250_000),
        ({"cost": 9.78e-05, "is_byok": True, "cost_details": {"upstream_inference_cost": 1e-12}}, 97_800_001),
    ]:
        usage = {"prompt_tokens": 10, "completion_tokens": 5} | told
        shop.mocks["openrouter"].behaviours = (chat_stream(usage=usage, usage_always=True) if stream else chat(usage=usage),)
        before = shop.metric("nanousd")
        checks(shop, shop.ask(client, "acme/dear", stream), pico, "reported", before, stream)


def test_iterations_are_charged_by_their_own_models(shop):
    """The advisor is a model of the same provider, with a price in the configuration."""
    one = {"input_tokens": 100, "output_tokens": 10}
    usage = {"input_tokens": 200, "output_tokens": 20, "iterations": [one, one | {"model": "advisor-there"}, one | {"model": "claude-there"}]}
    for stream in (False, True):
        shop.mocks["anthropic"].behaviours = (claude(usage, stream),)
        before = shop.metric("nanousd")
        pico = 200 * 3_000_000 + 20 * 15_000_000 + 100 * 10_000_000 + 10 * 50_000_000
        checks(shop, shop.ask("messages", "acme/claude", stream), pico, "computed", before, stream)


# ---------------------------------------------------------------- what is not known, and who pays


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_an_unknown_cost_is_absent_and_counted(shop, stream):
    answers = {
        "acme/free": ("openai", chat_stream() if stream else chat()),
        "acme/claude": ("anthropic", claude(USAGE | {"server_tool_use": {"code_execution_requests": 1}}, stream)),
        "acme/advisor": ("anthropic", claude({"input_tokens": 1, "output_tokens": 1, "speed": "fast"}, stream)),
    }
    for model, (provider, behaviour) in answers.items():
        shop.mocks[provider].behaviours = (behaviour,)
        unknown, known = shop.metric("unknown"), shop.metric("nanousd")
        response = shop.ask("chat", model, stream)
        assert not {"cost", "marketCost", "costSource"} & set(words(response)), model
        assert response.header("x-tollgate-cost") is None
        assert shop.line(response)["cost_usd"] is None
        kept = shop.generation(response)
        assert (kept["total_cost"], kept["cost_source"]) == (0, "unknown")
        assert (shop.metric("unknown") - unknown, shop.metric("nanousd") - known) == (1, 0)
    labels = {frozenset(one.items()) for one in shop.gateway.metrics().series("tollgate_cost_unknown_total")}
    assert frozenset({("model", "acme/free"), ("provider", "openai")}) in labels


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_what_a_caller_pays_itself_costs_the_gateway_nothing(shop, stream):
    shop.mocks["anthropic"].behaviours = (claude(USAGE, stream),)
    before = shop.metric("nanousd")
    byok = {"providerOptions": {"gateway": {"byok": {"anthropic": [{"apiKey": "sk-mine"}]}}}}
    body = dialects.body("chat", "acme/claude", "Hi", stream) | byok
    response = request(shop.url, "POST", CHAT, body, {"x-who": "carol", "content-type": "application/json"})
    assert response.status == 200, response
    said = words(response)
    assert (said["cost"], Fraction(said["marketCost"])) == ("0", Fraction(CLAUDES, 10**12))
    assert response.header("x-tollgate-cost") == (None if stream else "0")
    line = shop.line(response)
    assert (line["credential"], line["cost_usd"]) == ("byok", 0)
    own = shop.generation(response, **{"x-who": "carol"})
    assert (own["total_cost"], Fraction(own["upstream_inference_cost"])) == (0, Fraction(CLAUDES, 10**12))
    assert shop.metric("nanousd") == before


def test_refusals_and_failures_cost_nothing(shop):
    shop.mocks["openai"].behaviours = (answer(400, {"error": {"message": "no", "type": "invalid_request_error"}}),)
    unknown, known = shop.metric("unknown"), shop.metric("nanousd")
    for model in ("acme/gpt", "acme/none"):
        response = shop.ask("chat", model, False)
        assert response.status in (400, 404) and response.header("x-tollgate-cost") is None
        assert shop.line(response)["cost_usd"] is None
    assert (shop.metric("unknown"), shop.metric("nanousd")) == (unknown, known)


# ---------------------------------------------------------------- the header waits for the amount


def test_a_short_answer_waits_a_long_or_blank_one_goes_on(shop):
    """In pieces: the header is there where the whole answer has come before the headers go."""
    body = json.dumps({"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}).encode()
    long = body.replace(b'"x"', b'"' + b"x" * 70_000 + b'"')
    json_head = {"content-type": "application/json"}
    cost = 1 + 1_000_001 + 8_000_000
    for parts, is_told in [([body[:9], body[9:40], body[40:]], True), ([long[:68_000], long[68_000:]], False), ([b"\n", b"\n", body], False)]:
        shop.mocks["openai"].behaviours = (pieces(parts, delay=0.1, headers=json_head),)
        body_asked = dialects.body("chat", "acme/gpt", "Hi", False)
        response = request(shop.url, "POST", CHAT, body_asked, {"content-type": "application/json"})
        assert (response.status, response.body) == (200, b"".join(parts))
        assert (response.header("x-tollgate-cost") is not None) == is_told
        assert Fraction(shop.line(response)["cost_usd"]) == Fraction(cost, 10**12), "the log knows in any case"
