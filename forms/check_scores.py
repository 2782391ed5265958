"""Scales, composites, differences and quality flags that name what cannot be scored together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forms.columns import of_study
from forms.faults import QUESTIONNAIRE, listed, nearest
from forms.read import NAME as NAME_PATTERN
from forms.read import NAME_RULE, Notes, duplicates
from forms.study import Composite, Difference, Scale, Study

# sc_ comes before it, and a column of a release has 32 characters at most.
LONGEST_SCORE = 29

Ranges = Mapping[str, tuple[int, int] | None]
"""Item or score → its lowest and highest code; None where a fault of its own hides them."""


def check_scores(study: Study, notes: Notes) -> None:
    """Note every fault of this kind in questionnaire.toml."""
    items = item_ranges(study)
    scores: dict[str, tuple[int, int] | None] = {}
    for scale in study.scales:
        table = f"scale {scale.name}"
        check_together(table, "items", scale.items, items, notes)
        scores[scale.name] = next((items[item] for item in scale.items if item in items), None)
    for composite in study.composites:
        check_together(f"composite {composite.name}", "scores", composite.scores, scores, notes)
    for difference in study.differences:
        pair = (difference.minuend, difference.subtrahend)
        check_together(f"difference {difference.name}", "", pair, items, notes)
    check_score_names(study, notes)
    check_quality(study, items, notes)


def item_ranges(study: Study) -> Ranges:
    """Every column of codes with its lowest and highest one; ticks and texts have no range."""
    return {
        column.name: (min(column.codes), max(column.codes)) if column.codes else None
        for column in of_study(study)
        if column.question.kind not in ("multiple", "text")
    }


def check_together(
    table: str, key: str, names: Iterable[str], ranges: Ranges, notes: Notes
) -> None:
    """Note unknown names and names whose codes do not run over the same range."""
    found = {name: ranges[name] for name in names if name in ranges}
    for name in names:
        if name and name not in ranges:
            problem = f"unknown: {name!r}{nearest(name, ranges)}"
            notes.add(QUESTIONNAIRE, table, key, problem, listed(ranges))
    known = {name: span for name, span in found.items() if span}
    if len(set(known.values())) > 1:
        differ = listed(f"{name} {low}-{high}" for name, (low, high) in known.items())
        notes.add(QUESTIONNAIRE, table, key, f"the ranges differ: {differ}", "one common range")


def check_score_names(study: Study, notes: Notes) -> None:
    """Note names of scores that cannot stand or stand twice."""
    scored: tuple[Scale | Composite | Difference, ...]
    scored = (*study.scales, *study.composites, *study.differences)
    for name in duplicates(score.name for score in scored):
        notes.add(QUESTIONNAIRE, "scale", name, "two scores have this name")
    for score in scored:
        if not NAME_PATTERN.fullmatch(score.name) or len(score.name) > LONGEST_SCORE:
            table = type(score).__name__.lower()
            problem = "is not a name that can stand here"
            notes.add(QUESTIONNAIRE, table, score.name, problem, f"{NAME_RULE}, 29 in all")


def check_quality(study: Study, items: Ranges, notes: Notes) -> None:
    """Note grids and items that the quality flags cannot be worked out from."""
    grids = [q.name for q in study.questions.values() if q.kind == "grid"]
    for name in study.quality.straight:
        if name not in grids:
            problem = f"no grid is called {name!r}{nearest(name, grids)}"
            notes.add(QUESTIONNAIRE, "quality", "straight", problem, listed(grids))
    if study.quality.pair is None:
        return
    check_together("quality", "pair", study.quality.pair, items, notes)
    if study.quality.pair_reverse and study.quality.pair_reverse not in study.quality.pair:
        problem = f"{study.quality.pair_reverse!r} is not one of the pair"
        notes.add(QUESTIONNAIRE, "quality", "pair_reverse", problem, listed(study.quality.pair))
