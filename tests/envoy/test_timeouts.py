"""`timeouts` and Envoy's idle timeouts: who is left for whom, what is cut in the middle, and what may take its time.

`attempt` and `first_token` bound the time until an answer's first byte, `total` everything together; once an answer has
begun, only silence ends it. The rows of a table wait all at the same time.
"""

import pytest
from mock import chat, chunk, close, hang, pieces, reset, sse
from rows import together
from trio import Trios, config, model

pytestmark = [pytest.mark.both, pytest.mark.alone]

ATTEMPT, TOTAL, IDLE, STREAM_IDLE = 1000, 2500, 3000, 5000  # ms; whoever answers has to do so in the first of them
CLOSING = 1000  # Envoy closes a cut answer a second later, so that a slow client can read what came before

ROLE, WORD = chunk({"role": "assistant", "content": ""}), chunk({"content": "late"})
END = chunk({}, "stop") + "data: [DONE]\n\n"
JSON = {"content-type": "application/json"}
WHOLE = b'{"choices":[{"index":0,"message":{"content":"slow"}}]}'


def settings() -> dict:
    whole, attempt = config(), {"attempt": f"{ATTEMPT}ms"}
    whole["models"] = [
        model("acme/pair", "openai", "azure", timeouts=attempt),
        model("acme/alone", "openai", timeouts=attempt),
        model("acme/token", "openai", "azure", timeouts={"attempt": "10s", "first_token": f"{ATTEMPT}ms"}),
        model("acme/total", "openai", "azure", timeouts=attempt | {"total": f"{TOTAL}ms"}),
        model("acme/patient", "openai", "azure", timeouts={"attempt": "10s"}),
        model("acme/unbound", "openai", "azure"),
    ]
    return whole | {"routing": {"cooldown": {"after": 1000}}}


@pytest.fixture(scope="module")
def trios():
    idle = {"per_try_idle_timeout": f"{IDLE / 1000}s", "stream_idle_timeout": f"{STREAM_IDLE / 1000}s"}
    running = Trios(settings=settings(), times=idle)
    yield running
    running.close()


def counts(trio) -> dict[str, float]:
    wanted = {
        "timeouts": ("tollgate_attempts_total", {"provider": "openai", "error_type": "provider_timeout"}),
        "cuts": ("tollgate_attempts_total", {"provider": "openai", "error_type": "provider_cut"}),
        "cut": ("tollgate_requests_total", {"outcome": "cut"}),
        "failed": ("tollgate_requests_total", {"outcome": "failed"}),
        "fallbacks": ("tollgate_fallbacks_total", {}),
    }
    return {key: trio.value(name, **labels) for key, (name, labels) in wanted.items()}


def difference(trio, before: dict[str, float]) -> dict[str, float]:
    return {key: value - before[key] for key, value in counts(trio).items() if value != before[key]}


def headers_only(status: int = 200):
    """The head at once, and then never a byte of the body."""
    return pieces([], status=status, headers=JSON, end="hang")


# ---------------------------------------------------------------- nothing comes

SILENT = {"nothing": hang(), "headers": headers_only(), "length": pieces([], headers=JSON, length=100, end="hang")}
# An error's body is read before the verdict, and that may not take for ever either.
MUTE = SILENT | {"error": headers_only(503)}


def test_who_sends_no_byte_of_a_body_is_left_after_attempt(trio):
    before = counts(trio)
    rows = {f"{name} {kind}": (kind, "acme/pair", how) for name, how in MUTE.items() for kind in ("chat", "responses", "embeddings", "stream")}
    for name, got in together(trio, rows).items():
        assert (got.response.status, got.response.header("x-tollgate-attempts")) == (200, "openai:timeout,azure:200"), name
        assert got.took(ATTEMPT, ATTEMPT), (name, got.ms)
        assert got.left == [True], f"{name}: the provider may stop working on it"
        assert (got.line["ended"], got.line["provider"], got.line["error"]) == ("complete", "azure", None), name
    assert difference(trio, before) == {"timeouts": len(rows), "fallbacks": len(rows)}


