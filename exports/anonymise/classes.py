"""Which rows are alike: one number for all rows with the same values."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# Keys grow column by column; they are renumbered before they could pass 64 bits.
ROOM = 2**62


def number_rows(columns: Iterable[NDArray[np.integer]], rows: int) -> tuple[NDArray[np.int64], int]:
    """The class of each row, shape (rows,), numbered from 0, and how many classes there are.

    ``columns`` hold numbers from 0. Classes are numbered in the order of their content, the first
    column first, so that the order of rows decides nothing. Without columns all rows are one class.
    """
    keys = np.zeros(rows, dtype=np.int64)
    span = 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if span > ROOM // width:
            keys, span = _renumbered(keys)
        keys = keys * width + column
        span *= width
    return _renumbered(keys)


def _renumbered(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    distinct, numbers = np.unique(keys, return_inverse=True)
    return numbers, int(distinct.size)
