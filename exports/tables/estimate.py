"""Figures from measurements: consistent with each other, not negative, whole, with their margins.

Nothing here knows an answer: the same measurement gives the same figures for ever. All tables of a
batch are made consistent at once by weighted least squares, as in Hay et al. 2010 and the Census
Bureau's TopDown algorithm (Abowd et al. 2022); then each is projected on what a table can be.
Margins are of the noise alone, from before the projection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray

from exports.tables.measure import Measured, Measurement
from exports.tables.menu import THOUSAND, Statistic
from forms.study import Condition

Floats = NDArray[np.float64]

Observed = tuple[Statistic, Floats, float]  # noisy cells, and their variance

Z = 1.96  # of a 95 % interval
ROUNDS = 200  # of the projection of a table of two columns on its margins


@dataclass(frozen=True, slots=True)
class Interval:
    """A number that is told, with the interval in which chance has left it 19 times in 20."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """One table as it is told: people in each cell, ``base`` in all.

    ``raw`` are the cells before the projection, ``spread`` their covariance.
    """

    statistic: Statistic
    base: int
    counts: NDArray[np.int64]
    raw: Floats
    spread: Floats

    def count(self, at: int) -> Interval:
        """Return one cell."""
        return _whole(int(self.counts[at]), self.raw[at], sqrt(self.spread[at, at]), self.base)

    def percent(self, at: int, of: Sequence[int]) -> Interval | None:
        """Return one cell in per cent of the cells ``of``; None where nobody is left in them."""
        people = int(self.counts[list(of)].sum())
        if people <= 0:
            return None
        share = self.counts[at] / people
        slope = np.zeros(len(self.counts))
        slope[list(of)] = -share
        slope[at] += 1
        error = 100 * Z * sqrt(max(float(slope @ self.spread @ slope), 0)) / people
        share = 100 * float(share)
        return Interval(share, max(share - error, 0.0), min(share + error, 100.0))


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a score over about ``base`` people who have one, None where that is nobody."""

    statistic: Statistic
    base: int
    mean: float
    error: float  # standard deviation of the noise

    @property
    def figure(self) -> Interval:
        """Return the mean with its interval, within the scale."""
        low, high = self.statistic.low, self.statistic.high
        ends = (self.mean - Z * self.error, self.mean + Z * self.error)
        value, *bounds = (min(max(x, low), high) for x in (self.mean, *ends))
        return Interval(value, *bounds)


@dataclass(frozen=True, slots=True)
class Estimates:
    """All that is told of one batch, or of several together."""

    people: int
    tables: tuple[Table, ...]
    means: tuple[Mean, ...]


def _whole(value: int, raw: float, error: float, most: int) -> Interval:
    low, high = max(floor(raw - Z * error), 0), min(ceil(raw + Z * error), most)
    return Interval(value, min(low, value), max(high, value))


# ── Consistency ───────────────────────────────────────────────────────────────────────────────────


def _pooled(parts: Sequence[Measured]) -> list[Observed]:
    """Return each table once, with cells and variance: the routing is measured twice."""
    found: dict[str, list[Measured]] = {}
    for one in parts:
        if not one.statistic.is_score:
            found.setdefault(" x ".join(a.column for a in one.statistic.axes), []).append(one)
    pooled = []
    for same in found.values():
        weights = np.array([1 / float(one.variance) for one in same])
        cells = weights @ np.array([one.values for one in same], dtype=float) / weights.sum()
        pooled.append((same[-1].statistic, cells, 1 / float(weights.sum())))
    return pooled


