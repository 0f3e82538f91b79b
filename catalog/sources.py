"""Reads the packages: every name that a provider gives a model, with its price and what else is said of it."""

import datetime
import importlib
import json
import re
import sys
import types
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from prices import Price, rounded

# Our preset -> the provider in genai-prices, and what our names there begin with that its do not.
GENAI = {
    "alibaba": None,
    "anthropic": ("anthropic", ""),
    "azure": ("azure", ""),
    "baseten": ("baseten", ""),
    "bedrock": ("aws", ""),
    "cerebras": ("cerebras", ""),
    "cohere": ("cohere", ""),
    "deepinfra": None,
    "deepseek": ("deepseek", ""),
    "fireworks": ("fireworks", "accounts/fireworks/models/"),
    "google": ("google", ""),
    "groq": ("groq", ""),
    "mistral": ("mistral", ""),
    "moonshotai": ("moonshotai", ""),
    "nebius": ("huggingface_nebius", ""),
    "novita": ("novita", ""),
    "openai": ("openai", ""),
    "openrouter": ("openrouter", ""),
    "perplexity": ("perplexity", ""),
    "sambanova": None,
    "together": ("together", ""),
    "vertex": ("google", ""),
    "vertex-anthropic": ("google", ""),
    "xai": ("x-ai", ""),
    "zai": ("zai", ""),
}

# Our preset -> `litellm_provider`, and the prefix of its keys that is not part of the name there.
LITELLM = {
    "alibaba": [("dashscope", "dashscope/")],
    "anthropic": [("anthropic", "")],
    "azure": [("azure", "azure/"), ("azure_text", "azure/")],
    "baseten": [("baseten", "baseten/")],
    "bedrock": [("bedrock", ""), ("bedrock_converse", "")],
    "cerebras": [("cerebras", "cerebras/")],
    "cohere": [("cohere", "cohere/"), ("cohere", ""), ("cohere_chat", "")],
    "deepinfra": [("deepinfra", "deepinfra/")],
    "deepseek": [("deepseek", "deepseek/")],
    "fireworks": [("fireworks_ai", "fireworks_ai/"), ("fireworks_ai-embedding-models", "fireworks_ai/")],
    "google": [("gemini", "gemini/")],
    "groq": [("groq", "groq/")],
    "mistral": [("mistral", "mistral/")],
    "moonshotai": [("moonshot", "moonshot/")],
    "nebius": [("nebius", "nebius/")],
    "novita": [("novita", "novita/")],
    "openai": [("openai", ""), ("text-completion-openai", "")],
    "openrouter": [("openrouter", "openrouter/")],
    "perplexity": [("perplexity", "perplexity/")],
    "sambanova": [("sambanova", "sambanova/")],
    "together": [("together_ai", "together_ai/")],
    "vertex": [("vertex_ai-language-models", ""), ("vertex_ai-embedding-models", "")],
    "vertex-anthropic": [("vertex_ai-anthropic_models", "vertex_ai/")],
    "xai": [("xai", "xai/")],
    "zai": [("zai", "zai/")],
}

# Our preset -> the provider in models.dev.
MODELS_DEV = {
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "amazon-bedrock",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "vertex": "google-vertex",
    "vertex-anthropic": "google-vertex-anthropic",
    "xai": "xai",
}


@dataclass
class Seen:
    """One name at one provider, as one source has it. `None` is "not said"."""

    preset: str
    native: str
    price: Price | None = None
    context_window: int | None = None
    max_output: int | None = None
    kind: str | None = None
    abilities: frozenset[str] | None = None
    inputs: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()


