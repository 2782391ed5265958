"""Sealed drafts of clients who are answering: encrypted bytes, and when they expire."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection
from pathlib import Path

from survey.storage.database import Database, truncate_log, write_transaction

IDLE_SECONDS = 2 * 60 * 60  # docs/design.md, The walk: two hours after the last page
EXPIRY_STEP_SECONDS = 1800  # so coarse that an expiry times nobody
# docs/design.md, The walk: how long the thank-you page can be shown again, with and without a code
CODE_SECONDS, SENT_SECONDS = 15 * 60, 60
# Of a draft that was sent no end is stored, since it would tell when: one of these ends of long ago
# stands there, and the keeper counts for how long the row may be shown.
SENT, SENT_WITH_CODE = EXPIRY_STEP_SECONDS, 2 * EXPIRY_STEP_SECONDS
SHOWN_FOR = {SENT: SENT_SECONDS, SENT_WITH_CODE: CODE_SECONDS}


def rounded_expiry(now: float) -> int:
    """Return epoch seconds of the first half hour at or after the idle time that begins ``now``."""
    return math.ceil((now + IDLE_SECONDS) / EXPIRY_STEP_SECONDS) * EXPIRY_STEP_SECONDS


DISK_SHARE = 10  # drafts may take this part of the disk: whoever begins more of them is stopped


def fit(folder: Path) -> bool:
    """Return whether drafts use so little of the disk that new ones may begin. Raises OSError."""
    used = sum(path.stat().st_size for path in folder.glob("drafts.db*"))
    disk = os.statvfs(folder)
    return used * DISK_SHARE <= disk.f_blocks * disk.f_frsize


def create(db: Database, *, id: bytes, sealed: bytes, expires: int) -> None:  # noqa: A002
    """Keep a new draft under the keyed hash ``id`` (32 bytes)."""
    with write_transaction(db):
        db.conn.execute("INSERT INTO drafts VALUES (?, ?, ?)", (id, sealed, expires))


def load(db: Database, id: bytes, *, now: int = 0) -> bytes | None:  # noqa: A002
    """Return the sealed draft; None when there is none, or it expired by ``now``."""
    sql = "SELECT sealed FROM drafts WHERE id = ? AND expires > ?"
    found = db.conn.execute(sql, (id, now)).fetchone()
    return found[0] if found else None


def swap(db: Database, id: bytes, *, seen: bytes, sealed: bytes, expires: int) -> bool:  # noqa: A002
    """Replace ``seen`` by ``sealed``; False when another tab was quicker, or the draft is gone.

    The file is not locked while a page is worked out: the second of two must load it again.
    """
    with write_transaction(db):
        changed = db.conn.execute(
            "UPDATE drafts SET sealed = ?, expires = ? WHERE id = ? AND sealed = ?",
            (sealed, expires, id, seen),
        ).rowcount
    return bool(changed)


def drop(db: Database, id: bytes) -> None:  # noqa: A002
    """Delete and overwrite the draft."""
    # secure_delete (stores.py) overwrites what is deleted.
    with write_transaction(db):
        db.conn.execute("DELETE FROM drafts WHERE id = ?", (id,))


PURGE_AT_ONCE = 250  # drafts: a writer waits some milliseconds, the log grows by one or two MB

_EARLIER = """
    UPDATE drafts SET expires = :latest
    WHERE id IN (SELECT id FROM drafts WHERE expires > :latest LIMIT :most)
"""
_EXPIRED = """
    DELETE FROM drafts
    WHERE id IN (SELECT id FROM drafts WHERE expires > :sent AND expires <= :now LIMIT :most)
"""
_OVER = "DELETE FROM drafts WHERE id = ? AND expires <= ?"


def purge(db: Database, now: float, over: Collection[bytes] = ()) -> int:
    """Delete what expired by ``now`` (epoch seconds), and of what was sent the ids that are over.

    Return how many went. What was sent a moment ago is in no list yet, and so is left alone. Where
    the clock was set back, a draft ends as if its last page had been ``now``. A few at a time, so
    that nobody waits long and little room is needed; the file shrinks with them.
    """
    sent = max(SHOWN_FOR)
    _few_at_a_time(db, _EARLIER, latest=rounded_expiry(now))
    gone = _few_at_a_time(db, _EXPIRED, sent=sent, now=int(now))
    ids = sorted(over)
    for first in range(0, len(ids), PURGE_AT_ONCE):
        part = [(id, sent) for id in ids[first : first + PURGE_AT_ONCE]]  # noqa: A001
        with write_transaction(db):
            gone += db.conn.executemany(_OVER, part).rowcount
        _shrink(db)
    return gone


def _few_at_a_time(db: Database, sql: str, **bound: int) -> int:
    changed, part = 0, PURGE_AT_ONCE
    while part == PURGE_AT_ONCE:
        begun = time.monotonic()
        with write_transaction(db):
            part = db.conn.execute(sql, {**bound, "most": PURGE_AT_ONCE}).rowcount
        changed += part
        if part:
            _shrink(db)
        if part == PURGE_AT_ONCE:  # whoever waits for the file has it for as long
            time.sleep(time.monotonic() - begun)
    return changed


def _shrink(db: Database) -> None:
    """Give the room of deleted drafts back to the disk."""
    with db.turn:
        # Not execute(), which would end after the first page.
        db.conn.executescript("PRAGMA incremental_vacuum")
    truncate_log(db)


def sent(db: Database) -> dict[bytes, int]:
    """Return the id of every draft that was sent → for how many seconds it may be shown again."""
    found = db.conn.execute("SELECT id, expires FROM drafts WHERE expires <= ?", (max(SHOWN_FOR),))
    return {id: SHOWN_FOR[kind] for id, kind in found.fetchall()}  # noqa: A001


def ids(db: Database) -> frozenset[bytes]:
    """Return the keyed hash of every live draft."""
    return frozenset(value for (value,) in db.conn.execute("SELECT id FROM drafts").fetchall())
