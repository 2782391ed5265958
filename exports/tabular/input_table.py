"""A table as read from any format: cells as text, what the file says of its columns, and remarks.

Every cell is text, a missing one is null: numbers read as people write them (39, not 39.0; 4.5),
dates as ISO 8601, truth as true and false. A value of an SPSS or Stata file is its code, not its
label; codes that the file calls missing stay codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.errors import ExportRefused
from exports.tabular.date_formats import clock

# What is blank to the eye; the last four are no white space to Unicode.
BLANK = r"[\s\u200B-\u200D\u2060\uFEFF]"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller says of the file where it does not say so itself; empty: it must.

    ``can_be_said``: a refusal may name an option as its cure.
    """

    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    can_be_said: bool = True

    def cure(self, option: str, otherwise: str) -> str:
        """Return the cure of a refusal: an option, or for a file beside the data something else."""
        return option if self.can_be_said else otherwise


AS_IT_SAYS = ReadOptions()
# A population or a hierarchy: the options of the command speak of the data alone.
BESIDE_DATA = ReadOptions(can_be_said=False)


@dataclass(frozen=True, slots=True)
class TableMetadata:
    """What an SPSS or Stata file says of its columns; each map holds only columns that have any.

    ``labels``: the variable label. ``value_labels``: cell → its label, cells as text. ``missing``:
    the cells of the table that are declared missing. ``missing_ranges``: the same as declared,
    pairs of lowest and highest (numbers, or texts of a text column). ``measures``: nominal, ordinal
    or scale. ``formats``: the display format as the package writes it (F8.2, DATE11, %td).
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    missing_ranges: Mapping[str, tuple[tuple[Any, Any], ...]] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputTable:
    """A table as read: all columns String.

    ``read_as`` says how, where that was not plain (semicolon-separated, cp1252), ``notes`` are
    sentences on what was left out or is odd.
    """

    cells: pl.DataFrame
    metadata: TableMetadata = field(default_factory=TableMetadata)
    notes: tuple[str, ...] = ()
    read_as: str = ""


EXAMPLES = 3  # a first line that names no columns holds values
ROW_NAMES = (
    " If R or pandas wrote it, its first cells are names of rows, which row.names = FALSE or"
    " index=False leaves out."
)


def table_of(path: Path, columns: Iterable[pl.Series]) -> pl.DataFrame:
    """Return the columns as a table, a blank cell being a missing one. Refuse bad names."""
    columns = list(columns)
    refuse_bad_names(path, [column.name for column in columns])
    blank = pl.all().str.contains(f"^{BLANK}*$")
    return pl.DataFrame(columns).with_columns(pl.when(~blank).then(pl.all()).name.keep())


def refuse_bad_names(path: Path, names: Sequence[str]) -> None:
    """Raise ExportRefused for a column without a name and for one name twice."""
    if not any(names):
        raise ExportRefused(f"{path} is empty: its first line must name the columns.")
    nameless = [at for at, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        cure = ROW_NAMES if nameless == [1] else ""
        raise ExportRefused(
            f"{path}: column {nameless[0]} has no name in the header. Give it one.{cure}"
        )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        more = ", …" * (len(twice) > EXAMPLES)
        raise ExportRefused(
            f"{path}: more than one column is called {', '.join(twice[:EXAMPLES])}{more}."
        )


def numbers_as_text(column: pl.Series) -> pl.Series:
    """Return numbers as people write them: 39.0 reads 39, not-a-number is missing."""
    if not column.dtype.is_float():
        return column.cast(pl.String)
    column = column.fill_nan(None)
    if column.dtype == pl.Float16:  # polars writes it with the digits of four bytes
        shortest = [None if cell is None else float(str(np.float16(cell))) for cell in column]
        column = pl.Series(column.name, shortest, dtype=pl.Float64)
    # Beyond that a double no longer holds every whole number: its digits would be invented.
    whole = ((column.floor() == column) & (column.abs() < 2**53)).fill_null(value=False)
    short = column.set(~whole, None).cast(pl.Int64).cast(pl.String)
    # From its own width: 0.1 as four bytes is 0.10000000149011612 as eight.
    return short.zip_with(whole, column.cast(pl.String))


def as_text(column: pl.Series) -> pl.Series:
    """Return a typed column as text: numbers as people write them, times without idle zeros."""
    if isinstance(column.dtype, pl.Duration):
        per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[column.dtype.time_unit or "us"]
        counts = column.to_physical()
        texts: dict[int | None, str | None] = {None: None}
        texts |= {n: clock(Decimal(n) / per_second) for n in counts.drop_nulls().unique().to_list()}
        return counts.replace_strict(texts, return_dtype=pl.String).alias(column.name)
    if column.dtype == pl.Time:
        column = column.dt.to_string("%H:%M:%S%.9f")
    elif column.dtype != pl.Datetime:
        return numbers_as_text(column)
    zone = r"($|[Z+-])"
    long = column.cast(pl.String)
    shorter = long.str.replace(rf"\.0+{zone}", "$1").str.replace(rf"(\.\d*[1-9])0+{zone}", "$1$2")
    return shorter.alias(column.name)
