"""Accounts of staff: names, roles, passwords (hashes), set-up links, second steps, sign-ins.

Tokens, codes and the secrets of browsers' cookies are stored as keyed hashes of 32 bytes: nothing
that is stored here can be typed in anywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from survey.errors import StoreError
from survey.storage.database import Database, NotFoundError, write_transaction

Role = Literal["researcher", "board"]
DEMO_PREFIX = "demo-"
LinkState = Literal["good", "spent", "expired", "unknown"]


class AccountExists(StoreError):
    """A name that another account has already, capitals apart."""


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


def folded(name: str) -> str:
    """Return ``name`` as it is compared: capitals and composed letters make no difference."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _account(row: Mapping[str, Any]) -> Account:
    return Account(
        name=row["name"],
        role=row["role"],
        made_at=row["made_at"],
        disabled=bool(row["disabled"]),
        has_password=bool(row["password"]),
        second_step=row["totp"] is not None,
        missed=row["missed"],
    )


def _row(db: Database, name: str) -> dict[str, Any] | None:
    return next(db.table("accounts").rows_where("folded = ?", [folded(name)]), None)


def _change(db: Database, name: str, **values: object) -> None:
    """Change an account, unless it was removed meanwhile."""
    with write_transaction(db), suppress(NotFoundError):
        db.table("accounts").update(folded(name), values)


def add(db: Database, *, name: str, role: Role, at: str) -> Account:
    """Add an account, which has no password yet, and return it. Raises AccountExists."""
    with write_transaction(db):
        if find(db, name):
            raise AccountExists(f"There is an account {name!r} already. `lacrima account list`.")
        db.table("accounts").insert(
            {"folded": folded(name), "name": name, "role": role, "made_at": at}
        )
    return Account(name, role, at, disabled=False, has_password=False, second_step=False)


def find(db: Database, name: str) -> Account | None:
    """Return the account of this name, however it is capitalised."""
    row = _row(db, name)
    return _account(row) if row else None


def listed(db: Database) -> list[Account]:
    """Return every account, by name."""
    return [_account(row) for row in db.table("accounts").rows_where(order_by="folded")]


def remove(db: Database, name: str) -> None:
    """Remove the account and all that belongs to it; its lines in the audit stay."""
    with write_transaction(db):
        _forget(db, name, "sessions", "setups", "assigned", "mail_addresses")
        db.table("accounts").delete_where("folded = ?", [folded(name)])


def disable(db: Database, name: str) -> None:
    """Refuse the account from now on, and sign it out everywhere."""
    with write_transaction(db):
        _forget(db, name, "sessions", "setups")
        _change(db, name, disabled=1)


def reset(db: Database, name: str) -> None:
    """Make the account as if just added: no password, second step, link or session; enabled."""
    with write_transaction(db):
        _forget(db, name, "sessions", "setups", "recovery")
        _change(db, name, disabled=0, password="", totp=None, totp_step=0, missed=0)


def _forget(db: Database, name: str, *tables: str) -> None:
    for table in tables:
        db.table(table).delete_where("account = ?", [folded(name)])


def password_of(db: Database, name: str) -> str:
    """Return the argon2 hash, or nothing where no password was set."""
    row = _row(db, name)
    return str(row["password"]) if row else ""


def set_password(db: Database, name: str, password: str) -> None:
    """Keep ``password``, an argon2 hash."""
    _change(db, name, password=password)


# Set-up links.


def issue_setup_link(db: Database, name: str, *, token: bytes, ends: int) -> None:
    """Keep one link for this account, good until epoch second ``ends``, and no older one."""
    with write_transaction(db):
        _forget(db, name, "setups")
        db.table("setups").insert(
            {"token": token, "account": folded(name), "ends": ends, "spent": 0}
        )


def setup(db: Database, token: bytes, now: float) -> tuple[LinkState, Account | None]:
    """Return the state of a link, and with a good one the account."""
    row = next(db.table("setups").rows_where("token = ?", [token]), None)
    if row is None:
        return "unknown", None
    if row["spent"]:
        return "spent", None
    return ("good", find(db, row["account"])) if now < row["ends"] else ("expired", None)


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
    """Return the sealed secret, or nothing."""
    row = _row(db, name)
    return bytes(row["totp"]) if row and row["totp"] is not None else b""


