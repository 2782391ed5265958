"""Leaks beside the key: inferable suppressed cells, the order of rows, known answers, wrong codes.

A suppressed cell is inferable when every known cell of its column goes with a single value of
another column, so often that chance is no explanation: a score beside its only item, a copy under
another name, a code and its label. Minimality attacks on the recoding itself are another matter
(Wong et al. 2007; Cohen 2021): see exports/verify/verdict.py.

A file sorted by its own content tells nothing by its order. Otherwise the order is compared with
that of the input: if the two go together, an attacker who knows roughly when a person answered is
helped.

Ten ordinary answers are as telling as an address: in a personality inventory of 2,577 people, ten
of the answers on six-point scales single out nearly every person (the idea: Narayanan & Shmatikov
2008). They are drawn, row by row, from the answers that the row shows as given: nobody is told that
a question was never asked.

By its codebook every cell of a file is explained, and every band true to its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np
import polars as pl

from exports.verify.equivalence_classes import EquivalenceClasses, each_batch
from exports.verify.reading import Bools, Claim, CodedColumn, Ints, Table, pairs

CHANCE = 1e-6  # below this probability an agreement is no accident
SAMPLE = 10_000  # rows that are looked at first: most columns let nothing be inferred
COMPARED = 1_000  # cells of a column up to which bands are compared with their parts
# Standard errors of a rank correlation beyond which chance is no explanation (two-sided 6 in
# 100,000); and the fewest rows whose exact order chance brings less than once in 2,000 files.
FAR, FEW = 4.0, 7
FEW_KNOWN, ANSWERS_KNOWN = 5, 10  # answers that the attacker has learnt
# Draws of them for a row; rows at most for which they are drawn; and cells looked through for that.
DRAWS, ROWS_TRIED, CELLS_TRIED = 3, 1_000, 200_000_000
FEWEST_CELLS, MOST_CELLS = 2, 16  # different cells of a column that reads like a scale of answers


@dataclass(frozen=True, slots=True)
class InferableCells:
    """``cells`` suppressed cells of ``column`` can be worked out from ``source``."""

    column: str
    source: tuple[str, ...]
    cells: int


class _CellAgreement:
    """Cells of one column that may mean the same person: equal ones, and a band and its parts."""

    def __init__(self, name: str, column: CodedColumn, claim: Claim) -> None:
        standing = [claim.stands_for(name, cell) or frozenset() for cell in column.cells]
        # Rank of each cell by how much it says, the most telling first.
        self.order = np.argsort([len(cells) for cells in standing], kind="stable")
        self.rank = np.argsort(self.order, kind="stable")
        # A column of very many cells agrees where they are equal.
        self.agree: Bools | None = None
        if len(standing) <= COMPARED:
            self.agree = np.array(
                [[not one.isdisjoint(two) for two in standing] for one in standing]
            )

    def of(self, one: Ints, other: Ints) -> Bools:
        """Return which pairs of cells agree."""
        return np.asarray(one == other if self.agree is None else self.agree[one, other])

    def chance(self, counts: Ints) -> float:
        """Return the probability that two cells drawn at random agree."""
        shares = counts / counts.sum()
        return float(shares @ (shares if self.agree is None else self.agree @ shares))


class _SuppressedColumn:
    """A key column with suppressed cells, ready to be compared with all others."""

    def __init__(self, name: str, table: Table, claim: Claim, classes: EquivalenceClasses) -> None:
        self.column, self.classes = table[name], classes
        self.suppressed = self.column.is_cell(claim.suppressed.get(name))
        # Who gave no answer (routing may well tell that) says nothing about those who gave one.
        lacking = [cell in claim.missing.get(name, ()) for cell in self.column.cells]
        self.known = np.flatnonzero(~self.suppressed & ~np.array(lacking)[self.column.codes])
        self.sample = self.known[:: max(1, len(self.known) // SAMPLE)]
        self.agreement = _CellAgreement(name, self.column, claim)

    @property
    def is_open(self) -> bool:
        """Return whether there is anything to infer, and anything to learn it from."""
        return bool(self.suppressed.any()) and len(np.unique(self.column.codes[self.known])) > 1

    def inferable(self, other: CodedColumn, blank: str | None, *, in_key: bool) -> int:
        """Return how many suppressed cells ``other`` tells; its cell ``blank`` says nothing.

        A class shares the cells of the key by construction: beside another column of the key it is
        one observation and not many.
        """
        # Most columns fail on the sample already, which spares looking at all rows.
        if self._determined(other, _telling(other, blank, self.sample)) is None:
            return 0
        rows = _telling(other, blank, self.known)
        known = self._determined(other, rows)
        if known is None or not len(rows):
            return 0
        seen = np.unique(self.classes.first[self.classes.of_row[rows]]) if in_key else rows
        repeats = len(seen) - len(np.unique(other.codes[seen]))
        counts = np.bincount(self.column.codes[seen], minlength=len(self.column.cells))
        if repeats * log(self.agreement.chance(counts.astype(np.int64))) > log(CHANCE):
            return 0
        return int((known[other.codes] & self.suppressed & ~other.is_cell(blank)).sum())

    def _determined(self, other: CodedColumn, rows: Ints) -> Bools | None:
        """Return the cells of ``other`` seen with one meaning; None if any is seen with two."""
        width = len(self.column.cells)
        source, cell, _ = pairs(other.codes[rows], self.column.codes[rows], width)
        finest = np.full(len(other.cells), width, dtype=np.int64)
        np.minimum.at(finest, source, self.agreement.rank[cell])
        chosen = self.agreement.order[finest[source]]
        return finest < width if self.agreement.of(chosen, cell).all() else None


def _telling(column: CodedColumn, blank: str | None, rows: Ints) -> Ints:
    """Return those of ``rows`` whose cell is not ``blank``."""
    return rows[~column.is_cell(blank)[rows]]


def inferable_cells(
    table: Table, claim: Claim, classes: EquivalenceClasses
) -> tuple[InferableCells, ...]:
    """Return the suppressed key cells that can be inferred: the most telling source of each column.

    A column that holds one cell for all, or a different one for nearly each row, is no source.
    """
    found: list[InferableCells] = []
    for name in dict.fromkeys((*claim.core, *claim.insider)):
        best: InferableCells | None = None
        target = _SuppressedColumn(name, table, claim, classes)
        for other, column in table.items() if target.is_open else ():
            if other == name or not 1 < len(column.cells) <= len(column.codes) // 2:
                continue
            blank = claim.suppressed.get(other)
            cells = target.inferable(column, blank, in_key=other in claim.core)
            if cells > (best.cells if best else 0):
                best = InferableCells(name, (other,), cells)
        found.extend([best] if best else [])
    return tuple(found)


def suppressed_cells(table: Table, claim: Claim) -> Mapping[str, int]:
    """Return column → suppressed cells, for columns that have any."""
    counts = {n: int(table[n].is_cell(c).sum()) for n, c in claim.suppressed.items() if n in table}
    return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class RowOrder:
    """``correlation`` is Spearman's, of position with true position, strongest of the batches."""

    by_content: bool
    correlation: float | None
    follows_input: bool


