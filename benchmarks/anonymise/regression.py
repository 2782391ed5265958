"""The regression of a spec, before and after: how far its confidence intervals overlap.

A cell that was made coarser counts as the mean over the values it covers, as often as each occurs
in the data: what a careful reader of the codebook would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.anonymise.cells import Attribute
from benchmarks.anonymise.spec import Spec, Term

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Fit:
    """Slope and standard error of each term that could be estimated."""

    slopes: Mapping[str, tuple[float, float]]

    def interval(self, term: str) -> tuple[float, float]:
        """The 95 % interval."""
        slope, error = self.slopes[term]
        return slope - Z95 * error, slope + Z95 * error


def _column(term: Term, attribute: Attribute, cells: pl.Series) -> Floats:
    number = {value: term.of(value) for value in attribute.counts}
    mean = {cell: attribute.mean(cell, number) for cell in cells.unique().to_list()}
    return cells.replace_strict(mean, return_dtype=pl.Float64).to_numpy()


def fit(spec: Spec, attributes: Mapping[str, Attribute], table: pl.DataFrame) -> Fit:
    """The regression on the rows of ``table``; a term that no longer varies is left out."""
    columns = {t.name: _column(t, attributes[t.column], table[t.column]) for t in spec.terms}
    kept = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    x = np.column_stack([np.ones(len(table)), *kept.values()])
    cells = table[spec.outcome]
    if spec.one:
        slopes, errors = _logistic(x, (cells == spec.one).cast(pl.Float64).to_numpy())
    else:
        slopes, errors = _linear(x, cells.cast(pl.Float64).to_numpy())
    pairs = zip(slopes[1:].tolist(), errors[1:].tolist(), strict=True)
    return Fit(dict(zip(kept, pairs, strict=True)))


def _linear(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Ordinary least squares: coefficients and classical standard errors."""
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ (x.T @ y)
    residual = y - x @ beta
    variance = residual @ residual / (len(y) - x.shape[1])
    return beta, np.sqrt(variance * np.diag(bread))


def _logistic(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Maximum likelihood by Newton's method; errors from the information at the maximum."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    centre[0], spread[0] = 0.0, 1.0
    z = (x - centre) / spread
    beta = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(z @ beta, -30, 30)))
        bread = np.linalg.inv(z.T @ (z * (p * (1 - p))[:, None]))
        step = bread @ (z.T @ (y - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            return beta / spread, np.sqrt(np.diag(bread)) / spread
    raise np.linalg.LinAlgError("the regression has no maximum")


def overlap(before: tuple[float, float], after: tuple[float, float]) -> float:
    """Share of each interval inside the other, averaged (Karr et al. 2006); apart counts 0."""
    shared = min(before[1], after[1]) - max(before[0], after[0])
    both = (shared / (before[1] - before[0]) + shared / (after[1] - after[0])) / 2
    return max(both, 0.0)


def overlaps(before: Fit, after: Fit) -> dict[str, float]:
    """Overlap of each term's interval; 0 for a term that can no longer be estimated."""
    return {
        name: overlap(before.interval(name), after.interval(name)) if name in after.slopes else 0.0
        for name in before.slopes
    }
