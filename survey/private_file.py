"""Files that nobody but their owner reads, new ones and such as are replaced whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from survey.errors import Refusal


def new_private_file(path: Path, because: str) -> int:
    """Open a new file for its owner alone; return its handle. Raises Refusal, never overwrites.

    ``because`` says in a clause why an earlier file is not written over.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal(f"{path} is there already: {because}.") from None
    except OSError as error:
        raise Refusal(f"Cannot write {path}: {error.strerror}.") from None


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file, or replace it, so that it is on the disk whole or as it was. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
