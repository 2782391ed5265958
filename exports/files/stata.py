"""The table as a Stata file (.dta, format 118: Stata 14 and later), written in blocks of rows.

Missing codes become extended missing values, -99 as .a to -90 as .j, with their labels. The writer
is our own, because pyreadstat takes extended missing values only from columns of Python objects:
eight bytes and more a cell, where one is enough. Every number type keeps its top 27 values for "."
and ".a" to ".z". Source: Stata's manual page "dta" (file format 118), section 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.files.source import (
    STATA,
    Entry,
    TableSource,
    bounds_of,
    cut_bytes,
    distinct_labels,
    has_missing_codes,
    is_text,
    labels_of,
    names_in,
    text_labels_of,
)
from forms.study import MISSING_RANGE

LONGEST_STR = 2045
STRL = 32768
# Bits of a double's "." and the distance from one extended missing value to the next.
DOUBLE_MISSING, DOUBLE_STEP = 0x7FE0_0000_0000_0000, 0x100_0000_0000
# -99 is .a, -98 is .b … -90 is .j: the same letters in every release.
LETTER: Mapping[int, str] = {code: chr(ord("a") + i) for i, code in enumerate(MISSING_RANGE)}


@dataclass(frozen=True, slots=True)
class StataType:
    """A storage type: its number in the file, its layout, its highest value and its ``.``."""

    code: int
    layout: str
    top: int
    missing: int


BYTE = StataType(65530, "<i1", 100, 101)
INT = StataType(65529, "<i2", 32_740, 32_741)
LONG = StataType(65528, "<i4", 2_147_483_620, 2_147_483_621)
DOUBLE = StataType(65526, "<f8", 0, 0)


@dataclass(frozen=True, slots=True)
class Cells:
    """The storage of one column; ``number`` counts from 1, ``kind`` is None for text.

    ``letters`` maps codes to the letters of extended missing values.
    """

    number: int
    variable: str
    type_code: int
    layout: str
    kind: StataType | None = None
    letters: Mapping[int, str] = field(default_factory=dict)


def letters_of(entry: Entry) -> Mapping[int, str]:
    """Return which codes of a number column are extended missing values, and their letters."""
    if "letters" in entry:
        return cast("Mapping[int, str]", entry["letters"])
    return LETTER if has_missing_codes(entry) else {}


def _place(letter: str) -> int:
    """Return how far after "." a letter's missing value comes."""
    return ord(letter) - ord("a") + 1


def _kind(entry: Entry) -> StataType:
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
        return Cells(number, name, kind.code, kind.layout, kind, letters_of(entry))
    if widest > LONGEST_STR:
        return Cells(number, name, STRL, "<u8")
    return Cells(number, name, widest, f"S{widest}")


def _numbers(cells: Cells, kind: StataType, part: pl.Series) -> NDArray[np.generic]:
    """Values, with missing codes and empty cells put where Stata keeps them."""
    given = part.to_numpy()  # null becomes NaN on the way
    empty = np.isnan(given) if part.null_count() else np.zeros(len(part), bool)
    values = np.where(empty, 0, given).astype(kind.layout)
    letters = np.zeros(len(values), values.dtype)
    for code, letter in cells.letters.items():
        letters[values == code] = _place(letter)
    coded = letters > 0
    if kind is DOUBLE:
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


LABEL, VALUE_LABEL, NOTE = 80, 32_000, 67_784  # characters, bytes, bytes
NAME, FORMAT, VARIABLE_LABEL = 129, 57, 321  # bytes of a field, its closing zero included

Labels = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class StataColumn:
    """One variable: its entry, its name in Stata, its cells, the name of its set of labels."""

    entry: Entry
    name: str
    cells: Cells
    labels: str = ""


def labels_in_stata(entry: Entry) -> Labels:
    """(value as a long, label), ascending: missing codes are extended missing values."""
    if is_text(entry):
        return ()
    letters = letters_of(entry)
    pairs = (
        (LONG.missing + _place(letters[code]) if code in letters else code, label)
        for code, label in distinct_labels(labels_of(entry), VALUE_LABEL).items()
        if isinstance(code, int) and abs(code) <= LONG.top
    )
    return tuple(sorted(pairs))


def element(name: str, content: bytes) -> bytes:
    """``content`` between its opening and its closing tag."""
    return f"<{name}>".encode() + content + f"</{name}>".encode()


def _field(text: str, size: int) -> bytes:
    """``text`` in a field of ``size`` bytes, closed by at least one zero."""
    return cut_bytes(text, size - 1).encode().ljust(size, b"\0")


def _format(column: StataColumn) -> str:
    """Display format: wide enough for the longest value, texts at most 40 characters."""
    cells = column.cells
    if "format" in column.entry:
        return str(column.entry["format"])
    if not cells.kind:
        return "%-20s" if cells.type_code == STRL else f"%-{min(cells.type_code, 40)}s"
    if column.entry["decimals"]:
        return f"%9.{column.entry['decimals']}f"
    return "%8.0g" if cells.kind in (BYTE, INT) else "%12.0g"


def header(variables: int, rows: int, title: str) -> bytes:
    """The header; its time stamp is left out, which the format allows."""
    label = title[:LABEL].encode()
    return b"".join(
        (
            b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder>",
            b"<K>" + struct.pack("<H", variables) + b"</K>",
            b"<N>" + struct.pack("<Q", rows) + b"</N>",
            b"<label>" + struct.pack("<H", len(label)) + label + b"</label>",
            b"<timestamp>\0</timestamp></header>",
        )
    )


