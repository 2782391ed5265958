"""Downcoding: the rule by which cells were coarsened, run backwards on the written file.

A recoding that makes each row no coarser than it must be tells by what it did not do (Cohen 2021,
"Attacks on Deidentification's Defenses", arXiv 2202.13470). Where the file has a class that shows
less loss and fits a row of another class if a coarsened cell of it were some value, the row would
have been put there: so it is not that value. What is left are the candidates of the cell. They are
the same for all rows of a class, and the class need not bear it that a row leaves: an attacker does
not stop at that, and a wrong guess is counted as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from exports.verify.attack_results import GUESSED, OF_ONE_LEFT, ONE_LEFT, AttackResult
from exports.verify.reading import Bools, Claim, CodedColumn, Floats, Ints, Table, combined

CLASSES_COMPARED = 20_000_000  # pairs of classes looked at, at most
CLASSES_TRIED = 2_000  # classes with coarsened cells, evenly over all, whose cells are guessed
AT_ONCE = 2_000_000  # pairs held in memory

READER = "knows the program and the policy"
TRIED: Mapping[str, str] = {
    GUESSED: (
        "Guess what a coarsened or withheld cell of a core variable was: the commonest, by the"
        " file’s own shares, of the candidates that the program’s rule leaves when it is run"
        " backwards (Cohen 2021). In place of a control group stands the commonest of all that the"
        " cell may be, without the rule; the difference is what the rule gives away."
    ),
    ONE_LEFT: (
        "Share of those cells of which the rule leaves one candidate, and it is the right one."
    ),
    OF_ONE_LEFT: (
        "How often one candidate is right, of the cells of which one is left; in place of a control"
        " group, the guess without the rule in the same cells."
    ),
}


def downcoded(table: Table, claim: Claim, truth: Table) -> list[AttackResult]:
    """Return both results; none where no cell of the key is coarsened.

    ``truth`` are the true cells of the file's rows, in file order.
    """
    key = [name for name in claim.core if name in table]
    columns = [_KeyColumn(table[name], claim, name) for name in key]
    classes, whose = _classes(table, key)
    coarse = np.array([column.wide[at] for column, at in zip(columns, classes, strict=True)])
    tried = _tried(coarse, classes.shape[-1])
    tally, step = _Tally(), max(1, AT_ONCE // max(classes.shape[-1], 1))
    for start in range(0, len(tried), step):
        some = tried[start : start + step]
        excluded = _excluded(columns, classes, some)
        for at, column in enumerate(columns):
            place = np.full(classes.shape[1], -1, dtype=np.int64)
            place[some] = np.where(coarse[at][some], np.arange(len(some)), -1)
            rows = np.flatnonzero(place[whose] >= 0)
            may_be = column.holds[classes[at][whose[rows]]]
            left = may_be & ~excluded[at][place[whose[rows]]]
            tally.add(column, column.true(truth[key[at]], rows), may_be, left)
    return tally.results()


def _classes(table: Table, key: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the cells of each class, shape (key columns, classes), and the class of each row."""
    if not key:
        return np.empty((0, 0), dtype=np.int64), np.empty(0, dtype=np.int64)
    whose, count = combined([table[name].codes for name in key], len(table[key[0]].codes))
    first = np.zeros(count, dtype=np.int64)
    first[whose] = np.arange(len(whose))
    return np.array([table[name].codes[first] for name in key], dtype=np.int64), whose


