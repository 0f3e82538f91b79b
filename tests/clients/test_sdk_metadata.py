"""What the official SDKs make of `provider_metadata`, in answers that pass: their models keep it, and their stream helpers add
chunks up to one message that has it once."""

import callers
import example
import openai
import pytest
from callers import ALICE
from harness import Gateway
from mock import Upstream, chatting
from sdk import CHAT, HELLO

ASKING = {"providerOptions": {"gateway": {}}}


@pytest.fixture(scope="module")
def running():
    provider = Upstream(chatting("Hello"))
    models = [{"name": "acme/chat", "targets": [{"provider": "openai", "model": "m"}]}]
    with Gateway(example.plan("openai") | {"models": models} | callers.sections(bob=[]), {"openai": provider}) as one:
        yield one
    provider.close()


def checked(words: dict) -> None:
    assert words["generationId"].startswith("gen_")
    routing = words["routing"]
    (attempt,) = routing["modelAttempts"][0]["providerAttempts"]
    assert (routing["totalProviderAttemptCount"], attempt["provider"], attempt["statusCode"]) == (1, "openai", 200)
    assert attempt["endTime"] < 10_000_000_000_000, "added up, a time would be twice as long"


def test_a_whole_answer(running, sdk):
    body = {"extra": ASKING} if sdk.name == "python" else ASKING
    outcome = sdk.call(running.url, ALICE, CHAT, model="acme/chat", messages=HELLO, **body)
    assert outcome.text() == "Hello"
    checked(outcome.value["choices"][0]["message"]["provider_metadata"]["gateway"])


def test_the_pieces_of_a_stream(running, sdk):
    body = {"extra": ASKING} if sdk.name == "python" else ASKING
    outcome = sdk.call(running.url, ALICE, CHAT, model="acme/chat", messages=HELLO, stream=True, **body)
    assert outcome.text() == "Hello"
    said = [event["choices"][0]["delta"].get("provider_metadata") for event in outcome.events if event["choices"]]
    (words,) = [one for one in said if one]
    checked(words["gateway"])


def test_the_stream_helper_of_python(running):
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=ALICE) as client:
        for options in [None, {"include_usage": True}]:
            extra = {"stream_options": options} if options else {}
            with client.chat.completions.stream(model="acme/chat", messages=HELLO, extra_body=ASKING, **extra) as stream:
                kinds = [event.type for event in stream]
                final = stream.get_final_completion()
            choice = final.choices[0]
            assert (choice.message.content, choice.finish_reason, kinds.count("content.done")) == ("Hello", "stop", 1)
            checked(choice.message.model_extra["provider_metadata"]["gateway"])
            assert (final.usage is not None) == bool(options)
