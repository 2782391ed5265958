"""k by coverage: released rows that could be a person's, when a cell stands for several values.

With local recoding classes overlap: the row "20-29, *" and the row "25, Male" may both be a man of
25. An attacker who knows the true values must reckon with every row whose cells fit them. A file
that is k-anonymous by value covers everybody k times if its cells are true; the reverse does not
hold (k-anonymity by wildcards leaves people whom one row alone covers).

Sources: Samarati 2001 (generalised tables); Wong et al. 2006 and Xu et al. 2006 (local recoding).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from exports.verify.equivalence_classes import EquivalenceClasses, as_key, classes_of
from exports.verify.findings import TruthComparison
from exports.verify.people import NOBODY
from exports.verify.reading import Claim, CodedColumn, Ints, Table, coded, combined, pairs, small

# Pairs of beginnings tried at once, and in all: after that the count ends early.
AT_ONCE = 1 << 20
IN_ALL = 48 << 20
# Pairs of a row and a person kept at most.
PEOPLE = 1 << 24
EVERYBODY = 1 << 62


@dataclass(frozen=True, slots=True)
class Coverage:
    """``released`` has shape (true rows,): people whose rows fit each; ``true`` the reverse.

    ``exact`` is false where counting ended early; the figures are then lower bounds.
    """

    released: Ints
    true: Ints
    exact: bool


@dataclass(frozen=True, slots=True)
class _RowTree:
    """Distinct rows as a tree, a column a level: nodes at one level are distinct beginnings.

    Nodes are sorted by parent, then cell. ``parents[d]`` and ``cells[d]`` have shape (nodes at d,):
    the node of level d - 1 and the code at column d. ``leaf`` has shape (rows,).
    """

    parents: tuple[Ints, ...]
    cells: tuple[Ints, ...]
    leaf: Ints
    leaves: int


def _tree(columns: Sequence[CodedColumn], rows: int) -> _RowTree:
    node, nodes = np.zeros(rows, dtype=np.int64), 1
    parents, cells = [], []
    for column in columns:
        deeper, nodes = combined((small(node, nodes), column.codes), rows)
        parent, cell = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
        parent[deeper], cell[deeper] = node, column.codes
        parents.append(parent)
        cells.append(cell)
        node = deeper
    return _RowTree(tuple(parents), tuple(cells), node, nodes)


def _ranges(starts: Ints, lengths: Ints) -> Ints:
    """Return starts[i], starts[i] + 1 … lengths[i] numbers, one range after another."""
    before = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)


@dataclass(frozen=True, slots=True)
class _FittingCells:
    """The codes of released cells that fit each true cell: ``shown[starts[i] : starts[i + 1]]``."""

    starts: Ints
    shown: Ints


def _fits(claim: Claim, name: str, true: CodedColumn, released: CodedColumn) -> _FittingCells:
    place = {cell: at for at, cell in enumerate(true.cells)}
    fitting: list[list[int]] = [[] for _ in true.cells]
    for code, cell in enumerate(released.cells):
        cells = claim.looks_like(name, cell)
        for true_cell in place if cells is None else cells & place.keys():
            fitting[place[true_cell]].append(code)
    lengths = np.array([len(codes) for codes in fitting], dtype=np.int64)
    shown = np.array([code for codes in fitting for code in codes], dtype=np.int64)
    return _FittingCells(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), shown)


class _TreeLevel:
    """One column of both trees, to lengthen pairs of beginnings by one cell."""

    def __init__(self, true: _RowTree, released: _RowTree, fits: _FittingCells, depth: int) -> None:
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
        """Return the children of pairs of nodes that fit each other."""
        child = _ranges(self.starts[true], self.children[true])
        beside = np.repeat(released, self.children[true])
        cell = self.cells[child]
        many = self.fits.starts[cell + 1] - self.fits.starts[cell]
        shown = self.fits.shown[_ranges(self.fits.starts[cell], many)]
        wanted = np.repeat(beside, many) * self.width + shown
        found = np.minimum(np.searchsorted(self.known, wanted), len(self.known) - 1)
        here = self.known[found] == wanted
        return np.repeat(child, many)[here], found[here]


class _PairWalk:
    """Walk down both trees at once, along pairs of nodes that fit each other."""

    def __init__(self, levels: Sequence[_TreeLevel], limit: int) -> None:
        self.levels, self.limit, self.ended = levels, limit, False

    def pairs(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield pairs of leaves that fit, in parts; end early when too many would be tried."""
        root, tried = np.zeros(1, dtype=np.int64), 0
        waiting = [(0, root, root)]
        while waiting and tried <= self.limit:
            depth, true, released = waiting.pop()
            if depth == len(self.levels):
                yield true, released
                continue
            tries = int(self.levels[depth].tries[true].sum())
            # Halves bound the memory: the one pushed last is worked off first.
            if tries > AT_ONCE and len(true) > 1:
                half = len(true) // 2
                waiting.append((depth, true[:half], released[:half]))
                waiting.append((depth, true[half:], released[half:]))
                continue
            tried += tries
            waiting.append((depth + 1, *self.levels[depth].down(true, released)))
        self.ended = not waiting


