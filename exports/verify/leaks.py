"""Withheld cells that another column of the same file gives away.

A column is given away by another when every known cell of the one goes with a single value of the
other, so often that chance is no explanation: a score beside its only item, a copy under another
name, a code and its label. Minimality attacks on the recoding itself are another matter (Wong et
al. 2007; Cohen 2021): see exports/verify/wording.py.

Whether the order of the rows says when they arrived.

A file sorted by its own content tells nothing by its order. Otherwise the order is compared with
that of the input: if the two go together, whoever knows roughly when somebody answered is helped.

What k does not count: the answers themselves, when somebody knows a few of them.

Ten ordinary answers are as telling as an address: in a personality inventory of 2,577 people, ten
of the answers on six-point scales single out nearly everybody (the idea: Narayanan & Shmatikov
2008).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.verify.claim import Claim
from exports.verify.equivalence_classes import Classes, classes_of, each_batch
from exports.verify.reading import Bools, Coded, Ints, Table, pairs

CHANCE = 1e-6  # below this probability an agreement is no accident
SAMPLE = 10_000  # rows that are looked at first: most columns give nothing away
COMPARED = 1_000  # cells of a column up to which bands are compared with their parts


@dataclass(frozen=True, slots=True)
class GivenAway:
    """``cells`` withheld cells of ``column`` can be worked out from ``source``."""

    column: str
    source: tuple[str, ...]
    cells: int


class _Meanings:
    """Which cells of one column may mean the same person: equal ones, and a band and its parts."""

    def __init__(self, name: str, column: Coded, claim: Claim) -> None:
        standing = [claim.stands_for(name, cell) or frozenset() for cell in column.cells]
        widths = [len(cells) for cells in standing]
        # Rank of each cell by how much it says, the most telling first.
        self.order = np.argsort(widths, kind="stable")
        self.rank = np.argsort(self.order, kind="stable")
        self.agree = self._matrix(standing) if len(standing) <= COMPARED else None

    @staticmethod
    def _matrix(standing: Sequence[frozenset[str]]) -> Bools:
        return np.array([[not one.isdisjoint(two) for two in standing] for one in standing])

    def same(self, one: Ints, other: Ints) -> Bools:
        """Whether pairs of cells agree. A column of very many cells agrees where they are equal."""
        return np.asarray(one == other if self.agree is None else self.agree[one, other])

    def chance(self, counts: Ints) -> float:
        """Probability that two cells drawn at random agree."""
        shares = counts / counts.sum()
        return float(shares @ (shares if self.agree is None else self.agree @ shares))


class _Target:
    """A key column with withheld cells, ready to be compared with all others."""

    def __init__(self, name: str, table: Table, claim: Claim, classes: Classes) -> None:
        self.column, self.classes = table[name], classes
        self.withheld = self.column.is_cell(claim.suppressed.get(name))
        # Who gave no answer (routing may well tell that) says nothing about those who gave one.
        lacking = [cell in claim.missing.get(name, ()) for cell in self.column.cells]
        self.known = np.flatnonzero(~self.withheld & ~np.array(lacking)[self.column.codes])
        self.sample = self.known[:: max(1, len(self.known) // SAMPLE)]
        self.meanings = _Meanings(name, self.column, claim)

    @property
    def guessable(self) -> bool:
        """Whether there is anything to guess, and anything to learn it from."""
        return bool(self.withheld.any()) and len(np.unique(self.column.codes[self.known])) > 1

    def _determined(self, other: Coded, rows: Ints) -> Bools | None:
        """Cells of ``other`` seen with one meaning of this column; None if any is seen with two."""
        width = len(self.column.cells)
        source, cell, _ = pairs(other.codes[rows], self.column.codes[rows], width)
        finest = np.full(len(other.cells), width, dtype=np.int64)
        np.minimum.at(finest, source, self.meanings.rank[cell])
        chosen = self.meanings.order[finest[source]]
        return finest < width if self.meanings.same(chosen, cell).all() else None

    def _accident(self, other: Coded, rows: Ints) -> float:
        """Logarithm of the probability that as many of ``rows`` agree by chance."""
        repeats = len(rows) - len(np.unique(other.codes[rows]))
        seen = self.column.codes[rows]
        counts = np.bincount(seen, minlength=len(self.column.cells)).astype(np.int64)
        return repeats * log(self.meanings.chance(counts))

    def guessed(self, other: Coded, blank: str | None, *, in_key: bool) -> int:
        """Withheld cells that ``other`` gives away; its cell ``blank`` says nothing.

        A class shares the cells of the key by construction: beside another column of the key it is
        one observation and not many.
        """
        if self._determined(other, _telling(other, blank, self.sample)) is None:
            return 0
        rows = _telling(other, blank, self.known)
        known = self._determined(other, rows)
        if known is None or not len(rows):
            return 0
        seen = np.unique(self.classes.first[self.classes.of_row[rows]]) if in_key else rows
        if self._accident(other, seen) > log(CHANCE):
            return 0
        return int((known[other.codes] & self.withheld & ~other.is_cell(blank)).sum())


def _telling(column: Coded, blank: str | None, rows: Ints) -> Ints:
    """Those of ``rows`` whose cell is not ``blank``."""
    if blank is None or blank not in column.cells:
        return rows
    telling: Ints = rows[column.codes[rows] != column.cells.index(blank)]
    return telling


def _columns_beside(name: str, table: Table) -> Iterator[tuple[str, Coded]]:
    """Columns that could say the same: not one cell for all, not a different cell for each row."""
    for other, column in table.items():
        if other != name and 1 < len(column.cells) <= len(column.codes) // 2:
            yield other, column


def _derived(name: str, table: Table, claim: Claim) -> GivenAway | None:
    """Withheld cells whose sources, by a rule that everybody knows, all stand in the file."""
    sources = claim.derived.get(name, ())
    if not sources or not set(sources) <= table.keys():
        return None
    open_ = table[name].is_cell(claim.suppressed.get(name))
    for source in sources:
        telling = [len(claim.stands_for(source, cell) or ()) == 1 for cell in table[source].cells]
        open_ = open_ & np.array(telling, dtype=bool)[table[source].codes]
    return GivenAway(name, sources, int(open_.sum())) if open_.any() else None


def given_away(table: Table, claim: Claim, classes: Classes) -> tuple[GivenAway, ...]:
    """What can be worked out of withheld key cells: the most telling source of each column."""
    found: list[GivenAway] = []
    for name in dict.fromkeys((*claim.core, *claim.insider, *claim.derived)):
        best = _derived(name, table, claim)
        target = _Target(name, table, claim, classes)
        for other, column in _columns_beside(name, table) if target.guessable else ():
            blank = claim.suppressed.get(other)
            cells = target.guessed(column, blank, in_key=other in claim.core)
            if cells > (best.cells if best else 0):
                best = GivenAway(name, (other,), cells)
        found.extend([best] if best else [])
    return tuple(found)


def withheld_cells(table: Table, claim: Claim) -> Mapping[str, int]:
    """Column → withheld cells, for columns that have any."""
    counts = {n: int(table[n].is_cell(c).sum()) for n, c in claim.suppressed.items() if n in table}
    return {name: count for name, count in counts.items() if count}


# Standard errors of a rank correlation beyond which chance is no explanation (two-sided 6 in
# 100,000); and the fewest rows whose exact order chance gives less than once in 2,000 files.
FAR, FEW = 4.0, 7


@dataclass(frozen=True, slots=True)
class RowOrder:
    """``correlation`` is Spearman's, of position with true position, strongest of the batches."""

    by_content: bool
    correlation: float | None
    follows_input: bool


