"""Limits of tries: counted in memory only, under hashes whose salt is thrown away.

Each process counts for itself, so an installation with two allows twice as much. Codes of the
second step are few enough to be guessed even so: ``accounts.sign_in`` counts those for good.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from flask import Request

WINDOW_SECONDS = 15 * 60  # as long as any count, and the salt under which it is kept, lives


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many tries of this kind in a window."""

    kind: str
    most: int


# A window makes do with few: 1,920 tries a day for a name, over two processes begun anew each hour.
BY_ACCOUNT = Limit("account", 8)
BY_CODE = Limit("code", 8)
BY_ADDRESS = Limit("address", 40)
# A proxy that hides addresses, as ours should from clients' pages, makes all of them one.
BY_NOBODY = Limit("nobody", 200)


def household(address: str) -> str:
    """Return ``address`` as it is counted: of IPv6 the /64 that one connection has (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def client_bucket(
    request: Request, proxies: int, by_address: Limit, together: Limit
) -> tuple[Limit, str]:
    """Return how tries of this client are counted: by address, or all as one where it is hidden."""
    hidden = proxies > 0 and not request.headers.get("X-Forwarded-For")
    return (together, "") if hidden else (by_address, household(request.remote_addr or ""))


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
        return hmac.digest(self._salt, f"{limit.kind}:{who}".encode("utf-8", "replace"), "sha256")

    def take(self, limit: Limit, who: str) -> bool:
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

    def give_back(self, limit: Limit, who: str) -> None:
        """Take the last try back, since it was a good one."""
        with self._lock:
            key = self._key(limit, who)
            self._tries[key] = max(0, self._tries.get(key, 0) - 1)

    def wait(self) -> int:
        """Return the seconds until every count begins anew."""
        return max(1, int(WINDOW_SECONDS - (self.clock() - self._began)) + 1)
