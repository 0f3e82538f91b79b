"""LlamaIndex at providers of three APIs: OpenAI's chat completions and Responses."""

import asyncio

import pytest
import tools
from babel import CLIENT_KEY
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import LLMMetadata
from llama_index.llms.openai import OpenAIResponses
from llama_index.llms.openai_like import OpenAILike


class Responses(OpenAIResponses):
    """It knows OpenAI's own models by their names, and refuses others unless told what they can."""

    @property
    def metadata(self):
        return LLMMetadata(model_name=self.model, is_chat_model=True, is_function_calling_model=True)


HOWS = {
    "chat": lambda url, model: OpenAILike(
        model=model, api_base=f"{url}/v1", api_key=CLIENT_KEY, is_chat_model=True, is_function_calling_model=True
    ),
    "responses": lambda url, model: Responses(model=model, api_base=f"{url}/v1", api_key=CLIENT_KEY),
}


@pytest.fixture(params=HOWS)
def model(request, babel, name):
    return HOWS[request.param](babel.url, f"acme/{name}")


def test_chat(babel, name, model):
    tools.talking(babel, name)
    assert str(model.complete("Hi")) == "Hello you"


def test_stream(babel, name, model):
    tools.talking(babel, name)
    pieces = [piece.delta for piece in model.stream_complete("Hi") if piece.delta]
    assert "".join(pieces) == "Hello you" and len(pieces) > 1


def test_tools(babel, name, model):
    tools.calling(babel, name)

    async def run():
        return await FunctionAgent(llm=model, tools=[tools.weather, tools.clock]).run("Weather in Paris, and the time?")

    assert str(asyncio.run(run())) == "done"
    tools.called(babel, name)
