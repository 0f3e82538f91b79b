"""`routing.fallback_on`: each of its words decides for its kind of failure whether anybody else is tried. Two gateways
share the words between them, so that each kind leads on at one of them and ends the plan at the other."""

import pytest
from mock import answer, error, hang, reset, sse
from world import World, config, target

BUSY = 'data: {"error":{"message":"Overloaded","type":"server_error"}}\n\n'
WORDS = (
    ["rate_limit", "timeout", "model_missing", "content_filter"],
    ["server_error", "credential", "context_window"],
)
TOO_LONG = error(400, "too many tokens", "invalid_request_error", "context_length_exceeded")


def settings(words: list[str]) -> dict:
    def model(name: str, providers: tuple[str, ...], **more) -> dict:
        return {"name": name, "targets": [target(one, f"{one}-{name[5:]}", n) for n, one in enumerate(providers)]} | more

    openai, *others = config()["providers"]
    openai = openai | {"credentials": [{"value": "first"}, {"value": "second"}]}
    models = [
        model("acme/chat", ("azure", "groq"), timeouts={"attempt": "1s"}),
        model("acme/two-keys", ("openai", "groq")),
        model("acme/short", ("azure",), context_window=8_000, fallbacks=["acme/equal", "acme/long"]),
        model("acme/equal", ("openai",), context_window=8_000),
        model("acme/long", ("groq",), context_window=128_000),
        model("acme/long-first", ("azure",), context_window=128_000, fallbacks=["acme/short", "acme/equal"]),
        model("acme/unknown", ("openai",), fallbacks=["acme/long"]),
        model("acme/to-unknown", ("openai",), context_window=8_000, fallbacks=["acme/chat"]),
    ]
    access = {"allow_unauthenticated": True}
    return config(providers=[openai, *others], models=models, access=access, routing={"fallback_on": words})


@pytest.fixture(scope="module")
def pair():
    worlds = [World(settings(words)) for words in WORDS]
    yield worlds
    for world in worlds:
        world.close()


FAILURES = {
    "429": ("rate_limit", error(429), "429"),
    "429_spent": ("rate_limit", error(429, code="insufficient_quota"), "429"),
    "500": ("server_error", error(500), "500"),
    "503": ("server_error", error(503), "503"),
    "529": ("server_error", error(529), "529"),
    "408": ("timeout", error(408), "408"),
    "html": ("server_error", answer(502, "<html>Bad gateway</html>", {"content-type": "text/html"}), "502"),
    "reset": ("server_error", reset(), "reset"),
    "first_event": ("server_error", sse([BUSY]), "error"),
    "silence": ("timeout", hang(), "timeout"),
    "401": ("credential", error(401), "401"),
    "402": ("credential", error(402), "402"),
    "403": ("credential", error(403), "403"),
    "404": ("model_missing", error(404), "404"),
    "filtered": ("content_filter", error(400, "filtered", "invalid_request_error", "content_filter"), "400"),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("leads", [True, False], ids=["listed", "not_listed"])
def test_a_failure_leads_on_where_its_word_is_listed(pair, name, leads):
    word, behaviour, said = FAILURES[name]
    world = next(one for one, words in zip(pair, WORDS) if (word in words) is leads).behave(azure=behaviour)
    response = world.chat(stream=True, key=None)
    if leads:
        assert (response.status, response.header("x-tollgate-attempts")) == (200, f"azure:{said},groq:200")
        assert response.text() == "from groq"
    else:
        assert (response.status >= 400, response.header("x-tollgate-attempts")) == (True, f"azure:{said}")
        assert len(world.mocks["azure"].requests) == 1 and not world.mocks["groq"].requests


@pytest.mark.parametrize("leads", [True, False], ids=["listed", "not_listed"])
def test_another_credential_is_another_attempt(pair, leads):
    world = pair[leads].behave(openai=error(401))
    response = world.chat("acme/two-keys", key=None)
    attempts = "openai:401,openai:401,groq:200" if leads else "openai:401"
    assert (response.status, response.header("x-tollgate-attempts")) == (200 if leads else 424, attempts)


WINDOWS = {
    "to_a_longer_one_past_an_equal_one": (1, "acme/short", "azure:400,groq:200"),
    "nobody_is_longer": (1, "acme/long-first", "azure:400"),
    "its_own_window_is_unknown": (1, "acme/unknown", "openai:400"),
    "the_others_window_is_unknown": (1, "acme/to-unknown", "openai:400"),
    "not_listed": (0, "acme/short", "azure:400"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", WINDOWS)
def test_too_long_leads_only_to_a_model_with_a_larger_context_window(pair, name, stream):
    which, model, attempts = WINDOWS[name]
    world = pair[which].behave(azure=TOO_LONG, openai=TOO_LONG)
    response = world.chat(model, key=None, stream=stream)
    assert response.header("x-tollgate-attempts") == attempts
    if attempts.endswith("200"):
        assert (response.status, response.text(), response.header("x-tollgate-model")) == (200, "from groq", "acme/long")
    else:
        assert (response.status, response.json()["error"]["code"]) == (400, "context_length_exceeded")
