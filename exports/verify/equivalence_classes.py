"""Equivalence classes by value, their diversity, and the re-identification risks that follow.

Two cells are alike when they are the same text, or both count as missing. A suppressed cell is no
wildcard: it is alike to suppressed (and missing) cells only.

Sources: Sweeney 2002 (k-anonymity); Machanavajjhala et al. 2007 (distinct and entropy l); Li et al.
2007 (t-closeness, earth mover's distance, equal and ordered); Nergiz et al. 2007 (presence); El
Emam & Dankar 2008, Protecting privacy using k-anonymity; El Emam 2013, Guide to the
de-identification of personal health information, ch. 16; Dankar et al. 2012, Estimating the
re-identification risk of clinical data sets; Dankar & El Emam 2010 (marketer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from exports.verify.reading import Claim, CodedColumn, Floats, Ints, Table, combined, pairs, small

# EMA Policy 0070 and Health Canada (2019) accept 0.09, which asks for classes of 12; 0.2 goes with
# the classes of 5 that are the historical norm (El Emam 2013).
OPEN_DATA, HISTORICAL = 0.09, 0.2


@dataclass(frozen=True)
class EquivalenceClasses:
    """The class of each row, shape (rows,), from 0, and how many classes there are."""

    of_row: Ints
    count: int

    @cached_property
    def sizes(self) -> Ints:
        """Number of rows of each class, shape (classes,)."""
        return np.bincount(self.of_row, minlength=self.count).astype(np.int64)

    @cached_property
    def first(self) -> Ints:
        """One row of each class, shape (classes,), at which to read what the class shares."""
        first = np.empty(self.count, dtype=np.int64)
        first[self.of_row] = np.arange(len(self.of_row))
        return first

    @property
    def smallest(self) -> int:
        """Number of rows of the smallest class, k; 0 where there is none."""
        return int(self.sizes.min(initial=len(self.of_row)))

    @property
    def unique(self) -> int:
        """Number of rows that are their whole class."""
        return int((self.sizes == 1).sum())

    def among(self, rows: Ints) -> EquivalenceClasses:
        """Return the classes of some rows, from first to last."""
        if len(rows) == len(self.of_row):
            return self
        return EquivalenceClasses(*combined((small(self.of_row[rows], self.count),), len(rows)))


def segments_of(claim: Claim, rows: int) -> Ints:
    """Return the batch of each row, shape (rows,); rows beyond those claimed are one more batch."""
    bounds = np.cumsum(claim.segments, dtype=np.int64)
    return np.searchsorted(bounds, np.arange(rows), side="right").astype(np.int64)


def each_batch(batch: Ints) -> Iterator[Ints]:
    """Yield the rows of each batch that has any, in file order."""
    for number in np.flatnonzero(np.bincount(batch)):
        yield np.flatnonzero(batch == number)


def as_key(table: Table, columns: Sequence[str], claim: Claim) -> tuple[CodedColumn, ...]:
    """Return the columns as parts of a key: every kind of missing is one category."""
    return tuple(
        table[name].merged(lambda cell, name=name: claim.category(name, cell))  # type: ignore[misc]
        for name in columns
    )


def classes_of(key: Sequence[CodedColumn], batch: Ints) -> EquivalenceClasses:
    """Return the classes of rows alike in every column of ``key``, each batch by itself."""
    wide = (batch.astype(np.uint32), *(column.codes for column in key))
    return EquivalenceClasses(*combined(wide, len(batch)))


@dataclass(frozen=True, slots=True)
class Diversity:
    """The worst class by each measure of one sensitive column.

    ``distinct`` is the fewest different values, ``entropy`` the smallest exp of the Shannon
    entropy, ``distance`` the largest earth mover's distance to the whole file (0-1).
    """

    distinct: int
    entropy: float
    distance: float


@dataclass(frozen=True, slots=True)
class _Spread:
    """Distribution of a column over classes: one entry a (class, value) that occurs, in order."""

    classes: Ints
    values: Ints
    share: Floats  # of the class
    overall: Floats  # share of the whole file, by value


def _equal_distance(spread: _Spread) -> float:
    """Return half of the absolute differences: every value is as far from every other."""
    overall = spread.overall[spread.values]
    there = np.bincount(spread.classes, np.abs(spread.share - overall))
    covered = np.bincount(spread.classes, overall)
    return float(((there + (1 - covered)) / 2).max())


def _ordered_distance(spread: _Spread) -> float:
    """Return the mean of the absolute cumulated differences: values are ranks.

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


