"""Tables and hierarchies of text files with separators."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.input_table import InputTable, ReadOptions, refuse_bad_names, table_of

# What other programs put between cells, and how a person calls it.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def lines_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank: its number in the file (from 1) and its cells, as they stand.

    UTF-8 with or without a byte order mark, any line ends, quotes after RFC 4180. Raise
    ExportRefused for a file that is missing, unreadable, not UTF-8 or broken in its quotes.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
    except UnicodeDecodeError:
        raise ExportRefused(_wrong_encoding(path)) from None
    except csv.Error as fault:
        at = f"{path}, line {reader.line_num}"
        raise ExportRefused(
            f"{at}: not readable as CSV ({fault}). Check the quotes there."
        ) from None
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None


def unreadable(path: Path, fault: OSError) -> str:
    """Return why a file cannot be opened, in a sentence."""
    if isinstance(fault, FileNotFoundError):
        return f"{path}: there is no such file."
    if isinstance(fault, IsADirectoryError):
        return f"{path} is a folder, not a file."
    return f"{path} cannot be read: {fault.strerror or fault}."


def refuse_other_separators(path: Path, first: list[str]) -> None:
    """Raise ExportRefused where the first line reads as one cell full of another separator."""
    for mark, name in _OTHER_SEPARATORS.items():
        if len(first) == 1 and mark in first[0]:
            raise ExportRefused(
                f"{path} is separated by {name}: save it as CSV with commas between the cells."
            )


def _wrong_encoding(path: Path) -> str:
    """Return where the first byte that is not UTF-8 stands, counted from the start of the file."""
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


# Lines read at a time: the text of a large file is never whole in Python's memory.
CHUNK = 20_000


def read_delimited(path: Path, _how: ReadOptions) -> InputTable:
    """Return the table of a CSV file."""
    lines = lines_of(path)
    _, names = next(lines, (0, []))
    refuse_other_separators(path, names)
    refuse_bad_names(path, names)
    chunks = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
    whole = _full(lines, path, len(names))
    while chunk := list(islice(whole, CHUNK)):
        columns = zip(names, zip(*chunk, strict=True), strict=True)
        chunks.append(pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in columns]))
    return InputTable(table_of(path, pl.concat(chunks)))


def _full(lines: Iterator[tuple[int, list[str]]], path: Path, width: int) -> Iterator[list[str]]:
    """The cells of each line, which are as many as there are columns."""
    for number, cells in lines:
        if len(cells) != width:
            raise ExportRefused(
                f"{path}, line {number}: {len(cells)} cells where the header names {width} columns."
            )
        yield cells
