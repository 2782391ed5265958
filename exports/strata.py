"""Strata: rows that a reader of a file can tell apart by routing, although core cells say only -93.

That somebody was never asked a core question shows beside it: in ``completion``, in -94 and -96 of
other columns, in ``branch``. So does a core answer that routing looks at. An attacker who knows
that a person answered would rule such rows out, so they are no company for others: every stratum
is recoded by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from exports.columns import CORE, Field
from exports.generalise import unanswered
from forms.study import NOT_REACHED, NOT_SHOWN, Column, Condition, Question, Study


def strata_of(study: Study, fields: Sequence[Field], stored: pl.DataFrame) -> pl.Series:
    """A text for each row of ``stored``, equal for rows that a file of ``fields`` leaves alike.

    Null for rows that show themselves to have no answer in the core: they hide none, so that they
    need company by their cells alone.
    """
    core = [f.column for f in fields if f.key and f.group == CORE and f.column]
    names = {column.name for column in core}
    marks = [_never_asked(study, column, names) for column in core]
    for condition in _seen(study, fields, names):
        looked_at = [_met(name, codes) for name, codes in condition if name in names]
        marks += [pl.all_horizontal(looked_at)] if looked_at else []
    if not marks:
        return pl.Series([""] * len(stored), dtype=pl.String)
    apart = stored.select(pl.concat_str(mark.cast(pl.Int8) for mark in marks)).to_series()
    return apart.set(apart.str.contains("1") & unanswered(stored, fields), None)


def _met(name: str, codes: Iterable[int]) -> pl.Expr:
    return pl.col(name).cast(pl.Int64).is_in(sorted(codes))


def _never_asked(study: Study, column: Column, core: set[str]) -> pl.Expr:
    conditions = _of_question(study, column.question)
    # What hangs on core answers alone shows in the core alone, where -93 hides it.
    hidden = all(name in core for name, _ in conditions)
    return _met(column.name, (NOT_REACHED,) if hidden else (NOT_REACHED, NOT_SHOWN))


def _of_question(study: Study, question: Question) -> Condition:
    return (*study.page_of[question.name].show_if, *question.show_if)


def _seen(study: Study, fields: Sequence[Field], core: set[str]) -> Iterator[Condition]:
    """Yield the conditions of which the outcome shows in a column outside the core."""
    if any(f.name == "branch" for f in fields):
        yield from (branch.when for branch in study.branches)
    waiting = list(study.questions.values())
    seen = {f.column.variable for f in fields if f.column} - core
    while found := [q for q in waiting if seen.intersection(q.variables)]:
        waiting = [q for q in waiting if q not in found]
        for condition in (_of_question(study, q) for q in found):
            yield condition
            # What a seen outcome hangs on shows as well, through it.
            seen.update({name for name, _ in condition} - core)