def test_a_single_target_that_sends_nothing_twice_is_a_504(trio):
    before = counts(trio)
    rows = {f"{name} {kind}": (kind, "acme/alone", how) for name, how in MUTE.items() for kind in ("chat", "stream")}
    for name, got in together(trio, rows).items():
        assert (got.response.status, got.response.json()["error"]["code"]) == (504, "timeout"), name
        assert got.response.header("x-tollgate-attempts") == "openai:timeout,openai:timeout", name
        assert got.took(2 * ATTEMPT, 2 * ATTEMPT), (name, got.ms)
        assert (got.line["ended"], got.line["error"]) == ("failed", "provider_timeout"), name
    assert difference(trio, before) == {"timeouts": 2 * len(rows), "failed": len(rows)}


def test_the_routes_idle_timeout_bounds_the_silence_too(trio):
    """`attempt` is 10 s here: the smaller of the two counts. The example has 600 s for both."""
    rows = {name: ("chat", "acme/patient", how) for name, how in SILENT.items()}
    for name, got in together(trio, rows).items():
        assert (got.response.status, got.asked["azure"]) == (200, 1), (name, got.response)
        assert got.took(IDLE, IDLE), (name, got.ms)


# ---------------------------------------------------------------- it stops in the middle

BEGINNING = WHOLE[:20]
STOPS = {
    "json": pieces([BEGINNING], headers=JSON, end="hang"),
    "length": pieces([BEGINNING], headers=JSON, length=500, end="hang"),
    "events": sse([ROLE, WORD], end="hang"),
    "within an event": sse([ROLE + WORD, WORD[:20]], end="hang"),
}


# model: the silence that ends its answers. Envoy drops the timer of `per_try_idle_timeout` when the one of `attempt` (or
# `first_token`) runs out, although that one then does nothing: the answer has begun. What is left is the stream's own.
ENDED_BY = {"acme/unbound": IDLE, "acme/patient": IDLE, "acme/pair": STREAM_IDLE}


def test_who_stops_in_the_middle_is_cut_and_nobody_else_is_asked(trio):
    """The client has a part of this answer already. Silence ends it, not `attempt`."""
    before = counts(trio)
    rows = {
        f"{name} {kind} {model}": (kind, model, how)
        for name, how in STOPS.items()
        for kind in ("chat", "stream", "images", "stored")
        for model in ENDED_BY
    }
    for name, got in together(trio, rows).items():
        silence = ENDED_BY[rows[name][1]]
        assert (got.response.status, got.response.cut, got.response.header("x-tollgate-attempts")) == (200, True, "openai:200"), name
        assert got.took(silence, silence + CLOSING), (name, got.ms)
        assert (got.asked, got.left) == ({"openai": 1, "azure": 0}, [True]), name
        assert got.line["duration_ms"] < silence + got.late, name
        assert [got.line[field] for field in ("status", "ended", "error", "attempts")] == [200, "upstream_cut", "provider_cut", "openai:cut"], name
    assert difference(trio, before) == {"cuts": len(rows), "cut": len(rows)}


def test_who_only_forgets_to_hang_up_is_no_failure(trio):
    """The stream's last event has come: what follows is the connection's business."""
    (got,) = together(trio, {"open": ("stream", "acme/patient", sse([ROLE, WORD, END], end="hang"))}).values()
    assert (got.response.text(), got.response.events()[-1]) == ("late", "[DONE]")
    assert (got.line["ended"], got.line["error"]) == ("complete", None)


# ---------------------------------------------------------------- it is slow, but it comes


