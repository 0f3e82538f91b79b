"""The AI SDK in its three versions at mocks of each API: what the provider is sent, what comes back, and what is told."""

import base64
import json
import time

import pytest
from ai_sdk import PNG, VERBS, Url
from babel import CLIENT_KEY, EMBEDDERS, MODELS, Babel, config, saw_only_its_own
from harness import NEWEST
from mock import answer
from speaking import speaking
from test_translated_embeddings import SPOKEN, TEXTS, VECTORS
from thinking import CALLS, thinking

RESPONSES = {"openai": "/v1/responses"}  # whoever speaks it is asked in it, for the sake of reasoning
PDF = b"%PDF-1.4 of ours"
MINE = "sk-the-callers-own"
URL = "https://example.com/cat.png"


def settings() -> dict:
    groups = [{"name": "own", "models": ["*"], "byok": "allow"}]
    return config(groups=groups, keys=[one | {"group": "own"} for one in config()["keys"]])


@pytest.fixture(scope="module")
def running():
    one = Babel(NEWEST, settings())
    yield one
    problem = one.close()
    assert not problem, problem


@pytest.fixture
def babel(running):
    return running.behave()


@pytest.fixture
def ask(ai, babel):
    """`ask(verb, model, ...)` -> what the SDK made of it."""

    def call(verb: str, model: str | None = None, **params):
        return ai.call(babel.url, CLIENT_KEY, verb, **({"model": model} if model else {}), **params)

    return call


def line(babel, got) -> dict:
    return babel.gateway.line_of(Headers(got))


class Headers:
    def __init__(self, got):
        self.header = got.header


def user(*parts) -> list[dict]:
    return [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, *parts]}]


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", MODELS)
def test_every_provider(ask, babel, name, verb):
    got = ask(verb, f"acme/{name}", prompt="Hi", system="Be brief.")
    assert (got.error, got.text, got.finish(), got.warnings) == (None, f"from {name}", "stop", [])
    saw_only_its_own(babel.seen(name), name, stream=verb == "streamText", path=RESPONSES.get(name))
    assert "Be brief." in babel.seen(name) and not [key for key, _ in babel.seen(name).headers if key.startswith(b"ai-")]
    (model,) = got.routing()["modelAttempts"]
    assert [(one["provider"], one["statusCode"]) for one in model["providerAttempts"]] == [(name, 200)]
    said = line(babel, got)
    assert (said["id"], said["dialect"], said["operation"]) == (got.providerMetadata["gateway"]["generationId"], "ai_sdk", "language_model")
    assert (said["stream"], said["input"], said["output"], said["ended"]) == (verb == "streamText", 10, 5, "complete")
    assert got.header("x-model-id") == f"acme/{name}"


@pytest.mark.parametrize("name, events", [("openai", 5), ("anthropic", 4), ("google", 1), ("bedrock", 2)])
def test_who_leaves_a_stream_ends_it_upstream(ask, babel, name, events):
    babel.behave(**{name: speaking("one two", keep=events, end="hang")})
    since = len(babel.gateway.access_log())
    got = ask("streamText", f"acme/{name}", prompt="Hi", leaveAfter=1)
    assert [part["type"] for part in got.parts][-1] == "abort", got
    end = time.monotonic() + 10
    while not babel.seen(name).left:
        assert time.monotonic() < end, "the provider still talks to nobody"
        time.sleep(0.01)
    (said,) = babel.gateway.wait_log(since + 1)[since:]
    assert (said["ended"], said["stream"], said["status"]) == ("client_left", True, 200)


# ---------------------------------------------------------------- thoughts

