"""Tables of several frozen batches: each by itself, and their sum.

A table of everybody, made anew with each batch, would tell the newcomers by subtraction. So the
tables of a batch never change, and the sum is made of published figures alone: it tells nothing
that they do not tell. A count hidden in any batch is hidden in the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

from exports.tables.build import Tables
from exports.tables.one_way import OneWay
from exports.tables.two_way import TwoWay
from exports.tables.variables import Category, Variable

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