class Genai:
    """PyPI `genai-prices`: who charges what, since when, in tiers."""

    TOKENS = {
        "input_mtok": "input",
        "cache_read_mtok": "cached_input",
        "cache_write_mtok": "cache_write_5m",
        "cache_write_1h_mtok": "cache_write_1h",
        "output_mtok": "output",
        "output_reasoning_mtok": "reasoning",
        "input_audio_mtok": "audio_input",
        "cache_audio_read_mtok": "cached_audio_input",
        "output_audio_mtok": "audio_output",
        "output_image_mtok": "image_output",
        "input_image_mtok": "image_input",
    }
    # Per thousand.
    FEES = {"requests_kcount": "request", "web_searches_kcount": "web_search", "storage_searches_kcount": "file_search"}
    # Input of these kinds is not counted apart here, so its price has to be that of other input.
    LIKE_INPUT = ("input_video_mtok",)
    SERVICES = ("flex", "priority", "fast")

    def __init__(self, wheel: Path, unpacked: Path, day: datetime.date):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        # The package itself wants an HTTP client that prices do not need: only its data is loaded.
        package = types.ModuleType("genai_prices")
        package.__path__ = [str(unpacked / "genai_prices")]
        sys.modules["genai_prices"] = package
        data = importlib.import_module("genai_prices.data")
        self.kinds = importlib.import_module("genai_prices.types")
        self.providers = {provider.id: provider for provider in data.providers}
        self.noon = datetime.datetime.combine(day, datetime.time(12), datetime.timezone.utc)
        self.date = max(since for since in self._starts() if since <= day)

    def names(self, preset: str) -> Iterator[str]:
        """Every name that is spelled out."""
        provider, prefix = self._provider(preset)
        for model in provider.models if provider else []:
            yield from {model.id if "/" in model.id else prefix + model.id} | set(equals(model.match))

    def spelled(self, preset: str) -> Iterator[str]:
        """Names that a rule gives in full."""
        provider, _ = self._provider(preset)
        for model in provider.models if provider else []:
            yield from equals(model.match)

    def find(self, preset: str, native: str) -> Seen | None:
        """What is said of a name."""
        provider, prefix = self._provider(preset)
        if provider is None:
            return None
        everybody = list(self.providers.values())
        bare = native.removeprefix(prefix)
        model = provider.find_model(native, all_providers=everybody) or (
            provider.find_model(bare, all_providers=everybody) if prefix else None
        )
        if model is None:
            return None
        return Seen(preset, native, self._price(model), model.context_window)

    def _provider(self, preset: str):
        known = GENAI[preset]
        return (self.providers[known[0]], known[1]) if known else (None, "")

    def _price(self, model) -> Price | None:
        """The price in force on the day; where hours of a day differ, the highest of them."""
        standard = self._in_force(model)
        if standard is None:
            return None
        price = self._converted(standard)
        if price is None:
            return None
        for variant in model.price_variants or []:
            service = variant.when.get("service_tier")
            in_force = variant.constraint is None or variant.constraint.active(self.noon)
            if len(variant.when) == 1 and service in self.SERVICES and in_force:
                rates = self._converted(variant.prices)
                # A tier of service has the same rates for prompts of any length here.
                if rates and rates.rates and not rates.tiers and not price.tiers:
                    price.services[service] = rates.rates
        return price

    def _in_force(self, model):
        prices = model.prices if isinstance(model.prices, list) else None
        if prices is None:
            return model.prices
        daily = self.kinds.TimeOfDateConstraint
        found, latest = None, None
        for entry in prices:
            constraint = entry.constraint
            if isinstance(constraint, daily):
                if dearer(entry.prices, found):
                    found = entry.prices
            elif constraint is None or constraint.active(self.noon):
                since = getattr(constraint, "start_date", datetime.date.min)
                if latest is None or since >= latest:
                    found, latest = entry.prices, since
        return found

    def _converted(self, prices) -> Price | None:
        """`None` where something is charged for that is neither a token nor a request nor a tool."""
        price = Price()
        given = {name: value for name, value in vars(prices).items() if value is not None}
        for name in self.LIKE_INPUT:
            if name in given and base(given[name]) == base(given.get("input_mtok", -1)):
                del given[name]
        if given.keys() - self.TOKENS.keys() - self.FEES.keys() - {"cache_image_read_mtok"}:
            return None
        tokens = {ours: given[theirs] for theirs, ours in self.TOKENS.items() if theirs in given}
        price.rates = {name: rounded(base(value)) for name, value in tokens.items()}
        price.fees = {ours: base(given[theirs]) / 1000 for theirs, ours in self.FEES.items() if theirs in given}
        for start in sorted({tier.start for value in tokens.values() for tier in getattr(value, "tiers", [])}):
            price.tiers[start] = {name: rounded(above(value, start)) for name, value in tokens.items()}
        return price

    def _starts(self) -> Iterator[datetime.date]:
        for provider in self.providers.values():
            for model in provider.models:
                for entry in model.prices if isinstance(model.prices, list) else []:
                    since = getattr(entry.constraint, "start_date", None)
                    if since:
                        yield since


