"""A key that asks for three times its limit, from a cold start, for three minutes on four workers: it gets three minutes' worth,
within 2 %, and never more than the limit in any 60 seconds. The one long test: run beside others, it measures no fine time."""

import time

from harness import Gateway
from load import ask, crowd
from mock import Upstream
from world import config, sha256, target

LIMIT, SECONDS = 300, 180


def settings() -> dict:
    key = {"id": "steady", "group": "all", "sha256": sha256("sk-steady"), "limits": {"requests_per_minute": LIMIT}}
    return config(keys=[key], models=[{"name": "acme/chat", "targets": [target("openai", "m")]}])


def test_three_times_the_limit_gets_the_limit():
    provider, served, asked = Upstream(), [], 0
    one = ask("acme/chat", headers=[("authorization", "Bearer sk-steady")])
    with Gateway(settings(), {"openai": provider}, concurrency=4) as gateway:
        began = time.monotonic()
        for second in range(SECONDS):
            time.sleep(max(0.0, began + second - time.monotonic()))
            answers = crowd(gateway.url, [one] * (3 * LIMIT // 60), connections=5)
            served += [answer for answer in answers if answer.status == 200]
            asked += len(answers)
    provider.close()
    assert asked == 9 * LIMIT
    assert abs(len(served) - 3 * LIMIT) <= 0.02 * 3 * LIMIT, len(served)
    # A request was taken between these two times: so many of them within less than a minute cannot be.
    served.sort(key=lambda answer: answer.done)
    crowded = [i for i in range(len(served) - LIMIT) if served[i + LIMIT].done - served[i].sent < 60]
    assert not crowded, crowded
