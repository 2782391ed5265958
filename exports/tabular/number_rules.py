"""Rounding, top coding and bottom coding of numbers that are no quasi-identifier.

A number at or beyond a bound is written as the bound; any other is rounded to a multiple of
``round``, halves away from zero, and never beyond a bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.errors import ExportRefused
from exports.tabular.made_hierarchies import apart_in, digits_of, number_in, numbers_in
from exports.tabular.quoting import quoted

KEYS = ("round", "bottom", "top", "apart")
MOSTLY = 0.9  # share of a column's cells from which it is one of numbers
FAR_OUT = 3  # interquartile ranges beyond the quartiles (Tukey 1977, "far out")


@dataclass(frozen=True, slots=True)
class NumberRule:
    """How the numbers of a column are written; ``apart``: values that are left as they are."""

    step: Decimal | None = None
    bottom: Decimal | None = None
    top: Decimal | None = None
    apart: frozenset[str] = frozenset()

    def written(self, value: str) -> str | None:
        """Return a value as it is written, None for what is no number."""
        if value in self.apart:
            return value
        number = number_in(value)
        if number is None:
            return None
        told = digits_of(self._coded(number))
        return told.replace(".", ",") if "," in value else told

    def _coded(self, number: Decimal) -> Decimal:
        if self.top is not None and number >= self.top:
            return self.top
        if self.bottom is not None and number <= self.bottom:
            return self.bottom
        if self.step is not None:
            number = (number / self.step).to_integral_value("ROUND_HALF_UP") * self.step
            number = number if self.top is None else min(number, self.top)
            number = number if self.bottom is None else max(number, self.bottom)
        return number

    def in_words(self, counts: Mapping[str, int]) -> str:
        """Return what was done to a column; ``counts`` are those of ``changes``."""
        done = [] if self.step is None else [f"rounded to multiples of {digits_of(self.step)}"]
        for end, bound, side in (("top", self.top, "more"), ("bottom", self.bottom, "less")):
            if bound is not None:
                told = digits_of(bound)
                done.append(f"{told} stands for {told} and {side} ({_cells(counts[end])})")
        changed = counts["changed"]
        say = "says" if changed == 1 else "say"
        return f"{'; '.join(done)}; {_cells(changed)} {say} another number than before"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def number_rules(
    path: Path, table: Mapping[str, Any], allowed: Sequence[str]
) -> dict[str, NumberRule]:
    """Return the rules of [numbers], by column. Raise ExportRefused for what they cannot be."""
    return {column: _rule(path, column, said, allowed) for column, said in table.items()}


def _rule(path: Path, column: str, said: object, allowed: Sequence[str]) -> NumberRule:
    where = f"{path}: numbers.{column}"
    if column not in allowed:
        raise ExportRefused(
            f"{path}: [numbers] has {column}, which is no sensitive and no plain column."
        )
    asked = {*said} if isinstance(said, Mapping) else set()
    if not isinstance(said, Mapping) or not asked & {*KEYS[:3]} or asked - {*KEYS}:
        raise ExportRefused(
            f"{where} must say round, bottom or top, such as {{ round = 1000, top = 200000 }}."
        )
    step, bottom, top = (_number(where, said, key) for key in KEYS[:3])
    if step is not None and step <= 0:
        raise ExportRefused(f"{where}: round must be above 0.")
    if bottom is not None and top is not None and bottom >= top:
        raise ExportRefused(f"{where}: bottom must be less than top.")
    return NumberRule(step, bottom, top, apart_in(where, said))


def _number(where: str, said: Mapping[str, Any], key: str) -> Decimal | None:
    if key not in said:
        return None
    numbers = [] if isinstance(said[key], list) else numbers_in(said[key])
    if not numbers:
        raise ExportRefused(f"{where}: {key} must be a number.")
    return numbers[0]


def with_rules(table: pl.DataFrame, rules: Mapping[str, NumberRule]) -> pl.DataFrame:
    """Return the table as its numbers are to be written. Raise ExportRefused for what is none."""
    columns = []
    for name, rule in rules.items():
        values = table[name].drop_nulls().unique().sort()
        written = [rule.written(value) for value in values]
        if odd := [v for v, told in zip(values, written, strict=True) if told is None]:
            raise ExportRefused(
                f"{name}: {quoted(odd)} is no number, as [numbers] expects. Correct the data, or"
                " name such values in apart."
            )
        columns.append(table[name].replace_strict(values, written, return_dtype=pl.String))
    return table.with_columns(columns)


def changes(rule: NumberRule, before: pl.Series, after: pl.Series) -> dict[str, int | str]:
    """Return how many cells say another number, how many stand at each bound, and both in words."""
    pairs = pl.DataFrame([before.alias("before"), after.alias("after")]).drop_nulls()
    counts = {"changed": 0, "top": 0, "bottom": 0}
    for true, written, rows in pairs.group_by("before", "after").len().iter_rows():
        number = None if true in rule.apart else number_in(true)
        if number is not None:
            counts["changed"] += rows * (number != number_in(written))
            counts["top"] += rows * (rule.top is not None and number >= rule.top)
            counts["bottom"] += rows * (rule.bottom is not None and number <= rule.bottom)
    return {**counts, "in_words": rule.in_words(counts)}


def far_out(column: pl.Series) -> int:
    """Return how many cells lie far beyond the others, 0 where a tenth of them are no numbers."""
    filled = column.drop_nulls()
    told = filled.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    numbers = told.filter(told.is_finite())
    if not len(numbers) or len(numbers) < MOSTLY * len(filled):
        return 0
    found = numbers.to_numpy()
    low, high = np.quantile(found, (0.25, 0.75))
    # Where half of the cells are alike, their own size stands for the range that they lack.
    reach = FAR_OUT * ((high - low) or max(1.0, abs(high)))
    return int(((found < low - reach) | (found > high + reach)).sum())
