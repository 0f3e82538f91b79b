"""What the gateway role answers by itself: models, unknown paths, and who may call."""

import pytest
from client import CHAT, request
from mock import chat, error, reset
from world import KEYS, World, bearer, open_config, refused

CHAT_BODY = {"model": "acme/chat", "messages": [{"role": "user", "content": "Hi"}]}
NAMES = ["acme/chat", "acme/other", "acme/same", "acme/spread", "acme/old", "acme/new", "acme/ear", "secret/model"]


@pytest.fixture(scope="module")
def shared_open():
    world = World(open_config(expose="minimal"))
    yield world
    world.close()


# ---------------------------------------------------------------- models

ALLOWED = {"alice": NAMES, "bob": ["acme/chat", "acme/other", "acme/old"], "carol": ["acme/chat", "acme/same", "acme/spread", "acme/new", "acme/ear"]}


@pytest.mark.parametrize("key", ALLOWED)
def test_models_are_those_that_the_caller_may_use(world, key):
    response = world.get("/v1/models", key=key)
    assert (response.status, response.header("content-type")) == (200, "application/json")
    body = response.json()
    own = [one["id"] for one in body["data"] if one["id"].startswith(("acme/", "secret/"))]
    assert body["object"] == "list" and own == ALLOWED[key]
    others = [one["id"] for one in body["data"][len(own) :]]
    assert ("openai/gpt-5" in others) == (key == "alice"), "the catalog's come last, for who may use them"
    assert body["data"][0] == {"id": "acme/chat", "object": "model", "created": 0, "owned_by": "acme", "name": "acme/chat"}
    assert response.header("x-tollgate-generation") == world.line(response)["id"]


@pytest.mark.parametrize("path", ["acme/chat", "acme%2Fchat", "acme%2fchat", "the/best/chat", "the%2Fbest%2Fchat", "chat", "chat?x=1"])
def test_one_model_by_any_of_its_names(world, path):
    response = world.get("/v1/models/" + path, key="bob")
    assert response.json() == {"id": "acme/chat", "object": "model", "created": 0, "owned_by": "acme", "name": "acme/chat"}


@pytest.mark.parametrize("path, owner", [("openai/gpt-new", "openai"), ("openai%2Fgpt-new", "openai"), ("gpt5-new", "acme")])
def test_one_model_by_a_name_that_is_served_without_being_listed(world, path, owner):
    """A POST would be served under `creator/model` of a configured vendor, or under the provider's own name."""
    response = world.get("/v1/models/" + path, key="alice")
    assert (response.status, response.json()["owned_by"]) == (200, owner)
    assert response.json()["id"] == ("acme/new" if owner == "acme" else "openai/gpt-new")
    refused(world.get("/v1/models/" + path, key="bob"), 404, "model_not_found", "model")


@pytest.mark.parametrize("path", ["secret/model", "acme/none", "", "%", "%zz", "acme%252Fchat", "acme/chat/"])
def test_a_model_that_is_not_there_or_not_for_this_caller_is_unknown(world, path):
    refused(world.get("/v1/models/" + path, key="bob"), 404, "model_not_found", "model")


def test_the_list_needs_a_key_too(world):
    refused(world.get("/v1/models", key=None), 401, "invalid_api_key")


# ---------------------------------------------------------------- other paths


@pytest.mark.parametrize("method, path", [("HEAD", "/"), ("OPTIONS", "/"), ("OPTIONS", CHAT), ("OPTIONS", "/nowhere")])
def test_probes_need_no_key(world, method, path):
    response = world.get(path, method, key=None)
    assert (response.status, response.body) == (200, b"")
    assert response.header("x-tollgate-generation").startswith("gen_")


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/"),
        ("GET", CHAT),
        ("PUT", CHAT),
        ("DELETE", "/v1/models/acme/chat"),
        ("POST", "/v1/models"),
        ("POST", "/v1/nowhere"),
        ("POST", "/chat/completions"),
        ("POST", "/v2/chat/completions"),
        ("POST", CHAT + "/"),
        ("POST", "/V1/CHAT/COMPLETIONS"),
        ("HEAD", CHAT),
        ("GET", "/v1/models/../secrets"),
        ("GET", "/v1/config"),
        ("POST", "/v1/credits"),
    ],
)
def test_anything_else_is_404_in_openais_shape(world, method, path):
    response = request(world.url, method, path, CHAT_BODY if method == "POST" else None, bearer("alice"))
    if method == "HEAD":
        assert (response.status, response.header("x-tollgate-error")) == (404, "caller_bad_request")
    else:
        message = refused(response, 404, "unknown_url")
        assert method in message and response.header("x-should-retry") == "false"
    assert world.unseen()


def test_two_slashes_are_one(world):
    assert world.post("//v1/./chat//completions", CHAT_BODY).status == 200


# ---------------------------------------------------------------- keys

ALICE, BOB = KEYS["alice"], KEYS["bob"]


