"""Every mix of two failures, and of three of the most telling: one answer, the same headers each time, and each provider asked once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from client import Response, chat
from harness import NEWEST, Gateway
from last_word import MORE, REACHED, WORDS, Case, Word, behave, cases, config, last_word, text, tried
from mock import Upstream

CASES = cases()


class Answers:
    """All cases asked once, side by side: most of the time is spent in waiting for those that answer too late."""

    def __init__(self):
        self.mocks = [Upstream(behave(at)) for at in range(len(REACHED))]
        self.gateway = Gateway(config(CASES), dict(zip(REACHED, self.mocks)), version=NEWEST).start()
        quick = [case for case in CASES if "timeout" not in case.failures]
        late = [case for case in CASES if "timeout" in case.failures]
        self.responses: dict[Case, Response] = {}
        for some, threads in [(quick, 16), (late, 64)]:
            with ThreadPoolExecutor(threads) as pool:
                self.responses |= zip(some, pool.map(self._ask, some))
        self.seen = [self._count(mock) for mock in self.mocks]

    def _ask(self, case: Case) -> Response:
        return chat(self.gateway.url, case.model, prompt=case.name, stream=case.stream)

    @staticmethod
    def _count(mock: Upstream) -> dict[str, int]:
        """How often each case got as far as this provider."""
        counts: dict[str, int] = {}
        for got in mock.requests:
            prompt = got.json()["messages"][0]["content"]
            counts[prompt] = counts.get(prompt, 0) + 1
        return counts

    def close(self) -> str:
        problem = self.gateway.stop_quietly()
        for mock in self.mocks:
            mock.close()
        return problem


@pytest.fixture(scope="module")
def answers():
    one = Answers()
    yield one
    problem = one.close()
    assert not problem, problem


def word_of(response: Response) -> Word:
    problem = response.json()["error"]
    assert set(problem) == {"message", "type", "param", "code"} and response.header("content-type") == "application/json"
    head = {name: response.header(name) for name in ("x-tollgate-error", "x-should-retry", "retry-after", "retry-after-ms")}
    wait = head["retry-after"]
    assert head["retry-after-ms"] == (wait and f"{wait}000"), head
    return Word(response.status, problem["type"], problem["code"], head["x-tollgate-error"], head["x-should-retry"], wait)


def wrong(answers: Answers, case: Case) -> str | None:
    """What is not as it should be about the answer to one case."""
    response, last = answers.responses[case], tried(case.failures) - 1
    attempts = ",".join(f"{case.provider(at)}:{(WORDS | MORE)[case.failures[at]]}" for at in range(last + 1))
    reached = [failure != "refused" for failure in case.failures[: last + 1]]
    asked = [int(one) for one in reached] + [0] * (len(REACHED) - len(reached))
    expected = (last_word(case.failures), attempts, asked)
    got = (word_of(response), response.header("x-tollgate-attempts"), [seen.get(case.name, 0) for seen in answers.seen])
    if got != expected:
        return f"{case.name}: {got}, not {expected}"
    message = response.json()["error"]["message"]
    return None if text(case.failures[last], last) in message else f"{case.name}: the message is {message!r}"


def check(answers: Answers, mine: list[Case], number: int) -> None:
    assert len(mine) == number
    assert not (problems := [problem for case in mine if (problem := wrong(answers, case))]), "\n".join(problems)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("first", WORDS | MORE)
def test_every_pair_of_failures_has_its_answer(answers, first, stream):
    mine = [case for case in CASES if len(case.failures) == 2 and (case.failures[0], case.stream) == (first, stream)]
    check(answers, mine, len(WORDS | MORE))


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("first", WORDS)
def test_every_three_failures_have_their_answer(answers, first, stream):
    mine = [case for case in CASES if len(case.failures) == 3 and (case.failures[0], case.stream) == (first, stream)]
    check(answers, mine, len(WORDS) ** 2)


INVALID, SERVER, LIMIT = "invalid_request_error", "server_error", "rate_limit_exceeded"
NOBODY = (503, SERVER, "no_provider", "gateway_no_target", None, None)
LATE = (504, SERVER, "timeout", "provider_timeout", None, None)
BAD = (400, INVALID, "bad_tool", "caller_bad_request", "false", None)

# Some of them in full, so that the rules in last_word.py are not the only word on what is right.
# fmt: off
LITERALLY = {
    ("400", "500"): BAD,
    ("400", "timeout", "429"): BAD,
    ("500", "400"): NOBODY,
    ("429", "400", "400"): NOBODY,
    ("429", "429"): (429, LIMIT, LIMIT, "provider_limit", None, "3"),
    ("429", "429", "429"): (429, LIMIT, LIMIT, "provider_limit", None, "3"),
    ("429", "500"): NOBODY,
    ("500", "429"): NOBODY,
    ("429", "429", "401"): NOBODY,
    ("401", "401"): (424, "api_error", "provider_credential_rejected", "provider_key", "false", None),
    ("401", "401", "401"): (424, "api_error", "provider_credential_rejected", "provider_key", "false", None),
    ("401", "404"): NOBODY,
    ("401", "401", "500"): NOBODY,
    ("404", "404"): (404, INVALID, "model_not_found", "provider_model", "false", None),
    ("404", "404", "404"): (404, INVALID, "model_not_found", "provider_model", "false", None),
    ("404", "404", "429"): NOBODY,
    ("500", "500"): NOBODY,
    ("event", "event", "event"): NOBODY,
    ("reset", "refused"): NOBODY,
    ("refused", "refused", "refused"): NOBODY,
    ("413", "500"): (413, INVALID, "request_too_large", "caller_too_large", "false", None),
    ("quota", "429"): (429, LIMIT, LIMIT, "provider_limit", None, "3"),
    ("quota", "quota"): (429, "insufficient_quota", "insufficient_quota", "provider_quota", "false", None),
    ("402", "403"): (424, "api_error", "provider_credential_rejected", "provider_key", "false", None),
    ("503", "529"): NOBODY,
    ("500", "408"): LATE,
    ("500", "timeout"): LATE,
    ("401", "401", "timeout"): LATE,
    ("timeout", "timeout", "timeout"): LATE,
    ("timeout", "timeout", "500"): NOBODY,
}
# fmt: on


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("failures", LITERALLY, ids="-".join)
def test_some_answers_word_by_word(answers, failures, stream):
    assert word_of(answers.responses[Case(failures, stream)]) == Word(*LITERALLY[failures])
