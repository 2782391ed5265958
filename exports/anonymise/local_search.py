"""Local search after the lattice pass: rows of the classes that lose most find better ones.

A row moves to the class that grows least by it, if its own class satisfies the model without it; or
its class takes a row that another can spare in exchange; or a whole class is dissolved, each of its
rows finding another or, where that costs more, being suppressed.

A *transfer* takes one row of a record from one class to another, or out of the table (-1). A *move*
is a few transfers that make sense together. Many moves are judged at a time; those carried out
together touch no class twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.lattice import LookupTables, box_losses
from exports.anonymise.partition import Partition, build_partition, covering, firsts, summed
from exports.anonymise.privacy_models import Counts, Positions
from exports.anonymise.problem import Bools, Floats, GeneralisationHierarchy, Ints, Progress

# Rows of one record in one class that are looked at one by one: more would all do as these do.
ALIKE = 8
# Gains smaller than this are rounding.
LEAST = 1e-6
# Pairs of a row and a class that are looked at in one round, and steps that a round counts for.
PAIRS = 4_000_000
ROUND = 16_000
# Fewer rows than this in a round are not worth it.
FEWEST = 50


@dataclass(frozen=True, slots=True)
class RelocationCandidates:
    """Single rows, class after class; all of shape (candidates,).

    ``target`` is the class that would grow least by the row, ``cost`` by how much. ``relief`` is
    the gain of the row's own class without it, ``without`` (candidates, quasi-identifiers) its box
    then. ``free``: the class would still satisfy the model.
    """

    record: Positions
    class_id: Positions
    target: Positions
    cost: Floats
    relief: Floats
    without: Ints
    free: Bools


def relocation_candidates_of(
    lookup: LookupTables, partition: Partition, classes: Bools
) -> RelocationCandidates:
    """Return the candidates of the classes marked."""
    sizes, losses = partition.sizes, partition.losses
    at = np.flatnonzero(classes[partition.class_id])
    at = np.repeat(at, np.minimum(partition.amount[at], ALIKE))
    record, class_id = partition.record[at], partition.class_id[at]
    grown = lookup.joined_losses(partition.records.leaves(record), partition.boxes)
    grown *= (sizes + 1).astype(np.float32)
    grown -= (losses * sizes).astype(np.float32)
    rows = np.arange(record.size)
    grown[rows, class_id] = np.inf
    target = grown.argmin(axis=1)
    without = _boxes_without(partition, record, class_id)
    rest = box_losses(partition.records.hierarchies, without) * (sizes[class_id] - 1)
    return RelocationCandidates(
        record,
        class_id,
        target,
        grown[rows, target].astype(np.float64),
        losses[class_id] * sizes[class_id] - rest,
        without,
        partition.can_spare(record, class_id),
    )


def _boxes_without(partition: Partition, record: Positions, class_id: Positions) -> Ints:
    """Return the box of each row's class without the row; rows of one class lie together."""
    new = firsts(class_id)
    starts, group = np.flatnonzero(new), np.cumsum(new) - 1
    records = partition.records
    boxes = np.empty((record.size, len(records.hierarchies)), dtype=np.int32)
    for at, hierarchy in enumerate(records.hierarchies):
        boxes[:, at] = _ancestor_of_others(hierarchy, records.codes[record, at], starts, group)
    return boxes


def _ancestor_of_others(
    hierarchy: GeneralisationHierarchy, codes: Ints, starts: Positions, group: Positions
) -> Ints:
    """Return, for each element, the lowest common ancestor of all others of its group."""
    size = np.bincount(group)[group]
    common = np.full(codes.size, hierarchy.root, dtype=np.int32)
    for level in range(hierarchy.levels - 2, -1, -1):
        nodes = hierarchy.up[codes, level]
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


