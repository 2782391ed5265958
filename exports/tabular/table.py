"""A table to protect, read from CSV, SPSS or Parquet: every cell is text, a missing one is null.

Numbers read as people write them (39, not 39.0; 4.5), dates as ISO 8601, truth as true and false.
A value of an SPSS file is its code, not its label; codes that SPSS calls missing stay codes. Every
way in which a file can be wrong is one sentence.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.errors import ExportRefused

# What other programs put between cells, and how a person calls it.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def lines_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank: its number in the file (from 1) and its cells, as they stand.

    UTF-8 with or without a byte order mark, any line ends, quotes after RFC 4180. Raise Refused
    for a file that is missing, unreadable, not UTF-8 or broken in its quotes.
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


def read_table(path: Path) -> pl.DataFrame:
    """Return the table of a .csv, .sav, .zsav or .parquet file, all columns String.

    Raise ExportRefused for a file that cannot be read and for columns without a name or twice.
    """
    if path.is_dir():
        raise ExportRefused(f"{path} is a folder, not a file.")
    if not path.exists():
        raise ExportRefused(f"{path}: there is no such file.")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise ExportRefused(
            f"{path}: only {known} files can be read; save the table as one of these."
        )
    try:
        return reader(path)
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None


def _read_csv(path: Path) -> pl.DataFrame:
    lines = lines_of(path)
    _, names = next(lines, (0, []))
    refuse_other_separators(path, names)
    _refuse_bad_names(path, names)
    chunks = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
    whole = _full(lines, path, len(names))
    while chunk := list(islice(whole, CHUNK)):
        columns = zip(names, zip(*chunk, strict=True), strict=True)
        chunks.append(pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in columns]))
    return _nulled(pl.concat(chunks))


def _full(lines: Iterator[tuple[int, list[str]]], path: Path, width: int) -> Iterator[list[str]]:
    """The cells of each line, which are as many as there are columns."""
    for number, cells in lines:
        if len(cells) != width:
            raise ExportRefused(
                f"{path}, line {number}: {len(cells)} cells where the header names {width} columns."
            )
        yield cells


def _read_sav(path: Path) -> pl.DataFrame:
    import pyreadstat

    try:
        columns, about = pyreadstat.read_sav(str(path), user_missing=True, output_format="dict")
    except Exception as fault:  # the library names its own errors only in C
        raise ExportRefused(f"{path} cannot be read as an SPSS file: {fault}.") from None
    _refuse_bad_names(path, about.column_names)
    return _nulled(pl.DataFrame({name: _told(name, cells) for name, cells in columns.items()}))


def _told(name: str, cells: Sequence[Any]) -> pl.Series:
    """A column of an SPSS file as text, whatever type its cells arrived in."""
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        return _text(pl.Series(name, cells))
    return pl.Series(name, [_word(cell) for cell in cells], dtype=pl.String)


def _word(cell: object) -> str | None:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
    except pl.exceptions.PolarsError as fault:
        why = str(fault).splitlines()[0]
        raise ExportRefused(f"{path} cannot be read as Parquet: {why}.") from None
    _refuse_bad_names(path, table.columns)
    odd = [s.name for s in table if s.dtype.is_nested() or s.dtype in (pl.Binary, pl.Object)]
    if odd:
        raise ExportRefused(
            f"{path}: {', '.join(odd)} hold lists or bytes, which have no place here."
        )
    return _nulled(pl.DataFrame([_text(column) for column in table]))


def _text(column: pl.Series) -> pl.Series:
    """A typed column as text: 39.0 reads 39, not-a-number is missing."""
    if column.dtype.is_float():
        column = column.cast(pl.Float64).fill_nan(None)
        whole = (column.floor() == column) & (column.abs() < 2**53)
        if whole.all():
            column = column.cast(pl.Int64)
        elif whole.any():
            short = column.set(~whole, None).cast(pl.Int64).cast(pl.String)
            return short.zip_with(whole.fill_null(value=False), column.cast(pl.String))
    return column.cast(pl.String)


_READERS: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _read_csv,
    ".sav": _read_sav,
    ".zsav": _read_sav,
    ".parquet": _read_parquet,
}


def _nulled(table: pl.DataFrame) -> pl.DataFrame:
    """An empty cell is a missing one, in every format."""
    return table.with_columns(pl.all().replace("", None))


def _refuse_bad_names(path: Path, names: Sequence[str]) -> None:
    if not any(names):
        raise ExportRefused(f"{path} is empty: its first line must name the columns.")
    nameless = [at for at, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise ExportRefused(f"{path}: column {nameless[0]} has no name in the header.")
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ExportRefused(f"{path}: more than one column is called {', '.join(twice)}.")
