"""The generalisation lattice over distinct records: nodes, and losses at and above them.

Both engines work on records: rows that are alike before recoding stay alike through it, and a
million rows of few distinct records cost no more than the records do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.privacy_models import (
    Counts,
    Positions,
    PrivacyChecks,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import Bools, Floats, GeneralisationHierarchy, Ints, Problem


@dataclass(frozen=True, slots=True)
class DistinctRecords:
    """All distinct records, in the order of their content.

    ``codes`` has shape (records, quasi-identifiers), ``weights`` (records,) counts rows,
    ``record_of_row`` (rows,) says which record each row is, ``example_row`` (records,) is one row
    of each.
    """

    problem: Problem
    checks: PrivacyChecks
    codes: Ints
    weights: Counts
    record_of_row: Positions
    example_row: Positions

    @property
    def hierarchies(self) -> tuple[GeneralisationHierarchy, ...]:
        """Hierarchy of each quasi-identifier."""
        return self.problem.hierarchies

    @property
    def suppression_loss(self) -> float:
        """Loss of a suppressed row: 1 a cell."""
        return float(len(self.hierarchies))

    @property
    def checks_sensitive(self) -> bool:
        """Return whether classes must satisfy more than a number of rows."""
        checks = self.checks
        return bool(checks.columns) or checks.population is not None or checks.people is not None

    def own_loss(self, records: Positions) -> Floats:
        """Return the loss of these records before recoding: the sum over their cells."""
        lost = np.zeros(records.size)
        for at, hierarchy in enumerate(self.hierarchies):
            lost += hierarchy.loss[hierarchy.up[:, 0]][self.codes[records, at]]
        return lost

    def leaves(self, records: Positions) -> Ints:
        """Return the nodes of these records before recoding, shape (records, quasi-identifiers)."""
        nodes = np.empty((records.size, len(self.hierarchies)), dtype=np.int32)
        for at, hierarchy in enumerate(self.hierarchies):
            nodes[:, at] = hierarchy.up[self.codes[records, at], 0]
        return nodes

    def counts(self, records: Positions) -> Bools:
        """Return which of these records add somebody to a class."""
        people = self.checks.people
        if people is None:
            return np.ones(records.size, dtype=np.bool_)
        found: Bools = people[self.example_row[records]] >= 0
        return found

    def tally(self, records: Positions, amounts: Counts, classes: Positions, count: int) -> Counts:
        """Return the tally of ``count`` classes that these amounts of records belong to."""
        return self.checks.tally(self.example_row[records], classes, count, amounts)


def distinct_records_of(problem: Problem, *, by_sensitive: bool) -> DistinctRecords:
    """Return the records that differ in a quasi-identifier or, ``by_sensitive``, a sensitive value.

    Sensitive values that no condition of the model looks at make no difference.
    """
    checks = privacy_checks_of(problem)
    sensitive = [column.values for column in checks.columns] if by_sensitive else []
    if by_sensitive and checks.people is not None:
        sensitive.append((checks.people >= 0).astype(np.int32))
    record_of_row, count = number_rows([*problem.codes.T, *sensitive], problem.rows)
    example_row = np.empty(count, dtype=np.int64)
    example_row[record_of_row] = np.arange(problem.rows)
    weights = np.bincount(record_of_row, minlength=count)
    # Column by column in memory, as that is how it is read.
    codes = np.asfortranarray(problem.codes[example_row])
    return DistinctRecords(problem, checks, codes, weights, record_of_row, example_row)


Number = TypeVar("Number", np.int64, np.float32)

# Nodes visited at most. Wider lattices are thinned: cheap nodes are kept, dear ones sampled.
MOST = 16_000
# How far the first visit to a node waits from its cheapest box (0) to its average box (1).
WAIT = 0.3
# Lines of sums kept for a group of columns, and cells in all of them.
LINES = 250
CELLS = 1_000_000
# Sums of random numbers below this tell nodes apart; they may wrap.
HASH_RANGE = 2**62


@dataclass(frozen=True, slots=True)
class Lattice:
    """The lattice nodes to visit.

    ``levels`` has shape (quasi-identifiers, nodes): the level of each column at each node.
    ``price`` (nodes,) is the loss at which a node is worth its first visit. ``size`` counts all
    nodes of the lattice, visited or not.
    """

    levels: NDArray[np.int64]
    price: Floats
    size: int


def lattice_of(records: DistinctRecords, most: int = MOST) -> Lattice:
    """Return all nodes of the lattice, or the ``most`` that may be visited."""
    columns = range(records.codes.shape[1])
    mean, low = zip(*(_level_losses(records, at) for at in columns), strict=True)
    levels = np.zeros((0, 1), dtype=np.int64)
    total = np.zeros(1)
    for losses in mean:
        count = losses.size
        levels = np.concatenate(
            [np.repeat(levels, count, axis=1), np.tile(np.arange(count), total.size)[None]]
        )
        total = np.repeat(total, count) + np.tile(losses, total.size)
        # After each column, as the whole of a wide lattice would not fit into memory.
        kept = _thinned(total, most)
        levels, total = levels[:, kept], total[kept]
    lowest = np.zeros(total.size)
    for column, losses in zip(levels, low, strict=True):
        lowest += losses[column]
    price = lowest + WAIT * (total - lowest)
    return Lattice(levels, price, prod(losses.size for losses in mean))


def _level_losses(records: DistinctRecords, at: int) -> tuple[Floats, Floats]:
    """Return the loss of each level of a column: on average and at least."""
    hierarchy = records.hierarchies[at]
    rows = np.bincount(records.codes[:, at], records.weights, hierarchy.up.shape[0])
    lost = (hierarchy.loss[hierarchy.up] - hierarchy.loss[hierarchy.up[:, :1]])[rows > 0]
    rows = rows[rows > 0]
    return (rows @ lost) / rows.sum(), lost.min(axis=0)


def _thinned(total: Floats, most: int) -> NDArray[np.int64]:
    """Return the nodes to keep, in order of price: the cheapest, and a sample of each dearer price.

    The root, which is the dearest, stays; all of them stay while they may.
    """
    order = np.argsort(total, kind="stable")
    if order.size <= most:
        return order
    cheap, dear = order[: most // 2], order[most // 2 :]
    wanted = most - cheap.size
    first = np.searchsorted(total[dear], np.linspace(total[dear[0]], total[dear[-1]], wanted))
    # Where several fall on one node, the next ones are taken instead.
    chosen = np.minimum(first + np.arange(wanted) - np.searchsorted(first, first), dear.size - 1)
    return np.concatenate([cheap, dear[np.unique(chosen)]])


def box_losses(hierarchies: tuple[GeneralisationHierarchy, ...], boxes: Ints) -> Floats:
    """Return the sum of losses over the cells of each box."""
    lost = np.zeros(boxes.shape[0])
    for at, hierarchy in enumerate(hierarchies):
        lost += hierarchy.loss[boxes[:, at]]
    return lost


@dataclass(frozen=True, slots=True)
class LookupTables:
    """For each column: the ancestors of its nodes by level, and a random number for each node.

    ``blank``: a class may show roots only.
    """

    records: DistinctRecords
    lattice: Lattice
    ancestors: list[Ints]
    hashes: list[NDArray[np.int64]]
    blank: bool = True

    def joined_losses(self, one: Ints, other: Ints) -> NDArray[np.float32]:
        """Return the loss of the smallest box over each two of these boxes, shape (one, other).

        It is infinite where the box loses everything and none may.
        """
        total = np.zeros((one.shape[0], other.shape[0]), dtype=np.float32)
        for at, hierarchy in enumerate(self.records.hierarchies):
            total += _joined_losses(hierarchy, self.ancestors[at], one[:, at], other[:, at])
        if not self.blank:
            total[total >= len(self.records.hierarchies)] = np.inf
        return total


def lookup_tables_of(
    records: DistinctRecords, lattice: Lattice, *, blank: bool = True
) -> LookupTables:
    """Return the tables of a problem; the random numbers come from its seed."""
    random = np.random.default_rng(records.problem.seed)
    return LookupTables(
        records,
        lattice,
        [_ancestors(hierarchy) for hierarchy in records.hierarchies],
        [random.integers(-HASH_RANGE, HASH_RANGE, tree.loss.size) for tree in records.hierarchies],
        blank,
    )


def _ancestors(hierarchy: GeneralisationHierarchy) -> Ints:
    """Return, for each node and level, its ancestor there, or the node while it lies higher."""
    ancestors = np.full((hierarchy.loss.size, hierarchy.levels), hierarchy.root, dtype=np.int32)
    for level in range(hierarchy.levels - 1, -1, -1):
        nodes = hierarchy.up[:, level]
        ancestors[nodes, :level] = nodes[:, None]
        ancestors[nodes, level:] = hierarchy.up[:, level:]
    return ancestors


def _joined_losses(
    hierarchy: GeneralisationHierarchy, ancestors: Ints, one: Ints, other: Ints
) -> NDArray[np.float32]:
    """Return the loss of the lowest common ancestor, shape (nodes of one, nodes of the other)."""
    left, on_left = np.unique(one, return_inverse=True)
    right, on_right = np.unique(other, return_inverse=True)
    lost = np.ones((left.size, right.size), dtype=np.float32)
    for level in range(hierarchy.levels - 1, -1, -1):
        above = ancestors[left, level]
        same = above[:, None] == ancestors[right, level]
        np.copyto(lost, hierarchy.loss[above].astype(np.float32)[:, None], where=same)
    return lost[:, on_right][on_left]


@dataclass(frozen=True, slots=True)
class Sums(Generic[Number]):
    """Sums over columns at any lattice node, with as little adding as memory allows.

    The columns are in groups: each of ``tables``, shape (combinations, records), holds the sum of
    every combination of a group's levels; ``lines`` says which line belongs to each node.
    """

    tables: tuple[NDArray[Number], ...]
    lines: tuple[NDArray[np.int64], ...]

    def at(self, node: int) -> NDArray[Number]:
        """Return the sum of every record at a lattice node."""
        total: NDArray[Number] = self.tables[0][self.lines[0][node]]
        for table, lines in zip(self.tables[1:], self.lines[1:], strict=True):
            total = total + table[lines[node]]
        return total

    def of(self, node: int, records: NDArray[np.integer]) -> NDArray[Number]:
        """Return the sums of some of the records at a lattice node."""
        # Not by ``at``: picking first adds up no sum that is thrown away.
        total: NDArray[Number] = self.tables[0][self.lines[0][node], records]
        for table, lines in zip(self.tables[1:], self.lines[1:], strict=True):
            total = total + table[lines[node], records]
        return total


def sums_of(
    columns: list[NDArray[Number]], lattice: NDArray[np.int64], lines_kept: int = LINES
) -> Sums[Number]:
    """Return sums of columns of shape (levels, records); lattice has shape (columns, nodes)."""
    most = min(lines_kept, CELLS // max(columns[0].shape[1], 1))
    tables, lines = [columns[0]], [lattice[0]]
    for column, levels in zip(columns[1:], lattice[1:], strict=True):
        height, records = column.shape
        if tables[-1].shape[0] * height <= most:
            both = tables[-1][:, None] + column
            tables[-1] = both.reshape(both.shape[0] * height, records)
            lines[-1] = lines[-1] * height + levels
        else:
            tables.append(column)
            lines.append(levels)
    return Sums(tuple(tables), tuple(lines))
