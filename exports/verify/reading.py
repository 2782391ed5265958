"""Reads a written CSV once, block by block, into columns of small numbers.

Memory follows the number of different cells and one to four bytes a cell, not the size of the file:
a block is parsed, numbered and let go.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from exports.verify.coded import Coded, Codes, named, small
from exports.verify.lines import Broken, check_records, whole_records

BLOCK = 8 << 20  # bytes read at a time
BOM = b"\xef\xbb\xbf"


def _blocks(file: BinaryIO, begun: bytes, size: int) -> Iterator[bytes]:
    """What is left of ``file`` after ``begun``, cut at the ends of records."""
    rest = begun
    while more := file.read(size):
        rest += more
        if cut := whole_records(rest):
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _header(block: bytes) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and the bytes they take."""
    end = block.find(b"\n") + 1 or len(block)
    while block.count(b'"', 0, end) % 2 and end < len(block):
        end = block.find(b"\n", end) + 1 or len(block)
    try:
        text = block[:end].decode("utf-8")
    except UnicodeDecodeError:
        raise Broken("line 1 is not UTF-8 text") from None
    names = tuple(next(csv.reader(io.StringIO(text, newline="")), ()))
    check_records(block[:end], len(names), first=1)
    return names, end


def _check_names(names: tuple[str, ...]) -> None:
    if "" in names:
        raise Broken(f"column {names.index('') + 1} has no name")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Broken("two columns have the name " + ", ".join(twice))


class _Growing:
    """A column while the blocks come in."""

    def __init__(self) -> None:
        self.dtype = pl.Categorical(pl.Categories.random())
        # polars forgets the texts behind the numbers once no series of the type is left.
        self._kept = pl.Series(dtype=self.dtype)
        self._parts: list[Codes] = []

    def take(self, series: pl.Series) -> None:
        """One more block of the column. Number 0 stands for the empty cell, which polars nulls."""
        if series.null_count():
            codes = series.fill_null(0).to_numpy() + 1
            codes[series.is_null().to_numpy()] = 0
        else:
            codes = series.to_numpy() + 1
        self._parts.append(small(codes, int(codes.max(initial=0)) + 1))

    def whole(self) -> Coded:
        """The column, all blocks in."""
        codes = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.uint8)
        self._parts.clear()
        return named(codes, self.dtype)


def _parse(block: bytes, columns: dict[str, _Growing]) -> pl.DataFrame:
    # The parser sees positions for names: no header can confuse it.
    schema = {str(at): column.dtype for at, column in enumerate(columns.values())}
    frame = pl.read_csv(block, has_header=False, schema=schema, empty_string_is_null=False)
    return frame.select(pl.all().to_physical())


def _read(file: BinaryIO, size: int) -> dict[str, Coded]:
    begun = file.read(max(size, len(BOM))).removeprefix(BOM)
    while not whole_records(begun) and (more := file.read(size)):
        begun += more
    if not begun.strip():
        raise Broken("the file is empty")
    names, at = _header(begun)
    _check_names(names)
    columns = {name: _Growing() for name in names}
    line = 1 + begun.count(b"\n", 0, at)
    for block in _blocks(file, begun[at:], size):
        records = check_records(block, len(names), first=line)
        frame = _parse(block, columns)
        if frame.height != records:
            raise Broken(f"the lines from {line} on can be read in more than one way")
        for column, series in zip(columns.values(), frame, strict=True):
            column.take(series)
        line += block.count(b"\n")
    return {name: column.whole() for name, column in columns.items()}


def read_table(path: Path, *, block: int = BLOCK) -> dict[str, Coded]:
    """Column → its cells, in file order. ``block`` is the number of bytes held at a time.

    Raises Broken, naming line or column, for what is no table.
    """
    try:
        with path.open("rb") as file:
            return _read(file, block)
    except OSError as error:
        raise Broken(f"it cannot be read: {error.strerror}") from None
