"""Withheld cells that another column of the same file gives away.

A column is given away by another when every known cell of the one goes with a single value of the
other, so often that chance is no explanation: a score beside its only item, a copy under another
name, a code and its label. Minimality attacks on the recoding itself are another matter (Wong et
al. 2007; Cohen 2021): see exports/verify/words.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from exports.verify.claim import Claim
from exports.verify.classes import Classes
from exports.verify.coded import Bools, Coded, Ints, Table, pairs

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