@dataclass(frozen=True, slots=True)
class Moves:
    """Transfers, all of shape (transfers,), and the gain expected of each move (moves,).

    ``move`` says which move each transfer is part of.
    """

    move: Positions
    record: Positions
    source: Positions
    target: Positions
    gain: Floats

    def followed_by(self, others: Moves) -> Moves:
        """Return these moves and, numbered after them, the others."""
        return Moves(
            np.concatenate([self.move, others.move + self.gain.size]),
            np.concatenate([self.record, others.record]),
            np.concatenate([self.source, others.source]),
            np.concatenate([self.target, others.target]),
            np.concatenate([self.gain, others.gain]),
        )

    def only(self, kept: Bools) -> Moves:
        """Return the transfers of the moves marked; moves keep their numbers."""
        at = kept[self.move]
        return Moves(self.move[at], self.record[at], self.source[at], self.target[at], self.gain)

    def disjoint(self, classes: int, room: int) -> Moves:
        """Return the best moves of which no two touch one class, at most ``room`` rows suppressed.

        ``classes`` is the number of classes.
        """
        order = np.argsort(-self.gain, kind="stable")
        at = np.argsort(self.move, kind="stable")
        starts = np.searchsorted(self.move[at], np.arange(self.gain.size + 1)).tolist()
        source, target = self.source[at].tolist(), self.target[at].tolist()
        busy, kept = bytearray(classes), np.zeros(self.gain.size, dtype=np.bool_)
        for move in order.tolist():
            span = range(starts[move], starts[move + 1])
            touched = {source[i] for i in span} | {target[i] for i in span if target[i] >= 0}
            out = sum(target[i] < 0 for i in span)
            if out > room or any(busy[class_id] for class_id in touched):
                continue
            room -= out
            kept[move] = True
            for class_id in touched:
                busy[class_id] = 1
        return self.only(kept)


def _carry_out(partition: Partition, moves: Moves) -> tuple[Partition, Counts]:
    """Return the partition after those moves that prove to be gains and break no class.

    With it, the suppressed rows of each record, shape (records,).
    """
    records = partition.records
    chosen = moves.only(_proven(partition, moves))
    out = np.bincount(chosen.record[chosen.target < 0], minlength=records.weights.size)
    return build_partition(records, *_after(partition, chosen)), out


def _proven(partition: Partition, moves: Moves) -> Bools:
    """Return which moves gain something and leave every class satisfying the model, or empty.

    What a move was expected to gain is inexact: two rows may leave a class, and one come.
    """
    records, count, number = partition.records, partition.losses.size, moves.gain.size
    part = np.full(count, -1)
    part[moves.source] = moves.move
    arrived = moves.target >= 0
    part[moves.target[arrived]] = moves.move[arrived]
    record, class_id, amount = summed(*_after(partition, moves))
    tally = records.tally(record, amount, class_id, count)
    there = tally[:, 0] > 0
    boxes = partition.boxes.copy()
    boxes[there] = covering(records, record, (np.cumsum(there) - 1)[class_id], int(there.sum()))
    satisfied = ~there
    satisfied[there] = records.checks.satisfied(tally[there], boxes[there])
    touched = np.flatnonzero(part >= 0)
    cost = box_losses(records.hierarchies, boxes) * tally[:, 0] - partition.losses * partition.sizes
    out = np.bincount(moves.move[~arrived], minlength=number)
    change = np.bincount(part[touched], cost[touched], number) + records.suppression_loss * out
    good: Bools = change < -LEAST
    good[part[touched[~satisfied[touched]]]] = False
    return good


def _after(partition: Partition, moves: Moves) -> tuple[Positions, Positions, Counts]:
    """Return records, classes and amounts after the moves; amounts may be 0 or cancel out."""
    arrived = moves.target >= 0
    ones = np.ones(moves.record.size, dtype=np.int64)
    return (
        np.concatenate([partition.record, moves.record, moves.record[arrived]]),
        np.concatenate([partition.class_id, moves.source, moves.target[arrived]]),
        np.concatenate([partition.amount, -ones, ones[arrived]]),
    )


def refine(
    lookup: LookupTables, partition: Partition, *, room: int, steps: int, progress: Progress
) -> tuple[Partition, Counts, int]:
    """Return a partition that loses less, the suppressed rows of each record, and the steps taken.

    At most ``room`` rows are suppressed.
    """
    suppressed = np.zeros(partition.records.weights.size, dtype=np.int64)
    taken = fruitless = passed = 0
    while taken < steps and partition.losses.size > 1:
        progress(taken / steps)
        chosen, passed, rounds = _next_classes(partition, passed)
        if not chosen.any():
            break
        candidates, count = relocation_candidates_of(lookup, partition, chosen), chosen.size
        left = room - int(suppressed.sum())
        moves = _relocations(candidates)
        moves = moves.followed_by(_dissolutions(partition, candidates, room=left))
        exchanges = _exchanges(lookup, partition, candidates)
        if exchanges is not None:
            moves = moves.followed_by(exchanges)
        gained = 0.0
        if moves.gain.size:
            before = partition.lost
            partition, gone = _carry_out(partition, moves.disjoint(count, left))
            gained = before - partition.lost
            suppressed += gone
        share = candidates.record.size * partition.losses.size / PAIRS
        taken += max(int(ROUND * min(share, 1)), 10)
        # A whole sweep over all classes without a gain ends the search.
        fruitless = 0 if gained > LEAST else fruitless + 1
        if fruitless > rounds:
            break
    return partition, suppressed, taken


