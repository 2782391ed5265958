"""Noticing that a database file is no longer the one that this installation wrote last.

Threads keep their connections: a file that was deleted, replaced or overwritten by a copy would
take answers that nobody ever sees again. SQLite changes the file itself only when the log is
written back into it, which happens in one place (database.py); what the file looked like then
stands beside it, in a file that every process which has it open holds a shared lock on.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from survey.errors import StoreUnavailable

ENDING_SECONDS = 2.0  # how long a process may take to end once SQLite has closed its files
_ROOM = 120  # bytes of the note
_CHANGING = b"changing".ljust(_ROOM)


class FileWatch:
    """What the file at ``path`` looks like against what was noted of it, by any process.

    ``alone``: whether no other had it open when this began; then it counts as it is. To be begun
    under a lock of the folder, and kept as long as a connection.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.log = path, path.with_name(f"{path.name}-wal")
        self._handle = os.open(path.with_suffix(".use"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.alone = True
        except BlockingIOError:
            self.alone = False
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            os.close(self._handle)

    def note(self) -> None:
        """Keep what the file looks like now. Raises FileNotFoundError."""
        os.pwrite(self._handle, self._look(), 0)

    def unchanged(self) -> bool:
        """Return whether nothing but this installation has changed the file."""
        while True:
            noted = os.pread(self._handle, _ROOM, 0)
            try:
                # A process that died while it wrote the log back leaves that word; others go on.
                if self._look() == noted or noted == _CHANGING:
                    return True
            except FileNotFoundError:
                return False
            if os.pread(self._handle, _ROOM, 0) == noted:  # or it was written back meanwhile
                return False

    def check(self) -> None:
        """Raise StoreUnavailable where the file is not the one that was written last."""
        if not self.unchanged():
            raise StoreUnavailable(
                f"{self.path} was taken away, replaced or changed by another program while it was "
                "in use: put the right file back, and start the server again."
            )

    def settle(self) -> None:
        """Check while others may be ending: a file as the last of them left it is ours.

        A process that ends without closing its stores has SQLite write the log back unnoted. To be
        called under the folder's lock. Raises StoreUnavailable.
        """
        until = time.monotonic() + ENDING_SECONDS
        while not self.unchanged() and time.monotonic() < until:
            if self._is_alone():
                self.note()
            else:
                time.sleep(ENDING_SECONDS / 100)
        self.check()

    def _is_alone(self) -> bool:
        """Return whether every other process has closed the file by now."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_SH)
        return True

    def check_log(self) -> None:
        """Raise StoreUnavailable where a log lies beside a file that was put there later.

        A copy may have another place: only its size and time of change are compared.
        """
        noted = os.pread(self._handle, _ROOM, 0)
        if not noted or noted == _CHANGING or not self.log.exists() or not self.log.stat().st_size:
            return
        if noted.split(b":")[2:] != self._look().split(b":")[2:]:
            raise StoreUnavailable(
                f"{self.log} is the log of another file than {self.path}, which was put there "
                "since: together they would be a blend of both. If the file is to stay, move its "
                f"-wal and -shm away, and {self.path.with_suffix('.use')} too."
            )

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Write to the file itself within, with the turn to write. Raises StoreUnavailable."""
        self.check()
        noted, before = os.pread(self._handle, _ROOM, 0), self.path.stat()
        os.pwrite(self._handle, _CHANGING, 0)
        try:
            yield
        finally:
            if self.path.exists() and os.path.samestat(self.path.stat(), before):
                self.note()
            else:  # replaced meanwhile: the note of ours stays
                os.pwrite(self._handle, noted, 0)

    def _look(self) -> bytes:
        seen = self.path.stat()
        look = f"{seen.st_dev}:{seen.st_ino}:{seen.st_size}:{seen.st_mtime_ns}"
        return look.encode().ljust(_ROOM)