def _ranks(cells: tuple[str, ...]) -> Iterator[NDArray[np.int64]]:
    """Places of the cells in the orders a file may be sorted in: as text, and as numbers."""
    texts = pl.Series(cells, dtype=pl.String)
    yield texts.rank("dense").cast(pl.Int64).to_numpy()
    filled = texts.replace("", None)
    numbers = filled.cast(pl.Float64, strict=False)
    if numbers.null_count() == filled.null_count():
        yield numbers.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()


def counts_up(column: Coded) -> bool:
    """Whether the column only numbers the lines 1, 2, 3 …, which says nothing."""
    rows = len(column.codes)
    if len(column.cells) != rows or column.cells[column.codes[0]] != "1":
        return False
    numbers = pl.Series(column.cells).cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    return bool((numbers[column.codes] == np.arange(1, rows + 1)).all())


def _rising(column: Coded, open_: Bools) -> Bools | None:
    """Where the column rises, if among the undecided neighbours it never falls."""
    for ranks in _ranks(column.cells):
        at = ranks[column.codes]
        if not np.any((at[1:] < at[:-1]) & open_):
            return np.asarray(at[1:] > at[:-1])
    return None


def sorted_by_content(columns: Iterable[Coded], open_: Bools) -> bool:
    """Whether some order of the columns sorts the rows.

    ``open_`` has shape (rows - 1,): the neighbours whose order is to be explained. A column that
    never falls among them may always come first: it cannot spoil what comes after.
    """
    waiting, going = list(columns), True
    while going and open_.any():
        left = []
        for column in waiting:
            rises = _rising(column, open_) if open_.any() else None
            if rises is None:
                left.append(column)
            else:
                open_ = open_ & ~rises
        waiting, going = left, len(left) < len(waiting)
    return not open_.any() or all(_alike(column, open_) for column in waiting)


