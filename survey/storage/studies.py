"""The life of a study: what was approved by whom, and whether it is open. Has dates: staff only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from survey.storage.database import Database, write_transaction
from survey.studies.fingerprints import VersionFingerprints

Status = Literal["draft", "open", "closed", "frozen"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A board's approval of exact words, policy and site facts (SHA-256, hex); ISO dates.

    An empty ``expires_on`` never expires. ``number`` is its place in the record; ``revoked`` says
    that the board has taken it back.
    """

    study: str
    words: str
    policy: str
    site: str
    reference: str
    by: str
    approved_on: str
    expires_on: str
    conditions: str = ""
    number: int = 0
    revoked: bool = False

    @property
    def fingerprints(self) -> VersionFingerprints:
        """What was approved: words, policy, site facts."""
        return VersionFingerprints(self.words, self.policy, self.site)

    def in_force(self, today: str) -> bool:
        """Whether it holds on the day ``today`` (ISO): begun, not run out, not revoked."""
        lasts = not self.expires_on or today <= self.expires_on
        return self.approved_on <= today and lasts and not self.revoked


_COLUMNS = "study, words, policy, site, reference, approved_by, approved_on, expires_on, conditions"
_REVOKED = "EXISTS (SELECT 1 FROM rulings WHERE what = 'revoked' AND approval = approvals.id)"


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
    conditions: str = "",
) -> None:
    """Note an approval; it stays in the record for good."""
    with write_transaction(db):
        db.conn.execute(
            f"INSERT INTO approvals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (study, words, policy, site, reference, by, approved_on, expires_on, conditions),
        )


def approvals(db: Database, study: str) -> list[Approval]:
    """Every approval ever noted, in the order noted."""
    found = db.conn.execute(
        f"SELECT {_COLUMNS}, id, {_REVOKED} FROM approvals WHERE study = ? ORDER BY id", (study,)
    ).fetchall()
    return [replace(Approval(*row[:-1]), revoked=bool(row[-1])) for row in found]


def latest_effective(noted: Sequence[Approval], today: str) -> Approval | None:
    """The approval signed last among those whose day has come: it alone says what is served.

    It may have run out or been revoked since; then nothing is served, and no older one comes back
    by itself.
    """
    begun = [a for a in noted if a.approved_on <= today]
    return begun[-1] if begun else None


def current_approval(
    db: Database, study: str, *, words: str, policy: str, site: str, today: str
) -> Approval | None:
    """The governing approval, if it is in force on ``today`` and of exactly these fingerprints."""
    found = latest_effective(approvals(db, study), today)
    fits = (
        found is not None and found.fingerprints == (words, policy, site) and found.in_force(today)
    )
    return found if fits else None


def status(db: Database, study: str) -> Status:
    """Where the study is in its life; "draft" until it was opened."""
    found = db.conn.execute("SELECT status FROM lives WHERE study = ?", (study,)).fetchone()
    return cast("Status", found[0]) if found else "draft"


def lived(db: Database) -> list[str]:
    """Every study that was ever opened."""
    return [name for (name,) in db.conn.execute("SELECT study FROM lives").fetchall()]


def written(db: Database) -> int:
    """A number that changes once any other connection has written into the file."""
    return int(db.conn.execute("PRAGMA data_version").fetchall()[0][0])


def set_status(db: Database, study: str, status: Status, at: str) -> None:
    """From ``at`` (ISO) on the study is in this part of its life."""
    with write_transaction(db):
        db.conn.execute("INSERT OR REPLACE INTO lives VALUES (?, ?, ?)", (study, status, at))
        db.conn.execute("INSERT INTO turns (study, at, what) VALUES (?, ?, ?)", (study, at, status))


def turns(db: Database, study: str) -> list[tuple[str, str]]:
    """(ISO time, status) of every turn in the study's life, in order."""
    sql = "SELECT at, what FROM turns WHERE study = ? ORDER BY id"
    return list(db.conn.execute(sql, (study,)).fetchall())


def note(db: Database, *, at: str, who: str, what: str) -> None:
    """One line in the audit: who of the staff did what, when."""
    with write_transaction(db):
        db.conn.execute("INSERT INTO audit (at, who, what) VALUES (?, ?, ?)", (at, who, what))


def audit(db: Database) -> list[dict[str, str]]:
    """Every line of the audit, in the order written."""
    found = db.conn.execute("SELECT at, who, what FROM audit ORDER BY id").fetchall()
    return [dict(zip(("at", "who", "what"), row, strict=True)) for row in found]
