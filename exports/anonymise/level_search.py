"""Search for the vector of levels, one a column, that loses least in full-domain recoding.

A vector is *finer* than another where none of its levels is higher. Rows are unknown here: the
caller judges each vector. Vectors that cannot win are never judged: those that lose too much
before any row is suppressed, and those finer than one that suppresses too many rows already (the
monotony behind Incognito, LeFevre et al. 2005, OLA, El Emam et al. 2009, and Flash, Kohlmayer
et al. 2012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf, prod

import numpy as np

from exports.anonymise.problem import Bools, Floats, Progress

Vector = tuple[int, ...]

# Wider lattices are not listed vector by vector (33 bytes each while they are).
LISTED = 1_000_000
# Vectors looked at together for the next one worth judging.
STRETCH = 4096
# A descent halves its strides down to single levels; this many levels are one stride at first.
STRIDES = 8
# Where a lattice is too wide to list: columns put at the root before each new descent, and descents
# in a row that may bring nothing.
PERTURBED = 3
PATIENCE = 20


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """Loss of a vector, infinite where too many rows would be suppressed.

    ``prunes_finer``: every finer vector would suppress too many as well.
    """

    loss: float
    prunes_finer: bool = False


@dataclass(slots=True)
class LevelSearch:
    """Search for the vector of the smallest loss; of equal ones, the first in order.

    ``losses`` holds for each column the loss of each level, never falling, before any row is
    suppressed: a vector loses at least their sum. ``budget`` bounds how many vectors are judged.
    ``best`` is None while no vector is found; ``looked`` is the share of all vectors seen.
    """

    losses: tuple[Floats, ...]
    judge: Callable[[Vector], NodeVerdict]
    budget: int
    progress: Progress
    seed: int = 0
    best: Vector | None = None
    loss: float = inf
    looked: float = 0.0
    judged: dict[Vector, NodeVerdict] = field(default_factory=dict)

    def run(self) -> bool:
        """Search; return whether the best found is proven to be the optimum."""
        self._descend(self._top)
        low, high = self._bounds()
        sizes = [last - first + 1 for first, last in zip(low, high, strict=True)]
        if min(sizes, default=0) <= 0:
            return not self._spent
        if prod(sizes) <= LISTED:
            return self._judge_all(low, sizes)
        self._descend_repeatedly()
        return False

    @property
    def _top(self) -> Vector:
        return tuple(losses.size - 1 for losses in self.losses)

    @property
    def _spent(self) -> bool:
        return len(self.judged) >= self.budget

    def _verdict(self, vector: Vector) -> NodeVerdict:
        found = self.judged.get(vector)
        if found is not None:
            return found
        if self._spent:
            return NodeVerdict(inf)
        self.progress(max(self.looked, len(self.judged) / self.budget))
        found = self.judged[vector] = self.judge(vector)
        if found.loss < self.loss or (found.loss == self.loss and vector < (self.best or ())):
            self.best, self.loss = vector, found.loss
        return found

    def _descend(self, at: Vector) -> None:
        """Judge vectors downwards from this one, always to the cheapest just below."""
        self._verdict(at)
        stride = max(1, (max(at, default=0) + 1) // STRIDES)
        while stride:
            below = min(
                ((self._verdict(vector).loss, vector) for vector in _lowered(at, stride)),
                default=(inf, at),
            )
            if below[0] < inf:
                at = below[1]
            else:
                stride //= 2

    def _bounds(self) -> tuple[Vector, Vector]:
        """Return the lowest and highest level of each column that a cheaper vector could have."""
        low = tuple(self._lowest(at) for at in range(len(self.losses)))
        least = [float(self.losses[at][level]) for at, level in enumerate(low)]
        high = tuple(
            int(np.flatnonzero(losses + (sum(least) - least[at]) <= self.loss).max(initial=-1))
            for at, losses in enumerate(self.losses)
        )
        return low, high

    def _lowest(self, at: int) -> int:
        """Return the lowest level of a column that is not pruned with all others at the top."""
        low, high = 0, self._top[at]
        while low < high:
            middle = (low + high) // 2
            if self._verdict(_with(self._top, at, middle)).prunes_finer:
                low = middle + 1
            else:
                high = middle
        return low

    def _judge_all(self, low: Vector, sizes: list[int]) -> bool:
        """Judge all that could be cheaper, the coarsest first, as they prune the most.

        Returns whether the budget sufficed. ``low`` is the vector of the first place.
        """
        losses = np.zeros(())
        for at, size in enumerate(sizes):
            losses = np.add.outer(losses, self.losses[at][low[at] : low[at] + size])
        alive = np.ones(sizes, dtype=np.bool_)
        for vector, verdict in self.judged.items():
            if verdict.prunes_finer:
                _prune(alive, vector, low)
        for place in self._promising(losses.ravel(), alive):
            vector = tuple(
                int(part) + first
                for part, first in zip(np.unravel_index(place, sizes), low, strict=True)
            )
            verdict = self._verdict(vector)
            if self._spent:
                return False
            if verdict.prunes_finer:
                _prune(alive, vector, low)
        return True

    def _promising(self, losses: Floats, alive: Bools) -> Iterator[int]:
        """Yield places that could be cheaper and are not pruned, of falling loss."""
        order = np.argsort(-losses, kind="stable")
        flat = alive.reshape(-1)  # a view: what is pruned meanwhile is not yielded
        at = int(np.searchsorted(-losses[order], -self.loss))
        while at < order.size:
            stretch = order[at : at + STRETCH]
            found = np.flatnonzero(flat[stretch] & (losses[stretch] <= self.loss))
            if not found.size:
                at += STRETCH
                continue
            at += int(found[0]) + 1
            self.looked = at / order.size
            yield int(stretch[found[0]])

    def _descend_repeatedly(self) -> None:
        """Descend again and again from the best with some columns at the top, while it helps."""
        random = np.random.default_rng(self.seed)
        idle = 0
        while idle < PATIENCE and not self._spent:
            before = self.loss
            self._try_neighbours()
            coarser = random.choice(
                len(self.losses), min(PERTURBED, len(self.losses)), replace=False
            )
            start = self.best or self._top
            for at in coarser.tolist():
                start = _with(start, at, self._top[at])
            self._descend(start)
            idle = 0 if self.loss < before else idle + 1

    def _try_neighbours(self) -> None:
        """Judge the best with one column finer and at most one coarser, while that helps."""
        before = inf
        while self.loss < before and not self._spent:
            before = self.loss
            for vector in _around(self.best or self._top, self._top):
                steps = zip(self.losses, vector, strict=True)
                if sum(float(losses[level]) for losses, level in steps) < self.loss:
                    self._verdict(vector)


def _with(vector: Vector, at: int, level: int) -> Vector:
    return (*vector[:at], level, *vector[at + 1 :])


def _lowered(vector: Vector, stride: int) -> Iterator[Vector]:
    for at, level in enumerate(vector):
        if level:
            yield _with(vector, at, max(level - stride, 0))


def _around(vector: Vector, top: Vector) -> Iterator[Vector]:
    for finer in _lowered(vector, 1):
        yield finer
        for at, level in enumerate(finer):
            if level < top[at]:
                yield _with(finer, at, level + 1)


def _prune(alive: Bools, vector: Vector, low: Vector) -> None:
    """Strike a vector and all finer ones; ``low`` is the vector of the first place."""
    ends = (max(level - first + 1, 0) for level, first in zip(vector, low, strict=True))
    alive[tuple(slice(0, end) for end in ends)] = False
