"""A board's record of a study: rulings, comments, notes of incidents, waivers of the checklist.

Every table is append-only: what was said stays said, with its day and its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from survey.storage.database import Database, write_transaction
from survey.storage.record import append

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
    """A comment on a passage of the words with this fingerprint, or an answer to ``answers``.

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
    """An incident of the day ``happened_on`` (ISO), as it was noted ``at``."""

    at: str
    who: str
    happened_on: str
    text: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A board does without ``element`` for this study; ``at`` is ISO time, UTC."""

    element: str
    at: str
    who: str
    reason: str


def _append(db: Database, table: str, **row: object) -> None:
    with write_transaction(db):
        append(db, table, row)


def _of(db: Database, table: str, study: str, select: str) -> Iterator[dict[str, Any]]:
    """Yield the study's rows in the order written."""
    return db.table(table).rows_where("study = ?", [study], order_by="id", select=select)


def rule(
    db: Database, study: str, what: Ruling, *, at: str, who: str, why: str, approval: int = 0
) -> None:
    """Suspend a study, lift that again, or revoke the approval with this number."""
    _append(db, "rulings", study=study, at=at, who=who, what=what, why=why, approval=approval)


def rulings(db: Database, study: str) -> list[Ruled]:
    """Return every ruling on the study, in order."""
    return [Ruled(**row) for row in _of(db, "rulings", study, "at, who, what, why, approval")]


def suspension(db: Database, study: str) -> Ruled | None:
    """Return the ruling under which the study is suspended now; None when it is not."""
    # Revoking an approval neither suspends a study nor lifts that.
    last = next((r for r in reversed(rulings(db, study)) if r.what != "revoked"), None)
    return last if last and last.what == "suspended" else None


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
    _append(
        db, "comments", study=study, at=at, who=who, role=role, words=words, passage=passage,
        text=text, answers=answers,
    )  # fmt: skip


def comments(db: Database, study: str) -> list[Comment]:
    """Return every comment and answer, in the order written."""
    columns = "id AS number, at, who, role, words, passage, text, answers"
    return [Comment(**row) for row in _of(db, "comments", study, columns)]


def threads(db: Database, study: str) -> list[list[Comment]]:
    """Return each comment followed by its answers, in the order written."""
    ordered = sorted(comments(db, study), key=lambda c: (c.answers or c.number, c.number))
    return [list(thread) for _, thread in groupby(ordered, lambda c: c.answers or c.number)]


def note_incident(
    db: Database, study: str, text: str, *, at: str, who: str, happened_on: str
) -> None:
    """Keep a note of an incident; it is never changed or deleted."""
    _append(db, "incidents", study=study, at=at, who=who, happened_on=happened_on, text=text)


def incidents(db: Database, study: str) -> list[Incident]:
    """Return every note, in the order written."""
    return [Incident(**row) for row in _of(db, "incidents", study, "at, who, happened_on, text")]


def waive(
    db: Database, study: str, elements: Iterable[str], *, at: str, who: str, reason: str
) -> None:
    """Do without these elements for ``reason``. Raises ValueError for an empty one."""
    if not reason.strip():
        raise ValueError("A waiver needs its reason.")
    with write_transaction(db):
        for element in elements:
            row = Waiver(element, at, who, reason.strip())
            _append(db, "waivers", study=study, **asdict(row))


def take_back(db: Database, study: str, elements: Iterable[str], *, at: str, who: str) -> None:
    """Ask for these elements again; that they were waived stays in the record."""
    # The table is append-only: a line without a reason, which no waiver has, ends the last one.
    with write_transaction(db):
        for element in elements:
            _append(db, "waivers", study=study, **asdict(Waiver(element, at, who, "")))


def waivers(db: Database, study: str) -> dict[str, Waiver]:
    """Return element → the waiver in force."""
    found = _of(db, "waivers", study, "element, at, who, reason")
    last = {row["element"]: Waiver(**row) for row in found}
    return {element: waiver for element, waiver in last.items() if waiver.reason}
