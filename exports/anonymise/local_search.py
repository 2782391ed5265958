"""The local search after the peel: rows of the classes that lose most find better ones.

A row moves to the class that grows least by it, if its own class holds without it; or its class
takes a row that another can spare in exchange; or a whole class is dissolved, each of its rows
finding another or, where that costs more, being withheld.

Single rows of the classes that lose most, and what each would gain elsewhere.

Moves of single rows between classes, many judged at a time, and carried out together.

A *transfer* takes one row of a piece from one class to another, or out of the table (-1). A *move*
is a few transfers that make sense together; moves carried out together touch no class twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.lattice import box_losses, losses_of_pairs
from exports.anonymise.partition import Partition, build_partition, covering, spared, summed
from exports.anonymise.privacy_models import Counts, Positions
from exports.anonymise.problem import Bools, Floats, GeneralisationHierarchy, Ints, Progress
from exports.anonymise.remaining_records import LookupTables

# Rows of one piece in one class that are looked at one by one: more would all do the same.
ALIKE = 8


@dataclass(frozen=True, slots=True)
class RelocationCandidates:
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


def units(seating: Partition) -> Counts:
    """How many seekers each class has."""
    counts: Counts = np.bincount(
        seating.seat, np.minimum(seating.amount, ALIKE), seating.losses.size
    ).astype(np.int64)
    return counts


def relocation_candidates_of(
    tables: LookupTables, seating: Partition, classes: Bools
) -> RelocationCandidates:
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
    return RelocationCandidates(
        piece,
        seat,
        target,
        grown[rows, target].astype(np.float64),
        losses[seat] * sizes[seat] - left,
        without,
        spared(seating, piece, seat),
    )


def _without(seating: Partition, piece: Positions, seat: Positions) -> Ints:
    """The box of each row's class without the row; rows of one class lie together."""
    new = np.ones(seat.size, dtype=np.bool_)
    np.not_equal(seat[1:], seat[:-1], out=new[1:])
    starts, group = np.flatnonzero(new), np.cumsum(new) - 1
    boxes = np.empty((piece.size, len(seating.pieces.taxonomies)), dtype=np.int32)
    for at, taxonomy in enumerate(seating.pieces.taxonomies):
        boxes[:, at] = _others(taxonomy, seating.pieces.codes[piece, at], starts, group)
    return boxes


def _others(
    taxonomy: GeneralisationHierarchy, codes: Ints, starts: Positions, group: Positions
) -> Ints:
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


def carried_out(seating: Partition, moves: Moves) -> tuple[Partition, Counts]:
    """The seating after those moves that prove to be gains and break no class.

    With it, the rows of each piece that left the table, shape (pieces,).
    """
    pieces = seating.pieces
    chosen = moves.only(_proven(seating, moves))
    out = np.bincount(chosen.piece[chosen.target < 0], minlength=pieces.weights.size)
    return build_partition(pieces, *_after(seating, chosen)), out


def _proven(seating: Partition, moves: Moves) -> Bools:
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


def _after(seating: Partition, moves: Moves) -> tuple[Positions, Positions, Counts]:
    """Who sits where after the moves: pieces, seats and amounts, which may be 0."""
    arrived = moves.target >= 0
    ones = np.ones(moves.piece.size, dtype=np.int64)
    return (
        np.concatenate([seating.piece, moves.piece, moves.piece[arrived]]),
        np.concatenate([seating.seat, moves.source, moves.target[arrived]]),
        np.concatenate([seating.amount, -ones, ones[arrived]]),
    )


# Pairs of a row and a class that are looked at in one round, and steps that a round counts for.
PAIRS = 4_000_000
ROUND = 16_000
# Fewer rows than this in a round are not worth it.
FEWEST = 50


def refine(
    tables: LookupTables, seating: Partition, *, room: int, steps: int, progress: Progress
) -> tuple[Partition, Counts, int]:
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
        seekers = relocation_candidates_of(tables, seating, chosen)
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


def _next_classes(seating: Partition, passed: int) -> tuple[Bools, int, int]:
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


def _moves(
    tables: LookupTables, seating: Partition, seekers: RelocationCandidates, *, room: int
) -> Moves:
    moves = _relocations(seekers).beside(_dissolutions(seating, seekers, room=room))
    return moves.beside(_exchanges(tables, seating, seekers))


def _relocations(seekers: RelocationCandidates) -> Moves:
    """One row leaves a class that holds without it."""
    gain = seekers.relief - seekers.cost
    at = np.flatnonzero(seekers.free & (gain > LEAST))
    return Moves(
        np.arange(at.size), seekers.piece[at], seekers.seat[at], seekers.target[at], gain[at]
    )


def _dissolutions(seating: Partition, seekers: RelocationCandidates, *, room: int) -> Moves:
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


def _exchanges(tables: LookupTables, seating: Partition, seekers: RelocationCandidates) -> Moves:
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
    seating: Partition, seekers: RelocationCandidates, at: Positions, lent: Positions, gain: Floats
) -> Moves:
    move = np.arange(at.size)
    return Moves(
        np.concatenate([move, move]),
        np.concatenate([seekers.piece[at], seating.piece[lent]]),
        np.concatenate([seekers.seat[at], seating.seat[lent]]),
        np.concatenate([seekers.target[at], seekers.seat[at]]),
        gain,
    )