# provider: whose options the seal is in, for the SDK
THINKERS = {"anthropic": "anthropic", "vertex-anthropic": "anthropic", "bedrock": "anthropic", "google": "google", "vertex": "google"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", THINKERS)
def test_thoughts_keep_their_seals_over_two_turns(ask, babel, name, verb):
    """The SDK runs the tools and sends the thoughts back by itself."""
    seal = "c2VhbCBvZiB0aGUgdGhvdWdodA=="
    babel.mocks[name].behaviours = (lambda got: thinking(name, seal, [] if "noon" in got else CALLS)(got),)
    got = ask(verb, f"acme/{name}", prompt="Think", tools=["weather", "clock"], steps=3)
    assert (got.error, got.text, len(got.steps)) == (None, "done", 2)
    first = got.steps[0]
    assert (first["reasoningText"], len(first["toolResults"])) == ("Hm.", 2)
    sealed = next(part for part in first["content"] if seal in json.dumps(part.get("providerMetadata", {})))
    assert set(sealed["providerMetadata"]) - {"gateway"} == {THINKERS[name]}
    _, second = babel.mocks[name].requests
    blocks = assistant(second.json())
    if name in ("google", "vertex"):
        (call,) = [one for one in blocks if one.get("thoughtSignature") == seal]
        assert call["functionCall"]["name"] == "weather"
    elif name == "bedrock":
        assert blocks[0] == {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": seal}}}
    else:
        assert blocks[0] == {"type": "thinking", "thinking": "Hm.", "signature": seal}


REASONED = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "c2VhbA=="}


def reasoning(request):
    """OpenAI's responses: it thinks and calls both tools, or is done."""
    called = [{"type": "function_call", "id": f"f{i}", "call_id": i, "name": name, "arguments": json.dumps(args)} for i, name, args in CALLS]
    done = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "done", "annotations": []}]}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "output_tokens_details": {"reasoning_tokens": 3}}
    output = [done] if "noon" in request else [REASONED, *called]
    return answer(200, {"id": "resp_1", "object": "response", "model": "mock", "status": "completed", "output": output, "usage": usage})


def test_openais_thoughts_are_those_of_responses(ask, babel):
    babel.mocks["openai"].behaviours = (reasoning,)
    got = ask("generateText", "acme/openai", prompt="Think", tools=["weather", "clock"], steps=3)
    assert (got.error, got.text, got.steps[0]["reasoningText"]) == (None, "done", "Hm.")
    _, second = babel.mocks["openai"].requests
    assert second.json()["input"][1] == {name: REASONED[name] for name in ("type", "id", "summary", "encrypted_content")}
    kinds = [item.get("type") for item in second.json()["input"]]
    assert kinds == [None, "reasoning", "function_call", "function_call", "function_call_output", "function_call_output"]


def assistant(body: dict) -> list[dict]:
    turn = next(one for one in body.get("messages") or body["contents"] if one["role"] in ("assistant", "model"))
    return turn.get("content") or turn["parts"]


# ---------------------------------------------------------------- files

IMAGES = {
    "bytes": {"type": "image", "image": PNG},
    "base64": {"type": "image", "image": base64.b64encode(PNG).decode()},
    "data-url": {"type": "image", "image": "data:image/png;base64," + base64.b64encode(PNG).decode()},
    "file": {"type": "file", "data": PNG, "mediaType": "image/png"},
}


@pytest.mark.parametrize("form", IMAGES)
@pytest.mark.parametrize("name", MODELS)
def test_images(ask, babel, name, form):
    got = ask("generateText", f"acme/{name}", messages=user(IMAGES[form]))
    assert (got.error, got.text) == (None, f"from {name}")
    sent = babel.seen(name)
    assert base64.b64encode(PNG).decode() in sent and ("image/png" in sent or '"format":"png"' in sent)


FETCH = ("openai", "anthropic", "google", "vertex", "cohere")


@pytest.mark.parametrize("name", MODELS)
def test_images_by_url_go_to_those_who_fetch(ask, babel, name):
    got = ask("generateText", f"acme/{name}", messages=user({"type": "image", "image": Url(URL)}))
    if name in FETCH:
        assert (got.error, got.text) == (None, f"from {name}") and URL in babel.seen(name)
    else:
        assert (got.error["name"], got.error["status"], got.tries) == ("GatewayInvalidRequestError", 400, 1)
        assert babel.counts() == {}


def test_targets_that_do_not_fetch_leave_the_plan(ask, babel):
    message = user({"type": "image", "image": Url(URL)})
    got = ask("generateText", "pair/bedrock", messages=message)
    assert (got.text, babel.counts()) == ("from anthropic", {"anthropic": 1})


@pytest.mark.parametrize("name", MODELS)
def test_pdfs(ask, babel, name):
    file = {"type": "file", "data": PDF, "mediaType": "application/pdf", "filename": "of-ours.pdf"}
    got = ask("generateText", f"acme/{name}", messages=user(file))
    if name == "cohere":
        assert (got.error["name"], got.error["status"], babel.counts()) == ("GatewayInvalidRequestError", 400, {})
    else:
        assert (got.error, got.text) == (None, f"from {name}")
        assert base64.b64encode(PDF).decode() in babel.seen(name)


