"""Puts the sources together: one row for each model, and for each price of a model at a provider."""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from naming import GEO, NOT_MODELS, OWN, canonical, spellings
from prices import Price, groups_text, rates_text
from sources import GENAI, Genai, Litellm, Seen

# What a preset has no operation for (src/config/vendors.rs) is not listed with it.
KINDS = defaultdict(lambda: {"language", "embedding"})
KINDS.update(
    {
        "anthropic": {"language"},
        "cerebras": {"language"},
        "cohere": {"language", "embedding", "reranking"},
        "azure": {"language", "embedding", "image", "speech", "transcription"},
        "baseten": {"language"},
        "deepseek": {"language"},
        "groq": {"language", "speech", "transcription"},
        "moonshotai": {"language"},
        "openai": {"language", "embedding", "image", "speech", "transcription"},
        "openrouter": {"language", "embedding"},
        "perplexity": {"language"},
        "vertex-anthropic": {"language"},
        "xai": {"language", "image"},
        "zai": {"language"},
    }
)

# Kinds that only a name tells, where no source does.
BY_NAME = [
    (r"embed", "embedding"),
    (r"rerank", "reranking"),
    (r"gpt-image|chatgpt-image", "image"),
    (r"transcribe|whisper", "transcription"),
    (r"(^|/|-)tts(-|$)", "speech"),
]

DATED = re.compile(r"20\d\d-?\d\d-?\d\d|-\d\d-20\d\d$|-\d{4}$|-00\d$")


@dataclass
class Offer:
    """Names of a model at a provider that cost the same. The first is the one to send."""

    names: list[str]
    price: Price
    source: str
    date: str

    def row(self, model: str, preset: str) -> list[str]:
        price = self.price
        texts = [rates_text(price.rates), groups_text(price.tiers), groups_text(price.services), rates_text(price.fees)]
        return [model, preset, " ".join(self.names), *texts, self.source, self.date]


@dataclass
class Model:
    """One public name."""

    name: str
    kind: str
    context_window: int | None
    max_output: int | None
    abilities: frozenset[str] | None
    inputs: list[str]
    outputs: list[str]
    sources: list[str]
    date: str
    offers: dict[str, list[Offer]] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)

    def row(self) -> list[str]:
        abilities = "?" if self.abilities is None else " ".join(a for a in ABILITIES if a in self.abilities)
        numbers = [str(number or "") for number in (self.context_window, self.max_output)]
        lists = [" ".join(self.inputs), " ".join(self.outputs), " ".join(self.aliases)]
        return [self.name, self.kind, *numbers, abilities, *lists, ", ".join(self.sources), self.date]


# Abilities that models.dev knows (MIT, https://github.com/anomalyco/models.dev, seen 2026-11-22) and litellm does not: a request
# must not be refused for what a table left out.
ALSO = {
    "pdf": """anthropic/claude-3-opus google/gemini-2.0-flash google/gemini-2.0-flash-lite mistral/mistral-large
        mistral/mistral-large-2512 mistral/mistral-medium-3.5 openai/o3-mini xai/grok-4.20-multi-agent
        xai/grok-4.20-non-reasoning xai/grok-4.20-reasoning xai/grok-4.3""",
    "reasoning": """alibaba/qwen3-14b alibaba/qwen3-coder-next alibaba/qwen3-vl-30b-a3b-thinking google/gemma-4-31b
        mistral/mistral-small nvidia/llama-3.3-nemotron-super-49b-v1.5 nvidia/nemotron-nano-3-30b
        openai/o4-mini-deep-research writer/palmyra-x4 writer/palmyra-x5""",
    "tools": """alibaba/qwen3-8b deepseek/deepseek-reasoner google/gemma-4-31b mistral/codestral mistral/mistral-nemo
        mistral/mistral-small-3.2-24b mistral/mixtral-8x22b mistral/open-mistral-7b mistral/open-mistral-nemo
        mistral/voxtral-mini-3b-2507 mistral/voxtral-small-24b-2507 nvidia/nemotron-nano-12b-v2""",
    "vision": """mistral/labs-devstral-small-2512 mistral/magistral-small-2509 mistral/ministral-3-3b
        mistral/mistral-large-3-675b mistral/mistral-medium-2505 mistral/mistral-small-3.1-24b
        mistral/mistral-small-3.2-24b mistral/pixtral-large-2502""",
}

ABILITIES = ("tools", "vision", "json_schema", "reasoning", "audio", "pdf")