def _next_classes(partition: Partition, passed: int) -> tuple[Bools, int, int]:
    """Return the classes to look at now, how many will have been passed, and rounds in a sweep."""
    losses = partition.losses
    count = np.bincount(partition.class_id, np.minimum(partition.amount, ALIKE), losses.size)
    most = max(PAIRS // losses.size, 1)
    able = np.flatnonzero((losses > 0) & (count <= most // 2))
    able = able[np.argsort(-losses[able], kind="stable")]
    chosen = np.zeros(losses.size, dtype=np.bool_)
    if most < FEWEST or not able.size:
        return chosen, 0, 0
    if passed >= able.size:
        passed = 0
    now = able[passed:]
    now = now[np.cumsum(count[now]) <= most]
    chosen[now] = True
    return chosen, passed + now.size, -(-able.size // max(now.size, 1))


def _relocations(candidates: RelocationCandidates) -> Moves:
    """Return moves in which one row leaves a class that satisfies the model without it."""
    gain = candidates.relief - candidates.cost
    at = np.flatnonzero(candidates.free & (gain > LEAST))
    source, target = candidates.class_id[at], candidates.target[at]
    return Moves(np.arange(at.size), candidates.record[at], source, target, gain[at])


def _dissolutions(partition: Partition, candidates: RelocationCandidates, *, room: int) -> Moves:
    """Return moves in which all rows leave a class."""
    suppressed, count = partition.records.suppression_loss, partition.losses.size
    out = (candidates.cost > suppressed) & (room > 0)
    cost = np.where(out, suppressed, candidates.cost)
    total = np.bincount(candidates.class_id, cost, count)
    # Of a class with more rows alike than are looked at, some would stay behind.
    whole = np.bincount(candidates.class_id, minlength=count) == partition.sizes
    gain = np.where(whole, partition.losses * partition.sizes - total, -1.0)
    good = np.flatnonzero(gain > LEAST)
    number = np.full(count, -1)
    number[good] = np.arange(good.size)
    at = np.flatnonzero(number[candidates.class_id] >= 0)
    source, target = candidates.class_id[at], np.where(out, -1, candidates.target)[at]
    return Moves(number[source], candidates.record[at], source, target, gain[good])


def _exchanges(
    lookup: LookupTables, partition: Partition, candidates: RelocationCandidates
) -> Moves | None:
    """Return moves in which a row leaves, and its class takes one that a third class can spare."""
    records, hope = partition.records, candidates.relief - candidates.cost
    spare = np.flatnonzero(partition.can_spare(partition.record, partition.class_id))
    at = np.flatnonzero(~candidates.free & (hope > LEAST))
    if not spare.size or not at.size:
        return None
    at = at[np.argsort(-hope[at], kind="stable")[: max(PAIRS // 2 // spare.size, 1)]]
    source, target, donor = (
        candidates.class_id[at],
        candidates.target[at],
        partition.class_id[spare],
    )
    size = partition.sizes[source]
    grown = lookup.joined_losses(candidates.without[at], records.leaves(partition.record[spare]))
    grown *= size[:, None].astype(np.float32)
    grown -= partition.losses[donor].astype(np.float32)
    grown[source[:, None] == donor] = np.inf
    grown[target[:, None] == donor] = np.inf
    best = grown.argmin(axis=1)
    gain = partition.losses[source] * size - grown[np.arange(at.size), best] - candidates.cost[at]
    good = gain > LEAST
    at, spare, move = at[good], spare[best[good]], np.arange(np.count_nonzero(good))
    return Moves(
        np.concatenate([move, move]),
        np.concatenate([candidates.record[at], partition.record[spare]]),
        np.concatenate([source[good], partition.class_id[spare]]),
        np.concatenate([target[good], source[good]]),
        gain[good],
    )
