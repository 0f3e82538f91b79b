"""LangChain, the most used client on top of the OpenAI SDK: an answer, a stream, a tool call, an exception."""

import callers
import example
import openai
import pytest
from callers import ALICE, STRANGER
from harness import Gateway
from langchain_core.messages import AIMessageChunk
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from mock import Upstream, answer, chatting

CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}
TOOL_CALL = {
    "id": "chatcmpl-mock",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "mock",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [CALL]}, "finish_reason": "tool_calls"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
}
EMBEDDINGS = {"object": "list", "model": "mock", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}


def told(request):
    if request.path.endswith("/embeddings"):
        return answer(200, EMBEDDINGS)
    return answer(200, TOOL_CALL) if "tools" in request.json() else chatting("Hello")


@pytest.fixture(scope="module")
def provider():
    one = Upstream(told)
    yield one
    one.close()


@pytest.fixture(scope="module")
def running(provider):
    with Gateway(example.plan("openai") | callers.sections(bob=["acme/none"]), {"openai": provider}) as one:
        yield one


@pytest.fixture
def model(running):
    return ChatOpenAI(model="acme/chat", base_url=f"{running.url}/v1", api_key=ALICE, timeout=60)


def test_langchain_gets_an_answer_with_usage(model, provider):
    message = model.invoke("Hi")
    assert (message.content, message.usage_metadata["total_tokens"]) == ("Hello", 15)
    assert provider.requests[-1].json()["model"] == "openai-model"


def test_langchain_streams_and_adds_up(model):
    chunks = list(model.stream("Hi", stream_usage=True))
    whole = sum(chunks[1:], chunks[0])
    assert isinstance(whole, AIMessageChunk) and len(chunks) > 2
    assert (whole.content, whole.usage_metadata["input_tokens"], whole.usage_metadata["output_tokens"]) == ("Hello", 10, 5)


def test_langchain_calls_a_tool(model, provider):
    def add(a: int, b: int) -> int:
        """Adds two numbers."""
        return a + b

    (call,) = model.bind_tools([add]).invoke("1 + 2?").tool_calls
    assert (call["name"], call["args"]) == ("add", {"a": 1, "b": 2})
    assert provider.requests[-1].json()["tools"][0]["function"]["name"] == "add"


def test_langchain_embeds(running):
    embeddings = OpenAIEmbeddings(model="acme/chat", base_url=f"{running.url}/v1", api_key=ALICE, check_embedding_ctx_length=False)
    assert embeddings.embed_query("Hi") == [0.5, 0.25]


def test_langchain_raises_what_the_sdk_raises(running):
    with pytest.raises(openai.AuthenticationError):
        ChatOpenAI(model="acme/chat", base_url=f"{running.url}/v1", api_key=STRANGER).invoke("Hi")
    with pytest.raises(openai.NotFoundError, match="acme/chat"):
        ChatOpenAI(model="acme/chap", base_url=f"{running.url}/v1", api_key=ALICE).invoke("Hi")
