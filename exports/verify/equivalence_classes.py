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

from exports.verify.people import NOBODY, different
from exports.verify.reading import (
    Claim,
    CodedColumn,
    Codes,
    Floats,
    Ints,
    Table,
    combined,
    pairs,
    small,
)

# EMA Policy 0070 and Health Canada (2019) accept 0.09, which asks for classes of 12; 0.2 goes with
# the classes of 5 that are the historical norm (El Emam 2013).
OPEN_DATA, HISTORICAL = 0.09, 0.2


@dataclass(frozen=True)
class EquivalenceClasses:
    """The class of each row, shape (rows,), from 0, and how many classes there are.

    ``people`` has shape (rows,): whose each row is (None: every row is another person's).
    """

    of_row: Ints
    count: int
    people: Ints | None = None

    @cached_property
    def rows(self) -> Ints:
        """Number of rows of each class, shape (classes,)."""
        return np.bincount(self.of_row, minlength=self.count).astype(np.int64)

    @cached_property
    def sizes(self) -> Ints:
        """Number of people of each class, shape (classes,)."""
        return self.rows if self.people is None else different(self.of_row, self.people, self.count)

    @cached_property
    def whose(self) -> Ints:
        """Number of each row's person, shape (rows,)."""
        return np.arange(len(self.of_row)) if self.people is None else self.people

    @cached_property
    def first(self) -> Ints:
        """One row of each class, shape (classes,), at which to read what the class shares."""
        first = np.empty(self.count, dtype=np.int64)
        first[self.of_row] = np.arange(len(self.of_row))
        return first

    @cached_property
    def counted(self) -> Ints:
        """Number of people of each class, shape (classes,), one where nobody is counted."""
        return np.maximum(self.sizes, 1)

    @property
    def smallest(self) -> int:
        """Number of people of the smallest class, k; 0 where there is none."""
        return int(self.sizes.min(initial=len(self.of_row)))

    @property
    def unique(self) -> int:
        """Number of people who are their whole class."""
        return int((self.sizes == 1).sum())

    def among(self, rows: Ints) -> EquivalenceClasses:
        """Return the classes of some rows, from first to last."""
        if len(rows) == len(self.of_row):
            return self
        people = None if self.people is None else self.people[rows]
        numbers = combined((small(self.of_row[rows], self.count),), len(rows))
        return EquivalenceClasses(*numbers, people)


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


def classes_of(
    key: Sequence[CodedColumn], batch: Ints, people: Ints | None = None
) -> EquivalenceClasses:
    """Return the classes of rows alike in every column of ``key``, each batch by itself."""
    wide = (batch.astype(np.uint32), *(column.codes for column in key))
    return EquivalenceClasses(*combined(wide, len(batch)), people)


@dataclass(frozen=True, slots=True)
class Diversity:
    """The worst class by each measure of one sensitive column.

    ``distinct`` is the fewest different values, ``entropy`` the smallest exp of the Shannon
    entropy, both of values that are not missing and of classes that have any; ``without`` counts
    the others. ``distance`` is the largest earth mover's distance to the whole file (0-1). A value
    counts once for each person who has it. ``rows_alike`` are all who have a value in classes of
    one value.
    """

    distinct: int
    entropy: float
    distance: float
    without: int = 0
    rows_alike: int = 0


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
    classes: EquivalenceClasses,
    column: CodedColumn,
    *,
    order: Sequence[str] | None,
    missing: str | None,
) -> Diversity | None:
    """Return the worst class of ``column``; ``order`` are its values from low to high, if ranked.

    ``missing`` is the cell that is no value; None where nobody has one. Distances are taken from
    the file itself, as its reader would.
    """
    if order is not None:
        column = _ranked(column, order)
    no_value, codes = column.is_cell(missing), column.codes
    if classes.people is None:
        told = np.bincount(classes.of_row[~no_value], minlength=classes.count).astype(np.int64)
        overall = column.counts() / max(len(codes), 1)
    else:
        somebody = classes.whose != NOBODY
        with_value = different(codes[somebody], classes.whose[somebody], len(column.cells))
        overall = with_value / max(int(with_value.sum()), 1)
        told = different(classes.of_row[~no_value], classes.whose[~no_value], classes.count)
        once = _once_a_person(classes, codes)
        classes, no_value, codes = classes.among(once), no_value[once], codes[once]
        if classes.count < len(told):
            return Diversity(0, 0.0, 1.0)
    if not told.any():
        return None
    at, value, count = pairs(classes.of_row, codes, len(column.cells))
    rows = np.bincount(at, count)[at]
    spread = _Spread(at, value, count / rows, overall)
    distance = _equal_distance(spread) if order is None else _ordered_distance(spread)
    kept = value != (column.cells.index(missing) if no_value.any() else -1)
    at, count = at[kept], count[kept]
    share = count / np.bincount(at, count, classes.count)[at]
    entropies = np.exp(np.bincount(at, -share * np.log(share), classes.count))
    return Diversity(
        distinct=int(_fewest_named(at, count, told)[told > 0].min()),
        entropy=float(entropies[told > 0].min()),
        distance=max(0.0, distance),
        without=int((told == 0).sum()),
        rows_alike=int(told[np.bincount(at, minlength=len(told)) == 1].sum()),
    )