def test_what_tools_give_may_be_an_image(ask, ai, babel):
    image = {"type": "media" if ai.version == 5 else "image-data", "data": base64.b64encode(PNG).decode(), "mediaType": "image/png"}
    result = {"type": "tool-result", "toolCallId": "c1", "toolName": "weather", "output": {"type": "content", "value": [image]}}
    call = {"type": "tool-call", "toolCallId": "c1", "toolName": "weather", "input": {"city": "Paris"}}
    history = [*user(), {"role": "assistant", "content": [call]}, {"role": "tool", "content": [result]}]
    for name in ("openai", "anthropic", "google", "bedrock"):
        assert ask("generateText", f"acme/{name}", messages=history, tools=["weather"]).error is None
        assert image["data"] in babel.seen(name) and '"c1"' in babel.seen(name)


# ---------------------------------------------------------------- settings

CHOICES = {
    "required": ("required", {"type": "any"}, {"mode": "ANY"}, {"any": {}}),
    "one": ({"type": "function", "name": "weather"}, {"type": "tool", "name": "weather"}, {"mode": "ANY", "allowedFunctionNames": ["weather"]}, {"tool": {"name": "weather"}}),
}  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES)
def test_a_tool_that_must_be_called(ask, babel, choice):
    said = {"type": "tool", "toolName": "weather"} if choice == "one" else choice
    sent = []
    for name in ("openai", "anthropic", "google", "bedrock"):
        ask("generateText", f"acme/{name}", prompt="Hi", tools=["weather", "clock"], toolChoice=said)
        sent.append(babel.seen(name).json())
    openai, anthropic, google, bedrock = sent
    chosen = (openai["tool_choice"], anthropic["tool_choice"], google["toolConfig"]["functionCallingConfig"], bedrock["toolConfig"]["toolChoice"])
    assert chosen == CHOICES[choice]


@pytest.mark.parametrize("verb", VERBS)
def test_settings_that_a_provider_does_not_have_are_warnings(ask, ai, babel, verb):
    got = ask(verb, "acme/anthropic", prompt="Hi", seed=7, frequencyPenalty=0.5, topK=5)
    old = {"type": "unsupported-setting", "setting": "seed"}
    assert (old if ai.version == 5 else {"type": "unsupported", "feature": "seed"}) in got.warnings
    told = {one["setting" if ai.version == 5 else "feature"] for one in got.warnings}
    assert told == {"seed", "frequencyPenalty"} and babel.seen("anthropic").json()["top_k"] == 5
    assert got.steps[0]["warnings"] == got.warnings
    got = ask(verb, "acme/google", prompt="Hi", seed=7, topK=5)
    assert (got.warnings, babel.seen("google").json()["generationConfig"]) == ([], {"seed": 7, "topK": 5})


def test_settings_in_the_words_of_each_provider(ask, babel):
    settings = {"maxOutputTokens": 77, "stopSequences": ["STOP"], "temperature": 0.5}
    for name in ("openai", "anthropic", "google", "bedrock"):
        assert ask("generateText", f"acme/{name}", prompt="Hi", **settings).error is None
    openai, anthropic = babel.seen("openai").json(), babel.seen("anthropic").json()
    google, bedrock = babel.seen("google").json()["generationConfig"], babel.seen("bedrock").json()["inferenceConfig"]
    assert (openai["max_completion_tokens"], openai["stop"], openai["temperature"]) == (77, ["STOP"], 0.5)  # responses have no `stop`
    assert (anthropic["max_tokens"], anthropic["stop_sequences"]) == (77, ["STOP"])
    assert (google["maxOutputTokens"], google["stopSequences"], google["temperature"]) == (77, ["STOP"], 0.5)
    assert (bedrock["maxTokens"], bedrock["stopSequences"]) == (77, ["STOP"])


