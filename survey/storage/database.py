"""One SQLite file as every store module sees it: a connection, its turn to write, its log."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from survey.locks import WriteLock
from survey.memory import give_back_memory
from survey.storage.file_watch import FileWatch


@contextmanager
def _without_numpy() -> Iterator[None]:
    absent = "numpy" not in sys.modules
    if absent:
        sys.modules["numpy"] = None  # type: ignore[assignment]  # None refuses an import
    try:
        yield
    finally:
        if absent:
            del sys.modules["numpy"]


# sqlite-utils imports numpy where it is installed, for types of values that are never stored here:
# 50 ms and 12 MB in every process of a server that touches no row.
with _without_numpy():
    import sqlite_utils
    from sqlite_utils.db import NotFoundError
    from sqlite_utils.migrations import Migrations

__all__ = ["AnyDatabase", "Database", "Migrations", "NotFoundError"]

AnyDatabase = sqlite_utils.Database

BUSY_SECONDS = 5.0  # how long a writer waits for a program that takes no turn (survey/locks.py)
LOG_BYTES = 4 * 1024 * 1024  # a log of so much is written back after a transaction
LOG_BUSY_MS = 250  # truncating the log holds up writers while it waits for readers: not for long

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Database(sqlite_utils.Database):
    """One thread's connection. Those of a process to one file share its ``turn`` and ``watch``."""

    turn: WriteLock
    keeps_endings = False  # whether what is deleted by code is kept for the endings list
    watch: FileWatch

    def __del__(self) -> None:
        """Close the connection of a thread that has ended."""
        if hasattr(self, "conn"):
            self.conn.close()


def quoted(name: str) -> str:
    """Return ``name`` as an SQL identifier. Raises ValueError for what none may be called."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a column or table: use letters, digits and _.")
    return f'"{name}"'


@contextmanager
def write_transaction(db: Database) -> Iterator[None]:
    """Begin one transaction that has its turn to write from the first statement on.

    ``atomic()`` alone begins without it, and what read first would then be refused when another
    process wrote meanwhile; inside an open transaction it is a savepoint, as ever. Raises
    StoreUnavailable where the file was taken away, replaced or changed by another program.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    with db.turn:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.watch.check()
            db.conn.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise
        db.watch.check()  # what was written while the file was being replaced is not kept
        if db.watch.log.stat().st_size > LOG_BYTES:
            _checkpoint(db, "PASSIVE")


def truncate_log(db: Database) -> bool:
    """Write the log back into the file and empty it; False when a reader was in the way."""
    with db.turn:
        db.conn.execute(f"PRAGMA busy_timeout={LOG_BUSY_MS}")
        try:
            busy = _checkpoint(db, "TRUNCATE")
        finally:
            db.conn.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    # What led here has read pages of answers, which this process would otherwise keep.
    db.conn.execute("PRAGMA shrink_memory")
    give_back_memory()
    return not busy


def vacuum(db: Database) -> None:
    """Rewrite the whole file in one go. Raises StoreUnavailable where it is not ours any more."""
    with db.turn:
        db.watch.forget_proof()
        db.watch.check()
        db.conn.execute("VACUUM")


def accept_touched(db: Database) -> bool:
    """Go on with a file that another program touched, where every byte of it is as it was.

    False where it is another file, or other bytes: then nobody writes to it. Raises OSError.
    """
    if not (look := db.watch.same_bytes()):
        return False
    where = f"{db.watch.path.resolve().as_uri()}?mode=rw"
    with db.turn, closing(sqlite3.connect(where, uri=True, isolation_level=None)) as fresh:
        fresh.execute("PRAGMA wal_autocheckpoint=0")
        fresh.execute("BEGIN IMMEDIATE")
        # A commit has every connection drop the pages that it keeps, which may have been read from
        # other bytes that lay there meanwhile. This connection has none.
        (version,) = fresh.execute("PRAGMA user_version").fetchone()
        fresh.execute(f"PRAGMA user_version={version}")
        if not db.watch.looks(look):
            return False
        fresh.execute("COMMIT")
        db.watch.note()
        return db.watch.looks(look)


def write_back(db: Database) -> None:
    """Write the log back into the file as far as no reader is in the way."""
    with db.turn:
        _checkpoint(db, "PASSIVE")


def _checkpoint(db: Database, how: str) -> bool:
    """Change the file itself, which is done here alone; return whether a reader was in the way."""
    with db.watch.changing():
        busy: int = db.conn.execute(f"PRAGMA wal_checkpoint({how})").fetchone()[0]
    return bool(busy)
