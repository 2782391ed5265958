"""Accounts of staff: names, roles, passwords (hashes), set-up links, second steps.

Tokens and codes are stored as keyed hashes of 32 bytes; nothing here can be typed in anywhere.

Who of the staff is signed in: one row a browser, under a keyed hash of what its cookie holds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from survey.errors import StoreError
from survey.storage.database import Database, write_transaction

Role = Literal["researcher", "board"]
LinkState = Literal["good", "spent", "expired", "unknown"]


class AccountExists(StoreError):
    """Somebody has this name already, or one that differs only in capitals."""


# Wrong codes in a row after which no code of the app is right any more. NIST SP 800-63B section
# 5.2.2 allows at most 100: of a million codes three fit at a time, so 50 tries find one in 1 of
# 6,700 accounts.
MOST_MISSED = 50


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff. ``made_at`` is ISO time, UTC.

    ``missed``: wrong codes of the second step in a row, typed after the right password.
    """

    name: str
    role: Role
    made_at: str
    disabled: bool
    has_password: bool
    second_step: bool
    missed: int = 0


_ACCOUNT = (
    "SELECT name, role, made_at, missed, disabled, password <> '', totp IS NOT NULL FROM accounts"
)


def folded(name: str) -> str:
    """``name`` as it is compared: capitals and composed letters make no difference."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _account(row: tuple[str, str, str, int, int, int, int]) -> Account:
    name, role, made_at, missed, *flags = row
    disabled, has_password, second_step = map(bool, flags)
    return Account(name, cast("Role", role), made_at, disabled, has_password, second_step, missed)


def add(db: Database, *, name: str, role: Role, at: str) -> Account:
    """A new account that nobody can sign in to yet. Raises AccountExists."""
    with write_transaction(db):
        if find(db, name):
            raise AccountExists(f"There is an account {name!r} already. `lacrima account list`.")
        db.conn.execute(
            "INSERT INTO accounts (folded, name, role, made_at) VALUES (?, ?, ?, ?)",
            (folded(name), name, role, at),
        )
    return Account(name, role, at, disabled=False, has_password=False, second_step=False)


def find(db: Database, name: str) -> Account | None:
    """The account of this name, however it is capitalised."""
    row = db.conn.execute(f"{_ACCOUNT} WHERE folded = ?", (folded(name),)).fetchone()
    return _account(row) if row else None


def listed(db: Database) -> list[Account]:
    """Every account, by name."""
    return [_account(row) for row in db.conn.execute(f"{_ACCOUNT} ORDER BY folded").fetchall()]


def remove(db: Database, name: str) -> None:
    """The account and all that belongs to it are gone; what it did stays in the audit."""
    with write_transaction(db):
        _forget(db, name)
        db.conn.execute("DELETE FROM accounts WHERE folded = ?", (folded(name),))


def disable(db: Database, name: str) -> None:
    """Nobody can sign in to it any more, and who is signed in is signed out."""
    with write_transaction(db):
        _forget(db, name)
        db.conn.execute(
            "UPDATE accounts SET disabled = 1 WHERE folded = ?",
            (folded(name),),
        )


def reset(db: Database, name: str) -> None:
    """As if just added: password, second step, links and sessions are gone; enabled again."""
    with write_transaction(db):
        _forget(db, name)
        db.conn.execute(
            "UPDATE accounts SET disabled = 0, password = '', totp = NULL, totp_step = 0,"
            " missed = 0 WHERE folded = ?",
            (folded(name),),
        )
        db.conn.execute("DELETE FROM recovery WHERE account = ?", (folded(name),))


def _forget(db: Database, name: str) -> None:
    for table in ("sessions", "setups"):
        db.conn.execute(f"DELETE FROM {table} WHERE account = ?", (folded(name),))


def password_of(db: Database, name: str) -> str:
    """The argon2 hash, or nothing where no password was set."""
    row = db.conn.execute(
        "SELECT password FROM accounts WHERE folded = ?", (folded(name),)
    ).fetchone()
    return str(row[0]) if row else ""


def set_password(db: Database, name: str, password: str) -> None:
    """``password`` is an argon2 hash."""
    with write_transaction(db):
        db.conn.execute(
            "UPDATE accounts SET password = ? WHERE folded = ?", (password, folded(name))
        )


# Set-up links.


def offer_setup(db: Database, name: str, *, token: bytes, ends: int) -> None:
    """One link for this account, to epoch second ``ends``; an older one is gone."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM setups WHERE account = ?", (folded(name),))
        db.conn.execute(
            "INSERT INTO setups (token, account, ends, spent) VALUES (?, ?, ?, 0)",
            (token, folded(name), ends),
        )


