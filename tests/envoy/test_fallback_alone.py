"""A plan of one target: tried once more, after a short `retry-after`; a long one goes back to the client at once."""

import time

import pace
import pytest
from load import hold, leave
from mock import chatting, close, error, hang, reset, sse
from trio import saw_only_its_own

pytestmark = pytest.mark.both


def limited(wait: str, name: str = "retry-after"):
    return error(429, headers={name: wait})


STREAM_ERROR = sse(['event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'])

# name: (what the provider does first, least and most seconds until its second request)
AGAIN = {
    "500": (error(500), 0, 0.9),
    "503": (error(503), 0, 0.9),
    "reset": (reset(), 0, 0.9),
    "close": (close(), 0, 0.9),
    "first_event": (STREAM_ERROR, 0, 0.9),
    "429_after_a_second": (limited("1"), 0.95, 3),
    "429_without_a_hint_is_a_second": (error(429), 0.95, 3),
    "429_after_300_ms": (limited("300", "retry-after-ms"), 0.25, 0.9),
    "503_after_a_second": (error(503, headers={"retry-after": "1"}), 0.95, 3),
}


@pytest.mark.parametrize("name", AGAIN)
def test_a_single_target_is_tried_once_more(trio, name):
    first, least, most = AGAIN[name]
    lost = pace.lost()
    trio.behave(openai=(first, chatting("second try")))
    response = trio.chat("acme/alone", stream=name == "first_event")
    assert (response.status, response.text()) == (200, "second try")
    one, two = trio.mocks["openai"].requests
    assert least <= two.at - one.at <= most + pace.lost() - lost
    assert one.body == two.body
    [saw_only_its_own(got, "openai") for got in (one, two)]
    word = {"first_event": "error", "close": "reset"}.get(name, name.split("_")[0])
    assert response.header("x-tollgate-attempts") == f"openai:{word},openai:200"


# name: (model, what the provider does every time, status, how often it is asked)
ENDS = {
    "500": ("acme/alone", error(500), 500, 2),
    "502": ("acme/alone", error(502), 502, 2),
    "503": ("acme/alone", error(503), 503, 2),
    "resets": ("acme/alone", reset(), 503, 2),
    "closes": ("acme/alone", close(), 503, 2),
    "hangs": ("acme/alone-quick", hang(), 504, 2),
    "429_after_ten_seconds": ("acme/alone", limited("10"), 429, 1),
    "503_after_ten_seconds": ("acme/alone", error(503, headers={"retry-after": "10"}), 503, 1),
    "400": ("acme/alone", error(400), 400, 1),
    "401": ("acme/alone", error(401), 424, 1),
    "404": ("acme/alone", error(404), 404, 1),
    "spent": ("acme/alone", error(429, code="insufficient_quota"), 429, 1),
}


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("name", ENDS)
def test_how_often_a_failing_single_target_is_asked(trio, name, stream):
    """Envoy's own retries know no plan: a reset POST was seen to be sent five times, and billed five times."""
    model, behaviour, status, times = ENDS[name]
    trio.behave(openai=behaviour)
    start, lost = time.monotonic(), pace.lost()
    response = trio.chat(model, stream=stream)
    assert time.monotonic() - start < 5 + pace.lost() - lost, "a long wait is the client's, not ours"
    assert (response.status, trio.seen()) == (status, {"openai": times, "azure": 0, "groq": 0})
    assert response.header("x-tollgate-attempts").count("openai:") == times
    assert response.header("retry-after") == ("10" if name.endswith("ten_seconds") else None)
    assert trio.line(response)["ended"] == "failed"


def test_many_that_rest_are_woken_each_at_its_time(trio):
    """Waits of one worker share one timer; each answer belongs to the one who waited for it."""
    from concurrent.futures import ThreadPoolExecutor

    def told(request):
        prompt = request.json()["messages"][0]["content"]
        seen = sum(prompt in got for got in trio.mocks["openai"].requests)
        return limited("1") if seen == 1 else chatting(f"answer to {prompt}")

    trio.behave(openai=told)
    prompts = [f"prompt-{n:02}-" for n in range(20)]
    with ThreadPoolExecutor(len(prompts)) as pool:
        texts = list(pool.map(lambda prompt: trio.chat("acme/alone", prompt=prompt).text(), prompts))
    assert texts == [f"answer to {prompt}" for prompt in prompts]
    assert trio.seen()["openai"] == 2 * len(prompts)


def test_a_client_that_leaves_while_its_target_rests_leaves_nothing_behind(trio):
    trio.behave(openai=limited("2"))
    client = hold(trio.gateway.url, "acme/alone", 1)
    trio.mocks["openai"].wait(1)
    time.sleep(0.5)  # its answer is with the gateway
    leave(client)
    line = trio.line_where(lambda line: line["ended"] == "client_left")
    assert line["attempts"] == "openai:429"
    trio.wait_value("tollgate_in_flight", 0)
    time.sleep(2.2)  # its wait is over: nobody may be asked for somebody who has left
    assert trio.seen()["openai"] == 1
    assert trio.is_well()