def _once_a_person(classes: EquivalenceClasses, codes: Codes) -> Ints:
    """Return one row for each person and value of a class, rows of nobody left out."""
    there = np.flatnonzero(classes.whose != NOBODY)
    columns = (classes.of_row[there], classes.whose[there], codes[there])
    wide = tuple(column.astype(np.uint32) for column in columns)
    number, count = combined(wide, len(there))
    row = np.empty(count, dtype=np.int64)
    row[number] = there
    return np.sort(row)


def _fewest_named(at: Ints, count: Ints, told: Ints) -> Ints:
    """Return how many values one must name at least to name one of everybody in a class.

    ``at`` and ``count`` are the class and the people of each value in it, ``told`` (classes,) the
    people with a value. With one value a person these are the distinct values. Several values can
    be named until their people, counted as if they were different ones, reach everybody.
    """
    order = np.lexsort((-count, at))
    people = count[order]
    before = np.cumsum(people) - people
    first = np.append(True, at[1:] != at[:-1]) if len(at) else np.zeros(0, dtype=bool)
    start = np.repeat(before[first], np.bincount(at)[np.bincount(at) > 0])
    needed = before - start < told[at[order]]
    return np.bincount(at[order][needed], minlength=len(told)).astype(np.int64)


def diversities(
    classes: EquivalenceClasses, batch: Ints, table: Table, claim: Claim
) -> Mapping[str, Diversity]:
    """Return sensitive column → its worst class, all kinds of missing being one.

    Each batch is compared with itself: it has to keep the promise without the others. One in which
    nobody answered has nothing to keep.
    """
    found = {}
    for name in claim.sensitive:
        column = as_key(table, (name,), claim)[0]
        order = claim.ordered.get(name)
        if order is not None:
            order = tuple(dict.fromkeys(claim.category(name, cell) for cell in order))
        missing = min(claim.missing.get(name, ()), default=None)
        every = (
            _diversity(classes.among(r), column.at(r), order=order, missing=missing)
            for r in each_batch(batch)
            if not column.at(r).is_cell(missing).all()
        )
        each = [one for one in every if one is not None]
        if each:
            found[name] = Diversity(
                min(one.distinct for one in each),
                min(one.entropy for one in each),
                max(one.distance for one in each),
                sum(one.without for one in each),
                sum(one.rows_alike for one in each),
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
    return _risk(1 / classes.counted, classes.counted, marketer(classes, None))


def journalist(classes: EquivalenceClasses, people: Ints | None) -> Risk | None:
    """Return the risk of people of the population, of whom each class covers ``people``.

    That of a row is 1 / people under its class; a class that covers fewer people than it has rows
    counts its rows: they are people too. Without a population the file has to stand for it, and
    the figures are the prosecutor's: an upper bound.
    """
    if not classes.count or people is None:
        return prosecutor(classes)
    covered = np.maximum(people, classes.counted)
    average = max(classes.count / float(covered.sum()), marketer(classes, covered))
    return _risk(1 / covered, classes.counted, average)


def marketer(classes: EquivalenceClasses, people: Ints | None) -> float:
    """Return the share of rows guessed right by an attacker who guesses all of them."""
    if not classes.count:
        return 0.0
    covered = classes.counted if people is None else np.maximum(people, classes.counted)
    return float((classes.counted / covered).sum() / classes.counted.sum())


def presence(here: Ints, people: Ints) -> tuple[float, float]:
    """Return the lowest and the highest share of the people who fit a class that are in the data.

    ``here`` and ``people`` count those of the data and of the population who fit each class, shape
    (classes,). Where classes overlap, somebody counts for each that they fit: nobody can tell which
    of them shows their row. People whose rows were left out of the file count too.
    """
    shares = here / np.maximum(np.maximum(people, here), 1)
    return float(shares.min()), float(shares.max())
