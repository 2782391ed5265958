"""Measures of a recoding: the worst class by each condition, and the classes that fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.privacy_models import (
    Positions,
    distance,
    distinct,
    effective,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import Bools, Infeasible, Ints, Problem, Recoding


@dataclass(frozen=True, slots=True)
class Achieved:
    """The worst class by each condition among the released rows; None where it does not apply.

    ``t`` is measured from the released rows, as a reader of the file would.
    """

    k: int
    classes: int
    distinct_l: int | None = None
    entropy_l: float | None = None
    t: float | None = None
    presence: tuple[float, float] | None = None


def measure_achieved(problem: Problem, recoding: Recoding) -> Achieved:
    """Return what the released classes satisfy; an empty release has no class and k 0."""
    rows = np.flatnonzero(~recoding.suppressed)
    classes, count, boxes = equivalence_classes(recoding, rows)
    if not count:
        return Achieved(0, 0)
    checks = privacy_checks_of(problem, ~recoding.suppressed)
    tally = checks.tally(rows, classes, count)
    parts = [(column, tally[:, column.part]) for column in checks.columns]
    presence = None
    if checks.population is not None:
        shares = checks.population.presence(tally[:, 0], boxes)
        presence = (float(shares.min()), float(shares.max()))
    return Achieved(
        k=int(tally[:, 0].min()),
        classes=count,
        distinct_l=min((int(distinct(counts).min()) for _, counts in parts), default=None),
        entropy_l=min((float(effective(counts).min()) for _, counts in parts), default=None),
        t=max((float(distance(counts, column).max()) for column, counts in parts), default=None),
        presence=presence,
    )


def failing(problem: Problem, recoding: Recoding) -> Bools:
    """Return which rows, shape (rows,), are released in a class that fails the model.

    Closeness must hold both from the whole table and from the released rows.
    """
    released = np.flatnonzero(~recoding.suppressed)
    classes, count, boxes = equivalence_classes(recoding, released)
    satisfied = np.ones(count, dtype=np.bool_)
    for among in (None, ~recoding.suppressed) if problem.model.t is not None else (None,):
        checks = privacy_checks_of(problem, among)
        satisfied &= checks.satisfied_by_rows(released, classes, count, boxes)
    failed = np.zeros(problem.rows, dtype=np.bool_)
    failed[released] = ~satisfied[classes]
    return failed


def equivalence_classes(recoding: Recoding, rows: Positions) -> tuple[Positions, int, Ints]:
    """Return the class of each of these rows, how many there are, and the box of each."""
    nodes = recoding.nodes[rows]
    classes, count = number_rows(nodes.T, rows.size)
    return classes, count, boxes_of(nodes, classes, count)


def boxes_of(nodes: Ints, classes: Positions, count: int) -> Ints:
    """Return the nodes that each class shows, from the equal ones that its members show."""
    boxes = np.empty((count, nodes.shape[1]), dtype=np.int32)
    boxes[classes] = nodes
    return boxes


def check_feasible(problem: Problem) -> None:
    """Raise Infeasible for what no recoding of this table can reach, saying by how much."""
    model, rows = problem.model, problem.rows
    if rows < model.k:
        raise Infeasible(f"k = {model.k} needs at least {model.k} rows; the table has {rows}")
    for at in range(problem.sensitive.shape[1]):
        values = np.unique(problem.sensitive[:, at], return_counts=True)[1]
        if values.size < model.distinct_l:
            raise Infeasible(
                f"l = {model.distinct_l} needs {model.distinct_l} distinct values of each"
                f" sensitive column; column {at + 1} of them has {values.size}"
            )
        # A union of classes is at least as diverse as they are: the whole table bounds them all.
        whole = float(effective(values[None, :])[0])
        if problem.suppression_limit == 0 and whole < model.entropy_l - 1e-9:
            raise Infeasible(
                f"entropy l = {model.entropy_l:g} cannot be reached: sensitive column {at + 1}"
                f" reaches {whole:.2f} over the whole table"
            )
