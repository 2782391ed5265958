"""Scores and data-quality flags, worked out at export and never stored.

Everything here is an expression over the columns of stored codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import polars as pl

from forms.kinds import columns_of_study
from forms.study import MISSING_RANGE, NOT_REACHED, NOT_SCORED, NOT_SHOWN, Composite, Scale, Study

Bounds = Mapping[str, "tuple[int, int]"]

SCORE = "sc_"
DECIMALS = 3
UNSEEN = (NOT_SHOWN, NOT_REACHED)
_EXACT = "exact_"  # a score before it is rounded, which composites are made of


def score_names(study: Study) -> tuple[str, ...]:
    """The score columns, in the order of the study folder."""
    means = [s.name for s in study.scales] + [c.name for c in study.composites]
    return tuple(SCORE + name for name in (*means, *(d.name for d in study.differences)))


def quality_names(study: Study) -> tuple[str, ...]:
    """The data-quality columns that this study has."""
    straight = ("dq_straight",) if study.quality.straight else ()
    pair = ("dq_pair",) if study.quality.pair else ()
    return (*straight, *pair, "dq_share")


def bounds_of(study: Study) -> Bounds:
    """Return the lowest and the highest code of each column, for reversing."""
    return {c.name: (min(c.codes), max(c.codes)) for c in columns_of_study(study) if c.codes}


def _missing(name: str) -> pl.Expr:
    return pl.col(name).is_between(MISSING_RANGE[0], MISSING_RANGE[-1])


def _answer(name: str) -> pl.Expr:
    """The answer, null where there is a missing code instead."""
    return pl.when(_missing(name).not_()).then(pl.col(name).cast(pl.Int32))


def _mean(parts: Sequence[pl.Expr], *, at_least: int) -> pl.Expr:
    """Mean of the parts that are not null; null where they are fewer than ``at_least``."""
    known = pl.sum_horizontal(part.is_not_null() for part in parts)
    whole = pl.sum_horizontal(part.cast(pl.Float64) for part in parts)
    return pl.when(known >= max(at_least, 1)).then(whole / known)


def _scale(scale: Scale, bounds: Bounds) -> pl.Expr:
    """Mean of the answered items, R = lowest + highest - x."""
    items = [
        sum(bounds[item]) - _answer(item) if item in scale.reverse else _answer(item)
        for item in scale.items
    ]
    return _mean(items, at_least=scale.min_answered).alias(_EXACT + scale.name)


def _composite(composite: Composite) -> pl.Expr:
    """Mean of the scores as they were before rounding."""
    parts = [pl.col(_EXACT + name) for name in composite.scores]
    return _mean(parts, at_least=composite.min_answered).alias(_EXACT + composite.name)


def _rounded(name: str) -> pl.Expr:
    exact = pl.col(_EXACT + name).round(DECIMALS)
    return exact.fill_null(float(NOT_SCORED)).alias(SCORE + name)


def straight(names: Sequence[str]) -> pl.Expr:
    """1 when all columns hold the same answer, 0 when not; one missing code stays itself."""
    first = pl.col(names[0])
    alike = pl.all_horizontal(pl.col(name) == first for name in names)
    same = pl.when(_missing(names[0])).then(first).otherwise(1)
    return pl.when(alike).then(same).otherwise(0).cast(pl.Int8).alias("dq_straight")


def pair_distance(first: str, second: str, *, mirrored: int) -> pl.Expr:
    """Distance of two items after reversing the second (``mirrored`` = lowest + highest code).

    Where one has no answer, the first missing code met.
    """
    one, other = pl.col(first).cast(pl.Int32), pl.col(second).cast(pl.Int32)
    distance = (one - (mirrored - other)).abs()
    either = pl.when(_missing(second)).then(other).otherwise(distance)
    found = pl.when(_missing(first)).then(one).otherwise(either)
    return found.cast(pl.Int16).alias("dq_pair")


@lru_cache(maxsize=16)
def _variables(columns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """Columns of each variable: the options of a multiple choice count as one item."""
    by_variable: dict[str, list[str]] = {}
    for name, variable in columns:
        by_variable.setdefault(variable, []).append(name)
    return tuple(tuple(names) for names in by_variable.values())


def _given(study: Study, names: Sequence[str]) -> pl.Expr:
    """Return whether one of the columns of a variable holds an answer."""
    texts = {c.name for c in columns_of_study(study) if c.max_length}
    codes = [str(code) for code in MISSING_RANGE]
    return pl.any_horizontal(
        pl.col(n).is_in(codes).not_() if n in texts else _missing(n).not_() for n in names
    )


def _seen(study: Study, name: str) -> pl.Expr:
    texts = {c.name for c in columns_of_study(study) if c.max_length}
    unseen = [str(c) for c in UNSEEN] if name in texts else list(UNSEEN)
    return pl.col(name).is_in(unseen).not_()


def answered_share(study: Study) -> pl.Expr:
    """Share (0-1) of shown items with an answer; -94 when no item was reached.

    Kept-apart texts have no column, so they count neither as shown nor as answered.
    """
    items = _variables(tuple((c.name, c.variable) for c in columns_of_study(study)))
    shown = pl.sum_horizontal(_seen(study, names[0]) for names in items)
    given = pl.sum_horizontal(_seen(study, names[0]) & _given(study, names) for names in items)
    share = (given / shown).round(DECIMALS)
    return pl.when(shown > 0).then(share).otherwise(float(NOT_REACHED)).alias("dq_share")


def _quality(study: Study) -> Iterator[pl.Expr]:
    """The data-quality flags; they describe an answer and never delete it."""
    yield answered_share(study)
    if study.quality.straight:
        rows = [r.variable for grid in study.quality.straight for r in study.questions[grid].rows]
        yield straight(rows)
    if study.quality.pair:
        mirror = study.quality.pair_reverse or study.quality.pair[1]
        other = next(name for name in study.quality.pair if name != mirror)
        yield pair_distance(other, mirror, mirrored=sum(bounds_of(study)[mirror]))


def derived(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with every column that a release adds: -92 where a score is not scored.

    A difference is null where it is missing, since its own values are negative too.
    """
    bounds = bounds_of(study)
    exact = frame.with_columns(_scale(scale, bounds) for scale in study.scales).with_columns(
        _composite(composite) for composite in study.composites
    )
    means = [s.name for s in study.scales] + [c.name for c in study.composites]
    differences = (
        (_answer(d.minuend) - _answer(d.subtrahend)).cast(pl.Int16).alias(SCORE + d.name)
        for d in study.differences
    )
    full = exact.with_columns(*map(_rounded, means), *differences, *_quality(study))
    return full.drop(_EXACT + name for name in means)
