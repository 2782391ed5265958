"""Opening the files of an installation: one connection a thread a file, opened once and kept."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from survey.errors import StoreUnavailable
from survey.locks import TURN_SECONDS, Waiting, WriteLock, locked
from survey.storage.database import BUSY_SECONDS, Database
from survey.storage.schema import ANSWERS, DRAFTS, OFFICE

FILES = {"responses": ANSWERS, "pilot": ANSWERS, "drafts": DRAFTS, "office": OFFICE}

# Whole batches of arrivals fit on one such page, so that they take and free no pages: what pages
# are free, and in which order, would otherwise tell the order of arrival (reordering.py).
ANSWERS_PAGE = 16384

STORE_ROOM_BYTES = 16 * 1024 * 1024  # less free space than this on the disk is as good as none

SQLITE = (3, 37, 0)  # the first to know STRICT tables


def _connect(path: Path, name: str) -> Database:
    """Return a connection with its pragmas and tables, closed again where they fail."""
    # An existing file is not opened here: closing it again would drop SQLite's own locks on it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    path.chmod(0o600)  # -wal and -shm inherit it
    conn = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    db = Database(conn, recursive_triggers=False, execute_plugins=False)
    try:
        for pragma in _pragmas(name):
            conn.execute(f"PRAGMA {pragma}")
        if FILES[name].pending(db):
            FILES[name].apply(db)
            if name != "office":  # sqlite-utils notes when; a file of answers holds no time at all
                conn.execute("UPDATE _sqlite_migrations SET applied_at = ''")
    except sqlite3.Error:
        conn.close()
        raise
    return db


def _pragmas(name: str) -> Iterator[str]:
    if FILES[name] is ANSWERS:
        yield f"page_size={ANSWERS_PAGE}"  # only a new file takes it
    if FILES[name] is DRAFTS:
        yield "auto_vacuum=INCREMENTAL"  # a new file takes it, and one that is rewritten
    yield "journal_mode=WAL"
    # A draft need not survive a power cut, and the client waits for each page.
    yield f"synchronous={'OFF' if name == 'drafts' else 'FULL'}"
    yield "secure_delete=ON"
    yield "temp_store=MEMORY"  # no copy of an answer in a temporary file
    yield "cell_size_check=ON"
    yield "trusted_schema=OFF"


class Stores:
    """The files in ``folder``: ``responses``, ``pilot``, ``drafts`` and ``office``.

    Each gives the calling thread's own connection. Made after a process has forked, not before.
    Of ``threads`` that serve pages at most half wait long for a file that is being written. Raises
    StoreUnavailable where the folder or a file cannot be opened.
    """

    def __init__(self, folder: Path, *, threads: int = 4) -> None:
        self.folder = folder
        self._waiting = Waiting(threads // 2)
        self._mine = threading.local()
        self._open: weakref.WeakSet[Database] = weakref.WeakSet()
        self._opening = threading.Lock()
        self._turns: dict[str, WriteLock] = {}

    def _get(self, name: str) -> Database:
        db: Database | None = getattr(self._mine, name, None)
        return db if db is not None else self._first(name)

    def _first(self, name: str) -> Database:
        path = self.folder / f"{name}.db"
        if sqlite3.sqlite_version_info < SQLITE:
            raise StoreUnavailable(f"SQLite is {sqlite3.sqlite_version}; 3.37 or newer is needed.")
        with self._opening:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not any(self.folder.iterdir()):  # just made, or made for us
                    self.folder.chmod(0o700)
                with locked(
                    self.folder, seconds=TURN_SECONDS
                ) as handle:  # another process may start just now
                    if name not in self._turns:
                        self._turns[name] = WriteLock(self.folder / f"{name}.turn", self._waiting)
                    db = _connect(path, name)
                    os.fsync(handle)  # what was made in the folder is on the disk
            except (OSError, sqlite3.Error) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise StoreUnavailable(
                    f"Cannot open or write {path}: {reason}. Make the data folder writable for "
                    "this user, or name another in LACRIMA_DATA."
                ) from None
            db.turn = self._turns[name]
            self._open.add(db)
        setattr(self._mine, name, db)
        return db

    @property
    def responses(self) -> Database:
        """Real answers."""
        return self._get("responses")

    @property
    def pilot(self) -> Database:
        """Answers of pilots and simulations, never mixed with real ones."""
        return self._get("pilot")

    @property
    def drafts(self) -> Database:
        """Sealed drafts of people who are answering."""
        return self._get("drafts")

    @property
    def office(self) -> Database:
        """Accounts, approvals, releases: what staff do."""
        return self._get("office")

    def answers(self, *, pilot: bool) -> Database:
        """Return the file for the answers of a pilot, or of a real study."""
        return self.pilot if pilot else self.responses

    def writable(self) -> bool:
        """Return true when every file can be written now and the disk has room."""
        try:
            taken = all(self._takes(name) for name in FILES)
            room = os.statvfs(self.folder)
            return taken and room.f_bavail * room.f_frsize > STORE_ROOM_BYTES
        except (OSError, sqlite3.Error, StoreUnavailable):
            return False

    def _takes(self, name: str) -> bool:
        """Return true when a turn to write this file can be had."""
        db = self._get(name)
        with db.turn:
            db.conn.execute("BEGIN IMMEDIATE")
            db.rollback()
        # A file that was deleted takes what is written to it, and nobody ever sees it.
        return os.access(self.folder / f"{name}.db", os.W_OK)

    def close(self) -> None:
        """Close the connections of all threads; the next use opens anew."""
        with self._opening:
            self._mine = threading.local()
            while self._open:
                self._open.pop().close()
