"""Rows of a study that are no other person's: sent twice, or by somebody who says so.

Nobody is recognised here. Rows that agree in every answer, and gave many, count as one person where
k is counted; a row that by its own answer is a repeat adds nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from exports.anonymise.problem import Ints
from exports.columns import CORE, Field
from forms.study import MISSING_RANGE, ReleasePolicy

# Answers that agree: with fewer, chance makes alike what two people sent.
LEAST_ALIKE = 30


def compared(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the columns in which rows of one person are alike.

    None of the core: what a class shares is the same there already, and single cells are recoded.
    """
    return tuple(f.name for f in fields if f.part == "answer" and f.group != CORE)


def people_of(table: pl.DataFrame, fields: Sequence[Field], policy: ReleasePolicy) -> Ints | None:
    """Return the person of each row, -1 for a repeat; None where each is another person's.

    ``table`` holds the cells that go out, those of the core apart.
    """
    missing = [str(code) for code in MISSING_RANGE]
    cells = table.select(pl.col(compared(fields)).cast(pl.String))
    given = cells.with_columns(pl.when(~pl.all().is_in(missing)).then(pl.all()).name.keep())
    number = pl.Series(range(len(table)), dtype=pl.Int32)
    if given.width >= LEAST_ALIKE:
        # The first of the rows that are alike stands for all of them.
        alike = given.with_columns(number.alias("\0row")).select(
            pl.when(pl.sum_horizontal(pl.col(given.columns).is_not_null()) >= LEAST_ALIKE)
            .then(pl.col("\0row").min().over(given.columns))
            .otherwise(pl.col("\0row"))
        )
        number = alike.to_series()
    if policy.repeat:
        again = (pl.col(name).is_in(sorted(codes)) for name, codes in policy.repeat)
        number = number.set(table.select(pl.any_horizontal(*again)).to_series(), -1)
    people = number.to_numpy().astype(np.int32)
    return None if (people == np.arange(len(people))).all() else people
