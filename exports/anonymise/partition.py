"""The partition into equivalence classes that the local engine improves step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.distinct_records import DistinctRecords
from exports.anonymise.lattice import box_losses
from exports.anonymise.privacy_models import Counts, Positions, number_rows
from exports.anonymise.problem import Bools, Floats, GeneralisationHierarchy, Ints


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
        each = np.arange(record.size)
        unit = self.records.tally(record, np.ones_like(each), each, record.size)
        return self.records.checks.satisfied(self.tally[class_id] - unit, self.boxes[class_id])


def build_partition(
    records: DistinctRecords, record: Positions, class_id: Positions, amount: Counts
) -> Partition:
    """Return the classes made of these amounts; classes that show one box become one."""
    record, class_id, amount = summed(record, class_id, amount)
    class_id, count = number_rows([class_id], record.size)
    boxes = covering(records, record, class_id, count)
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
        boxes[:, at] = _common_ancestors(hierarchy, records.codes[members, at], starts)
    return boxes


def _common_ancestors(hierarchy: GeneralisationHierarchy, codes: Ints, starts: Positions) -> Ints:
    """Return the lowest common ancestor of each stretch of codes."""
    common = np.full(starts.size, hierarchy.root, dtype=np.int32)
    for level in range(hierarchy.levels - 2, -1, -1):
        nodes = hierarchy.up[:, level][codes]
        low = np.minimum.reduceat(nodes, starts)
        same = low == np.maximum.reduceat(nodes, starts)
        common[same] = low[same]
    return common
