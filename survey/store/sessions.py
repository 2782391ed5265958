"""Who of the staff is signed in: one row a browser, under a keyed hash of what its cookie holds."""

from __future__ import annotations

from dataclasses import dataclass

from survey.store.accounts import Account, find, folded
from survey.store.database import Database, writing


@dataclass(frozen=True, slots=True)
class SignIn:
    """One browser of an account; times in epoch seconds.

    Not ``full``: the password was right and the code of the second step is still owed.
    """

    account: Account
    began: int
    seen: int
    full: bool


def begin(db: Database, key: bytes, name: str, *, now: float, full: bool) -> None:
    """A browser is signed in to the account of this name from now on."""
    with writing(db):
        db.conn.execute(
            "INSERT INTO sessions (id, account, began, seen, full) VALUES (?, ?, ?, ?, ?)",
            (key, folded(name), int(now), int(now), int(full)),
        )


def load(db: Database, key: bytes) -> SignIn | None:
    """The browser filed under ``key``, unless it was signed out or its account disabled."""
    row = db.conn.execute(
        "SELECT account, began, seen, full FROM sessions WHERE id = ?", (key,)
    ).fetchone()
    account = find(db, row[0]) if row else None
    if account is None or account.disabled:
        return None
    return SignIn(account, row[1], row[2], bool(row[3]))


def seen(db: Database, key: bytes, now: float) -> None:
    """The browser was active just now."""
    with writing(db):
        db.conn.execute("UPDATE sessions SET seen = ? WHERE id = ?", (int(now), key))


def end(db: Database, key: bytes) -> None:
    """This browser is signed out."""
    with writing(db):
        db.conn.execute("DELETE FROM sessions WHERE id = ?", (key,))


def end_all(db: Database, name: str, *, but: bytes = b"") -> None:
    """Every browser of the account is signed out, except ``but``."""
    with writing(db):
        db.conn.execute("DELETE FROM sessions WHERE account = ? AND id <> ?", (folded(name), but))


def purge(db: Database, *, began_before: float, seen_before: float) -> None:
    """Forget browsers whose time is over."""
    with writing(db):
        db.conn.execute(
            "DELETE FROM sessions WHERE began < ? OR seen < ?",
            (int(began_before), int(seen_before)),
        )


def count(db: Database, name: str) -> int:
    """In how many browsers the account is signed in."""
    row = db.conn.execute(
        "SELECT count(*) FROM sessions WHERE account = ? AND full = 1", (folded(name),)
    ).fetchone()
    return int(row[0])
