"""The life of a study: what was approved by whom, and whether it is open. Has dates: staff only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from survey.store.database import Database, writing

Status = Literal["draft", "open", "closed", "frozen"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A board's approval of exact words, policy and site facts (SHA-256, hex); ISO dates.

    An empty ``expires_on`` never expires.
    """

    study: str
    words: str
    policy: str
    site: str
    reference: str
    by: str
    approved_on: str
    expires_on: str


_COLUMNS = "study, words, policy, site, reference, approved_by, approved_on, expires_on"


def approve(
    db: Database,
    *,
    study: str,
    words: str,
    policy: str,
    site: str,
    reference: str,
    by: str,
    approved_on: str,
    expires_on: str,
) -> None:
    """Note an approval; it stays in the record for good."""
    with writing(db):
        db.conn.execute(
            f"INSERT INTO approvals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (study, words, policy, site, reference, by, approved_on, expires_on),
        )


def approvals(db: Database, study: str) -> list[Approval]:
    """Every approval ever noted, in the order noted."""
    found = db.conn.execute(
        f"SELECT {_COLUMNS} FROM approvals WHERE study = ? ORDER BY id", (study,)
    ).fetchall()
    return [Approval(*row) for row in found]


def current_approval(
    db: Database, study: str, *, words: str, policy: str, site: str, today: str
) -> Approval | None:
    """The latest approval of exactly these three fingerprints that is in force on ``today``."""
    in_force = [
        a
        for a in approvals(db, study)
        if (a.words, a.policy, a.site) == (words, policy, site)
        and a.approved_on <= today
        and (not a.expires_on or today <= a.expires_on)
    ]
    return in_force[-1] if in_force else None


def status(db: Database, study: str) -> Status:
    """Where the study is in its life; "draft" until it was opened."""
    found = db.conn.execute("SELECT status FROM lives WHERE study = ?", (study,)).fetchone()
    return cast("Status", found[0]) if found else "draft"


def set_status(db: Database, study: str, status: Status, at: str) -> None:
    """From ``at`` (ISO) on the study is in this part of its life."""
    with writing(db):
        db.conn.execute("INSERT OR REPLACE INTO lives VALUES (?, ?, ?)", (study, status, at))


def note(db: Database, *, at: str, who: str, what: str) -> None:
    """One line in the audit: who of the staff did what, when."""
    with writing(db):
        db.conn.execute("INSERT INTO audit (at, who, what) VALUES (?, ?, ?)", (at, who, what))


def audit(db: Database) -> list[dict[str, str]]:
    """Every line of the audit, in the order written."""
    found = db.conn.execute("SELECT at, who, what FROM audit ORDER BY id").fetchall()
    return [dict(zip(("at", "who", "what"), row, strict=True)) for row in found]
