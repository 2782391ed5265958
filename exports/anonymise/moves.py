"""Moves of single rows between classes, many judged at a time, and carried out together.

A *transfer* takes one row of a piece from one class to another, or out of the table (-1). A *move*
is a few transfers that make sense together; moves carried out together touch no class twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.chains import box_losses
from exports.anonymise.conditions import Counts, Positions
from exports.anonymise.problem import Bools, Floats
from exports.anonymise.seating import Seating, covering, seated, summed

# Gains smaller than this are rounding.
LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Moves:
    """Transfers, all of shape (transfers,), and the gain expected of each move (moves,).

    ``move`` says which move each transfer is part of.
    """

    move: Positions
    piece: Positions
    source: Positions
    target: Positions
    gain: Floats

    def beside(self, others: Moves) -> Moves:
        """These moves and, numbered after them, the others."""
        return Moves(
            np.concatenate([self.move, others.move + self.gain.size]),
            np.concatenate([self.piece, others.piece]),
            np.concatenate([self.source, others.source]),
            np.concatenate([self.target, others.target]),
            np.concatenate([self.gain, others.gain]),
        )

    def only(self, kept: Bools) -> Moves:
        """The transfers of the moves marked; moves keep their numbers."""
        at = kept[self.move]
        return Moves(self.move[at], self.piece[at], self.source[at], self.target[at], self.gain)


def disjoint(moves: Moves, classes: int, room: int) -> Moves:
    """The best moves of which no two touch one class and for which there is room."""
    order = np.argsort(-moves.gain, kind="stable")
    at = np.argsort(moves.move, kind="stable")
    starts = np.searchsorted(moves.move[at], np.arange(moves.gain.size + 1)).tolist()
    source, target = moves.source[at].tolist(), moves.target[at].tolist()
    busy, kept = bytearray(classes), np.zeros(moves.gain.size, dtype=np.bool_)
    for move in order.tolist():
        span = range(starts[move], starts[move + 1])
        touched = {source[i] for i in span} | {target[i] for i in span if target[i] >= 0}
        out = sum(target[i] < 0 for i in span)
        if out > room or any(busy[seat] for seat in touched):
            continue
        room -= out
        kept[move] = True
        for seat in touched:
            busy[seat] = 1
    return moves.only(kept)


def no_moves() -> Moves:
    """None at all."""
    nothing = np.zeros(0, dtype=np.int64)
    return Moves(nothing, nothing, nothing, nothing, np.zeros(0))


def carried_out(seating: Seating, moves: Moves) -> tuple[Seating, Counts]:
    """The seating after those moves that prove to be gains and break no class.

    With it, the rows of each piece that left the table, shape (pieces,).
    """
    pieces = seating.pieces
    chosen = moves.only(_proven(seating, moves))
    out = np.bincount(chosen.piece[chosen.target < 0], minlength=pieces.weights.size)
    return seated(pieces, *_after(seating, chosen)), out


def _proven(seating: Seating, moves: Moves) -> Bools:
    """Which moves gain something and leave every class whole, or empty."""
    pieces, count, number = seating.pieces, seating.losses.size, moves.gain.size
    part = np.full(count, -1)
    part[moves.source] = moves.move
    arrived = moves.target >= 0
    part[moves.target[arrived]] = moves.move[arrived]
    piece, seat, amount = summed(*_after(seating, moves))
    tally = pieces.tally(piece, amount, seat, count)
    there = tally[:, 0] > 0
    boxes = seating.boxes.copy()
    boxes[there] = covering(pieces, piece, (np.cumsum(there) - 1)[seat], int(there.sum()))
    held = ~there
    held[there] = pieces.conditions.hold(tally[there], boxes[there])
    touched = np.flatnonzero(part >= 0)
    cost = box_losses(pieces.taxonomies, boxes) * tally[:, 0] - seating.losses * seating.sizes
    out = np.bincount(moves.move[~arrived], minlength=number)
    change = np.bincount(part[touched], cost[touched], number) + pieces.blank * out
    good: Bools = change < -LEAST
    good[part[touched[~held[touched]]]] = False
    return good


def _after(seating: Seating, moves: Moves) -> tuple[Positions, Positions, Counts]:
    """Who sits where after the moves: pieces, seats and amounts, which may be 0."""
    arrived = moves.target >= 0
    ones = np.ones(moves.piece.size, dtype=np.int64)
    return (
        np.concatenate([seating.piece, moves.piece, moves.piece[arrived]]),
        np.concatenate([seating.seat, moves.source, moves.target[arrived]]),
        np.concatenate([seating.amount, -ones, ones[arrived]]),
    )
