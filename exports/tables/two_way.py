"""Tables of two variables: every shown answer of one by every shown answer of the other.

What a variable's own table hides, and everybody without an answer, is one category here, the
*rest*; so every total of a two-way table is known from the one-way tables, and each total is one
published figure wherever it stands. Totals are taken to be known exactly. Then tables that share a
variable tell nothing about each other's cells, as long as the plan has no ring of tables
(``plan.rings``): any table that fits one pair can be joined with any that fits the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.tables.interval import Cell, Grid
from exports.tables.one_way import Counted
from exports.tables.rule import rounded
from exports.tables.suppress import suppress
from exports.tables.variables import REST, Category, Places, Variable

Bools = NDArray[np.bool_]

NO_ANSWER = "No answer, or not asked"
TOO_FEW = "No answer, not asked, or an answer too few gave"


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A finished table: nothing in it but what may be read. None is a hidden count.

    ``counts`` has one tuple a category of ``row``, the rest last where there is one; totals are
    those of the one-way tables, the rest's are not shown.
    """

    row: Variable
    column: Variable
    row_totals: tuple[int | None, ...]
    column_totals: tuple[int | None, ...]
    counts: tuple[tuple[int | None, ...], ...]
    proven: bool = True


@dataclass(frozen=True, slots=True)
class _Side:
    """One variable of a two-way table: its categories there, their totals, and each row's place."""

    variable: Variable
    totals: tuple[int | None, ...]
    places: Places
    rest: int | None


def _rest(unshown: Iterable[Category]) -> Category:
    few = any(not category.missing for category in unshown)
    return Category(REST, TOO_FEW if few else NO_ANSWER, 0, 0)


def _side(counted: Counted) -> _Side:
    categories, hidden = counted.variable.categories, counted.hidden
    kept = [at for at, c in enumerate(categories) if not c.missing and at not in hidden]
    place = np.full(len(categories), len(kept))
    place[kept] = np.arange(len(kept))
    some = len(kept) < len(categories)
    rest = _rest(categories[at] for at in hidden)
    shown = (*(categories[at] for at in kept), *(rest,) * some)
    totals = (*(rounded(counted.counts[at]) for at in kept), *(None,) * some)
    variable = Variable(counted.variable.name, counted.variable.label, shown)
    return _Side(variable, totals, place[counted.places], len(kept) if some else None)


def _matrix(row: _Side, column: _Side) -> tuple[tuple[int, ...], ...]:
    height, width = len(row.totals), len(column.totals)
    flat = np.bincount(row.places * width + column.places, minlength=height * width)
    return tuple(tuple(int(n) for n in line) for line in flat.reshape(height, width))


def _unasked(counted: Counted) -> Bools:
    """Which rows were not asked the question."""
    codes = [at for at, c in enumerate(counted.variable.categories) if c.routed]
    return np.isin(counted.places, codes)


def _asked_grid(row: Counted, column: Counted, matrix: tuple[tuple[int, ...], ...]) -> Grid:
    """The table without those asked neither: routing tells the reader how many they are."""
    neither = int((_unasked(row) & _unasked(column)).sum())
    last = (*matrix[-1][:-1], matrix[-1][-1] - neither)
    return Grid((*matrix[:-1], last))


def _shows(side: _Side) -> bool:
    """Whether any answer of a variable has a total that is shown."""
    return any(total is not None for total in side.totals)


def cross(row: Counted, column: Counted) -> TwoWay:
    """The table of two counted variables, with as little hidden as the 10-5 rule allows."""
    down, across = _side(row), _side(column)
    matrix = _matrix(down, across)
    both = down.rest is not None and across.rest is not None
    # Nobody needs to know how many answered neither, and their cell keeps the others open.
    corner: list[Cell] = [(len(matrix) - 1, len(matrix[0]) - 1)] * both
    found = suppress(_asked_grid(row, column, matrix), given=corner)
    shows = _shows(down) and _shows(across)
    counts = tuple(
        tuple(
            rounded(n) if shows and (i, j) not in found.hidden else None for j, n in enumerate(line)
        )
        for i, line in enumerate(matrix)
    )
    return TwoWay(down.variable, across.variable, down.totals, across.totals, counts, found.proven)
