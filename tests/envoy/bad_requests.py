"""Bad requests: written by hand, and made by a seeded mutator; and an oracle that tells what a body deserves."""

import json
import random
import unicodedata
from dataclasses import dataclass

JSON_PATHS = ["chat/completions", "completions", "responses", "embeddings", "moderations", "images/generations", "audio/speech"]
FORM_PATHS = ["audio/transcriptions", "audio/translations", "images/edits"]
FORM = "multipart/form-data; boundary=XX"
KNOWN = {"acme/chat", "the-model"}  # the model's public name, and its name at the provider
MIB = 1 << 20


@dataclass(frozen=True)
class Bad:
    path: str
    body: bytes
    statuses: frozenset = frozenset({400})
    headers: tuple = (("content-type", "application/json"),)
    method: str = "POST"


# ---------------------------------------------------------------- by hand

BODIES = {
    "empty": b"",
    "white space": b" \r\n\t",
    "text": b"hello",
    "half": b'{"model":"acme/chat"',
    "open string": b'{"model":"acme/ch',
    "comma at the end": b'{"model":"acme/chat",}',
    "two documents": b'{"model":"acme/chat"}{"model":"acme/chat"}',
    "single quotes": b"{'model':'acme/chat'}",
    "comment": b'{"model":"acme/chat"/* x */}',
    "bare key": b'{model:"acme/chat"}',
    "no colon": b'{"model" "acme/chat"}',
    "NaN": b'{"model":"acme/chat","temperature":NaN}',
    "leading zero": b'{"model":"acme/chat","n":01}',
    "plus": b'{"model":"acme/chat","n":+1}',
    "dot": b'{"model":"acme/chat","n":1.}',
    "True": b'{"model":"acme/chat","stream":True}',
    "bad escape": b'{"model":"acme\\xchat"}',
    "short escape": b'{"model":"acme\\u00"}',
    "raw newline": b'{"model":"acme\nchat"}',
    "NUL": b'{"model":"acme/chat"}\0',
    "BOM": b'\xef\xbb\xbf{"model":"acme/chat"}',
    "UTF-16": '{"model":"acme/chat"}'.encode("utf-16"),
    "UTF-8 cut": b'{"model":"acme/chat","x":"\xc3"}',
    "UTF-8 overlong": b'{"model":"acme/chat","x":"\xc0\xaf"}',
    "UTF-8 surrogate": b'{"model":"acme/chat","x":"\xed\xa0\x80"}',
    "UTF-8 too high": b'{"model":"acme/chat","x":"\xf5\x80\x80\x80"}',
    "UTF-8 in model": b'{"model":"acme/\xff"}',
    "array": b'[{"model":"acme/chat"}]',
    "string": b'"acme/chat"',
    "null": b"null",
    "number": b"7",
    "no model": b"{}",
    "model inside": b'{"body":{"model":"acme/chat"}}',
    "other case": b'{"Model":"acme/chat"}',
    "model null": b'{"model":null}',
    "model number": b'{"model":1}',
    "model bool": b'{"model":true}',
    "model list": b'{"model":["acme/chat"]}',
    "model object": b'{"model":{"id":"acme/chat"}}',
    "model empty": b'{"model":""}',
    "model control": b'{"model":"acme/chat\\u0000"}',
    "model long": b'{"model":"' + b"a" * 300 + b'"}',
    "model very long": b'{"model":"' + b"a" * MIB + b'"}',
    "last model bad": b'{"model":"acme/chat","model":null}',
    "stream text": b'{"model":"acme/chat","stream":"true"}',
    "stream number": b'{"model":"acme/chat","stream":1}',
    "last stream bad": b'{"model":"acme/chat","stream":true,"stream":{}}',
    "options text": b'{"model":"acme/chat","providerOptions":"x"}',
    "gateway list": b'{"model":"acme/chat","providerOptions":{"gateway":[]}}',
    "deep": b'{"model":"acme/chat","x":' + b"[" * 300 + b"]" * 300 + b"}",
    "deep objects": b'{"a":' * 300 + b"1" + b"}" * 300,
}
BIG = {
    "5 MB of [": b"[" * 5 * MIB,
    "5 MB of {": b'{"a":' * MIB,
    "5 MB of spaces": b" " * 5 * MIB,
    "5 MB of quotes": b'"' * 5 * MIB,
    "5 MB of backslashes": b'{"model":"' + b"\\" * 5 * MIB,
    "5 MB of 0xff": b"\xff" * 5 * MIB,
    "5 MB in a number": b'{"model":' + b"1" * 5 * MIB + b"}",
    "5 MB without an end": b'{"model":"acme/chat","x":"' + b"y" * 5 * MIB,
}


def part(name: str, value: bytes) -> bytes:
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


GOOD_FORM = part("file", b"RIFF\x00" * 20) + part("model", b"acme/chat") + b"--XX--\r\n"
FORMS = {
    "nothing": b"",
    "only the end": b"--XX--\r\n",
    "other boundary": GOOD_FORM.replace(b"--XX", b"--YY"),
    "no model": part("file", b"x") + b"--XX--\r\n",
    "model empty": part("model", b"") + b"--XX--\r\n",
    "model not UTF-8": part("model", b"\xff\xfe") + b"--XX--\r\n",
    "model long": part("model", b"a" * 5000) + b"--XX--\r\n",
    "model a file's content": part("file", b'name="model"\r\n\r\nacme/chat') + b"--XX--\r\n",
    "JSON": b'{"model":"acme/chat"}',
    "a header without an end": b"--XX\r\nContent-Disposition: form-data; name=" + b"x" * 100_000,
} | {f"cut at {cut}": GOOD_FORM[:cut] for cut in (1, 4, 20, 60, 100, 160, len(GOOD_FORM) - 30, len(GOOD_FORM) - 6)}

