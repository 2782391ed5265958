"""Checks of the data folder: whose it is, who may read it, whether every file is ours and whole."""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from survey.checks.finding import Asked, Finding, safe, told, unsafe
from survey.clock import iso_utc
from survey.data_folder import is_there, open_data
from survey.errors import StoreError
from survey.storage.duties import read_duties
from survey.storage.identity import (
    NAMES,
    SHORT,
    identity_beside,
    identity_in,
    identity_path,
    open_to_look,
)
from survey.storage.stores import PASSING, STORE_ROOM_BYTES, cannot_use

ROOM_FOR_COPIES = 2  # a file is rewritten beside itself, and its log holds it once more


def there(asked: Asked) -> Iterator[Finding]:
    """The settings name an installation."""
    config = asked.config
    if is_there(config):
        yield safe("installation", f"in {config.data.absolute()}.")
    else:
        yield unsafe(
            "installation",
            f"there is none in {config.data.absolute()}: no server key at {config.key} and no "
            "database.",
            "Name its folder in LACRIMA_DATA; `lacrima key new` begins one.",
        )


def modes(asked: Asked) -> Iterator[Finding]:
    """Nobody else may read the data folder or a file in it that holds what people said."""
    folder = asked.config.data
    if not folder.is_dir():
        return
    if folder.stat().st_mode & 0o077:
        yield unsafe("LACRIMA_DATA", f"{folder} is open to others.", f"Run: chmod 700 {folder}")
    loose = [p for p in _ours(folder) if p.is_file() and p.stat().st_mode & 0o077]
    if loose:
        names = " ".join(map(str, loose))
        yield unsafe("file modes", f"{names} can be read by others.", f"Run: chmod 600 {names}")
    else:
        yield safe("file modes", "no database can be read by others.")


def owners(asked: Asked) -> Iterator[Finding]:
    """Every file is of the user who runs this: one of another's cannot be written."""
    folder = asked.config.data
    if not folder.is_dir():
        return
    here = os.geteuid()
    others = {p: p.stat().st_uid for p in (folder, *_ours(folder)) if p.stat().st_uid != here}
    if others:
        first, uid = next(iter(others.items()))
        more = f" and {len(others) - 1} more" * (len(others) > 1)
        yield unsafe(
            "owners",
            f"{first}{more} belong{'s' * (not more)} to {user(uid)}, while this runs as "
            f"{user(here)}.",
            f"Run it as the owner of {folder}, or give all files to one user with chown.",
        )
    else:
        yield safe("owners", f"all files belong to {user(here)}.")


def user(uid: int) -> str:
    """Return a user of the system in words; a uid without a name is one too."""
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return f"uid {uid}"


def _ours(folder: Path) -> list[Path]:
    """Return the files and folders that the program itself writes in the data folder."""
    kinds = ("*.db", "*.db-wal", "*.db-shm", "*.turn", "*.use", "*.lock", "server.key", "server.id")
    found = [path for kind in kinds for path in folder.glob(kind)]
    found += [p for name in ("approved", "releases", "work") for p in folder.glob(name)]
    return sorted(found)


def identity(asked: Asked) -> Iterator[Finding]:
    """All files are of the installation whose id stands beside the key."""
    config = asked.config
    ours = identity_beside(config.key)
    held: dict[str, str | None] = {}
    for name in NAMES:
        path = config.data / f"{name}.db"
        try:
            empty = path.exists() and not path.stat().st_size
            held[name] = identity_in(path)
        except (OSError, sqlite3.Error) as error:
            yield unsafe("installation id", cannot_use(path, error))
            continue
        if empty:
            yield unsafe(
                "installation id", f"{path} is empty (0 bytes).", "Put back the right one."
            )
        elif held[name] is None and ours and name not in PASSING:
            yield unsafe("installation id", f"{path} is missing.", "Put it back from a backup.")
        elif held[name] and ours and held[name] != ours:
            yield unsafe(
                "installation id",
                f"{path} belongs to another installation ({(held[name] or '')[:SHORT]}, not "
                f"{ours[:SHORT]}).",
                "Put the right file back.",
            )
    if ours and all(held.get(name) in (ours, None) for name in NAMES):
        yield safe("installation id", f"{ours[:SHORT]}, in every file and beside the key.")
    elif not ours and any(held.values()):
        yield told(
            "installation id",
            f"it stands in the files, but not at {identity_path(config.key)}.",
            "Let this user write there once, so that a wrong LACRIMA_DATA is noticed.",
        )


def whole(asked: Asked) -> Iterator[Finding]:
    """No page of a database is damaged, as far as SQLite's quick check can tell."""
    damaged = []
    for name in NAMES:
        path = asked.config.data / f"{name}.db"
        if path.exists() and path.stat().st_size and (fault := _fault(path)):
            damaged.append(path)
            yield unsafe(
                "quick check",
                f"{path} is damaged: {fault}.",
                "Stop the server and put it back from a backup.",
            )
    if not damaged:
        yield safe("quick check", "no database is damaged.")


def _fault(path: Path) -> str:
    try:
        with closing(open_to_look(path)) as conn:
            said = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        return str(error)
    return "" if said == "ok" else str(said).splitlines()[0]


def room(asked: Asked) -> Iterator[Finding]:
    """The disk has room for the largest file to be rewritten."""
    folder = asked.config.data
    if not folder.is_dir():
        return
    largest = max((p.stat().st_size for p in folder.glob("*.db")), default=0)
    needed = max(STORE_ROOM_BYTES, ROOM_FOR_COPIES * largest)
    free = shutil.disk_usage(folder).free
    megabytes = 1024 * 1024
    said = f"{free // megabytes} MB free, {-(-needed // megabytes)} MB needed to rewrite a file."
    if free > needed:
        yield safe("disk", said)
    elif free > STORE_ROOM_BYTES:
        yield told("disk", said, "Free some: what is deleted stays in the file until then.")
    else:
        yield unsafe("disk", said, "Free some: nothing can be stored.")


def opened(asked: Asked) -> Iterator[Finding]:
    """The files can be opened, and written."""
    try:
        stores = open_data(asked.config)
        writable = stores.writable()
        stores.close()
    except StoreError as error:
        yield unsafe("files", str(error))
        return
    if writable:
        yield safe("files", "can be written: fine.")
    else:
        yield unsafe("files", f"those in {asked.config.data} cannot be written.")


def duties(asked: Asked) -> Iterator[Finding]:
    """The server that runs, or ran last, did what it owes: deletions, purges, rewriting."""
    found = read_duties(asked.config.data)
    late = found.late(time.time())
    for what in late:
        since = iso_utc(found.failing[what])
        yield unsafe("duties", f"the server could not {what} since {since}.", "See its journal.")
    if found.seen and not late:
        yield safe("duties", f"none is late; looked at last at {iso_utc(found.seen)}.")
