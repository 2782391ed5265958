"""Reassignment of rows: to classes that fail by themselves, and of rows left in no class.

A released class can spare rows, or join another whole; the price is its loss by that. Without this,
rows between two dense places would share a box with everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from exports.anonymise.lattice import DistinctRecords, LookupTables
from exports.anonymise.partition import (
    CandidateClasses,
    Candidates,
    Partition,
    build_partition,
    firsts,
)
from exports.anonymise.privacy_models import Counts, Positions, number_rows
from exports.anonymise.problem import Bools, Floats, Ints

# Pairs of a record and a class whose losses are compared at one time.
PAIRS = 4_000_000


def spare_records(partition: Partition) -> Candidates:
    """Return what classes could spare: rows, each without the others, and the classes themselves.

    One record is tried for each class and each value of the first sensitive column in it.
    """
    records, count = partition.records, partition.losses.size
    able = np.flatnonzero(records.counts(partition.record))
    values = _sensitive_values(records, partition.record[able])[0]
    pairs, shown = number_rows([partition.class_id[able], values], able.size)
    spare = np.empty(shown, dtype=np.int64)
    spare[pairs] = able
    spare = spare[partition.can_spare(partition.record[spare], partition.class_id[spare])]
    donor, record = partition.class_id[spare], partition.record[spare]
    rows = Candidates(
        record, np.ones(donor.size), donor, partition.losses[donor], records.leaves(record)
    )
    sizes = partition.sizes.astype(np.float64)
    whole = np.full(count, -1)
    return rows.followed_by(
        Candidates(whole, sizes, np.arange(count), partition.losses, partition.boxes)
    )


def complete_by_reassignment(
    partition: Partition, classes: CandidateClasses, tally: Counts, boxes: Ints | None
) -> Bools:
    """Return the members of classes that satisfy the model with spare rows or one whole class.

    Each class takes the cheaper way. ``tally`` counts its rows in no class yet, ``boxes`` are its
    nodes where the model bounds presence. Classes that satisfy the model already take nothing.
    """
    satisfied = partition.records.checks.satisfied
    lacking = ~satisfied(tally, boxes) & (tally[:, 0] > 0)
    taken = _spare_rows(partition.records, classes, lacking, tally)
    completed = lacking & satisfied(tally + tally_of(partition.records, classes, taken), boxes)
    price = np.where(completed, classes.sums(classes.cost * taken), np.inf)
    # The cheapest whole class in each lacking class, no donor twice.
    whole = np.flatnonzero((classes.record < 0) & lacking[classes.class_id])
    whole = whole[np.lexsort((classes.cost[whole], classes.class_id[whole]))]
    whole = whole[firsts(classes.class_id[whole])]
    whole = whole[_first_of(classes.donor[whole])]
    host = classes.class_id[whole]
    both = tally[host] + partition.tally[classes.donor[whole]]
    better = (classes.cost[whole] < price[host]) & satisfied(
        both, None if boxes is None else boxes[host]
    )
    whole, host = whole[better], host[better]
    completed[host] = False
    # A class that joins one whole cannot spare a row for another.
    busy = taken & np.isin(classes.donor, classes.donor[whole])
    completed[classes.class_id[busy]] = False
    taken &= completed[classes.class_id]
    taken[whole] = True
    completed[host] = True
    return taken | (classes.unassigned & completed[classes.class_id])


def tally_of(records: DistinctRecords, classes: CandidateClasses, members: Bools) -> Counts:
    """Return the tally of each class of these members, no whole classes among them."""
    amount = classes.amount[members].astype(np.int64)
    return records.tally(classes.record[members], amount, classes.class_id[members], classes.count)


def _spare_rows(
    records: DistinctRecords, classes: CandidateClasses, lacking: Bools, tally: Counts
) -> Bools:
    """Return the cheapest spare rows that lacking classes need, no donor twice.

    Sensitive values that a class lacks come first, then any rows up to k.
    """
    taken = np.zeros(classes.candidate.size, dtype=np.bool_)
    able = np.flatnonzero((classes.donor >= 0) & (classes.record >= 0) & lacking[classes.class_id])
    if not able.size:
        return taken
    values, width = _sensitive_values(records, classes.record)
    keys = classes.class_id * width + values
    own = classes.unassigned & records.counts(classes.record)
    shown = np.bincount(keys[own], minlength=lacking.size * width) > 0
    values_shown = shown.reshape(-1, width)
    no_value = [c.missing for c in records.checks.columns[:1] if c.missing >= 0]
    # What is no value helps no class: it is taken for shown, and not counted.
    values_shown[:, no_value] = True
    counted = np.count_nonzero(values_shown, axis=1) - len(no_value)
    missing_values = _values_asked(records) - counted
    able = able[np.lexsort((classes.cost[able], shown[keys[able]], classes.class_id[able]))]
    able = able[_first_of(classes.donor[able])]
    class_id, new = classes.class_id[able], ~shown[keys[able]]
    first = np.zeros(able.size, dtype=np.bool_)
    first[_first_of(keys[able])] = True
    diverse = first & new & (_before(class_id, first & new) < missing_values[class_id])
    missing_rows = (
        records.checks.model.k
        - tally[:, records.checks.size_at]
        - np.bincount(class_id[diverse], minlength=lacking.size)
    )
    others = ~diverse & (_before(class_id, ~diverse) < missing_rows[class_id])
    taken[able[diverse | others]] = True
    return taken


def _sensitive_values(records: DistinctRecords, record: Positions) -> tuple[Positions, int]:
    """Return the first sensitive value of each record, and how many occur; one if none counts."""
    if not records.checks.columns:
        return np.zeros_like(record), 1
    column = records.checks.columns[0]
    return column.values[records.example_row[record]].astype(np.int64), column.shares.size


def _values_asked(records: DistinctRecords) -> int:
    """Return how many values of that column each class needs."""
    column = next(iter(records.checks.columns), None)
    return 1 if column is None else max(column.distinct_l, ceil(column.entropy_l))


def _first_of(values: Positions) -> Positions:
    """Return the positions at which a value is seen for the first time, in their order."""
    return np.sort(np.unique(values, return_index=True)[1])


def _before(class_id: Positions, counted: Bools) -> Positions:
    """Return how many counted elements of its class precede each; classes lie together."""
    before: Positions = np.cumsum(counted) - counted
    starts = np.flatnonzero(firsts(class_id))
    lengths = np.diff(np.concatenate([starts, [class_id.size]]))
    return before - np.repeat(before[starts], lengths)


@dataclass(slots=True)
class PartialPartition:
    """A partition with leftovers: the ``unassigned`` and the ``suppressed`` rows of each record."""

    partition: Partition
    unassigned: Counts
    suppressed: Counts


def assign_leftovers(lookup: LookupTables, partial: PartialPartition, room: int) -> None:
    """Put the unassigned rows in the classes where they cost least.

    Up to ``room`` rows that would cost more than that, or break the class, are suppressed. Rows
    that no class may take stay unassigned.
    """
    records = lookup.records
    while partial.unassigned.any() and partial.partition.losses.size:
        record, target, amount, cost = _closest(lookup, partial)
        gone = (cost > records.suppression_loss) | _breaking(
            partial.partition, record, target, amount
        )
        gone &= np.cumsum(np.where(gone, amount, 0)) <= room - int(partial.suppressed.sum())
        partition, stay = partial.partition, ~gone & np.isfinite(cost)
        if not (gone | stay).any():
            return
        partial.suppressed[record[gone]] += amount[gone]
        partial.unassigned[record[gone | stay]] = 0
        partial.partition = build_partition(
            records,
            np.concatenate([partition.record, record[stay]]),
            np.concatenate([partition.class_id, target[stay]]),
            np.concatenate([partition.amount, amount[stay]]),
        )


def _closest(
    lookup: LookupTables, partial: PartialPartition
) -> tuple[Positions, Positions, Counts, Floats]:
    """Return, for each class that is the closest to an unassigned record, the cheapest of these.

    Records, their classes, the rows of each, and the cost of each row.
    """
    partition, records = partial.partition, lookup.records
    record = np.flatnonzero(partial.unassigned)[: max(PAIRS // partition.losses.size, 1)]
    amount = partial.unassigned[record]
    grown = lookup.joined_losses(records.leaves(record), partition.boxes)
    grown *= (amount[:, None] + partition.sizes).astype(np.float32)
    grown -= (partition.losses * partition.sizes).astype(np.float32)
    target = grown.argmin(axis=1)
    cost = grown[np.arange(record.size), target] / amount - records.own_loss(record)
    order = np.argsort(cost, kind="stable")
    # One record a class and round: the next sees the box that the first has widened.
    first = order[_first_of(target[order])]
    return record[first], target[first], amount[first], cost[first]


def _breaking(partition: Partition, record: Positions, target: Positions, amount: Counts) -> Bools:
    """Return which records break the class they would join: more rows may be less diverse."""
    each, checks = np.arange(record.size), partition.records.checks
    tally = partition.tally[target] + partition.records.tally(record, amount, each, record.size)
    satisfied = checks.satisfied(partition.tally[target], partition.boxes[target])
    broken: Bools = satisfied & ~checks.satisfied(tally, partition.boxes[target])
    return broken


def merge_failing(lookup: LookupTables, partial: PartialPartition, room: int) -> bool:
    """Merge failing classes with the closest ones; return whether all satisfy the model then.

    Rows of such a class are suppressed instead while there is room and merging costs more.
    """
    records = lookup.records
    while True:
        partition = partial.partition
        failing = np.flatnonzero(~records.checks.satisfied(partition.tally, partition.boxes))
        if not failing.size:
            return True
        worst = int(failing[np.argmin(partition.sizes[failing])])
        size = int(partition.sizes[worst])
        target, cost = _nearest(lookup, partition, worst)
        members = partition.class_id == worst
        class_id, record, amount = partition.class_id, partition.record, partition.amount
        if size <= room - int(partial.suppressed.sum()) and (
            target < 0 or cost > records.suppression_loss * size
        ):
            partial.suppressed[record[members]] += amount[members]
            class_id, record, amount = class_id[~members], record[~members], amount[~members]
        elif target < 0:
            return False
        else:
            class_id = np.where(members, target, class_id)
        partial.partition = build_partition(records, record, class_id, amount)


def _nearest(lookup: LookupTables, partition: Partition, class_id: int) -> tuple[int, float]:
    """Return the class that costs least to merge with this one, and the cost; -1 if none may."""
    if partition.losses.size < 2:
        return -1, 0.0
    sizes, losses = partition.sizes, partition.losses
    joint = lookup.joined_losses(partition.boxes[[class_id]], partition.boxes)[0]
    cost = joint * (sizes + sizes[class_id]) - losses * sizes
    cost[class_id] = np.inf
    target = int(cost.argmin())
    if np.isinf(cost[target]):
        return -1, 0.0
    return target, float(cost[target] - losses[class_id] * sizes[class_id])
