"""What tier A will be able to tell, known before anybody has answered: each figure and its margin.

Of the answers only their number plays a part, and how many are asked what. That is not known yet,
so here each answer of a question that routing hangs on counts as given equally often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod, sqrt

from exports.tables.menu import LEAST_PEOPLE, THOUSAND, Menu, Planned, Statistic, budget_of, choose
from forms.study import Condition, Study

SIZES = (LEAST_PEOPLE, 300, 600, 1080)  # answers that a board is shown the margins at
Z = 1.96  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Expected:
    """A statistic of the menu, and its margin at each size; None where the budget ends before it.

    Margins are half of a 95 % interval, of the noise alone: in per cent of those asked, or in
    points of the scale for a mean.
    """

    statistic: Statistic
    margins: tuple[float | None, ...]

    @property
    def label(self) -> str:
        """Return how the figure is called."""
        return self.statistic.label or " × ".join(axis.label for axis in self.statistic.axes)

    def in_words(self, margin: float) -> str:
        """Return a margin with its unit."""
        return f"± {margin:.2f}" if self.statistic.is_score else f"± {margin:.1f} %"


def margin(planned: Planned, base: int) -> float:
    """Return half of the 95 % interval of one figure of a statistic with so many people asked."""
    deviation = sqrt(planned.variance)
    if planned.statistic.is_score:
        return Z * deviation / THOUSAND / base
    cells = prod(planned.statistic.shape)
    return 100 * Z * deviation * sqrt(1 - 1 / cells) / base


def assumed_sizes(menu: Menu, people: int) -> Mapping[Condition, int]:
    """Return condition → people who meet it, where every routing answer is given equally often."""
    answers = {s.axes[0].column: len(s.axes[0].categories) for s in menu.routing}

    def share(condition: Condition) -> Fraction:
        left: dict[str, frozenset[int]] = {}
        for column, codes in condition:
            left[column] = left.get(column, codes) & codes
        # A column that the tables leave out is not measured either: everybody counts as asked.
        parts = (Fraction(len(left[c]), answers[c]) for c in left.keys() & answers.keys())
        return prod(parts, start=Fraction(1))

    conditions = {s.condition for s in (*menu.routing, *menu.statistics)}
    return {c: max(int(people * share(c)), 1) for c in conditions}


def expected(study: Study, sizes: Sequence[int] = SIZES) -> tuple[Expected, ...]:
    """Return every statistic of the menu, in order, with its margin at each of ``sizes``."""
    menu, budget = Menu(study), budget_of(study)
    found: list[dict[str, float]] = []
    for people in sizes:
        bases = assumed_sizes(menu, people)
        chosen = choose(menu, people, bases, budget)
        found.append({p.statistic.name: margin(p, bases[p.statistic.condition]) for p in chosen})
    return tuple(Expected(s, tuple(at.get(s.name) for at in found)) for s in menu.statistics)
