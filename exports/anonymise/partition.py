"""The partition into equivalence classes, and the records that are in no class yet."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.lattice import DistinctRecords, LookupTables, Sums, box_losses, sums_of
from exports.anonymise.privacy_models import Counts, Positions, number_rows
from exports.anonymise.problem import Bools, Floats, Ints


@dataclass(slots=True)
class Partition:
    """Amounts of records in classes; each class shows the smallest box that covers its members.

    ``record``, ``class_id`` and ``amount`` have one element for each pair of a record and a class,
    in the order of classes. ``boxes`` has shape (classes, quasi-identifiers), ``losses`` (classes,)
    is the sum over the box's cells, ``tally`` is that of the privacy checks.
    """

    records: DistinctRecords
    record: Positions
    class_id: Positions
    amount: Counts
    boxes: Ints
    losses: Floats
    tally: Counts

    @property
    def sizes(self) -> Counts:
        """Number of rows in each class."""
        sizes: Counts = self.tally[:, 0]
        return sizes

    @property
    def lost(self) -> float:
        """Sum of losses over all cells, those of the records before recoding included."""
        return float(self.losses @ self.sizes)

    def can_spare(self, record: Positions, class_id: Positions) -> Bools:
        """Return which classes still satisfy the model without a row of the record; (pairs,)."""
        rows = self.records.example_row[record]
        return self.records.checks.satisfied_without(self.tally, rows, class_id, self.boxes)


def build_partition(
    records: DistinctRecords, record: Positions, class_id: Positions, amount: Counts
) -> Partition:
    """Return the classes made of these amounts; classes that show one box become one."""
    record, class_id, amount = summed(record, class_id, amount)
    class_id, count = number_rows([class_id], record.size)
    boxes = covering(records, record, class_id, count)
    # Rows that show one box are one class to every reader, however they came together.
    merged, count = number_rows(boxes.T, count)
    shown = np.empty((count, boxes.shape[1]), dtype=np.int32)
    shown[merged] = boxes
    record, class_id, amount = summed(record, merged[class_id], amount)
    tally = records.tally(record, amount, class_id, count)
    losses = box_losses(records.hierarchies, shown)
    return Partition(records, record, class_id, amount, shown, losses, tally)


def summed(
    record: Positions, class_id: Positions, amount: Counts
) -> tuple[Positions, Positions, Counts]:
    """Return one element a pair of class and record, classes first; pairs without rows drop out."""
    pairs, count = number_rows([class_id, record], record.size)
    total = np.bincount(pairs, amount, count).astype(np.int64)
    first = np.empty(count, dtype=np.int64)
    first[pairs] = np.arange(record.size)
    kept = first[total > 0]
    return record[kept], class_id[kept], total[total > 0]


def covering(records: DistinctRecords, record: Positions, class_id: Positions, count: int) -> Ints:
    """Return the smallest box of each class, shape (count, quasi-identifiers)."""
    order = np.argsort(class_id, kind="stable")
    members, starts = record[order], np.searchsorted(class_id[order], np.arange(count))
    boxes = np.empty((count, len(records.hierarchies)), dtype=np.int32)
    for at, hierarchy in enumerate(records.hierarchies):
        codes = records.codes[members, at]
        boxes[:, at] = hierarchy.root
        # From the root down, a finer node that all members of a class share replaces a coarser one.
        for level in range(hierarchy.levels - 2, -1, -1):
            nodes = hierarchy.up[:, level][codes]
            low = np.minimum.reduceat(nodes, starts)
            same = low == np.maximum.reduceat(nodes, starts)
            boxes[same, at] = low[same]
    return boxes


# Losses are asked for of few candidates at a time: that many lines of their sums are kept.
FEW = 24


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows and whole classes that may come together in a class; all of shape (candidates,).

    ``record`` is -1 for a whole class. ``donor`` is the class that could spare the row, or join
    whole; -1 for rows in no class. ``base`` is the present loss of each row of the candidate.
    ``boxes`` has shape (candidates, quasi-identifiers).
    """

    record: Positions
    amount: Floats
    donor: Positions
    base: Floats
    boxes: Ints

    def followed_by(self, others: Candidates) -> Candidates:
        """Return these and, after them, the others."""
        names = [field.name for field in fields(self)]
        both = ((getattr(self, name), getattr(others, name)) for name in names)
        return Candidates(*(np.concatenate(pair) for pair in both))


