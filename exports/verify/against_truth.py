"""The written file beside the true rows it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from exports.verify.claim import Claim
from exports.verify.classes import Classes, as_key, classes_of
from exports.verify.coded import Coded, Ints, Table, coded, pairs
from exports.verify.coverage import Coverage, coverage_of
from exports.verify.findings import Compared


@dataclass(frozen=True, slots=True)
class Truth:
    """The true rows, and for each released row the position of its own (-1: has none).

    ``frame`` has the columns of the file, of any type that reads as the file would be written.
    """

    frame: pl.DataFrame
    rows: Ints

    @property
    def valid(self) -> Ints:
        """The positions that exist, in the order of the released rows."""
        return self.rows[(self.rows >= 0) & (self.rows < self.frame.height)]


def untrue_cells(released: Coded, true: Coded, name: str, claim: Claim) -> int:
    """Cells that do not stand for the true cell of their row. Rows are paired by position."""
    shown, meant, count = pairs(released.codes, true.codes, max(1, len(true.cells)))
    same = {cell: at for at, cell in enumerate(true.cells)}
    own = np.array([same.get(cell, -1) for cell in released.cells], dtype=np.int64)
    wrong, standing = 0, {}
    for at in np.flatnonzero(own[shown] != meant).tolist():
        one, cell = int(shown[at]), true.cells[meant[at]]
        if one not in standing:
            standing[one] = claim.stands_for(name, released.cells[one])
        cells = standing[one]
        wrong += int(count[at]) if cells is not None and cell not in cells else 0
    return wrong


def untrue(table: Table, truth: Truth, claim: Claim) -> Mapping[str, int]:
    """Column → untrue cells, for every column that the file and the truth share and that has any.

    One column at a time, so that the truth is never text as a whole.
    """
    found = {}
    for name, column in table.items():
        if name in truth.frame.columns:
            true = coded(truth.frame[name])
            true = Coded(true.codes[truth.rows], true.cells)
            if wrong := untrue_cells(column, true, name, claim):
                found[name] = wrong
    return found


def _fewest(counts: Ints) -> int:
    return int(counts.min()) if len(counts) else 0


def _coverage(
    core: Sequence[str], table: Table, frame: pl.DataFrame, *, rows: int, claim: Claim
) -> Coverage:
    """Who of ``frame`` fits which of the ``rows`` rows of the file."""
    true = [coded(frame[name]) for name in core]
    released = [table[name] for name in core]
    return coverage_of(true, released, core, rows=(frame.height, rows), claim=claim)


def compared(
    table: Table, core: Sequence[str], truth: Truth, *, claim: Claim, classes: Classes
) -> Compared:
    """The file beside its truth. Where the pairing does not fit the file, cells stay uncompared."""
    frame, rows, valid = truth.frame, len(classes.of_row), truth.valid
    true = {name: coded(frame[name]) for name in core}
    before = classes_of(as_key(true, core, claim), np.zeros(frame.height, dtype=np.int64))
    found = _coverage(core, table, frame, rows=rows, claim=claim)
    people = int((np.bincount(valid, minlength=1) > 0).sum())
    fits = len(truth.rows) == rows and len(valid) == rows
    covered, covers = found.released[valid], found.true
    if fits and not found.exact:  # then everybody is covered by their own class at least
        covered = np.maximum(covered, classes.sizes[classes.of_row])
        covers = np.maximum(covers, classes.sizes[classes.of_row])
    return Compared(
        rows_true=frame.height,
        left_out=frame.height - people,
        repeated=len(valid) - people,
        unpaired=abs(rows - len(truth.rows)) + len(truth.rows) - len(valid),
        alone_before=before.alone,
        covered=_fewest(covered),
        covers=_fewest(covers),
        exact=found.exact,
        untrue=untrue(table, truth, claim) if fits else {},
    )


def people_under(
    classes: Classes, table: Table, core: Sequence[str], *, population: pl.DataFrame, claim: Claim
) -> Ints:
    """People of the population whom each class covers, shape (classes,)."""
    found = _coverage(core, table, population, rows=len(classes.of_row), claim=claim)
    return found.true[classes.first]