def _noted(variable: str, notes: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Stata keeps notes as characteristics: their number in note0, then note1, note2 …"""
    if notes:
        yield variable, "note0", str(len(notes))
    yield from ((variable, f"note{i}", note) for i, note in enumerate(notes, start=1))


def _characteristics(columns: Sequence[StataColumn], notes: str) -> bytes:
    """Notes on the dataset, and on variables what no label holds.

    That is a label over 80 characters, and what the cells of a text mean: texts take no labels.
    """
    found = list(_noted("_dta", [line for line in notes.splitlines() if line]))
    for column in columns:
        label = column.entry["label"]
        said = [label] * (len(label) > LABEL)
        if is_text(column.entry) and (labels := text_labels_of(column.entry)):
            said.append("; ".join(f"{cell} = {label}" for cell, label in labels.items()))
        found += _noted(column.name, said)
    out = []
    for variable, name, text in found:
        content = cut_bytes(text, NOTE).encode() + b"\0"
        size = struct.pack("<I", 2 * NAME + len(content))
        out.append(element("ch", size + _field(variable, NAME) + _field(name, NAME) + content))
    return b"".join(out)


def between(columns: Sequence[StataColumn], notes: str) -> Iterator[bytes]:
    """The sections between the map and the rows, in their order."""
    count = len(columns)
    codes = struct.pack(f"<{count}H", *(c.cells.type_code for c in columns))
    yield element("variable_types", codes)
    yield element("varnames", b"".join(_field(c.name, NAME) for c in columns))
    yield element("sortlist", bytes(2 * (count + 1)))
    yield element("formats", b"".join(_field(_format(c), FORMAT) for c in columns))
    yield element("value_label_names", b"".join(_field(c.labels, NAME) for c in columns))
    labels = (_field(c.entry["label"][:LABEL], VARIABLE_LABEL) for c in columns)
    yield element("variable_labels", b"".join(labels))
    yield element("characteristics", _characteristics(columns, notes))


def label_sets(sets: Mapping[Labels, str]) -> Iterator[bytes]:
    """Every set of labels under its name."""
    for pairs, name in sets.items():
        texts = [label.encode() + b"\0" for _, label in pairs]
        starts = np.cumsum([0, *(len(text) for text in texts)])
        table = b"".join(
            (
                struct.pack("<ii", len(pairs), int(starts[-1])),
                starts[:-1].astype("<i4").tobytes(),
                np.array([value for value, _ in pairs], dtype="<i4").tobytes(),
                *texts,
            )
        )
        yield element("lbl", struct.pack("<i", len(table)) + _field(name, NAME) + bytes(3) + table)


BYTES_AT_ONCE = 4 << 20  # bytes of rows: they stay in the processor's cache
MAP_ENTRIES = 14


def _columns(source: TableSource) -> tuple[list[StataColumn], dict[Labels, str]]:
    """The variables, and the sets of labels: alike ones are stored once, named by a user."""
    names = names_in(source.variables, STATA)
    sets: dict[Labels, str] = {}
    columns = []
    for number, entry in enumerate(source.codebook, start=1):
        variable = entry["variable"]
        labels = labels_in_stata(entry)
        used = sets.setdefault(labels, names[variable]) if labels else ""
        cells = cells_of(entry, number, widest=source.widest.get(variable, 0))
        columns.append(StataColumn(entry, names[variable], cells, used))
    return columns, sets


def _rows(columns: Sequence[StataColumn], source: TableSource) -> Iterator[bytes]:
    """The rows, packed, a block at a time."""
    layout = np.dtype([(column.name, column.cells.layout) for column in columns])
    row = 1
    for block in source.blocks():
        for frame in block.iter_slices(max(1, BYTES_AT_ONCE // layout.itemsize)):
            rows = np.empty(len(frame), dtype=layout)
            for column in columns:
                rows[column.name] = packed(column.cells, frame, row)
            yield rows.tobytes()
            row += len(frame)


def _element(file: BinaryIO, name: str, content: Iterable[bytes]) -> int:
    """Write one element, part by part; returns where it began."""
    start = file.tell()
    file.write(f"<{name}>".encode())
    file.writelines(content)
    file.write(f"</{name}>".encode())
    return start


def write_dta(source: TableSource, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path``, byte for byte the same for the same rows, codebook and words.

    Names that Stata refuses are altered (exports.files.source); each line of ``notes`` becomes a
    note on the dataset. No time stamp: the format allows to leave it out.
    """
    with path.open("wb") as file:
        columns, sets = _columns(source)
        file.write(header(len(columns), source.rows, title))
        starts = [0, _element(file, "map", [bytes(8 * MAP_ENTRIES)])]
        for section in between(columns, notes):
            starts.append(file.tell())
            file.write(section)
        texts = long_texts([column.cells for column in columns], source.blocks())
        # The order of the sections is the format's; the map at the top is filled in at the end.
        starts.append(_element(file, "data", _rows(columns, source)))
        starts.append(_element(file, "strls", texts))
        starts.append(_element(file, "value_labels", label_sets(sets)))
        starts.append(file.tell())
        file.write(b"</stata_dta>")
        starts.append(file.tell())
        file.seek(starts[1] + len("<map>"))
        file.write(struct.pack(f"<{MAP_ENTRIES}Q", *starts))
