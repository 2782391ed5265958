"""Totals of events, and the figures that staff have seen: the collection's, and those of pilots.

Events (landing, consented, declined …) are counted in memory and written in batches: nothing is
written on a request, so that no write times an event; a crash may lose some. Of a pilot's answers
that something was disclosed of, counts are kept, never a key, never a time:
``survey.releases.pilots`` compares the next disclosure with them.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from survey.storage.database import Database, write_transaction

EVENT_BATCH = 20  # events; fewer are written only when the process ends, hourly by default
# Going on from a page, and which one. Somebody who answers makes many of these in a row, so they
# wait for the others and never make a batch: it would time one person's walk.
PASSED = "passed:"


class EventCounters:
    """Events of this process that are not written yet, those of pilots apart."""

    def __init__(self) -> None:
        self._counts: dict[bool, Counter[tuple[str, str]]] = {False: Counter(), True: Counter()}
        self._lock = threading.Lock()

    def add(self, study: str, event: str, *, pilot: bool = False) -> None:
        """Count one more ``event`` in ``study``."""
        with self._lock:
            self._counts[pilot][study, event] += 1

    def waiting(self, *, pilot: bool = False) -> int:
        """Return the number of events that make a batch and are not written yet."""
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
            with write_transaction(db):
                db.conn.executemany(
                    "INSERT INTO tallies VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                    ((study, event, count) for (study, event), count in sorted(counts.items())),
                )
        except BaseException:
            with self._lock:
                self._counts[pilot] += counts
            raise


def totals(db: Database, study: str) -> dict[str, int]:
    """Return event → written total."""
    found = db.table("tallies").rows_where("study = ?", [study])
    return {row["event"]: row["count"] for row in found}


@dataclass(frozen=True, slots=True)
class ReportedFigures:
    """Totals of page loads and completions when the figures moved last, and what is shown since."""

    landing: int = 0
    completed: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)


def reported_figures(db: Database, study: str, *, pilot: bool) -> ReportedFigures:
    """Return the present step; before the first one nothing is shown."""
    found = db.table("figures").rows_where("study = ? AND pilot = ?", [study, pilot])
    row = next(found, None)
    if row is None:
        return ReportedFigures()
    return ReportedFigures(row["landing"], row["completed"], json.loads(row["shown"]))


def replace_figures(
    db: Database, study: str, change: Callable[[ReportedFigures], ReportedFigures], *, pilot: bool
) -> ReportedFigures:
    """Return the step after ``change``, which is kept, whatever another viewer does meanwhile."""
    with write_transaction(db):
        before = reported_figures(db, study, pilot=pilot)
        after = change(before)
        if after != before:
            shown = json.dumps(dict(sorted(after.shown.items())))
            row = {"study": study, "pilot": pilot, **asdict(after), "shown": shown}
            db.table("figures").insert(row, replace=True)
    return after


def verdicts(db: Database, study: str, *, pilot: bool) -> dict[int, bool]:
    """Return people counted when the stop rule was compared → whether it was met, in order."""
    found = db.table("verdicts").rows_where(
        "study = ? AND pilot = ?", [study, pilot], order_by="answers"
    )
    return {row["answers"]: bool(row["met"]) for row in found}


def record_verdict(db: Database, study: str, answers: int, met: bool, *, pilot: bool) -> None:  # noqa: FBT001
    """Keep the verdict at so many counted for good: the first one stands."""
    # The table API cannot ignore a row that is there already in a table without rowids.
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (study, pilot, answers, met),
        )


def compared_on(db: Database, study: str, day: str, *, pilot: bool) -> bool:
    """Return whether the stop rule was compared on this day (ISO) already."""
    sql = "SELECT 1 FROM comparisons WHERE study = ? AND pilot = ? AND day = ?"
    return db.conn.execute(sql, (study, pilot, day)).fetchone() is not None


def record_comparison(db: Database, study: str, day: str, *, pilot: bool) -> bool:
    """Keep that the stop rule is compared on this day; False where it was already."""
    with write_transaction(db):
        done = db.conn.execute(
            "INSERT INTO comparisons VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (study, pilot, day)
        )
    return done.rowcount == 1


@dataclass(frozen=True, slots=True)
class DisclosedPilot:
    """Answers that something was disclosed of.

    ``answers`` says which they were ("" fits none), ``people`` how many are no synthetic ones.
    """

    answers: str
    people: int


def disclosures(db: Database, study: str) -> list[DisclosedPilot]:
    """Return every set of answers that a preview or a release disclosed something of.

    By their number: the order in which it was disclosed is not kept.
    """
    found = db.table("told_pilots").rows_where(
        "study = ?", [study], order_by="people, answers", select="answers, people"
    )
    return [DisclosedPilot(**row) for row in found]


def record_disclosure(db: Database, study: str, what: DisclosedPilot) -> None:
    """Keep for good that something is disclosed of these answers."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO told_pilots VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (study, what.answers, what.people),
        )
