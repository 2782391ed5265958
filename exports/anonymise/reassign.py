"""Groups that do not hold by themselves, and what released classes lend them.

A class can lend rows that it can spare, or join the group whole; what it loses by that is the
price. Without this, rows between two dense places would share a box with everybody.

Rows that no class was found for join others, and so do classes that do not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from exports.anonymise.distinct_records import DistinctRecords
from exports.anonymise.lattice import losses_of_pairs
from exports.anonymise.partition import Partition, build_partition, spared
from exports.anonymise.privacy_models import Counts, Positions, number_rows
from exports.anonymise.problem import Bools, Floats, Ints
from exports.anonymise.remaining_records import CandidateClasses, Candidates, LookupTables, firsts


def spare_records(seating: Partition) -> Candidates:
    """What the classes of a seating could lend: rows, each without the others, and themselves."""
    pieces, count = seating.pieces, seating.losses.size
    spare = _one_of_each_value(seating)
    spare = spare[spared(seating, seating.piece[spare], seating.seat[spare])]
    seat, piece = seating.seat[spare], seating.piece[spare]
    rows = Candidates(piece, np.ones(seat.size), seat, seating.losses[seat], pieces.leaves(piece))
    sizes = seating.sizes.astype(np.float64)
    whole = np.full(count, -1)
    return rows.beside(Candidates(whole, sizes, np.arange(count), seating.losses, seating.boxes))


def _one_of_each_value(seating: Partition) -> Positions:
    """One entry for each class and each value of the first sensitive column that it shows."""
    values = _values(seating.pieces, seating.piece)[0]
    pairs, count = number_rows([seating.seat, values], seating.seat.size)
    chosen = np.empty(count, dtype=np.int64)
    chosen[pairs] = np.arange(pairs.size)
    return chosen


def complete_with_borrowed(
    seating: Partition, groups: CandidateClasses, tally: Counts, boxes: Ints | None
) -> Bools:
    """The members of groups that hold with what they borrow, each the cheaper way.

    ``tally`` counts the rows left in each group, ``boxes`` are their nodes where a demand looks at
    them. Groups that hold by themselves borrow nothing.
    """
    hold = seating.pieces.conditions.hold
    needy = ~hold(tally, boxes) & (tally[:, 0] > 0)
    asked = _rows(seating.pieces, groups, needy, tally)
    served = needy & hold(tally + tally_of(seating.pieces, groups, asked), boxes)
    price = np.where(served, groups.sums(groups.cost * asked), np.inf)
    whole = _classes(groups, needy)
    host = groups.group[whole]
    both = tally[host] + seating.tally[groups.lender[whole]]
    better = (groups.cost[whole] < price[host]) & hold(both, None if boxes is None else boxes[host])
    whole, host = whole[better], host[better]
    served[host] = False
    # A class that gives itself cannot lend a row to another group.
    busy = asked & np.isin(groups.lender, groups.lender[whole])
    served[groups.group[busy]] = False
    asked &= served[groups.group]
    asked[whole] = True
    served[host] = True
    return asked | (groups.left & served[groups.group])


def tally_of(pieces: DistinctRecords, groups: CandidateClasses, members: Bools) -> Counts:
    """The tally of each group if it consists of these members, no whole classes among them."""
    amount = groups.amount[members].astype(np.int64)
    return pieces.tally(groups.piece[members], amount, groups.group[members], groups.count)


def _classes(groups: CandidateClasses, needy: Bools) -> Positions:
    """The cheapest whole class in each needy group, no class twice."""
    whole = np.flatnonzero((groups.piece < 0) & needy[groups.group])
    whole = whole[np.lexsort((groups.cost[whole], groups.group[whole]))]
    whole = whole[firsts(groups.group[whole])]
    return whole[_first_of(groups.lender[whole])]


def _rows(pieces: DistinctRecords, groups: CandidateClasses, needy: Bools, tally: Counts) -> Bools:
    """The lent rows that needy groups ask for, no lender twice: the cheapest.

    Values that a group lacks come first, then whatever makes up the number.
    """
    asked = np.zeros(groups.entry.size, dtype=np.bool_)
    able = np.flatnonzero((groups.lender >= 0) & (groups.piece >= 0) & needy[groups.group])
    if not able.size:
        return asked
    values, width = _values(pieces, groups.piece)
    own = groups.left
    shown = np.bincount(groups.group[own] * width + values[own], minlength=needy.size * width) > 0
    demands = pieces.conditions.demands
    lack = max(demands.distinct_l, ceil(demands.entropy_l)) - np.count_nonzero(
        shown.reshape(-1, width), axis=1
    )
    keys = groups.group * width + values
    able = able[np.lexsort((groups.cost[able], shown[keys[able]], groups.group[able]))]
    able = able[_first_of(groups.lender[able])]
    group, new = groups.group[able], ~shown[keys[able]]
    first = np.zeros(able.size, dtype=np.bool_)
    first[_first_of(keys[able])] = True
    useful = first & new & (_before(group, first & new) < lack[group])
    missing = demands.k - tally[:, 0] - np.bincount(group[useful], minlength=needy.size)
    rest = ~useful & (_before(group, ~useful) < missing[group])
    asked[able[useful | rest]] = True
    return asked


def _values(pieces: DistinctRecords, piece: Positions) -> tuple[Positions, int]:
    """The first sensitive value of each piece, and how many there are; all alike without one."""
    if not pieces.conditions.columns:
        return np.zeros_like(piece), 1
    column = pieces.conditions.columns[0]
    return column.values[pieces.first[piece]].astype(np.int64), column.shares.size


def _first_of(values: Positions) -> Positions:
    """The positions at which a value is seen for the first time, in their order."""
    return np.sort(np.unique(values, return_index=True)[1])


def _before(group: Positions, counted: Bools) -> Positions:
    """How many counted elements of the same group come before each; groups lie together."""
    before: Positions = np.cumsum(counted) - counted
    starts = np.flatnonzero(firsts(group))
    lengths = np.diff(np.concatenate([starts, [group.size]]))
    return before - np.repeat(before[starts], lengths)


# Pairs of a piece and a class that are looked at together.
PAIRS = 4_000_000


@dataclass(slots=True)
class PartialPartition:
    """The classes and, of each piece, the rows left (``left``) and withheld (``out``)."""

    seating: Partition
    left: Counts
    out: Counts


def assign_leftovers(tables: LookupTables, table: PartialPartition, room: int) -> None:
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
        table.seating = build_partition(
            tables.pieces,
            np.concatenate([state.piece, piece[stay]]),
            np.concatenate([state.seat, target[stay]]),
            np.concatenate([state.amount, amount[stay]]),
        )


def _closest(
    tables: LookupTables, table: PartialPartition
) -> tuple[Positions, Positions, Counts, Floats]:
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


def _breaking(state: Partition, piece: Positions, target: Positions, amount: Counts) -> Bools:
    """Which pieces break the class that they would join: more rows may be less diverse."""
    each = np.arange(piece.size)
    tally = state.tally[target] + state.pieces.tally(piece, amount, each, piece.size)
    held = state.pieces.conditions.hold(state.tally[target], state.boxes[target])
    broken: Bools = held & ~state.pieces.conditions.hold(tally, state.boxes[target])
    return broken


def merge_failing(tables: LookupTables, table: PartialPartition, room: int) -> Bools:
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
        table.seating = build_partition(tables.pieces, piece, seat, amount)


def _nearest(tables: LookupTables, state: Partition, seat: int) -> tuple[int, float]:
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
