"""Which classes hold what is demanded of them, many classes at a time.

A class is a line of a *tally*: the first number counts its rows, the others count each value of
each sensitive column. Tallies add up, so a class made of two others is tried by adding their lines.

How many people of a population each class could be: what presence is measured from.

Which rows are alike: one number for all rows with the same values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.problem import (
    Bools,
    Floats,
    GeneralisationHierarchy,
    Infeasible,
    Ints,
    PrivacyModel,
    Problem,
)

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Population:
    """A population table, ready to count who is covered by a box of nodes."""

    taxonomies: tuple[GeneralisationHierarchy, ...]
    codes: Ints

    def covered(self, boxes: Ints) -> NDArray[np.int64]:
        """Population rows that each box covers; boxes have shape (boxes, quasi-identifiers)."""
        counts = np.zeros(boxes.shape[0], dtype=np.int64)
        whose = [self._whose(at, boxes[:, at]) for at in range(boxes.shape[1])]
        everybody = np.packbits(np.ones(self.codes.shape[0], dtype=np.bool_))
        for at, box in enumerate(boxes.tolist()):
            inside = everybody
            for column, node in zip(whose, box, strict=True):
                inside = inside & column[node]
            counts[at] = int(np.bitwise_count(inside).sum())
        return counts

    def presence(self, sizes: NDArray[np.int64], boxes: Ints) -> Floats:
        """Share (0-1) of the population rows covered by each class that are in the table.

        ``sizes`` counts the class's own rows. A table that is no part of the population, so that a
        class has more rows than people, counts as all of them being there. Population rows that no
        class covers are not judged. Source: delta-presence, Nergiz et al. 2007, definition 3.
        """
        shares: Floats = np.minimum(sizes / np.maximum(self.covered(boxes), 1), 1.0)
        return shares

    def _whose(self, at: int, nodes: Ints) -> dict[int, Bytes]:
        """For each node of a column, one bit for each population row: is it under the node?"""
        up = self.taxonomies[at].up
        found = {}
        for node in np.unique(nodes).tolist():
            under = (up == node).any(axis=1)
            found[node] = np.packbits(under[self.codes[:, at]])
        return found


Counts = NDArray[np.int64]
# Positions of rows and numbers of classes: what numpy numbers things with.
Positions = NDArray[np.integer]

# Sums of rounded shares miss the exact value by far less; a class at the very bound holds.
ROUNDING = 1e-9
# Numbers in a tally made at one time; more classes are tried in turns, to stay small in memory.
AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Sensitive:
    """One sensitive column: the values that occur, renumbered without gaps in their order.

    ``values`` has shape (rows,), ``shares`` has shape (distinct values,) and sums to 1: the
    distribution that closeness is measured from. ``lines`` is the column's part of a tally.
    """

    values: Ints
    shares: Floats
    ordered: bool
    lines: slice


@dataclass(frozen=True, slots=True)
class PrivacyChecks:
    """The demands on one table, ready to be asked about any of its classes."""

    demands: PrivacyModel
    columns: tuple[Sensitive, ...]
    population: Population | None

    @property
    def width(self) -> int:
        """Numbers in one line of a tally."""
        return 1 + sum(column.shares.size for column in self.columns)

    def tally(self, rows: Positions, classes: Positions, count: int) -> Counts:
        """Counts of shape (count, width) for the rows at these positions.

        ``classes`` has the shape of ``rows`` and says in which class (0 to count - 1) each is.
        """
        parts = [np.bincount(classes, minlength=count)[:, None]]
        for column in self.columns:
            values = column.shares.size
            keys = classes.astype(np.int64) * values + column.values[rows]
            parts.append(np.bincount(keys, minlength=count * values).reshape(count, values))
        return np.concatenate(parts, axis=1)

    def hold(self, tally: Counts, boxes: Ints | None = None) -> Bools:
        """Whether each class of a tally holds every demand, shape (classes,).

        ``boxes`` has shape (classes, quasi-identifiers), the nodes released for each class; it is
        needed where presence is demanded, and read there alone.
        """
        held = tally[:, 0] >= max(self.demands.k, 1)
        for condition in (self._diverse, self._close):
            at = np.flatnonzero(held)
            held[at] = condition(tally[at])
        if self.population is not None:
            if boxes is None:
                raise ValueError("presence is demanded: say which box of nodes each class is")
            at = np.flatnonzero(held)
            held[at] = self._present(self.population, tally[at, 0], boxes[at])
        return held

    def holds(
        self, rows: Positions, classes: Positions, count: int, boxes: Ints | None = None
    ) -> Bools:
        """The same for rows at these positions, in bounded memory."""
        step = max(1, AT_ONCE // self.width)
        if count <= step:
            return self.hold(self.tally(rows, classes, count), boxes)
        held = np.zeros(count, dtype=np.bool_)
        for start in range(0, count, step):
            stop = min(start + step, count)
            inside = (classes >= start) & (classes < stop)
            tally = self.tally(rows[inside], classes[inside] - start, stop - start)
            held[start:stop] = self.hold(tally, None if boxes is None else boxes[start:stop])
        return held

    def _diverse(self, tally: Counts) -> Bools:
        held = np.ones(tally.shape[0], dtype=np.bool_)
        for column in self.columns:
            counts = tally[:, column.lines]
            if self.demands.distinct_l > 1:
                held &= distinct(counts) >= self.demands.distinct_l
            if self.demands.entropy_l > 1:
                held &= effective(counts) >= self.demands.entropy_l - ROUNDING
        return held

    def _close(self, tally: Counts) -> Bools:
        held = np.ones(tally.shape[0], dtype=np.bool_)
        if self.demands.t is None:
            return held
        for column in self.columns:
            held &= distance(tally[:, column.lines], column) <= self.demands.t + ROUNDING
        return held

    def _present(self, population: Population, sizes: Counts, boxes: Ints) -> Bools:
        low, high = self.demands.presence or (0.0, 1.0)
        shares = population.presence(sizes, boxes)
        return (shares >= low - ROUNDING) & (shares <= high + ROUNDING)


def privacy_checks_of(problem: Problem, among: Bools | None = None) -> PrivacyChecks:
    """The demands of a problem, with closeness measured from the rows ``among`` (all unless told).

    Li et al. (2007) measure from "the whole table". Before a release that is every row; a reader
    of the file can measure from the released rows alone. Where rows are withheld the two differ,
    and a class should hold by both. Only classes of rows ``among`` may then be asked about.
    """
    columns = []
    start = 1
    for at in range(problem.sensitive.shape[1]):
        ordered = at < len(problem.ordered) and problem.ordered[at]
        columns.append(
            _sensitive(problem.sensitive[:, at], ordered=ordered, start=start, among=among)
        )
        start += columns[-1].shares.size
    population = None
    if problem.demands.presence is not None:
        if problem.population is None:
            raise Infeasible("presence is demanded: it needs a population table")
        population = Population(problem.taxonomies, problem.population)
    return PrivacyChecks(problem.demands, tuple(columns), population)


def _sensitive(codes: Ints, *, ordered: bool, start: int, among: Bools | None) -> Sensitive:
    measured = codes if among is None else codes[among]
    occurring, counts = np.unique(measured, return_counts=True)
    # Rows outside the measured ones may show values that have no number; nobody asks for those.
    values = np.searchsorted(occurring, codes).clip(max=max(occurring.size - 1, 0))
    lines = slice(start, start + occurring.size)
    return Sensitive(values.astype(np.int32), counts / max(measured.size, 1), ordered, lines)


def distinct(counts: Counts) -> Counts:
    """Distinct values of each class, from counts of shape (classes, values).

    Source: distinct l-diversity, Machanavajjhala et al. 2007.
    """
    found: Counts = np.count_nonzero(counts, axis=1)
    return found


def effective(counts: Counts) -> Floats:
    """exp of the Shannon entropy of each class: the l that it reaches, 1 for a single value.

    Source: entropy l-diversity, Machanavajjhala et al. 2007, definition 4.1.
    """
    shares = _shares(counts)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    worth: Floats = np.exp(-(shares * logs).sum(axis=1))
    return worth


def distance(counts: Counts, column: Sensitive) -> Floats:
    """Earth mover's distance (0-1) of each class to the column's distribution.

    Values without order are all equally far apart; ranks are as far apart as steps between them,
    the two ends by 1. Source: Li et al. 2007, sections 4.1 and 4.2.
    """
    gaps = _shares(counts) - column.shares
    moved: Floats
    if column.ordered:
        moved = np.abs(np.cumsum(gaps, axis=1)).sum(axis=1) / max(column.shares.size - 1, 1)
    else:
        moved = np.abs(gaps).sum(axis=1) / 2
    return moved


def _shares(counts: Counts) -> Floats:
    shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


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
