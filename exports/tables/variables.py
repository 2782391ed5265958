"""What a column is counted by: its categories, taken from the codebook.

The 10-5 rule: what a count must be to be shown, and what a shown count gives away.

Source of the thresholds: docs/design.md, Releases; cell-size precedents in El Emam, Guide to the
De-Identification of Personal Health Information (2013); rounding in Willenborg & de Waal, Elements
of Statistical Disclosure Control (2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.errors import ExportRefused
from forms.study import LEFT_BLANK, MISSING_RANGE, NOT_REACHED, NOT_SHOWN

Entry = Mapping[str, Any]
Places = NDArray[np.int64]

MOST_CODES = 15  # a number with more values than this is counted in bands
BANDS = 5
REST = "rest"


@dataclass(frozen=True, slots=True)
class Category:
    """Every code from ``low`` to ``high``, under one label. ``code`` is how a table names it."""

    code: str
    label: str
    low: int
    high: int

    @property
    def missing(self) -> bool:
        """Whether it stands for no answer."""
        return self.low in MISSING_RANGE

    @property
    def rest(self) -> bool:
        """Whether it gathers everybody whose answer a two-way table does not show."""
        return self.code == REST

    @property
    def routed(self) -> bool:
        """Whether it stands for a question that was not asked."""
        return self.low == NOT_SHOWN


@dataclass(frozen=True, slots=True)
class Variable:
    """A column with its categories, by rising code."""

    name: str
    label: str
    categories: tuple[Category, ...]


def _single(code: int, label: str) -> Category:
    return Category(str(code), label or str(code), code, code)


def _band(low: int, high: int) -> Category:
    return Category(f"{low}-{high}", f"{low} to {high}", low, high)


def _bands(low: int, high: int) -> list[Category]:
    """BANDS bands of one width; the last one takes what is left."""
    width = (high - low) // BANDS
    starts = [low + at * width for at in range(BANDS)]
    ends = [start - 1 for start in starts[1:]] + [high]
    return [_band(a, b) for a, b in zip(starts, ends, strict=True)]


def _answers(entry: Entry) -> list[Category]:
    labels = {int(code): label for code, label in entry["codes"].items()}
    if entry["range"] is None:
        return [_single(code, label) for code, label in labels.items()]
    low, high = (int(bound) for bound in entry["range"])
    if high - low + 1 > MOST_CODES:
        return _bands(low, high)
    return [_single(code, labels.get(code, "")) for code in range(low, high + 1)]


def _lacking(entry: Entry) -> list[Category]:
    """Missing codes. How far somebody got is told nowhere else, so that it cannot be subtracted:
    a blank and a question not reached are one category."""
    labels = {int(code): label for code, label in entry["missing"].items()}
    blank = [c for c in (LEFT_BLANK, NOT_REACHED) if labels.pop(c, None) is not None]
    pooled = [Category("blank", "Left blank, or not reached", LEFT_BLANK, NOT_REACHED)]
    return [_single(code, label) for code, label in labels.items()] + pooled * bool(blank)


def variable_of(entry: Entry) -> Variable:
    """The variable of one codebook entry (exports/codebook.py)."""
    categories = sorted([*_lacking(entry), *_answers(entry)], key=lambda c: c.low)
    return Variable(entry["variable"], entry["label"], tuple(categories))


def _codes(frame: pl.DataFrame, name: str) -> NDArray[np.int64]:
    if name not in frame.columns:
        raise ExportRefused(f"No tables: the released rows have no column {name}. Mend the plan.")
    column = frame[name]
    if not column.dtype.is_integer() or column.null_count():
        raise ExportRefused(f"No tables: the column {name} must hold whole codes in every row.")
    return column.to_numpy().astype(np.int64)


def places(frame: pl.DataFrame, variable: Variable) -> Places:
    """The category of each row, by position. Raises Refused, naming no value, if one has none."""
    codes = _codes(frame, variable.name)
    lows = np.array([c.low for c in variable.categories], dtype=np.int64)
    highs = np.array([c.high for c in variable.categories], dtype=np.int64)
    at = np.searchsorted(lows, codes, side="right") - 1
    if len(codes) and (at.min() < 0 or (codes > highs[at]).any()):
        raise ExportRefused(
            f"No tables: the column {variable.name} holds a code its codebook lacks."
        )
    return at


def variables_of(codebook: Sequence[Entry], names: Sequence[str]) -> dict[str, Variable]:
    """Name → variable. Raises Refused listing every name that the codebook lacks."""
    entries = {entry["variable"]: entry for entry in codebook}
    if unknown := [name for name in names if name not in entries]:
        raise ExportRefused(f"No tables: the codebook has no {', '.join(unknown)}. Mend the plan.")
    return {name: variable_of(entries[name]) for name in names}


SMALLEST = 10  # people a shown count stands for, at least
STEP = 5  # shown counts are multiples of this
SMALLEST_BASE = 20  # people a percentage is worked out from, at least
# How many values a hidden count under SMALLEST must still be able to take, counted from the lowest
# to the highest: so the highest is never under SMALLEST itself.
OPEN = 10
ERROR = STEP // 2  # a shown count is at most this far from the true one


def shown(count: int) -> bool:
    """Whether ``count`` is large enough to be shown at all."""
    return count >= SMALLEST


def rounded(count: int) -> int:
    """``count`` to the nearest multiple of STEP; no whole number lies halfway."""
    return STEP * ((count + ERROR) // STEP)


def span(figure: int) -> tuple[int, int]:
    """Lowest and highest true count behind a shown ``figure``; 10 stands for 10 to 12."""
    return max(SMALLEST, figure - ERROR), figure + ERROR


def percent(figure: int, base: int) -> float | None:
    """``figure`` in per cent of ``base``, both as shown; None on a base under SMALLEST_BASE."""
    return round(100 * figure / base, 1) if base >= SMALLEST_BASE else None
