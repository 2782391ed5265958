"""The table as a Stata file (.dta, format 118: Stata 14 and later), written in blocks of rows.

Missing codes become extended missing values, -99 as .a to -90 as .j, with their labels. The writer
is our own, because pyreadstat takes extended missing values only from columns of Python objects:
eight bytes and more a cell, where one is enough.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from exports.files.names import STATA, names_in
from exports.files.source import Source
from exports.files.stata_cells import cells_of, long_texts, packed
from exports.files.stata_sections import (
    Column,
    Labels,
    between,
    header,
    label_sets,
    labels_in_stata,
)

BYTES_AT_ONCE = 4 << 20  # bytes of rows: they stay in the processor's cache
MAP_ENTRIES = 14


def _columns(source: Source) -> tuple[list[Column], dict[Labels, str]]:
    """The variables, and the sets of labels: alike ones are stored once, named by a user."""
    names = names_in(source.variables, STATA)
    sets: dict[Labels, str] = {}
    columns = []
    for number, entry in enumerate(source.codebook, start=1):
        variable = entry["variable"]
        labels = labels_in_stata(entry)
        used = sets.setdefault(labels, names[variable]) if labels else ""
        cells = cells_of(entry, number, widest=source.widest.get(variable, 0))
        columns.append(Column(entry, names[variable], cells, used))
    return columns, sets


def _rows(columns: Sequence[Column], source: Source) -> Iterator[bytes]:
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


def _write(file: BinaryIO, source: Source, *, title: str, notes: str) -> None:
    columns, sets = _columns(source)
    file.write(header(len(columns), source.rows, title))
    starts = [0, _element(file, "map", [bytes(8 * MAP_ENTRIES)])]
    for section in between(columns, notes):
        starts.append(file.tell())
        file.write(section)
    texts = long_texts([column.cells for column in columns], source.blocks())
    starts.append(_element(file, "data", _rows(columns, source)))
    starts.append(_element(file, "strls", texts))
    starts.append(_element(file, "value_labels", label_sets(sets)))
    starts.append(file.tell())
    file.write(b"</stata_dta>")
    starts.append(file.tell())
    file.seek(starts[1] + len("<map>"))
    file.write(struct.pack(f"<{MAP_ENTRIES}Q", *starts))


def write_dta(source: Source, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path``, byte for byte the same for the same rows, codebook and words.

    Names that Stata refuses are altered (exports.files.names); each line of ``notes`` becomes a
    note on the dataset. No time stamp: the format allows to leave it out.
    """
    with path.open("wb") as file:
        _write(file, source, title=title, notes=notes)
