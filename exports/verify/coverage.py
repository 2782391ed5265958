"""k by coverage: which released rows could be whose, when a cell may stand for several values.

With local recoding classes overlap: the row "20-29, *" and the row "25, Male" may both be a man of
25. Somebody who knows the true values must reckon with every row whose cells fit them. A file that
is k-anonymous by value covers everybody k times if its cells are true; the reverse does not hold
(k-anonymity by wildcards leaves people whom one row alone covers).

Sources: Samarati 2001 (generalised tables); Wong et al. 2006 and Xu et al. 2006 (local recoding).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from exports.verify.claim import Claim
from exports.verify.coded import Coded, Ints, combined, small

# Pairs of beginnings tried at once, and in all: after that the count ends early.
AT_ONCE = 1 << 20
IN_ALL = 48 << 20


@dataclass(frozen=True, slots=True)
class Coverage:
    """``released`` has shape (true rows,): released rows that fit each; ``true`` the reverse.

    ``exact`` is false where counting ended early; the figures are then lower bounds.
    """

    released: Ints
    true: Ints
    exact: bool


@dataclass(frozen=True, slots=True)
class _Tree:
    """Different rows as a tree, a column a level: nodes at one level are different beginnings.

    Nodes are sorted by parent, then cell. ``parents[d]`` and ``cells[d]`` have shape (nodes at d,):
    the node of level d - 1 and the code at column d. ``leaf`` has shape (rows,).
    """

    parents: tuple[Ints, ...]
    cells: tuple[Ints, ...]
    leaf: Ints
    leaves: int


def _tree(columns: Sequence[Coded], rows: int) -> _Tree:
    node, nodes = np.zeros(rows, dtype=np.int64), 1
    parents, cells = [], []
    for column in columns:
        deeper, nodes = combined((small(node, nodes), column.codes), rows)
        parent, cell = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
        parent[deeper], cell[deeper] = node, column.codes
        parents.append(parent)
        cells.append(cell)
        node = deeper
    return _Tree(tuple(parents), tuple(cells), node, nodes)


def _ranges(starts: Ints, lengths: Ints) -> Ints:
    """The numbers starts[i], starts[i] + 1 … lengths[i] of them, one range after another."""
    before = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)


@dataclass(frozen=True, slots=True)
class _Fits:
    """The codes of released cells that fit each true cell: ``shown[starts[i] : starts[i + 1]]``."""

    starts: Ints
    shown: Ints


def _fits(claim: Claim, name: str, true: Coded, released: Coded) -> _Fits:
    place = {cell: at for at, cell in enumerate(true.cells)}
    fitting: list[list[int]] = [[] for _ in true.cells]
    for code, cell in enumerate(released.cells):
        cells = claim.looks_like(name, cell)
        for true_cell in place if cells is None else cells & place.keys():
            fitting[place[true_cell]].append(code)
    lengths = np.array([len(codes) for codes in fitting], dtype=np.int64)
    shown = np.array([code for codes in fitting for code in codes], dtype=np.int64)
    return _Fits(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), shown)


class _Level:
    """One column of both trees: from pairs of beginnings to pairs that are one cell longer."""

    def __init__(self, true: _Tree, released: _Tree, fits: _Fits, depth: int) -> None:
        self.cells, self.fits = true.cells[depth], fits
        nodes = int(true.parents[depth].max(initial=-1)) + 2
        self.starts = np.searchsorted(true.parents[depth], np.arange(nodes))
        self.width = int(released.cells[depth].max(initial=0)) + 1
        if len(fits.shown):
            self.width = max(self.width, int(fits.shown.max()) + 1)
        self.known = released.parents[depth] * self.width + released.cells[depth]
        self.children = np.diff(self.starts)
        width = np.diff(fits.starts)[self.cells]
        self.tries = np.bincount(true.parents[depth], width).astype(np.int64)

    def down(self, true: Ints, released: Ints) -> tuple[Ints, Ints]:
        """The children of pairs of nodes that fit each other."""
        child = _ranges(self.starts[true], self.children[true])
        beside = np.repeat(released, self.children[true])
        cell = self.cells[child]
        many = self.fits.starts[cell + 1] - self.fits.starts[cell]
        shown = self.fits.shown[_ranges(self.fits.starts[cell], many)]
        wanted = np.repeat(beside, many) * self.width + shown
        found = np.minimum(np.searchsorted(self.known, wanted), len(self.known) - 1)
        here = self.known[found] == wanted
        return np.repeat(child, many)[here], found[here]


class _Walk:
    """Goes down both trees at once, along pairs of nodes that fit each other."""

    def __init__(self, levels: Sequence[_Level], limit: int) -> None:
        self.levels, self.limit, self.ended = levels, limit, False

    def pairs(self) -> Iterator[tuple[Ints, Ints]]:
        """Pairs of leaves that fit, in pieces; ends early when too many would be tried."""
        root, tried = np.zeros(1, dtype=np.int64), 0
        waiting = [(0, root, root)]
        while waiting and tried <= self.limit:
            depth, true, released = waiting.pop()
            if depth == len(self.levels):
                yield true, released
                continue
            tries = int(self.levels[depth].tries[true].sum())
            if tries > AT_ONCE and len(true) > 1:
                half = len(true) // 2
                waiting.append((depth, true[:half], released[:half]))
                waiting.append((depth, true[half:], released[half:]))
                continue
            tried += tries
            waiting.append((depth + 1, *self.levels[depth].down(true, released)))
        self.ended = not waiting


def coverage_of(
    true: Sequence[Coded],
    released: Sequence[Coded],
    names: Sequence[str],
    *,
    rows: tuple[int, int],
    claim: Claim,
    limit: int = IN_ALL,
) -> Coverage:
    """Who fits whom, over the key columns ``names``; without any, everybody fits everybody.

    ``rows`` are those of the two tables, which need not be equally long.
    Works on different rows only, so that a million rows with few different keys cost little.
    """
    if 0 in rows:
        return Coverage(np.zeros(rows[0], np.int64), np.zeros(rows[1], np.int64), exact=True)
    ours, theirs = _tree(true, rows[0]), _tree(released, rows[1])
    fits = [_fits(claim, *column) for column in zip(names, true, released, strict=True)]
    walk = _Walk([_Level(ours, theirs, fit, at) for at, fit in enumerate(fits)], limit)
    sizes = np.bincount(theirs.leaf, minlength=theirs.leaves)
    counts = np.bincount(ours.leaf, minlength=ours.leaves)
    covered, covers = np.zeros(ours.leaves), np.zeros(theirs.leaves)
    for one, other in walk.pairs():
        covered += np.bincount(one, sizes[other], minlength=ours.leaves)
        covers += np.bincount(other, counts[one], minlength=theirs.leaves)
    return Coverage(
        covered.astype(np.int64)[ours.leaf], covers.astype(np.int64)[theirs.leaf], walk.ended
    )
