"""Files that are begun for a researcher to edit: new ones only, readable by their owner alone."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable
from itertools import count
from pathlib import Path

MODE = 0o600
LONGEST_NAME = 80  # letters, so that endings fit into the 255 bytes of a file's name


def stem_of(column: str) -> str:
    """Return a column's name as the beginning of a file's name on any system."""
    return re.sub(r"[^\w-]+", "_", column)[:LONGEST_NAME].strip("_") or "column"


def write_new(path: Path, content: str) -> None:
    """Write a file that did not exist. Raise OSError, FileExistsError among them."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(content)


def write_beside(folder: Path, stem: str, content: str) -> Path:
    """Write ``stem``.csv or, where that is taken, ``stem``-2.csv and so on; return its path."""
    for number in count(1):
        path = folder / f"{stem}{f'-{number}' * (number > 1)}.csv"
        try:
            write_new(path, content)
        except FileExistsError:
            continue
        return path
    raise AssertionError


def hierarchy_text(lines: Iterable[Iterable[str]]) -> str:
    """Return the lines of a hierarchy as CSV, each value exactly as it stands in the data."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()
