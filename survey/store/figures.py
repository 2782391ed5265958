"""What staff were last shown about a collection: the step that its figures stand on. No time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from survey.store.database import Database, writing


@dataclass(frozen=True, slots=True)
class Step:
    """Totals of page loads and completions when the figures moved last, and what is shown since."""

    landing: int = 0
    completed: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)


def step(db: Database, study: str, *, pilot: bool) -> Step:
    """The present step; before the first one nothing is shown."""
    sql = "SELECT landing, completed, shown FROM figures WHERE study = ? AND pilot = ?"
    found = db.conn.execute(sql, (study, pilot)).fetchone()
    return Step(found[0], found[1], json.loads(found[2])) if found else Step()


def change(db: Database, study: str, change: Callable[[Step], Step], *, pilot: bool) -> Step:
    """The step after ``change``, whatever another viewer does meanwhile."""
    with writing(db):
        before = step(db, study, pilot=pilot)
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


def tell(db: Database, study: str, answers: int, met: bool, *, pilot: bool) -> None:  # noqa: FBT001
    """Keep what is told at so many answers, for good: the first word stands."""
    with writing(db):
        db.conn.execute(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (study, pilot, answers, met),
        )
