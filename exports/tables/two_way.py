"""Tables of two variables: every shown answer of one by every shown answer of the other.

What a variable's own table hides, and everybody without an answer, is one category here, the
*rest*; so every total of a two-way table is known from the one-way tables, and each total is one
published figure wherever it stands. Totals are taken to be known exactly. Then tables that share a
variable tell nothing about each other's cells, as long as the plan has no ring of tables
(``plan.rings``): any table that fits one pair can be joined with any that fits the next.

What a reader can work out about a hidden count in a table of two variables: exactly.

A table with known margins is a network: rows and columns are its nodes, cells its arcs. Starting
from the true table, people can be moved round any cycle of cells that are not pinned down; so the
highest and lowest value of a cell are maximum flows from one of its ends to the other, and whole
numbers (Gusfield 1988, SIAM Journal on Computing 17(3); Cox 1995, JASA 90(432)). A hidden count
can be anything that the margins allow, a shown one only what its rounding allows.

Which counts of a two-way table stay hidden: the fewest, proven by branch and bound.

Hidden are all counts under 10 and, so that they cannot be subtracted, some larger ones
(complementary suppression; Fischetti & Salazar 2001, Management Science 47(7); Hundepool et al.
2012, Statistical Disclosure Control, chapter 4). Where a small count is not open enough, a cut of
the network says why: at least one shown cell that crosses the cut must be hidden. The search
branches on these cells; hiding more never makes another count less open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exports.tables.one_way import Counted
from exports.tables.variables import OPEN, REST, Category, Places, Variable, rounded, shown, span

Cell = tuple[int, int]
Room = list[list[int]]


@dataclass(frozen=True)
class Grid:
    """True counts, one tuple a row; every row and column of them has a known total."""

    counts: tuple[tuple[int, ...], ...]

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """Total of each row."""
        return tuple(map(sum, self.counts))

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Total of each column."""
        return tuple(map(sum, zip(*self.counts, strict=True)))

    @cached_property
    def people(self) -> int:
        """Everybody in the table."""
        return sum(self.rows)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every (row, column)."""
        return tuple((i, j) for i in range(len(self.rows)) for j in range(len(self.columns)))

    def count(self, cell: Cell) -> int:
        """The true count of one cell."""
        return self.counts[cell[0]][cell[1]]

    def margins_allow(self, cell: Cell) -> tuple[int, int]:
        """Lowest and highest count that the margins alone allow (Fréchet bounds)."""
        row, column = self.rows[cell[0]], self.columns[cell[1]]
        return max(0, row + column - self.people), min(row, column)

    def need(self, cell: Cell) -> int:
        """How far apart the bounds of a hidden cell must be.

        OPEN, or as far as the margins let them, which are known without this table.
        """
        low, high = self.margins_allow(cell)
        return min(OPEN, high - low)


def room_of(grid: Grid, hidden: Collection[Cell]) -> Room:
    """Residual network: how many people can pass from node to node, rows first, then columns.

    From row to column: by which the cell can grow; back: by which it can shrink.
    """
    height, nodes = len(grid.rows), len(grid.rows) + len(grid.columns)
    room = [[0] * nodes for _ in range(nodes)]
    for i, j in grid.cells:
        count = grid.counts[i][j]
        low, high = grid.margins_allow((i, j)) if (i, j) in hidden else span(rounded(count))
        room[i][height + j], room[height + j][i] = high - count, count - low
    return room


def _way(room: Room, start: int, end: int) -> dict[int, int]:
    """Node → the node before it, for all that ``start`` reaches; stops when it reaches ``end``."""
    before, queue = {start: start}, [start]
    for node in queue:
        for other, free in enumerate(room[node]):
            if free > 0 and other not in before:
                before[other] = node
                if other == end:
                    return before
                queue.append(other)
    return before


def _push(room: Room, before: dict[int, int], end: int, limit: int) -> int:
    """Send as much as fits, up to ``limit``, along the way found; returns how much."""
    steps, node = [], end
    while before[node] != node:
        steps.append((before[node], node))
        node = before[node]
    much = min(limit, *(room[a][b] for a, b in steps))
    for a, b in steps:
        room[a][b] -= much
        room[b][a] += much
    return much


def flow(room: Room, ends: tuple[int, int], limit: int) -> tuple[int, frozenset[int] | None]:
    """Greatest flow between two nodes, at most ``limit``, and the cut that stops it.

    The cut is the set of nodes still reached, None where the limit was met. ``room`` is used up.
    """
    start, end = ends
    done = 0
    while done < limit:
        before = _way(room, start, end)
        if end not in before:
            return done, frozenset(before)
        done += _push(room, before, end, limit - done)
    return done, None


@dataclass(frozen=True, slots=True)
class Reach:
    """By how much a hidden cell can be higher or lower than it is, up to what was asked.

    ``cuts`` are the sets of nodes that stop it from going further, empty where nothing does.
    """

    up: int
    down: int
    cuts: tuple[frozenset[int], ...]


def _without(room: Room, a: int, b: int) -> Room:
    """A copy of ``room`` without the arcs between two nodes."""
    copy = [line[:] for line in room]
    copy[a][b] = copy[b][a] = 0
    return copy


def reach(grid: Grid, room: Room, cell: Cell, most: int) -> Reach:
    """How far the hidden ``cell`` can move, up and then down, looking no further than ``most``."""
    row, column = cell[0], len(grid.rows) + cell[1]
    can_grow, can_shrink = room[row][column], room[column][row]
    # One person more here is one person fewer along a way from its column back to its row.
    up, above = flow(_without(room, row, column), (column, row), min(most, can_grow))
    down, below = flow(_without(room, row, column), (row, column), min(most - up, can_shrink))
    return Reach(up, down, tuple(cut for cut in (above, below) if cut is not None))


def bounds(grid: Grid, hidden: Collection[Cell], cell: Cell) -> tuple[int, int]:
    """Lowest and highest count of ``cell`` in any table that a reader must think possible."""
    room = room_of(grid, hidden)
    row, column = cell[0], len(grid.rows) + cell[1]
    can_grow, can_shrink = room[row][column], room[column][row]
    up, _ = flow(_without(room, row, column), (column, row), can_grow)
    down, _ = flow(_without(room, row, column), (row, column), can_shrink)
    return grid.count(cell) - down, grid.count(cell) + up


# Nodes of the search tree, for one table; then the best found so far is taken, and said to be so.
STEPS = 2_000

Cells = frozenset[Cell]


@dataclass(frozen=True, slots=True)
class Want:
    """A small count that is not open enough, and the shown cells of which one must be hidden."""

    cell: Cell
    remedies: Cells


@dataclass(frozen=True, slots=True)
class Suppression:
    """Cells to hide. ``proven`` says that no other choice hides fewer."""

    hidden: Cells
    proven: bool
    steps: int


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the search: what is hidden, its loss, what stays shown below, what may want."""

    hidden: Cells
    loss: int
    kept: Cells
    small: tuple[Cell, ...]


