"""Noticing that a database file is no longer the one that this installation wrote last.

Threads keep their connections: a file that was deleted, replaced or overwritten by a copy would
take answers that nobody ever sees again. SQLite changes the file itself only when the log is
written back into it, which happens in one place (database.py); what the file looked like then
stands beside it, in a file that every process which has it open holds a shared lock on. At a quiet
time the SHA-256 of the whole file joins it: one that was only touched, or put back, is known by it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from survey.errors import StoreUnavailable

ENDING_SECONDS = 2.0  # how long a process may take to end once SQLite has closed its files
_ROOM = 120  # bytes of the note
_CHANGING = b"changing".ljust(_ROOM)
_DIGEST = 64  # bytes of a hash, in hexadecimal digits
_HASH = """
import hashlib, sys
with open(sys.argv[1], "rb") as file:
    sys.stdout.write(hashlib.file_digest(file, "sha256").hexdigest())
"""


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
                "in use: put the right file back, and start the server again. Where it is the same "
                "file with the same bytes, the server finds that out by itself within a minute."
            )

    def noted(self) -> bytes:
        """Return the note of what the file looked like when it was written last."""
        return os.pread(self._handle, _ROOM, 0)

    def unproved(self) -> bool:
        """Return whether the file is as noted, and its bytes at that time are not known yet."""
        noted = self.noted()
        known = os.pread(self._handle, _ROOM, _ROOM)
        return noted not in (b"", _CHANGING, known) and self.unchanged()

    def prove(self) -> None:
        """Note the hash of the file as it is noted; nothing where it changes meanwhile.

        It reads the whole file and keeps nobody from writing. Raises OSError.
        """
        noted, digest = self.noted(), self._digest()
        if digest and self._look() == noted == self.noted():
            os.pwrite(self._handle, noted + digest, _ROOM)

    def forget_proof(self) -> None:
        """Forget the hash: what is written next is not checked against the file before it is."""
        os.pwrite(self._handle, bytes(_ROOM), _ROOM)

    def same_bytes(self) -> bytes:
        """Return the look of a file that has another time than noted, and the very bytes.

        Nothing for any other file, or where its bytes were not known. Raises OSError.
        """
        noted, look = self.noted(), self._look()
        known = os.pread(self._handle, _ROOM + _DIGEST, _ROOM)
        same_file = look.split(b":")[:3] == noted.split(b":")[:3]
        # Hashed only where there is something to compare it with.
        if same_file and known[:_ROOM] == noted and known == noted + self._digest():
            return look if self.looks(look) else b""
        return b""

    def looks(self, look: bytes) -> bool:
        """Return whether the file looks so now. Raises FileNotFoundError."""
        return self._look() == look

    def _digest(self) -> bytes:
        """Return the hash of the file, by another process; nothing where that could not.

        Who closes a file loses all locks that SQLite has on it in the same process.
        """
        command = [sys.executable, "-I", "-S", "-c", _HASH, str(self.path)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ours
        return done.stdout if len(done.stdout) == _DIGEST else b""

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
