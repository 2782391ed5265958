"""Two batches that differ in one person: what that changes, and who can tell which it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import polars as pl

from exports.tables import noise
from exports.tables.measure import _Answers
from exports.tables.menu import THOUSAND, Menu, Planned, budget_of, choose, plan_routing
from forms.study import Study

Counts = list[tuple[int, ...]]


def planned(study: Study, people: int) -> tuple[Planned, ...]:
    """Everything that is measured of so many people who are all asked everything."""
    menu, budget = Menu(study), budget_of(study)
    return (*plan_routing(menu, budget), *choose(menu, people, {}, budget))


def true_cells(plan: Sequence[Planned], rows: pl.DataFrame) -> Counts:
    """The cells of every statistic, before the noise."""
    answers = _Answers(rows)
    return [answers.count(one.statistic) for one in plan]


def spent(plan: Sequence[Planned], one: Counts, other: Counts) -> Fraction:
    """Rho that telling these apart takes: squared changes over twice the variance."""
    changed = (
        sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (2 * part.variance)
        for part, a, b in zip(plan, one, other, strict=True)
    )
    return sum(changed, Fraction(0))


def choices(plan: Sequence[Planned]) -> dict[str, list[float]]:
    """Column → the values that statistics and conditions tell apart; the two furthest first."""
    found: dict[str, list[float]] = {}
    for statistic in (p.statistic for p in plan):
        for axis in statistic.axes:
            is_score = axis.column.startswith("sc_")
            codes = [c for part in axis.categories for c in (min(part.codes), max(part.codes))]
            codes = [codes[0], codes[-1], *codes]
            found[axis.column] = [c / THOUSAND for c in codes] if is_score else [*codes]
    for statistic in (p.statistic for p in plan):
        for column, codes_of in statistic.condition:
            found.setdefault(column, []).extend(codes_of)
        if statistic.is_score:
            # Beyond its ends as well: no row is trusted to hold what the scale allows.
            low, high = statistic.low, statistic.high
            found[statistic.column] = [low, high, (low + high) / 2, low / 2, high + 3]
    return {name: [*dict.fromkeys((*values, -99, -96))] for name, values in found.items()}


def rows_of(table: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Rows as they are measured: scores as decimals, everything else as whole numbers."""
    scores = [name for name in table if name.startswith("sc_")]
    return pl.DataFrame(table, strict=False).with_columns(pl.col(scores).cast(pl.Float32))


def ends(plan: Sequence[Planned]) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Rows with every answer at one end and at the other, by every way through the questions."""
    columns = choices(plan)
    routers = dict.fromkeys(c for p in plan for c, _ in p.statistic.condition)
    ways = [dict(zip(routers, way, strict=True)) for way in product(*(columns[c] for c in routers))]
    rows = ({name: values[at] for name, values in columns.items()} for at in (0, 1))
    low, high = (
        [rows_of({k: [v] for k, v in (row | way).items()}) for way in ways] for row in rows
    )
    return low, high


def furthest(plan: Sequence[Planned]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two rows that are easiest to tell apart."""
    low, high = ([(row, true_cells(plan, row)) for row in side] for side in ends(plan))
    (one, _), (other, _) = max(
        product(low, high), key=lambda two: spent(plan, two[0][1], two[1][1])
    )
    return one, other


def right(
    plan: Sequence[Planned], one: Counts, other: Counts, trials: int, *, exact: Sequence[str] = ()
) -> float:
    """How often who knows every other row is right which of two rows the last one is.

    By the likelihood of what was measured; in half of the trials it is the other. Of each variance
    as many numbers are drawn as there are trials, and dealt anew to every cell. Statistics in
    ``exact`` got out without noise.
    """
    dealt, drawn = np.random.default_rng(1), dict[Fraction, Any]()
    is_other = np.arange(trials) % 2
    for_other = np.zeros(trials)
    cells = list(zip(plan, one, other, strict=True))
    if any(part.statistic.name in exact and a != b for part, a, b in cells):
        return 1.0
    for part, a, b in cells:
        if part.variance not in drawn:
            pool = [noise.discrete_gaussian(part.variance) for _ in range(trials)]
            drawn[part.variance] = np.array(pool, dtype=float)
        for change in (y - x for x, y in zip(a, b, strict=True) if x != y):
            seen = dealt.permutation(drawn[part.variance]) + change * is_other
            for_other += (seen * change - change * change / 2) / float(part.variance)
    return float(((for_other > 0) == is_other).mean())


def alarm(bound: float, trials: int) -> float:
    """What chance alone stays under, three standard deviations over the bound."""
    return bound + 3 * sqrt(0.25 / trials)
