"""Any table to protect, from a file of any format that is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.date_formats import clock
from exports.tabular.delimited import read_delimited, unreadable
from exports.tabular.input_table import (
    AS_IT_SAYS,
    InputTable,
    ReadOptions,
    numbers_as_text,
    table_of,
)
from exports.tabular.spreadsheet import read_xlsx
from exports.tabular.statistical_files import read_dta, read_sav


def read_parquet(path: Path, _how: ReadOptions) -> InputTable:
    """Return the table of a Parquet file. Raise ExportRefused for columns that are no cells."""
    try:
        table = pl.read_parquet(path)
    except pl.exceptions.PolarsError as fault:
        why = str(fault).splitlines()[0]
        raise ExportRefused(f"{path} cannot be read as Parquet: {why}.") from None
    odd = [s.name for s in table if s.dtype.is_nested() or s.dtype in (pl.Binary, pl.Object)]
    if odd:
        holds, it = ("holds", "it") if len(odd) == 1 else ("hold", "them")
        raise ExportRefused(
            f"{path}: {', '.join(odd)} {holds} lists or bytes, which have no place here. Leave {it}"
            f" out, or make text of {it}."
        )
    return InputTable(table_of(path, map(_as_text, table)))


def _as_text(column: pl.Series) -> pl.Series:
    """Return a column of Parquet as text: times with the fraction they have, zeros cut."""
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


_READERS: Mapping[str, Callable[[Path, ReadOptions], InputTable]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".sav": read_sav,
    ".zsav": read_sav,
    ".dta": read_dta,
    ".parquet": read_parquet,
    ".xlsx": read_xlsx,
}
_TAKEN = {
    "encoding": (".csv", ".tsv", ".txt", ".sav", ".zsav", ".dta"),
    "separator": (".csv", ".tsv", ".txt"),
    "sheet": (".xlsx",),
}


def read_table(path: Path, how: ReadOptions = AS_IT_SAYS) -> InputTable:
    """Return the table of a file in any format that is read.

    Raise ExportRefused for a file that cannot be read and for columns without a name or twice.
    """
    if path.is_dir():
        raise ExportRefused(f"{path} is a folder, not a file.")
    if not path.exists():
        raise ExportRefused(f"{path}: there is no such file.")
    ending = path.suffix.lower()
    reader = _READERS.get(ending)
    if reader is None:
        known = ", ".join(_READERS)
        raise ExportRefused(
            f"{path}: only {known} files can be read; save the table as one of these."
        )
    for option, said in asdict(how).items():
        if said and ending not in _TAKEN[option]:
            raise ExportRefused(f"{path}: --{option} is for {', '.join(_TAKEN[option])} files.")
    try:
        return reader(path, how)
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None