class Catalog:
    """All rows."""

    def __init__(self, genai: Genai, litellm: Litellm, vercel: list[str]):
        self.genai, self.litellm = genai, litellm
        self.sources = {"genai-prices": str(genai.date), "litellm": str(litellm.date)}
        self.models: dict[str, Model] = {}
        for name, natives in sorted(self._by_model().items()):
            model = self._model(name, natives)
            if model:
                self.models[name] = model
        self._aliases(vercel)

    def _by_model(self) -> dict[str, dict[str, list[str]]]:
        """Public name -> preset -> names there, the one to send first."""
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for preset in GENAI:
            for native in self._natives(preset):
                name = canonical(preset, native)
                if name:
                    found[name][preset].append(native)
        for presets in found.values():
            for preset, natives in presets.items():
                presets[preset] = self._sorted(preset, natives)
        return found

    def _natives(self, preset: str) -> list[str]:
        """Every name, in the spelling of the first source that has it."""
        names: dict[str, str] = {}
        listed = [] if preset == "fireworks" else list(self.litellm.names(preset))
        for native in listed + sorted(self.genai.names(preset)):
            if preset == "bedrock" and native not in listed and native.endswith(":0") and native[:-5] in names:
                continue  # genai-prices gives every id such an end
            names.setdefault(native.lower(), native)
        return list(names.values())

    def _sorted(self, preset: str, natives: list[str]) -> list[str]:
        known = set(self.litellm.names(preset))
        if preset in OWN and any(native in known for native in natives):
            # Of first parties the other source gives short names of its own, which the API does not know.
            spelled = set(self.genai.spelled(preset))
            natives = [native for native in natives if native in known or native in spelled]

        def rank(native: str):
            day = re.search(r"20\d\d-?\d\d-?\d\d", native)
            newest = -int(day[0].replace("-", "")) if day else 0
            usual = {
                "vertex-anthropic": not re.search(r"@20\d+$", native),
                "mistral": not native.endswith("-latest"),
            }.get(preset, False)
            return (native not in known, usual, bool(DATED.search(native)), newest, len(native), native)

        return sorted(natives, key=rank)

    def _model(self, name: str, natives: dict[str, list[str]]) -> Model | None:
        seen = [(preset, native, self.litellm.find(preset, native)) for preset, list_ in natives.items() for native in list_]
        own = {preset for preset, creator in OWN.items() if creator == name.split("/")[0]}
        facts = [row for _, _, row in seen if row]
        first = [row for preset, _, row in seen if row and preset in own]
        kind = next((row.kind for row in first + facts), None) or kind_by_name(name)
        offers = {}
        for preset, list_ in sorted(natives.items()):
            found = self._offers(preset, list_) if kind in KINDS[preset] else []
            if found:
                offers[preset] = found
        if not offers:
            return None
        said = [self.genai.find(preset, native) for preset, native, _ in seen if preset in own or not own & natives.keys()]
        told = [row.context_window for row in said if row and row.context_window]
        context = max(told, default=None) or largest(first, facts, "context_window")
        output = largest(first, facts, "max_output")
        if output and context and output > context:
            output = None
        abilities = None
        known = [row.abilities for row in facts if row.abilities is not None]
        if known and kind == "language":
            abilities = frozenset().union(*known) | {ability for ability, names in ALSO.items() if name in names.split()}
            # Nobody denies it reliably, and who can fill in a tool's parameters can fill in a schema.
            abilities |= {"json_schema"} if "tools" in abilities else set()
        inputs, outputs = modalities(kind, abilities, facts)
        used = [source for source, is_used in (("genai-prices", bool(told)), ("litellm", bool(facts))) if is_used]
        used = used or ["genai-prices"]
        date = max(self.sources[source] for source in used)
        return Model(name, kind, context, output, abilities, inputs, outputs, used, date, offers)

    def _offers(self, preset: str, natives: list[str]) -> list[Offer]:
        offers: list[Offer] = []
        for native in natives:
            found = self.offer(preset, native)
            if found is None:
                continue
            same = (o for o in offers if o.price == found.price and place(preset, o.names[0]) == place(preset, native))
            have = next(same, None)
            if have:
                have.names.append(native)
            else:
                offers.append(found)
        return offers

    def offer(self, preset: str, native: str) -> Offer | None:
        """The price of one name: that of genai-prices, and what only the other knows where both agree."""
        one, other = self.genai.find(preset, native), self.litellm.find(preset, native)
        first, second = one and one.price, other and other.price
        if first and not first.is_empty():
            price, sources = (first.filled(second) if second else first), ["genai-prices"]
            if price != first:
                sources.append("litellm")
        elif second and not one:
            price, sources = second, ["litellm"]
        elif other or one:
            # It is served, and what it costs cannot be said in rates of tokens.
            price, sources = Price(), ["litellm" if other else "genai-prices"]
        else:
            return None
        return Offer([native], price, ", ".join(sources), self.sources[sources[0]])

    def _aliases(self, vercel: list[str]) -> None:
        """Other spellings, and the names that OpenRouter and Vercel give; what could mean two models is none."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for model in self.models.values():
            for spelling in spellings(model.name):
                wanted[spelling].add(model.name)
            for offer in model.offers.get("openrouter", []):
                for native in offer.names:
                    if not DATED.search(native):
                        wanted[native.lower()].add(model.name)
        for name in vercel:
            public = canonical("vercel", name)
            if public in self.models and not NOT_MODELS.search(name):
                wanted[name].add(public)
        for alias, names in sorted(wanted.items()):
            if alias not in self.models and len(names) == 1:
                self.models[names.pop()].aliases.append(alias)


def place(preset: str, native: str) -> str:
    """Where a name is served: `us` of a cross-region name."""
    found = GEO.match(native) if preset == "bedrock" else None
    return found[1] if found else ""


def kind_by_name(name: str) -> str:
    return next((kind for words, kind in BY_NAME if re.search(words, name)), "language")


def largest(first: list[Seen], facts: list[Seen], field_name: str) -> int | None:
    """What the creator itself says, else the most that anybody does."""
    for rows in (first, facts):
        values = [getattr(row, field_name) for row in rows if getattr(row, field_name)]
        if values:
            return max(values)
    return None


def modalities(kind: str, abilities: frozenset[str] | None, facts: list[Seen]) -> tuple[list[str], list[str]]:
    """In the words of OpenRouter's and Vercel's lists."""
    if kind != "language" or abilities is None:
        return [], []
    told_in = frozenset().union(*(row.inputs for row in facts))
    told_out = frozenset().union(*(row.outputs for row in facts))
    by_ability = {"image": "vision", "audio": "audio", "file": "pdf"}
    inputs = ["text"] + [word for word, ability in by_ability.items() if ability in abilities]
    inputs += ["video"] if "video" in told_in else []
    return inputs, ["text"] + [word for word in ("image", "audio") if word in told_out]
