"""Locks on files and folders, held against all threads and processes, and work done once.

The system frees the lock of a process that died, so none of them can be left behind.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from survey.errors import StoreUnavailable

Made = TypeVar("Made")


POLL_SECONDS = 0.02  # between two looks at a lock that is seldom held


def acquire_lock(path: Path, *, wait: bool = True, seconds: float = float("inf")) -> int:
    """Return a handle that holds an exclusive lock on a folder, or on a file made for it.

    Closing the handle frees the lock. Raises BlockingIOError where another holds it, unless this
    call is to ``wait``, and still does after so many ``seconds``.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_CREAT | os.O_RDWR
    handle = os.open(path, flags, 0o600)
    latest = time.monotonic() + seconds
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not wait or time.monotonic() >= latest:
                    raise
                time.sleep(POLL_SECONDS)
    except BaseException:  # Ctrl-C while waiting, too
        os.close(handle)
        raise
    return handle


@contextmanager
def locked(path: Path, *, wait: bool = True, seconds: float = float("inf")) -> Iterator[int]:
    """Hold an exclusive lock, as ``acquire_lock`` takes it, until the block is left."""
    handle = acquire_lock(path, wait=wait, seconds=seconds)
    try:
        yield handle
    finally:
        os.close(handle)


def is_locked(path: Path) -> bool:
    """Return whether another process holds a lock on the file; False where there is no file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


TURN_SECONDS = 5.0  # a turn to write is waited for no longer: who asked is told so instead
GRACE_SECONDS = 1.0  # any thread may wait so long; only some of them may wait longer


class Waiting:
    """The threads of a process that wait long for a file: at most ``most`` at a time.

    The others are told at once, so that a file that is held keeps no page from being served.
    """

    def __init__(self, most: int) -> None:
        self._most, self._now = most, 0
        self._lock = threading.Lock()

    def full(self) -> bool:
        """Return whether so many wait already that nobody more may."""
        return self._now >= self._most

    @contextmanager
    def one_more(self) -> Iterator[bool]:
        """Count one more within the block; False, and not counted, where nobody more may."""
        with self._lock:
            if may := not self.full():
                self._now += 1
        try:
            yield may
        finally:
            if may:
                with self._lock:
                    self._now -= 1


class WriteLock:
    """The turn to write a database file, taken again and again through one open handle.

    SQLite makes a second writer poll with growing sleeps, up to a tenth of a second, and one may
    starve; a writer that waits here is woken at once. Raises StoreUnavailable where the turn was
    not had in five seconds, or sooner while too many wait.
    """

    def __init__(self, path: Path, waiting: Waiting) -> None:
        self._path, self._waiting = path, waiting
        self._handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        self._lock = threading.Lock()  # of this process's threads
        self._helped = threading.Condition()
        self._asking = self._wanted = self._had = False

    def __enter__(self) -> None:
        latest = time.monotonic() + TURN_SECONDS
        if not (self._lock.acquire(blocking=False) or self._within(self._lock_by, latest)):
            raise self._refused()
        try:
            had = self._take() or self._within(self._help_by, latest)
        except BaseException:  # Ctrl-C while waiting
            self._lock.release()
            raise
        if not had:
            self._lock.release()
            raise self._refused()

    def __exit__(self, *error: object) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._lock.release()

    def _refused(self) -> StoreUnavailable:
        file = self._path.with_suffix(".db")
        return StoreUnavailable(f"{file} was being written by another process for too long.")

    def _within(self, wait: Callable[[float], bool], latest: float) -> bool:
        """Wait for a moment, and longer where one more may: a full house waits for nothing."""
        grace = 0.0 if self._waiting.full() else GRACE_SECONDS
        if wait(min(grace, max(0.0, latest - time.monotonic()))):
            return True
        with self._waiting.one_more() as may:
            return may and wait(max(0.0, latest - time.monotonic()))

    def _lock_by(self, seconds: float) -> bool:
        return self._lock.acquire(timeout=seconds)

    def _take(self) -> bool:
        """Take the file's lock where nobody holds it."""
        with self._helped:
            if self._asking:
                return False
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _help_by(self, seconds: float) -> bool:
        """Wait so long for the file's lock, which a helper waits for without limit."""
        with self._helped:
            if not self._asking:
                self._asking = True
                threading.Thread(target=self._ask, daemon=True).start()
            self._wanted = True
            try:
                self._helped.wait_for(lambda: self._had, seconds)
                had, self._had = self._had, False
            except BaseException:
                if self._had:
                    fcntl.flock(self._handle, fcntl.LOCK_UN)
                raise
            finally:
                self._wanted = self._had = False
        return had

    def _ask(self) -> None:
        """Wait for the lock, and give it back where nobody wants it any more."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        with self._helped:
            self._asking, self._had = False, self._wanted
            if not self._wanted:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            self._helped.notify_all()

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            os.close(self._handle)


class OnceCache(Generic[Made]):
    """The ``most`` things made last in this process: each made once, and one at a time.

    Two threads that ask for the same would otherwise do the same long work side by side.
    """

    def __init__(self, most: int) -> None:
        self._made: OrderedDict[Hashable, Made] = OrderedDict()
        self._most, self._lock = most, threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``key`` stands for, made now unless it is remembered."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
            return self._made[key]
