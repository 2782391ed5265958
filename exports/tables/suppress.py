"""Which counts of a two-way table stay hidden: the fewest, proven by branch and bound.

Hidden are all counts under 10 and, so that they cannot be subtracted, some larger ones
(complementary suppression; Fischetti & Salazar 2001, Management Science 47(7); Hundepool et al.
2012, Statistical Disclosure Control, chapter 4). Where a small count is not open enough, a cut of
the network says why: at least one shown cell that crosses the cut must be hidden. The search
branches on these cells; hiding more never makes another count less open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from exports.tables.interval import Cell, Grid, reach, room_of
from exports.tables.rule import shown

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
