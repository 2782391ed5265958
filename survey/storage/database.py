"""One SQLite file as every store module sees it: a connection, its turn to write, its log."""

from __future__ import annotations

import fcntl
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Modules that look as if they were not installed while something else is imported."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None refuses an import
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


# sqlite-utils imports these wherever they are installed (pandas: 300 ms, 100 MB), for the types of
# values that we never store.
with _absent("pandas", "numpy"):
    import sqlite_utils
    from sqlite_utils.migrations import Migrations

__all__ = [
    "BUSY_SECONDS",
    "AnyDatabase",
    "Database",
    "Migrations",
    "quoted",
    "truncate_log",
    "write_transaction",
]

AnyDatabase = sqlite_utils.Database

BUSY_SECONDS = 10.0  # how long a writer waits for its turn among processes
LOG_BUSY_MS = 250  # truncating the log holds up writers while it waits for readers: not for long

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class WriteLock:
    """Whose turn it is to write a file, among all threads and processes of the installation.

    SQLite makes a second writer poll with growing sleeps, up to a tenth of a second, and one may
    starve; who waits here is woken at once. The system passes on the turn of a dead process.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except BaseException:  # Ctrl-C while waiting
            self._lock.release()
            raise

    def __exit__(self, *error: object) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._lock.release()

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            os.close(self._handle)


class Database(sqlite_utils.Database):
    """One thread's connection. All connections of a process to one file share its ``turn``."""

    turn: WriteLock

    def __del__(self) -> None:
        """Close the connection of a thread that has ended."""
        if hasattr(self, "conn"):
            self.conn.close()


def quoted(name: str) -> str:
    """``name`` as an SQL identifier. Raises ValueError for what no variable may be called."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a column or table: use letters, digits and _.")
    return f'"{name}"'


@contextmanager
def write_transaction(db: Database) -> Iterator[None]:
    """One transaction that has its turn to write from the first statement on.

    ``atomic()`` alone begins without it, and what read first would then be refused when another
    process wrote meanwhile; inside an open transaction it is a savepoint, as ever.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    with db.turn:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.conn.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise


def truncate_log(db: Database) -> bool:
    """Write the log back into the file and empty it; False when a reader was in the way."""
    with db.turn:
        db.conn.execute(f"PRAGMA busy_timeout={LOG_BUSY_MS}")
        try:
            busy: int = db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            db.conn.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    return not busy
