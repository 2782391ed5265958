"""The worst class of a recoding by each condition, as the engine's own checks count it."""

from dataclasses import dataclass, replace

import numpy as np

from exports.anonymise.privacy_models import (
    boxes_of,
    distance,
    effective,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import Problem, Recoding


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
    nodes = recoding.nodes[rows]
    classes, count = number_rows(nodes.T, rows.size)
    if not count:
        return Achieved(0, 0)
    # A distance of 1 is as far as there is: it asks nothing, and has every column looked at.
    every = replace(problem, model=replace(problem.model, t=1.0))
    checks = privacy_checks_of(every, ~recoding.suppressed)
    tally = checks.tally(rows, classes, count)
    parts = [(column, tally[:, column.part]) for column in checks.columns]
    presence = None
    if checks.population is not None:
        shares = checks.population.presence(boxes_of(nodes, classes, count))
        presence = (float(shares.min()), float(shares.max()))
    return Achieved(
        k=int(tally[:, 0].min()),
        classes=count,
        distinct_l=min((int((counts > 0).sum(axis=1).min()) for _, counts in parts), default=None),
        entropy_l=min((float(effective(counts).min()) for _, counts in parts), default=None),
        t=max((float(distance(counts, column).max()) for column, counts in parts), default=None),
        presence=presence,
    )
