"""How many people may begin a study each minute; counted in memory, and of a study alone.

Who floods a study with answers cannot be told from others without looking at addresses. So all of
them wait, on a page that lets them in (docs/decisions/0040-floods.md).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

MINUTE_SECONDS = 60
WAIT_SECONDS = 20  # after which the page that waits tries again


class StartLimit:
    """Places of one server process: its share of ``most`` among ``workers``; 0 for any number.

    ``clock`` returns seconds that only grow.
    """

    def __init__(self, most: int, workers: int, clock: Callable[[], float]) -> None:
        self._most = max(1, most // workers) if most else 0
        self._clock, self._lock = clock, threading.Lock()
        self._window, self._left = -1, dict[str, int]()

    def admit(self, study: str) -> bool:
        """Take a place of this minute; False where none is left."""
        if not self._most:
            return True
        with self._lock:
            window = int(self._clock() // MINUTE_SECONDS)
            if window != self._window:
                self._window, self._left = window, {}
            left = self._left.setdefault(study, self._places())
            self._left[study] = max(0, left - 1)
            return left > 0

    def _places(self) -> int:
        """Draw how many: whoever fills them learns next to nothing of one who began before."""
        return self._most - secrets.randbelow(self._most // 2 + 1)
