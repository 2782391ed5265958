"""Rows that look alike: classes by value, their sizes, and what every class must hold.

Two cells are alike when they are the same text, or both count as missing. A withheld cell is no
wildcard: it is alike to withheld (and missing) cells only.

What somebody learns who knows the class of a person, but not which row is theirs.

Sources: Machanavajjhala et al. 2007, l-diversity (distinct and entropy l); Li et al. 2007,
t-closeness (earth mover's distance, equal and ordered).

The chance of a right guess, for three kinds of attacker.

- *Prosecutor*: knows that the person is in the file. Risk of a row: 1 / rows of its class.
- *Journalist*: knows somebody of the population, not whether they are in the file. Risk of a row:
  1 / people of the population in its class. Without a population table the file has to stand for
  it, and the figures are the prosecutor's: an upper bound.
- *Marketer*: wants as many right guesses as possible. Risk: share of rows guessed right on average.

Sources: El Emam & Dankar 2008, Protecting privacy using k-anonymity; El Emam 2013, Guide to the
de-identification of personal health information, ch. 16; Dankar et al. 2012, Estimating the
re-identification risk of clinical data sets; Dankar & El Emam 2010 (marketer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exports.verify.claim import Claim
from exports.verify.reading import Coded, Ints, Table, combined, pairs, small


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


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Diversity:
    """The worst class of one sensitive column.

    ``distinct`` is the fewest different values, ``entropy`` the smallest exp of the Shannon
    entropy, ``distance`` the largest earth mover's distance to the whole file (0-1).
    """

    distinct: int
    entropy: float
    distance: float


@dataclass(frozen=True, slots=True)
class _Spread:
    """Which values stand in which class: one entry a (class, value) that occurs, in that order."""

    classes: Ints
    values: Ints
    share: Floats  # of the class
    sizes: Ints  # rows of each class
    overall: Floats  # share of the whole file, by value


def _spread(classes: Classes, column: Coded) -> _Spread:
    width = len(column.cells)
    at, value, count = pairs(classes.of_row, column.codes, width)
    overall = column.counts() / len(column.codes)
    return _Spread(at, value, count / classes.sizes[at], classes.sizes, overall)


def _entropy(spread: _Spread) -> float:
    bits = np.bincount(spread.classes, -spread.share * np.log(spread.share))
    return float(np.exp(bits.min()))


def _equal_distance(spread: _Spread) -> float:
    """Half of the absolute differences, where every value is as far from every other."""
    overall = spread.overall[spread.values]
    there = np.bincount(spread.classes, np.abs(spread.share - overall))
    covered = np.bincount(spread.classes, overall)
    return float(((there + (1 - covered)) / 2).max())


def _ordered_distance(spread: _Spread) -> float:
    """Mean of the absolute cumulated differences, where values are ranks.

    Between two values of a class its own cumulated share stands still while the file's rises, so
    that every such stretch is summed at once, left and right of where the two cross.
    """
    steps = len(spread.overall)
    if steps < 2:
        return 0.0
    file = np.cumsum(spread.overall)
    summed = np.concatenate(([0.0], np.cumsum(file)))
    last = np.append(spread.classes[1:] != spread.classes[:-1], True)
    first = np.append(True, last[:-1])
    running = np.cumsum(spread.share)
    level = running - (running - spread.share)[first][spread.classes]
    start = spread.values
    end = np.where(last, steps, np.append(start[1:], steps))
    cross = np.clip(np.searchsorted(file, level), start, end)
    below = level * (cross - start) - (summed[cross] - summed[start])
    above = (summed[end] - summed[cross]) - level * (end - cross)
    ahead = summed[start[first]]  # before its first value a class has gathered nothing
    total = np.bincount(spread.classes, below + above) + ahead
    return float(total.max() / (steps - 1))


def _ranked(column: Coded, order: Sequence[str]) -> Coded:
    """The column with its codes in the order of its values, values that do not occur included."""
    rest = sorted(set(column.cells) - set(order))
    cells = (*order, *rest)
    rank = {cell: at for at, cell in enumerate(cells)}
    place = np.array([rank[cell] for cell in column.cells], dtype=np.uint32)
    return Coded(place[column.codes], cells)


def diversity_of(classes: Classes, column: Coded, order: Sequence[str] | None) -> Diversity:
    """The worst class of ``column``; ``order`` gives its values from low to high, if they have one.

    Distances are taken from the file itself, as its reader would.
    """
    if order is not None:
        column = _ranked(column, order)
    spread = _spread(classes, column)
    distance = _equal_distance if order is None else _ordered_distance
    return Diversity(
        distinct=int(np.bincount(spread.classes).min()),
        entropy=_entropy(spread),
        distance=max(0.0, distance(spread)),
    )


def _worst(found: Sequence[Diversity]) -> Diversity:
    return Diversity(
        min(one.distinct for one in found),
        min(one.entropy for one in found),
        max(one.distance for one in found),
    )


def diversities(
    classes: Classes, batch: Ints, table: Table, claim: Claim
) -> Mapping[str, Diversity]:
    """Sensitive column → its worst class, all kinds of missing being one value.

    Each batch is compared with itself: it has to keep the promise without the others.
    """
    found = {}
    batches = list(each_batch(batch))
    for name in claim.sensitive:
        column = as_key(table, (name,), claim)[0]
        order = claim.ordered.get(name)
        if order is not None:
            order = tuple(dict.fromkeys(claim.category(name, cell) for cell in order))
        found[name] = _worst(
            [diversity_of(classes.among(rows), column.at(rows), order) for rows in batches]
        )
    return found


# EMA Policy 0070 and Health Canada (2019) accept 0.09, which asks for classes of 12; 0.2 goes with
# the classes of 5 that are the historical norm (El Emam 2013).
OPEN_DATA, HISTORICAL = 0.09, 0.2


@dataclass(frozen=True, slots=True)
class Risk:
    """Shares (0-1): the highest and the average risk, and rows above the two usual thresholds."""

    highest: float
    average: float
    above_open_data: float
    above_historical: float


def _risk(each: NDArray[np.float64], rows: Ints, average: float) -> Risk:
    """``each`` is the risk of every class, ``rows`` the rows it counts for."""
    total = rows.sum()
    return Risk(
        float(each.max()),
        average,
        float(rows[each > OPEN_DATA].sum() / total),
        float(rows[each > HISTORICAL].sum() / total),
    )


def prosecutor(classes: Classes) -> Risk | None:
    """Of people known to be in the file; None for a file without rows."""
    if not classes.count:
        return None
    return _risk(1 / classes.sizes, classes.sizes, marketer(classes, None))


def journalist(classes: Classes, people: Ints | None) -> Risk | None:
    """Of people known to be in the population; ``people`` is how many each class covers.

    A class that covers fewer people than it has rows counts as many: they are people too.
    """
    if not classes.count or people is None:
        return prosecutor(classes)
    covered = np.maximum(people, classes.sizes)
    average = max(classes.count / float(covered.sum()), marketer(classes, covered))
    return _risk(1 / covered, classes.sizes, average)


def marketer(classes: Classes, people: Ints | None) -> float:
    """Share of rows guessed right by somebody who guesses all of them."""
    if not classes.count:
        return 0.0
    covered = classes.sizes if people is None else np.maximum(people, classes.sizes)
    return float((classes.sizes / covered).sum() / classes.sizes.sum())


def presence(classes: Classes, people: Ints) -> tuple[float, float]:
    """Lowest and highest share of the people under a class who are in the file.

    Source: Nergiz et al. 2007, δ-presence.
    """
    shares = classes.sizes / np.maximum(people, classes.sizes)
    return float(shares.min()), float(shares.max())
