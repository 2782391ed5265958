"""Tables and metadata of SPSS (.sav, .zsav) and Stata (.dta) files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from exports.tabular.sav_dictionary import is_encrypted, read_dictionary, with_distinct_names
from exports.tabular.text_encoding import WORD, is_western, known_encoding


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
    texts: dict[float | None, str | None] = {None: None}
    for number in column.drop_nulls().unique().to_list():
        texts[number] = codes.get(number) or (shown(number) if math.isfinite(number) else None)
        if texts[number] is None:
            row = column.index_of(number)
            raise ExportRefused(
                f"{path}, row {(row or 0) + 1}: {column.name} holds {number_as_text(number)}, which"
                f" is no date or time of its format {what}. Correct it there, or set it missing."
            )
    return column.replace_strict(texts, return_dtype=pl.String).alias(column.name)


# From Stata 14 on; earlier files do not say their encoding.
UTF8_DTA = re.compile(rb"<stata_dta><header><release>1(1[89]|[2-9]\d)")


def _in_ranges(value: Any, ranges: Sequence[tuple[Any, Any]]) -> bool:
    return any(
        isinstance(value, str) == isinstance(low, str) and low <= value <= high
        for low, high in ranges
    )


_SAVE_AS_UTF8 = "Save the file as UTF-8."
_SAYS_WESTERN = (
    "Its texts are read as cp1252, as the file says, and do not look like it: --encoding names"
    " another code page."
)
# What ReadStat says of texts that are not in the encoding it took.
_NOT_DECODED = ("invalid byte sequence", "character set", "codec can't decode")


def _read(
    read: Callable[..., tuple[Any, Any]], file: Any, path: Path, how: ReadOptions, said: str
) -> Any:
    """Return columns and metadata from pyreadstat, numbers of dates as they are stored.

    ``said`` is the encoding that the file names; where it names none, cp1252 is tried.
    """
    encoding = known_encoding(how.encoding) if how.encoding else None if said else "cp1252"
    try:
        return read(
            file,
            user_missing=True,
            output_format="dict",
            disable_datetime_conversion=True,
            encoding=encoding,
        )
    except Exception as fault:  # the library names its own errors only in C
        if any(words in str(fault) for words in _NOT_DECODED):
            taken = f"in {said}, as it says" if encoding is None else f"in {encoding}"
            cure = how.cure(
                "Name their encoding, for example --encoding cp1252 (Western Europe) or cp1250"
                " (Central Europe).",
                _SAVE_AS_UTF8,
            )
            raise ExportRefused(f"{path}: its texts are not {taken}. {cure}") from None
        what = "a Stata" if path.suffix.lower() == ".dta" else "an SPSS"
        raise ExportRefused(
            f"{path} cannot be read as {what} file: {fault}. It may be damaged, or another format."
        ) from None


def _words(about: Any, columns: Iterable[Any]) -> set[str]:
    """Return the words with letters beyond a to z in names, labels and cells."""
    texts = [*about.column_names, *(label or "" for label in about.column_labels)]
    for labels in about.variable_value_labels.values():
        texts += labels.values()
    for column in columns:
        texts += (cell for cell in column if isinstance(cell, str))
    return {word for text in set(texts) for word in WORD.findall(text)}


def _encoding_taken(path: Path, words: set[str], how: ReadOptions) -> str:
    """Return the encoding that was taken for words of a file that says none; empty for no words.

    Raise ExportRefused where it is in doubt.
    """
    if not is_western(words):
        cure = how.cure("Name it, for example --encoding cp1250.", _SAVE_AS_UTF8)
        raise ExportRefused(
            f"{path} does not say in which encoding its texts are, and they are not beyond doubt."
            f" {cure}"
        )
    return "cp1252" if words else ""


def read_sav(path: Path, how: ReadOptions) -> InputTable:
    """Return the table of an SPSS file. Raise ExportRefused where it cannot be read."""
    import pyreadstat

    if is_encrypted(path):
        raise ExportRefused(f"{path} is protected by a password: save it without one.")
    found = read_dictionary(path)
    file = with_distinct_names(path, found) if found and found.clashes else str(path)
    said = found.encoding if found else "its own encoding"
    columns, about = _read(pyreadstat.read_sav, file, path, how, said)
    read_as, notes = "", list[str]()
    if not how.encoding and (about.file_encoding or "").upper() in ("CP1252", "WINDOWS-1252"):
        words = _words(about, columns.values())
        # What SPSS writes by itself in a Western Windows, whatever was pasted in.
        notes = [_SAYS_WESTERN] if said and not is_western(words) else []
        read_as = "" if said else _encoding_taken(path, words, how)
    ranges = {
        name: tuple((part["lo"], part["hi"]) for part in parts)
        for name, parts in about.missing_ranges.items()
    }
    texts, missing = [], {}
    for name, cells in columns.items():
        column = _column(name, cells, about.readstat_variable_types[name])
        as_missing = {
            value: number_as_text(value)
            for value in column.drop_nulls().unique().to_list()
            if _in_ranges(value, ranges.get(name, ()))
        }
        if as_missing:
            missing[name] = frozenset(as_missing.values())
        labelled = {
            code: number_as_text(code) for code in about.variable_value_labels.get(name, ())
        }
        texts.append(_spss_text(path, column, labelled | as_missing, about))
    metadata = _described(
        about, value_labels=_labels(about, number_as_text), missing=missing, missing_ranges=ranges
    )
    return InputTable(table_of(path, texts), metadata, tuple(notes), read_as)


def _spss_text(path: Path, column: pl.Series, codes: Mapping[Any, str], about: Any) -> pl.Series:
    """Return the cells as text, dates and times by their format."""
    display = about.original_variable_types[column.name]
    if column.dtype == pl.String:
        return column
    if shown := spss_dates(display):
        return _dated(path, column, shown, codes, display)
    return numbers_as_text(column)


def _column(name: str, cells: Any, kind: str) -> pl.Series:
    """Return the cells of a column, which holds numbers or texts by its kind."""
    if kind == "string":
        return pl.Series(name, list(cells), dtype=pl.String)
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        column = pl.Series(name, cells.astype(np.float64)).fill_nan(None)
        return column.cast(pl.Float32) if kind == "float" else column
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

    with path.open("rb") as start:
        said = "UTF-8" if UTF8_DTA.search(start.read(100)) else ""
    columns, about = _read(pyreadstat.read_dta, str(path), path, how, said)
    read_as = ""
    if not (said or how.encoding):
        read_as = _encoding_taken(path, _words(about, columns.values()), how)
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
    return InputTable(table_of(path, texts), metadata, read_as=read_as)


def _refuse_uncommon_dates(path: Path, name: str, display: str) -> None:
    """Raise ExportRefused for clocks with leap seconds and business calendars."""
    cures = {"C": "cofC", "b": "dofb"}
    if cure := cures.get(stata_unit(display)):
        raise ExportRefused(
            f"{path}: {name} has the format {display}, which is not read. Make a common date of it"
            f" in Stata with {cure}()."
        )