@dataclass(frozen=True, slots=True)
class RemainingRecords:
    """Candidates with the sums that put them in classes; the first ``unassigned`` are in none yet.

    ``keys`` are sums of random numbers: candidates with one sum are in one class, and show it in
    the bits of ``mask`` already. ``losses`` are those of the candidates' cells at each node.
    """

    candidates: Candidates
    unassigned: int
    keys: Sums[np.int64]
    losses: Sums[np.float32]
    mask: int


def remaining_records_of(
    lookup: LookupTables, candidates: Candidates, unassigned: int
) -> RemainingRecords:
    """Return these candidates, copied close together for quick visits."""
    keys, losses = [], []
    for at, hierarchy in enumerate(lookup.records.hierarchies):
        above = lookup.ancestors[at].T[:, candidates.boxes[:, at]]
        keys.append(lookup.hashes[at][above])
        losses.append(hierarchy.loss.astype(np.float32)[above])
    # Two buckets and more a row that remains, so that few classes share one.
    mask = (1 << (unassigned.bit_length() + 1)) - 1
    levels = lookup.lattice.levels
    return RemainingRecords(
        candidates, unassigned, sums_of(keys, levels), sums_of(losses, levels, FEW), mask
    )


@dataclass(frozen=True, slots=True)
class CandidateClasses:
    """Candidates with equal nodes, class after class; their losses are those of the class's box.

    ``candidate``, ``class_id`` and ``cost`` have shape (members,): the position among the
    candidates, the number of the class, and how much more its rows lose in the class. ``amount``,
    ``donor`` and ``record`` are the candidate's own. ``starts`` (classes,) says where each begins.
    """

    candidate: Positions
    class_id: Positions
    cost: Floats
    amount: Floats
    donor: Positions
    record: Positions
    starts: Positions

    @property
    def count(self) -> int:
        """Number of classes."""
        return self.starts.size

    @property
    def unassigned(self) -> Bools:
        """Which members are rows in no class yet."""
        return self.donor < 0

    def sums(self, values: Floats | Bools) -> Floats:
        """Return the sum of each class's values, from one value a member."""
        total: Floats = np.bincount(self.class_id, values, self.count).astype(np.float64)
        return total

    def only(self, kept: Bools) -> CandidateClasses:
        """Return the members marked, with the classes numbered again."""
        new = firsts(self.class_id[kept])
        amount, donor, record = self.amount[kept], self.donor[kept], self.record[kept]
        class_id, starts = np.cumsum(new) - 1, np.flatnonzero(new)
        return CandidateClasses(
            self.candidate[kept], class_id, self.cost[kept], amount, donor, record, starts
        )


def candidate_classes_of(
    remaining: RemainingRecords, node: int, candidate: Positions, keys: NDArray[np.int64]
) -> CandidateClasses:
    """Return the classes of these candidates at a lattice node; ``keys`` are those of all."""
    order = np.argsort(keys[candidate], kind="stable")
    candidate = candidate[order]
    new = firsts(keys[candidate])
    candidates = remaining.candidates
    amount = candidates.amount[candidate]
    cost = (remaining.losses.of(node, candidate) - candidates.base[candidate]) * amount
    return CandidateClasses(
        candidate,
        np.cumsum(new) - 1,
        cost,
        amount,
        candidates.donor[candidate],
        candidates.record[candidate],
        np.flatnonzero(new),
    )


def firsts(values: NDArray[np.integer]) -> Bools:
    """Return where a value is the first of its kind; equal values lie together."""
    new = np.ones(values.size, dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new
