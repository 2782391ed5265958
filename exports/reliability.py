"""Internal consistency of the scores of a release, worked out from the written rows.

Rows that lack an answer to an item are left out, reversed items first change their sign. Everything
comes from the covariances of the items:

- alpha: Cronbach (1951), "Coefficient alpha and the internal structure of tests", Psychometrika 16.
- omega (total): McDonald (1999), "Test theory: a unified treatment", with one factor fitted by
  minres: Harman & Jones (1966), "Factor analysis by minimizing residuals", Psychometrika 31.
- item-rest correlation: each item with the sum of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.codebook import Entry
from exports.verify.reading import CodedColumn, Table

Floats = NDArray[np.float64]

LEAST_COMPLETE = 30  # complete rows under which nothing is said
FEWEST_FOR_OMEGA = 3  # items: one factor of two has more unknowns than covariances
DECIMALS = 3
BLOCK = 1 << 16  # rows, or patterns of answers, at a time: memory does not follow the file
MOST_SWEEPS = 10_000
SETTLED = 1e-12


def alpha(covariance: Floats) -> float | None:
    """Return Cronbach's alpha; None where the items do not vary or there is one."""
    items, total = len(covariance), covariance.sum()
    if items < 2 or total <= 0:
        return None
    return float(items / (items - 1) * (1 - np.trace(covariance) / total))


def one_factor(covariance: Floats) -> Floats | None:
    """Return the loadings that leave the smallest squares beside the diagonal (minres).

    None where they do not settle. Each sweep takes the best value of one loading after another.
    """
    _, vectors = np.linalg.eigh(covariance)
    loadings: Floats = vectors[:, -1] * np.sqrt(np.trace(covariance) / len(covariance))
    others = ~np.eye(len(covariance), dtype=bool)
    for _ in range(MOST_SWEEPS):
        before = loadings.copy()
        for at, beside in enumerate(others):
            squares = loadings[beside] @ loadings[beside]
            if squares == 0:
                return None
            loadings[at] = covariance[at, beside] @ loadings[beside] / squares
        if np.abs(loadings - before).max() <= SETTLED * np.abs(loadings).max():
            return loadings
    return None


def omega(covariance: Floats) -> float | None:
    """Return McDonald's omega; None under three items or where one factor does not fit properly.

    A factor that explains more of an item than the item varies (a Heywood case) is not proper.
    """
    if len(covariance) < FEWEST_FOR_OMEGA or (np.diag(covariance) <= 0).any():
        return None
    loadings = one_factor(covariance)
    if loadings is None:
        return None
    unique = np.diag(covariance) - loadings**2
    if (unique < 0).any():
        return None
    common = loadings.sum() ** 2
    return float(common / (common + unique.sum()))


def item_rest(covariance: Floats) -> tuple[float | None, ...]:
    """Return the correlation of each item with the sum of the others; None if one is constant."""
    own = np.diag(covariance)
    shared = covariance.sum(axis=1) - own
    rest = covariance.sum() - 2 * shared - own
    return tuple(
        float(c / np.sqrt(a * b)) if a > 0 and b > 0 else None
        for c, a, b in zip(shared, own, rest, strict=True)
    )


def numbers_in(column: CodedColumn, entry: Entry, *, reverse: bool = False) -> Floats:
    """Return the number that each different cell stands for, NaN where it is missing."""
    lacking = {"", *entry["missing"]}
    given = [np.nan if cell in lacking else float(cell) for cell in column.cells]
    return np.array([-value for value in given] if reverse else given)


def _answered(columns: Sequence[tuple[CodedColumn, Floats]]) -> Iterator[tuple[Floats, Floats]]:
    """Yield complete rows, one column an item, with how often each of them stands there."""
    shape = [len(column.cells) for column, _ in columns]
    if prod(shape) <= BLOCK:
        # Few items have few patterns of answers: counting them is faster than adding up rows.
        key = np.ravel_multi_index([column.codes.astype(np.intp) for column, _ in columns], shape)
        counts = np.bincount(key, minlength=prod(shape))
        found = np.flatnonzero(counts)
        places = np.unravel_index(found, shape)
        blocks: Iterable[tuple[list[Floats], NDArray[Any]]] = [
            ([v[at] for (_, v), at in zip(columns, places, strict=True)], counts[found])
        ]
    else:
        starts = range(0, len(columns[0][0].codes), BLOCK)
        cut = ([v[c.codes[at : at + BLOCK]] for c, v in columns] for at in starts)
        blocks = ((block, np.ones(len(block[0]))) for block in cut)
    for block, times in blocks:
        rows = np.stack(block, axis=1)
        full = ~np.isnan(rows).any(axis=1)
        yield rows[full], times[full].astype(np.float64)


def covariance_of(
    table: Table, items: Sequence[Entry], reverse: Sequence[str]
) -> tuple[int, Floats]:
    """Return the number of complete rows and the covariances of the items in them."""
    columns = [
        (column, numbers_in(column, item, reverse=item["variable"] in reverse))
        for item in items
        for column in [table[item["variable"]]]
    ]
    rows, sums, products = 0.0, np.zeros(len(items)), np.zeros((len(items), len(items)))
    for block, times in _answered(columns):
        weighted = block * times[:, None]
        rows, sums = rows + times.sum(), sums + weighted.sum(axis=0)
        products += weighted.T @ block
    return int(rows), (products - np.outer(sums, sums) / max(rows, 1)) / max(rows - 1, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def reliability(
    table: Table, items: Sequence[Entry], reverse: Sequence[str]
) -> tuple[dict[str, Any], dict[str, float | None]]:
    """Return rows, alpha and omega of a score, and item → its item-rest correlation.

    Both are empty where fewer than LEAST_COMPLETE rows are complete.
    """
    rows, covariance = covariance_of(table, items, reverse)
    if rows < LEAST_COMPLETE:
        return {}, {}
    found = {"rows": rows, "alpha": alpha(covariance), "omega": omega(covariance)}
    named = zip((item["variable"] for item in items), item_rest(covariance), strict=True)
    return (
        {name: _rounded(value) for name, value in found.items()},
        {name: _rounded(value) for name, value in named},
    )


def with_reliability(codebook: Sequence[Entry], table: Table) -> tuple[Entry, ...]:
    """The codebook with ``reliability`` and ``item_rest`` of each mean of items or of scores."""
    by_name: Mapping[str, Entry] = {entry["variable"]: entry for entry in codebook}
    filled = []
    for entry in codebook:
        # A difference of two answers is no scale.
        if entry["part"] == "score" and not entry["may_be_empty"] and len(entry["items"]) > 1:
            items = [by_name[name] for name in entry["items"]]
            found, correlations = reliability(table, items, entry["reversed"])
            entry = {**entry, "reliability": found, "item_rest": correlations}
        filled.append(entry)
    return tuple(filled)