def _crossing(grid: Grid, cut: frozenset[int], hidden: Cells) -> Cells:
    """Shown cells that would let more people through ``cut`` if they were hidden."""
    height = len(grid.rows)
    return frozenset(
        (i, j) for i, j in grid.cells if (i, j) not in hidden and (i in cut) != (height + j in cut)
    )


def wants(grid: Grid, hidden: Cells, small: Iterable[Cell]) -> list[Want]:
    """Which of the counts in ``small`` a reader could work out too closely."""
    room, found = room_of(grid, hidden), []
    for cell in small:
        need = grid.need(cell)
        moved = reach(grid, room, cell, need)
        if moved.up + moved.down < need:
            could = (_crossing(grid, cut, hidden) for cut in moved.cuts)
            found.append(Want(cell, frozenset[Cell]().union(*could)))
    return found


class _Search:
    """The least loss: fewest cells first, then fewest people to be expected in them.

    Expected from the totals, which everybody knows: if true counts decided, the choice would tell
    something about them.
    """

    def __init__(self, grid: Grid, given: Cells, steps: int) -> None:
        one = grid.people**2 + 1  # more than the products of all totals together
        self.grid = grid
        self.weight = {
            (i, j): one + grid.rows[i] * grid.columns[j]
            for i, j in grid.cells
            if (i, j) not in given
        }
        self.best: Cells = frozenset(grid.cells)  # hiding everything is always enough
        self.least = sum(self.weight.values())
        self.limit, self.steps = steps, 0

    def _at_least(self, remedies: Sequence[Cells]) -> int:
        """A loss that cannot be avoided: needs that share no cell add up."""
        total, taken = 0, set[Cell]()
        for could in remedies:
            if not could & taken:
                taken |= could
                total += min((self.weight[c] for c in could), default=self.least)
        return total

    def visit(self, node: _Node) -> None:
        """Try every remedy of the need that has the fewest."""
        if self.steps >= self.limit or node.loss >= self.least:
            return
        self.steps += 1
        found = wants(self.grid, node.hidden, node.small)
        if not found:
            self.best, self.least = node.hidden, node.loss
            return
        remedies = sorted(
            (w.remedies - node.kept for w in found), key=lambda r: (len(r), sorted(r))
        )
        if node.loss + self._at_least(remedies) < self.least:
            self._branch(node, remedies[0], tuple(w.cell for w in found))

    def _branch(self, node: _Node, remedies: Cells, small: tuple[Cell, ...]) -> None:
        kept = node.kept
        for cell in sorted(remedies, key=lambda c: (self.weight[c], c)):
            loss = node.loss + self.weight[cell]
            self.visit(_Node(node.hidden | {cell}, loss, kept, small))
            kept |= {cell}


def suppress(grid: Grid, given: Collection[Cell] = (), steps: int = STEPS) -> Suppression:
    """The least that must be hidden so that no count under 10 can be worked out closely.

    ``given`` are cells that are never shown, whatever they hold. Every count under 10, these
    included, ends up as open as ``Grid.need`` asks.
    """
    small = tuple(c for c in grid.cells if not shown(grid.count(c)))
    hidden = frozenset((*given, *small))
    search = _Search(grid, hidden, steps)
    search.visit(_Node(hidden, 0, frozenset(), small))
    return Suppression(search.best, search.steps < search.limit, search.steps)


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
