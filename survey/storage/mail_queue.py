"""Mail that waits to be sent: put there in the transaction of the act that it tells of.

A message goes once the mail server has taken it. Until then a server that is away loses none.
"""

from __future__ import annotations

from dataclasses import dataclass

from survey.clock import iso_utc
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
