"""Checks of the machine: a file system whose locks exclude, and a clock that goes on."""

from __future__ import annotations

import fcntl
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from survey.checks.finding import Asked, Finding, safe, unsafe
from survey.storage.identity import open_to_look

# File systems of another machine, or of a program: what they promise of locks is not kept.
FOREIGN = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "ceph", "gluster", "lustre", "ncp", "vboxsf")
CLOCK_GRACE_SECONDS = 300
LEAST_DESCRIPTORS = 160  # twice what a process takes for itself; with so many it recovers

# Tries both kinds of lock that are used here; prints for each whether it was had.
_TRY = """
import fcntl, sys
for take in (fcntl.flock, fcntl.lockf):
    with open(sys.argv[1], "r+b") as file:
        try:
            take(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("refused")
        else:
            print("had")
"""


def file_system(asked: Asked) -> Iterator[Finding]:
    """The data folder lies on a local disk."""
    folder = asked.config.data
    if not folder.is_dir():
        return
    kind = file_system_of(folder)
    if kind.lower().startswith(FOREIGN):
        yield unsafe(
            "file system",
            f"{folder} lies on {kind}, whose locks do not keep two writers apart.",
            "Move the data folder to a local disk, and name it in LACRIMA_DATA.",
        )
    else:
        yield safe("file system", f"{folder} lies on {kind or 'an unknown one'}.")


def file_system_of(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the kind of file system that a folder lies on; blank where that is not told."""
    where, best, kind = folder.resolve(), -1, ""
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].encode().decode("unicode_escape"))
        depth = len(point.parts)
        if depth >= best and where.is_relative_to(point):
            best, kind = depth, after.split()[0]
    return kind


def locks(asked: Asked) -> Iterator[Finding]:
    """Two processes cannot hold one lock in the data folder: tried, not believed."""
    folder = asked.config.data
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".locks-") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            exclude = tried(Path(file.name)) == ["refused", "refused"]
            why = "do not keep two processes apart"
        except OSError as error:
            exclude, why = False, f"cannot be had ({error.strerror})"
    if exclude:
        yield safe("locks", "two processes were tried against each other: they exclude.")
    else:
        yield unsafe(
            "locks",
            f"those of {folder} {why}: answers would be lost.",
            "Move the data folder to a local disk, and name it in LACRIMA_DATA.",
        )


def tried(path: Path) -> list[str]:
    """Return how another process fared that tried each kind of lock on a file."""
    command = [sys.executable, "-I", "-S", "-c", _TRY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return done.stdout.split()


def descriptors(_asked: Asked) -> Iterator[Finding]:
    """A process may open enough files: at its limit it takes no connection and opens no file."""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY or limit >= LEAST_DESCRIPTORS:
        yield safe("open files", "a process may have enough of them open.")
    else:
        yield unsafe(
            "open files",
            f"a process may have {limit} open at once, and a server needs {LEAST_DESCRIPTORS}.",
            f"Run: ulimit -n {LEAST_DESCRIPTORS} (here up to {most}), or LimitNOFILE= in systemd.",
        )


def clock(asked: Asked) -> Iterator[Finding]:
    """The clock has not gone back behind the last act in the record."""
    office = asked.config.data / "office.db"
    if not office.exists():
        return
    last = _last_act(office)
    if last is None or time.time() > last.timestamp() - CLOCK_GRACE_SECONDS:
        zone = datetime.now().astimezone().strftime("%H:%M, UTC%z")
        yield safe("clock", f"it is {zone} here; no act in the record is later.")
    else:
        yield unsafe(
            "clock",
            f"it stands before the last act in the record ({last.isoformat()}).",
            "Set the clock; approvals and retention hang on its date.",
        )


def _last_act(office: Path) -> datetime | None:
    try:
        with closing(open_to_look(office)) as conn:
            found = conn.execute("SELECT at FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return None  # what is wrong with the file, another check says
    return datetime.fromisoformat(found[0]) if found else None
