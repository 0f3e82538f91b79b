"""How late this machine is. A bound of time that something must keep is meant for a machine that has time for it: where the
machine had none, because others were at work on it, the bound grows by as much.

    began = pace.lost()
    ...
    assert took < 2 + pace.lost() - began
"""

import os
import threading
import time

TICK = 0.01
WEIGHT = 4  # Envoy, the mocks and the client each wait for their turn, and more than once


class _Watch(threading.Thread):
    """Sleeps for a moment again and again: what it oversleeps, everybody else has to wait for as well."""

    def __init__(self):
        super().__init__(daemon=True)
        self.late = 0.0

    def run(self) -> None:
        before = time.monotonic()
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            self.late += max(0.0, now - before - 2 * TICK)
            before = now


_watch = _Watch()
_watch.start()


def lost() -> float:
    """Seconds by which bounds have grown since this process began; only differences have a meaning."""
    return _watch.late * WEIGHT


def workers() -> int:
    """How many tests may run side by side: as many as there are processors for us, but not more than eight."""
    return max(1, min(len(os.sched_getaffinity(0)), _quota(), 8))


def _quota() -> int:
    """Processors that a container may use: a large machine shows all of its own."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return 1000 if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return 1000
