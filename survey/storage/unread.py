"""How far each account has read the record, and what was added since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from survey.storage import record
from survey.storage.accounts import folded
from survey.storage.database import Database, write_transaction

MOST = 5000  # rows looked at; nobody stays away for longer and reads them one by one


@dataclass(frozen=True, slots=True)
class Added:
    """A row that was added to the record, at this position, to this table."""

    position: int
    table: str
    row: Mapping[str, Any]


def added_since(db: Database, position: int) -> list[Added]:
    """Return rows added after ``position``, in order; the latest where there are very many."""
    sql = f"SELECT position, line FROM {record.CHAIN} WHERE position > ? ORDER BY position DESC"
    found = db.conn.execute(sql + " LIMIT ?", (position, MOST)).fetchall()
    content = [(position, json.loads(line)) for position, line in reversed(found)]
    return [Added(position, one["table"], one["row"]) for position, one in content]


def seen(db: Database, account: str) -> int:
    """Return how far this account has read; 0 before it said so once."""
    sql = "SELECT position FROM seen WHERE account = ?"
    found = db.conn.execute(sql, (folded(account),)).fetchone()
    return int(found[0]) if found else 0


def mark_seen(db: Database, account: str, position: int) -> None:
    """Keep that this account has read so far, and needs no mail about it."""
    with write_transaction(db):
        position = max(0, min(position, record.head(db).position))
        read = max(position, seen(db, account))
        told = max(read, mailed(db, account))
        row = {"account": folded(account), "position": read, "mailed": told}
        db.table("seen").insert(row, replace=True)


def mailed(db: Database, account: str) -> int:
    """Return up to where this account was mailed that there is something to read."""
    sql = "SELECT mailed FROM seen WHERE account = ?"
    found = db.conn.execute(sql, (folded(account),)).fetchone()
    return int(found[0]) if found else 0


def told(db: Database, account: str) -> int:
    """Return how far this account has read, or was mailed."""
    return max(seen(db, account), mailed(db, account))


def mark_mailed(db: Database, account: str, position: int) -> None:
    """Keep that a mail was queued, within the caller's transaction."""
    row = {"account": folded(account), "position": seen(db, account), "mailed": position}
    db.table("seen").insert(row, replace=True)
