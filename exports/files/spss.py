"""The table as an SPSS file (.sav): labels, user-missing range, measurement levels, no clock.

pyreadstat writes the dictionary and one row; the row is taken off again, and the rows of the table
are encoded here in the format's bytecode compression, a block at a time: in half the time, and with
no table in memory. Each row is cut into cells of eight bytes; eight command bytes come before the
eight cells they are for. A command is a small whole number plus 100 (the cell then takes no more
room), or says that the cell follows, is blank or is missing. Source: PSPP Developers' Guide,
"System file format", data record.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import polars as pl
import pyreadstat
from numpy.typing import NDArray

from exports.errors import ExportRefused
from exports.files.source import (
    SPSS,
    TICKED,
    Entry,
    TableSource,
    cut_bytes,
    distinct_labels,
    has_missing_codes,
    is_text,
    labels_of,
    level_of,
    missing_texts,
    multiple_response_sets,
    names_in,
    text_labels_of,
    wrapped,
)
from forms.study import LABEL_BYTES, MISSING_RANGE

CELL, GROUP = 8, 8  # bytes of a cell, cells to a group of commands
BIAS, LOWEST, HIGHEST = 100, -99, 151  # whole numbers from LOWEST to HIGHEST are commands
PADDING, END, FOLLOWS, BLANK, MISSING = 0, 252, 253, 254, 255
SEGMENT = 255  # bytes of a long text's parts, each of which takes 256
PART, BYTES_AT_ONCE = 252, 8 << 20

Bytes = NDArray[np.uint8]


def cells_for(width: int) -> int:
    """Cells that a text of ``width`` bytes takes; 1 for a number (width 0).

    A text over 255 bytes is declared in parts of 252, each of which takes 256 but the last.
    """
    if width <= SEGMENT:
        return max(1, -(-width // CELL))
    parts = -(-width // PART)
    return (parts - 1) * 32 + -(-(width - (parts - 1) * PART) // CELL)


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Commands and cells of some rows: shapes (rows, cells) and (rows, cells, 8)."""

    commands: Bytes
    cells: Bytes

    @classmethod
    def empty(cls, rows: int, cells: int) -> RowBlock:
        """Room for so many rows; each ends in padding, at least one command of it."""
        whole = (cells // GROUP + 1) * GROUP
        return cls(
            np.full((rows, whole), PADDING, np.uint8), np.zeros((rows, whole, CELL), np.uint8)
        )

    def put_numbers(self, at: int, numbers: pl.Series) -> None:
        """One cell a row from ``at`` on; null is system-missing."""
        values = numbers.to_numpy().astype("<f8")  # null becomes NaN on the way
        small = (values >= LOWEST) & (values <= HIGHEST) & (values == np.floor(values))
        commands = np.where(small, values + BIAS, FOLLOWS).astype(np.uint8)
        commands[np.isnan(values)] = MISSING
        self.commands[:, at] = commands
        if not small.all():
            self.cells[:, at] = values.view(np.uint8).reshape(-1, CELL)

    def put_texts(self, at: int, texts: pl.Series, width: int) -> None:
        """A text's cells from ``at`` on, filled up with spaces."""
        many, words = cells_for(width), texts.to_list()
        # Texts repeat, codes most of all: each is cut and filled up once.
        once = {text: _segmented(text, width).ljust(many * CELL) for text in set(words)}
        padded = np.array([once[text] for text in words], f"S{many * CELL}")
        cells = padded.view(np.uint8).reshape(len(words), many, CELL)
        blank = (cells == ord(" ")).all(axis=2)
        self.commands[:, at : at + many] = np.where(blank, BLANK, FOLLOWS)
        self.cells[:, at : at + many] = cells

    def packed(self) -> bytes:
        """The rows as they stand in the file: of each group its commands, then what follows."""
        rows = len(self.commands)
        commands = self.commands.reshape(rows, -1, GROUP)
        cells = self.cells.reshape(rows, -1, GROUP * CELL)
        follows = np.repeat(commands == FOLLOWS, CELL, axis=2)
        every = np.concatenate([commands, cells], axis=2)
        kept = np.concatenate([np.ones_like(commands, bool), follows], axis=2)
        return bytes(every[kept].tobytes())


def _segmented(text: str, width: int) -> bytes:
    """At most ``width`` bytes of a text in parts of 255 bytes, a space after each."""
    held = cut_bytes(text, width).encode()
    return b" ".join(held[i : i + SEGMENT] for i in range(0, len(held), SEGMENT))


def rows_of(frame: pl.DataFrame, widths: Sequence[int], *, last: bool) -> Iterator[bytes]:
    """The rows of ``frame``; ``widths`` has a text's bytes for each column, 0 for a number.

    ``last``: no row of the file comes after these, and the mark of its end is due.
    """
    total, left = sum(cells_for(width) for width in widths), len(frame)
    for part in frame.iter_slices(max(1, BYTES_AT_ONCE // (total * CELL))):
        block, at = RowBlock.empty(len(part), total), 0
        for column, width in zip(part.iter_columns(), widths, strict=True):
            if width:
                block.put_texts(at, column, width)
            else:
                block.put_numbers(at, column)
            at += cells_for(width)
        left -= len(part)
        if last and not left:
            block.commands[-1, total] = END
        yield block.packed()


# IBM SPSS Statistics, "Variable labels" and "Value labels"; PSPP Developers, "System file format".
VARIABLE_LABEL, FILE_LABEL, NOTE, TEXT = 256, 64, 80, 32767
MISSING_TEXTS, MISSING_TEXT_BYTES = 3, 8
# In the header: the number of rows, and the creation date and time, which a release does not tell.
COUNT_AT, STAMP_AT, STAMP = 80, 92, b"01 Jan 8000:00:00"
COUNT_RECORD = struct.pack("<iiiiq", 7, 16, 8, 2, 1)  # then the rows, as a long
END_RECORD = 8

ALL_MISSING = [{"lo": min(MISSING_RANGE), "hi": max(MISSING_RANGE)}]


def _values(entry: Entry, width: int) -> dict[Any, str]:
    """Value → label. A text cell longer than any in the column can have none."""
    text = is_text(entry)
    labels: Mapping[Any, str] = text_labels_of(entry) if text else labels_of(entry)
    held = {v: said for v, said in labels.items() if not text or len(v.encode()) <= width}
    return distinct_labels(held, LABEL_BYTES)


def _missing(entry: Entry, occurring: Sequence[str]) -> list[Any]:
    """Numbers: the whole range. Texts: at most three, those that do occur before others."""
    if not is_text(entry):
        ranges = [{"lo": low, "hi": high} for low, high in entry.get("declared", ())]
        return ALL_MISSING if has_missing_codes(entry) else ranges
    codes = dict.fromkeys([*occurring, *missing_texts(entry)])
    return [code for code in codes if len(code.encode()) <= MISSING_TEXT_BYTES][:MISSING_TEXTS]


def _format(entry: Entry) -> str:
    return str(entry.get("format") or f"F8.{entry['decimals']}")


def _dictionary(source: TableSource) -> dict[str, dict[str, Any]]:
    """Keyword of pyreadstat → {name: what it says}, where it says anything."""
    words: dict[str, dict[str, Any]] = {}
    names = names_in(source.variables, SPSS).values()
    for entry, name, width in zip(source.codebook, names, _widths(source), strict=True):
        about = {
            "column_labels": cut_bytes(entry["label"], VARIABLE_LABEL),
            "variable_value_labels": _values(entry, width),
            "missing_ranges": _missing(entry, source.occurring.get(entry["variable"], ())),
            "variable_measure": level_of(entry),
            "variable_format": "" if is_text(entry) else _format(entry),
            # Columns in the data view: room for the name and for a short text.
            "variable_display_width": min(max(len(name), 8), 24 if is_text(entry) else 16),
        }
        for keyword, said in about.items():
            if said:
                words.setdefault(keyword, {})[name] = said
    return words


def _widths(source: TableSource) -> list[int]:
    """Bytes of each text column, 0 for numbers."""
    return [min(source.widest.get(name, 0), TEXT) for name in source.variables]


def _write_dictionary(source: TableSource, path: Path, title: str, notes: str) -> None:
    """Write all up to the rows by pyreadstat; the row it needs for that is taken off again.

    The dictionary is the intricate part of the format (docs/decisions/0010-files.md).
    """
    names, widths = names_in(source.variables, SPSS).values(), _widths(source)
    # One row as wide as the widest: it tells pyreadstat the types and the widths.
    row = {n: ["x" * w] if w else [0.0] for n, w in zip(names, widths, strict=True)}
    witness = pl.DataFrame(row)
    pyreadstat.write_sav(
        witness,
        path,
        file_label=cut_bytes(title, FILE_LABEL),
        note=list(wrapped(notes, NOTE)),
        row_compress=True,
        **cast("Any", _dictionary(source)),
    )
    _take_off(path, b"".join(rows_of(witness, widths, last=True)), source.rows)
    _put_sets(source, path)


def _take_off(path: Path, row: bytes, rows: int) -> None:
    """Take the one ``row`` off the end, and put the number of rows and the stamp in its place."""
    with path.open("r+b") as file:
        start = file.seek(-len(row), os.SEEK_END)
        laid_out = file.read() == row
        last = start - END_RECORD - len(COUNT_RECORD) - 8
        file.seek(last)
        # Another version of the library may lay out rows otherwise: then no file is left at all.
        if not laid_out or file.read(len(COUNT_RECORD)) != COUNT_RECORD:
            path.unlink()
            raise ExportRefused(
                "This version of pyreadstat lays out .sav files otherwise than the row encoder "
                "does, so nothing was written. Install the version in requirements/run.txt."
            )
        file.truncate(start)
        _overwrite(file, last + len(COUNT_RECORD), struct.pack("<q", rows))
        _overwrite(file, COUNT_AT, struct.pack("<i", rows))
        _overwrite(file, STAMP_AT, STAMP)


# Of each long name its short one, as "SHORT=long" with tabs between; then the sets of dichotomies,
# "$name=D1 1 5 label a b": bytes and counted value, bytes and label, short names in small letters.
NAMES_RECORD = struct.pack("<iii", 7, 13, 1)
SETS_RECORD, SET_LABEL = (7, 7, 1), 120


def _short_names(dictionary: bytes) -> dict[str, str]:
    """Name → the short one under which other records know the variable."""
    at = dictionary.rindex(NAMES_RECORD) + len(NAMES_RECORD)
    (size,) = struct.unpack_from("<i", dictionary, at)
    pairs = dictionary[at + 4 : at + 4 + size].decode().rstrip("\0").split("\t")
    return {long: short for short, _, long in (pair.partition("=") for pair in pairs)}


def _put_sets(source: TableSource, path: Path) -> None:
    """Put the multiple-response sets, which pyreadstat does not write, before the end record."""
    sets = multiple_response_sets(source.codebook)
    if not sets:
        return
    dictionary = path.read_bytes()
    names, short = names_in(source.variables, SPSS), _short_names(dictionary)
    lines = []
    for one in sets:
        label = cut_bytes(" ".join(one.label.split()), SET_LABEL)
        members = " ".join(short[names[variable]].lower() for variable in one.variables)
        size = len(label.encode())
        lines.append(f"${one.name}=D{len(TICKED)} {TICKED} {size} {label} {members}\n")
    content = "".join(lines).encode()
    record = struct.pack("<iiii", *SETS_RECORD, len(content)) + content
    path.write_bytes(dictionary[:-END_RECORD] + record + dictionary[-END_RECORD:])


def _overwrite(file: BinaryIO, at: int, content: bytes) -> None:
    file.seek(at)
    file.write(content)


def _bytecode(source: TableSource) -> Iterator[bytes]:
    """Yield the rows of the table as they stand in the file."""
    widths, left = _widths(source), source.rows
    for block in source.blocks():
        left -= len(block)
        yield from rows_of(block, widths, last=not left)


def write_sav(source: TableSource, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path``, byte for byte the same for the same rows, codebook and words.

    Names that SPSS refuses are altered (exports.files.source). SPSS pads texts with spaces, so
    spaces at the end of a text are lost; of a text over 32,767 bytes it holds that many.
    """
    _write_dictionary(source, path, title, notes)
    with path.open("ab") as file:
        file.writelines(_bytecode(source))


ZLIB_MAGIC, COMPRESSION_AT, ZLIB_BLOCK = b"$FL3", 72, 0x3FF000
ZLIB_HEADER, ZLIB_TRAILER, ZLIB_ENTRY = struct.Struct("<3q"), struct.Struct("<2q2i"), "<2q2i"


def write_zsav(source: TableSource, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path`` as ``write_sav`` does, its rows packed by zlib in blocks."""
    _write_dictionary(source, path, title, notes)
    with path.open("r+b") as file:
        _overwrite(file, 0, ZLIB_MAGIC)
        _overwrite(file, COMPRESSION_AT, struct.pack("<i", 2))
        start = file.seek(0, os.SEEK_END)
        file.write(bytes(ZLIB_HEADER.size))
        plain, entries = start, []
        for block in _in_blocks(_bytecode(source), ZLIB_BLOCK):
            packed = zlib.compress(block)
            entries.append((plain, file.tell(), len(block), len(packed)))
            file.write(packed)
            plain += len(block)
        trailer = file.tell()
        file.write(ZLIB_TRAILER.pack(-BIAS, 0, ZLIB_BLOCK, len(entries)))
        file.writelines(struct.pack(ZLIB_ENTRY, *entry) for entry in entries)
        _overwrite(file, start, ZLIB_HEADER.pack(start, trailer, file.tell() - trailer))


def _in_blocks(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of ``parts`` in blocks of one size, the last one shorter."""
    held = b""
    for part in parts:
        held += part
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held
