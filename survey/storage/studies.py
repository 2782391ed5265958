"""The life of a study: its approvals, and whether it is open. Has dates, so only staff see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast

from survey.storage.database import Database, write_transaction
from survey.studies.fingerprints import VersionFingerprints

Status = Literal["draft", "open", "closed", "frozen"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A board's approval of exact words, policy and site facts (SHA-256, hex); ISO dates.

    An empty ``expires_on`` never expires. ``platform`` is the fingerprint of the platform's own
    sentences at the signing, empty where it was not noted. ``number`` is its place in the record;
    ``revoked`` says that the board has taken it back.
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
    platform: str = ""
    number: int = 0
    revoked: bool = False

    @property
    def fingerprints(self) -> VersionFingerprints:
        """Return what was approved: words, policy, site facts."""
        return VersionFingerprints(self.words, self.policy, self.site)

    def in_force(self, today: str) -> bool:
        """Return true when it holds on ``today`` (ISO): begun, not run out, not revoked."""
        lasts = not self.expires_on or today <= self.expires_on
        return self.approved_on <= today and lasts and not self.revoked


def approve(db: Database, approval: Approval) -> None:
    """Note an approval; it stays in the record for good."""
    row = asdict(approval)
    row["approved_by"] = row.pop("by")
    # Its number is the row's; that it was revoked is a ruling of its own (board.py).
    del row["number"], row["revoked"]
    with write_transaction(db):
        db.table("approvals").insert(row)


def keep_platform(db: Database, fingerprint: str, content: str) -> None:
    """Keep the platform's sentences that this fingerprint stands for, once."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO platforms VALUES (?, ?) ON CONFLICT DO NOTHING", (fingerprint, content)
        )


def platform_content_of(db: Database, fingerprint: str) -> str:
    """Return the platform's sentences that were signed under this fingerprint, or nothing."""
    found = db.conn.execute(
        "SELECT content FROM platforms WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return str(found[0]) if found else ""


def approvals(db: Database, study: str) -> list[Approval]:
    """Return every approval ever noted, in the order noted."""
    revoked = {row["approval"] for row in db.table("rulings").rows_where("what = 'revoked'")}
    return [
        Approval(
            by=row.pop("approved_by"), number=row["id"], revoked=row.pop("id") in revoked, **row
        )
        for row in db.table("approvals").rows_where("study = ?", [study], order_by="id")
    ]


def latest_effective(noted: Sequence[Approval], today: str) -> Approval | None:
    """Return the approval signed last of those whose day has come: it alone says what is served.

    It may have run out or been revoked since; then nothing is served, and no older one comes back
    by itself.
    """
    begun = [a for a in noted if a.approved_on <= today]
    return begun[-1] if begun else None


def current_approval(
    db: Database, study: str, *, words: str, policy: str, site: str, today: str
) -> Approval | None:
    """Return the governing approval, if in force on ``today`` and of these fingerprints."""
    found = latest_effective(approvals(db, study), today)
    holds = found and found.fingerprints == (words, policy, site) and found.in_force(today)
    return found if holds else None


def status(db: Database, study: str) -> Status:
    """Return the part of its life the study is in; "draft" until it was opened."""
    found = db.conn.execute("SELECT status FROM lives WHERE study = ?", (study,)).fetchone()
    return cast("Status", found[0]) if found else "draft"


def lived(db: Database) -> list[str]:
    """Return every study that was ever opened."""
    return [row["study"] for row in db.table("lives").rows]


def written(db: Database) -> int:
    """Return a number that changes once any other connection has written into the file."""
    return int(db.conn.execute("PRAGMA data_version").fetchall()[0][0])


def set_status(db: Database, study: str, status: Status, at: str) -> None:
    """Put the study into this part of its life, from ``at`` (ISO) on."""
    # ``lives`` says where the study is now, ``turns`` (append-only) how it came there.
    with write_transaction(db):
        life = {"study": study, "status": status, "since": at}
        db.table("lives").insert(life, replace=True)
        db.table("turns").insert({"study": study, "at": at, "what": status})


def turns(db: Database, study: str) -> list[tuple[str, str]]:
    """Return (ISO time, status) of every turn in the study's life, in order."""
    found = db.table("turns").rows_where("study = ?", [study], order_by="id")
    return [(row["at"], row["what"]) for row in found]


def note(db: Database, *, at: str, who: str, what: str) -> None:
    """Write a line in the audit: who of the staff did what, when."""
    with write_transaction(db):
        db.table("audit").insert({"at": at, "who": who, "what": what})


def audit(db: Database) -> list[dict[str, str]]:
    """Return every line of the audit, in the order written."""
    return list(db.table("audit").rows_where(order_by="id", select="at, who, what"))
