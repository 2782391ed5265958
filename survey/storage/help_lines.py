"""Corrections of help lines that were served before a board signed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from survey.storage.database import Database, write_transaction
from survey.storage.record import append

IN_THE_FOLDER = "in the folder"  # who corrected: a file on a disk has no name


@dataclass(frozen=True, slots=True)
class Correction:
    """A help line whose contact or address was corrected; ``day`` (ISO) is when it was met."""

    line: str
    day: str
    old: str
    new: str


def corrections(db: Database, study: str) -> list[Correction]:
    """Return every correction of the study's help lines, in the order met."""
    rows = db.table("corrections").rows_where(
        "study = ?", [study], select="line, day, old, new", order_by="id"
    )
    return [Correction(**row) for row in rows]


def record(db: Database, study: str, found: Sequence[Correction], *, at: str) -> None:
    """Keep these corrections, each with its line in the audit; those known already are left."""
    with write_transaction(db):
        known = {one.line: one.new for one in corrections(db, study)}
        for one in found:
            if known.get(one.line) == one.new:
                continue  # another process met it first
            append(db, "corrections", {"study": study, **asdict(one)})
            what = f"{study}: help line {one.line} corrected, not signed: {one.old} → {one.new}"
            append(db, "audit", {"at": at, "who": IN_THE_FOLDER, "what": what})
