"""How Stata stores one column's cells: types, and where missing values lie in each of them.

Source: Stata's manual page "dta" (file format 118), sections 5.2 and 5.10. Every number type keeps
its top 27 values for "." and ".a" to ".z".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.files.meaning import Entry, bounds_of, has_missing_codes, is_text
from forms.study import MISSING_RANGE

LONGEST_STR = 2045
STRL = 32768
# Bits of a double's "." and the distance from one extended missing value to the next.
DOUBLE_MISSING, DOUBLE_STEP = 0x7FE0_0000_0000_0000, 0x100_0000_0000
# -99 is .a, -98 is .b … -90 is .j: the same letters in every release.
LETTER: Mapping[int, str] = {code: chr(ord("a") + i) for i, code in enumerate(MISSING_RANGE)}


@dataclass(frozen=True, slots=True)
class Kind:
    """A storage type: its number in the file, its layout, its highest value and its ``.``."""

    code: int
    layout: str
    top: int
    missing: int


BYTE = Kind(65530, "<i1", 100, 101)
INT = Kind(65529, "<i2", 32_740, 32_741)
LONG = Kind(65528, "<i4", 2_147_483_620, 2_147_483_621)
DOUBLE = Kind(65526, "<f8", 0, 0)


@dataclass(frozen=True, slots=True)
class Cells:
    """How one column is stored; ``number`` counts from 1, ``kind`` is None for text."""

    number: int
    variable: str
    type_code: int
    layout: str
    kind: Kind | None = None
    tagged: bool = False


def _kind(entry: Entry) -> Kind:
    """The narrowest type for what the codebook allows."""
    low, high = bounds_of(entry) or (-LONG.top, LONG.top)
    if entry["type"] == "integer":
        for kind in (BYTE, INT, LONG):
            if -kind.top - 27 <= low and high <= kind.top:
                return kind
    return DOUBLE


def cells_of(entry: Entry, number: int, *, widest: int) -> Cells:
    """Storage of a column; text over 2,045 bytes becomes a strL."""
    name = entry["variable"]
    if not is_text(entry):
        kind = _kind(entry)
        return Cells(number, name, kind.code, kind.layout, kind, has_missing_codes(entry))
    if widest > LONGEST_STR:
        return Cells(number, name, STRL, "<u8")
    return Cells(number, name, widest, f"S{widest}")


def tagged_value(code: int) -> int:
    """The value that stands for a missing code in a table of value labels (a long)."""
    return LONG.missing + 1 + MISSING_RANGE.index(code)


def _numbers(cells: Cells, kind: Kind, part: pl.Series) -> NDArray[np.generic]:
    """Values, with missing codes and empty cells put where Stata keeps them."""
    given = part.to_numpy()  # null becomes NaN on the way
    empty = np.isnan(given) if part.null_count() else np.zeros(len(part), bool)
    values = np.where(empty, 0, given).astype(kind.layout)
    first = min(MISSING_RANGE)
    coded = (values >= first) & (values <= max(MISSING_RANGE)) & cells.tagged
    letters = np.where(coded, values - first + 1, 0)
    if kind is DOUBLE:
        coded &= letters == np.floor(letters)
        bits = np.uint64(DOUBLE_MISSING) + letters.astype(np.uint64) * np.uint64(DOUBLE_STEP)
        return np.where(coded | empty, bits.view("<f8"), values)
    return np.where(coded | empty, letters + values.dtype.type(kind.missing), values)


def packed(cells: Cells, frame: pl.DataFrame, first_row: int) -> NDArray[np.generic]:
    """The column's cells of ``frame``, whose first row is ``first_row`` of the file, from 1."""
    part = frame[cells.variable]
    if cells.kind:
        return _numbers(cells, cells.kind, part)
    if cells.type_code == STRL:
        places = np.arange(first_row, first_row + len(part), dtype=np.uint64) << np.uint64(16)
        return np.where((part != "").to_numpy(), places + np.uint64(cells.number), np.uint64(0))
    return np.array([text.encode() for text in part.to_list()], dtype=cells.layout)


def long_texts(columns: Sequence[Cells], frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """The strLs: each text too long for a row under its (variable, row), row by row."""
    long = [cells for cells in columns if cells.type_code == STRL]
    row = 0
    for frame in frames if long else ():
        for texts in frame.select(cells.variable for cells in long).iter_rows():
            row += 1
            for cells, text in zip(long, texts, strict=True):
                if text:
                    content = text.encode() + b"\0"
                    yield b"GSO" + struct.pack("<IQBI", cells.number, row, 130, len(content))
                    yield content
