"""How few answers a study's hypotheses will rest on, by simulation, before anybody has answered.

The simulated clients are a pool. For each number of answers, some are drawn from it with
replacement, several times; each draw is measured like a written file (exports.fragility).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median_low
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.codebook import Entry, asked_codebook
from exports.columns import fields_of, table_of
from exports.fragility import LEAST_ROWS, MEASURED, TURNED, AnswerPairs, ends_of, fragility
from exports.tables.margins import SIZES
from forms.study import Hypothesis, Study

SAMPLES = 25
SEED = 1


@dataclass(frozen=True, slots=True)
class FragilityAtSize:
    """A hypothesis at one number of answers: medians over the draws.

    ``supported`` is the share of draws (0-1). ``counts`` are by (what is done, what turns); those
    of the verdict over draws that support it. None where half of them found none.
    """

    supported: float
    counts: Mapping[tuple[str, str], int | None]


def _values(column: pl.Series, entry: Entry) -> NDArray[np.float64]:
    """Return numbers, NaN where there is a missing code or nothing."""
    lacking = [float(code) for code in entry["missing"]]
    values = column.cast(pl.Float64).fill_null(np.nan)
    return np.where(values.is_in(lacking), np.nan, values)


def _median(found: Sequence[int | None]) -> int | None:
    """Return the lower median; None, where none was found, is above every number."""
    if not found:
        return None
    middle = median_low(np.inf if one is None else one for one in found)
    return None if middle == np.inf else int(middle)


def _summary(draws: Sequence[Mapping[str, Any]]) -> FragilityAtSize | None:
    if not draws:
        return None
    supported = [one for one in draws if one["supported"]]
    counts = {
        (done, turned): _median(
            [one[done][turned] for one in (supported if turned == "verdict" else draws)]
        )
        for done, turned in product(MEASURED, TURNED)
    }
    return FragilityAtSize(len(supported) / len(draws), counts)


@dataclass(frozen=True, slots=True)
class ClientPool:
    """Predictor and outcome of the simulated clients, NaN where missing, and their ends."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    def drawn(self, many: int, chance: np.random.Generator) -> AnswerPairs:
        """Return ``many`` of them, as far as they have both answers."""
        rows = chance.multinomial(many, np.full(len(self.x), 1 / len(self.x))).astype(np.float64)
        kept = (rows > 0) & ~np.isnan(self.x) & ~np.isnan(self.y)
        return AnswerPairs(self.x[kept], self.y[kept], rows[kept], self.x_ends, self.y_ends)


def expected(
    study: Study, clients: pl.DataFrame, sizes: Sequence[int] = SIZES
) -> dict[Hypothesis, tuple[FragilityAtSize | None, ...]]:
    """Return each hypothesis at each of ``sizes``; None where too few have both answers.

    ``clients`` are simulated ones as they are stored (exports.columns).
    """
    fields = fields_of(study)
    book = {entry["variable"]: entry for entry in asked_codebook(study, fields)}
    table = table_of(study, clients, fields)
    found = {}
    for one in study.policy.hypotheses:
        x, y = book[one.predictor], book[one.outcome]
        pool = ClientPool(
            _values(table[one.predictor], x), _values(table[one.outcome], y), ends_of(x), ends_of(y)
        )
        found[one] = tuple(_at(pool, size, positive=one.positive) for size in sizes)
    return found


def _at(pool: ClientPool, size: int, *, positive: bool) -> FragilityAtSize | None:
    chance = np.random.default_rng([SEED, size])
    draws = [pool.drawn(size, chance) for _ in range(SAMPLES)]
    enough = [one for one in draws if one.rows.sum() >= LEAST_ROWS]
    return _summary([fragility(one, positive=positive) for one in enough])
