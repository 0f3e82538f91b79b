"""Which provider a name leads to, at which path, and who keeps its target."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from client import CHAT
from world import World, open_config, refused

EXPLAIN = {"x-tollgate-explain": "1"}


@pytest.fixture(scope="module")
def shared_open():
    world = World(open_config())
    yield world
    world.close()


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "asked, provider, sent, public",
    [
        ("acme/chat", "openai", "openai-model", "acme/chat"),
        ("chat", "openai", "openai-model", "acme/chat"),
        ("the/best/chat", "openai", "openai-model", "acme/chat"),
        ("azure-model", "openai", "openai-model", "acme/chat"),  # a provider's own name leads to the model, not to itself
        ("other-model", "groq", "other-model", "acme/other"),
        ("gpt5-prod", "azure-old", "gpt5-prod", "acme/old"),
        ("openai/gpt-99", "openai", "gpt-99", "openai/gpt-99"),  # a configured vendor's model without an entry
        ("openai/ft:gpt-4.1:acme::x", "openai", "ft:gpt-4.1:acme::x", "openai/ft:gpt-4.1:acme::x"),
    ],
)
def test_names_lead_to_a_model(world, asked, provider, sent, public):
    response = world.chat(asked)
    assert response.status == 200, response.body
    assert (response.header("x-tollgate-provider"), response.header("x-tollgate-model")) == (provider, public)
    assert world.seen().json()["model"] == sent or provider == "azure-old"
    line = world.line(response)
    assert (line["model_asked"], line["model"], line["model_sent"]) == (asked, public, sent)


@pytest.mark.parametrize("asked", ["shared", "nobody/model", "acme/chatt", "openai", "openai/", "openai/../x", "openai/a b", "openai/a?b", "Acme/Chat", " chat"])
def test_what_leads_to_no_model_is_404_with_the_nearest_names(world, asked):
    message = refused(world.chat(asked), 404, "model_not_found", "model")
    assert f"`{asked}`" in message and message.count("`") == 8, "the name, and three near ones"
    assert world.unseen()


def test_the_nearest_names_are_those_that_the_caller_may_use(world):
    assert "`acme/chat`" in refused(world.chat("acme/chatt"), 404, "model_not_found", "model")
    assert "secret" in refused(world.chat("secret/mode"), 404, "model_not_found", "model")
    assert "`secret/model`" not in refused(world.chat("secret/mode", key="bob"), 404, "model_not_found", "model")


@pytest.mark.parametrize(
    "asked, plan",
    [
        ("nobody/model", "any:nobody/model"),
        ("bare-name", "any:bare-name"),
        ("a/b/c:d@e", "any:a/b/c:d@e"),
        ("acme/mapped", "any:the-mapped"),
        ("acme/chat", "openai:openai-model > azure:azure-model > groq:groq-model"),  # an entry says who serves it
    ],
)
def test_a_wildcard_provider_takes_what_is_asked(open_world, asked, plan):
    response = open_world.chat(asked, headers=EXPLAIN)
    assert response.header("x-tollgate-plan") == plan
    assert open_world.seen().json()["model"] == plan.split(" ")[0].split(":", 1)[1]
    if plan.startswith("any"):
        assert (open_world.seen().header("host"), open_world.seen().path) == ("any.test:8000", "/api/v3/chat/completions")
        assert open_world.seen().header("authorization") is None


def test_a_wildcards_models_are_one_label(open_world):
    for n in range(20):
        assert open_world.chat(f"random/name-{n}").status == 200
    metrics = open_world.gateway.metrics()
    assert metrics.value("tollgate_requests_total", model="other", provider="any") >= 20
    assert not any("random" in value for value in metrics.label_values("model"))


# ---------------------------------------------------------------- Azure


@pytest.mark.parametrize(
    "model, host, path, body_model",
    [
        ("acme/old", "old.openai.azure.com", "/openai/deployments/gpt5-prod/chat/completions?api-version=2024-10-21", "gpt5-prod"),
        ("acme/new", "example.openai.azure.com", "/openai/v1/chat/completions", "gpt5-new"),
    ],
)
def test_azures_two_paths(world, model, host, path, body_model):
    assert world.chat(model).status == 200
    seen = world.seen()
    assert (seen.header("host"), seen.path, seen.json()["model"]) == (host, path, body_model)
    assert seen.header("api-key").startswith("sk-") and seen.header("authorization") is None


def test_a_clients_api_version_is_not_azures(world):
    path = CHAT + "?api-version=1999-01-01&x=1"
    assert world.post(path, {"model": "acme/old"}).status == 200
    assert world.seen().path.endswith("/chat/completions?x=1&api-version=2024-10-21")
    assert world.behave().post(path, {"model": "acme/new"}).status == 200
    assert world.seen().path == "/openai/v1/chat/completions?x=1"


# ---------------------------------------------------------------- who keeps its target


def served(world: World, session: str | None, messages: list, key: str = "alice") -> str:
    headers = [("x-tollgate-session", session)] if session else []
    response = world.post(CHAT, {"model": "acme/spread", "messages": messages}, headers, key=key)
    return response.header("x-tollgate-provider")


def says(role: str, text: str) -> dict:
    return {"role": role, "content": text}


def test_a_session_keeps_its_target_and_sessions_are_spread_by_weight(world):
    def one(n):
        turns = [served(world, f"session-{n}", [says("user", f"turn {turn}")]) for turn in range(3)]
        assert len(set(turns)) == 1
        return turns[0]

    with ThreadPoolExecutor(8) as pool:
        count = Counter(pool.map(one, range(200)))
    assert set(count) == {"openai", "groq"} and 135 <= count["openai"] <= 185, count  # 80 : 20


def test_later_turns_of_a_conversation_go_where_its_first_went(world):
    firsts = set()
    for n in range(30):
        opening = [says("system", "You are kind."), says("user", f"Hello, I am number {n}.")]
        later = opening + [says("assistant", "Hi!"), says("user", "And?")]
        first = served(world, None, opening)
        firsts.add(first)
        assert [served(world, None, later), served(world, None, opening)] == [first, first]
    assert firsts == {"openai", "groq"}


def test_two_keys_do_not_share_a_conversation(world):
    places = [[served(world, f"s{n}", [says("user", "x")], key=key) for n in range(40)] for key in ("alice", "carol")]
    assert set(places[1]) == {"openai"}  # carol's group: providers with the label `eu` only
    assert set(places[0]) == {"openai", "groq"}
