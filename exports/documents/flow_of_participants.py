"""Counts that can be shown: the 10-5 rule, so that no small group can be read or worked out.

A count under 10 is hidden, zeros too, and every other one is rounded to 5 (docs/decisions/0009,
tier A). The number of rows is known, so a hidden count lies between bounds that a reader can work
out; where those come too close together, the smallest shown count is hidden as well. What is hidden
is decided by the rounded counts, so that the choice itself tells next to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

FLOW_LEAST = 10
FLOW_STEP = 5
# A hidden count must be able to have at least so many different values for the reader.
OPEN_VALUES = 5
UNDER, HELD_BACK = f"under {FLOW_LEAST}", "not shown"


@dataclass(frozen=True, slots=True)
class Count:
    """A count as it is shown: rounded, or None with the words that stand for it."""

    rounded: int | None
    words: str


def _round(n: int) -> int:
    """To the nearest 5, never under 10."""
    return max(FLOW_LEAST, FLOW_STEP * round(n / FLOW_STEP))


def _bounds(n: int, *, hidden: bool, rows: int) -> tuple[int, int]:
    """Return what a reader knows of one count before adding anything up."""
    if n < FLOW_LEAST:
        return 0, FLOW_LEAST - 1
    if hidden:
        return FLOW_LEAST, rows
    middle = _round(n)
    return max(FLOW_LEAST, middle - FLOW_STEP // 2), middle + FLOW_STEP // 2


def _too_close(cells: Mapping[str, int], small: frozenset[str], hidden: frozenset[str]) -> bool:
    """Return whether the total narrows some ``small`` count to fewer than five values."""
    rows = sum(cells.values())
    known = [_bounds(n, hidden=c in hidden, rows=rows) for c, n in cells.items()]
    low, high = sum(b[0] for b in known), sum(b[1] for b in known)
    least, most = max(0, rows - high + FLOW_LEAST - 1), min(FLOW_LEAST - 1, rows - low)
    return bool(small) and most - least + 1 < OPEN_VALUES


def _held_back(cells: Mapping[str, int], small: frozenset[str]) -> frozenset[str]:
    """As many of the smallest shown counts as keep the small ones hidden."""
    held: frozenset[str] = frozenset()
    rest = sorted((c for c, n in cells.items() if n >= FLOW_LEAST), key=lambda c: _round(cells[c]))
    for cell in rest:
        if not _too_close(cells, small, held):
            break
        held |= {cell}
    return held


def shown(cells: Mapping[str, int], *, unsaid: Collection[str] = ()) -> dict[str, Count]:
    """Cell → its count as it may be shown. ``cells`` must add up to the rows of the file.

    Where one of ``unsaid`` is small, it is left out without a word.
    """
    small = frozenset(c for c, n in cells.items() if n < FLOW_LEAST and c not in unsaid)
    held = _held_back(cells, small)
    counts = {}
    for cell, n in cells.items():
        if n >= FLOW_LEAST:
            words = HELD_BACK if cell in held else f"about {_round(n)}"
            counts[cell] = Count(None if cell in held else _round(n), words)
        elif cell in small:
            counts[cell] = Count(None, UNDER)
    return counts


def pooled(cells: Mapping[str, int], among: frozenset[str], name: str) -> dict[str, int]:
    """``cells`` with those of ``among`` that are small added up under ``name``."""
    small = {c for c in among if 0 <= cells.get(c, 0) < FLOW_LEAST}
    kept = {c: n for c, n in cells.items() if c not in small}
    return {**kept, name: sum(cells.get(c, 0) for c in small)} if small else kept


def binned(cells: Mapping[str, int], low: float, high: float, *, whole: bool) -> dict[str, int]:
    """Numbers counted in equal bands between ``low`` and ``high``, named by their bounds.

    ``whole`` numbers of a short range get a band each; otherwise there are at most ten.
    """
    edges = _edges(low, high, whole=whole)
    counts = {_band(edges, at, whole=whole): 0 for at in range(len(edges) - 1)}
    names = tuple(counts)
    for cell, n in cells.items():
        at = _place(edges, float(cell))
        counts[names[at]] += n
    return counts


def _edges(low: float, high: float, *, whole: bool) -> list[float]:
    """Bounds of the bands; whole numbers of a short range get one each."""
    span = high - low + whole
    if whole and span <= FLOW_LEAST + 1:
        return [low + at for at in range(int(span) + 1)]
    width = -(-span // FLOW_LEAST) if whole else span / FLOW_LEAST
    count = int(-(-span // width)) if whole else FLOW_LEAST
    return [low + at * width for at in range(count)] + [high + whole]


def _band(edges: list[float], at: int, *, whole: bool) -> str:
    low, high = edges[at], edges[at + 1]
    if whole:
        return f"{low:g}" if high - low <= 1 else f"{low:g} to {high - 1:g}"
    last = at == len(edges) - 2
    return f"{low:.3g} to {high:.3g}" if last else f"{low:.3g} to under {high:.3g}"


def _place(edges: list[float], value: float) -> int:
    """The band of ``value``; what lies outside goes to the nearest one."""
    inside = sum(value >= edge for edge in edges[1:-1])
    return min(inside, len(edges) - 2)
