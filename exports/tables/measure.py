"""Measurement of one batch: true counts with noise, which is all that is ever kept of them.

Only ``measure`` sees answers. What it returns holds noisy whole numbers, and everything that tier A
tells is worked out from them (exports/tables/estimate.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.errors import ExportRefused
from exports.output_files import csv_text
from exports.tables import noise
from exports.tables.menu import (
    LEAST_PEOPLE,
    THOUSAND,
    Axis,
    Menu,
    Planned,
    Statistic,
    account_of,
    budget_of,
    choose,
    plan_routing,
)
from forms.study import Condition, Study

HEAD = ("statistic", "cell", "value", "variance", "rho")
PEOPLE = "people"
TOO_FEW = (
    "No tables of {people} answers: under {fewest} the noise that protects people would drown "
    "every figure. Wait for {more} more."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic with noise of ``variance`` in every cell, in the order of its cells."""

    statistic: Statistic
    variance: Fraction
    values: tuple[int, ...]

    @property
    def rho(self) -> Fraction:
        """Return what it cost."""
        return self.statistic.cost(self.variance)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of one batch of so many ``people``, in the order in which it was."""

    people: int
    parts: tuple[Measured, ...]


class _Answers:
    """The answers of a batch, by cell: one whole number a person and column."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self.asked = cache(self._asked)
        self.cell = cache(self._cell)

    def _column(self, name: str) -> NDArray[np.int64]:
        column = self._frame[name]
        if column.dtype.is_float():
            # Missing codes are negative, as every code of a missing answer.
            column = (column * THOUSAND).round()
        return column.fill_null(-1).cast(pl.Int64).to_numpy()

    def _asked(self, condition: Condition) -> NDArray[np.bool_]:
        met = np.ones(len(self._frame), dtype=bool)
        for name, codes in condition:
            met &= np.isin(self._column(name), sorted(codes))
        return met

    def _cell(self, axis: Axis) -> NDArray[np.uint8]:
        codes = self._column(axis.column)
        last = len(axis.categories)
        end = 1 + max(max(c.codes) for c in axis.categories)
        cells = np.full(end + 1, last, dtype=np.uint8)  # the last for whatever is no category
        for at, category in enumerate(axis.categories):
            cells[np.array(category.codes)] = at
        return cells[np.where((codes >= 0) & (codes < end), codes, end)]

    def count(self, statistic: Statistic) -> tuple[int, ...]:
        """Return the true cells of ``statistic``."""
        asked = self.asked(statistic.condition)
        if statistic.is_score:
            return self._sum(statistic, self._column(statistic.column)[asked])
        place = np.zeros(int(asked.sum()), dtype=np.int64)
        for axis in statistic.axes:
            place = place * len(axis.codes) + self.cell(axis)[asked]
        return tuple(np.bincount(place, minlength=prod(statistic.shape)).tolist())

    @staticmethod
    def _sum(statistic: Statistic, scores: NDArray[np.int64]) -> tuple[int, ...]:
        low, high = statistic.low * THOUSAND, statistic.high * THOUSAND
        has = scores[scores >= 0].clip(low, high)
        middle = (low + high) // 2  # whole, since thousands are even
        return int((has - middle).sum()), statistic.without * (len(scores) - len(has))


def with_noise(planned: Planned, cells: Iterable[int]) -> Measured:
    """Return these true cells with noise; what they were is not kept."""
    values = tuple(cell + noise.discrete_gaussian(planned.variance) for cell in cells)
    return Measured(planned.statistic, planned.variance, values)


def sizes_of(menu: Menu, people: int, routing: Sequence[Measured]) -> dict[Condition, int]:
    """Return condition → about how many met it, from the noisy counts of who is asked what."""
    noisy = {m.statistic.axes[0].column: m for m in routing}

    def part(column: str, codes: frozenset[int]) -> int:
        if column not in noisy:
            return people
        cells = zip(noisy[column].statistic.axes[0].categories, noisy[column].values, strict=False)
        return sum(value for category, value in cells if set(category.codes) & codes)

    def size(condition: Condition) -> int:
        least = min((part(*one) for one in condition), default=people)
        return min(max(least, 1), people)

    return {s.condition: size(s.condition) for s in (*menu.routing, *menu.statistics)}


