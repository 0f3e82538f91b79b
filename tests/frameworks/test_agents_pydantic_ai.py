"""Pydantic AI at providers of three APIs: OpenAI's chat completions and Responses, and Anthropic's messages."""

import pytest
import tools
from anthropic import AsyncAnthropic
from babel import CLIENT_KEY
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


def openai(url: str) -> OpenAIProvider:
    return OpenAIProvider(base_url=f"{url}/v1", api_key=CLIENT_KEY)


HOWS = {
    "chat": lambda url, model: OpenAIChatModel(model, provider=openai(url)),
    "responses": lambda url, model: OpenAIResponsesModel(model, provider=openai(url)),
    "messages": lambda url, model: AnthropicModel(
        model, provider=AnthropicProvider(anthropic_client=AsyncAnthropic(base_url=url, api_key=CLIENT_KEY))
    ),
}


@pytest.fixture(params=HOWS)
def model(request, babel, name):
    return HOWS[request.param](babel.url, f"acme/{name}")


def test_chat(babel, name, model):
    tools.talking(babel, name)
    result = Agent(model).run_sync("Hi")
    usage = result.usage() if callable(result.usage) else result.usage
    assert (result.output, usage.input_tokens, usage.output_tokens) == ("Hello you", 10, 5)


def test_stream(babel, name, model):
    tools.talking(babel, name)
    result = Agent(model).run_stream_sync("Hi")
    pieces = list(result.stream_text(delta=True, debounce_by=None))
    assert "".join(pieces) == "Hello you" and len(pieces) > 1


def test_tools(babel, name, model):
    tools.calling(babel, name)
    agent = Agent(model, tools=[tools.weather, tools.clock])
    assert agent.run_sync("Weather in Paris, and the time?").output == "done"
    tools.called(babel, name)