HEADS = [
    Bad("chat/completions", b"{}", headers=(("content-type", "multipart/form-data"),)),
    Bad("chat/completions", b"{}", headers=(("content-type", "multipart/form-data; boundary="),)),
    Bad("audio/transcriptions", GOOD_FORM, headers=(("content-type", "multipart/form-data; boundary=" + "x" * 300),)),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({415}), (("content-encoding", "gzip"),)),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({400}), (("ai-reporting-user", "x" * 300),)),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({400}), (("ai-reporting-tags", b"\xff"),)),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({403}), (("x-tollgate-byok-p", "x"),)),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({431}), (("x-huge", "x" * 70_000),)),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({431}), tuple((f"x-{n}", "y") for n in range(120))),
    Bad("nowhere", b'{"model":"acme/chat"}', frozenset({404})),
    Bad("chat/completions" + "/x" * 5000, b'{"model":"acme/chat"}', frozenset({404})),
    Bad("chat/completions", b'{"model":"acme/none"}', frozenset({404})),
    Bad("chat/completions", b"", frozenset({404}), (), "GET"),
    Bad("chat/completions", b'{"model":"acme/chat"}', frozenset({404}), (), "PATCH"),
]


def by_hand() -> dict[str, Bad]:
    cases = {f"{path}: {name}": Bad(path, body) for path in JSON_PATHS for name, body in BODIES.items()}
    cases |= {f"chat/completions: {name}": Bad("chat/completions", body) for name, body in BIG.items()}
    form = (("content-type", FORM),)
    cases |= {f"{path}: form: {name}": Bad(path, body, headers=form) for path in FORM_PATHS for name, body in FORMS.items()}
    return cases | {f"head {n}": bad for n, bad in enumerate(HEADS)}


# ---------------------------------------------------------------- the oracle


def statuses(body: bytes) -> frozenset:
    """What a JSON body may be answered with. Exact wherever the body carries no routing option."""
    bad, fine = frozenset({400}), frozenset({200})
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):
        return bad
    if not isinstance(value, dict) or _depth(value) > 256:
        return bad
    model = value.get("model")
    if not isinstance(model, str) or not model or len(model.encode("utf-8", "surrogatepass")) > 256:
        return bad
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in model) or not isinstance(value.get("stream"), (bool, type(None))):
        return bad
    if value.keys() & {"models", "provider", "providerOptions"}:
        return frozenset({200, 400, 403, 404})
    return fine if model in KNOWN else frozenset({404})


def _refuse(word: str):
    raise ValueError(word)


def _depth(value) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        one, depth = stack.pop()
        if isinstance(one, (dict, list)):
            deepest = max(deepest, depth)
            stack += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest


# ---------------------------------------------------------------- the mutator

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"model": {"type": "string"}}}}}
SEEDS = [
    json.dumps(body, ensure_ascii=ascii).encode()
    for ascii in (True, False)
    for body in (
        {"model": "acme/chat", "messages": [{"role": "user", "content": "Größe \"model\": \\ 😀\n"}], "stream": False},
        {"messages": [{"role": "system", "content": [{"type": "text", "text": "x"}]}], "tools": [TOOL], "temperature": 0.5e-3, "model": "the-model"},
        {"stream": None, "model": "acme/chat", "input": ["a", "b"], "dimensions": 256, "store": False, "metadata": {"model": None}},
        {"model": "acme/chat", "models": ["acme/chat"], "provider": {"order": ["p"]}, "providerOptions": {"gateway": {"only": ["p"]}}},
    )
]
PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"null", b"true",
          b"-", b"1e999", b"NaN", b'"model":', b'"model":1,', b'"stream":"x",', b"\n", b" " * 50, b"[" * 400, b'{"a":' * 300]  # fmt: skip


class Mutator:
    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def json(self) -> bytes:
        body = self.random.choice(SEEDS)
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 6))):
            body = self._mutate(body)
        return body

    def form(self) -> bytes:
        """A form that is cut somewhere before its last boundary is whole."""
        return GOOD_FORM[: self.random.randrange(1, len(GOOD_FORM) - 4)]

    def _mutate(self, body: bytes) -> bytes:
        draw = self.random
        at, end = sorted((draw.randrange(len(body) + 1), draw.randrange(len(body) + 1)))
        short = body[at : min(end, at + 20)]
        match draw.randrange(7):
            case 0:
                return body[:at] or b"{"  # cut
            case 1:
                return body[:at] + bytes([draw.randrange(256)]) + body[at + 1 :]
            case 2:
                return body[:at] + body[at + len(short) :]
            case 3:
                return body[:at] + draw.choice(PIECES) + body[at:]
            case 4:
                return body[:at] + short + body[at:]
            case 5:
                return body[:at] + draw.choice(PIECES) + body[at + len(short) :]
            case _:
                return body.replace(draw.choice((b'"acme/chat"', b"false", b"null", b'"user"')), draw.choice((b"1", b"[]", b"{}", b"null", b'""')))
