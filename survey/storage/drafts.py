"""Sealed drafts while somebody answers: bytes that nobody can read here, and when they end."""

from __future__ import annotations

import math

from survey.storage.database import Database, write_transaction

IDLE_SECONDS = 7200  # docs/design.md, Storage: two hours after the last page
STEP_SECONDS = 1800  # so coarse that an expiry times nobody


def rounded_expiry(now: float, idle: int = IDLE_SECONDS) -> int:
    """Epoch seconds of the first half hour at or after ``now + idle``."""
    return math.ceil((now + idle) / STEP_SECONDS) * STEP_SECONDS


def create(db: Database, *, id: bytes, sealed: bytes, expires: int) -> None:  # noqa: A002
    """A new draft under the keyed hash ``id`` (32 bytes)."""
    with write_transaction(db):
        db.conn.execute("INSERT INTO drafts VALUES (?, ?, ?)", (id, sealed, expires))


def load(db: Database, id: bytes, *, now: int = 0) -> bytes | None:  # noqa: A002
    """The sealed draft, or None when there is none (any more); one that expired by ``now``."""
    found = db.conn.execute(
        "SELECT sealed FROM drafts WHERE id = ? AND expires > ?", (id, now)
    ).fetchone()
    return found[0] if found else None


def swap(db: Database, id: bytes, *, seen: bytes, sealed: bytes, expires: int) -> bool:  # noqa: A002
    """Keep ``sealed`` where ``seen`` still lies; False when another tab was quicker, or it is gone.

    Nobody holds the file while a page is worked out: whoever comes second looks again.
    """
    with write_transaction(db):
        changed = db.conn.execute(
            "UPDATE drafts SET sealed = ?, expires = ? WHERE id = ? AND sealed = ?",
            (sealed, expires, id, seen),
        ).rowcount
    return bool(changed)


def drop(db: Database, id: bytes) -> None:  # noqa: A002
    """The draft is gone and overwritten."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM drafts WHERE id = ?", (id,))


def purge(db: Database, now: float) -> int:
    """Delete what expired by ``now`` (epoch seconds); gives how many."""
    with write_transaction(db):
        return db.conn.execute("DELETE FROM drafts WHERE expires <= ?", (int(now),)).rowcount


def ids(db: Database) -> frozenset[bytes]:
    """Keyed hash of every live draft."""
    return frozenset(value for (value,) in db.conn.execute("SELECT id FROM drafts").fetchall())
