"""Any table to protect, from a file of any format that is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.delimited import read_delimited, unreadable
from exports.tabular.input_table import (
    AS_IT_SAYS,
    InputTable,
    ReadOptions,
    as_text,
    table_of,
)
from exports.tabular.spreadsheet import read_xlsx
from exports.tabular.statistical_files import read_dta, read_sav

NO_CELLS = (pl.Binary, pl.Object, pl.BaseExtension)


def read_parquet(path: Path, _how: ReadOptions) -> InputTable:
    """Return the table of a Parquet file. Raise ExportRefused for columns that are no cells."""
    try:
        table = pl.read_parquet(path)
    except pl.exceptions.PolarsError as fault:
        why = str(fault).splitlines()[0]
        raise ExportRefused(f"{path} cannot be read as Parquet: {why}.") from None
    odd = [s.name for s in table if s.dtype.is_nested() or isinstance(s.dtype, NO_CELLS)]
    if odd:
        holds, it = ("holds", "it") if len(odd) == 1 else ("hold", "them")
        raise ExportRefused(
            f"{path}: {', '.join(odd)} {holds} lists, bytes or a type of another program,"
            f" which have no place here. Leave {it} out, or make text of {it}."
        )
    return InputTable(table_of(path, map(as_text, table)))


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
# How files of a format begin.
_BEGINNINGS = {
    b"PK\x03\x04": (".xlsx",), b"$FL2": (".sav", ".zsav"), b"$FL3": (".sav", ".zsav"),
    b"<stata_dta>": (".dta",), b"PAR1": (".parquet",),
}  # fmt: skip
_TAKEN = {
    "encoding": (".csv", ".tsv", ".txt", ".sav", ".zsav", ".dta"),
    "separator": (".csv", ".tsv", ".txt"),
    "sheet": (".xlsx",),
}


def _refuse_wrong_ending(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(16)
    for beginning, endings in _BEGINNINGS.items():
        if head.startswith(beginning) and path.suffix.lower() not in endings:
            raise ExportRefused(
                f"{path} is not what its name says, but looks like {endings[0]}: rename it."
            )


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
        if said and ending not in _TAKEN.get(option, ending):
            raise ExportRefused(f"{path}: --{option} is for {', '.join(_TAKEN[option])} files.")
    try:
        _refuse_wrong_ending(path)
        return reader(path, how)
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None
