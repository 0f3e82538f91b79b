"""Clients of Anthropic's API at providers that speak it: what passes, what is edited, what is refused."""

import json

import example
import pytest
from client import Response, request
from harness import Gateway
from mock import Upstream, answer, error, reset
from speaking import event, speaking, stream

MESSAGES, COUNT = "/v1/messages", "/v1/messages/count_tokens"
TALK = [{"role": "user", "content": "Hi"}]
SECOND = "sk-of-the-second"
VERTEX = "/v1/projects/example-project/locations/us-east5/publishers/anthropic/models"
NAMES = ("anthropic", "vertex-anthropic", "openai", "together")


def target(provider: str, model: str, priority: int = 0) -> dict:
    return {"provider": provider, "model": model, "priority": priority}


def config() -> dict:
    """`second` is another account at Anthropic, behind the cluster of `together`."""
    known = example.plan("anthropic", "vertex-anthropic", "openai")
    second = {"name": "second", "preset": "anthropic", "cluster": "together", "credentials": [{"value": SECOND}]}
    models = [
        {"name": "acme/claude", "aliases": ["claude"], "targets": [target("anthropic", "claude-a")]},
        {"name": "acme/vertex", "targets": [target("vertex-anthropic", "claude-v@1")]},
        {"name": "acme/two", "targets": [target("anthropic", "claude-a"), target("second", "claude-b", 1)]},
        {"name": "acme/mixed", "targets": [target("openai", "gpt-5"), target("anthropic", "claude-a", 1)]},
        {"name": "acme/back", "targets": [target("anthropic", "claude-a"), target("openai", "gpt-4o", 1), target("second", "claude-b", 2)]},
        {"name": "acme/files", "targets": [target("vertex-anthropic", "claude-v@1"), target("anthropic", "claude-a", 1)]},
        {"name": "acme/spread", "targets": [target("anthropic", "claude-a"), target("second", "claude-a")]},
        {"name": "acme/gpt", "targets": [target("openai", "gpt-4o")]},
        {"name": "acme/blind", "targets": [target("anthropic", "claude-a")], "supports": ["tools"]},
    ]
    return known | {"providers": [*known["providers"], second], "models": models}


class World:
    def __init__(self):
        self.mocks = {name: Upstream() for name in NAMES}
        self.gateway = Gateway(config(), dict(self.mocks)).start()

    def behave(self, **behaviours) -> "World":
        for name, mock in self.mocks.items():
            told = behaviours.get(name.replace("-", "_"), speaking(f"from {name}"))
            mock.behaviours = told if isinstance(told, tuple) else (told,)
            mock.requests = []
        return self

    def post(self, body: dict | str | bytes, path: str = MESSAGES, **headers: str) -> Response:
        pairs = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps({"max_tokens": 99, "messages": TALK} | body) if isinstance(body, dict) else body
        return request(self.gateway.url, "POST", path, data, pairs)

    def seen(self, name: str):
        (one,) = self.mocks[name].requests
        return one

    def line(self, response: Response) -> dict:
        return self.gateway.line_of(response)


@pytest.fixture(scope="module")
def running():
    world = World()
    yield world
    problem = world.gateway.stop_quietly()
    for mock in world.mocks.values():
        mock.close()
    assert not problem, problem


@pytest.fixture
def world(running):
    return running.behave()


def refused(response: Response, status: int, kind: str) -> str:
    """Asserts an error of Anthropic's shape, and returns its message."""
    body = response.json()
    assert (response.status, body["type"], body["error"]["type"]) == (status, "error", kind), response
    return body["error"]["message"]


# ---------------------------------------------------------------- what the provider sees


def test_only_the_model_and_our_own_members_change(world):
    body = '{ "model" :\t"claude" , "max_tokens": 1.0e1,"providerOptions":{"gateway":{"user":"u"}}, "x":{"model":"claude"},"models":["acme/two"]}'
    response = world.post(body)
    assert response.json()["content"][0]["text"] == "from anthropic"
    assert world.seen("anthropic").body.decode() == '{ "model" :\t"claude-a" , "max_tokens": 1.0e1, "x":{"model":"claude"}}'
    line = world.line(response)
    assert (line["user"], line["model"], line["dialect"], line["operation"]) == ("u", "acme/claude", "anthropic", "messages")
    assert (line["input"], line["output"], line["stream"]) == (10, 5, False)


@pytest.mark.parametrize("path", [MESSAGES, COUNT])
@pytest.mark.parametrize(
    "headers, version, beta",
    [
        ({}, "2023-06-01", None),
        ({"anthropic_version": "2024-01-01", "anthropic_beta": "a-1, b-2"}, "2024-01-01", "a-1,b-2"),
        ({"x_api_key": "sk-client", "anthropic_beta": "of-tomorrow"}, "2023-06-01", "of-tomorrow"),
        ({"authorization": "Bearer sk-client"}, "2023-06-01", None),
    ],
)
def test_headers_are_the_clients_and_the_key_is_ours(world, path, headers, version, beta):
    assert world.post({"model": "claude"}, path + "?beta=true&key=sk-client", **headers).status == 200
    got = world.seen("anthropic")
    assert (got.header("anthropic-version"), got.header("anthropic-beta")) == (version, beta)
    assert (got.header("x-api-key"), got.header("authorization")) == (example.secret("anthropic"), None)
    assert (got.path, got.header("host")) == (path + "?beta=true", "api.anthropic.com")
    assert "sk-client" not in got


