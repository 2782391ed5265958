"""The local search after the peel: rows of the classes that lose most find better ones.

A row moves to the class that grows least by it, if its own class holds without it; or its class
takes a row that another can spare in exchange; or a whole class is dissolved, each of its rows
finding another or, where that costs more, being withheld.
"""

from __future__ import annotations

import numpy as np

from exports.anonymise.chains import losses_of_pairs
from exports.anonymise.conditions import Counts, Positions
from exports.anonymise.front import Tables
from exports.anonymise.moves import LEAST, Moves, carried_out, disjoint, no_moves
from exports.anonymise.problem import Bools, Floats, Progress
from exports.anonymise.seating import Seating, spared
from exports.anonymise.seekers import Seekers, seekers_of, units

# Pairs of a row and a class that are looked at in one round, and steps that a round counts for.
PAIRS = 4_000_000
ROUND = 16_000
# Fewer rows than this in a round are not worth it.
FEWEST = 50


def refine(
    tables: Tables, seating: Seating, *, room: int, steps: int, progress: Progress
) -> tuple[Seating, Counts, int]:
    """A seating that loses less, the rows of each piece withheld for it, and the steps taken.

    At most ``room`` rows are withheld.
    """
    out = np.zeros(seating.pieces.weights.size, dtype=np.int64)
    taken = fruitless = passed = 0
    while taken < steps and seating.losses.size > 1:
        progress(taken / steps)
        chosen, passed, share = _next_classes(seating, passed)
        if not chosen.any():
            break
        seekers = seekers_of(tables, seating, chosen)
        moves = _moves(tables, seating, seekers, room=room - int(out.sum()))
        gained = 0.0
        if moves.gain.size:
            before = seating.lost
            moves = disjoint(moves, seating.losses.size, room - int(out.sum()))
            seating, gone = carried_out(seating, moves)
            gained = before - seating.lost
            out += gone
        taken += max(int(ROUND * min(seekers.piece.size * seating.losses.size / PAIRS, 1)), 10)
        fruitless = 0 if gained > LEAST else fruitless + 1
        if fruitless > share:
            break
    return seating, out, taken


def _next_classes(seating: Seating, passed: int) -> tuple[Bools, int, int]:
    """Which classes are looked at now, how many will have been passed, and rounds in a sweep."""
    count = units(seating)
    most = max(PAIRS // seating.losses.size, 1)
    able = np.flatnonzero((seating.losses > 0) & (count <= most // 2))
    able = able[np.argsort(-seating.losses[able], kind="stable")]
    chosen = np.zeros(seating.losses.size, dtype=np.bool_)
    if most < FEWEST or not able.size:
        return chosen, 0, 0
    if passed >= able.size:
        passed = 0
    now = able[passed:]
    now = now[np.cumsum(count[now]) <= most]
    chosen[now] = True
    return chosen, passed + now.size, -(-able.size // max(now.size, 1))


def _moves(tables: Tables, seating: Seating, seekers: Seekers, *, room: int) -> Moves:
    moves = _relocations(seekers).beside(_dissolutions(seating, seekers, room=room))
    return moves.beside(_exchanges(tables, seating, seekers))


def _relocations(seekers: Seekers) -> Moves:
    """One row leaves a class that holds without it."""
    gain = seekers.relief - seekers.cost
    at = np.flatnonzero(seekers.free & (gain > LEAST))
    return Moves(
        np.arange(at.size), seekers.piece[at], seekers.seat[at], seekers.target[at], gain[at]
    )


def _dissolutions(seating: Seating, seekers: Seekers, *, room: int) -> Moves:
    """All rows leave a class."""
    blank, count = seating.pieces.blank, seating.losses.size
    out = (seekers.cost > blank) & (room > 0)
    total = np.bincount(seekers.seat, np.where(out, blank, seekers.cost), count)
    whole = np.bincount(seekers.seat, minlength=count) == seating.sizes
    gain = np.where(whole, seating.losses * seating.sizes - total, -1.0)
    good = np.flatnonzero(gain > LEAST)
    number = np.full(count, -1)
    number[good] = np.arange(good.size)
    at = np.flatnonzero(number[seekers.seat] >= 0)
    target = np.where(out, -1, seekers.target)[at]
    return Moves(number[seekers.seat[at]], seekers.piece[at], seekers.seat[at], target, gain[good])


def _exchanges(tables: Tables, seating: Seating, seekers: Seekers) -> Moves:
    """One row leaves, and its class takes another that a third class can spare."""
    pieces, hope = seating.pieces, seekers.relief - seekers.cost
    lent = np.flatnonzero(spared(seating, seating.piece, seating.seat))
    at = np.flatnonzero(~seekers.free & (hope > LEAST))
    if not lent.size or not at.size:
        return no_moves()
    at = at[np.argsort(-hope[at], kind="stable")[: max(PAIRS // 2 // lent.size, 1)]]
    size, lender = seating.sizes[seekers.seat[at]], seating.seat[lent]
    grown = losses_of_pairs(
        pieces.taxonomies, tables.chains, seekers.without[at], pieces.leaves(seating.piece[lent])
    )
    grown *= size[:, None].astype(np.float32)
    grown -= seating.losses[lender].astype(np.float32)
    grown[seekers.seat[at][:, None] == lender] = np.inf
    grown[seekers.target[at][:, None] == lender] = np.inf
    best = grown.argmin(axis=1)
    now = seating.losses[seekers.seat[at]] * size
    gain = now - grown[np.arange(at.size), best] - seekers.cost[at]
    good = gain > LEAST
    return _swapped(seating, seekers, at[good], lent[best[good]], gain[good])


def _swapped(
    seating: Seating, seekers: Seekers, at: Positions, lent: Positions, gain: Floats
) -> Moves:
    move = np.arange(at.size)
    return Moves(
        np.concatenate([move, move]),
        np.concatenate([seekers.piece[at], seating.piece[lent]]),
        np.concatenate([seekers.seat[at], seating.seat[lent]]),
        np.concatenate([seekers.target[at], seekers.seat[at]]),
        gain,
    )
