"""A connection that reads a file's definitions and no answer.

SQLite asks an authorizer before a statement may touch anything, column by column, while it is
being prepared. Ours says no to all but reading the tables that are named; by default that is the
schema alone. So a page that works through this connection cannot show an answer or a count,
whatever mistake is made in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from survey.errors import StoreUnavailable
from survey.storage.database import AnyDatabase
from survey.storage.stores import FILES

SCHEMA = frozenset({"sqlite_master", "sqlite_schema"})


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A table, index, trigger or view that a file defines, with its SQL."""

    kind: str
    name: str
    sql: str


@contextmanager
def open_for_schema(path: Path, *, tables: frozenset[str] = SCHEMA) -> Iterator[sqlite3.Connection]:
    """Yield a connection to ``path`` that reads ``tables``; all else raises DatabaseError.

    Raises StoreUnavailable where the file cannot be opened; it names no path, since what is
    looked at here is shown to the public.
    """

    def allow(action: int, what: str | None, *_: str | None) -> int:
        # SQLITE_SELECT only begins a query; each column of it is asked for as SQLITE_READ.
        reads = action == sqlite3.SQLITE_READ and what in tables
        allowed = reads or action == sqlite3.SQLITE_SELECT
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    try:
        # Without mode=ro SQLite would make a file that is not there.
        conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        raise StoreUnavailable("The file cannot be looked at just now.") from None
    with closing(conn):
        conn.set_authorizer(allow)
        yield conn


def definitions(path: Path) -> tuple[SchemaObject, ...]:
    """Return everything that the file defines, by name, but for what SQLite makes by itself."""
    with open_for_schema(path) as conn:
        try:
            return _objects(conn)
        except sqlite3.Error:
            raise StoreUnavailable("The file cannot be looked at just now.") from None


@cache
def program_definitions(file: str) -> tuple[SchemaObject, ...]:
    """Return everything that this program defines in a new ``file`` before any study, by name."""
    db = AnyDatabase(memory=True, execute_plugins=False)
    FILES[file].apply(db)
    found = _objects(db.conn)
    db.close()
    return found


def _objects(conn: sqlite3.Connection) -> tuple[SchemaObject, ...]:
    found = conn.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    return tuple(sorted((SchemaObject(*row) for row in found if row[2]), key=lambda d: d.name))


def wordings(path: Path, study: str) -> dict[str, str]:
    """Return the canonical content of every archived wording by fingerprint (hex)."""
    with open_for_schema(path, tables=frozenset({"wordings"})) as conn:
        found = conn.execute("SELECT fingerprint, content FROM wordings WHERE study = ?", (study,))
        return {bytes(fingerprint).hex(): content for fingerprint, content in found.fetchall()}