@pytest.mark.parametrize("is_stream", [False, True])
def test_vertex_has_the_model_in_the_path_and_the_version_in_the_body(world, is_stream):
    beta = "claude-code-20250219,context-1m-2025-08-07,advanced-tool-use-2025-11-20"
    body = {"model": "acme/vertex", "service_tier": "auto", "stream": is_stream}
    response = world.post(body, MESSAGES + "?beta=true", anthropic_version="2023-06-01", anthropic_beta=beta)
    assert response.status == 200 and b"from vertex"[:5] in response.body
    got = world.seen("vertex-anthropic")
    assert got.path == f"{VERTEX}/claude-v@1:{'streamRawPredict' if is_stream else 'rawPredict'}"
    assert got.json() == {"anthropic_version": "vertex-2023-10-16", "max_tokens": 99, "messages": TALK, "stream": is_stream}
    assert got.header("content-length") == str(len(got.body))
    assert (got.header("anthropic-version"), got.header("anthropic-beta")) == (None, "context-1m-2025-08-07,tool-search-tool-2025-10-19")
    assert response.header("x-tollgate-dropped-params") == "anthropic-beta.claude-code-20250219,service_tier"


def test_vertex_counts_by_a_model_of_its_own(world):
    assert world.post({"model": "acme/vertex"}, COUNT).json() == {"input_tokens": 10}
    got = world.seen("vertex-anthropic")
    assert (got.path, got.json()["model"]) == (f"{VERTEX}/count-tokens:rawPredict", "claude-v@1")


def test_who_wants_no_losses_goes_where_there_are_none(world):
    body = {"model": "acme/files", "service_tier": "auto"}
    assert world.post(body).header("x-tollgate-attempts") == "vertex-anthropic:200"
    assert world.post(body, x_tollgate_strict="1").header("x-tollgate-attempts") == "anthropic:200"
    refused(world.post({"model": "acme/vertex", "service_tier": "auto"}, x_tollgate_strict="1"), 400, "invalid_request_error")


def test_caching_on_request_marks_the_messages(world):
    wish = {"providerOptions": {"gateway": {"caching": "auto"}}}
    for model, name in (("claude", "anthropic"), ("acme/vertex", "vertex-anthropic")):
        response = world.behave().post({"model": model, "system": "s"} | wish)
        assert (response.status, response.json()["content"][0]["text"]) == (200, f"from {name}"), response
        assert '"cache_control"' in world.seen(name)
    assert world.post({"model": "claude"} | wish, COUNT).json() == {"input_tokens": 10}


# ---------------------------------------------------------------- counting


def test_tokens_are_counted_by_who_can(world):
    response = world.post({"model": "acme/mixed"}, COUNT)
    assert (response.json(), response.header("x-tollgate-attempts")) == ({"input_tokens": 10}, "anthropic:200")
    line = world.line(response)
    assert (line["operation"], line["input"]) == ("count_tokens", None), "what is counted is not used"


def test_where_nobody_counts_there_is_no_counter(world):
    message = refused(world.post({"model": "acme/gpt"}, COUNT), 404, "not_found_error")
    assert message == "No provider of `acme/gpt` counts tokens."


def test_a_count_is_no_answer_without_usage(world):
    """Neither the one that was asked for, nor the tokens of an answer."""

    def missing() -> float:
        return world.gateway.metrics().value("tollgate_usage_missing_total", provider="anthropic")

    before = missing()
    world.line(world.post({"model": "claude"}, COUNT))
    assert missing() == before
    world.behave(anthropic=answer(200, {"type": "message", "content": []}))
    world.line(world.post({"model": "claude"}))
    assert missing() == before + 1


# ---------------------------------------------------------------- failures


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
FIRST = stream([event("message_start", message={"id": "msg_1", "model": "m"}), event("ping"), event("error", error=OVERLOADED["error"])])


@pytest.mark.parametrize(
    "failure, word",
    [(answer(529, OVERLOADED), "529"), (answer(429, OVERLOADED), "429"), (reset(), "reset"), (answer(200, OVERLOADED), "error"), (FIRST, "error")],
    ids=["529", "429", "reset", "in_a_200", "first_event"],
)
def test_a_failure_leads_to_the_next_account(world, failure, word):
    world.behave(anthropic=failure)
    response = world.post({"model": "acme/two", "stream": True}, anthropic_beta="a-1")
    assert (response.status, response.header("x-tollgate-attempts")) == (200, f"anthropic:{word},second:200"), response
    got = world.seen("together")
    assert (got.json()["model"], got.header("x-api-key"), got.header("anthropic-beta")) == ("claude-b", SECOND, "a-1")
    assert response.body.endswith(event("message_stop").encode())
    assert (world.line(response)["input"], world.line(response)["output"]) == (10, 5)


