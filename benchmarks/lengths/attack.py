"""What an observer of lengths can tell: the nearest neighbour among walks seen before.

An observer who has walked the study knows lengths and what they belonged to. Whatever is equally
near counts as often as it was seen; where nothing differs, that is the commoner guess.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.lengths.walker import DISTRESS, Visit, Walk

Case = tuple[tuple[int, ...], Hashable]  # lengths, and what they belong to
Weights = defaultdict[Hashable, float]
ENDS = frozenset(["done", "thanks", "later"])  # told by what follows: nothing
BEFORE_QUESTIONS = frozenset(["landing", "information", "eligibility", "consent"])
Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Told:
    """How often something was told right, of how many, and how often by the best guess."""

    right: int
    tries: int
    guessed: float

    def in_words(self) -> str:
        """Share with its 95 % interval (Wilson), and the share of the guess."""
        share, low, high = (f"{100 * x:.1f}" for x in (self.right / self.tries, *self.interval()))
        return f"{share} % [{low}; {high}]"

    @property
    def guess_in_words(self) -> str:
        """Share of the best guess."""
        return f"{100 * self.guessed / self.tries:.1f} %"

    def interval(self, z: float = Z) -> tuple[float, float]:
        """Wilson's interval of the share, so many standard deviations to either side."""
        n, p = self.tries, self.right / self.tries
        middle = p + z * z / (2 * n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


class Nearest:
    """Cases seen before, by their lengths; each counts as much as its weight."""

    def __init__(self, cases: Iterable[tuple[*Case, float]]) -> None:
        seen: defaultdict[tuple[int, ...], Weights] = defaultdict(lambda: defaultdict(float))
        for lengths, what, weight in cases:
            seen[lengths][what] += weight
        self._known = np.array(list(seen))
        self._weights = list(seen.values())

    def guess(self, lengths: tuple[int, ...]) -> Hashable:
        """Return what the nearest lengths most often belonged to."""
        far = np.abs(self._known - np.array(lengths)).sum(axis=1)
        near: Weights = defaultdict(float)
        for index in np.flatnonzero(far == far.min()):
            for what, weight in self._weights[index].items():
                near[what] += weight
        return max(near, key=near.__getitem__)


def told(train: Sequence[Case], test: Sequence[Case]) -> Told:
    """Return how often the nearest neighbour names what the lengths belong to."""
    nearest = Nearest((*case, 1.0) for case in train)
    common = Counter(what for _, what in train).most_common(1)[0][0]
    return Told(
        sum(nearest.guess(lengths) == what for lengths, what in test),
        len(test),
        sum(what == common for _, what in test),
    )


def under_way(walk: Walk) -> list[Visit]:
    """Return the pages from the first question to the check page, help pages between included."""
    return [v for v in walk.visits if v.page not in BEFORE_QUESTIONS | ENDS]


def pages(walks: Iterable[Walk]) -> Iterator[Case]:
    """Every page from the first question on: which page is it?"""
    for walk in walks:
        yield from ((visit.lengths, visit.page) for visit in under_way(walk))


def entries(walks: Iterable[Walk]) -> Iterator[Case]:
    """Every page, the first ones and the last as well."""
    for walk in walks:
        yield from ((visit.lengths, visit.page) for visit in walk.visits)


def helps(walks: Iterable[Walk]) -> Iterator[Case]:
    """The page after the question about distress: is it the help page?"""
    for walk in walks:
        for before, after in zip(walk.visits, walk.visits[1:], strict=False):
            if before.page == DISTRESS:
                yield after.lengths, after.page == "support"


def counts(of: Callable[[Walk], bool]) -> Callable[[Iterable[Walk]], Iterator[Case]]:
    """Return the cases of whole walks by their number of exchanges alone."""
    return lambda walks: (((walk.exchanges,), of(walk)) for walk in walks)


def branches(train: Sequence[Walk], test: Sequence[Walk]) -> Told:
    """Return how often the branch of a walk is told when each of its pages has a vote.

    A walk that was seen before counts once, however many pages it had.
    """
    ways = [(walk, under_way(walk)) for walk in train]
    cases = [(v.lengths, w.tears, 1 / len(visits)) for w, visits in ways for v in visits]
    nearest, common = Nearest(cases), Counter(w.tears for w in train).most_common(1)[0][0]

    def voted(walk: Walk) -> Hashable:
        votes = Counter(nearest.guess(visit.lengths) for visit in under_way(walk))
        return votes.most_common(1)[0][0]

    return Told(
        sum(voted(walk) == walk.tears for walk in test),
        len(test),
        sum(walk.tears == common for walk in test),
    )
