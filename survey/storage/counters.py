"""Totals of events (landing, consented, declined …): counted in memory, written in batches.

Nothing is written on a request, so that no write times an event; a crash may lose some.

What staff were last shown about a collection: the step that its figures stand on. No time.

Which answers of a pilot something was told of: a digest and a count, never a key, never a time.

What is told next is held against it (``survey.releases.disclosure_control``).
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from survey.storage.database import Database, write_transaction

BATCH = 20  # events; fewer are written only when the process ends
# Going on from a page, and which one. Somebody who answers makes many of these in a row, so they
# wait for the others and never make a batch: it would time one person's walk.
PASSED = "passed:"


class EventCounters:
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
    with write_transaction(db):
        db.conn.executemany(
            "INSERT INTO tallies VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            ((study, event, count) for (study, event), count in sorted(counts.items())),
        )


def totals(db: Database, study: str) -> dict[str, int]:
    """Event → written total."""
    sql = "SELECT event, count FROM tallies WHERE study = ?"
    return dict(db.conn.execute(sql, (study,)).fetchall())


@dataclass(frozen=True, slots=True)
class ReportedFigures:
    """Totals of page loads and completions when the figures moved last, and what is shown since."""

    landing: int = 0
    completed: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)


def reported_figures(db: Database, study: str, *, pilot: bool) -> ReportedFigures:
    """The present step; before the first one nothing is shown."""
    sql = "SELECT landing, completed, shown FROM figures WHERE study = ? AND pilot = ?"
    found = db.conn.execute(sql, (study, pilot)).fetchone()
    return ReportedFigures(found[0], found[1], json.loads(found[2])) if found else ReportedFigures()


def replace_figures(
    db: Database, study: str, change: Callable[[ReportedFigures], ReportedFigures], *, pilot: bool
) -> ReportedFigures:
    """The step after ``change``, whatever another viewer does meanwhile."""
    with write_transaction(db):
        before = reported_figures(db, study, pilot=pilot)
        after = change(before)
        if after != before:
            shown = json.dumps(dict(sorted(after.shown.items())))
            db.conn.execute(
                "INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?)",
                (study, pilot, after.landing, after.completed, shown),
            )
    return after


def verdicts(db: Database, study: str, *, pilot: bool) -> dict[int, bool]:
    """Answers at which the stop rule was told → whether it was met, in that order."""
    sql = "SELECT answers, met FROM verdicts WHERE study = ? AND pilot = ? ORDER BY answers"
    return {n: bool(met) for n, met in db.conn.execute(sql, (study, pilot)).fetchall()}


def record_verdict(db: Database, study: str, answers: int, met: bool, *, pilot: bool) -> None:  # noqa: FBT001
    """Keep what is told at so many answers, for good: the first word stands."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (study, pilot, answers, met),
        )


@dataclass(frozen=True, slots=True)
class DisclosedPilot:
    """``answers`` is a digest of whose answers they were ("" fits none), ``people`` how many."""

    answers: str
    people: int


def disclosures(db: Database, study: str) -> list[DisclosedPilot]:
    """Every set of answers of which a preview or a release told something, in no telling order."""
    sql = "SELECT answers, people FROM told_pilots WHERE study = ? ORDER BY people, answers"
    return [DisclosedPilot(*row) for row in db.conn.execute(sql, (study,)).fetchall()]


def record_disclosure(db: Database, study: str, what: DisclosedPilot) -> None:
    """Keep for good that something is told of these answers."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO told_pilots VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (study, what.answers, what.people),
        )
