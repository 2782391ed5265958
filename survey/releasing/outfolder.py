"""The folder that a release is written into: all of it at once, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from survey.errors import Refusal


def check_folder(out: Path) -> None:
    """Raises Refusal unless ``out`` is new or empty."""
    if out.is_dir() and any(out.iterdir()):
        raise Refusal(f"{out} is not empty: a release is written into a folder of its own.")
    if out.exists() and not out.is_dir():
        raise Refusal(f"{out} is a file: name a folder for the release.")


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """A hidden folder next to ``out``, on the same disk, gone afterwards."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise Refusal(f"Cannot write to {out}: {error.strerror}.") from None
    try:
        yield folder
    except OSError as error:
        raise Refusal(f"Cannot write to {out}: {error.strerror}. Nothing was kept.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
