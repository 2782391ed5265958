"""A column as the verifier holds it: every different cell once, and a small number for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.unsignedinteger[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Below this many cells of a contingency table, counting in place beats sorting the pairs.
SMALL_TABLE = 1 << 22


@dataclass(frozen=True, slots=True)
class Coded:
    """One column: ``cells`` are its different texts, ``codes`` has shape (rows,) and points there.

    The order of ``cells`` means nothing, and every one of them stands in some row.
    """

    codes: Codes
    cells: tuple[str, ...]

    def counts(self) -> Ints:
        """Rows of each cell, shape (cells,)."""
        return np.bincount(self.codes, minlength=len(self.cells)).astype(np.int64)

    def is_cell(self, cell: str | None) -> Bools:
        """Whether each row holds ``cell``, shape (rows,)."""
        if cell is None or cell not in self.cells:
            return np.zeros(len(self.codes), dtype=bool)
        return np.asarray(self.codes == self.cells.index(cell))

    def at(self, rows: Ints) -> Coded:
        """The column at some rows, in their order."""
        return dense(self.codes[rows], self.cells)

    def merged(self, name: Callable[[str], str]) -> Coded:
        """The column with every cell renamed; cells of one new name become one."""
        names = [name(cell) for cell in self.cells]
        if len(set(names)) == len(names):
            return Coded(self.codes, tuple(names))
        return dense(self.codes, names)


Table = Mapping[str, Coded]


def small(codes: NDArray[Any], below: int) -> Codes:
    """``codes`` in the smallest unsigned type that holds all numbers under ``below``."""
    kind = np.uint8 if below <= 1 << 8 else np.uint16 if below <= 1 << 16 else np.uint32
    return codes.astype(kind, copy=False)


def dense(codes: NDArray[Any], cells: Sequence[str]) -> Coded:
    """A column from codes into ``cells``, which may repeat or be unused."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(cells)))
    if len(used) == len(cells) == len(set(cells)):
        return Coded(small(codes, len(cells)), tuple(cells))
    new: dict[str, int] = {}
    place = np.zeros(len(cells), dtype=np.uint32)
    place[used] = [new.setdefault(cells[at], len(new)) for at in used.tolist()]
    return Coded(small(small(place, len(new))[codes], len(new)), tuple(new))


def coded(series: pl.Series) -> Coded:
    """A column of any type as text, the way it would be written; null is an empty cell."""
    if series.dtype.is_integer() and not series.null_count() and len(series):
        low, high = int(series.min()), int(series.max())  # type: ignore[arg-type]
        if high - low < 1 << 16:
            codes = (series.cast(pl.Int64) - low).to_numpy()
            return dense(codes, [str(value) for value in range(low, high + 1)])
    kind = pl.Categorical(pl.Categories.random())
    texts = series.cast(pl.String).fill_null("").cast(kind)
    return named(texts.to_physical().to_numpy() + 1, kind)


def named(codes: NDArray[Any], kind: pl.Categorical) -> Coded:
    """A column from the numbers of a categorical type, each one higher: 0 is the empty cell."""
    used = np.flatnonzero(np.bincount(codes, minlength=1))
    numbers = pl.Series(used[used > 0] - 1, dtype=pl.UInt32)
    texts = numbers.cat.to(kind).cast(pl.String).to_list()
    place = np.zeros(int(used.max(initial=0)) + 1, dtype=np.uint32)
    place[used] = np.arange(len(used))
    return dense(small(place, len(used))[codes], [""] * (len(used) - len(numbers)) + texts)


def combined(columns: Iterable[Codes], rows: int) -> tuple[Ints, int]:
    """Rows alike in all columns get one number from 0: shape (rows,), and how many there are."""
    key, many = np.zeros(rows, dtype=np.int64), 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if many * width >= 1 << 62:
            key, many = _renumbered(key, many)
        key, many = key * width + column, many * width
    return _renumbered(key, many)


def _renumbered(key: Ints, below: int) -> tuple[Ints, int]:
    """``key`` with its numbers closed up, in their old order."""
    if below <= SMALL_TABLE:
        used = np.bincount(key, minlength=1) > 0
        return (np.cumsum(used) - 1)[key], int(used.sum()) if len(key) else 0
    found, inverse = np.unique(key, return_inverse=True)
    return inverse.astype(np.int64), len(found)


def pairs(one: NDArray[Any], other: NDArray[Any], width: int) -> tuple[Ints, Ints, Ints]:
    """Different pairs of codes that stand side by side, and the rows of each pair.

    ``width`` is above every code of ``other``. Pairs come in order of ``one``, then ``other``.
    """
    key = one.astype(np.int64) * width + other
    high = int(key.max(initial=-1)) + 1
    if high <= SMALL_TABLE:
        table = np.bincount(key, minlength=1)
        found = np.flatnonzero(table)
        count = table[found]
    else:
        found, count = np.unique(key, return_counts=True)
    return found // width, found % width, count.astype(np.int64)
