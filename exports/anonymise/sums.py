"""Sums over columns for any node of the lattice, with as little adding as memory allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.int64, np.float32)

# Lines of sums kept for a group of columns, and cells in all of them.
LINES = 250
CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sums(Generic[Number]):
    """The columns in groups; for each group, the sum of every combination of its levels.

    ``tables`` have shape (combinations, pieces); ``lines`` says for each group which line belongs
    to each node of the lattice.
    """

    tables: tuple[NDArray[Number], ...]
    lines: tuple[NDArray[np.int64], ...]

    def at(self, node: int) -> NDArray[Number]:
        """The sum of every piece at a node of the lattice."""
        total: NDArray[Number] = self.tables[0][self.lines[0][node]]
        for table, lines in zip(self.tables[1:], self.lines[1:], strict=True):
            total = total + table[lines[node]]
        return total

    def of(self, node: int, pieces: NDArray[np.integer]) -> NDArray[Number]:
        """The same for some of the pieces."""
        total: NDArray[Number] = self.tables[0][self.lines[0][node], pieces]
        for table, lines in zip(self.tables[1:], self.lines[1:], strict=True):
            total = total + table[lines[node], pieces]
        return total


def sums_of(
    columns: list[NDArray[Number]], lattice: NDArray[np.int64], lines_kept: int = LINES
) -> Sums[Number]:
    """Sums of columns of shape (levels, pieces); the lattice has shape (columns, nodes)."""
    most = min(lines_kept, CELLS // max(columns[0].shape[1], 1))
    tables, lines = [columns[0]], [lattice[0]]
    for column, levels in zip(columns[1:], lattice[1:], strict=True):
        height, pieces = column.shape
        if tables[-1].shape[0] * height <= most:
            both = tables[-1][:, None] + column
            tables[-1] = both.reshape(both.shape[0] * height, pieces)
            lines[-1] = lines[-1] * height + levels
        else:
            tables.append(column)
            lines.append(levels)
    return Sums(tuple(tables), tuple(lines))