class _PeopleOfLeaves:
    """The different people whose rows fit a leaf, while pairs of leaves come in."""

    def __init__(self, tree: _RowTree, people: Ints) -> None:
        self.span = int(people.max(initial=0)) + 1
        there = people != NOBODY
        both = np.unique(tree.leaf[there] * self.span + people[there])
        self.person = both % self.span
        self.starts = np.searchsorted(both // self.span, np.arange(tree.leaves + 1))
        self.found = np.empty(0, dtype=np.int64)

    def add(self, one: Ints, other: Ints) -> bool:
        """Take that rows of leaf ``one`` fit those of ``other``; False where there are too many."""
        lengths = np.diff(self.starts)[other]
        if len(self.found) + int(lengths.sum()) > PEOPLE:
            return False
        person = self.person[_ranges(self.starts[other], lengths)]
        new = np.repeat(one, lengths) * self.span + person
        self.found = np.unique(np.concatenate((self.found, new)))
        return True

    def count(self, leaves: int) -> Ints:
        """Return how many people fit each leaf."""
        return np.bincount(self.found // self.span, minlength=leaves).astype(np.int64)


def coverage_of(
    true: Sequence[CodedColumn],
    released: Sequence[CodedColumn],
    names: Sequence[str],
    *,
    rows: tuple[int, int],
    claim: Claim,
    limit: int = IN_ALL,
    people: tuple[Ints, Ints] | None = None,
) -> Coverage:
    """Return which rows fit which over the key columns ``names``; without any, all fit all.

    ``rows`` are those of the two tables, which need not be equally long, ``people`` say whose each
    row is (None: each is another person's). Only distinct rows are compared, so that a million rows
    with few distinct keys cost little.
    """
    if 0 in rows:
        return Coverage(np.zeros(rows[0], np.int64), np.zeros(rows[1], np.int64), exact=True)
    ours, theirs = _tree(true, rows[0]), _tree(released, rows[1])
    fits = [_fits(claim, *column) for column in zip(names, true, released, strict=True)]
    walk = _PairWalk([_TreeLevel(ours, theirs, fit, at) for at, fit in enumerate(fits)], limit)
    if people is not None:
        seen = _PeopleOfLeaves(theirs, people[1]), _PeopleOfLeaves(ours, people[0])
        for one, other in walk.pairs():
            if not (seen[0].add(one, other) and seen[1].add(other, one)):
                walk.ended = False
                break
        fit = seen[0].count(ours.leaves)[ours.leaf], seen[1].count(theirs.leaves)[theirs.leaf]
        return Coverage(*fit, walk.ended)
    sizes = np.bincount(theirs.leaf, minlength=theirs.leaves)
    counts = np.bincount(ours.leaf, minlength=ours.leaves)
    covered, covers = np.zeros(ours.leaves), np.zeros(theirs.leaves)
    for one, other in walk.pairs():
        covered += np.bincount(one, sizes[other], minlength=ours.leaves)
        covers += np.bincount(other, counts[one], minlength=theirs.leaves)
    return Coverage(
        covered.astype(np.int64)[ours.leaf], covers.astype(np.int64)[theirs.leaf], walk.ended
    )


def _untrue_cells(released: CodedColumn, true: CodedColumn, name: str, claim: Claim) -> int:
    """Return how many cells do not stand for the true cell in their position."""
    shown, meant, count = pairs(released.codes, true.codes, max(1, len(true.cells)))
    if coding := claim.numbers.get(name):
        allowed = (
            coding.allows(true.cells[cell], released.cells[one])
            for one, cell in zip(shown.tolist(), meant.tolist(), strict=True)
        )
        return int(count[~np.fromiter(allowed, dtype=bool)].sum())
    place = {cell: at for at, cell in enumerate(true.cells)}
    own = np.array([place.get(cell, -1) for cell in released.cells], dtype=np.int64)
    wrong, standing = 0, {}
    for at in np.flatnonzero(own[shown] != meant).tolist():
        one, cell = int(shown[at]), true.cells[meant[at]]
        if one not in standing:
            standing[one] = claim.stands_for(name, released.cells[one])
        cells = standing[one]
        wrong += int(count[at]) if cells is not None and cell not in cells else 0
    return wrong


def _untrue(table: Table, truth: pl.DataFrame, rows: Ints, claim: Claim) -> Mapping[str, int]:
    """Return column → untrue cells, for columns of file and truth that have any."""
    found = {}
    # One column at a time, so that the truth is never text as a whole.
    for name, column in table.items():
        if name in truth.columns:
            true = coded(truth[name])
            true = CodedColumn(true.codes[rows], true.cells)
            if wrong := _untrue_cells(column, true, name, claim):
                found[name] = wrong
    return found


def _key_coverage(
    table: Table,
    frame: pl.DataFrame,
    *,
    rows: int,
    claim: Claim,
    people: tuple[Ints, Ints] | None = None,
) -> Coverage:
    """Return which rows of ``frame`` fit which of the ``rows`` rows of the file."""
    true, released = [coded(frame[n]) for n in claim.core], [table[n] for n in claim.core]
    return coverage_of(
        true, released, claim.core, rows=(frame.height, rows), claim=claim, people=people
    )


def compared(
    table: Table,
    truth: pl.DataFrame,
    truth_rows: Ints,
    claim: Claim,
    classes: EquivalenceClasses,
    people: Ints | None = None,
) -> TruthComparison:
    """Compare the file with its true rows; cells only where the pairing fits the file.

    ``truth_rows`` is the position of each released row's own in ``truth`` (-1: it has none),
    ``people`` says whose each true row is (None: each is another person's).
    """
    rows, paired = len(classes.of_row), len(truth_rows)
    valid = truth_rows[(truth_rows >= 0) & (truth_rows < truth.height)]
    true = {name: coded(truth[name]) for name in claim.core}
    key, nothing = as_key(true, claim.core, claim), np.zeros(truth.height, dtype=np.int64)
    before = classes_of(key, nothing, people)
    fits = paired == rows == len(valid)
    # Without a person for each row of the file, rows are counted: they are refused for that.
    whose = (people, people[truth_rows]) if people is not None and fits else None
    found = _key_coverage(table, truth, rows=rows, claim=claim, people=whose)
    there = np.bincount(valid, minlength=truth.height)[: truth.height] > 0
    released, reverse = found.released[valid], found.true
    if fits and not found.exact:  # then everybody is covered by their own class at least
        released = np.maximum(released, classes.sizes[classes.of_row])
        reverse = np.maximum(reverse, classes.sizes[classes.of_row])
    return TruthComparison(
        rows_true=truth.height if people is None else _people(people),
        left_out=int((~there).sum()) if people is None else _people(people[~there]),
        repeated=len(valid) - int(there.sum()),
        unpaired=abs(rows - paired) + paired - len(valid),
        unique_before=before.unique,
        k_coverage=int(released.min()) if len(released) else 0,
        k_coverage_reverse=int(reverse.min()) if len(reverse) else 0,
        exact=found.exact,
        untrue=_untrue(table, truth, truth_rows, claim) if fits else {},
    )


def _people(people: Ints) -> int:
    return len(np.unique(people[people != NOBODY]))


def people_under(
    classes: EquivalenceClasses,
    table: Table,
    *,
    people: pl.DataFrame,
    claim: Claim,
    whose: Ints | None = None,
) -> Ints:
    """Return how many of ``people``, by their true values, fit each class, shape (classes,).

    ``whose`` says whose each of their rows is (None: each is another person's).
    All are counted, however long that takes: a share of some of them would bound nothing.
    """
    true, released = [coded(people[n]) for n in claim.core], [table[n] for n in claim.core]
    one = [column.at(classes.first) for column in released]
    found = coverage_of(
        true,
        one,
        claim.core,
        rows=(people.height, classes.count),
        claim=claim,
        limit=EVERYBODY,
        people=None if whose is None else (whose, np.arange(classes.count)),
    )
    return found.true
