"""Whether the order of the rows says when they arrived.

A file sorted by its own content tells nothing by its order. Otherwise the order is compared with
that of the input: if the two go together, whoever knows roughly when somebody answered is helped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.verify.classes import each_batch
from exports.verify.coded import Bools, Coded, Ints, Table

# Standard errors of a rank correlation beyond which chance is no explanation (two-sided 6 in
# 100,000); and the fewest rows whose exact order chance gives less than once in 2,000 files.
FAR, FEW = 4.0, 7


@dataclass(frozen=True, slots=True)
class Order:
    """``correlation`` is Spearman's, of position with true position, strongest of the batches."""

    by_content: bool
    correlation: float | None
    follows_input: bool


def _ranks(cells: tuple[str, ...]) -> Iterator[NDArray[np.int64]]:
    """Places of the cells in the orders a file may be sorted in: as text, and as numbers."""
    texts = pl.Series(cells, dtype=pl.String)
    yield texts.rank("dense").cast(pl.Int64).to_numpy()
    filled = texts.replace("", None)
    numbers = filled.cast(pl.Float64, strict=False)
    if numbers.null_count() == filled.null_count():
        yield numbers.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()


def counts_up(column: Coded) -> bool:
    """Whether the column only numbers the lines 1, 2, 3 …, which says nothing."""
    rows = len(column.codes)
    if len(column.cells) != rows or column.cells[column.codes[0]] != "1":
        return False
    numbers = pl.Series(column.cells).cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    return bool((numbers[column.codes] == np.arange(1, rows + 1)).all())


def _rising(column: Coded, open_: Bools) -> Bools | None:
    """Where the column rises, if among the undecided neighbours it never falls."""
    for ranks in _ranks(column.cells):
        at = ranks[column.codes]
        if not np.any((at[1:] < at[:-1]) & open_):
            return np.asarray(at[1:] > at[:-1])
    return None


def sorted_by_content(columns: Iterable[Coded], open_: Bools) -> bool:
    """Whether some order of the columns sorts the rows.

    ``open_`` has shape (rows - 1,): the neighbours whose order is to be explained. A column that
    never falls among them may always come first: it cannot spoil what comes after.
    """
    waiting, going = list(columns), True
    while going and open_.any():
        left = []
        for column in waiting:
            rises = _rising(column, open_) if open_.any() else None
            if rises is None:
                left.append(column)
            else:
                open_ = open_ & ~rises
        waiting, going = left, len(left) < len(waiting)
    return not open_.any() or all(_alike(column, open_) for column in waiting)


def _alike(column: Coded, where: Bools) -> bool:
    return not np.any((column.codes[1:] != column.codes[:-1]) & where)


def rank_correlation(true_rows: Ints) -> float | None:
    """Spearman's rank correlation of position with true position; None under two rows."""
    rows = len(true_rows)
    if rows < 2:
        return None
    ranks = np.empty(rows)
    ranks[np.argsort(true_rows, kind="stable")] = np.arange(rows)
    return float(np.corrcoef(np.arange(rows), ranks)[0, 1])


def _striking(correlation: float | None, rows: int) -> bool:
    if correlation is None or rows < FEW:
        return False
    size = abs(correlation)
    return size > 1 - 1e-9 or size * float(np.sqrt(rows - 1)) > FAR


def order_of(table: Table, batch: Ints, true_rows: Ints | None) -> Order:
    """How the rows are ordered; without their true positions only whether it is by content."""
    open_ = batch[1:] == batch[:-1]
    by_content = sorted_by_content((c for c in table.values() if not counts_up(c)), open_)
    if true_rows is None:
        return Order(by_content, None, follows_input=False)
    parts = [true_rows[rows] for rows in each_batch(batch)]
    found = [(rank_correlation(part), len(part)) for part in parts]
    strongest = max((c for c, _ in found if c is not None), key=abs, default=None)
    follows = not by_content and any(_striking(*one) for one in found)
    return Order(by_content, strongest, follows)
