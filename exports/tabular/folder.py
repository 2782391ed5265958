"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exports.refused import Refused


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A hidden folder to write into, which becomes ``out`` when all went well, else disappears.

    Raises Refused where ``out`` is taken or cannot be written.
    """
    out = out.resolve()
    refuse_taken(out)
    home = next(parent for parent in out.parents if parent.exists())
    partial = home / f".{out.name}.{os.getpid()}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(out)
    except OSError as fault:
        raise Refused(f"{out} cannot be written: {fault.strerror or fault}.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_taken(out: Path) -> None:
    """Raises Refused unless ``out`` is a new name or an empty folder."""
    if out.is_dir():
        if any(out.iterdir()):
            raise Refused(f"{out} is not empty: name a new folder.")
    elif out.exists() or out.is_symlink():
        raise Refused(f"{out} is a file: name a new folder.")
