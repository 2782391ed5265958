"""The audit, read a page at a time: every act of the staff, the latest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from survey.storage.database import Database


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An act of the staff: who did what, when (ISO time, UTC)."""

    at: str
    who: str
    what: str


# Of every account's reader: who may sign in, the server's own key, copies of everything.
OF_ALL = ("account", "server key", "backup")


def _about(studies: Iterable[str], people: Iterable[str]) -> tuple[str, list[str]]:
    """Return SQL and values for lines on these studies, of these people, and on what is all's."""
    # Each line begins with what it is about: "NAME-OF-STUDY: …", "account NAME: …". What somebody
    # did about no study ("signed in") names none.
    begins = [f"{study}:" for study in sorted(studies)] + list(OF_ALL)
    known = sorted(people)
    marks = ", ".join("?" * len(known))
    sql = ["substr(what, 1, length(?)) = ?"] * len(begins)
    sql.append(f"(who IN ({marks}) AND instr(what, ': ') = 0)")
    return " OR ".join(sql), [value for begun in begins for value in (begun, begun)] + known


def length(db: Database, studies: Iterable[str], people: Iterable[str]) -> int:
    """Return how many lines there are on these studies, and on what concerns all."""
    return db.table("audit").count_where(*_about(studies, people))


def lines(
    db: Database, studies: Iterable[str], people: Iterable[str], *, most: int, after: int = 0
) -> list[AuditLine]:
    """Return at most ``most`` such lines, the latest first, without the ``after`` latest."""
    # By the number of the line: several acts can have one time.
    found = db.table("audit").rows_where(
        *_about(studies, people),
        order_by="id DESC",
        select="at, who, what",
        limit=most,
        offset=after,
    )
    return [AuditLine(**row) for row in found]