def test_a_translated_provider_stands_between_two_that_pass(world):
    world.behave(anthropic=answer(529, OVERLOADED), openai=error(503))
    response = world.post({"model": "acme/back", "service_tier": "auto"}, anthropic_beta="a-1", anthropic_version="2024-01-01")
    assert response.header("x-tollgate-attempts") == "anthropic:529,openai:503,second:200"
    translated = world.seen("openai")
    assert (translated.header("anthropic-beta"), translated.header("anthropic-version")) == (None, None)
    first, last = world.seen("anthropic"), world.seen("together")
    assert last.body == first.body.replace(b"claude-a", b"claude-b") and last.header("anthropic-beta") == "a-1"
    assert response.header("x-tollgate-dropped-params") is None

    world.behave(anthropic=answer(529, OVERLOADED))
    response = world.post({"model": "acme/back"}, anthropic_beta="a-1")
    assert response.json()["content"][0]["text"] == "from openai"
    assert response.header("x-tollgate-dropped-params") == "anthropic-beta.a-1"


SEAL = {"type": "error", "error": {"type": "invalid_request_error", "message": "messages.1.content.0: Invalid `signature` in `thinking` block"}}


def test_rule_7a_rejected_seals_are_left_out_once(world):
    thought = {"type": "thinking", "thinking": "hm", "signature": "of-another"}
    said = [*TALK, {"role": "assistant", "content": [thought, {"type": "text", "text": "a"}]}, *TALK]
    world.behave(anthropic=(answer(400, SEAL), speaking("from anthropic")))
    response = world.post({"model": "claude", "messages": said}, anthropic_beta="a-1")
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "anthropic:400,anthropic:200"), response
    first, second = world.mocks["anthropic"].requests
    assert "of-another" in first and "of-another" not in second
    assert (second.header("anthropic-version"), second.header("anthropic-beta")) == ("2023-06-01", "a-1")


@pytest.mark.parametrize(
    "status, body, seen, kind",
    [
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}, 400, "invalid_request_error"),
        (401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}, 424, "api_error"),
        (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}, 404, "not_found_error"),
        (413, {"type": "error", "error": {"type": "request_too_large", "message": "large"}}, 413, "request_too_large"),
        (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}, 429, "rate_limit_error"),
        (500, {"type": "error", "error": {"type": "api_error", "message": "oh"}}, 500, "api_error"),
        (529, OVERLOADED, 529, "overloaded_error"),
        (502, "<html>Bad Gateway</html>", 502, "api_error"),
    ],
)
def test_errors_are_anthropics(world, status, body, seen, kind):
    leak = answer(status, json.dumps(body).replace("no", "no " + example.secret("anthropic")) if status == 400 else body)
    world.behave(anthropic=leak)
    response = world.post({"model": "claude"})
    refused(response, seen, kind)
    assert example.secret("anthropic") not in response.body.decode()


@pytest.mark.parametrize("path", ["/v1/messages/batches", "/v1/messages/", "/v1/messages/count_tokens/x"])
def test_what_is_unknown_below_messages_is_told_as_anthropic_does(world, path):
    assert "Unknown request URL" in refused(world.post({"model": "claude"}, path), 404, "not_found_error")


@pytest.mark.parametrize(
    "body, message",
    [
        (b"{", "The body is not JSON"),
        (b'{"max_tokens":1}', "The request names no model"),
        (b'{"model":"acme/unknown"}', "is not known here"),
        (b'{"model":"claude","providerOptions":{"anthropic":{"thinking":{}}}}', "providerOptions.anthropic.thinking"),
        (b'{"model":"claude","providerOptions":{"groq":{"x":1}}}', "providerOptions.groq.x"),
        (b'{"model":"acme/blind","messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}', "`image`"),
        (b'{"model":"acme/blind","thinking":{"type":"enabled","budget_tokens":1024}}', "`thinking`"),
    ],
)
def test_what_is_refused_is_told_as_anthropic_does(world, body, message):
    response = world.post(body)
    assert message in response.json()["error"]["message"], response
    assert response.json()["type"] == "error"
    assert not any(mock.requests for mock in world.mocks.values())


# ---------------------------------------------------------------- state kept at one account


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "file_1"}}]}]},
        {"container": "container_1"},
        {"container": {"id": "container_1"}},
    ],
    ids=["file", "container", "container_id"],
)
def test_state_is_kept_at_anthropic_itself(world, body):
    world.behave(anthropic=error(500))
    response = world.post({"model": "acme/files"} | body)
    assert response.header("x-tollgate-attempts") == "anthropic:500,anthropic:500"
    refused(world.post({"model": "acme/vertex"} | body), 400, "invalid_request_error")


def test_the_user_is_the_conversation(world):
    def serving(user: str, text: str) -> str:
        body = {"model": "acme/spread", "metadata": {"user_id": user}, "messages": [{"role": "user", "content": text}]}
        return world.post(body).header("x-tollgate-provider")

    for user in map(str, range(6)):
        assert len({serving(user, text) for text in "abcdef"}) == 1
    assert len({serving(str(user), "a") for user in range(24)}) == 2
