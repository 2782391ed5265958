"""Measurement of one batch: true counts with noise, which is all that is ever kept of them.

Only ``measure`` sees answers. What it returns holds noisy whole numbers, and everything that tier A
tells is worked out from them (exports/tables/estimate.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
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
    FEWEST,
    THOUSAND,
    Axis,
    Menu,
    Planned,
    Statistic,
    budget_of,
    choose,
    plan_routing,
)
from forms.study import Condition, Study

HEAD = ("statistic", "cell", "value", "variance", "rho")
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


def sizes_of(people: int, routing: Sequence[Measured]) -> dict[Condition, int]:
    """Return condition → about how many met it, from the noisy counts of who is asked what."""
    noisy = {m.statistic.axes[0].column: m for m in routing}

    def part(column: str, codes: frozenset[int]) -> int:
        if column not in noisy:
            return people
        cells = zip(noisy[column].statistic.axes[0].categories, noisy[column].values, strict=False)
        return sum(value for category, value in cells if set(category.codes) & codes)

    class Sizes(dict[Condition, int]):
        def __missing__(self, condition: Condition) -> int:
            least = min((part(*one) for one in condition), default=people)
            return min(max(least, 1), people)

    return Sizes()


def measure(study: Study, frame: pl.DataFrame) -> Measurement:
    """Measure the answers of one batch, a row a person (exports.columns.table_of).

    Raise ExportRefused under 100. To be called once for a batch: what it returns is stored before
    anything of it is shown.
    """
    people, budget, menu = len(frame), budget_of(study), Menu(study)
    if people < FEWEST:
        raise ExportRefused(TOO_FEW.format(people=people, fewest=FEWEST, more=FEWEST - people))
    answers = _Answers(frame)
    routing = [with_noise(p, answers.count(p.statistic)) for p in plan_routing(menu, budget)]
    chosen = choose(menu, people, sizes_of(people, routing), budget)
    rest = [with_noise(p, answers.count(p.statistic)) for p in chosen]
    return Measurement(people, (*routing, *rest))


def as_csv(measurement: Measurement) -> bytes:
    """Return a measurement as the file that is kept and released: RFC 4180, a line a cell."""
    lines: list[Sequence[object]] = [HEAD, ("people", "", measurement.people, 0, 0)]
    for one in measurement.parts:
        cells = zip(one.statistic.cells, one.values, strict=True)
        lines += [(one.statistic.name, c, v, one.variance, one.rho) for c, v in cells]
    return csv_text(lines).encode()


def read_csv(study: Study, content: bytes) -> Measurement:
    """Return the measurement in a file that ``as_csv`` wrote.

    Raise ExportRefused where it holds what this study does not ask.
    """
    menu = Menu(study)
    known = {s.name: s for s in (*menu.routing, *menu.every)}
    lines = csv.DictReader(io.StringIO(content.decode(), newline=""))
    people, found = 0, dict[str, list[Mapping[str, str]]]()
    for line in lines:
        if line["statistic"] == "people":
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
