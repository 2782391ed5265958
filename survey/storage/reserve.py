"""Room on the disk that is kept back, so that what has to be deleted can be when it is full.

SQLite deletes by writing to its log first: on a full disk nothing could ever be deleted.
"""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 8 * 1024 * 1024
PLENTY_BYTES = 1024 * 1024 * 1024  # a disk with more room than this needs none kept back yet
NAME = "reserve.room"


def keep_reserve(folder: Path) -> None:
    """Keep the room back where it is short, but still there. Raises OSError."""
    disk = os.statvfs(folder)
    room = disk.f_bavail * disk.f_frsize
    if (folder / NAME).exists() or not 3 * RESERVE_BYTES <= room < PLENTY_BYTES:
        return
    making = folder / f".{NAME}"
    handle = os.open(making, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        os.posix_fallocate(handle, 0, RESERVE_BYTES)
    except BaseException:
        making.unlink()
        raise
    finally:
        os.close(handle)
    making.rename(folder / NAME)


def use_reserve(folder: Path) -> None:
    """Give the room to whoever deletes now; it is kept back again once there is some."""
    (folder / NAME).unlink(missing_ok=True)
