"""The headers of a translated stream wait for its first word; from then on every word passes as it comes."""

import time
from concurrent.futures import ThreadPoolExecutor

import pace
import pytest
from babel import FOREIGN
from failing import error_event
from gate import Gate, stepping
from speaking import EVENTSTREAM, SSE, events_of, stream

# How many of a stream's events are bookkeeping, and how an error is called. Gemini's first event has text in it.
SILENT = {"anthropic": 3, "vertex-anthropic": 3, "bedrock": 1, "cohere": 2}
CALLED = {"bedrock": "internalServerException"}


def headers(name: str) -> dict:
    return EVENTSTREAM if name == "bedrock" else SSE


@pytest.mark.both
@pytest.mark.parametrize("name", SILENT)
def test_bookkeeping_is_no_answer_yet(babel, name):
    """An error after it is as good as one at once."""
    begun = events_of(name, "words")[: SILENT[name]]
    error = error_event(name, CALLED.get(name, "overloaded_error"), "busy")
    babel.behave(**{name: stream([*begun, error], headers(name))})
    response = babel.chat(f"pair/{name}", stream=True)
    assert (response.status, response.text().split()[0]) == (200, "from"), response
    assert response.header("x-tollgate-attempts").startswith(f"{name}:error,")
    assert babel.chat(f"acme/{name}", stream=True).status == {"cohere": 502, "bedrock": 500}.get(name, 503)


@pytest.mark.parametrize("name", FOREIGN)
def test_every_word_passes_as_it_comes(babel, name):
    """The provider goes on only after the client has what came before."""
    gate = Gate()
    pieces = events_of(name, "onetwo")
    babel.behave(**{name: stepping(gate, pieces, list(headers(name).items()), free=SILENT.get(name, 0) + 1)})
    connection, response = babel.stream(f"acme/{name}")
    heard = read_until(response, b'"one"')
    assert b'"two"' not in heard
    gate.open()
    heard += read_until(response, b'"two"')
    assert b"[DONE]" not in heard
    gate.open(len(pieces))
    assert b"[DONE]" in heard + response.read()
    connection.close()


def read_until(response, words: bytes) -> bytes:
    heard = b""
    while words not in heard:
        piece = response.read1(1 << 16)
        assert piece, f"it ended: {heard}"
        heard += piece
    return heard


def test_a_stream_that_begins_and_says_nothing_is_left_in_time(babel):
    """`first_token`: bookkeeping does not stop the clock."""

    def ask(name: str) -> tuple:
        response = babel.chat(f"hasty/{name}", stream=True)
        return response.status, response.header("x-tollgate-attempts")

    babel.behave(**{name: stream(events_of(name, "words")[: SILENT[name]], headers(name), end="hang") for name in ("bedrock", "cohere")})
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ask, ("bedrock", "cohere"))) == [(200, f"{name}:timeout,anthropic:200") for name in ("bedrock", "cohere")]
    babel.behave(anthropic=stream(events_of("anthropic", "words")[:3], SSE, end="hang"))
    assert ask("anthropic") == (200, "anthropic:timeout,openai:200")


def test_a_silent_streams_headers_pass_after_five_seconds(babel):
    """Without a `first_token`; what had come by then, and what follows, arrives once."""

    def ask(name: str) -> tuple:
        start, lost = time.monotonic(), pace.lost()
        connection, response = babel.stream(f"acme/{name}")
        waited, late = time.monotonic() - start, pace.lost() - lost
        gates[name].open(20)
        body = response.read()
        connection.close()
        return response.status, 4.5 < waited < 7.5 + late, body.count(b'"one"'), body.count(b'"two"'), body.count(b'"role"'), body[-14:]

    gates = {name: Gate() for name in FOREIGN}
    behave = {name: stepping(gates[name], events_of(name, "onetwo"), list(headers(name).items()), free=SILENT.get(name, 0)) for name in FOREIGN}
    babel.behave(**behave)
    with ThreadPoolExecutor(len(FOREIGN)) as pool:
        outcomes = dict(zip(FOREIGN, pool.map(ask, FOREIGN)))
    assert outcomes == dict.fromkeys(FOREIGN, (200, True, 1, 1, 1, b"data: [DONE]\n\n"))
