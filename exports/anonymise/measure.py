"""What an outcome reaches: every condition's worst class, and whether the demands are met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.privacy_models import (
    Counts,
    Positions,
    PrivacyChecks,
    distance,
    distinct,
    effective,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import Bools, Infeasible, Ints, Problem, Recoding


@dataclass(frozen=True, slots=True)
class Achieved:
    """The worst class of each condition among the released rows; None where it does not apply.

    ``t`` is measured from the released rows, as a reader of the file would.
    """

    k: int
    classes: int
    distinct_l: int | None = None
    entropy_l: float | None = None
    t: float | None = None
    presence: tuple[float, float] | None = None


def measure_achieved(problem: Problem, outcome: Recoding) -> Achieved:
    """What the released rows of an outcome hold; an empty release has no class and k 0."""
    conditions, tally, boxes = _released(problem, outcome)
    if not tally.shape[0]:
        return Achieved(0, 0)
    parts = [(column, tally[:, column.lines]) for column in conditions.columns]
    presence = None
    if conditions.population is not None:
        shares = conditions.population.presence(tally[:, 0], boxes)
        presence = (float(shares.min()), float(shares.max()))
    return Achieved(
        k=int(tally[:, 0].min()),
        classes=tally.shape[0],
        distinct_l=min((int(distinct(counts).min()) for _, counts in parts), default=None),
        entropy_l=min((float(effective(counts).min()) for _, counts in parts), default=None),
        t=max((float(distance(counts, column).max()) for column, counts in parts), default=None),
        presence=presence,
    )


def failing(problem: Problem, outcome: Recoding) -> Bools:
    """Released rows, shape (rows,), in classes that do not hold every demand.

    Closeness must hold both from the whole table and from the released rows.
    """
    released = np.flatnonzero(~outcome.withheld)
    classes, count, boxes = classes_of(outcome, released)
    held = np.ones(count, dtype=np.bool_)
    for among in (None, ~outcome.withheld) if problem.demands.t is not None else (None,):
        held &= privacy_checks_of(problem, among).holds(released, classes, count, boxes)
    failed = np.zeros(problem.rows, dtype=np.bool_)
    failed[released] = ~held[classes]
    return failed


def classes_of(outcome: Recoding, rows: Positions) -> tuple[Positions, int, Ints]:
    """The class of each of these rows, how many there are, and the box of nodes of each."""
    nodes = outcome.nodes[rows]
    classes, count = number_rows(nodes.T, rows.size)
    return classes, count, boxes_of(nodes, classes, count)


def boxes_of(nodes: Ints, classes: Positions, count: int) -> Ints:
    """The nodes that each class shows, from those that its members show."""
    boxes = np.empty((count, nodes.shape[1]), dtype=np.int32)
    boxes[classes] = nodes
    return boxes


def _released(problem: Problem, outcome: Recoding) -> tuple[PrivacyChecks, Counts, Ints]:
    rows = np.flatnonzero(~outcome.withheld)
    classes, count, boxes = classes_of(outcome, rows)
    conditions = privacy_checks_of(problem, ~outcome.withheld)
    return conditions, conditions.tally(rows, classes, count), boxes


def refuse_the_impossible(problem: Problem) -> None:
    """Raises Unreachable for what no recoding of this table can reach, saying by how much."""
    demands, rows = problem.demands, problem.rows
    if rows < demands.k:
        raise Infeasible(f"k = {demands.k} needs at least {demands.k} rows; the table has {rows}")
    for at in range(problem.sensitive.shape[1]):
        values = np.unique(problem.sensitive[:, at], return_counts=True)[1]
        if values.size < demands.distinct_l:
            raise Infeasible(
                f"l = {demands.distinct_l} needs {demands.distinct_l} distinct values of each"
                f" sensitive column; column {at + 1} of them has {values.size}"
            )
        # A mix of classes is at least as diverse as they are: the whole table bounds them all.
        whole = float(effective(values[None, :])[0])
        if problem.limit == 0 and whole < demands.entropy_l - 1e-9:
            raise Infeasible(
                f"entropy l = {demands.entropy_l:g} cannot be reached: sensitive column {at + 1}"
                f" reaches {whole:.2f} over the whole table"
            )