def base(value) -> Decimal:
    return getattr(value, "base", value)


def above(value, start: int) -> Decimal:
    """The rate of prompts that are longer than `start`."""
    found = base(value)
    for tier in getattr(value, "tiers", []):
        if tier.start <= start:
            found = tier.price
    return found


def dearer(prices, than) -> bool:
    return than is None or base(prices.output_mtok or 0) > base(than.output_mtok or 0)


def equals(clause) -> Iterator[str]:
    """The names that a rule spells out."""
    if hasattr(clause, "equals"):
        yield clause.equals
    for part in getattr(clause, "or_", []):
        yield from equals(part)


class Litellm:
    """The data file of PyPI `litellm`: names at providers, what models can do, and prices again."""

    FILE = "litellm/model_prices_and_context_window_backup.json"
    KINDS = {
        "chat": "language",
        "completion": "language",
        "responses": "language",
        "embedding": "embedding",
        "image_generation": "image",
        "rerank": "reranking",
        "audio_transcription": "transcription",
        "audio_speech": "speech",
    }
    TOKENS = {
        "input_cost_per_token": "input",
        "cache_read_input_token_cost": "cached_input",
        "cache_creation_input_token_cost": "cache_write_5m",
        "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
        "output_cost_per_token": "output",
        "output_cost_per_reasoning_token": "reasoning",
        "input_cost_per_audio_token": "audio_input",
        "cache_read_input_audio_token_cost": "cached_audio_input",
        "output_cost_per_audio_token": "audio_output",
        "output_cost_per_image_token": "image_output",
        "input_cost_per_image_token": "image_input",
    }
    ABILITIES = {
        "supports_function_calling": "tools",
        "supports_vision": "vision",
        "supports_response_schema": "json_schema",
        "supports_reasoning": "reasoning",
        "supports_audio_input": "audio",
        "supports_pdf_input": "pdf",
    }
    # Whatever else is charged for makes the price more than tokens; pictures in prompts are counted as tokens.
    NOT_TOKENS = re.compile(r"^(input|output)_cost_per_(second|character|pixel|image|video|query|dbu|page)(_|$)(?!token)")
    LONG = re.compile(r"_above_(\d+)k_tokens$")

    def __init__(self, wheel: Path):
        with zipfile.ZipFile(wheel) as archive:
            text = archive.read(self.FILE)
            written = archive.getinfo(self.FILE).date_time
        self.date = datetime.date(*written[:3])
        table = json.loads(text, parse_float=Decimal)
        by_provider: dict[str, list[tuple[str, dict]]] = {}
        for key, row in table.items():
            by_provider.setdefault(row.get("litellm_provider"), []).append((key, row))
        # Names at Vercel's gateway, which are `creator/model` as ours.
        vercel = "vercel_ai_gateway/"
        self.vercel = [key.removeprefix(vercel) for key in table if key.startswith(vercel)]
        self.rows: dict[str, dict[str, Seen]] = {}
        for preset, origins in LITELLM.items():
            found = self.rows[preset] = {}
            for provider, prefix in origins:
                for key, row in by_provider.get(provider, []):
                    kind = self.KINDS.get(row.get("mode"))
                    if kind and key.startswith(prefix):
                        native = key.removeprefix(prefix)
                        found.setdefault(native, self._seen(preset, native, kind, row))

    def names(self, preset: str) -> Iterator[str]:
        yield from self.rows[preset]

    def find(self, preset: str, native: str) -> Seen | None:
        return self.rows[preset].get(native)

    def _seen(self, preset: str, native: str, kind: str, row: dict) -> Seen:
        abilities = None
        if kind == "language" and any(name.startswith("supports_") for name in row):
            abilities = frozenset(ours for theirs, ours in self.ABILITIES.items() if row.get(theirs) is True)
            heard = {"image": "vision", "audio": "audio"}
            abilities |= {heard[word] for word in row.get("supported_modalities") or [] if word in heard}
        inputs = frozenset(row.get("supported_modalities") or [])
        outputs = frozenset(row.get("supported_output_modalities") or [])
        context, longest = whole(row.get("max_input_tokens")), whole(row.get("max_output_tokens"))
        return Seen(preset, native, self._price(row), context, longest, kind, abilities, inputs, outputs)

    def _price(self, row: dict) -> Price | None:
        if any(self.NOT_TOKENS.match(name) and value for name, value in row.items()) or "input_cost_per_token" not in row:
            return None
        price = Price()
        million = 1_000_000
        mtok = lambda value: rounded(Decimal(value) * million)
        price.rates = {ours: mtok(row[theirs]) for theirs, ours in self.TOKENS.items() if theirs in row}
        if price.rates.get("reasoning") == price.rates.get("output"):
            price.rates.pop("reasoning", None)
        longs = sorted({int(found[1]) * 1000 for name in row if (found := self.LONG.search(name))})
        for start in longs:
            suffix = f"_above_{start // 1000}k_tokens"
            higher = {ours: mtok(row[name + suffix]) for name, ours in self.TOKENS.items() if name + suffix in row}
            price.tiers[start] = {**price.rates, **higher}
        for service in () if longs else ("flex", "priority"):
            rates = {ours: mtok(row[f"{name}_{service}"]) for name, ours in self.TOKENS.items() if f"{name}_{service}" in row}
            if "input" in rates and "output" in rates:
                price.services[service] = rates
        searches = row.get("search_context_cost_per_query") or {}
        if searches.get("search_context_size_medium"):
            price.fees["web_search"] = Decimal(searches["search_context_size_medium"])
        if row.get("input_cost_per_request"):
            price.fees["request"] = Decimal(row["input_cost_per_request"])
        # Nothing is free: zeros stand for what nobody wrote down.
        return price if any(price.rates.values()) else None


def whole(value) -> int | None:
    return int(value) if isinstance(value, (int, Decimal)) and value > 0 else None


class ModelsDev:
    """models.dev, where the file is at hand: only compared with."""

    RATES = {"input": "input", "output": "output", "cache_read": "cached_input", "cache_write": "cache_write_5m"}

    def __init__(self, file: Path):
        self.table = json.loads(file.read_text(), parse_float=Decimal) if file.exists() else {}

    def price(self, preset: str, native: str) -> Price | None:
        models = self.table.get(MODELS_DEV.get(preset), {}).get("models", {})
        cost = (models.get(native) or {}).get("cost")
        if not cost:
            return None
        price = Price({ours: Decimal(cost[theirs]) for theirs, ours in self.RATES.items() if theirs in cost})
        for entry in cost.get("tiers", []):
            higher = {ours: Decimal(entry[theirs]) for theirs, ours in self.RATES.items() if theirs in entry}
            price.tiers[int(entry["tier"]["size"])] = {**price.rates, **higher}
        return price
