"""Locks on files and folders, held against all threads and processes, and work done once.

The system frees the lock of a process that died, so none of them can be left behind.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

Made = TypeVar("Made")


def acquire_lock(path: Path, *, wait: bool = True) -> int:
    """Return a handle that holds an exclusive lock on a folder, or on a file made for it.

    Closing the handle frees the lock. Raises BlockingIOError where another holds it, unless this
    call is to ``wait``.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_CREAT | os.O_RDWR
    handle = os.open(path, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:  # Ctrl-C while waiting, too
        os.close(handle)
        raise
    return handle


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold an exclusive lock, as ``acquire_lock`` takes it, until the block is left."""
    handle = acquire_lock(path, wait=wait)
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


class WriteLock:
    """The turn to write a database file, taken again and again through one open handle.

    SQLite makes a second writer poll with growing sleeps, up to a tenth of a second, and one may
    starve; a writer that waits here is woken at once.
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
