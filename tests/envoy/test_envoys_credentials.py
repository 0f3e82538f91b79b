"""`credentials: envoy`: a filter of Envoy's own behind the upstream role signs or injects. It sees the request as the
provider gets it: path, headers and body of the provider's dialect."""

import hashlib
import hmac
from urllib.parse import quote

import example
import pytest
from client import chat
from mock import Request
from speaking import speaking

KEY_ID, SECRET, REGION = "AKIAEXAMPLE", "not-a-secret-of-anybody", "us-east-1"
MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"


def config() -> dict:
    provider = {"name": "bedrock", "region": REGION, "credentials": "envoy"}
    models = [{"name": "acme/chat", "targets": [{"provider": "bedrock", "model": MODEL}]}]
    return {"role": "gateway", "providers": [provider], "models": models, "access": {"allow_unauthenticated": True}}


def behind_ours(tree: dict, *filters: dict) -> None:
    """Puts filters between the upstream role and the codec."""
    options = example.clusters(tree)["bedrock"]["typed_extension_protocol_options"]
    chain = options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["http_filters"]
    chain[1:1] = filters


SIGNING = {
    "name": "envoy.filters.http.aws_request_signing",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning",
        "service_name": "bedrock",
        "region": REGION,
        "host_rewrite": f"bedrock-runtime.{REGION}.amazonaws.com",
        "credential_provider": {"inline_credential": {"access_key_id": KEY_ID, "secret_access_key": SECRET}},
    },
}


@pytest.fixture
def signed(gateway, upstream):
    mock = upstream(speaking())
    running = gateway(config(), {"bedrock": mock}, edit=lambda tree: behind_ours(tree, SIGNING))
    return running, mock


@pytest.mark.both
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_bedrock_signed_by_envoy(signed, stream):
    running, mock = signed
    response = chat(running.url, stream=stream)
    assert (response.status, response.text()) == (200, "Hello")
    (got,) = mock.requests
    scheme, _, rest = got.header("authorization").partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, fields["Credential"].split("/")[0]) == ("AWS4-HMAC-SHA256", KEY_ID)
    assert fields["Signature"] == signature(got, fields), "AWS would not accept this"
    assert not [name for name, _ in got.headers if name.startswith((b"x-envoy-", b"x-tollgate-"))]
    assert running.line_of(response)["credential"] == "envoy"


def signature(got: Request, fields: dict[str, str]) -> str:
    """Signature version 4, from its description: every segment of the path is encoded once more than it was sent."""
    names = fields["SignedHeaders"].split(";")
    path, _, query = got.path.partition("?")
    head = "".join(f"{name}:{got.header(name).strip()}\n" for name in names)
    digest = hashlib.sha256(got.body).hexdigest()
    canonical = "\n".join(["POST", quote(path, safe="/-_.~"), query, head, ";".join(names), digest])
    date, scope = got.header("x-amz-date"), fields["Credential"].partition("/")[2]
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.digest(key, text.encode(), "sha256").hex()
