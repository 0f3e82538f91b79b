"""From the name that a provider gives a model to its public name `creator/model`: the same for all who serve it."""

import re

# Who made it, by the first word of the name. The first that fits.
FAMILIES = [
    (r"llama.*nemotron|nvidia-nemotron|nemotron", "nvidia"),
    (r"deepseek.*(distill|qwen3-8b)", "deepseek"),
    (r"hermes-[34]", "nousresearch"),
    (r"dolphin|euryale|lumimaid|hanami|magnum|sonar-.*llama|llama-3\.1-sonar|sao10k|saola|tulu|lunaris|stheno", None),
    (r"gpt-image|gpt-oss|gpt-\d|gpt-35|gpt-audio|gpt-chat|chatgpt|codex-mini|o[134](-|$)|text-embedding-(3|ada)|whisper-1|tts-1|omni-mod", "openai"),
    (r"claude-", "anthropic"),
    (r"gemini-|gemma|text-embedding-00|text-multilingual", "google"),
    (r"muse-|llama-?\d|meta-llama", "meta"),
    (r"(open-)?(mistral|mixtral|codestral)|ministral|devstral|magistral|pixtral|voxtral|labs-devstral", "mistral"),
    (r"grok-", "xai"),
    (r"deepseek", "deepseek"),
    (r"command|c4ai-|embed-(v4|english|multi)|rerank-|aya-", "cohere"),
    (r"sonar|r1-1776|pplx-embed", "perplexity"),
    (r"qwen|qwq|qvq", "alibaba"),
    (r"kimi-|moonshot-", "moonshotai"),
    (r"glm-", "zai"),
    (r"nova-(?!.*(canvas|sonic|reel))|titan-embed-(text|image)", "amazon"),
    (r"minimax-", "minimax"),
    (r"phi-", "microsoft"),
    (r"palmyra-", "writer"),
    (r"jamba-(1|large|mini)", "ai21"),
]

# First part of a name -> creator; who is not here made nothing that is listed.
ORGS = {
    "ai21": "ai21",
    "alibaba": "alibaba",
    "amazon": "amazon",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "deepseek-ai": "deepseek",
    "google": "google",
    "meta": "meta",
    "meta-llama": "meta",
    "meta-models": "meta",
    "microsoft": "microsoft",
    "minimax": "minimax",
    "minimaxai": "minimax",
    "mistral": "mistral",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "moonshotai": "moonshotai",
    "nousresearch": "nousresearch",
    "nvidia": "nvidia",
    "openai": "openai",
    "perplexity": "perplexity",
    "qwen": "alibaba",
    "writer": "writer",
    "x-ai": "xai",
    "xai": "xai",
    "z-ai": "zai",
    "zai": "zai",
    "zai-org": "zai",
}

# Names of prices, of what only Envoy's users never call, and of variants that are not the model itself.
NOT_MODELS = re.compile(
    r"^ft:|\d-x-\d|^(low|medium|high|hd|standard|eu|us|global|global-standard)/|:(free|batch|beta|nitro|extended|thinking|exacto|floor|online)$|~"
    r"|latest-\d|-(lora|base)$|-base-|^regional\.|commitment|^bedrock/|^apac\.anthropic\.claude-3-(haiku|sonnet)"
    r"|realtime|live|native-audio|robotics|computer-use|deep-research-pro|medlm|video|sora|ocr|guard|safeguard"
    r"|^fireworks-ai|^together-ai|/preset/|^perplexity/|claude-(4-|mythos|v1|v2|2|instant)|claude-(opus|sonnet|haiku)-4@"
    r"|customtools|moderation-(stable|007)|container|gpt-4-32k|^(ada|babbage|curie|davinci)|cyber|rosalind|vision-preview|^gemini-pro$"
    r"|anthropic\.claude-3-7-sonnet-20240620|haiku-4-5@|gemini-exp|learnlm|experimental|lyria|gemini-gemma|-free$|-tput-"
    r"|gemini-(pro|flash)-1\.5|gemini-pro-1\.5|latest-(8|32|128)k|-online$|-chat$(?<!gpt-5-chat)(?<!-chat-latest)(?<!deepseek-chat)"
)
NOT_MODELS_KEPT = re.compile(r"gpt-5(\.\d)?-chat$|deepseek-chat$|gpt-oss")

GEO = re.compile(r"^(us-gov|us|eu|apac|jp|au|ca|global)\.(?=[a-z0-9]+\.)")
ISO_DATE = re.compile(r"[-@](20\d\d-\d\d-\d\d|20\d{6}|default|latest)$")
FIRST_DATE = re.compile(r"-\d\d-20\d\d$")
VERSION = re.compile(r"(?<=.)-v?\d+:\d+$|-v\d:\d+$")


# Who serves the models of one creator only; what else they resell has other names and prices.
OWN = {
    "alibaba": "alibaba",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "mistral": "mistral",
    "moonshotai": "moonshotai",
    "openai": "openai",
    "perplexity": "perplexity",
    "vertex": "google",
    "vertex-anthropic": "anthropic",
    "xai": "xai",
    "zai": "zai",
}