def _ranked(column: CodedColumn, order: Sequence[str]) -> CodedColumn:
    """Return the column with codes in the order of its values; only those that occur are ranks."""
    occurring = set(column.cells)
    cells = (*(cell for cell in order if cell in occurring), *sorted(occurring - set(order)))
    rank = {cell: at for at, cell in enumerate(cells)}
    place = np.array([rank[cell] for cell in column.cells], dtype=np.uint32)
    return CodedColumn(place[column.codes], cells)


def _diversity(
    classes: EquivalenceClasses, column: CodedColumn, order: Sequence[str] | None
) -> Diversity:
    """Return the worst class of ``column``; ``order`` are its values from low to high, if ranked.

    Distances are taken from the file itself, as its reader would.
    """
    if order is not None:
        column = _ranked(column, order)
    at, value, count = pairs(classes.of_row, column.codes, len(column.cells))
    overall = column.counts() / len(column.codes)
    spread = _Spread(at, value, count / classes.sizes[at], overall)
    entropies = np.bincount(at, -spread.share * np.log(spread.share))
    distance = _equal_distance(spread) if order is None else _ordered_distance(spread)
    return Diversity(
        distinct=int(np.bincount(at).min()),
        entropy=float(np.exp(entropies.min())),
        distance=max(0.0, distance),
    )


def diversities(
    classes: EquivalenceClasses, batch: Ints, table: Table, claim: Claim
) -> Mapping[str, Diversity]:
    """Return sensitive column → its worst class, all kinds of missing being one value.

    Each batch is compared with itself: it has to keep the promise without the others. One in which
    nobody answered has nothing to keep.
    """
    found = {}
    for name in claim.sensitive:
        column = as_key(table, (name,), claim)[0]
        order = claim.ordered.get(name)
        if order is not None:
            order = tuple(dict.fromkeys(claim.category(name, cell) for cell in order))
        missing = claim.missing.get(name, frozenset())
        each = [
            _diversity(classes.among(r), column.at(r), order)
            for r in each_batch(batch)
            if {column.cells[code] for code in np.unique(column.codes[r])} - missing
        ]
        if each:
            found[name] = Diversity(
                min(one.distinct for one in each),
                min(one.entropy for one in each),
                max(one.distance for one in each),
            )
    return found


@dataclass(frozen=True, slots=True)
class Risk:
    """Shares (0-1): highest and average risk of a row, and rows above the two usual thresholds."""

    highest: float
    average: float
    above_open_data: float
    above_historical: float


def _risk(each: Floats, rows: Ints, average: float) -> Risk:
    """Return the risk from that of ``each`` class and the rows it counts for."""
    total = rows.sum()
    return Risk(
        float(each.max()),
        average,
        float(rows[each > OPEN_DATA].sum() / total),
        float(rows[each > HISTORICAL].sum() / total),
    )


def prosecutor(classes: EquivalenceClasses) -> Risk | None:
    """Return the risk of people known to be in the file; None for a file without rows.

    That of a row is 1 / rows of its class.
    """
    if not classes.count:
        return None
    return _risk(1 / classes.sizes, classes.sizes, marketer(classes, None))


def journalist(classes: EquivalenceClasses, people: Ints | None) -> Risk | None:
    """Return the risk of people of the population, of whom each class covers ``people``.

    That of a row is 1 / people under its class; a class that covers fewer people than it has rows
    counts its rows: they are people too. Without a population the file has to stand for it, and
    the figures are the prosecutor's: an upper bound.
    """
    if not classes.count or people is None:
        return prosecutor(classes)
    covered = np.maximum(people, classes.sizes)
    average = max(classes.count / float(covered.sum()), marketer(classes, covered))
    return _risk(1 / covered, classes.sizes, average)


def marketer(classes: EquivalenceClasses, people: Ints | None) -> float:
    """Return the share of rows guessed right by an attacker who guesses all of them."""
    if not classes.count:
        return 0.0
    covered = classes.sizes if people is None else np.maximum(people, classes.sizes)
    return float((classes.sizes / covered).sum() / classes.sizes.sum())


def presence(here: Ints, people: Ints) -> tuple[float, float]:
    """Return the lowest and the highest share of the people who fit a class that are in the data.

    ``here`` and ``people`` count those of the data and of the population who fit each class, shape
    (classes,). Where classes overlap, somebody counts for each that they fit: nobody can tell which
    of them shows their row. People whose rows were left out of the file count too.
    """
    shares = here / np.maximum(np.maximum(people, here), 1)
    return float(shares.min()), float(shares.max())