@pytest.mark.parametrize(
    "headers, key",
    [
        ({"authorization": f"Bearer {ALICE}"}, "alice"),
        ({"authorization": f"bearer  {ALICE}"}, "alice"),
        ({"x-api-key": ALICE}, "alice"),
        ({"api-key": ALICE}, "alice"),
        ({"x-tollgate-key": ALICE}, "alice"),
        ({"x-tollgate-key": ALICE, "authorization": f"Bearer {BOB}"}, "alice"),
        ({"authorization": "Bearer unknown", "x-api-key": BOB}, "bob"),
        ({"authorization": f"Basic {ALICE}", "api-key": BOB}, "bob"),
    ],
)
def test_a_key_in_any_of_the_usual_headers(world, headers, key):
    response = world.post(CHAT, CHAT_BODY, headers, key=None)
    assert response.status == 200
    assert not any(secret in world.seen() for secret in KEYS.values())
    assert world.line(response)["key"] == key


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer unknown"},
        {"authorization": ALICE},
        {"authorization": f"Basic {ALICE}"},
        {"x-api-key": f"Bearer {ALICE}"},
        {"x-goog-api-key": ALICE},
        {"x-tollgate-key": "unknown", "authorization": f"Bearer {ALICE}"},  # alone when it is there
        {"x-tollgate-key": "", "authorization": f"Bearer {ALICE}"},
        {"x-jwt-sub": "admin"},  # no identity is configured
        {"authorization": b"Bearer \xff\xfe"},
    ],
)
def test_no_known_key_is_401(world, headers):
    for path in (CHAT, "/v1/models", "/v1/nowhere"):
        response = world.post(path, CHAT_BODY, headers, key=None)
        refused(response, 401, "invalid_api_key")
        assert response.header("x-should-retry") == "false"
    assert world.unseen()


def test_a_key_in_the_query_is_no_key(world):
    refused(world.post(f"{CHAT}?key={ALICE}", CHAT_BODY, key=None), 401, "invalid_api_key")


def test_a_model_that_the_group_may_not_use_is_403(world):
    refused(world.chat("secret/model", key="bob"), 403, "model_not_allowed", "model")
    refused(world.chat("acme/chat", key="bob", models=["secret/model"]), 403, "model_not_allowed", "model")
    assert world.unseen()


def test_labels_of_the_group_bind_every_target(world):
    plan = world.chat(key="carol", headers={"x-tollgate-explain": "1"}).header("x-tollgate-plan")
    assert plan == "openai:openai-model > azure:azure-model"
    refused(world.chat("acme/other", key="carol"), 400, "no_matching_provider")


# ---------------------------------------------------------------- callers without a key


@pytest.mark.parametrize(
    "headers, key, group",
    [
        ({}, "anonymous", "few"),
        ({"authorization": "Bearer unknown"}, "anonymous", "few"),
        ({"x-jwt-sub": "dave"}, "dave", "few"),
        ({"x-jwt-sub": "dave", "x-jwt-team": "all"}, "dave", "all"),
        ({"x-jwt-sub": "dave", "x-jwt-team": "unknown"}, "dave", "few"),
        ({"x-jwt-sub": ""}, "anonymous", "few"),
        ({"x-jwt-team": "all"}, "anonymous", "few"),  # a group alone names nobody
        ({"x-jwt-sub": "dave", "x-jwt-team": "few", "x-api-key": ALICE}, "alice", "all"),
        ({"x-jwt-sub": b"\xff"}, "anonymous", "few"),
    ],
)
def test_identities_of_a_filter_before_us_and_anonymous_callers(open_world, headers, key, group):
    response = open_world.post(CHAT, CHAT_BODY, headers, key=None)
    assert response.status == 200
    line = open_world.line(response)
    assert (line["key"], line["group"]) == (key, group)
    may_use_all = open_world.post(CHAT, CHAT_BODY | {"model": "secret/model"}, headers, key=None).status == 200
    assert may_use_all == (group == "all")


def test_expose_minimal_names_no_provider(world, open_world):
    named = chat("hi", headers={"x-request-id": "req_1"})
    full = world.behave(openai=named).chat().header("x-tollgate-provider-request-id")
    response = open_world.behave(openai=named).chat(key=None, headers={"x-tollgate-explain": "1"})
    assert (full, response.status) == ("req_1", 200)
    ours = {name for name, _ in response.headers if name.startswith("x-tollgate")}
    assert ours == {"x-tollgate-generation", "x-tollgate-model"}
    assert response.header("x-tollgate-model") == "acme/chat"


@pytest.mark.parametrize("failure, status", [(reset(), 503), (error(404), 404), (error(401), 424)], ids=["reset", "404", "401"])
def test_expose_minimal_names_no_provider_in_messages(open_world, failure, status):
    open_world.behave(openai=failure, azure=failure, groq=failure)
    message = refused(open_world.chat(key=None), status, {503: "no_provider", 404: "model_not_found", 424: "provider_credential_rejected"}[status])
    assert not [name for name in ("openai", "azure", "groq") if name in message]