def set_totp(db: Database, name: str, sealed: bytes | None, *, step: int = 0) -> None:
    """Keep a sealed secret whose code of time step ``step`` was used; None takes it away.

    Wrong codes for another secret count no longer.
    """
    with write_transaction(db):
        _change(db, name, totp=sealed, totp_step=step, missed=0)
        if sealed is None:
            _forget(db, name, "recovery")


def take_step(db: Database, name: str, step: int) -> bool:
    """Use a code of this time step: only once, and none before it; False when it was too late."""
    with write_transaction(db):
        done = db.conn.execute(
            "UPDATE accounts SET totp_step = ? WHERE folded = ? AND totp_step < ?",
            (step, folded(name), step),
        )
    return int(done.rowcount) == 1


def missed(db: Database, name: str) -> int:
    """Return how many wrong codes there were in a row."""
    row = _row(db, name)
    return int(row["missed"]) if row else 0


def count_missed(db: Database, name: str) -> int:
    """Count one more wrong code in a row; return how many there are now."""
    with write_transaction(db):
        db.conn.execute("UPDATE accounts SET missed = missed + 1 WHERE folded = ?", (folded(name),))
        return missed(db, name)


def forgive_missed(db: Database, name: str) -> None:
    """End the row of wrong codes: a right one was given."""
    _change(db, name, missed=0)


def set_recovery(db: Database, name: str, codes: Sequence[bytes]) -> None:
    """Keep these recovery codes and no older ones."""
    with write_transaction(db):
        _forget(db, name, "recovery")
        db.table("recovery").insert_all({"code": code, "account": folded(name)} for code in codes)


def take_recovery(db: Database, name: str, codes: Sequence[bytes]) -> bool:
    """Spend the recovery code that hashes to one of ``codes`` (one for each server key)."""
    bound = [(code, folded(name)) for code in codes]
    there = "SELECT 1 FROM recovery WHERE code = ? AND account = ?"
    if not any(db.conn.execute(there, one).fetchone() for one in bound):
        return False  # as nearly every guess: no turn to write is taken for it
    sql = "DELETE FROM recovery WHERE code = ? AND account = ?"
    with write_transaction(db):
        return db.conn.executemany(sql, bound).rowcount > 0


def recovery_left(db: Database, name: str) -> int:
    """Return how many recovery codes are unspent."""
    return db.table("recovery").count_where("account = ?", [folded(name)])


# Browsers that are signed in.


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
    """Sign a browser in to the account of this name."""
    with write_transaction(db):
        db.table("sessions").insert(
            {"id": key, "account": folded(name), "began": int(now), "seen": int(now), "full": full}
        )


def load(db: Database, key: bytes) -> SignIn | None:
    """Return the browser filed under ``key``, unless signed out or its account disabled."""
    row = next(db.table("sessions").rows_where("id = ?", [key]), None)
    account = find(db, row["account"]) if row else None
    if row is None or account is None or account.disabled:
        return None
    return SignIn(account, row["began"], row["seen"], bool(row["full"]))


def seen(db: Database, key: bytes, now: float) -> None:
    """Note that the browser was active just now; it cannot have signed in later than that."""
    with write_transaction(db):
        db.conn.execute(
            "UPDATE sessions SET seen = :now, began = min(began, :now) WHERE id = :key",
            {"now": int(now), "key": key},
        )


def end(db: Database, key: bytes) -> None:
    """Sign this browser out."""
    with write_transaction(db):
        db.table("sessions").delete_where("id = ?", [key])


def end_all(db: Database, name: str, *, but: bytes = b"") -> None:
    """Sign every browser of the account out, except ``but``."""
    with write_transaction(db):
        db.table("sessions").delete_where("account = ? AND id <> ?", [folded(name), but])


def purge(db: Database, *, began_before: float, seen_before: float) -> None:
    """Forget browsers whose time is over."""
    with write_transaction(db):
        db.table("sessions").delete_where(
            "began < ? OR seen < ?", [int(began_before), int(seen_before)]
        )


def count(db: Database, name: str) -> int:
    """Return in how many browsers the account is signed in."""
    return db.table("sessions").count_where("account = ? AND full", [folded(name)])
