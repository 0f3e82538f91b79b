"""Where the model stands in a body, how large a body may be, and what a provider gets of it: byte for byte."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest
from client import CHAT, h2_request, request
from mock import chatting
from world import World, bearer, config, refused

MB = 1 << 20
LIMIT = 32 * MB  # the default of limits.request_body
IMAGE = b"data:image/png;base64," + b"iVBORw0KGgo" * (20 * MB // 11)
AUDIO = b"RIFF\x00\xff--XX-not-a-boundary\r\n\r\nmodel\r\n" * (20 * MB // 38)
MESSAGES = b'"messages":[{"role":"user","content":"\\"model\\":\\"inside a string\\"}"}]'


@pytest.fixture(scope="module")
def shared_small():
    world = World(config(limits={"request_body": "64KiB"}))
    yield world
    world.close()


@pytest.fixture
def small(shared_small):
    return shared_small.behave()


def send(world: World, body: bytes, path: str = CHAT, content_type: str = "application/json", headers=()):
    return world.post(path, body, [("content-type", content_type), *headers])


def arrived(world: World, body: bytes, **how) -> bytes:
    """The body that the provider got, whose length it was told rightly."""
    response = send(world, body, **how)
    assert response.status == 200, response.body
    seen = world.seen()
    assert seen.header("content-length") == str(len(seen.body)) and seen.header("transfer-encoding") is None
    return seen.body


# ---------------------------------------------------------------- JSON

OPENAI = b'"openai-model"'


@pytest.mark.parametrize(
    "body, expected",
    [
        (b'{"model":"acme/chat"}', b'{"model":' + OPENAI + b"}"),
        (b' {\r\n\t"model" :\t"acme/chat" ,\n "n":1.50e+00 } \n', b' {\r\n\t"model" :\t' + OPENAI + b' ,\n "n":1.50e+00 } \n'),
        (b'{"m\\u006fdel":"acme\\/ch\\u0061t"}', b'{"m\\u006fdel":' + OPENAI + b"}"),
        (b"{" + MESSAGES + b',"model":"acme/chat"}', b"{" + MESSAGES + b',"model":' + OPENAI + b"}"),
        (
            b'{"metadata":{"model":"x"},"tools":[{"model":"y"}],"model":"acme/chat","z":{"model":"w"}}',
            b'{"metadata":{"model":"x"},"tools":[{"model":"y"}],"model":' + OPENAI + b',"z":{"model":"w"}}',
        ),
        # Which of several a provider reads is not known: all of them say the target's name. The last one counts.
        (b'{"model":"secret/model","n":1,"model":"acme/chat"}', b'{"model":' + OPENAI + b',"n":1,"model":' + OPENAI + b"}"),
        (b'{"model":{"a":[1]},"model":"acme/chat"}', b'{"model":' + OPENAI + b',"model":' + OPENAI + b"}"),
        (b'{"model":"acme/chat","seed":12345678901234567890,"x":"\xc3\xa9\\ud83d\\ude00"}', b'{"model":' + OPENAI + b',"seed":12345678901234567890,"x":"\xc3\xa9\\ud83d\\ude00"}'),
        (b'{"provider":{"order":["openai"]},"models":[],"model":"acme/chat","providerOptions":{"gateway":{}}}', b'{"model":' + OPENAI + b"}"),
        (b'{"model":"acme/chat","a":1,"models":["acme/other"],"b":2,"provider":{"zdr":true}}', b'{"model":' + OPENAI + b',"a":1,"b":2}'),
    ],
)
def test_only_the_spans_of_model_and_options_change(world, body, expected):
    assert arrived(world, body) == expected


@pytest.mark.parametrize("body", [b'{ "model" : "acme/same" , "n":1.0 }', b'{"model":"acme/same","stream":true,"stream_options":{"include_usage":true}}'])
def test_a_body_that_needs_no_edit_goes_through_byte_for_byte(world, body):
    assert arrived(world, body) == body


def test_a_stream_asks_for_its_usage_and_hides_it_again(world):
    world.behave(openai=chatting("Hello"))
    response = send(world, b'{"model":"acme/same","stream":true}')
    assert world.seen().body == b'{"stream_options":{"include_usage":true},"model":"acme/same","stream":true}'
    assert response.text() == "Hello" and all(event["choices"] for event in response.events() if event != "[DONE]")
    assert world.line(response)["output"] == 5


def test_the_model_is_found_after_20_mb_of_images(world):
    body = b'{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"' + IMAGE + b'"}}]}],"model":"acme/chat"}'
    assert arrived(world, body) == body.replace(b'"acme/chat"', OPENAI)


def test_20_mb_that_need_no_edit(world):
    body = b'{"model":"acme/same","input":"' + IMAGE + b'"}'
    assert arrived(world, body) == body


def test_a_chunked_body_gets_a_length(world):
    response = request(world.url, "POST", CHAT, [b'{"mod', b'el":"acme', b'/chat"}'], [("content-type", "application/json"), *bearer("alice")])
    assert response.status == 200
    assert world.seen().body == b'{"model":"openai-model"}' and world.seen().header("content-length") == "24"


# ---------------------------------------------------------------- multipart

TRANSCRIBE = "/v1/audio/transcriptions"
FORM = "multipart/form-data; boundary=XX"


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


FILE = part("file", AUDIO, '; filename="a.wav"\r\nContent-Type: audio/wav')


@pytest.mark.parametrize("name, sent", [("acme/ear", b"whisper-1"), ("acme/same", b"acme/same")])
@pytest.mark.parametrize("place", ["before", "after", "twice"])
def test_the_model_of_a_form_before_and_after_a_20_mb_file(world, place, name, sent):
    model = [part("model", name.encode())]
    parts = {"before": model + [FILE], "after": [FILE] + model, "twice": model + [FILE] + model}[place]
    body = b"".join(parts) + b"--XX--\r\n"
    got = arrived(world, body, path=TRANSCRIBE, content_type=FORM)
    assert got == body.replace(b"\r\n\r\n" + name.encode() + b"\r\n", b"\r\n\r\n" + sent + b"\r\n")
    assert world.seen().header("content-type") == FORM and world.seen().path == TRANSCRIBE


@pytest.mark.parametrize(
    "body, content_type",
    [
        (part("file", b"x") + b"--XX--\r\n", FORM),
        (part("model", b"") + b"--XX--\r\n", FORM),
        (part("model", b"\xff") + b"--XX--\r\n", FORM),
        (part("modell", b"acme/ear") + b"--XX--\r\n", FORM),
    ],
)
def test_a_form_without_a_model_is_400(world, body, content_type):
    refused(send(world, body, TRANSCRIBE, content_type), 400, "invalid_body", "model")
    assert world.unseen()


# ---------------------------------------------------------------- size


def of_size(size: int) -> bytes:
    head = b'{"model":"acme/chat","x":"'
    return head + b"x" * (size - len(head) - 2) + b'"}'


def test_exactly_the_limit_passes_and_one_byte_more_does_not(world):
    assert len(arrived(world, of_size(LIMIT))) == LIMIT - len("acme/chat") + len("openai-model")
    world.behave()
    refused(send(world, of_size(LIMIT + 1)), 413, "request_too_large")
    assert world.unseen()


@pytest.mark.parametrize("size", [LIMIT + 4 * MB, 100 * MB])
def test_far_above_the_limit_is_413_too(world, size):
    """Envoy's own buffer is full before the body ends; a client that still sends may see the connection close."""
    try:
        response = send(world, of_size(size))
    except ConnectionError:
        pass
    else:
        refused(response, 413, "request_too_large")
    assert world.unseen()
    assert world.chat().status == 200


