"""How few answers a study's hypotheses rest on: made up and added, or real and left out.

A hypothesis is supported where the slope of the outcome on the predictor (least squares, no
covariates; the same test as Pearson's r) has the declared sign and p < .05, two-sided. Its verdict
turns where it stops or begins to be supported, its sign where the slope's is the opposite.

- Made-up answers stand at the ends of both ranges. The sum of products is linear in each of them,
  so that no others turn the sign with fewer (two ends, by how many at each).
- Real ones are left out by their influence, which is worked out anew in rounds. The idea is that of
  Broderick, Giordano & Meager (2020), "An automatic finite-sample robustness metric: when can
  dropping a little data make a big difference?", arXiv 2011.14999; here the outcome is checked.

Every number found is enough. A smaller one may be, too: they are upper bounds of the least.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exports.codebook import Entry
from exports.reliability import numbers_in
from exports.verify.reading import Table, pairs
from forms.study import Hypothesis

Floats = NDArray[np.float64]
Sums = Floats  # (…, 6): rows, x, y, xx, yy, xy
Turned = Callable[[Sums], NDArray[np.bool_]]

MEASURED, TURNED = ("made_up", "left_out"), ("sign", "verdict")
LEAST_ROWS = 30  # pairs of answers under which nothing is said
LEAST_LEFT = 10  # rows that must stay
MOST_SPLITS = 4_000  # ways tried to share made-up answers between two ends
MOST_TIMES = 64  # made-up answers for each real one, above which the search ends
Z = 1.959963984540054  # the normal's quantile of .975
# Student's t from it, by powers of 1 / degrees of freedom (Abramowitz & Stegun 26.7.5).
EXPANSION = (
    Z,
    (Z**3 + Z) / 4,
    (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
    (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92_160,
)


@dataclass(frozen=True, slots=True)
class AnswerPairs:
    """Predictor and outcome: each different pair once, with its rows, and the ends of both."""

    x: Floats
    y: Floats
    rows: Floats
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    def turned_round(self) -> AnswerPairs:
        """Return the pairs with the outcome's sign changed."""
        low, high = self.y_ends
        return AnswerPairs(self.x, -self.y, self.rows, self.x_ends, (-high, -low))


def sums_of(x: Floats, y: Floats, rows: Floats) -> Sums:
    """Return the sums that each pair adds."""
    return np.stack([rows, rows * x, rows * y, rows * x * x, rows * y * y, rows * x * y], axis=-1)


