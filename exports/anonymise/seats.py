"""Rows that no class was found for join others, and so do classes that do not hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.chains import losses_of_pairs
from exports.anonymise.conditions import Counts, Positions
from exports.anonymise.front import Tables
from exports.anonymise.problem import Bools, Floats
from exports.anonymise.seating import Seating, seated

# Pairs of a piece and a class that are looked at together.
PAIRS = 4_000_000


@dataclass(slots=True)
class Table:
    """The classes and, of each piece, the rows left (``left``) and withheld (``out``)."""

    seating: Seating
    left: Counts
    out: Counts


def seat_left(tables: Tables, table: Table, room: int) -> None:
    """Seats the rows left where they cost least.

    Up to ``room`` rows go out that would cost more than that, or break the class they join.
    """
    blank = tables.pieces.blank
    while table.left.any() and table.seating.losses.size:
        piece, target, amount, cost = _closest(tables, table)
        gone = (cost > blank) | _breaking(table.seating, piece, target, amount)
        gone &= np.cumsum(np.where(gone, amount, 0)) <= room - int(table.out.sum())
        table.out[piece[gone]] += amount[gone]
        table.left[piece] = 0
        state, stay = table.seating, ~gone
        table.seating = seated(
            tables.pieces,
            np.concatenate([state.piece, piece[stay]]),
            np.concatenate([state.seat, target[stay]]),
            np.concatenate([state.amount, amount[stay]]),
        )


def _closest(tables: Tables, table: Table) -> tuple[Positions, Positions, Counts, Floats]:
    """For each class that is the closest one to some piece left: that piece, and what it costs.

    Pieces, their classes, the rows of each, and the cost of each row.
    """
    state, pieces = table.seating, tables.pieces
    piece = np.flatnonzero(table.left)[: max(PAIRS // state.losses.size, 1)]
    amount = table.left[piece]
    grown = losses_of_pairs(pieces.taxonomies, tables.chains, pieces.leaves(piece), state.boxes)
    grown *= (amount[:, None] + state.sizes).astype(np.float32)
    grown -= (state.losses * state.sizes).astype(np.float32)
    target = grown.argmin(axis=1)
    cost = grown[np.arange(piece.size), target] / amount - pieces.own(piece)
    order = np.argsort(cost, kind="stable")
    first = order[np.sort(np.unique(target[order], return_index=True)[1])]
    return piece[first], target[first], amount[first], cost[first]


def _breaking(state: Seating, piece: Positions, target: Positions, amount: Counts) -> Bools:
    """Which pieces break the class that they would join: more rows may be less diverse."""
    each = np.arange(piece.size)
    tally = state.tally[target] + state.pieces.tally(piece, amount, each, piece.size)
    held = state.pieces.conditions.hold(state.tally[target], state.boxes[target])
    broken: Bools = held & ~state.pieces.conditions.hold(tally, state.boxes[target])
    return broken


def mend(tables: Tables, table: Table, room: int) -> Bools:
    """Joins classes that do not hold with the closest ones; the answer says which never will.

    Rows of such a class go out instead while there is room and joining costs more.
    """
    while True:
        state = table.seating
        bad = np.flatnonzero(~tables.pieces.conditions.hold(state.tally, state.boxes))
        if not bad.size:
            return np.zeros(state.losses.size, dtype=np.bool_)
        rows = state.sizes[bad]
        worst = int(bad[np.argmin(rows)])
        fits = int(state.sizes[worst]) <= room - int(table.out.sum())
        target, cost = _nearest(tables, state, worst)
        if fits and (target < 0 or cost > tables.pieces.blank * state.sizes[worst]):
            members = state.seat == worst
            table.out[state.piece[members]] += state.amount[members]
            kept = ~members
            seat, piece, amount = state.seat[kept], state.piece[kept], state.amount[kept]
        elif target < 0:
            return np.ones(1, dtype=np.bool_)
        else:
            seat, piece, amount = state.seat.copy(), state.piece, state.amount
            seat[seat == worst] = target
        table.seating = seated(tables.pieces, piece, seat, amount)


def _nearest(tables: Tables, state: Seating, seat: int) -> tuple[int, float]:
    """The class that costs least to join with this one, and the cost; -1 where it is alone."""
    if state.losses.size < 2:
        return -1, 0.0
    joint = losses_of_pairs(
        tables.pieces.taxonomies, tables.chains, state.boxes[[seat]], state.boxes
    )[0]
    cost = joint * (state.sizes + state.sizes[seat]) - state.losses * state.sizes
    cost[seat] = np.inf
    target = int(cost.argmin())
    return target, float(cost[target] - state.losses[seat] * state.sizes[seat])
