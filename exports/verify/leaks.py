"""Leaks beside the key: the order of rows, known answers, wrong codes.

What other columns tell of hidden cells: exports/verify/inference.py.

A file sorted by its own content tells nothing by its order. Otherwise the order is compared with
that of the input: if the two go together, an attacker who knows roughly when a person answered is
helped.

By its codebook every cell of a file is explained, and every band true to its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import polars as pl

from exports.attacks import alone_in_answers
from exports.verify.equivalence_classes import each_batch
from exports.verify.inference import number_of
from exports.verify.reading import Bools, Claim, CodedColumn, Ints, Table, pairs

# Standard errors of a rank correlation beyond which chance is no explanation (two-sided 6 in
# 100,000); and the fewest rows whose exact order chance brings less than once in 2,000 files.
FAR, FEW = 4.0, 7
FEW_KNOWN, ANSWERS_KNOWN = 5, 10  # answers that the attacker has learnt
# Rows at most for which they are drawn, and cells looked through for that.
ROWS_TRIED, CELLS_TRIED = 1_000, 200_000_000
FEWEST_CELLS, MOST_CELLS = 2, 16  # different cells of a column that reads like a scale of answers


def suppressed_cells(table: Table, claim: Claim) -> Mapping[str, int]:
    """Return column → suppressed cells, for columns that have any."""
    counts = {n: int(table[n].is_cell(c).sum()) for n, c in claim.suppressed.items() if n in table}
    return {name: count for name, count in counts.items() if count}


def wrong_lifted(table: Table, claim: Claim) -> Mapping[str, int]:
    """Return column of one level → cells that are not what the written cell beside them gives."""
    found = {}
    for name, rule in claim.lifted.items():
        written, lifted = table[rule.source], table[name]
        due = [rule.of(cell) for cell in written.cells]
        beside = zip(*pairs(written.codes, lifted.codes, len(lifted.cells)), strict=True)
        found[name] = sum(int(n) for one, other, n in beside if due[one] != lifted.cells[other])
    return {name: cells for name, cells in found.items() if cells}


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


def order_of(
    table: Table, batch: Ints, true_rows: Ints | None, *, apart: Collection[str] = ()
) -> RowOrder:
    """Return the order of the rows; without their true positions only whether it is by content.

    Columns ``apart`` number the rows of the file and are no content.
    """
    columns = (column for name, column in table.items() if name not in apart)
    by_content = sorted_by_content(columns, batch[1:] == batch[:-1])
    if true_rows is None:
        return RowOrder(by_content, None, follows_input=False)
    parts = [true_rows[rows] for rows in each_batch(batch)]
    found = [(rank_correlation(part), len(part)) for part in parts]
    strongest = max((c for c, _ in found if c is not None), key=abs, default=None)
    follows = not by_content and any(_striking(*one) for one in found)
    return RowOrder(by_content, strongest, follows)


_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})[T ,]+\d{1,2}:\d{2}.*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}")
STUDY = 1_100  # days within which dates are those of a study, and no birthdays


def tell_arrival(table: Table, claim: Claim) -> tuple[str, ...]:
    """Return the columns outside the key that hold a time or a running number."""
    found = []
    for name, column in table.items():
        cells = [cell.strip() for cell in column.cells if cell not in claim.no_answer]
        if name in claim.core or len(cells) < 2:
            continue
        own = 2 * len(cells) >= len(column.codes)
        numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit()]
        running = len(cells) == len(column.codes) == len(numbers) and max(numbers) - min(
            numbers
        ) < 1.5 * len(numbers)
        days = [number_of(cell) for cell in cells if _DAY.fullmatch(cell)]
        dated = len(days) == len(cells) >= 5 and max(days) - min(days) <= STUDY
        if running or (own and all(map(_TIME.fullmatch, cells))) or dated:
            found.append(name)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class AnswersKnown:
    """Rows that are the only ones with answers drawn from their own.

    ``columns`` were drawn from, a few times for each of ``rows`` rows; ``alone`` maps a number
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
    codes = [table[name].codes for name in names]
    given = [
        np.array([cell not in claim.no_answer for cell in table[name].cells], dtype=np.bool_)[c]
        for name, c in zip(names, codes, strict=True)
    ]
    many = max(1, min(rows, ROWS_TRIED, CELLS_TRIED // rows))
    tried, shares = alone_in_answers(codes, given, (FEW_KNOWN, ANSWERS_KNOWN), most=many)
    return AnswersKnown(tuple(names), tried, shares)


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
