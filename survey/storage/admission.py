"""Keyed hashes of unspent invitation codes. A spent one is gone: responses.accept deletes it.

Who may come into each real study, as site.toml said when it was last read.

Kept for the day on which that file cannot be read: nobody comes in then who could not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from survey.storage.database import Database, write_transaction


def add(db: Database, study: str, hashes: Iterable[bytes]) -> int:
    """Add keyed hashes (32 bytes each) of new codes, in their own order; gives how many are new."""
    new = sorted(set(hashes))
    with write_transaction(db):
        return db.conn.executemany(
            "INSERT INTO invitations VALUES (?, ?) ON CONFLICT DO NOTHING",
            ((value, study) for value in new),
        ).rowcount


def exists(db: Database, hash: bytes) -> bool:  # noqa: A002
    """Whether this code can still be used."""
    return study_of(db, hash) is not None


def study_of(db: Database, hash: bytes) -> str | None:  # noqa: A002
    """The study that an unspent code invites to."""
    found = db.conn.execute("SELECT study FROM invitations WHERE code = ?", (hash,)).fetchone()
    return found[0] if found else None


def unspent(db: Database, study: str) -> int:
    """How many codes of the study can still be used."""
    sql = "SELECT count(*) FROM invitations WHERE study = ?"
    return int(db.conn.execute(sql, (study,)).fetchone()[0])


def any_unspent(db: Database, study: str) -> bool:
    """Whether any code of the study can still be used."""
    sql = "SELECT EXISTS (SELECT 1 FROM invitations WHERE study = ?)"
    return bool(db.conn.execute(sql, (study,)).fetchone()[0])


def drop(db: Database, study: str) -> None:
    """No unspent code of the study can be used any more."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM invitations WHERE study = ?", (study,))


@dataclass(frozen=True, slots=True)
class AdmissionRule:
    """``limit``: so many answers, None for any number; ``invited``: only with an invitation."""

    limit: int | None
    invited: bool


def of(db: Database, study: str) -> AdmissionRule | None:
    """As it was kept last; None where site.toml never said anything."""
    found = db.conn.execute("SELECT most, invited FROM doors WHERE study = ?", (study,)).fetchone()
    return AdmissionRule(found[0], bool(found[1])) if found else None


def keep(db: Database, study: str, door: AdmissionRule) -> None:
    """Keep it, where it is not what was kept."""
    if of(db, study) == door:
        return
    with write_transaction(db):
        db.conn.execute(
            "INSERT OR REPLACE INTO doors (study, most, invited) VALUES (?, ?, ?)",
            (study, door.limit, int(door.invited)),
        )