def _ranks(cells: tuple[str, ...]) -> Iterator[Ints]:
    """Yield places of the cells in the orders a file may be sorted in: as text, and as numbers."""
    texts = pl.Series(cells, dtype=pl.String)
    yield texts.rank("dense").cast(pl.Int64).to_numpy()
    filled = texts.replace("", None)
    numbers = filled.cast(pl.Float64, strict=False)
    if numbers.null_count() == filled.null_count():
        yield numbers.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()


def counts_up(column: CodedColumn) -> bool:
    """Return whether the column only numbers the lines 1, 2, 3 …, which says nothing."""
    rows = len(column.codes)
    if len(column.cells) != rows or column.cells[column.codes[0]] != "1":
        return False
    numbers = pl.Series(column.cells).cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    return bool((numbers[column.codes] == np.arange(1, rows + 1)).all())


def _rising(column: CodedColumn, undecided: Bools) -> Bools | None:
    """Return where the column rises, if it never falls among the undecided neighbours."""
    for ranks in _ranks(column.cells):
        at = ranks[column.codes]
        if not np.any((at[1:] < at[:-1]) & undecided):
            return np.asarray(at[1:] > at[:-1])
    return None


def sorted_by_content(columns: Iterable[CodedColumn], undecided: Bools) -> bool:
    """Return whether some order of the columns sorts the rows.

    ``undecided`` has shape (rows - 1,): the neighbours whose order is to be explained. A column
    that never falls among them may always come first: it cannot spoil what comes after.
    """
    waiting, going = list(columns), True
    while going and undecided.any():
        left = []
        for column in waiting:
            rises = _rising(column, undecided) if undecided.any() else None
            if rises is None:
                left.append(column)
            else:
                undecided = undecided & ~rises
        waiting, going = left, len(left) < len(waiting)
    return not any(np.any((c.codes[1:] != c.codes[:-1]) & undecided) for c in waiting)


