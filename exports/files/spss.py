"""The table as an SPSS file (.sav): labels, user-missing range, measurement levels, no clock."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import polars as pl
import pyreadstat

from exports.files.meaning import (
    Entry,
    cut_bytes,
    has_missing_codes,
    is_text,
    labels_of,
    level_of,
    text_labels_of,
    wrapped,
)
from exports.files.names import SPSS, names_in
from exports.files.source import Source
from exports.files.spss_rows import rows_of
from forms.study import MISSING_RANGE

# IBM SPSS Statistics, "Variable labels" and "Value labels"; PSPP Developers, "System file format".
VARIABLE_LABEL, VALUE_LABEL, FILE_LABEL, NOTE, TEXT = 256, 120, 64, 80, 32767
MISSING_TEXTS, MISSING_TEXT_BYTES = 3, 8
# In the header: the number of rows, and the creation date and time, which a release does not tell.
COUNT_AT, STAMP_AT, STAMP = 80, 92, b"01 Jan 8000:00:00"
COUNT_RECORD = struct.pack("<iiiiq", 7, 16, 8, 2, 1)  # then the rows, as a long
END_RECORD = 8

ALL_MISSING = [{"lo": min(MISSING_RANGE), "hi": max(MISSING_RANGE)}]


def _values(entry: Entry, width: int) -> dict[Any, str]:
    """Value → label. A text cell longer than any in the column can have none."""
    if not is_text(entry):
        return {code: cut_bytes(label, VALUE_LABEL) for code, label in labels_of(entry).items()}
    return {
        cell: cut_bytes(label, VALUE_LABEL)
        for cell, label in text_labels_of(entry).items()
        if len(cell.encode()) <= width
    }


def _missing(entry: Entry, occurring: Sequence[str]) -> list[Any]:
    """Numbers: the whole range. Texts: at most three, so those that do occur."""
    if not is_text(entry):
        return ALL_MISSING if has_missing_codes(entry) else []
    short = [code for code in occurring if len(code.encode()) <= MISSING_TEXT_BYTES]
    return short[:MISSING_TEXTS]


def _shown(entry: Entry, name: str) -> int:
    """Columns in the data view: room for the name and for a short text."""
    return min(max(len(name), 8), 24 if is_text(entry) else 16)


def _about(entry: Entry, name: str, width: int, occurring: Sequence[str]) -> dict[str, Any]:
    """What pyreadstat is to write of one variable, by its own keywords."""
    return {
        "column_labels": cut_bytes(entry["label"], VARIABLE_LABEL),
        "variable_value_labels": _values(entry, width),
        "missing_ranges": _missing(entry, occurring),
        "variable_measure": level_of(entry),
        "variable_format": "" if is_text(entry) else f"F8.{entry['decimals']}",
        "variable_display_width": _shown(entry, name),
    }


def _dictionary(source: Source) -> dict[str, dict[str, Any]]:
    """Keyword of pyreadstat → {name: what it says}, where it says anything."""
    words: dict[str, dict[str, Any]] = {}
    names = names_in(source.variables, SPSS)
    for entry in source.codebook:
        name, found = names[entry["variable"]], source.occurring.get(entry["variable"], ())
        for keyword, said in _about(entry, name, _width(source, entry), found).items():
            if said:
                words.setdefault(keyword, {})[name] = said
    return words


def _width(source: Source, entry: Entry) -> int:
    """Bytes of a text column, 0 for numbers."""
    return min(source.widest.get(entry["variable"], 0), TEXT)


def _widths(source: Source) -> list[int]:
    return [_width(source, entry) for entry in source.codebook]


def _witness(source: Source) -> pl.DataFrame:
    """One row as wide as the widest: it tells pyreadstat the types and the widths."""
    names = names_in(source.variables, SPSS)
    cells = {}
    for entry in source.codebook:
        width = _width(source, entry)
        cells[names[entry["variable"]]] = ["x" * width] if width else [0.0]
    return pl.DataFrame(cells)


def _write_dictionary(source: Source, path: Path, title: str, notes: str) -> None:
    """Everything up to the rows, by pyreadstat; the row it needs for it is taken off again."""
    witness = _witness(source)
    pyreadstat.write_sav(
        witness,
        path,
        file_label=cut_bytes(title, FILE_LABEL),
        note=list(wrapped(notes, NOTE)),
        row_compress=True,
        **cast("Any", _dictionary(source)),
    )
    _take_off(path, b"".join(rows_of(witness, _widths(source), last=True)), source.rows)


def _take_off(path: Path, row: bytes, rows: int) -> None:
    """Take the one ``row`` off the end, and put the number of rows and the stamp in its place."""
    with path.open("r+b") as file:
        start = file.seek(-len(row), os.SEEK_END)
        assert file.read() == row, "pyreadstat lays out rows otherwise than exports.files.spss_rows"
        file.truncate(start)
        last = start - END_RECORD - len(COUNT_RECORD) - 8
        file.seek(last)
        assert file.read(len(COUNT_RECORD)) == COUNT_RECORD, "no record of the number of rows"
        _overwrite(file, last + len(COUNT_RECORD), struct.pack("<q", rows))
        _overwrite(file, COUNT_AT, struct.pack("<i", rows))
        _overwrite(file, STAMP_AT, STAMP)


def _overwrite(file: BinaryIO, at: int, content: bytes) -> None:
    file.seek(at)
    file.write(content)


def write_sav(source: Source, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path``, byte for byte the same for the same rows, codebook and words.

    Names that SPSS refuses are altered (exports.files.names). SPSS pads texts with spaces, so
    spaces at the end of a text are lost; of a text over 32,767 bytes it holds that many.
    """
    _write_dictionary(source, path, title, notes)
    widths, left = _widths(source), source.rows
    with path.open("ab") as file:
        for block in source.blocks():
            left -= len(block)
            file.writelines(rows_of(block, widths, last=not left))
