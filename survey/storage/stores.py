"""Opening the files of an installation: one connection a thread a file, opened once and kept."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from survey.errors import StoreUnavailable
from survey.locks import TURN_SECONDS, Waiting, WriteLock, locked
from survey.storage import versions
from survey.storage.database import BUSY_SECONDS, Database, write_back
from survey.storage.file_watch import FileWatch
from survey.storage.identity import (
    SHORT,
    identities_in,
    identity_of,
    keep_identity,
    new_identity,
)
from survey.storage.schema import ANSWERS, DRAFTS, OFFICE

FILES = {"responses": ANSWERS, "pilot": ANSWERS, "drafts": DRAFTS, "office": OFFICE}

# Whole batches of arrivals fit on one such page, so that they take and free no pages: what pages
# are free, and in which order, would otherwise tell the order of arrival (reordering.py).
ANSWERS_PAGE = 16384

STORE_ROOM_BYTES = 16 * 1024 * 1024  # less free space than this on the disk is as good as none

SQLITE = (3, 37, 0)  # the first to know STRICT tables


# What may be made anew where it is missing: nobody was told that it is kept.
PASSING = ("drafts", "pilot")


def _connect(path: Path, name: str) -> Database:
    """Return a connection with its pragmas, to a file that is there; closed again on a fault."""
    path.chmod(0o600)  # -wal and -shm inherit it
    conn = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    db = Database(conn, recursive_triggers=False, execute_plugins=False)
    try:
        for pragma in _pragmas(name):
            conn.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        conn.close()
        raise
    return db


def _migrate(db: Database, name: str, identity: str) -> None:
    """Bring the tables up to date, and write the installation's id where there is none."""
    if FILES[name].pending(db):
        FILES[name].apply(db)
        if name != "office":  # sqlite-utils notes when; a file of answers holds no time at all
            db.conn.execute("UPDATE _sqlite_migrations SET applied_at = ''")
    if not identity_of(db):
        keep_identity(db, identity)


def _make(path: Path, name: str, identity: str) -> None:
    """Make a new file with its tables: whole when it has its name, however this ends."""
    fresh = path.with_name(f".{path.name}.new")
    for left in path.parent.glob(f"{fresh.name}*"):  # by a process that died over it
        left.unlink()
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    db = _connect(fresh, name)
    db.conn.execute("PRAGMA synchronous=OFF")
    _migrate(db, name, identity)
    db.close()  # with it the log is written back and gone
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.rename(path)


def _pragmas(name: str) -> Iterator[str]:
    if FILES[name] is ANSWERS:
        yield f"page_size={ANSWERS_PAGE}"  # only a new file takes it
    if FILES[name] is DRAFTS:
        yield "auto_vacuum=INCREMENTAL"  # a new file takes it, and one that is rewritten
    yield "journal_mode=WAL"
    yield "wal_autocheckpoint=0"  # that is done where it is noted (database.py)
    # A draft need not survive a power cut, and the client waits for each page.
    yield f"synchronous={'OFF' if name == 'drafts' else 'FULL'}"
    yield "secure_delete=ON"
    yield "temp_store=MEMORY"  # no copy of an answer in a temporary file
    yield "cell_size_check=ON"
    yield "trusted_schema=OFF"