def canonical(preset: str, native: str) -> str | None:
    """`creator/model`; `None` for what is not listed."""
    if preset == "openai" and "gpt-oss" in native:
        return None  # others serve it
    found = named(preset, native)
    creator = found and found.split("/")[0]
    return found if OWN.get(preset, creator) == creator else None


def named(preset: str, native: str) -> str | None:
    """The same, whoever serves it."""
    name = native.lower()
    if NOT_MODELS.search(name) and not NOT_MODELS_KEPT.search(name):
        return None
    if preset == "openrouter" and ("/" not in name or re.search(r"-\d\d-\d\d$", name)):
        return None
    if preset == "fireworks" and not name.startswith("accounts/"):
        return None
    name = name.removeprefix("accounts/fireworks/models/")
    org = None
    if preset == "bedrock":
        parts = GEO.sub("", name).split(".", 1)
        if len(parts) < 2 or parts[0] not in ORGS:
            return None
        org, name = ORGS[parts[0]], parts[1]
        if org == "deepseek" and not name.startswith("deepseek"):
            name = f"deepseek-{name}"
    elif "/" in name:
        first, name = name.split("/", 1)
        if "/" in name or first not in ORGS:
            return None
        org = ORGS[first]
    elif preset == "cerebras":
        name = name.removeprefix("zai-")
    if preset == "nebius":
        name = name.removesuffix("-fast")
    if org == "amazon" and not re.match(r"nova-(?!.*(canvas|sonic|reel))|titan-embed-(text|image)", name):
        return None
    family = next((creator for words, creator in FAMILIES if re.match(words, name)), None)
    if re.match(r"nous-|.*hermes-[^34]|j2-|jamba-instruct|autoglm|phi-2", name):
        return None
    if family is None or (org not in (None, family) and (org, family) not in {("nvidia", "meta"), ("meta", "nvidia")}):
        # Whoever gives the name knows who made it, unless it is somebody's version of another's model.
        if org is None or family is not None:
            return None
        family = org
    slug = SLUGS.get(family, lambda slug: slug)(undated(family, name))
    return f"{family}/{slug}" if slug else None


def undated(creator: str, name: str) -> str:
    """Without the day on which it was made, and without the version of its interface."""
    if creator in ("amazon", "cohere") and re.match("titan|embed", name):
        return name.split(":")[0]
    name = VERSION.sub("", name)
    name = re.sub(r"(?<=[a-z0-9])-v[12]$", "", name) if creator in ("amazon", "anthropic", "writer", "deepseek", "alibaba") else name
    for _ in range(3):
        name = name if re.match(r"gemini-(flash|pro|flash-lite)-latest|kimi-latest|(chatgpt-4o|gpt-chat)-latest", name) else ISO_DATE.sub("", name)
    return name


def of_anthropic(slug: str) -> str:
    slug = re.sub(r"(\d)\.(\d)", r"\1-\2", slug)
    slug = re.sub(r"^claude-(\d-\d|\d)-(opus|sonnet|haiku|fable)$", r"claude-\2-\1", slug) if "claude-3" not in slug else slug
    return re.sub(r"-(4)-0$", r"-\1", slug)


def of_meta(slug: str) -> str:
    slug = slug.replace("v3p", "3.").replace("-v3-", "-3-")
    slug = re.sub(r"^(meta-)?llama-?(\d)", r"llama-\2", slug)
    slug = re.sub(r"^llama-3-([123])-", r"llama-3.\1-", slug)
    slug = re.sub(r"-(fp8|turbo|versatile|instant|hf|basic|bf16|specdec)$", "", slug)
    slug = re.sub(r"-(fp8|turbo)$", "", slug)
    slug = re.sub(r"-instruct$", "", slug)
    slug = re.sub(r"^(llama-4-(scout|maverick)).*", r"\1", slug)
    slug = re.sub(r"(vision)(-instruct|-preview)?$", r"\1", slug)
    return "" if re.search(r"prompt-guard|-chat|lite|code|-tee|-reference|text-preview|tool-use|reasoning$|^llama-2|-8192|-4096|-32k", slug) else re.sub(r"-(11b|90b)-vision$", r"-\1", slug)


def of_google(slug: str) -> str:
    slug = slug.replace("gemma2-", "gemma-2-")
    if "palm" in slug or slug in ("gemma-3", "gemma-3n") or "gemini-1." in slug or slug.endswith(("-text-preview", "-vision", "-05-06", "-03-25")):
        return ""
    if "embedding" not in slug:
        slug = re.sub(r"-00\d$", "", slug)
    return re.sub(r"-it$", "", slug.removesuffix("-maas"))


def of_mistral(slug: str) -> str:
    if slug in ("mistral-tiny", "mistral-medium-2312", "codestral-2405", "codestral-mamba"):
        return ""
    slug = re.sub(r"-instruct-v0[.:]\d(:\d)?$|-v0\.\d$", "", slug)
    slug = re.sub(r"-(instruct|tee)(?=-|$)", "", slug)
    slug = re.sub(r"-(\d)-(\d)(?=-|$)", r"-\1.\2", slug)
    return "" if re.search(r"-v\d|v0|-4k", slug) else slug.removesuffix("-hf")


