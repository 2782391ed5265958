"""Comma-separated files as lines of cells; every way they can be wrong is one sentence."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from exports.refused import Refused

# What other programs put between cells, and how a person calls it.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def lines_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank: its number in the file (from 1) and its cells, as they stand.

    UTF-8 with or without a byte order mark, any line ends, quotes after RFC 4180. Raises Refused
    for a file that is missing, unreadable, not UTF-8 or broken in its quotes.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
    except UnicodeDecodeError:
        raise Refused(_wrong_encoding(path)) from None
    except csv.Error as fault:
        at = f"{path}, line {reader.line_num}"
        raise Refused(f"{at}: not readable as CSV ({fault}). Check the quotes there.") from None
    except OSError as fault:
        raise Refused(unreadable(path, fault)) from None


def unreadable(path: Path, fault: OSError) -> str:
    """Why a file cannot be opened, in a sentence."""
    if isinstance(fault, FileNotFoundError):
        return f"{path}: there is no such file."
    if isinstance(fault, IsADirectoryError):
        return f"{path} is a folder, not a file."
    return f"{path} cannot be read: {fault.strerror or fault}."


def refuse_other_separators(path: Path, first: list[str]) -> None:
    """Raises Refused where the first line reads as one cell full of another separator."""
    for mark, name in _OTHER_SEPARATORS.items():
        if len(first) == 1 and mark in first[0]:
            raise Refused(
                f"{path} is separated by {name}: save it as CSV with commas between the cells."
            )


def _wrong_encoding(path: Path) -> str:
    """Where the first byte that is not UTF-8 stands, counted from the start of the file."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{path} is UTF-16: save it as UTF-8."
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        return (
            f"{path} is not UTF-8: byte {fault.start + 1} (line {line}) is"
            f" 0x{content[fault.start]:02X}. Save it as UTF-8."
        )
    return f"{path} changed while it was read: try again."
