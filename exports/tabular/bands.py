"""Labels that say a range of numbers: 15-19, [20, 25[, >50, under 18, 50+."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_PLAIN = re.compile(_NUMBER)
_BETWEEN = re.compile(rf"({_NUMBER})\s*(?:-|–|—|to|\.\.)\s*(<?)\s*({_NUMBER})")
_BRACKETS = re.compile(
    rf"([\[\](])\s*({_NUMBER})\s*(?:,|;|-|–|—|to|\.\.)\s*({_NUMBER})\s*([\[\])])"
)
_BEYOND = re.compile(rf"(<=|>=|<|>|≤|≥|under|over)\s*({_NUMBER})")
_AND_MORE = re.compile(rf"({_NUMBER})\s*\+")


@dataclass(frozen=True, slots=True)
class Band:
    """A range of numbers; an end may be left out of it, or be infinite."""

    low: float
    high: float
    with_low: bool = True
    with_high: bool = True

    def holds(self, number: float) -> bool:
        """Whether the number lies inside."""
        above = self.low <= number if self.with_low else self.low < number
        below = number <= self.high if self.with_high else number < self.high
        return above and below


def number_of(text: str) -> float | None:
    """The number that a text writes in digits, or None."""
    return float(text) if _PLAIN.fullmatch(text.strip()) else None


def band_of(label: str) -> Band | None:
    """The range that a label says, or None where it says none that we can read.

    A lone number is none: at a coarser level it is a code as often as a value. Nor is a range
    whose end lies below its start (1990-99).
    """
    label = label.strip()
    if found := _BETWEEN.fullmatch(label):
        return _ordered(Band(float(found[1]), float(found[3]), with_high=not found[2]))
    if found := _BRACKETS.fullmatch(label):
        low, high = float(found[2]), float(found[3])
        return _ordered(Band(low, high, with_low=found[1] == "[", with_high=found[4] == "]"))
    if found := _BEYOND.fullmatch(label):
        return _beyond(found[1], float(found[2]))
    if found := _AND_MORE.fullmatch(label):
        return Band(float(found[1]), inf)
    return None


def _ordered(band: Band) -> Band | None:
    return band if band.low <= band.high else None


def _beyond(sign: str, end: float) -> Band:
    match sign:
        case "<" | "under":
            return Band(-inf, end, with_high=False)
        case "<=" | "≤":
            return Band(-inf, end)
        case ">" | "over":
            return Band(end, inf, with_low=False)
        case _:
            return Band(end, inf)
