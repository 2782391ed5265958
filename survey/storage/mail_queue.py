"""Where notices to staff go, and those that wait to be sent.

A message is queued in the transaction of the act that it tells of, and goes once the mail server
has taken it: one that is away loses none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from survey.clock import iso_utc
from survey.storage import accounts
from survey.storage.database import Database, write_transaction


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A message to one address. ``tried`` is when last (epoch seconds, 0: never).

    ``failure`` says in a word why it could not be sent then, without an address.
    """

    number: int
    queued_at: str
    recipient: str
    subject: str
    body: str
    tried: float
    failure: str


def put(db: Database, recipient: str, subject: str, body: str) -> None:
    """Queue a message, inside the transaction under way or in one of its own."""
    with write_transaction(db):
        db.table("mail_queue").insert({
            "queued_at": iso_utc(), "recipient": recipient, "subject": subject, "body": body,
        })  # fmt: skip


def waiting(db: Database) -> list[QueuedMail]:
    """Return every message that was not taken yet, the oldest first."""
    found = db.table("mail_queue").rows_where(order_by="id")
    return [QueuedMail(number=row.pop("id"), **row) for row in found]


def remove(db: Database, number: int) -> None:
    """Forget a message."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM mail_queue WHERE id = ?", (number,))


def note_failure(db: Database, number: int, *, at: float, failure: str) -> None:
    """Keep when and why a message could not be sent."""
    with write_transaction(db):
        db.conn.execute(
            "UPDATE mail_queue SET tried = ?, failure = ? WHERE id = ?", (at, failure, number)
        )


def set_address(db: Database, account: str, address: str) -> None:
    """Send notices to this account to ``address`` from now on; to nowhere where it is empty."""
    name = accounts.folded(account)
    with write_transaction(db):
        db.conn.execute("DELETE FROM mail_addresses WHERE account = ?", (name,))
        if address:
            db.table("mail_addresses").insert({"account": name, "address": address})


def addresses(db: Database, names: Iterable[str]) -> list[str]:
    """Return where notices to these accounts go: of those that have an address and may sign in."""
    wanted = {accounts.folded(name) for name in names}
    barred = {accounts.folded(one.name) for one in accounts.listed(db) if one.disabled}
    found = db.table("mail_addresses").rows_where(order_by="account")
    return [row["address"] for row in found if row["account"] in wanted - barred]