def check_size(people: int) -> None:
    """Raise ExportRefused where so few people are not measured."""
    if people < LEAST_PEOPLE:
        raise ExportRefused(
            TOO_FEW.format(people=people, fewest=LEAST_PEOPLE, more=LEAST_PEOPLE - people)
        )


def _nothing() -> None:
    """Do nothing before the first draw."""


def measure(
    study: Study, blocks: Iterable[pl.DataFrame], *, before: Callable[[], None] = _nothing
) -> Measurement:
    """Measure the answers of one batch, in blocks of rows (exports.columns.table_of).

    Raise ExportRefused under 100. To be called once for a batch: what it returns is stored before
    anything of it is shown. ``before`` is called when all is counted and nothing drawn.
    """
    menu, budget = Menu(study), budget_of(study)
    people, true = _counted((*menu.routing, *menu.statistics), blocks)
    check_size(people)
    before()
    first = plan_routing(menu, budget)
    routing = [with_noise(p, true[p.statistic.name]) for p in first]
    chosen = choose(menu, people, sizes_of(menu, people, routing), budget)
    if account_of((*first, *chosen)).most > budget.release:
        raise ExportRefused("No tables: the menu would cost more than the policy's budget.")
    rest = [with_noise(p, true[p.statistic.name]) for p in chosen]
    return Measurement(people, (*routing, *rest))


def _counted(
    statistics: Sequence[Statistic], blocks: Iterable[pl.DataFrame]
) -> tuple[int, dict[str, list[int]]]:
    """Return how many people there are, and the true cells by statistic, over all blocks."""
    people, true = 0, {s.name: [0] * len(s.cells) for s in statistics}
    for block in blocks:
        people, answers = people + len(block), _Answers(block)
        for one in statistics:
            cells = zip(true[one.name], answers.count(one), strict=True)
            true[one.name] = [before + more for before, more in cells]
    return people, true


def lines_of(measurement: Measurement) -> Iterator[Sequence[object]]:
    """Yield how many people there are, without noise, then a line for each cell."""
    yield PEOPLE, "", measurement.people, 0, 0
    for one in measurement.parts:
        for cell, value in zip(one.statistic.cells, one.values, strict=True):
            yield one.statistic.name, cell, value, one.variance, one.rho


def as_csv(measurement: Measurement) -> bytes:
    """Return a measurement as the file that is kept: RFC 4180, a line a cell."""
    return csv_text([HEAD, *lines_of(measurement)]).encode()


def read_csv(study: Study, content: bytes) -> Measurement:
    """Return the measurement in a file that ``as_csv`` wrote.

    Raise ExportRefused where it holds what this study does not ask.
    """
    menu = Menu(study)
    known = {s.name: s for s in (*menu.routing, *menu.every, *menu.statistics)}
    lines = csv.DictReader(io.StringIO(content.decode(), newline=""))
    people, found = 0, dict[str, list[Mapping[str, str]]]()
    for line in lines:
        if line["statistic"] == PEOPLE:
            people = int(line["value"])
        else:
            found.setdefault(line["statistic"], []).append(line)
    parts = []
    for name, cells in found.items():
        statistic = known.get(name)
        if statistic is None or [c["cell"] for c in cells] != list(statistic.cells):
            raise ExportRefused(
                f"The stored measurement has {name}, which this study folder asks otherwise or not "
                "at all. Release with the study folder that it was measured with."
            )
        values = tuple(int(c["value"]) for c in cells)
        parts.append(Measured(statistic, Fraction(cells[0]["variance"]), values))
    return Measurement(people, tuple(parts))