def test_an_answer_that_has_begun_may_take_longer_than_its_bounds(trio):
    """3.6 s in all, where `attempt` or `first_token` is a second: no gap is as long as the idle timeout."""
    document = pieces([WHOLE[:9], WHOLE[9:20], WHOLE[20:40], WHOLE[40:]], delay=1.2, headers=JSON)
    events = sse([ROLE + WORD, WORD, WORD, END], delay=1.2)
    rows = {
        "json": ("chat", "acme/pair", document),
        "stream": ("stream", "acme/pair", events),
        "stream with first_token": ("stream", "acme/token", events),
        "no stream, so no first_token": ("chat", "acme/token", chat("slow", delay=2.2)),
    }
    for name, got in together(trio, rows).items():
        assert (got.response.cut, got.response.header("x-tollgate-attempts")) == (False, "openai:200"), name
        assert got.response.text() == ("latelatelate" if "stream" in rows[name][0] else "slow"), name
        assert got.ms > 2 * ATTEMPT * 0.9 and got.line["ended"] == "complete", name


def test_first_token_bounds_the_first_token_of_a_stream(trio):
    openings = {"nothing": [], "role": [ROLE], "comment": [": ping\n\n"]}
    rows = {name: ("stream", "acme/token", sse(events, end="hang")) for name, events in openings.items()}
    for name, got in together(trio, rows).items():
        assert (got.response.text(), got.response.header("x-tollgate-attempts")) == ("from azure", "openai:timeout,azure:200"), name
        assert got.took(ATTEMPT, ATTEMPT), (name, got.ms)


def test_total_ends_even_an_answer_that_is_on_its_way(trio):
    rows = {
        "json": ("chat", "acme/total", pieces([b" "] * 30, delay=0.2, headers=JSON)),
        "stream": ("stream", "acme/total", sse([ROLE + WORD] + [WORD] * 30, delay=0.2)),
    }
    for name, got in together(trio, rows).items():
        assert (got.response.status, got.response.cut, got.asked["azure"]) == (200, True, 0), name
        assert got.took(TOTAL, TOTAL + CLOSING), (name, got.ms)
        assert (got.line["ended"], got.line["error"], got.line["attempts"]) == ("upstream_cut", "provider_cut", "openai:cut"), name


# ---------------------------------------------------------------- what is paid for

PAID = ("images", "speech", "stored", "stored_response")
# name: (what the provider does, its word, status)
UNSEEN = {name: (how, "timeout", 504) for name, how in MUTE.items()} | {
    "reset": (reset(), "reset", 503),
    "closed": (close(), "reset", 503),
    "reset after the headers": (pieces([], headers=JSON, end="reset"), "reset", 503),
}


def test_what_may_have_been_made_is_not_made_twice(trio):
    """Neither elsewhere nor at the only target there is, which otherwise is tried once more."""
    cases = {f"{kind} {name} {model}": (kind, model, *UNSEEN[name]) for kind in PAID for name in UNSEEN for model in ("acme/pair", "acme/alone")}
    for name, got in together(trio, cases).items():
        word, status = cases[name][3:]
        assert (got.response.status, got.response.header("x-tollgate-attempts")) == (status, f"openai:{word}"), name
        assert got.asked == {"openai": 1, "azure": 0}, name


def test_what_nobody_keeps_is_made_again(trio):
    """The same failures, so that the test above shows the exception and not the rule."""
    rows = {f"{kind} {name}": (kind, "acme/pair", UNSEEN[name][0]) for name in UNSEEN for kind in ("chat", "responses", "embeddings")}
    for name, got in together(trio, rows).items():
        assert (got.response.status, got.asked) == (200, {"openai": 1, "azure": 1}), name


def test_a_transcription_is_not_repeated_either(trio):
    """Its model stands in a multipart body."""
    trio.behave(openai=hang())
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nacme/pair\r\n--b--\r\n'
    response = trio.post("/v1/audio/transcriptions", form, {"content-type": "multipart/form-data; boundary=b"})
    assert (response.status, response.header("x-tollgate-attempts")) == (504, "openai:timeout")
    assert trio.seen() == {"openai": 1, "azure": 0, "groq": 0}
