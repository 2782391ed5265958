"""The audit, read a page at a time: every act of the staff, the latest first."""

from __future__ import annotations

from dataclasses import dataclass

from survey.storage.database import Database


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An act of the staff: who did what, when (ISO time, UTC)."""

    at: str
    who: str
    what: str


def length(db: Database) -> int:
    """Return how many lines there are."""
    return db.table("audit").count


def lines(db: Database, *, most: int, after: int = 0) -> list[AuditLine]:
    """Return at most ``most`` lines, the latest first, without the ``after`` latest."""
    # By the number of the line: several acts can have one time.
    found = db.table("audit").rows_where(
        order_by="id DESC", select="at, who, what", limit=most, offset=after
    )
    return [AuditLine(**row) for row in found]
