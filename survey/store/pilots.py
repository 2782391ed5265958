"""Which answers of a pilot something was told of: a digest and a count, never a key, never a time.

What is told next is held against it (``survey.releasing.pilots``).
"""

from __future__ import annotations

from dataclasses import dataclass

from survey.store.database import Database, writing


@dataclass(frozen=True, slots=True)
class Told:
    """``answers`` is a digest of whose answers they were ("" fits none), ``people`` how many."""

    answers: str
    people: int


def told(db: Database, study: str) -> list[Told]:
    """Every set of answers of which a preview or a release told something, in no telling order."""
    sql = "SELECT answers, people FROM told_pilots WHERE study = ? ORDER BY people, answers"
    return [Told(*row) for row in db.conn.execute(sql, (study,)).fetchall()]


def tell(db: Database, study: str, what: Told) -> None:
    """Keep for good that something is told of these answers."""
    with writing(db):
        db.conn.execute(
            "INSERT INTO told_pilots VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (study, what.answers, what.people),
        )