class _Layout:
    """Where each table's cells stand among all that are estimated together."""

    def __init__(self, tables: Sequence[Observed]) -> None:
        ends = np.cumsum([0, *(len(cells) for _, cells, _ in tables)]).tolist()
        self.places = {
            s.name: range(a, b) for (s, _, _), a, b in zip(tables, ends[:-1], ends[1:], strict=True)
        }
        self.single = {s.axes[0].column: s for s, _, _ in tables if len(s.axes) == 1}
        self.statistics = [s for s, _, _ in tables]
        self.many = ends[-1]

    def asked(self, condition: Condition) -> list[int] | None:
        """Return the cells that add up to those who met ``condition``, if one column tells."""
        for column, codes in condition:
            router = self.single.get(column)
            rest = tuple(part for part in condition if part != (column, codes))
            if router and set(router.condition) == set(rest):
                start = self.places[router.name].start
                categories = router.axes[0].categories
                return [start + at for at, c in enumerate(categories) if set(c.codes) & codes]
        return None

    def rules(self, people: int) -> Iterator[tuple[Mapping[int, float], float]]:
        """Yield what the cells must fulfil: factors by cell, and what they add up to."""
        first: dict[Condition, Statistic] = {}
        for statistic in self.statistics:
            own = dict.fromkeys(self.places[statistic.name], 1.0)
            if not statistic.condition:
                yield own, people
            elif cells := self.asked(statistic.condition):
                yield own | {at: own.get(at, 0.0) - 1.0 for at in cells}, 0
            elif other := first.get(statistic.condition):
                yield own | dict.fromkeys(self.places[other.name], -1.0), 0
            first.setdefault(statistic.condition, statistic)
            yield from self._margins(statistic)

    def _margins(self, pair: Statistic) -> Iterator[tuple[Mapping[int, float], float]]:
        for axis, single in self.margins(pair):
            for at, cells in enumerate(self.lines(pair, axis)):
                own = self.places[single.name].start + at
                yield {**dict.fromkeys(cells, 1.0), own: -1.0}, 0

    def margins(self, pair: Statistic) -> list[tuple[int, Statistic]]:
        """Return the axes of a table of two columns whose own table is of the same people."""
        if len(pair.axes) < 2:
            return []
        found = [(at, self.single.get(axis.column)) for at, axis in enumerate(pair.axes)]
        return [(at, s) for at, s in found if s and set(s.condition) == set(pair.condition)]

    def lines(self, pair: Statistic, axis: int) -> NDArray[np.int64]:
        """Return the cells of a table of two columns, a line for each category of one axis."""
        grid = np.array(self.places[pair.name]).reshape(pair.shape)
        return grid if axis == 0 else grid.T


def _consistent(people: int, tables: Sequence[Observed], cells: _Layout) -> tuple[Floats, Floats]:
    """Return all cells by weighted least squares under their rules, and their covariance."""
    raw = np.concatenate([values for _, values, _ in tables])
    weight = np.concatenate([np.full(len(v), variance) for _, v, variance in tables])
    rules = list(cells.rules(people))
    factors = np.zeros((len(rules), cells.many))
    for at, (own, _) in enumerate(rules):
        factors[at, list(own)] = list(own.values())
    sums = np.array([total for _, total in rules], dtype=float)
    spread = factors * weight  # factors times the covariance of the noise
    inverse = np.linalg.pinv(spread @ factors.T, hermitian=True)
    step = spread.T @ inverse
    return raw - step @ (factors @ raw - sums), np.diag(weight) - step @ spread


def _on_simplex(values: Floats, total: float) -> Floats:
    """Return the nearest cells, none negative, that add up to ``total`` (Duchi et al. 2008)."""
    falling = np.sort(values)[::-1]
    over = (np.cumsum(falling) - total) / np.arange(1, len(values) + 1)
    return np.maximum(values - over[falling > over][-1], 0) if total > 0 else np.zeros(len(values))


def _on_margins(grid: Floats, margins: Mapping[int, Floats], total: float) -> Floats:
    """Return the nearest table of two columns with these margins (Dykstra 1983)."""
    if not margins:
        return _on_simplex(grid.ravel(), total).reshape(grid.shape)
    rest = np.zeros_like(grid)
    for _ in range(ROUNDS):
        for axis, wanted in margins.items():
            across = 1 - axis
            gap = (wanted - grid.sum(axis=across)) / grid.shape[across]
            grid = grid + np.expand_dims(gap, across)
        moved = np.maximum(grid + rest, 0)
        rest, grid = grid + rest - moved, moved
    return grid


def _rounded(values: Floats, total: int) -> NDArray[np.int64]:
    """Return whole cells that add up to ``total``, by largest remainders."""
    scaled = values * (total / values.sum()) if values.sum() > 0 else values
    down = np.floor(scaled).astype(np.int64)
    order = np.argsort(down - scaled, kind="stable")
    down[order[: total - int(down.sum())]] += 1
    return down


