"""Scores and data-quality flags, worked out at export and never stored (INSTRUMENT.md section 7).

Everything here takes one stored row, column → code, and gives new columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import fmean

from forms.columns import of_study
from forms.study import MISSING_RANGE, NOT_REACHED, NOT_SCORED, NOT_SHOWN, Scale, Study

Row = Mapping[str, "int | str"]
Bounds = Mapping[str, "tuple[int, int]"]

SCORE = "sc_"
DECIMALS = 3
UNSEEN = (NOT_SHOWN, NOT_REACHED)


def score_names(study: Study) -> tuple[str, ...]:
    """The score columns, in the order of the study folder."""
    means = [s.name for s in study.scales] + [c.name for c in study.composites]
    return tuple(SCORE + name for name in (*means, *(d.name for d in study.differences)))


def quality_names(study: Study) -> tuple[str, ...]:
    """The data-quality columns that this study has."""
    straight = ("dq_straight",) if study.quality.straight else ()
    pair = ("dq_pair",) if study.quality.pair else ()
    return (*straight, *pair, "dq_share")


def substantive(value: int | str | None) -> bool:
    """Whether ``value`` is an answer and not a missing code."""
    return value is not None and not (isinstance(value, int) and value in MISSING_RANGE)


@lru_cache(maxsize=16)
def _bounds(columns: tuple[tuple[str, tuple[int, ...]], ...]) -> Bounds:
    return {name: (min(codes), max(codes)) for name, codes in columns if codes}


def bounds_of(study: Study) -> Bounds:
    """Column → (lowest, highest code), for reversing."""
    return _bounds(tuple((c.name, c.codes) for c in of_study(study)))


def scale_score(scale: Scale, row: Row, bounds: Bounds) -> float | None:
    """Mean of the answered items, R = lowest + highest - x; None when too few were answered."""
    values = []
    for item in scale.items:
        value = row[item]
        if isinstance(value, int) and substantive(value):
            values.append(sum(bounds[item]) - value if item in scale.reverse else value)
    return fmean(values) if values and len(values) >= scale.min_answered else None


def _rounded(score: float | None) -> float:
    return float(NOT_SCORED) if score is None else round(score, DECIMALS)


def _difference(row: Row, minuend: str, subtrahend: str) -> int | None:
    first, second = row[minuend], row[subtrahend]
    if isinstance(first, int) and isinstance(second, int):
        return first - second if substantive(first) and substantive(second) else None
    return None


def scores_of(study: Study, row: Row) -> dict[str, float | int | None]:
    """Every score of one row: -92 where it is not scored, None where a difference is missing."""
    bounds = bounds_of(study)
    exact = {s.name: scale_score(s, row, bounds) for s in study.scales}
    for composite in study.composites:
        parts = [p for p in (exact[name] for name in composite.scores) if p is not None]
        enough = parts and len(parts) >= composite.min_answered
        exact[composite.name] = fmean(parts) if enough else None
    differences = {
        SCORE + d.name: _difference(row, d.minuend, d.subtrahend) for d in study.differences
    }
    return {**{SCORE + name: _rounded(score) for name, score in exact.items()}, **differences}


def straight(values: Sequence[int | str]) -> int:
    """1 when all values are the same answer, 0 when they differ; one missing code stays itself."""
    first = values[0]
    if any(value != first for value in values):
        return 0
    return 1 if substantive(first) else int(first)


def pair_distance(first: int, second: int, *, mirrored: int) -> int:
    """Distance of two items after reversing the second (``mirrored`` = lowest + highest code).

    Where one has no answer, the first missing code met.
    """
    for value in (first, second):
        if not substantive(value):
            return value
    return abs(first - (mirrored - second))


@lru_cache(maxsize=16)
def _variables(columns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """Columns of each variable: the options of a multiple choice count as one item."""
    by_variable: dict[str, list[str]] = {}
    for name, variable in columns:
        by_variable.setdefault(variable, []).append(name)
    return tuple(tuple(names) for names in by_variable.values())


def answered_share(study: Study, row: Row) -> float:
    """Share (0-1) of shown items with an answer; -94 when no item was reached.

    Kept-apart texts have no column, so they count neither as shown nor as answered.
    """
    items = _variables(tuple((c.name, c.variable) for c in of_study(study)))
    shown = [names for names in items if row[names[0]] not in UNSEEN]
    answered = sum(any(substantive(row[name]) for name in names) for names in shown)
    return round(answered / len(shown), DECIMALS) if shown else float(NOT_REACHED)


def quality_of(study: Study, row: Row) -> dict[str, float | int]:
    """The data-quality flags of one row; they describe it and never delete it."""
    flags: dict[str, float | int] = {"dq_share": answered_share(study, row)}
    if study.quality.straight:
        rows = [r.variable for grid in study.quality.straight for r in study.questions[grid].rows]
        flags["dq_straight"] = straight([row[name] for name in rows])
    if study.quality.pair:
        mirror = study.quality.pair_reverse or study.quality.pair[1]
        other = next(name for name in study.quality.pair if name != mirror)
        flags["dq_pair"] = pair_distance(
            int(row[other]), int(row[mirror]), mirrored=sum(bounds_of(study)[mirror])
        )
    return flags


def derived_of(study: Study, row: Row) -> dict[str, float | int | None]:
    """Every column that a release adds to one stored row."""
    return {**scores_of(study, row), **quality_of(study, row)}
