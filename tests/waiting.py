"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable


def until(done: Callable[[], object], seconds: float = 10) -> object:
    """Wait until ``done`` holds, at most so long; gives what it said last."""
    end = time.monotonic() + seconds
    while not (said := done()) and time.monotonic() < end:
        time.sleep(0.01)
    return said
