"""A generalisation hierarchy: CSV lines of value, level 1, level 2, … up to ``*``; no header.

A label is a node. Two groups of one column may therefore share a label only where one lies inside
the other; they are then one node, for no reader of the released file could tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exports.anonymise.problem import Ints
from exports.tabular.bands import band_of, number_of
from exports.tabular.lines import lines_of
from exports.tabular.soundness import MISSING, ROOT, refuse_unsound


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The tree of one column.

    ``leaves`` are the values that have a place, the empty one standing for a missing cell;
    ``labels`` are all nodes; ``up`` has shape (leaves, levels), positions in ``labels``.
    ``numeric``: every value is a number and every group a range of numbers.
    """

    column: str
    path: Path
    leaves: tuple[str, ...]
    labels: tuple[str, ...]
    up: Ints
    numeric: bool


def read_hierarchy(path: Path, column: str) -> Hierarchy:
    """The hierarchy in a file. Raises Refused for whatever makes it no tree, or an untrue one.

    A missing cell has a place of its own, right below the root, unless the file gives it another;
    a cell that is ``*`` already is the root.
    """
    lines = list(lines_of(path))
    refuse_unsound(path, lines)
    rows = _with_places_for_nothing([cells for _, cells in lines])
    at = {label: n for n, label in enumerate(dict.fromkeys(c for row in rows for c in row))}
    up = np.array([[at[cell] for cell in row] for row in rows], dtype=np.int32)
    return Hierarchy(column, path, tuple(r[0] for r in rows), tuple(at), up, _is_numeric(rows))


def _with_places_for_nothing(rows: list[list[str]]) -> list[list[str]]:
    """Lines for the missing cell and for ``*`` where the file has none."""
    levels, leaves = len(rows[0]), {row[0] for row in rows}
    added = []
    if MISSING not in leaves:
        added.append([MISSING] * (levels - 1) + [ROOT])
    if ROOT not in leaves:
        added.append([ROOT] * levels)
    return rows + added


def _is_numeric(rows: Sequence[Sequence[str]]) -> bool:
    """Whether values are numbers and groups are ranges; missing cells and the root aside."""
    told = [row for row in rows if row[0] not in (MISSING, ROOT)]
    groups = {cell for row in told for cell in row[1:] if cell not in (ROOT, row[0])}
    return (
        bool(told)
        and all(number_of(row[0]) is not None for row in told)
        and all(band_of(label) is not None for label in groups)
    )