class _Consistent:
    """A batch's tables, and how many met each condition."""

    def __init__(self, measurement: Measurement) -> None:
        pooled, self._people = _pooled(measurement.parts), measurement.people
        self._cells = _Layout(pooled)
        self._raw, self._spread = _consistent(self._people, pooled, self._cells)
        self._first: dict[Condition, str] = {}
        for statistic in self._cells.statistics:
            self._first.setdefault(statistic.condition, statistic.name)

    def size(self, condition: Condition) -> tuple[float, float] | None:
        """Return how many met ``condition`` and the variance of that; None where nothing tells."""
        if not condition:
            return self._people, 0.0
        at = self._cells.asked(condition)
        if at is None and condition in self._first:
            at = list(self._cells.places[self._first[condition]])
        if at is None:
            return None
        return float(self._raw[at].sum()), max(float(self._spread[np.ix_(at, at)].sum()), 0.0)

    def tables(self) -> Iterator[Table]:
        """Yield every table; those of one column come first, as others take their margins."""
        exact: dict[str, Floats] = {}
        for statistic in sorted(self._cells.statistics, key=lambda s: len(s.axes)):
            at = np.array(self._cells.places[statistic.name])
            raw, size = self._raw[at], self.size(statistic.condition)
            base = min(max(round(size[0]) if size else 0, 0), self._people)
            if len(statistic.axes) == 1:
                exact[statistic.name] = _on_simplex(raw, base)
            else:
                margins = {axis: exact[s.name] for axis, s in self._cells.margins(statistic)}
                grid = _on_margins(raw.reshape(statistic.shape), margins, base)
                exact[statistic.name] = grid.ravel()
            counts = _rounded(exact[statistic.name], base)
            yield Table(statistic, base, counts, raw, self._spread[np.ix_(at, at)])

    def mean(self, measured: Measured) -> Mean | None:
        """Return a score's mean from its noisy sum and from who has none; None of nobody."""
        statistic, variance = measured.statistic, float(measured.variance)
        size = self.size(statistic.condition)
        total, lacking = measured.values
        people = size[0] - max(lacking, 0) / statistic.without if size else 0
        if size is None or people < 1:
            return None
        off = total / THOUSAND / people
        lost = variance / statistic.without**2 + size[1]
        error = sqrt(variance / THOUSAND**2 + off * off * lost) / people
        middle = (statistic.low + statistic.high) / 2
        return Mean(statistic, round(people), middle + off, error)


def estimate(measurement: Measurement) -> Estimates:
    """Return all that is told of one batch."""
    batch = _Consistent(measurement)
    means = (batch.mean(one) for one in measurement.parts if one.statistic.is_score)
    return Estimates(measurement.people, tuple(batch.tables()), tuple(m for m in means if m))


def together(batches: Sequence[Estimates]) -> Estimates:
    """Return the sums over batches of what was measured in all of them."""
    if len(batches) == 1:
        return batches[0]
    tables = [{t.statistic.name: t for t in batch.tables} for batch in batches]
    means = [{m.statistic.name: m for m in batch.means} for batch in batches]
    return Estimates(
        sum(batch.people for batch in batches),
        tuple(_sum([t[n] for t in tables]) for n in tables[0] if all(n in t for t in tables)),
        tuple(_over([m[n] for m in means]) for n in means[0] if all(n in m for m in means)),
    )


def _sum(parts: Sequence[Table]) -> Table:
    first = parts[0]
    return Table(
        first.statistic,
        sum(part.base for part in parts),
        np.sum([part.counts for part in parts], axis=0),
        np.sum([part.raw for part in parts], axis=0),
        np.sum([part.spread for part in parts], axis=0),
    )


def _over(parts: Sequence[Mean]) -> Mean:
    people = max(sum(part.base for part in parts), 1)
    mean = sum(part.base * part.mean for part in parts) / people
    error = sqrt(sum((part.base * part.error) ** 2 for part in parts)) / people
    return Mean(parts[0].statistic, people, mean, error)
