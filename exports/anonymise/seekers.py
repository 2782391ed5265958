"""Single rows of the classes that lose most, and what each would gain elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.chains import box_losses, losses_of_pairs
from exports.anonymise.conditions import Counts, Positions
from exports.anonymise.front import Tables
from exports.anonymise.problem import Bools, Floats, Ints, Taxonomy
from exports.anonymise.seating import Seating, spared

# Rows of one piece in one class that are looked at one by one: more would all do the same.
ALIKE = 8


@dataclass(frozen=True, slots=True)
class Seekers:
    """Single rows, class after class; all of shape (seekers,).

    ``target`` is the class that would grow least by the row, ``cost`` by how much. ``relief`` is
    what the row's own class would gain without it, ``without`` (seekers, quasi-identifiers) its
    box then. ``free``: the class would still hold.
    """

    piece: Positions
    seat: Positions
    target: Positions
    cost: Floats
    relief: Floats
    without: Ints
    free: Bools


def units(seating: Seating) -> Counts:
    """How many seekers each class has."""
    counts: Counts = np.bincount(
        seating.seat, np.minimum(seating.amount, ALIKE), seating.losses.size
    ).astype(np.int64)
    return counts


def seekers_of(tables: Tables, seating: Seating, classes: Bools) -> Seekers:
    """The seekers of the classes marked."""
    pieces, sizes, losses = seating.pieces, seating.sizes, seating.losses
    at = np.flatnonzero(classes[seating.seat])
    at = np.repeat(at, np.minimum(seating.amount[at], ALIKE))
    piece, seat = seating.piece[at], seating.seat[at]
    grown = losses_of_pairs(pieces.taxonomies, tables.chains, pieces.leaves(piece), seating.boxes)
    grown *= (sizes + 1).astype(np.float32)
    grown -= (losses * sizes).astype(np.float32)
    rows = np.arange(piece.size)
    grown[rows, seat] = np.inf
    target = grown.argmin(axis=1)
    without = _without(seating, piece, seat)
    left = box_losses(pieces.taxonomies, without) * (sizes[seat] - 1)
    return Seekers(
        piece,
        seat,
        target,
        grown[rows, target].astype(np.float64),
        losses[seat] * sizes[seat] - left,
        without,
        spared(seating, piece, seat),
    )


def _without(seating: Seating, piece: Positions, seat: Positions) -> Ints:
    """The box of each row's class without the row; rows of one class lie together."""
    new = np.ones(seat.size, dtype=np.bool_)
    np.not_equal(seat[1:], seat[:-1], out=new[1:])
    starts, group = np.flatnonzero(new), np.cumsum(new) - 1
    boxes = np.empty((piece.size, len(seating.pieces.taxonomies)), dtype=np.int32)
    for at, taxonomy in enumerate(seating.pieces.taxonomies):
        boxes[:, at] = _others(taxonomy, seating.pieces.codes[piece, at], starts, group)
    return boxes


def _others(taxonomy: Taxonomy, codes: Ints, starts: Positions, group: Positions) -> Ints:
    """The first node that all the others of the same group have in common, for each element."""
    size = np.bincount(group)[group]
    common = np.full(codes.size, taxonomy.root, dtype=np.int32)
    for level in range(taxonomy.levels - 2, -1, -1):
        nodes = taxonomy.up[codes, level]
        low = np.minimum.reduceat(nodes, starts)[group]
        high = np.maximum.reduceat(nodes, starts)[group]
        lows = np.bincount(group, nodes == low)[group]
        highs = np.bincount(group, nodes == high)[group]
        # The others agree where all do, or where this one alone differs from the rest.
        rest_low = (lows == size) | ((nodes == high) & (highs == 1) & (lows == size - 1))
        rest_high = (nodes == low) & (lows == 1) & (highs == size - 1)
        common[rest_low] = low[rest_low]
        common[rest_high] = high[rest_high]
    return common
