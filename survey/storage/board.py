"""What a board says about a study after reading it: rulings, comments, notes of incidents.

Every table is append-only: what was said stays said, with its day and its name.

Elements of the checklist that a board does without, each with its reason. Append-only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from survey.storage.database import Database, write_transaction

Ruling = Literal["suspended", "lifted", "revoked"]


@dataclass(frozen=True, slots=True)
class Ruled:
    """One ruling (ISO time, UTC). ``approval`` is the number of the one revoked, else 0."""

    at: str
    who: str
    what: Ruling
    why: str
    approval: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a passage of the words with this fingerprint, or an ``answers``-to one.

    ``passage`` is an anchor of the page with every word; empty: on the study as a whole.
    """

    number: int
    at: str
    who: str
    role: str
    words: str
    passage: str
    text: str
    answers: int


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happened on the day ``happened_on`` (ISO), as somebody noted it ``at``."""

    at: str
    who: str
    happened_on: str
    text: str


def rule(
    db: Database, study: str, what: Ruling, *, at: str, who: str, why: str, approval: int = 0
) -> None:
    """Suspend a study, lift that again, or revoke the approval with this number."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO rulings (study, at, who, what, why, approval) VALUES (?, ?, ?, ?, ?, ?)",
            (study, at, who, what, why, approval),
        )


def rulings(db: Database, study: str) -> list[Ruled]:
    """Every ruling on the study, in order."""
    found = db.conn.execute(
        "SELECT at, who, what, why, approval FROM rulings WHERE study = ? ORDER BY id", (study,)
    ).fetchall()
    return [Ruled(*row) for row in found]


def suspension(db: Database, study: str) -> Ruled | None:
    """The ruling under which the study is suspended now; None when it is not."""
    found = db.conn.execute(
        "SELECT at, who, what, why, approval FROM rulings"
        " WHERE study = ? AND what <> 'revoked' ORDER BY id DESC LIMIT 1",
        (study,),
    ).fetchone()
    return Ruled(*found) if found and found[2] == "suspended" else None


def comment(
    db: Database,
    study: str,
    text: str,
    *,
    at: str,
    who: str,
    role: str,
    words: str,
    passage: str,
    answers: int = 0,
) -> None:
    """Keep a comment, or an answer to the one with the number ``answers``."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO comments (study, at, who, role, words, passage, text, answers)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (study, at, who, role, words, passage, text, answers),
        )


def comments(db: Database, study: str) -> list[Comment]:
    """Every comment and answer, in the order written."""
    found = db.conn.execute(
        "SELECT id, at, who, role, words, passage, text, answers FROM comments"
        " WHERE study = ? ORDER BY id",
        (study,),
    ).fetchall()
    return [Comment(*row) for row in found]


def threads(db: Database, study: str) -> list[list[Comment]]:
    """Each comment followed by its answers, in the order written."""
    ordered = sorted(comments(db, study), key=lambda c: (c.answers or c.number, c.number))
    return [list(thread) for _, thread in groupby(ordered, lambda c: c.answers or c.number)]


def note_incident(
    db: Database, study: str, text: str, *, at: str, who: str, happened_on: str
) -> None:
    """Keep a note of something that happened; it is never changed or deleted."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO incidents (study, at, who, happened_on, text) VALUES (?, ?, ?, ?, ?)",
            (study, at, who, happened_on, text),
        )


def incidents(db: Database, study: str) -> list[Incident]:
    """Every note, in the order written."""
    found = db.conn.execute(
        "SELECT at, who, happened_on, text FROM incidents WHERE study = ? ORDER BY id", (study,)
    ).fetchall()
    return [Incident(*row) for row in found]


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
    with write_transaction(db):
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