def _alike(column: Coded, where: Bools) -> bool:
    return not np.any((column.codes[1:] != column.codes[:-1]) & where)


def rank_correlation(true_rows: Ints) -> float | None:
    """Spearman's rank correlation of position with true position; None under two rows."""
    rows = len(true_rows)
    if rows < 2:
        return None
    ranks = np.empty(rows)
    ranks[np.argsort(true_rows, kind="stable")] = np.arange(rows)
    return float(np.corrcoef(np.arange(rows), ranks)[0, 1])


def _striking(correlation: float | None, rows: int) -> bool:
    if correlation is None or rows < FEW:
        return False
    size = abs(correlation)
    return size > 1 - 1e-9 or size * float(np.sqrt(rows - 1)) > FAR


def order_of(table: Table, batch: Ints, true_rows: Ints | None) -> RowOrder:
    """How the rows are ordered; without their true positions only whether it is by content."""
    open_ = batch[1:] == batch[:-1]
    by_content = sorted_by_content((c for c in table.values() if not counts_up(c)), open_)
    if true_rows is None:
        return RowOrder(by_content, None, follows_input=False)
    parts = [true_rows[rows] for rows in each_batch(batch)]
    found = [(rank_correlation(part), len(part)) for part in parts]
    strongest = max((c for c, _ in found if c is not None), key=abs, default=None)
    follows = not by_content and any(_striking(*one) for one in found)
    return RowOrder(by_content, strongest, follows)


ANSWERS_KNOWN = 10  # answers that the attacker has learnt
FEWEST_CELLS, MOST_CELLS = 2, 16  # different cells of a column that reads like a scale of answers


@dataclass(frozen=True, slots=True)
class AnswersKnown:
    """``columns`` were taken as known; ``alone`` rows are the only ones with their answers."""

    columns: tuple[str, ...]
    alone: int


def _candidates(table: Table, claim: Claim) -> tuple[str, ...]:
    """The answers the claim names; without any, all columns outside the keys that look like it."""
    if claim.answers:
        return claim.answers
    keys = {*claim.core, *claim.insider}
    return tuple(
        name
        for name, column in table.items()
        if name not in keys and FEWEST_CELLS <= len(column.cells) <= MOST_CELLS
    )


def spread_evenly(names: Sequence[str], many: int) -> tuple[str, ...]:
    """``many`` of the names, evenly over their order: no choice that could be tuned to a result."""
    if len(names) <= many:
        return tuple(names)
    return tuple(names[int((2 * at + 1) * len(names) / (2 * many))] for at in range(many))


def answers_known(table: Table, claim: Claim, rows: int) -> AnswersKnown | None:
    """Rows alone in up to ten answers; None where the file has no answers."""
    names = spread_evenly(_candidates(table, claim), ANSWERS_KNOWN)
    if not names or not rows:
        return None
    columns: list[Coded] = [table[name] for name in names]
    alone = classes_of(columns, np.zeros(rows, dtype=np.int64)).alone
    return AnswersKnown(names, alone)
