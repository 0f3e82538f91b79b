"""`models[].supports`: what a request needs decides which models may serve it, and nothing is sent where none can."""

import pytest
from client import CHAT
from world import World, config, refused, target

RESPONSES = "/v1/responses"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 20_000}}  # over several buffers
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
SAYS_ONLY = 'Send me {"type":"image_url"}, please.'


def models() -> list[dict]:
    return [
        {"name": "acme/small", "targets": [target("openai", "small")], "supports": ["json_schema"], "fallbacks": ["acme/tools", "acme/all"]},
        {"name": "acme/tools", "targets": [target("azure", "tools")], "supports": ["tools"]},
        {"name": "acme/all", "targets": [target("groq", "all")]},
        {"name": "acme/alone", "targets": [target("openai", "small")], "supports": []},
    ]


@pytest.fixture(scope="module")
def shared():
    world = World(config(models=models()))
    yield world
    world.close()


def says(*parts) -> list[dict]:
    return [{"role": "user", "content": list(parts)}]


@pytest.mark.parametrize(
    "body, provider, plan",
    [
        ({}, "openai", "openai:small > azure:tools > groq:all"),
        ({"tools": []}, "openai", "openai:small > azure:tools > groq:all"),
        ({"tools": [TOOL]}, "azure", "azure:tools > groq:all"),
        ({"messages": says({"type": "text", "text": "What is it?"}, IMAGE)}, "groq", "groq:all"),
        ({"messages": says({"type": "text", "text": SAYS_ONLY})}, "openai", "openai:small > azure:tools > groq:all"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}, "openai", "openai:small > groq:all"),
    ],
    ids=["nothing", "no tools", "tools", "an image", "a text about images", "a schema"],
)
def test_a_request_goes_to_a_model_that_can_do_it(world, body, provider, plan):
    response = world.chat("acme/small", headers={"x-tollgate-explain": "1"}, **body)
    assert (response.status, response.header("x-tollgate-provider"), response.header("x-tollgate-plan")) == (200, provider, plan)
    assert world.seen().json()["model"] == plan.split(" ")[0].split(":")[1]


@pytest.mark.parametrize(
    "path, body, param",
    [
        (CHAT, {"tools": [TOOL]}, "tools"),
        (CHAT, {"messages": says(IMAGE)}, "image_url"),
        (CHAT, {"reasoning_effort": "high"}, "reasoning_effort"),
        (RESPONSES, {"input": says({"type": "input_file", "file_data": "x"})}, "input_file"),
        (RESPONSES, {"input": "x", "reasoning": {"effort": "high"}}, "reasoning"),
    ],
)
def test_what_no_model_of_the_plan_can_do_is_refused_by_field(world, path, body, param):
    response = world.post(path, {"model": "acme/alone"} | body)
    assert f"`{param}`" in refused(response, 400, "unsupported_parameter", param)
    assert (response.header("x-tollgate-error"), response.header("x-should-retry")) == ("policy_option", "false")
    assert world.unseen()