def correlation(sums: Sums) -> Floats:
    """Return the correlation; 0 where a side does not vary."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.maximum(xx - x * x / n, 0) * np.maximum(yy - y * y / n, 0))
        r = (xy - x * y / n) / spread
    # What rounding leaves of a spread or of a slope is none.
    return np.where((spread > 1e-9 * n) & (np.abs(r) > 1e-9), r, 0.0)


def least_r(rows: Floats) -> Floats:
    """Return the correlation from which on p is under .05, two-sided."""
    free = np.maximum(rows - 2, 1)
    t = sum(part / free**power for power, part in enumerate(EXPANSION))
    return np.asarray(t / np.sqrt(free + t * t))


def is_supported(sums: Sums) -> NDArray[np.bool_]:
    """Return whether the slope is positive and p under .05, two-sided."""
    return np.asarray(correlation(sums) >= least_r(sums[..., 0]))


def is_negative(sums: Sums) -> NDArray[np.bool_]:
    """Return whether the slope is negative."""
    return np.asarray(correlation(sums) < 0)


def fewest_made_up(given: AnswerPairs, turned: Turned) -> int | None:
    """Return how many answers at the ends that speak against a positive slope are enough."""
    total = sums_of(given.x, given.y, given.rows).sum(axis=0)
    one = np.ones(())
    ends = [
        sums_of(np.float64(x) * one, np.float64(y) * one, one)
        for x, y in zip(given.x_ends, reversed(given.y_ends), strict=True)
    ]

    def enough(many: int) -> bool:
        splits = np.unique(np.linspace(0, many, min(many, MOST_SPLITS) + 1).round())[:, None]
        return bool(turned(total + splits * ends[0] + (many - splits) * ends[1]).any())

    high = 1
    while not enough(high):
        high *= 2
        if high > MOST_TIMES * total[0]:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def influence(x: Floats, y: Floats, rows: Floats, *, on_sign: bool) -> Floats:
    """Return how much each pair speaks for a positive slope, or for a positive correlation."""
    u, v = (side - np.average(side, weights=rows) for side in (x, y))
    if on_sign:
        return u * v
    uu, vv, uv = (np.average(part, weights=rows) for part in (u * u, v * v, u * v))
    if uu <= 0 or vv <= 0:
        return u * v
    r = uv / np.sqrt(uu * vv)
    return np.asarray(u * v / np.sqrt(uu * vv) - r / 2 * (u * u / uu + v * v / vv))


def _first_turned(parts: Sums, total: Sums, turned: Turned) -> int | None:
    """Return how many rows, left out in the order of ``parts``, turn it first."""
    whole = total - np.cumsum(parts, axis=0)
    found = np.flatnonzero(turned(whole) & (whole[:, 0] >= LEAST_LEFT))
    if not len(found):
        return None
    at = found[0]
    rows = parts[at, 0]
    before = total - parts[:at].sum(axis=0)
    each = np.arange(1, int(rows) + 1)[:, None] * parts[at] / rows
    inside = int(np.argmax(turned(before - each)))
    return int(parts[:at, 0].sum()) + inside + 1


def fewest_left_out(given: AnswerPairs, turned: Turned, *, on_sign: bool) -> int | None:
    """Return how many rows that speak for a positive slope are enough to be left out.

    Half of those found go out at once, or of all where none are; then influence is new.
    """
    rows, gone, best = given.rows.copy(), 0, None
    while True:
        kept = rows > 0
        x, y, n = given.x[kept], given.y[kept], rows[kept]
        order = np.argsort(-influence(x, y, n, on_sign=on_sign), kind="stable")
        parts = sums_of(x, y, n)
        first = _first_turned(parts[order], parts.sum(axis=0), turned)
        if first is not None:
            best = gone + first if best is None else min(best, gone + first)
        half = (int(n.sum()) - LEAST_LEFT if first is None else first) // 2
        if half < 1:
            return best
        before = np.cumsum(n[order]) - n[order]
        n[order] -= np.clip(half - before, 0, n[order])
        rows[kept], gone = n, gone + half


def fragility(given: AnswerPairs, *, positive: bool) -> dict[str, Any]:
    """Return rows, r and verdict, and how many answers turn sign or verdict, by what is done."""
    given = given if positive else given.turned_round()
    centre = [np.average(side, weights=given.rows) for side in (given.x, given.y)]
    given = AnswerPairs(
        given.x - centre[0],
        given.y - centre[1],
        given.rows,
        (given.x_ends[0] - centre[0], given.x_ends[1] - centre[0]),
        (given.y_ends[0] - centre[1], given.y_ends[1] - centre[1]),
    )
    total = sums_of(given.x, given.y, given.rows).sum(axis=0)
    r, supported = float(correlation(total)), bool(is_supported(total))
    as_found = given if r >= 0 else given.turned_round()
    # Against support where there is some, else for it.
    verdict: Turned
    if supported:
        against, verdict = given, lambda sums: ~is_supported(sums)
    else:
        against, verdict = given.turned_round(), lambda sums: is_supported(_turned_round(sums))
    return {
        "rows": int(total[0]),
        "r": round(r if positive else -r, 3),
        "supported": supported,
        "made_up": {
            "sign": fewest_made_up(as_found, is_negative),
            "verdict": fewest_made_up(against, verdict),
        },
        "left_out": {
            "sign": fewest_left_out(as_found, is_negative, on_sign=True),
            "verdict": fewest_left_out(against, verdict, on_sign=False),
        },
    }


def _turned_round(sums: Sums) -> Sums:
    """Return the sums of pairs whose outcome's sign is changed."""
    return np.asarray(sums * np.array([1, 1, -1, 1, 1, -1]))


def ends_of(entry: Entry) -> tuple[float, float]:
    """Return the lowest and the highest answer that a column can hold."""
    low, *_, high = entry["range"] or sorted(map(int, entry["codes"]))
    return float(low), float(high)


def pairs_in(table: Table, predictor: Entry, outcome: Entry) -> AnswerPairs:
    """Return the rows of a file with an answer in both columns."""
    one, other = table[predictor["variable"]], table[outcome["variable"]]
    first, second, rows = pairs(one.codes, other.codes, len(other.cells))
    x, y = numbers_in(one, predictor)[first], numbers_in(other, outcome)[second]
    full = ~(np.isnan(x) | np.isnan(y))
    order = np.lexsort((y[full], x[full]))
    x, y, counted = (part[full][order] for part in (x, y, rows.astype(np.float64)))
    return AnswerPairs(x, y, counted, ends_of(predictor), ends_of(outcome))


NOT_SHOWN_AS_ANSWERED = "not in this file as it was answered"
TOO_FEW = f"fewer than {LEAST_ROWS} rows have both answers"


def _of_one(hypothesis: Hypothesis, by_name: Mapping[str, Entry], table: Table) -> dict[str, Any]:
    both = [by_name.get(name) for name in (hypothesis.predictor, hypothesis.outcome)]
    shown = [e for e in both if e is not None and e["role"] != "quasi_identifier"]
    if len(shown) < len(both):
        return {"not_measured": NOT_SHOWN_AS_ANSWERED}
    given = pairs_in(table, *shown)
    if given.rows.sum() < LEAST_ROWS:
        return {"not_measured": TOO_FEW}
    return fragility(given, positive=hypothesis.positive)


def fragility_of(
    hypotheses: Sequence[Hypothesis], codebook: Sequence[Entry], table: Table
) -> list[dict[str, Any]]:
    """Return what each hypothesis rests on in a written file, or why that was not measured."""
    by_name: Mapping[str, Entry] = {entry["variable"]: entry for entry in codebook}
    return [
        {
            "hypothesis": one.id, "predictor": one.predictor, "outcome": one.outcome,
            "sign": one.sign, **_of_one(one, by_name, table),
        }
        for one in hypotheses
    ]  # fmt: skip
