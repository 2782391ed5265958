"""Rows of an SPSS file (.sav) in its bytecode compression, a block at a time.

Each row is cut into cells of eight bytes; eight command bytes come before the eight cells they are
for. A command is a small whole number plus 100 (the cell then takes no more room), or says that the
cell follows, is blank or is missing. Source: PSPP Developers' Guide, "System file format", data
record. The bytes are those that pyreadstat writes, in half the time and with no table in
memory; a test holds the two side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.files.meaning import cut_bytes

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
class Block:
    """Commands and cells of some rows: shapes (rows, cells) and (rows, cells, 8)."""

    commands: Bytes
    cells: Bytes

    @classmethod
    def empty(cls, rows: int, cells: int) -> Block:
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
        once = {text: _segmented(_fitting(text, width), many * CELL) for text in set(words)}
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


def _fitting(text: str, width: int) -> bytes:
    whole = text.encode()
    return whole if len(whole) <= width else cut_bytes(text, width).encode()


def _segmented(text: bytes, room: int) -> bytes:
    """Long texts in parts of 255 bytes, a space after each."""
    parts = (text[i : i + SEGMENT] for i in range(0, len(text), SEGMENT))
    return b" ".join(parts).ljust(room)


def rows_of(frame: pl.DataFrame, widths: Sequence[int], *, last: bool) -> Iterator[bytes]:
    """The rows of ``frame``; ``widths`` has a text's bytes for each column, 0 for a number.

    ``last``: no row of the file comes after these, and the mark of its end is due.
    """
    total, left = sum(cells_for(width) for width in widths), len(frame)
    for part in frame.iter_slices(max(1, BYTES_AT_ONCE // (total * CELL))):
        block, at = Block.empty(len(part), total), 0
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
