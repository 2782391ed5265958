"""The plan of every score whose items are in the release as they were asked.

One plan for four languages, so that the scripts cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exports.documents.context import DocumentContext
from exports.scores import SCORE, bounds_of
from forms.study import Scale

# Half of the last released digit, and a little for binary fractions.
TOLERANCE = 0.0005001


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """Mean of at least ``least`` answered items; ``mirrors`` maps a reversed item to low + high."""

    column: str
    items: tuple[str, ...]
    mirrors: Mapping[str, int]
    least: int


@dataclass(frozen=True, slots=True)
class CompositeRule:
    """Mean of at least ``least`` of other scores, before they are rounded."""

    column: str
    scores: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True)
class DifferenceRule:
    """One answer minus another; empty where either is missing."""

    column: str
    minuend: str
    subtrahend: str


@dataclass(frozen=True, slots=True)
class ScoringPlan:
    """The rules in the order in which they can be computed.

    ``released`` are the score columns to compare with, ``skipped`` those that this release does not
    hold the items of.
    """

    scales: tuple[ScaleRule, ...]
    composites: tuple[CompositeRule, ...]
    differences: tuple[DifferenceRule, ...]
    released: frozenset[str]
    skipped: tuple[str, ...]

    @property
    def scored(self) -> tuple[str, ...]:
        """Every score that is recomputed, in order."""
        return (
            *(rule.column for rule in self.scales),
            *(rule.column for rule in self.composites),
            *(rule.column for rule in self.differences),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is recomputed and released, in order."""
        return tuple(column for column in self.scored if column in self.released)


def _whole(context: DocumentContext) -> frozenset[str]:
    """Columns of the file that hold the answers as they were given."""
    return frozenset(
        e["variable"]
        for e in context.codebook
        if e["part"] == "answer" and e.get("treatment", "As asked") == "As asked"
    )


def _scale(scale: Scale, bounds: Mapping[str, tuple[int, int]]) -> ScaleRule:
    mirrors = {item: sum(bounds[item]) for item in scale.items if item in scale.reverse}
    return ScaleRule(SCORE + scale.name, scale.items, mirrors, max(1, scale.min_answered))


def scoring_plan_of(context: DocumentContext) -> ScoringPlan:
    """Return what can be recomputed from the file of this release."""
    study, whole = context.study, _whole(context)
    bounds = bounds_of(study)
    scales = tuple(_scale(s, bounds) for s in study.scales if whole.issuperset(s.items))
    known = {rule.column for rule in scales}
    composites = tuple(
        CompositeRule(SCORE + c.name, scores, max(1, c.min_answered))
        for c in study.composites
        if known.issuperset(scores := tuple(SCORE + name for name in c.scores))
    )
    differences = tuple(
        DifferenceRule(SCORE + d.name, d.minuend, d.subtrahend)
        for d in study.differences
        if {d.minuend, d.subtrahend} <= whole
    )
    released = frozenset(e["variable"] for e in context.codebook if e["part"] == "score")
    plan = ScoringPlan(scales, composites, differences, released, ())
    return replace(plan, skipped=tuple(sorted(released.difference(plan.scored))))


def head(context: DocumentContext, comment: str, *lines: str) -> str:
    """The opening comment of a script: mark, title, and what it does."""
    said = [context.mark, f"{context.study.title}, tier {context.tier['name']}", *lines]
    return "\n".join(f"{comment} {line}".rstrip() for line in said if line)


def renamed(names: Mapping[str, str]) -> list[str]:
    """One line for each column that has another name in this program."""
    return [f"{name} is called {short} here." for name, short in names.items() if name != short]


def number(text: str) -> bool:
    """Return whether a code is a number."""
    return text.removeprefix("-").isdigit()