def of_xai(slug: str) -> str:
    if re.search(r"voice|^grok(-beta|-vision-beta)?$", slug):
        return ""
    slug = re.sub(r"-beta-\d{4}-", "-", slug)
    slug = re.sub(r"-(0709|1212|0309|0825|beta)(?=-|$)", "", slug)
    return re.sub(r"^grok-4-1-", "grok-4.1-", slug)


def of_deepseek(slug: str) -> str:
    slug = re.sub(r"v(\d)p(\d)", r"v\1.\2", slug)
    slug = slug.replace("deepseek_v3", "deepseek-v3")
    slug = re.sub(r"^deepseek-chat-v", "deepseek-v", slug)
    slug = re.sub(r"-(tput|turbo|basic|fast|us|ultrafast|p)$", "", slug)
    return "" if re.search(r"coder|prover|zero|llm|-v2|distill|r1t|spec$|qwen3-8b", slug) else slug


def of_cohere(slug: str) -> str:
    if re.search(r"-v2\.0|text-v14|rerank-v3-5|nightly|^command$|^command-light$", slug):
        return ""
    return re.sub(r"(-v[34])(\.0)?$", r"\1.0", FIRST_DATE.sub("", slug)).removesuffix("-v1")


def of_alibaba(slug: str) -> str:
    slug = re.sub(r"(\d)p(\d)", r"\1.\2", slug)
    slug = re.sub(r"^qwen-?(\d)", r"qwen\1", slug)
    slug = re.sub(r"^qwen-?2-?5-", "qwen2.5-", slug)
    slug = re.sub(r"-(fp8-tput|tput|fp8|turbo|fp8-throughput)$", "", slug) if slug != "qwen-turbo" else slug
    slug = re.sub(r"-instruct(?=-|$)", "", slug)
    return "" if re.search(r"draft|rope|-(128k|64k|bf16)$|^qwen-v2|qwen1|codeqwen|code-qwen|qwen2-|qwen-(7|14|72|32|4)|-mt-|image|tts|asr|preview-\d", slug) else slug


def of_moonshotai(slug: str) -> str:
    slug = re.sub(r"k(\d)p(\d)", r"k\1.\2", slug)
    slug = re.sub(r"-instruct(?=-|$)", "", slug)
    slug = re.sub(r"(-0905|-turbo)-preview$", r"\1", slug).replace("-0711-preview", "")
    return re.sub(r"-(fast|us)$", "", slug)


def of_zai(slug: str) -> str:
    slug = re.sub(r"glm-(\d)p(\d)", r"glm-\1.\2", slug)
    return re.sub(r"-(fp8|fast|us)$", "", slug) if not re.search(r"glm-(z1|4-9b|4-32b)", slug) else ""


def of_nvidia(slug: str) -> str:
    slug = re.sub(r"^nvidia-", "", slug).removesuffix(":0").replace("3_1", "3.1")
    return re.sub(r"-(fp8|nvfp4|instruct)$", "", slug)


def of_minimax(slug: str) -> str:
    slug = re.sub(r"m(\d)p(\d)", r"m\1.\2", slug)
    return slug


def of_openai(slug: str) -> str:
    slug = slug.replace("gpt-35-", "gpt-3.5-")
    slug = re.sub(r"^gpt-5-([1-9])(?=-|$)", r"gpt-5.\1", slug)
    if slug.startswith("gpt-3.5-turbo"):
        slug = re.sub(r"-(0[136]\d\d|1106|0125|16k-0613)(-preview)?$", "", slug)
    slug = re.sub(r"^(gpt-4)-(0314|0613)$", r"\1", slug)
    slug = re.sub(r"(gpt-oss-\d+b)-(1|maas|fast)$", r"\1", slug)
    return "" if re.search(r"gpt-4-vision|16k|gpt-4\.5|^gpt-4$|gpt-3\.5-0301|^gpt-3\.5$|\.ft-|ada$|ada-002-v2|safeguard|gpt-4-(\d+|turbo)-preview|instruct-0914|:|-high$|gpt-5-image|image-2$|^gpt-4-turbo-vision", slug) and not re.search(r"^gpt-(4|image-2)$", slug) else slug


SLUGS = {
    "alibaba": of_alibaba,
    "anthropic": of_anthropic,
    "cohere": of_cohere,
    "deepseek": of_deepseek,
    "google": of_google,
    "meta": of_meta,
    "minimax": of_minimax,
    "mistral": of_mistral,
    "moonshotai": of_moonshotai,
    "nvidia": of_nvidia,
    "openai": of_openai,
    "xai": of_xai,
    "zai": of_zai,
}


def spellings(name: str) -> set[str]:
    """The same name with dots for dashes between two digits, or the other way round."""
    dashed = re.sub(r"(?<=\d)\.(?=\d)", "-", name)
    dotted = re.sub(r"(?<=[-a-z]\d)-(?=\d(-|$))", ".", name)
    return {dashed, dotted} - {name}
