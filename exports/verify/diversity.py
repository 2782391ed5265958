"""What somebody learns who knows the class of a person, but not which row is theirs.

Sources: Machanavajjhala et al. 2007, l-diversity (distinct and entropy l); Li et al. 2007,
t-closeness (earth mover's distance, equal and ordered).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.verify.claim import Claim
from exports.verify.classes import Classes, as_key, each_batch
from exports.verify.coded import Coded, Ints, Table, pairs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Diversity:
    """The worst class of one sensitive column.

    ``distinct`` is the fewest different values, ``entropy`` the smallest exp of the Shannon
    entropy, ``distance`` the largest earth mover's distance to the whole file (0-1).
    """

    distinct: int
    entropy: float
    distance: float


@dataclass(frozen=True, slots=True)
class _Spread:
    """Which values stand in which class: one entry a (class, value) that occurs, in that order."""

    classes: Ints
    values: Ints
    share: Floats  # of the class
    sizes: Ints  # rows of each class
    overall: Floats  # share of the whole file, by value


def _spread(classes: Classes, column: Coded) -> _Spread:
    width = len(column.cells)
    at, value, count = pairs(classes.of_row, column.codes, width)
    overall = column.counts() / len(column.codes)
    return _Spread(at, value, count / classes.sizes[at], classes.sizes, overall)


def _entropy(spread: _Spread) -> float:
    bits = np.bincount(spread.classes, -spread.share * np.log(spread.share))
    return float(np.exp(bits.min()))


def _equal_distance(spread: _Spread) -> float:
    """Half of the absolute differences, where every value is as far from every other."""
    overall = spread.overall[spread.values]
    there = np.bincount(spread.classes, np.abs(spread.share - overall))
    covered = np.bincount(spread.classes, overall)
    return float(((there + (1 - covered)) / 2).max())


def _ordered_distance(spread: _Spread) -> float:
    """Mean of the absolute cumulated differences, where values are ranks.

    Between two values of a class its own cumulated share stands still while the file's rises, so
    that every such stretch is summed at once, left and right of where the two cross.
    """
    steps = len(spread.overall)
    if steps < 2:
        return 0.0
    file = np.cumsum(spread.overall)
    summed = np.concatenate(([0.0], np.cumsum(file)))
    last = np.append(spread.classes[1:] != spread.classes[:-1], True)
    first = np.append(True, last[:-1])
    running = np.cumsum(spread.share)
    level = running - (running - spread.share)[first][spread.classes]
    start = spread.values
    end = np.where(last, steps, np.append(start[1:], steps))
    cross = np.clip(np.searchsorted(file, level), start, end)
    below = level * (cross - start) - (summed[cross] - summed[start])
    above = (summed[end] - summed[cross]) - level * (end - cross)
    ahead = summed[start[first]]  # before its first value a class has gathered nothing
    total = np.bincount(spread.classes, below + above) + ahead
    return float(total.max() / (steps - 1))


def _ranked(column: Coded, order: Sequence[str]) -> Coded:
    """The column with its codes in the order of its values, values that do not occur included."""
    rest = sorted(set(column.cells) - set(order))
    cells = (*order, *rest)
    rank = {cell: at for at, cell in enumerate(cells)}
    place = np.array([rank[cell] for cell in column.cells], dtype=np.uint32)
    return Coded(place[column.codes], cells)


def diversity_of(classes: Classes, column: Coded, order: Sequence[str] | None) -> Diversity:
    """The worst class of ``column``; ``order`` gives its values from low to high, if they have one.

    Distances are taken from the file itself, as its reader would.
    """
    if order is not None:
        column = _ranked(column, order)
    spread = _spread(classes, column)
    distance = _equal_distance if order is None else _ordered_distance
    return Diversity(
        distinct=int(np.bincount(spread.classes).min()),
        entropy=_entropy(spread),
        distance=max(0.0, distance(spread)),
    )


def _worst(found: Sequence[Diversity]) -> Diversity:
    return Diversity(
        min(one.distinct for one in found),
        min(one.entropy for one in found),
        max(one.distance for one in found),
    )


def diversities(
    classes: Classes, batch: Ints, table: Table, claim: Claim
) -> Mapping[str, Diversity]:
    """Sensitive column → its worst class, all kinds of missing being one value.

    Each batch is compared with itself: it has to keep the promise without the others.
    """
    found = {}
    batches = list(each_batch(batch))
    for name in claim.sensitive:
        column = as_key(table, (name,), claim)[0]
        order = claim.ordered.get(name)
        if order is not None:
            order = tuple(dict.fromkeys(claim.category(name, cell) for cell in order))
        found[name] = _worst(
            [diversity_of(classes.among(rows), column.at(rows), order) for rows in batches]
        )
    return found
