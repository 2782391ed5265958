"""Any table to protect, from a file of any format that is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.delimited import read_delimited, unreadable
from exports.tabular.input_table import InputTable, ReadOptions, numbers_as_text, table_of
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
        raise ExportRefused(
            f"{path}: {', '.join(odd)} hold lists or bytes, which have no place here."
        )
    return InputTable(table_of(path, map(numbers_as_text, table)))


_READERS: Mapping[str, Callable[[Path, ReadOptions], InputTable]] = {
    ".csv": read_delimited,
    ".sav": read_sav,
    ".zsav": read_sav,
    ".dta": read_dta,
    ".parquet": read_parquet,
}
_TAKEN = {
    "encoding": (".csv", ".sav", ".zsav", ".dta"),
    "separator": (".csv",),
    "sheet": (".xlsx",),
}


def read_table(path: Path, how: ReadOptions = ReadOptions()) -> InputTable:  # noqa: B008 - frozen
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
