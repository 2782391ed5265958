"""Limits of tries: counted in memory only, under hashes whose salt is thrown away.

Each process counts for itself, so an installation with two allows twice as much. Nobody is refused
for what strangers tried: beyond a limit more is asked for (``accounts.sign_in``). Codes of the
second step are few enough to be guessed even so: they are counted for good there.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 15 * 60  # as long as any count, and the salt under which it is kept, lives


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many tries of this kind in a window."""

    kind: str
    most: int


# A window makes do with few: 1,920 tries a day for a name, over two processes begun anew each hour.
BY_ACCOUNT = Limit("account", 8)
BY_CODE = Limit("code", 8)
# A browser that signed in to this account before, and one that is signed in now, count apart.
BY_DEVICE = Limit("device", 8)
BY_SESSION = Limit("session", 8)
# Every other browser together, whoever it is: a proxy hides addresses, and an attacker has many.
BY_STRANGERS = Limit("strangers", 200)
WRONG_INVITATIONS = Limit("wrong invitations", 30)  # beyond that the log tells of it

MOST_COUNTED = (
    10_000  # counts kept at once, some hundred bytes each; whoever comes later shares one
)


class Throttle:
    """Counts of tries by kind and person; ``clock`` returns seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._renew(clock())

    def _renew(self, now: float) -> None:
        self._salt, self._began = secrets.token_bytes(32), now
        self._tries: dict[bytes, int] = {}

    def _key(self, limit: Limit, who: str) -> bytes:
        key = hmac.digest(self._salt, f"{limit.kind}:{who}".encode("utf-8", "replace"), "sha256")
        if key in self._tries or len(self._tries) < MOST_COUNTED:
            return key
        return limit.kind.encode()

    def take(self, limit: Limit, who: str = "") -> bool:
        """Count one more try; False when there were too many already."""
        now = self.clock()
        with self._lock:
            if now - self._began >= WINDOW_SECONDS:
                self._renew(now)
            key = self._key(limit, who)
            tries = self._tries.get(key, 0)
            if tries < limit.most:
                self._tries[key] = tries + 1
            return tries < limit.most

    def forgive(self, limit: Limit, who: str) -> None:
        """Forget the tries of this kind after a good one."""
        with self._lock:
            self._tries.pop(self._key(limit, who), None)

    def give_back(self, limit: Limit, who: str = "") -> None:
        """Take the last try back, since it was a good one."""
        with self._lock:
            key = self._key(limit, who)
            self._tries[key] = max(0, self._tries.get(key, 0) - 1)

    def wait(self) -> int:
        """Return the seconds until every count begins anew."""
        return max(1, int(WINDOW_SECONDS - (self.clock() - self._began)) + 1)
