"""A provider that goes on only when the test says so: what has passed by then was not held back for what follows."""

import asyncio
import threading
import time

from mock import Behaviour, Connection, Request

SSE = [("content-type", "text/event-stream")]


class Gate:
    """`open()` lets one more piece through."""

    def __init__(self):
        self._turns = threading.Semaphore(0)

    def open(self, turns: int = 1) -> None:
        self._turns.release(turns)

    async def passed(self) -> None:
        end = time.monotonic() + 30
        while not self._turns.acquire(blocking=False):
            if time.monotonic() > end:
                raise ConnectionError("nobody opened the gate")
            await asyncio.sleep(0.001)


def stepping(gate: Gate, parts: list[bytes | str], headers=SSE, free: int = 0) -> Behaviour:
    """Chunked pieces: the headers and the first `free` pieces at once, each further one, and the end, through the gate."""

    async def act(_request: Request, connection: Connection) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        await connection.send(f"HTTP/1.1 200 OK\r\n{head}transfer-encoding: chunked\r\n\r\n".encode())
        for number, part in enumerate(parts):
            if number >= free:
                await gate.passed()
            data = part.encode() if isinstance(part, str) else part
            await connection.send(b"%x\r\n%s\r\n" % (len(data), data))
        await gate.passed()
        await connection.send(b"0\r\n\r\n")

    return act
