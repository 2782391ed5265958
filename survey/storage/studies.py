"""The life of a study: its approvals, and whether it is open. Has dates, so only staff see it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Literal, cast

from survey.storage.database import Database, write_transaction
from survey.storage.record import append, rows_of
from survey.studies.fingerprints import VersionFingerprints

Status = Literal["draft", "open", "closed", "frozen"]


Basis = Literal["signed", "noted"]
ConditionKind = Literal["opening", "running", "release"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a board asks for besides: before the opening, before a release, or by ``due`` (ISO)."""

    kind: ConditionKind
    text: str
    due: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A board's approval of exact words, policy and site facts (SHA-256, hex); ISO dates.

    Collection ends on ``expires_on`` (empty: never), the use of data on ``analysis_until`` (empty:
    on the same day). ``basis`` is "noted" where the operator noted it from a ``letter`` (SHA-256):
    then it is nothing until a member confirms it. ``number`` is its place in the record;
    ``revoked`` says that the board has taken it back, ``use_revoked`` that the use of data ended
    with it.
    ``platform`` is the fingerprint of the platform's own sentences at the signing.
    """

    study: str
    words: str
    policy: str
    site: str
    reference: str
    by: str
    approved_on: str
    expires_on: str
    analysis_until: str = ""
    conditions: tuple[Condition, ...] = ()
    basis: Basis = "signed"
    letter: str = ""
    submission: str = ""
    recorded_at: str = ""
    platform: str = ""
    number: int = 0
    revoked: bool = False
    use_revoked: bool = False
    confirmed_by: str = ""
    confirmed_at: str = ""

    @property
    def fingerprints(self) -> VersionFingerprints:
        """Return what was approved: words, policy, site facts."""
        return VersionFingerprints(self.words, self.policy, self.site)

    @property
    def waits(self) -> bool:
        """Return whether a member has still to confirm what the operator noted."""
        return self.basis == "noted" and not self.confirmed_by

    @property
    def origin(self) -> str:
        """Return in words who signed it where: a member here, or the board on paper."""
        if self.basis == "signed":
            return "signed by the board here"
        agreed = f"confirmed by {self.confirmed_by} on {self.confirmed_at[:10]}"
        return (
            f"noted by the operator on {self.recorded_at[:10]} from a letter, not signed by the "
            f"board here; {agreed if self.confirmed_by else 'not yet confirmed by a member'}"
        )

    @property
    def data_until(self) -> str:
        """Return the last day on which data may be used; empty: without end."""
        return max(self.expires_on, self.analysis_until) if self.expires_on else ""

    def in_force(self, today: str) -> bool:
        """Return true when it holds on ``today`` (ISO): begun, not run out, not revoked."""
        lasts = not self.expires_on or today <= self.expires_on
        return self.approved_on <= today and lasts and not self.revoked and not self.waits


# What is known of an approval only from later rows.
LATER = ("number", "revoked", "use_revoked", "confirmed_by", "confirmed_at")


def approve(db: Database, approval: Approval) -> int:
    """Note an approval, which stays in the record for good, and return its number."""
    row = asdict(approval)
    row["approved_by"] = row.pop("by")
    for name in LATER:
        del row[name]
    with write_transaction(db):
        return append(db, "approvals", row)


def _conditions(stored: str) -> tuple[Condition, ...]:
    """Return the conditions that were stored with an approval."""
    if not stored:
        return ()
    with suppress(ValueError, TypeError):
        return tuple(Condition(**one) for one in json.loads(stored))
    # Free text, as conditions were once: it stands in the way of the next opening and stops
    # nothing that goes on (docs/approvals.md).
    return (Condition("opening", stored),)


def keep_platform(db: Database, fingerprint: str, content: str) -> None:
    """Keep the platform's sentences that this fingerprint stands for, once."""
    with write_transaction(db):
        if not platform_content_of(db, fingerprint):
            append(db, "platforms", {"fingerprint": fingerprint, "content": content})


def platform_content_of(db: Database, fingerprint: str) -> str:
    """Return the platform's sentences that were signed under this fingerprint, or nothing."""
    found = db.conn.execute(
        "SELECT content FROM platforms WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return str(found[0]) if found else ""


def approvals(db: Database, study: str) -> list[Approval]:
    """Return every approval ever noted, in the order noted."""
    revoked = {r["approval"]: r for r in db.table("rulings").rows_where("what = 'revoked'")}
    confirmed = {c["approval"]: c for c in db.table("confirmations").rows_where(order_by="id DESC")}
    known = {field.name for field in fields(Approval)}
    found = []
    for row in rows_of(db, "approvals", study):
        number = row["id"]
        taken, agreed = revoked.get(number), confirmed.get(number)
        row |= {
            "by": row["approved_by"],
            "conditions": _conditions(row["conditions"]),
            "number": number,
            "revoked": taken is not None,
            "use_revoked": bool(taken and taken["stops_use"]),
            "confirmed_by": agreed["who"] if agreed else "",
            "confirmed_at": agreed["at"] if agreed else "",
        }
        found.append(Approval(**{name: row[name] for name in row if name in known}))
    return found


def confirm(db: Database, study: str, approval: int, *, at: str, who: str) -> None:
    """Keep a member's own confirmation of an approval that the operator noted."""
    with write_transaction(db):
        row = {"study": study, "approval": approval, "at": at, "who": who}
        append(db, "confirmations", row)


def latest_effective(noted: Sequence[Approval], today: str) -> Approval | None:
    """Return the approval signed last of those whose day has come: it alone says what is served.

    It may have run out or been revoked since; then nothing is served, and no older one comes back
    by itself. One that waits for a member's confirmation is nothing yet.
    """
    begun = [a for a in noted if a.approved_on <= today and not a.waits]
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
        append(db, "turns", {"study": study, "at": at, "what": status})


def turns(db: Database, study: str) -> list[tuple[str, str]]:
    """Return (ISO time, status) of every turn in the study's life, in order."""
    return [(row["at"], row["what"]) for row in rows_of(db, "turns", study)]


def note(db: Database, *, at: str, who: str, what: str) -> None:
    """Write a line in the audit: who of the staff did what, when."""
    with write_transaction(db):
        append(db, "audit", {"at": at, "who": who, "what": what})


def audit(db: Database) -> list[dict[str, str]]:
    """Return every line of the audit, in the order written."""
    return list(db.table("audit").rows_where(order_by="id", select="at, who, what"))
