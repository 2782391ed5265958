"""What a reader can work out about a hidden count in a table of two variables: exactly.

A table with known margins is a network: rows and columns are its nodes, cells its arcs. Starting
from the true table, people can be moved round any cycle of cells that are not pinned down; so the
highest and lowest value of a cell are maximum flows from one of its ends to the other, and whole
numbers (Gusfield 1988, SIAM Journal on Computing 17(3); Cox 1995, JASA 90(432)). A hidden count
can be anything that the margins allow, a shown one only what its rounding allows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from exports.tables.rule import OPEN, rounded, span

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