def rank_correlation(true_rows: Ints) -> float | None:
    """Return Spearman's rank correlation of position with true position; None under two rows."""
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
    # Few rows in the very order of the input are striking, though no standard error shows it.
    return size > 1 - 1e-9 or size * float(np.sqrt(rows - 1)) > FAR


def order_of(table: Table, batch: Ints, true_rows: Ints | None) -> RowOrder:
    """Return the order of the rows; without their true positions only whether it is by content."""
    columns = (c for c in table.values() if not counts_up(c))
    by_content = sorted_by_content(columns, batch[1:] == batch[:-1])
    if true_rows is None:
        return RowOrder(by_content, None, follows_input=False)
    parts = [true_rows[rows] for rows in each_batch(batch)]
    found = [(rank_correlation(part), len(part)) for part in parts]
    strongest = max((c for c, _ in found if c is not None), key=abs, default=None)
    follows = not by_content and any(_striking(*one) for one in found)
    return RowOrder(by_content, strongest, follows)


@dataclass(frozen=True, slots=True)
class AnswersKnown:
    """Rows that are the only ones with answers drawn from their own.

    ``columns`` were drawn from, ``DRAWS`` times for each of ``rows`` rows; ``alone`` maps a number
    of known answers to the share (0-1) of draws that one row alone fits.
    """

    columns: tuple[str, ...]
    rows: int
    alone: Mapping[int, float]


