"""Embeddings for an OpenAI client from providers that have their own API for them."""

import base64
import json
import struct

import pytest
from babel import CLIENT_KEY, EMBEDDERS
from failing import failing
from mock import answer, error

VECTORS = [[0.5, -0.25, 1.0], [0.125, 0.0, -1.0]]
TEXTS = ["a cat", "a d\u00f6g"]

# model: (path, what is sent for each or all texts, what is answered, tokens)
SPOKEN = {
    "embed/google": (
        "/v1beta/models/gemini-embedding-001:batchEmbedContents",
        lambda texts: {"requests": [{"model": "models/gemini-embedding-001", "content": {"parts": [{"text": one}]}, "outputDimensionality": 3} for one in texts]},
        lambda vectors: {"embeddings": [{"values": one} for one in vectors], "usageMetadata": {"promptTokenCount": 9}},
        9,
    ),
    "embed/vertex": (
        "/v1/projects/example-project/locations/us-central1/publishers/google/models/text-embedding-005:predict",
        lambda texts: {"instances": [{"content": one} for one in texts], "parameters": {"outputDimensionality": 3}},
        lambda vectors: {"predictions": [{"embeddings": {"values": one, "statistics": {"token_count": 4}}} for one in vectors]},
        8,
    ),
    "embed/titan": (
        "/model/amazon.titan-embed-text-v2%3A0/invoke",
        lambda texts: {"inputText": texts[0], "dimensions": 3},
        lambda vectors: {"embedding": vectors[0], "inputTextTokenCount": 5},
        5,
    ),
    "embed/bedrock-cohere": (
        "/model/cohere.embed-v4%3A0/invoke",
        lambda texts: {"texts": texts, "input_type": "search_document", "embedding_types": ["float"], "output_dimension": 3},
        lambda vectors: {"embeddings": {"float": vectors}},
        None,
    ),
    "embed/cohere": (
        "/v2/embed",
        lambda texts: {"model": "embed-v4.0", "texts": texts, "input_type": "search_document", "embedding_types": ["float"], "output_dimension": 3},
        lambda vectors: {"embeddings": {"float": vectors}, "meta": {"billed_units": {"input_tokens": 7}}},
        7,
    ),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["float", "base64"])
@pytest.mark.parametrize("model", SPOKEN)
def test_vectors_come_as_the_client_wants_them(babel, model, packed):
    """SDKs ask for base64 by themselves, where the client says nothing."""
    path, sent, answered, tokens = SPOKEN[model]
    provider, native = EMBEDDERS[model]
    texts = TEXTS[:1] if model == "embed/titan" else TEXTS
    before = babel.value("tollgate_tokens_total", provider=provider, type="input")
    babel.behave(**{provider: answer(200, answered(VECTORS[: len(texts)]))})
    asked = {"model": model, "input": texts, "dimensions": 3, "encoding_format": "base64" if packed else "float"}
    response = babel.post("/v1/embeddings", asked)
    assert response.status == 200, response
    body = response.json()
    vectors = [one["embedding"] for one in body["data"]]
    if packed:
        vectors = [list(struct.unpack("<3f", base64.b64decode(one))) for one in vectors]
    assert vectors == VECTORS[: len(texts)]
    assert [(one["object"], one["index"]) for one in body["data"]] == [("embedding", n) for n in range(len(texts))]
    assert (body["object"], body["model"], body["usage"]) == ("list", native, {"prompt_tokens": tokens or 0, "total_tokens": tokens or 0})

    got = babel.seen(provider)
    assert (got.path, got.json()) == (path, sent(texts))
    assert CLIENT_KEY not in got
    line = babel.line(response)
    assert (line["operation"], line["provider"], line["output"]) == ("embeddings", provider, None)
    assert (line["input"] == tokens) if tokens else (line["input"] > 0), "where nobody told, it is estimated"
    assert line["estimated"] == (tokens is None)
    assert (line["status"], line["ended"]) == (200, "complete")
    assert babel.value("tollgate_tokens_total", provider=provider, type="input") == before + line["input"]


def test_the_next_of_another_api_gets_the_request_as_it_came(babel):
    _, sent, answered, tokens = SPOKEN["embed/cohere"]
    babel.behave(openai=error(503, "down"), cohere=answer(200, answered(VECTORS)))
    asked = {"model": "embed/two", "input": TEXTS, "dimensions": 3, "user": "u"}
    response = babel.post("/v1/embeddings", asked)
    assert (response.status, response.header("x-tollgate-attempts")) == (200, "openai:503,cohere:200")
    assert response.header("x-tollgate-dropped-params") == "user"
    assert babel.seen("openai").json() == asked | {"model": "text-embedding-3-small"}
    assert babel.seen("cohere").json() == sent(TEXTS)


REFUSED = [
    ("embed/titan", {"input": TEXTS}, "input"),
    ("embed/cohere", {"input": [1, 2, 3]}, "input"),
    ("embed/google", {"input": [[1], [2]]}, "input"),
    ("embed/cohere", {"input": []}, "input"),
    ("embed/vertex", {}, "input"),
    ("acme/anthropic", {"input": "Hi"}, None),
]


def test_what_cannot_be_embedded_is_a_400_that_names_the_field(babel):
    for model, asked, field in REFUSED:
        response = babel.post("/v1/embeddings", {"model": model} | asked)
        assert (response.status, response.json()["error"]["param"]) == (400, field), (model, asked, response)
    assert babel.counts() == {}


@pytest.mark.parametrize("model", SPOKEN)
def test_failures_are_openais(babel, model):
    provider = EMBEDDERS[model][0]
    for behaviour, status, reason in [
        (failing(provider, 429, "RESOURCE_EXHAUSTED", "slowly", {"retry-after": "30"}), 429, "provider_limit"),
        (failing(provider, 401, "UNAUTHENTICATED", "no"), 424, "provider_key"),
        (answer(200, {"hello": "world"}), 502, "provider_fault"),
        (answer(200, "data: no\n\n", {"content-type": "text/event-stream"}), 502, "provider_fault"),
    ]:
        babel.behave(**{provider: behaviour})
        response = babel.post("/v1/embeddings", {"model": model, "input": "Hi"})
        assert (response.status, response.header("x-tollgate-error")) == (status, reason), response
        assert set(json.loads(response.body)["error"]) == {"message", "type", "param", "code"}
