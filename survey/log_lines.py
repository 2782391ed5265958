"""Lines of the log that tell the host what goes wrong, once a minute each, with a count.

A line for each failure would fill the disk that is full already, and its moment, which a journal
adds, would be the moment when somebody pressed a button.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MINUTE_SECONDS = 60.0
MOST_KINDS = 200  # kept at once; what is more is told without being counted


@dataclass(slots=True)
class _HeldBack:
    """A line that was let through, when that was, and how many like it were held back since."""

    name: str
    level: int
    at: float
    more: int = 0


class OnceAMinute(logging.Filter):
    """Filter that lets a line through once a minute and counts those that are like it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.clock = clock
        self._lock = threading.Lock()
        self._told: dict[str, _HeldBack] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is the first of its kind in a minute."""
        if hasattr(record, "counted"):
            return True
        line, now = record.getMessage(), self.clock()
        with self._lock:
            if told := self._told.get(line):
                told.more += 1
                return False
            if len(self._told) < MOST_KINDS:
                self._told[line] = _HeldBack(record.name, record.levelno, now)
        return True

    def tell(self) -> None:
        """Say how many were held back of each kind, once its minute is over."""
        now = self.clock()
        with self._lock:
            over = {line: t for line, t in self._told.items() if now - t.at >= MINUTE_SECONDS}
            for line, told in over.items():
                if told.more:  # it goes on: the next count is due in a minute again
                    self._told[line] = _HeldBack(told.name, told.level, now)
                else:
                    del self._told[line]
        for line, told in over.items():
            if told.more:
                counted = f"{line} ({told.more} more like it within a minute)"
                logging.getLogger(told.name).log(told.level, counted, extra={"counted": True})

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._told.clear()


once_a_minute = OnceAMinute()
LOGGERS = ("survey", "flask.app", "lacrima.store")


def count_lines() -> None:
    """Have the product's own lines told once a minute each in this process."""
    once_a_minute.forget()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        # Last: the others take out of a line what makes each one different.
        logger.removeFilter(once_a_minute)
        logger.addFilter(once_a_minute)
