"""The rows of a table sent all at the same time, so that a table of things to wait for takes as long as one of them."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pace
from client import Response

LATE = 500  # how much later than its time a thing may happen, on a machine that has nothing else to do

CHAT = {"messages": [{"role": "user", "content": "Hi"}]}

# operation: (path, body)
OPERATIONS = {
    "chat": ("/v1/chat/completions", CHAT),
    "stream": ("/v1/chat/completions", CHAT | {"stream": True}),
    "stored": ("/v1/chat/completions", CHAT | {"store": True}),
    "responses": ("/v1/responses", {"input": "Hi"}),
    "stored_response": ("/v1/responses", {"input": "Hi", "store": True}),
    "embeddings": ("/v1/embeddings", {"input": "Hi"}),
    "images": ("/v1/images/generations", {"prompt": "a cat"}),
    "speech": ("/v1/audio/speech", {"input": "Hi", "voice": "alloy"}),
}


@dataclass
class Outcome:
    response: Response
    ms: float
    line: dict
    asked: dict[str, int]  # how often each provider was asked for this row
    left: list[bool]  # whether the gateway hung up on the first provider while it was busy
    late: float  # LATE, and what the machine made of it meanwhile

    def took(self, least: int, most: int) -> bool:
        return least * 0.9 < self.ms < most + self.late


def together(trio, rows: dict[str, tuple]) -> dict[str, Outcome]:
    """Sends all rows, (operation, model, what the first provider does), at once. Each names itself in its `user`."""
    lost = pace.lost()
    trio.behave(openai=lambda request: rows[request.json()["user"]][2])

    def ask(name: str) -> tuple[Response, float]:
        operation, model, *_ = rows[name]
        path, body = OPERATIONS[operation]
        start = time.monotonic()
        response = trio.post(path, {"model": model, "user": name} | body)
        return response, (time.monotonic() - start) * 1000

    with ThreadPoolExecutor(len(rows)) as pool:
        answers = dict(zip(rows, pool.map(ask, rows)))
    time.sleep(0.05)  # the mocks learn of their last client's end
    late = LATE + (pace.lost() - lost) * 1000
    return {name: Outcome(response, ms, trio.line(response), *_asked(trio, name), late) for name, (response, ms) in answers.items()}


def _asked(trio, name: str) -> tuple[dict[str, int], list[bool]]:
    own = {mock: [got for got in trio.mocks[mock].requests if got.json()["user"] == name] for mock in ("openai", "azure")}
    return {mock: len(requests) for mock, requests in own.items()}, [got.left for got in own["openai"]]
