"""Checks of a file by its codebook: every cell explained, every band true to its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from exports.verify.claim import Claim
from exports.verify.reading import Table

Codebook = Sequence[Mapping[str, Any]]

# Stricter than float(): no blanks, no underscores, no infinity, no digits of other scripts.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_N = r"(-?[0-9]+(?:\.[0-9]+)?)"
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
        low, high = float(span[2]), float(span[3])
        return low, high, span[1] != "(", span[4] != ")"
    if one := _OPEN.fullmatch(text):
        bound, closed = float(one[2]), one[1] in ("<=", ">=", "≤", "≥")
        under = one[1] in ("<", "<=", "≤", "under")
        return (-inf, bound, True, closed) if under else (bound, inf, closed, True)
    if plus := _PLUS.fullmatch(text):
        return float(plus[1]), inf, True, True
    return None


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
            numbers = [float(cell) for cell in cells if _NUMBER.fullmatch(cell)]
            ends = [low] * from_low + [high] * to_high
            if not all(low < n < high or n in ends for n in numbers):
                found.append((name, label))
    return tuple(found)