def _tried(coarse: Bools, count: int) -> Ints:
    """Return the classes with coarsened cells that are tried, evenly over all of them."""
    able = np.flatnonzero(coarse.any(axis=0)) if coarse.size else np.empty(0, dtype=np.int64)
    if not len(able):
        return able
    most = max(1, min(len(able), CLASSES_TRIED, CLASSES_COMPARED // count))
    return able[np.unique(np.linspace(0, len(able) - 1, most).astype(np.int64))]


class _Tally:
    """Cells that were guessed, and how often what was right."""

    def __init__(self) -> None:
        self.tries = self.by_rule = self.without = 0
        self.one, self.one_right, self.one_without = 0, 0, 0

    def add(self, column: _KeyColumn, true: Ints, may_be: Bools, left: Bools) -> None:
        """Count cells by what is true of them (-1: not answered), may be and is left."""
        valued = true >= 0
        true, may_be, left = true[valued], may_be[valued], left[valued]
        one = np.asarray(left.sum(axis=1) == 1)
        # A rule that leaves nothing is wrong there, and says nothing.
        left = np.where(np.asarray(left.any(axis=1))[:, None], left, may_be)
        by_rule = np.asarray(column.commonest(left) == true)
        without = np.asarray(column.commonest(may_be) == true)
        self.tries += len(true)
        self.by_rule += int(by_rule.sum())
        self.without += int(without.sum())
        self.one += int(one.sum())
        self.one_right += int(by_rule[one].sum())
        self.one_without += int(without[one].sum())

    def results(self) -> list[AttackResult]:
        """Return the results; none where no cell was tried."""
        if not self.tries:
            return []
        guesses = (self.by_rule, self.tries, self.without, self.tries)
        of_one = (self.one_right, self.one, self.one_without, self.one)
        return [
            AttackResult(GUESSED, READER, "", *guesses),
            AttackResult(ONE_LEFT, READER, "", self.one_right, self.tries),
            *([AttackResult(OF_ONE_LEFT, READER, "", *of_one)] if self.one else []),
        ]


class _KeyColumn:
    """A key column: what each written cell may be (``holds``, by cell and value), and its loss."""

    def __init__(self, column: CodedColumn, claim: Claim, name: str) -> None:
        groups = claim.covers.get(name, {})
        nothing = {*claim.missing.get(name, ()), claim.suppressed.get(name)}
        leaves = {c for covers in groups.values() for c in covers if c not in groups}
        leaves |= {c for c in column.cells if c not in groups and c not in nothing}
        self.values = sorted(leaves)
        self.place = {value: at for at, value in enumerate(self.values)}
        self.holds = np.zeros((len(column.cells), len(self.values)), dtype=np.bool_)
        for at, cell in enumerate(column.cells):
            inside = leaves if cell in nothing else (groups.get(cell, {cell}) & leaves)
            self.holds[at, [self.place[value] for value in inside]] = True
        sizes = self.holds.sum(axis=1)
        self.wide = np.asarray(sizes > 1)
        self.loss: Floats = (sizes - 1) / max(len(self.values) - 1, 1)
        # inside[a, b]: all that a may be, b may be.
        self.inside = np.asarray(~(self.holds[:, None] & ~self.holds[None]).any(axis=2))
        counts = column.counts()
        shown = self.holds & ~self.wide[:, None]
        self.shares: Floats = (shown * counts[:, None]).sum(axis=0).astype(np.float64)

    def true(self, truth: CodedColumn, rows: Ints) -> Ints:
        """Return what is true of each row as a place in ``values``, -1 for what is not there."""
        places = np.array([self.place.get(cell, -1) for cell in truth.cells], dtype=np.int64)
        return places[truth.codes[rows]]

    def commonest(self, which: Bools) -> Ints:
        """Return of each line of candidates the one that the file shows most often."""
        if not self.values:
            return np.full(len(which), -1, dtype=np.int64)
        return np.asarray(np.where(which, self.shares, -1.0).argmax(axis=1))


def _excluded(columns: Sequence[_KeyColumn], nodes: Ints, some: Ints) -> list[Bools]:
    """Return by column which values the rule excludes for each class in ``some``.

    A class that loses less and holds the rest of a class's cells excludes what it holds itself.
    """
    count = nodes.shape[1]
    outside = np.zeros((len(some), count), dtype=np.uint8)
    losses = np.zeros(count)
    for column, at in zip(columns, nodes, strict=True):
        outside += ~column.inside[at[some]][:, at]
        losses += column.loss[at]
    near = (outside == 1) & (losses[None] < losses[some][:, None])
    found = []
    for column, at in zip(columns, nodes, strict=True):
        mine = near & ~column.inside[at[some]][:, at]
        seen = np.stack([mine[:, at == cell].any(axis=1) for cell in range(len(column.holds))])
        found.append((seen.T.astype(np.uint8) @ column.holds.astype(np.uint8)) > 0)
    return found
