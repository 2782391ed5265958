"""Scores, and their means, rounded so coarsely that one person cannot be seen in them.

A mean is shown where one person, going from one end of the scale to the other, moves it by less
than half of the step to which it is rounded. How many people had a score is not shown: with the
number of those asked it would tell how few had none.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from exports.refused import Refused
from exports.tables.rule import SMALLEST_BASE
from exports.tables.variables import Entry
from forms.study import MISSING_RANGE

STEPS_ON_SCALE = 40  # 0.1 on a scale from 1 to 5
# One person weighs (range / people); that is under half of (range / STEPS_ON_SCALE) from here on.
ENOUGH = max(2 * STEPS_ON_SCALE, SMALLEST_BASE)


@dataclass(frozen=True, slots=True)
class Mean:
    """A finished mean; ``value`` None is hidden. The true mean is within half a ``step`` of it."""

    name: str
    label: str
    value: float | None
    step: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A score: the mean of ``parts``, which are items or scores; ``turned`` count backwards."""

    name: str
    label: str
    parts: tuple[str, ...]
    turned: frozenset[str] = frozenset()


def scored_of(entry: Entry) -> Scored | None:
    """A score as its codebook entry describes it; None where that names no items."""
    items = tuple(entry.get("items", ()))
    turned = frozenset(entry.get("reversed", ()))
    return Scored(entry["variable"], entry["label"], items, turned) if items else None


def mean(frame: pl.DataFrame, entry: Entry) -> Mean:
    """The mean of one decimal column over the rows that have it; ``entry`` gives its range."""
    name = entry["variable"]
    if name not in frame.columns or entry["range"] is None:
        raise Refused(f"No tables: {name} is no column of numbers in the released rows.")
    low, high = entry["range"]
    step = (high - low) / STEPS_ON_SCALE
    column = frame[name].drop_nulls()
    scored = column.filter(~column.is_between(MISSING_RANGE[0], MISSING_RANGE[-1]))
    if len(scored) <= ENOUGH:
        return Mean(name, entry["label"], None, step)
    # Summed as whole thousandths, so that the order of the rows decides nothing.
    total = int((scored * 1000).round().cast(pl.Int64).sum())
    return Mean(name, entry["label"], _nearest(total / 1000 / len(scored), step), step)


def _nearest(value: float, step: float) -> float:
    return round(round(value / step) * step, 6)
