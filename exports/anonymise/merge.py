"""Merging of classes until each satisfies the model, different people counted row by row.

The search adds up lines of tallies, and people who have rows in both of two classes are counted
twice in the sum. What it ends with is counted again here, and classes that fail join others.
"""

from __future__ import annotations

import numpy as np

from exports.anonymise.lattice import (
    Lattice,
    box_losses,
    distinct_records_of,
    lookup_tables_of,
)
from exports.anonymise.partition import covering
from exports.anonymise.privacy_models import Positions, failing, number_rows
from exports.anonymise.problem import Floats, Problem, Recoding

# Pairs of classes whose losses are compared at one time.
PAIRS = 4_000_000


def merge_until_satisfied(problem: Problem, recoding: Recoding) -> Recoding | None:
    """Return the recoding with failing classes merged with the closest ones; None if all fail."""
    records = distinct_records_of(problem, by_sensitive=False)
    nowhere = Lattice(np.zeros((0, 0), dtype=np.int64), np.zeros(0), 0)
    lookup = lookup_tables_of(records, nowhere)
    rows = np.flatnonzero(~recoding.suppressed)
    class_id, count = number_rows(recoding.nodes[rows].T, rows.size)
    nodes = recoding.nodes.copy()
    while True:
        boxes = covering(records, records.record_of_row[rows], class_id, count)
        # Rows that show one box are one class to every reader.
        shown, count = number_rows(boxes.T, count)
        class_id = shown[class_id]
        nodes[rows] = boxes = boxes[np.unique(shown, return_index=True)[1]][class_id]
        failed = failing(problem, Recoding(nodes, recoding.suppressed))[rows]
        if not failed.any():
            return Recoding(nodes, recoding.suppressed, recoding.steps, recoding.note)
        if count == 1:
            return None
        box = np.empty((count, nodes.shape[1]), dtype=np.int32)
        box[class_id] = boxes
        worst = np.unique(class_id[failed])[: max(PAIRS // count, 1)]
        sizes = np.bincount(class_id, minlength=count)
        lost = box_losses(problem.hierarchies, box) * sizes
        cost = lookup.joined_losses(box[worst], box) * (sizes[worst][:, None] + sizes) - lost
        class_id, count = number_rows([_joined(worst, cost, count)[class_id]], rows.size)


def _joined(worst: Positions, cost: Floats, count: int) -> Positions:
    """Return the new number of each class: each of the worst joins its closest, none joins twice.

    ``cost`` has shape (worst, classes).
    """
    cost[np.arange(worst.size), worst] = np.inf
    number, busy = np.arange(count), np.zeros(count, dtype=np.bool_)
    for one, other in zip(worst.tolist(), cost.argmin(axis=1).tolist(), strict=True):
        if not (busy[one] or busy[other]):
            number[one] = other
            busy[[one, other]] = True
    return number
