"""Tier A from one frozen batch of released rows: counts and means that anybody may read.

Tables of several frozen batches: each by itself, and their sum.

A table of everybody, made anew with each batch, would tell the newcomers by subtraction. So the
tables of a batch never change, and the sum is made of published figures alone: it tells nothing
that they do not tell. A count hidden in any batch is hidden in the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from exports.errors import ExportRefused
from exports.tables.one_way import Mean, OneWay, Scored, count, mean, scored_of
from exports.tables.plan import Plan, check
from exports.tables.two_way import TwoWay, cross
from exports.tables.variables import SMALLEST_BASE, Category, Entry, Variable, rounded, variables_of


@dataclass(frozen=True, slots=True)
class Tables:
    """Finished tables: nothing in them but what may be read.

    ``rows`` is rounded. ``parts`` counts the batches that were added up; a shown count is at most
    2 from the true one for each of them.
    """

    rows: int
    one_way: tuple[OneWay, ...]
    two_way: tuple[TwoWay, ...] = ()
    means: tuple[Mean, ...] = ()
    parts: int = 1
    scores: tuple[Scored, ...] = ()

    @property
    def unproven(self) -> tuple[TwoWay, ...]:
        """Tables whose search ended before it was sure that nothing less will do."""
        return tuple(t for t in self.two_way if not t.proven)

    def cells(self) -> Iterator[int | None]:
        """Every count, hidden ones as None; a cell of nobody's answer (rest by rest) is none."""
        for one in self.one_way:
            yield from one.counts
        for two in self.two_way:
            for at, line in enumerate(two.counts):
                last = two.row_totals[at] is None and two.column_totals[-1] is None
                yield from line[:-1] if last else line

    @property
    def hidden_share(self) -> float:
        """Share of all counts that are hidden, 0 to 1."""
        cells = list(self.cells())
        return sum(cell is None for cell in cells) / len(cells) if cells else 0.0


def tables(frame: pl.DataFrame, codebook: Sequence[Entry], plan: Plan) -> Tables:
    """The tables of ``plan`` over ``frame``: released rows of one batch, in any order.

    ``codebook`` are its entries (exports/codebook.py). The same people must never be tabulated
    twice: a batch is frozen, and later ones get tables of their own (exports/tables/build.py).
    Raises Refused on under 20 rows, columns that do not fit, or a ring of tables.
    """
    if len(frame) < SMALLEST_BASE:
        raise ExportRefused(
            f"No tables of {len(frame)} rows: a percentage takes {SMALLEST_BASE} people at least. "
            f"Wait for {SMALLEST_BASE - len(frame)} more."
        )
    check(plan)
    names = dict.fromkeys((*plan.one_way, *(name for pair in plan.pairs for name in pair)))
    variables = variables_of(codebook, tuple(names))
    counted = {n: count(frame, variables[n], plan.sums.get(n, ())) for n in names}
    entries = {entry["variable"]: entry for entry in codebook}
    return Tables(
        rounded(len(frame)),
        tuple(counted[name].published for name in names),
        tuple(cross(counted[a], counted[b]) for a, b in plan.pairs),
        tuple(mean(frame, entries[name]) for name in plan.means),
        scores=tuple(score for n in plan.means if (score := scored_of(entries[n]))),
    )


def one_way(frame: pl.DataFrame, codebook: Sequence[Entry], columns: Iterable[str]) -> Tables:
    """Tables of single columns by the 10-5 rule, as for files too small to have key columns."""
    return tables(frame, codebook, Plan(tuple(columns)))


Figure = int | None


def _sum(figures: Sequence[Figure]) -> Figure:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if len(known) == len(figures) else None


def _shared(variables: Sequence[Variable]) -> list[Category]:
    """Categories of all batches, by rising code."""
    found = {c.code: c for variable in variables for c in variable.categories}
    return sorted(found.values(), key=lambda c: c.low)


def _figure(table: OneWay, category: Category) -> Figure:
    """A missing code that a table does not list is one that nobody in its batch had."""
    codes = [c.code for c in table.variable.categories]
    return table.counts[codes.index(category.code)] if category.code in codes else 0


def _one(tables: Sequence[OneWay]) -> OneWay:
    categories = _shared([t.variable for t in tables])
    variable = Variable(tables[0].variable.name, tables[0].variable.label, tuple(categories))
    counts = tuple(_sum([_figure(t, c) for t in tables]) for c in categories)
    return OneWay(variable, sum(t.rows for t in tables), counts)


def _everywhere(variables: Sequence[Variable]) -> tuple[Category, ...]:
    """Answers that every batch's table shows; the rest differs from batch to batch."""
    return tuple(
        c
        for c in variables[0].categories
        if not c.rest and all(c in variable.categories for variable in variables)
    )


def _side(variables: Sequence[Variable]) -> tuple[Variable, list[list[int]]]:
    """The variable of the sum, and where its categories stand in each batch's table."""
    shared = _everywhere(variables)
    at = [[variable.categories.index(c) for c in shared] for variable in variables]
    return Variable(variables[0].name, variables[0].label, shared), at


def _two(tables: Sequence[TwoWay]) -> TwoWay:
    row, down = _side([t.row for t in tables])
    column, across = _side([t.column for t in tables])
    every = range(len(tables))

    def cell(i: int, j: int) -> Figure:
        return _sum([tables[t].counts[down[t][i]][across[t][j]] for t in every])

    height, width = range(len(row.categories)), range(len(column.categories))
    return TwoWay(
        row,
        column,
        tuple(_sum([tables[t].row_totals[down[t][i]] for t in every]) for i in height),
        tuple(_sum([tables[t].column_totals[across[t][j]] for t in every]) for j in width),
        tuple(tuple(cell(i, j) for j in width) for i in height),
        all(t.proven for t in tables),
    )


def together(batches: Sequence[Tables]) -> Tables:
    """The sum of the tables of all ``batches``, made by one plan.

    Means of people's scores stand by batch only; means from counts follow from the sums.
    """
    if len(batches) == 1:
        return batches[0]
    return Tables(
        rows=sum(b.rows for b in batches),
        one_way=tuple(_one(same) for same in zip(*(b.one_way for b in batches), strict=True)),
        two_way=tuple(_two(same) for same in zip(*(b.two_way for b in batches), strict=True)),
        parts=sum(b.parts for b in batches),
        scores=batches[0].scores,
    )
