"""The audit, read a page at a time: what staff did, the latest first."""

from __future__ import annotations

from dataclasses import dataclass

from survey.storage.database import Database


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who did what, when (ISO time, UTC)."""

    at: str
    who: str
    what: str


def length(db: Database) -> int:
    """How many lines there are."""
    return int(db.conn.execute("SELECT count(*) FROM audit").fetchone()[0])


def lines(db: Database, *, most: int, after: int = 0) -> list[AuditLine]:
    """At most ``most`` lines, the latest first, without the ``after`` latest."""
    found = db.conn.execute(
        "SELECT at, who, what FROM audit ORDER BY id DESC LIMIT ? OFFSET ?", (most, after)
    ).fetchall()
    return [AuditLine(*row) for row in found]
