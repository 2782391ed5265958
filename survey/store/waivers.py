"""Elements of the checklist that a board does without, each with its reason. Append-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from survey.store.database import Database, writing


@dataclass(frozen=True, slots=True)
class Waiver:
    """A board does without ``element`` for this study; ``at`` is ISO time, UTC."""

    element: str
    at: str
    who: str
    reason: str


def waive(
    db: Database, study: str, elements: Iterable[str], *, at: str, who: str, reason: str
) -> None:
    """Do without these elements for ``reason``. Raises ValueError for an empty one."""
    if not reason.strip():
        raise ValueError("A waiver needs its reason.")
    _write(db, study, elements, at=at, who=who, reason=reason.strip())


def take_back(db: Database, study: str, elements: Iterable[str], *, at: str, who: str) -> None:
    """These elements are asked for again; that they were waived stays in the record."""
    _write(db, study, elements, at=at, who=who, reason="")


def _write(
    db: Database, study: str, elements: Iterable[str], *, at: str, who: str, reason: str
) -> None:
    with writing(db):
        for element in elements:
            db.conn.execute(
                "INSERT INTO waivers (study, element, at, who, reason) VALUES (?, ?, ?, ?, ?)",
                (study, element, at, who, reason),
            )


def waivers(db: Database, study: str) -> dict[str, Waiver]:
    """Element → the waiver in force."""
    found = db.conn.execute(
        "SELECT element, at, who, reason FROM waivers WHERE study = ? ORDER BY id", (study,)
    ).fetchall()
    last = {row[0]: Waiver(*row) for row in found}
    return {element: waiver for element, waiver in last.items() if waiver.reason}