def answers_known(table: Table, claim: Claim, rows: int) -> AnswersKnown | None:
    """Return how many rows are alone in a few of their own answers; None for a file without any.

    Answers are the answers that the claim names, or else all columns outside the keys that look so.
    """
    keys = {*claim.core, *claim.insider}
    names = claim.answers or [
        name
        for name, column in table.items()
        if name not in keys and FEWEST_CELLS <= len(column.cells) <= MOST_CELLS
    ]
    if not names or not rows:
        return None
    columns = [table[name] for name in names]
    given = [
        np.array([cell not in claim.no_answer for cell in c.cells], dtype=np.bool_) for c in columns
    ]
    # Rows evenly over the file, and a seed of no meaning: the same file has the same figure.
    many = max(1, min(rows, ROWS_TRIED, CELLS_TRIED // rows))
    tried = np.unique(np.linspace(0, rows - 1, many).astype(np.int64))
    draw, alone = np.random.default_rng(0), {FEW_KNOWN: 0, ANSWERS_KNOWN: 0}
    for row in tried.tolist():
        own = np.flatnonzero([g[c.codes[row]] for g, c in zip(given, columns, strict=True)])
        for _ in range(DRAWS):
            known = draw.permutation(own)[:ANSWERS_KNOWN]
            fits = _fitting([columns[at] for at in known], row, rows)
            for told in alone:
                alone[told] += fits[min(told, len(known))] == 1
    shares = {told: found / (DRAWS * len(tried)) for told, found in alone.items()}
    return AnswersKnown(tuple(names), len(tried), shares)


def _fitting(columns: Sequence[CodedColumn], row: int, rows: int) -> list[int]:
    """Return how many rows show what ``row`` does in the first 0, 1, 2 … of the columns."""
    still, counts = None, [rows]
    for column in columns:
        same = column.codes if still is None else column.codes[still]
        found = np.flatnonzero(same == column.codes[row])
        still = found if still is None else still[found]
        counts.append(len(still))
    return counts


Codebook = Sequence[Mapping[str, Any]]

# Stricter than float(): no blanks, no underscores, no infinity, no digits of other scripts.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
# A decimal comma is one unless three digits follow, which may be thousands.
_N = r"(-?[0-9]+(?:\.[0-9]+|,(?:[0-9]{1,2}|[0-9]{4,})(?![0-9]))?)"
_SPAN = re.compile(rf"([\[(]?)\s*{_N}\s*(?:-|–|,|;|to|\.\.)\s*{_N}\s*([\])]?)")
_OPEN = re.compile(rf"(<=|>=|<|>|≤|≥|under|over)\s*{_N}")
_PLUS = re.compile(rf"{_N}\s*\+")


def explained(cell: str, entry: Mapping[str, Any]) -> bool:
    """Return whether the codebook's entry explains this cell."""
    if cell in entry["codes"] or cell in entry["missing"]:
        return True
    if entry["type"] == "text":
        return bool(cell)
    if cell == "":
        return bool(entry["may_be_empty"])
    shape = _NUMBER if entry["type"] == "decimal" else _WHOLE
    if not entry["range"] or not shape.fullmatch(cell):
        return False
    low, high = entry["range"]
    return bool(low <= float(cell) <= high)


def unexplained(table: Table, codebook: Codebook) -> Mapping[str, int]:
    """Return column → cells the codebook does not explain, for columns that have any."""
    found = {}
    for entry in codebook:
        column = table.get(entry["variable"])
        if column is None:
            continue
        counts = column.counts().tolist()
        cells = zip(column.cells, counts, strict=True)
        if wrong := sum(count for cell, count in cells if not explained(cell, entry)):
            found[entry["variable"]] = wrong
    return found


def band_of(label: str) -> tuple[float, float, bool, bool] | None:
    """Return the lowest and highest number of a label such as 15-19, [20, 25), >50 or 50+.

    The flags say whether the ends belong to it; None for a label that is no band of numbers.
    """
    text = label.strip()
    if span := _SPAN.fullmatch(text):
        low, high = _float(span[2]), _float(span[3])
        return low, high, span[1] != "(", span[4] != ")"
    if one := _OPEN.fullmatch(text):
        bound, closed = _float(one[2]), one[1] in ("<=", ">=", "≤", "≥")
        under = one[1] in ("<", "<=", "≤", "under")
        return (-inf, bound, True, closed) if under else (bound, inf, closed, True)
    if plus := _PLUS.fullmatch(text):
        return _float(plus[1]), inf, True, True
    return None


def _float(digits: str) -> float:
    return float(digits.replace(",", "."))


def wrong_bands(claim: Claim) -> tuple[tuple[str, str], ...]:
    """Return (column, label) of bands said to stand for a number outside them.

    The label's own numbers decide, whatever its hierarchy says.
    """
    found = []
    for name, covers in claim.covers.items():
        for label, cells in covers.items():
            band = band_of(label)
            if band is None or cells == {label}:
                continue
            low, high, from_low, to_high = band
            numbers = [_float(cell) for cell in cells if re.fullmatch(_N, cell)]
            ends = [low] * from_low + [high] * to_high
            if not all(low < n < high or n in ends for n in numbers):
                found.append((name, label))
    return tuple(found)
