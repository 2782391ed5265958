"""Tables of one variable: which counts stay hidden so that none under 10 can be subtracted.

The reader is taken to know the number of rows exactly, and every count that is shown exactly, not
only as rounded. Then a hidden count is open exactly if another one is hidden beside it: it can be
anything from 0 to their sum. So the hidden counts must be two at least, and 10 people together.
One complement at most is ever needed, since it has 10 people itself.

Scores, and their means, rounded so coarsely that one person cannot be seen in them.

A mean is shown where one person, going from one end of the scale to the other, moves it by less
than half of the step to which it is rounded. How many people had a score is not shown: with the
number of those asked it would tell how few had none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from exports.errors import ExportRefused
from exports.tables.variables import (
    SMALLEST,
    SMALLEST_BASE,
    Category,
    Entry,
    Places,
    Variable,
    places,
    rounded,
    shown,
)
from forms.study import MISSING_RANGE

Sums = Collection[frozenset[int]]


@dataclass(frozen=True, slots=True)
class OneWay:
    """A finished table: nothing in it but what may be read. None is a hidden count."""

    variable: Variable
    rows: int
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A column as counted, for our eyes only: the true counts and which of them stay hidden.

    ``places`` are the categories of the rows; categories of missing codes that nobody has are
    left out.
    """

    variable: Variable
    places: Places
    counts: tuple[int, ...]
    hidden: frozenset[int]

    @property
    def published(self) -> OneWay:
        """The table that leaves the house."""
        figures = (None if at in self.hidden else rounded(n) for at, n in enumerate(self.counts))
        return OneWay(self.variable, rounded(sum(self.counts)), tuple(figures))


def _groups(categories: Sequence[Category], sums: Sums) -> list[list[int]]:
    """Positions whose total is known from other tables: those alike in every set of ``sums``.

    What was not asked stands alone, since it is counted alike for every question of a page.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    for at, category in enumerate(categories):
        alike = (category.routed, *(category.low in codes for codes in sums))
        found.setdefault(alike, []).append(at)
    return list(found.values())


def _apart(
    groups: Sequence[Sequence[int]], counts: Sequence[int], categories: Sequence[Category]
) -> list[list[int]]:
    """``groups``, taken together where one of them is too small to be shown as a total.

    A shown number of people not asked stays apart even then: every table beside it shows it too.
    """
    told = [g for g in groups if categories[g[0]].routed and shown(sum(counts[at] for at in g))]
    rest = [g for g in groups if g not in told]
    if any(not shown(sum(counts[at] for at in group)) for group in rest):
        rest = [[at for group in rest for at in group]]
    return [sorted(group) for group in (*told, *rest)]


def _open(group: Sequence[int], counts: Sequence[int]) -> bool:
    """Whether the hidden counts of ``group`` cannot be told from what they sum to.

    Two must be more than nought, unless all that is small is nought anyway.
    """
    people = sum(counts[at] for at in group)
    small = any(0 < counts[at] < SMALLEST for at in group)
    several = sum(counts[at] > 0 for at in group) > 1
    return people >= SMALLEST and (several or not small)


def _complement(
    rest: Sequence[int], hidden: Collection[int], categories: Sequence[Category]
) -> int:
    """What to hide besides: no answer before an answer, then the nearest to a small one.

    How many people stand behind it plays no part: "the smallest that is left" would bound it.
    """
    return min(
        rest,
        key=lambda at: (not categories[at].missing, min(abs(at - h) for h in hidden), -at),
    )


def _hidden_in(
    group: Sequence[int], counts: Sequence[int], categories: Sequence[Category]
) -> set[int]:
    """What stays hidden in a group of known total: all of it where nothing less is enough."""
    hidden = {at for at in group if not shown(counts[at])}
    if hidden and not _open(sorted(hidden), counts):
        if rest := [at for at in group if at not in hidden]:
            hidden.add(_complement(rest, hidden, categories))
        if not _open(sorted(hidden), counts):
            return set(group)
    return hidden


def hide(counts: Sequence[int], categories: Sequence[Category], sums: Sums = ()) -> frozenset[int]:
    """Positions of the counts that stay hidden, the fewest that will do.

    ``sums`` are sets of codes whose total other tables show (who was asked a routed question). A
    total under 10 is hidden there too, so such a group is taken together with the others.
    """
    hidden: set[int] = set()
    for group in _apart(_groups(categories, sums), counts, categories):
        hidden |= _hidden_in(group, counts, categories)
    whole = range(len(counts))
    # Where even a whole group of known total is too little, nothing of the table is shown.
    return frozenset(hidden if not hidden or _open(sorted(hidden), counts) else whole)


def _used(variable: Variable, at: Places) -> tuple[Variable, Places]:
    """``variable`` without the missing codes that nobody has."""
    counts = np.bincount(at, minlength=len(variable.categories))
    keep = [i for i, c in enumerate(variable.categories) if counts[i] or not c.missing]
    moved = np.full(len(variable.categories), -1)
    moved[keep] = np.arange(len(keep))
    kept = tuple(variable.categories[i] for i in keep)
    return Variable(variable.name, variable.label, kept), moved[at]


def count(frame: pl.DataFrame, variable: Variable, sums: Sums = ()) -> Counted:
    """``variable`` counted over the rows of ``frame``, with what stays hidden."""
    used, at = _used(variable, places(frame, variable))
    counts = tuple(int(n) for n in np.bincount(at, minlength=len(used.categories)))
    return Counted(used, at, counts, hide(counts, used.categories, sums))


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
        raise ExportRefused(f"No tables: {name} is no column of numbers in the released rows.")
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
