"""Missing cells of a written file: how many by variable, and which rows the withheld ones are.

-93 in a key variable is not spread evenly: the rarer an answer, the likelier others of the same row
are withheld. The share of -93 by each answer of the other key variables says so, in steps of ten
per cent and of groups of at least ``LEAST_GROUP`` rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exports.codebook import Entry
from exports.verify.reading import Table
from forms.study import WITHHELD

STEP = 10  # per cent
LEAST_GROUP = 20


def in_step(share: float) -> str:
    """Return the step that a share (0-1) lies in, such as “10-20 %”; the whole is in the last."""
    low = min(int(share * 100 + 1e-9) // STEP * STEP, 100 - STEP)
    return f"{low}-{low + STEP} %"


def _told(table: Table, name: str) -> list[tuple[int, str, int]]:
    """Return (code, cell, rows) of the cells of a column that stand in enough rows, in order."""
    column = table[name]
    counted = zip(range(len(column.cells)), column.cells, column.counts().tolist(), strict=True)
    return sorted((c for c in counted if c[2] >= LEAST_GROUP), key=lambda c: _place(c[1]))


def _place(cell: str) -> tuple[bool, int, str]:
    """Return where a cell stands among others: missing codes last, numbers in their order."""
    whole = cell.removeprefix("-").isdigit()
    return cell.startswith("-"), abs(int(cell)) if whole else 0, cell


def with_missingness(codebook: Sequence[Entry], table: Table) -> tuple[Entry, ...]:
    """The codebook with ``withheld_by``: key variable and cell → the step of the share of -93.

    Only key variables that are withheld from some rows and shown in others have it.
    """
    keys = [e["variable"] for e in codebook if e["role"] == "quasi_identifier"]
    told = {name: _told(table, name) for name in keys if len(table[name].cells) > 1}
    filled = []
    for entry in codebook:
        name = entry["variable"]
        gone = entry["n_missing"].get(str(WITHHELD), 0)
        if name in keys and gone and entry["n_valid"]:
            rows = np.flatnonzero(table[name].is_cell(str(WITHHELD)))
            found = {}
            for other in (n for n in told if n != name):
                withheld = np.bincount(table[other].codes[rows], minlength=len(table[other].cells))
                for code, cell, many in told[other]:
                    found[f"{other} {cell}"] = in_step(int(withheld[code]) / many)
            entry = {**entry, "withheld_by": found}
        filled.append(entry)
    return tuple(filled)


def missingness(codebook: Sequence[Entry]) -> dict[str, Any]:
    """Return what a report says of missing cells: by variable and code, and of -93 by key."""
    by_variable: Mapping[str, Any] = {
        e["variable"]: e["n_missing"] for e in codebook if e["n_missing"]
    }
    by_key = {e["variable"]: e["withheld_by"] for e in codebook if e["withheld_by"]}
    return {"by_variable": by_variable, "withheld_by": by_key}
