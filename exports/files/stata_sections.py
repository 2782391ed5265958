"""Sections of a Stata file (.dta, format 118) as bytes: everything but the rows.

Source: Stata's manual page "dta" (file format 118), section 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exports.files.meaning import (
    Entry,
    cut_bytes,
    has_missing_codes,
    is_text,
    labels_of,
    text_labels_of,
)
from exports.files.stata_cells import BYTE, INT, LONG, STRL, Cells, tagged_value
from forms.study import MISSING_RANGE

LABEL, VALUE_LABEL, NOTE = 80, 32_000, 67_784  # characters, characters, bytes
NAME, FORMAT, VARIABLE_LABEL = 129, 57, 321  # bytes of a field, its closing zero included

Labels = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One variable: its entry, its name in Stata, its cells, the name of its set of labels."""

    entry: Entry
    name: str
    cells: Cells
    labels: str = ""


def labels_in_stata(entry: Entry) -> Labels:
    """(value as a long, label), ascending: missing codes are extended missing values."""
    if is_text(entry):
        return ()
    tagged = has_missing_codes(entry)
    pairs = (
        (tagged_value(code) if tagged and code in MISSING_RANGE else code, label[:VALUE_LABEL])
        for code, label in labels_of(entry).items()
        if code <= LONG.top
    )
    return tuple(sorted(pairs))


def element(name: str, content: bytes) -> bytes:
    """``content`` between its opening and its closing tag."""
    return f"<{name}>".encode() + content + f"</{name}>".encode()


def _field(text: str, size: int) -> bytes:
    """``text`` in a field of ``size`` bytes, closed by at least one zero."""
    return cut_bytes(text, size - 1).encode().ljust(size, b"\0")


def _format(column: Column) -> str:
    """Display format: wide enough for the longest value, texts at most 40 characters."""
    cells = column.cells
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


def _characteristics(columns: Sequence[Column], notes: str) -> bytes:
    """Notes on the dataset, and on text variables what their cells mean: they take no labels."""
    found = list(_noted("_dta", [line for line in notes.splitlines() if line]))
    for column in columns:
        if is_text(column.entry) and (labels := text_labels_of(column.entry)):
            words = "; ".join(f"{cell} = {label}" for cell, label in labels.items())
            found += _noted(column.name, [words])
    out = []
    for variable, name, text in found:
        content = cut_bytes(text, NOTE).encode() + b"\0"
        size = struct.pack("<I", 2 * NAME + len(content))
        out.append(element("ch", size + _field(variable, NAME) + _field(name, NAME) + content))
    return b"".join(out)


def between(columns: Sequence[Column], notes: str) -> Iterator[bytes]:
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


def _label_set(name: str, pairs: Sequence[tuple[int, str]]) -> bytes:
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
    return element("lbl", struct.pack("<i", len(table)) + _field(name, NAME) + bytes(3) + table)


def label_sets(sets: Mapping[Labels, str]) -> Iterator[bytes]:
    """Every set of labels under its name."""
    for pairs, name in sets.items():
        yield _label_set(name, pairs)
