"""The nodes of the generalisation lattice that the local engine visits."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.pieces import Pieces
from exports.anonymise.problem import Floats

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


def lattice_of(pieces: Pieces, most: int = MOST) -> Lattice:
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


def _prices(pieces: Pieces, at: int) -> tuple[Floats, Floats]:
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
