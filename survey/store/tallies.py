"""Totals of events (landing, consented, declined …): counted in memory, written in batches.

Nothing is written on a request, so that no write times an event; a crash may lose some.
"""

from __future__ import annotations

import threading
from collections import Counter

from survey.store.database import Database, writing

BATCH = 20  # events; fewer are written only when the process ends
# Going on from a page, and which one. Somebody who answers makes many of these in a row, so they
# wait for the others and never make a batch: it would time one person's walk.
PASSED = "passed:"


class Tallies:
    """Events of this process that are not written yet, those of pilots apart."""

    def __init__(self) -> None:
        self._counts: dict[bool, Counter[tuple[str, str]]] = {False: Counter(), True: Counter()}
        self._lock = threading.Lock()

    def add(self, study: str, event: str, *, pilot: bool = False) -> None:
        """One more ``event`` in ``study``."""
        with self._lock:
            self._counts[pilot][study, event] += 1

    def waiting(self, *, pilot: bool = False) -> int:
        """How many events that make a batch are not written yet."""
        with self._lock:
            counts = self._counts[pilot].items()
            return sum(n for (_, event), n in counts if not event.startswith(PASSED))

    def flush(self, db: Database, *, pilot: bool = False) -> None:
        """Write what waits; what cannot be written goes on waiting."""
        with self._lock:
            counts = self._counts[pilot]
            if not counts:
                return
            self._counts[pilot] = Counter()
        try:
            _write(db, counts)
        except BaseException:
            with self._lock:
                self._counts[pilot] += counts
            raise


def _write(db: Database, counts: Counter[tuple[str, str]]) -> None:
    with writing(db):
        db.conn.executemany(
            "INSERT INTO tallies VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            ((study, event, count) for (study, event), count in sorted(counts.items())),
        )


def totals(db: Database, study: str) -> dict[str, int]:
    """Event → written total."""
    sql = "SELECT event, count FROM tallies WHERE study = ?"
    return dict(db.conn.execute(sql, (study,)).fetchall())
