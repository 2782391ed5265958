"""Rounded, top-coded and bottom-coded numbers of a file, each held against the true number.

The rule is read anew here: a number at or beyond a bound reads as the bound; any other is the
multiple of the step that is nearest to the true one, or the bound it would pass. Exact fractions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# Decimals begin with a point, or with a comma that sets off no thousands.
_DIGITS = re.compile(r"\s*[+-]?\d+(?:\.\d+|,\d{1,2}|,\d{4,})?\s*|\s*[+-]?0,\d+\s*")


def _fraction(text: str) -> Fraction | None:
    return Fraction(text.replace(",", ".")) if _DIGITS.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class NumberCoding:
    """Promise about the numbers of a column; ``apart``: cells that are written as they are."""

    step: Decimal | None = None
    bottom: Decimal | None = None
    top: Decimal | None = None
    apart: frozenset[str] = frozenset()

    def allows(self, true: str, written: str) -> bool:
        """Return whether the written cell is what the promise makes of the true one."""
        number, shown = _fraction(true), _fraction(written)
        if true in self.apart or number is None or shown is None:
            return true == written
        if self.top is not None and number >= self.top:
            return shown == self.top
        if self.bottom is not None and number <= self.bottom:
            return shown == self.bottom
        if self.step is None:
            return shown == number
        inside = all(
            (
                self.top is None or shown <= self.top,
                self.bottom is None or shown >= self.bottom,
                abs(shown - number) <= Fraction(self.step) / 2,
            )
        )
        return inside and (shown % Fraction(self.step) == 0 or shown in (self.top, self.bottom))
