"""Rows that look alike: classes by value, their sizes, and what every class must hold.

Two cells are alike when they are the same text, or both count as missing. A withheld cell is no
wildcard: it is alike to withheld (and missing) cells only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from exports.verify.claim import Claim
from exports.verify.coded import Coded, Ints, Table, combined, small


@dataclass(frozen=True)
class Classes:
    """The class of each row, shape (rows,), from 0, and how many classes there are."""

    of_row: Ints
    count: int

    @cached_property
    def sizes(self) -> Ints:
        """Rows of each class, shape (classes,)."""
        return np.bincount(self.of_row, minlength=self.count).astype(np.int64)

    @cached_property
    def first(self) -> Ints:
        """One row of each class, shape (classes,): what the class shares can be read there."""
        first = np.empty(self.count, dtype=np.int64)
        first[self.of_row] = np.arange(len(self.of_row))
        return first

    @property
    def smallest(self) -> int:
        """Rows of the smallest class; 0 where there is none. k of Sweeney 2002, k-anonymity."""
        return int(self.sizes.min(initial=len(self.of_row)))

    @property
    def alone(self) -> int:
        """Rows that are their whole class."""
        return int((self.sizes == 1).sum())

    def among(self, rows: Ints) -> Classes:
        """The classes of some rows, which are given from first to last."""
        return (
            self
            if len(rows) == len(self.of_row)
            else Classes(*combined((small(self.of_row[rows], self.count),), len(rows)))
        )


def segments_of(claim: Claim, rows: int) -> Ints:
    """The batch of each row, shape (rows,); rows beyond the batches claimed are one more batch."""
    bounds = np.cumsum(claim.segments, dtype=np.int64)
    return np.searchsorted(bounds, np.arange(rows), side="right").astype(np.int64)


def each_batch(batch: Ints) -> Iterator[Ints]:
    """The rows of each batch, in file order. A batch without rows is passed over."""
    for number in np.flatnonzero(np.bincount(batch)):
        yield np.flatnonzero(batch == number)


def as_key(table: Table, columns: Sequence[str], claim: Claim) -> tuple[Coded, ...]:
    """The columns as parts of a key: every kind of missing is one category."""
    return tuple(
        table[name].merged(lambda cell, name=name: claim.category(name, cell))  # type: ignore[misc]
        for name in columns
    )


def classes_of(key: Sequence[Coded], batch: Ints) -> Classes:
    """Classes of rows alike in every column of ``key``, each batch by itself."""
    wide = (batch.astype(np.uint32), *(column.codes for column in key))
    return Classes(*combined(wide, len(batch)))