NATIVE = {
    "anthropic": ({"thinking": {"type": "enabled", "budgetTokens": 2048}}, lambda body: body["thinking"], {"type": "enabled", "budget_tokens": 2048}),
    "google": (
        {"thinkingConfig": {"thinkingBudget": 512, "includeThoughts": True}},
        lambda body: body["generationConfig"]["thinkingConfig"],
        {"thinkingBudget": 512, "includeThoughts": True},
    ),
    "openai": ({"reasoningEffort": "low"}, lambda body: body["reasoning"]["effort"], "low"),
    "bedrock": (
        {"reasoningConfig": {"type": "enabled", "budgetTokens": 2048}},
        lambda body: body["additionalModelRequestFields"]["thinking"],
        {"type": "enabled", "budget_tokens": 2048},
    ),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", NATIVE)
def test_options_of_one_provider(ask, babel, name, verb):
    """They are that provider's: all of them may stand there, whoever is asked."""
    every = {name: options for name, (options, *_) in NATIVE.items()}
    got = ask(verb, f"acme/{name}", prompt="Hi", maxOutputTokens=4096, providerOptions=every)
    _, read, expected = NATIVE[name]
    assert (got.error, read(babel.seen(name).json())) == (None, expected)


@pytest.mark.parametrize("verb", VERBS)
def test_a_tool_that_one_provider_runs_itself(ask, babel, verb):
    """Whoever does not have it leaves the plan; where that leaves nobody, nobody is asked."""
    got = ask(verb, "pair/google", prompt="Hi", tools=["web_search", "weather"])
    assert (got.error, got.text, babel.counts()) == (None, "from anthropic", {"anthropic": 1})
    own, ours = babel.seen("anthropic").json()["tools"]
    assert (own, ours["name"]) == ({"type": "web_search_20250305", "name": "web_search", "max_uses": 2}, "weather")
    babel.behave()
    got = ask("generateText", "acme/google", prompt="Hi", tools=["web_search"])
    assert (got.error["name"], got.error["status"], babel.counts()) == ("GatewayInvalidRequestError", 400, {})


# ---------------------------------------------------------------- the gateway's own options


def test_order_only_models_user_and_tags(ask, babel):
    def asked(model, **options):
        babel.behave()
        got = ask("generateText", model, prompt="Hi", providerOptions={"gateway": options})
        assert got.error is None, got.error
        return got, list(babel.counts())

    got, counts = asked("acme/three", order=["bedrock"], user="u-1", tags=["a", "b"])
    assert counts == ["bedrock"] and got.routing()["fallbacksAvailable"] == ["openai", "anthropic"]
    said = line(babel, got)
    assert (said["user"], said["tags"]) == ("u-1", ["a", "b"])
    assert asked("acme/three", only=["anthropic"])[1] == ["anthropic"]
    babel.behave(openai=answer(503))
    got = ask("generateText", "acme/openai", prompt="Hi", providerOptions={"gateway": {"models": ["acme/google"]}})
    assert (got.text, got.header("x-model-id")) == ("from google", "acme/google")


def test_the_callers_own_credential(ask, babel):
    got = ask("generateText", "acme/three", prompt="Hi", providerOptions={"gateway": {"byok": {"openai": [{"apiKey": MINE}]}}})
    assert got.error is None, got.error
    assert babel.seen("openai").header("authorization") == f"Bearer {MINE}"
    assert MINE not in babel.seen("openai").body.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_caching_on_request(ask, babel, verb):
    got = ask(verb, "acme/anthropic", prompt="Hi", system="Be brief.", providerOptions={"gateway": {"caching": "auto"}})
    assert got.error is None and "cache_control" in babel.seen("anthropic")


# ---------------------------------------------------------------- embeddings


@pytest.mark.parametrize("model", SPOKEN)
def test_embeddings(ask, babel, model):
    path, _, answered, tokens = SPOKEN[model]
    provider, _ = EMBEDDERS[model]
    several = model != "embed/titan"
    babel.behave(**{provider: answer(200, answered(VECTORS[: 2 if several else 1]))})
    got = ask("embedMany", model, values=TEXTS) if several else ask("embed", model, value=TEXTS[0])
    assert got.error is None, got.error
    assert (got.embeddings if several else [got.embedding]) == VECTORS[: 2 if several else 1]
    assert got.value["usage"].get("tokens") == tokens
    assert got.providerMetadata["gateway"]["routing"]["finalProvider"] == provider
    assert babel.seen(provider).path == path


# ---------------------------------------------------------------- what is asked of the gateway itself


def test_models(ask):
    models = ask("getAvailableModels").value["models"]
    names = {one["name"] for one in config()["models"]}
    assert {one["id"] for one in models} >= names
    assert {one["specification"]["provider"] for one in models} == {"gateway"}


def test_credits(ask):
    got = ask("getCredits").value
    assert (got["balance"], got["totalUsed"]) == ("0", "0")


def test_generations(ask, babel):
    got = ask("streamText", "acme/anthropic", prompt="Hi")
    line(babel, got)  # it has ended
    info = ask("getGenerationInfo", id=got.providerMetadata["gateway"]["generationId"])
    assert info.error is None, info.error
    said = info.value
    assert (said["model"], said["providerName"], said["streamed"], said["finishReason"]) == ("acme/anthropic", "anthropic", True, "stop")
    assert (said["promptTokens"], said["completionTokens"]) == (10, 5)
