"""LangChain at providers of three APIs: OpenAI's chat completions and Responses, and Anthropic's messages."""

import pytest
import tools
from babel import CLIENT_KEY
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI

HOWS = {
    "chat": lambda url, model: ChatOpenAI(model=model, base_url=f"{url}/v1", api_key=CLIENT_KEY),
    "responses": lambda url, model: ChatOpenAI(model=model, base_url=f"{url}/v1", api_key=CLIENT_KEY, use_responses_api=True),
    "messages": lambda url, model: ChatAnthropic(model_name=model, base_url=url, api_key=CLIENT_KEY),
}


@pytest.fixture(params=HOWS)
def model(request, babel, name):
    return HOWS[request.param](babel.url, f"acme/{name}")


def test_chat(babel, name, model):
    tools.talking(babel, name)
    message = model.invoke("Hi")
    assert (message.text, message.usage_metadata["input_tokens"], message.usage_metadata["output_tokens"]) == ("Hello you", 10, 5)


def test_stream(babel, name, model):
    tools.talking(babel, name)
    chunks = list(model.stream("Hi"))
    assert "".join(chunk.text for chunk in chunks) == "Hello you" and len(chunks) > 2


@pytest.mark.parametrize("streams", [False, True])
def test_tools(babel, name, model, streams):
    tools.calling(babel, name)
    agent = create_agent(model, [tools.weather, tools.clock])
    asked = {"messages": [{"role": "user", "content": "Weather in Paris, and the time?"}]}
    if streams:
        *_, state = agent.stream(asked, stream_mode="values")
    else:
        state = agent.invoke(asked)
    assert state["messages"][-1].text == "done"
    tools.called(babel, name)
