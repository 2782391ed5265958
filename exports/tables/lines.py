"""Published figures as lines: what the CSV files and the page say of each count.

Everything here is worked out from published figures, so that nothing can leak on the way:
percentages are of rounded counts on rounded bases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exports.tables.build import Tables
from exports.tables.one_way import OneWay
from exports.tables.rule import ERROR, SMALLEST, percent, span
from exports.tables.two_way import TwoWay
from exports.tables.variables import Category

HIDDEN = "hidden"
WHY_HIDDEN = f"under {SMALLEST}, or hidden so that a count under {SMALLEST} cannot be worked out"
WITH_LACKING = "per cent of everybody, with those whose answer is missing but not shown"


@dataclass(frozen=True, slots=True)
class Figure:
    """One count as published, None where hidden, with what may be said about it."""

    count: int | None
    lowest: int | None = None
    highest: int | None = None
    base: int | None = None
    percent: float | None = None
    note: str = ""


def _figure(count: int | None, base: int | None, *, parts: int, note: str) -> Figure:
    if count is None:
        return Figure(None, note=WHY_HIDDEN)
    low, high = span(count) if parts == 1 else (count - ERROR * parts, count + ERROR * parts)
    share = percent(count, base) if base is not None else None
    if share is None:
        return Figure(count, max(low, 0), high)
    return Figure(count, max(low, 0), high, base, min(share, 100.0), note)


def _lacking(table: OneWay) -> tuple[int, bool]:
    """People shown to have no answer, and whether there are some who are not shown."""
    counts = [n for c, n in zip(table.variable.categories, table.counts, strict=True) if c.missing]
    return sum(n for n in counts if n is not None), None in counts


def figures_of(table: OneWay, parts: int = 1) -> Iterator[tuple[Category, Figure]]:
    """Category and figure, in the order of the table; answers in per cent of those with one."""
    lacking, more = _lacking(table)
    base = max(table.rows - lacking, 0)
    for category, count in zip(table.variable.categories, table.counts, strict=True):
        of = None if category.missing else base
        yield category, _figure(count, of, parts=parts, note=WITH_LACKING if more else "")


def _row_base(table: TwoWay, at: int) -> tuple[int | None, bool]:
    """Those of a row who answered the column's question; whether some without are among them."""
    total = table.row_totals[at]
    if total is None or not table.column.categories or not table.column.categories[-1].rest:
        return total, True
    rest = table.counts[at][-1]
    return (total, True) if rest is None else (max(total - rest, 0), False)


def crossed_figures(table: TwoWay, parts: int = 1) -> Iterator[tuple[Category, Category, Figure]]:
    """Row category, column category and figure; per cent of the row, no answer apart."""
    for at, row in enumerate(table.row.categories):
        base, more = _row_base(table, at)
        for to, column in enumerate(table.column.categories):
            of = None if column.rest else base
            note = WITH_LACKING if more else ""
            yield row, column, _figure(table.counts[at][to], of, parts=parts, note=note)


def empty(table: OneWay | TwoWay) -> bool:
    """Whether every count of a table is hidden."""
    lines = table.counts if isinstance(table, TwoWay) else (table.counts,)
    return all(count is None for line in lines for count in line)


def unread(tables: Tables) -> list[str]:
    """Names of the tables that show no count at all."""
    one = [t.variable.label or t.variable.name for t in tables.one_way if empty(t)]
    return one + [f"{t.row.name} by {t.column.name}" for t in tables.two_way if empty(t)]