class Stores:
    """The files in ``folder``: ``responses``, ``pilot``, ``drafts`` and ``office``.

    Each gives the calling thread's own connection. Made after a process has forked, not before.
    Of the installation with this ``identity`` nothing is made that is missing, but for what passes
    (``PASSING``) and only while no other process has it open; without one, what is
    missing is made. Of ``threads`` that serve pages at most half wait long for a file that is being
    written. Raises StoreUnavailable where the folder or a file cannot be opened, or is of another
    installation.
    """

    def __init__(self, folder: Path, identity: str = "", *, threads: int = 4) -> None:
        self.folder = folder
        self._waiting = Waiting(threads // 2)
        self._identity, self._known = identity, bool(identity)
        self._mine = threading.local()
        self._open: weakref.WeakSet[Database] = weakref.WeakSet()
        self._opening = threading.Lock()
        self._turns: dict[str, WriteLock] = {}
        self._watches: dict[str, FileWatch] = {}
        # One connection a file that no thread takes with it: at the close of the last one SQLite
        # writes the log back, unnoted.
        self._kept: list[Database] = []

    def _get(self, name: str) -> Database:
        db: Database | None = getattr(self._mine, name, None)
        return db if db is not None else self._first(name)

    def _first(self, name: str) -> Database:
        path = self.folder / f"{name}.db"
        if sqlite3.sqlite_version_info < SQLITE:
            raise StoreUnavailable(f"SQLite is {sqlite3.sqlite_version}; 3.37 or newer is needed.")
        with self._opening:
            try:
                if not self._known:
                    self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    if not any(self.folder.iterdir()):  # just made, or made for us
                        self.folder.chmod(0o700)
                elif not self.folder.is_dir():  # a lock would make a file of its name
                    raise StoreUnavailable(
                        f"{self.folder} is no folder: put it back, or name the right one in "
                        "LACRIMA_DATA."
                    )
                with locked(
                    self.folder, seconds=TURN_SECONDS
                ) as handle:  # another process may start just now
                    if name not in self._turns:
                        self._begin(name, path)
                    db = self._connected(name, path)
                    os.fsync(handle)  # what was made in the folder is on the disk
            except (OSError, sqlite3.Error) as error:
                raise StoreUnavailable(cannot_use(path, error)) from None
            self._open.add(db)
        setattr(self._mine, name, db)
        return db

    def _begin(self, name: str, path: Path) -> None:
        """Open a file for the first time in this process: made, recognised, its look noted."""
        watch = FileWatch(path)
        if not path.exists():
            if self._known and not (watch.alone and name in PASSING):
                raise StoreUnavailable(
                    f"{path} is missing: the installation {self._identity[:SHORT]} has it. Put it "
                    "back, or name the right folder in LACRIMA_DATA."
                )
            _make(path, name, self._own_identity())
            watch.note()
        if not path.stat().st_size:
            raise StoreUnavailable(
                f"{path} is empty (0 bytes), and no file of ours: put it back from your backup."
            )
        if watch.alone:
            watch.check_log()
            watch.note()
        watch.settle()
        db = _connect(path, name)
        if watch.alone:
            watch.note()  # a copy that SQLite wrote has no log until it is opened here
        try:
            watch.settle()  # from here on no process that ends is the last to close it
            versions.check_known(db, FILES[name], path)
        except StoreUnavailable:
            db.close()
            raise
        held, ours = identity_of(db), self._own_identity()
        # A file of before there were ids is taken as ours while nobody uses it.
        if held != ours and (held or not (watch.alone or not self._known)):
            db.close()
            raise StoreUnavailable(
                f"{path} belongs to another installation ({held[:SHORT] or 'unnamed'}, not "
                f"{ours[:SHORT]}). Put the right file back, or name the right folder in "
                "LACRIMA_DATA and the right key in LACRIMA_KEY."
            )
        self._kept.append(db)
        self._watches[name] = watch
        self._turns[name] = WriteLock(self.folder / f"{name}.turn", self._waiting)
        db.turn, db.watch = self._turns[name], watch
        if name == "office":
            versions.keep_copy(db, FILES[name], path)
        _migrate(db, name, ours)
        if name != "drafts":
            versions.after_upgrade(db)

    def _connected(self, name: str, path: Path) -> Database:
        self._watches[name].check()
        db = _connect(path, name)
        db.turn, db.watch = self._turns[name], self._watches[name]
        db.keeps_endings = name == "responses"  # pilots are in no backup
        return db

    def _own_identity(self) -> str:
        """Return the id given, or that of the files there, or a new one."""
        if not self._identity:
            found = identities_in(self.folder).values()
            self._identity = next(filter(None, found), "") or new_identity()
        return self._identity

    @property
    def identity(self) -> str:
        """The id of this installation, 32 hexadecimal digits."""
        self._get("office")
        return self._identity

    def unchanged(self) -> bool:
        """Return whether no file in use here was taken away or changed; it waits for nothing."""
        return all(watch.unchanged() for watch in list(self._watches.values()))

    def check(self, name: str) -> None:
        """Raise StoreUnavailable where a file was taken away, replaced or changed by another."""
        self._get(name).watch.check()

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
        return db.watch.unchanged() and os.access(db.watch.path, os.W_OK)

    def close(self) -> None:
        """Close the connections of all threads; the next use opens anew."""
        with self._opening:
            self._mine = threading.local()
            for db in self._kept:
                with suppress(sqlite3.Error, StoreUnavailable):
                    write_back(db)  # nothing is left to be written when the last one closes
            while self._open:
                self._open.pop().close()
            while self._kept:
                self._kept.pop().close()
            self._turns.clear()
            self._watches.clear()


def cannot_use(path: Path, error: Exception) -> str:
    """Return the sentence on a file that cannot be opened: what is wrong, and what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return (
            f"{path} is damaged: {error}. Stop the server and put it back from your backup; "
            "`lacrima doctor` looks through every file."
        )
    reason = error.strerror if isinstance(error, OSError) else error
    if name == "SQLITE_FULL" or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return f"Cannot open or write {path}: {reason}. Free some room on its disk."
    if isinstance(error, OSError) and error.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
        return (
            f"Cannot lock {path}: {reason}. Its file system knows no locks: move the data folder "
            "to a local disk, and name it in LACRIMA_DATA."
        )
    return (
        f"Cannot open or write {path}: {reason}. Make the data folder writable for "
        "this user, or name another in LACRIMA_DATA."
    )
