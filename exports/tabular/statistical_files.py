"""Tables and metadata of SPSS (.sav, .zsav) and Stata (.dta) files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.errors import ExportRefused
from exports.tabular.date_formats import Shown, spss_dates, stata_dates, stata_unit
from exports.tabular.input_table import (
    InputTable,
    ReadOptions,
    TableMetadata,
    numbers_as_text,
    table_of,
)


def number_as_text(value: Any) -> str:
    """Return one code as its cell reads."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else str(value)


def _described(about: Any, **more: Any) -> TableMetadata:
    """Return what pyreadstat says of the columns, whose codes ``more`` writes as cells."""
    names = about.column_names
    labels = dict(zip(names, about.column_labels, strict=True))
    return TableMetadata(
        labels={name: label for name, label in labels.items() if label},
        measures={n: m for n, m in about.variable_measure.items() if m != "unknown"},
        formats={n: f for n, f in about.original_variable_types.items() if f},
        **more,
    )


def _dated(
    path: Path, column: pl.Series, shown: Shown, codes: Mapping[float, str], what: str
) -> pl.Series:
    """Return a column of dates or times as text. ``codes`` are numbers that are none, such as -99.

    Raise ExportRefused, naming the row, for any other number that is no such date or time.
    """
    texts: dict[float, str | None] = {}
    for number in column.drop_nulls().unique().to_list():
        texts[number] = codes.get(number) or (shown(number) if math.isfinite(number) else None)
        if texts[number] is None:
            row = column.index_of(number)
            raise ExportRefused(
                f"{path}, row {(row or 0) + 1}: {column.name} holds {number_as_text(number)}, which"
                f" is no date or time of its format {what}. Correct it there, or set it missing."
            )
    return column.replace_strict(texts, return_dtype=pl.String).alias(column.name)


def _in_ranges(value: Any, ranges: Sequence[tuple[Any, Any]]) -> bool:
    return any(
        isinstance(value, str) == isinstance(low, str) and low <= value <= high
        for low, high in ranges
    )


def read_sav(path: Path, how: ReadOptions) -> InputTable:
    """Return the table of an SPSS file. Raise ExportRefused where it cannot be read."""
    import pyreadstat

    columns: Any
    about: Any
    try:
        columns, about = pyreadstat.read_sav(
            str(path),
            user_missing=True,
            output_format="dict",
            disable_datetime_conversion=True,
            encoding=how.encoding or None,
        )
    except Exception as fault:  # the library names its own errors only in C
        raise ExportRefused(f"{path} cannot be read as an SPSS file: {fault}.") from None
    ranges = {
        name: tuple((part["lo"], part["hi"]) for part in parts)
        for name, parts in about.missing_ranges.items()
    }
    texts, missing = [], {}
    for name, cells in columns.items():
        labelled = about.variable_value_labels.get(name, {})
        column = _column(name, cells, about.readstat_variable_types[name])
        declared = {
            value: number_as_text(value)
            for value in column.drop_nulls().unique().to_list()
            if _in_ranges(value, ranges.get(name, ()))
        }
        if declared:
            missing[name] = frozenset(declared.values())
        display = about.original_variable_types[name]
        if column.dtype == pl.String:
            texts.append(column)
        elif shown := spss_dates(display):
            codes = {value: number_as_text(value) for value in labelled} | declared
            texts.append(_dated(path, column, shown, codes, display))
        else:
            texts.append(numbers_as_text(column))
    metadata = _described(
        about, value_labels=_labels(about, number_as_text), missing=missing, missing_ranges=ranges
    )
    return InputTable(table_of(path, texts), metadata)


def _column(name: str, cells: Any, kind: str) -> pl.Series:
    """Return the cells of a column, which holds numbers or texts by its kind."""
    if kind == "string":
        return pl.Series(name, list(cells), dtype=pl.String)
    if isinstance(cells, np.ndarray):
        cells = cells.astype(np.float64)
    # Among the numbers of Stata stand letters: its extended missing values.
    numbers = [None if isinstance(cell, str) else cell for cell in cells]
    column = pl.Series(name, numbers, dtype=pl.Float64, strict=False).fill_nan(None)
    return column.cast(pl.Float32) if kind == "float" else column


def _labels(about: Any, as_cell: Callable[[Any], str]) -> dict[str, dict[str, str]]:
    return {
        name: {as_cell(code): label for code, label in labels.items()}
        for name, labels in about.variable_value_labels.items()
        if labels
    }


def read_dta(path: Path, how: ReadOptions) -> InputTable:
    """Return the table of a Stata file; its extended missing values read .a to .z.

    Raise ExportRefused where it cannot be read.
    """
    import pyreadstat

    columns: Any
    about: Any
    try:
        columns, about = pyreadstat.read_dta(
            str(path),
            user_missing=True,
            output_format="dict",
            disable_datetime_conversion=True,
            encoding=how.encoding or None,
        )
    except Exception as fault:
        raise ExportRefused(f"{path} cannot be read as a Stata file: {fault}.") from None
    texts, missing = [], {}
    for name, cells in columns.items():
        display, kind = about.original_variable_types[name], about.readstat_variable_types[name]
        if kind == "string":
            texts.append(_column(name, cells, kind))
            continue
        lettered = [f".{cell}" if isinstance(cell, str) else None for cell in cells]
        letters = pl.Series(lettered, dtype=pl.String)
        missing[name] = frozenset(letters.drop_nulls().unique())
        numbers = _column(name, cells, kind)
        shown = stata_dates(display)
        _refuse_uncommon_dates(path, name, display)
        text = _dated(path, numbers, shown, {}, display) if shown else numbers_as_text(numbers)
        texts.append(text.zip_with(letters.is_null(), letters).alias(name))
    metadata = _described(
        about,
        value_labels=_labels(about, lambda c: f".{c}" if isinstance(c, str) else number_as_text(c)),
        missing={name: letters for name, letters in missing.items() if letters},
    )
    return InputTable(table_of(path, texts), metadata)


def _refuse_uncommon_dates(path: Path, name: str, display: str) -> None:
    """Raise ExportRefused for clocks with leap seconds and business calendars."""
    cures = {"C": "cofC", "b": "dofb"}
    if cure := cures.get(stata_unit(display)):
        raise ExportRefused(
            f"{path}: {name} has the format {display}, which is not read. Make a common date of it"
            f" in Stata with {cure}()."
        )
