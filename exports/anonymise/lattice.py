"""The nodes of the generalisation lattice that the local engine visits.

Nodes and what is above them: joining boxes in numbers, many pairs at a time.

Sums over columns for any node of the lattice, with as little adding as memory allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.distinct_records import DistinctRecords
from exports.anonymise.problem import Floats, GeneralisationHierarchy, Ints

# Nodes visited at most. Wider lattices are thinned: cheap nodes are kept, dear ones sampled.
MOST = 16_000
# How far the first visit to a node waits from its cheapest box (0) to its average box (1).
WAIT = 0.3


@dataclass(frozen=True, slots=True)
class Lattice:
    """``levels`` has shape (quasi-identifiers, nodes): the level of each column at each node.

    ``price`` (nodes,) is the loss at which a node is worth its first visit. ``size`` counts all
    nodes there are, visited or not.
    """

    levels: NDArray[np.int64]
    price: Floats
    size: int


def lattice_of(pieces: DistinctRecords, most: int = MOST) -> Lattice:
    """All nodes of the lattice, or the most that may be visited."""
    mean, low = zip(*(_prices(pieces, at) for at in range(pieces.codes.shape[1])), strict=True)
    levels = np.zeros((0, 1), dtype=np.int64)
    total = np.zeros(1)
    for losses in mean:
        count = losses.size
        levels = np.concatenate(
            [np.repeat(levels, count, axis=1), np.tile(np.arange(count), total.size)[None]]
        )
        total = np.repeat(total, count) + np.tile(losses, total.size)
        kept = _thinned(total, most)
        levels, total = levels[:, kept], total[kept]
    lowest = np.zeros(total.size)
    for column, losses in zip(levels, low, strict=True):
        lowest += losses[column]
    price = lowest + WAIT * (total - lowest)
    return Lattice(levels, price, prod(losses.size for losses in mean))


def _prices(pieces: DistinctRecords, at: int) -> tuple[Floats, Floats]:
    """What each level of a column costs on average, and at least."""
    taxonomy = pieces.taxonomies[at]
    rows = np.bincount(pieces.codes[:, at], pieces.weights, taxonomy.up.shape[0])
    lost = (taxonomy.loss[taxonomy.up] - taxonomy.loss[taxonomy.up[:, :1]])[rows > 0]
    rows = rows[rows > 0]
    return (rows @ lost) / rows.sum(), lost.min(axis=0)


def _thinned(total: Floats, most: int) -> NDArray[np.int64]:
    """Which nodes stay, in order of price: the cheapest, and of the others as many of each price.

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


Singles = NDArray[np.float32]


def chains_of(taxonomy: GeneralisationHierarchy) -> Ints:
    """For each node and level, the node above it at that level, or itself while it is higher."""
    chains = np.full((taxonomy.loss.size, taxonomy.levels), taxonomy.root, dtype=np.int32)
    for level in range(taxonomy.levels - 1, -1, -1):
        nodes = taxonomy.up[:, level]
        chains[nodes, :level] = nodes[:, None]
        chains[nodes, level:] = taxonomy.up[:, level:]
    return chains


def joined_losses(
    taxonomy: GeneralisationHierarchy, chains: Ints, one: Ints, other: Ints
) -> Singles:
    """The loss of the first node above both, shape (nodes of one, nodes of the other)."""
    left, on_left = np.unique(one, return_inverse=True)
    right, on_right = np.unique(other, return_inverse=True)
    lost = np.ones((left.size, right.size), dtype=np.float32)
    for level in range(taxonomy.levels - 1, -1, -1):
        above = chains[left, level]
        same = above[:, None] == chains[right, level]
        np.copyto(lost, taxonomy.loss[above].astype(np.float32)[:, None], where=same)
    return lost[:, on_right][on_left]


def joined(
    taxonomies: tuple[GeneralisationHierarchy, ...], chains: list[Ints], one: Ints, other: Ints
) -> Ints:
    """The smallest boxes that cover pairs of boxes; all of shape (pairs, quasi-identifiers)."""
    boxes = np.empty_like(one)
    for at, taxonomy in enumerate(taxonomies):
        box = np.full(one.shape[0], taxonomy.root, dtype=np.int32)
        for level in range(taxonomy.levels - 2, -1, -1):
            above = chains[at][one[:, at], level]
            same = above == chains[at][other[:, at], level]
            box[same] = above[same]
        boxes[:, at] = box
    return boxes


def losses_of_pairs(
    taxonomies: tuple[GeneralisationHierarchy, ...], chains: list[Ints], one: Ints, other: Ints
) -> Singles:
    """The loss of joining each box of one side with each of the other, shape (one, other)."""
    total = np.zeros((one.shape[0], other.shape[0]), dtype=np.float32)
    for at, taxonomy in enumerate(taxonomies):
        total += joined_losses(taxonomy, chains[at], one[:, at], other[:, at])
    return total


def box_losses(taxonomies: tuple[GeneralisationHierarchy, ...], boxes: Ints) -> Floats:
    """The sum of losses over the cells of each box."""
    lost = np.zeros(boxes.shape[0])
    for at, taxonomy in enumerate(taxonomies):
        lost += taxonomy.loss[boxes[:, at]]
    return lost


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