def setup(db: Database, token: bytes, now: float) -> tuple[LinkState, Account | None]:
    """What a link is good for; the account only with a good one."""
    row = db.conn.execute(
        "SELECT account, ends, spent FROM setups WHERE token = ?", (token,)
    ).fetchone()
    if row is None:
        return "unknown", None
    account, ends, spent = row
    if spent:
        return "spent", None
    return ("good", find(db, account)) if now < ends else ("expired", None)


def take_setup(db: Database, token: bytes, *, now: float, password: str) -> Account | None:
    """Spend a good link on a password (hash), both or neither; None when it was not good."""
    with write_transaction(db):
        _, account = setup(db, token, now)
        if account is None:
            return None
        db.conn.execute("UPDATE setups SET spent = 1 WHERE token = ?", (token,))
        set_password(db, account.name, password)
    return account


# The second step: a shared secret, sealed; each code and each recovery code works once.


def totp_of(db: Database, name: str) -> bytes:
    """The sealed secret, or nothing."""
    row = db.conn.execute("SELECT totp FROM accounts WHERE folded = ?", (folded(name),)).fetchone()
    return bytes(row[0]) if row and row[0] is not None else b""


def set_totp(db: Database, name: str, sealed: bytes | None, *, step: int = 0) -> None:
    """Keep a sealed secret whose code of time step ``step`` was used; None takes it away.

    Wrong codes for another secret count no longer.
    """
    with write_transaction(db):
        db.conn.execute(
            "UPDATE accounts SET totp = ?, totp_step = ?, missed = 0 WHERE folded = ?",
            (sealed, step, folded(name)),
        )
        if sealed is None:
            db.conn.execute("DELETE FROM recovery WHERE account = ?", (folded(name),))


def take_step(db: Database, name: str, step: int) -> bool:
    """Whether a code of this time step may still be used: only once, and none before it."""
    with write_transaction(db):
        done = db.conn.execute(
            "UPDATE accounts SET totp_step = ? WHERE folded = ? AND totp_step < ?",
            (step, folded(name), step),
        )
    return int(done.rowcount) == 1


def missed(db: Database, name: str) -> int:
    """How many wrong codes there were in a row."""
    row = db.conn.execute(
        "SELECT missed FROM accounts WHERE folded = ?", (folded(name),)
    ).fetchone()
    return int(row[0]) if row else 0


def count_missed(db: Database, name: str) -> int:
    """One more wrong code in a row; gives how many there are now."""
    with write_transaction(db):
        db.conn.execute("UPDATE accounts SET missed = missed + 1 WHERE folded = ?", (folded(name),))
        return missed(db, name)


def forgive_missed(db: Database, name: str) -> None:
    """A right code ends the row of wrong ones."""
    with write_transaction(db):
        db.conn.execute("UPDATE accounts SET missed = 0 WHERE folded = ?", (folded(name),))


def set_recovery(db: Database, name: str, codes: Sequence[bytes]) -> None:
    """These recovery codes and no older ones."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM recovery WHERE account = ?", (folded(name),))
        db.conn.executemany(
            "INSERT INTO recovery (code, account) VALUES (?, ?)",
            [(code, folded(name)) for code in codes],
        )


def take_recovery(db: Database, name: str, codes: Sequence[bytes]) -> bool:
    """Spend the recovery code that hashes to one of ``codes`` (one for each server key)."""
    with write_transaction(db):
        done = [
            db.conn.execute(
                "DELETE FROM recovery WHERE code = ? AND account = ?", (code, folded(name))
            ).rowcount
            for code in codes
        ]
    return sum(done) > 0


def recovery_left(db: Database, name: str) -> int:
    """How many recovery codes are unspent."""
    row = db.conn.execute(
        "SELECT count(*) FROM recovery WHERE account = ?", (folded(name),)
    ).fetchone()
    return int(row[0])


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
    with write_transaction(db):
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
    with write_transaction(db):
        db.conn.execute("UPDATE sessions SET seen = ? WHERE id = ?", (int(now), key))


def end(db: Database, key: bytes) -> None:
    """This browser is signed out."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM sessions WHERE id = ?", (key,))


def end_all(db: Database, name: str, *, but: bytes = b"") -> None:
    """Every browser of the account is signed out, except ``but``."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM sessions WHERE account = ? AND id <> ?", (folded(name), but))


def purge(db: Database, *, began_before: float, seen_before: float) -> None:
    """Forget browsers whose time is over."""
    with write_transaction(db):
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