def test_the_limit_is_the_configurations(small):
    assert len(arrived(small, of_size(64 << 10))) == (64 << 10) + 3
    small.behave()
    message = refused(send(small, of_size((64 << 10) + 1)), 413, "request_too_large")
    assert "65536" in message and small.unseen()


def test_413_leaves_a_clients_connection_in_order(small):
    """A client on a kept connection reads the whole 413, and is told when the connection is over."""
    address = urlsplit(small.url).netloc
    connection = http.client.HTTPConnection(address, timeout=30)
    headers = dict(bearer("alice"))
    for body, status in [(b'{"model":"acme/same"}', 200), (of_size(70_000), 413), (b'{"model":"acme/same"}', 200)]:
        connection.request("POST", CHAT, body, headers)  # opens a new one where the last answer said `connection: close`
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status == status and json.loads(data)
        if status == 413:
            assert json.loads(data)["error"]["code"] == "request_too_large"


def test_413_over_http2_is_one_stream_only(small):
    response = h2_request(small.url, CHAT, of_size(200_000), [("content-type", "application/json"), *bearer("alice")])
    assert response.status == 413 and response.json()["error"]["code"] == "request_too_large"


def test_a_client_that_announces_too_much_is_answered_while_it_waits(small):
    """The length alone is above the limit: the answer comes once the limit is passed, not when the body ends."""
    host = urlsplit(small.url)
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer('alice')[0][1]}\r\ncontent-length: 10000000\r\n\r\n"
    with socket.create_connection((host.hostname, host.port), timeout=30) as plain:
        plain.sendall(head.encode() + of_size(100_000))
        answer = b""
        while b"request_too_large" not in answer:
            assert (data := plain.recv(1 << 16)), answer
            answer += data
    assert answer.startswith(b"HTTP/1.1 413")


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, identity", "x-unknown"])
def test_compressed_bodies_are_415(world, encoding):
    message = refused(send(world, b"\x1f\x8b\x08", headers=[("content-encoding", encoding)]), 415, "unsupported_encoding")
    assert encoding in message and world.unseen()


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
def test_identity_is_no_compression(world, encoding):
    assert send(world, b'{"model":"acme/same"}', headers=[("content-encoding", encoding)]).status == 200


@pytest.mark.parametrize("path", ["completions", "responses", "embeddings", "moderations", "images/generations", "audio/speech"])
def test_every_json_endpoint_goes_to_its_own_path(world, path):
    response = world.post(f"/v1/{path}", {"model": "acme/ear"})
    assert response.status == 200 and world.seen().path == f"/v1/{path}"
    assert json.loads(world.seen().body) == {"model": "whisper-1"}
