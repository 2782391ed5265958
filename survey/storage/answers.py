"""Answers that were sent, each taken in one durable transaction.

Works alike for responses.db and pilot.db. Nothing stored says when or after whom an answer came.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from secrets import token_bytes

from survey.errors import CodeNotAllowed, InvitationSpent
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.reordering import ARRIVAL_BATCH, merge_arrivals, waiting
from survey.storage.schema import ARRIVING, ROW_KEY_BYTES


@dataclass(frozen=True, slots=True)
class Text:
    """A text kept apart from the row. No key joins the two, nor two texts of one person."""

    study: str
    variable: str
    lang: str | None
    c_quote: int
    deletion: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Response:
    """One answer as it is stored; ``values`` holds a code (or text) for each column of ``table``.

    ``submit`` is the keyed hash of the draft's submit token, ``invitation`` that of the code,
    ``promised`` the ISO dates by fact that its words told.
    """

    study: str
    table: str
    fingerprint: bytes
    lang: str
    c_open: int
    completion: int
    dur_band: int
    deletion: bytes
    values: Mapping[str, int | str]
    texts: tuple[Text, ...]
    submit: bytes
    invitation: bytes | None
    promised: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=64)
def _row_sql(table: str, variables: tuple[str, ...]) -> str:
    names = ("key", "fingerprint", "lang", "c_open", "completion", "dur_band", "deletion")
    columns = ", ".join(map(quoted, (*names, *variables)))
    marks = ", ".join("?" * (len(names) + len(variables)))
    return f"INSERT INTO {quoted(ARRIVING + table)} ({columns}) VALUES ({marks})"


_CLAIM = """
    INSERT INTO arriving_accepted
    SELECT :token WHERE NOT EXISTS (SELECT 1 FROM accepted WHERE value = :token)
    ON CONFLICT DO NOTHING
"""
_PROMISE = "INSERT INTO promised VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_TEXT = """
    INSERT INTO arriving_texts (key, study, variable, lang, c_quote, deletion, text)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""


def accept(db: Database, response: Response, *, draw: Callable[[int], bytes] = token_bytes) -> bool:
    """Store an answer, once; durable when this returns. False when it was stored before.

    Raises InvitationSpent or CodeNotAllowed with nothing stored. ``draw`` gives random bytes.
    """
    try:
        with write_transaction(db):
            if not _claimed(db, response.submit, response.invitation):
                return False
            _insert(db, response, draw)
            arrived = waiting(db)
    except sqlite3.IntegrityError as error:  # it names the column, never the value
        raise CodeNotAllowed(f"The answer was not stored: {error}.") from None
    except (sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError, UnicodeError):
        raise CodeNotAllowed("The answer was not stored: a value is no code or text.") from None
    if arrived >= ARRIVAL_BATCH:
        # The answer is safe already: what fails here is done by the next one, or by the keeper.
        with suppress(sqlite3.Error):
            merge_arrivals(db)
    return True


def discard(db: Database, submit: bytes, invitation: bytes | None) -> bool:
    """Take an answer of which nothing is to be stored: only its token, and its invitation is spent.

    False when it was taken before. Raises InvitationSpent.
    """
    with write_transaction(db):
        return _claimed(db, submit, invitation)


def _claimed(db: Database, submit: bytes, invitation: bytes | None) -> bool:
    """Take the token and spend the invitation, within a transaction; False for a second time."""
    # The token first: a submit that is repeated must not find its own invitation spent.
    if not db.conn.execute(_CLAIM, {"token": submit}).rowcount:
        return False
    spend = "DELETE FROM invitations WHERE code = ?"
    if invitation is not None and not db.conn.execute(spend, (invitation,)).rowcount:
        raise InvitationSpent("This invitation has been used already.")
    return True


def _insert(db: Database, response: Response, draw: Callable[[int], bytes]) -> None:
    r = response
    db.conn.execute(
        _row_sql(r.table, tuple(r.values)),
        (draw(ROW_KEY_BYTES), r.fingerprint, r.lang, r.c_open, r.completion, r.dur_band, r.deletion,
         *r.values.values()),
    )  # fmt: skip
    db.conn.executemany(_PROMISE, ((r.study, fact, day) for fact, day in r.promised.items()))
    # Keys drawn anew: nothing joins a text to its row, nor two texts of one person.
    for t in r.texts:
        db.conn.execute(
            _TEXT,
            (draw(ROW_KEY_BYTES), t.study, t.variable, t.lang, t.c_quote, t.deletion, t.text),
        )


_TOKENS = "SELECT value FROM accepted UNION ALL SELECT value FROM arriving_accepted"


def was_accepted(db: Database, submit: bytes) -> bool:
    """Return true when the answer with this submit token arrived and is not yet forgotten."""
    sql = f"SELECT EXISTS (SELECT 1 FROM ({_TOKENS}) WHERE value = ?)"
    return bool(db.conn.execute(sql, (submit,)).fetchone()[0])


def forget_accepted(db: Database, live: Callable[[], Collection[bytes]]) -> int:
    """Delete every submit token that is not ``live``; return how many.

    ``live`` is asked only after the tokens were read: whoever sends meanwhile is not forgotten.
    Settles first, because answers that wait are counted by their tokens.
    """
    merge_arrivals(db)
    known = {value for (value,) in db.conn.execute(_TOKENS).fetchall()}
    gone = sorted(known.difference(live())) if known else []
    if not gone:
        return 0
    with write_transaction(db):
        if waiting(db):  # somebody sent meanwhile: the next round forgets
            return 0
        for table in ("accepted", ARRIVING + "accepted"):
            db.conn.executemany(f"DELETE FROM {table} WHERE value = ?", ((v,) for v in gone))
        db.conn.execute("UPDATE levelling SET resting = (SELECT count(*) FROM arriving_accepted)")
    return len(gone)
