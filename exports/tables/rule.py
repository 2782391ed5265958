"""The 10-5 rule: what a count must be to be shown, and what a shown count gives away.

Source of the thresholds: docs/design.md, Releases; cell-size precedents in El Emam, Guide to the
De-Identification of Personal Health Information (2013); rounding in Willenborg & de Waal, Elements
of Statistical Disclosure Control (2001).
"""

from __future__ import annotations

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
