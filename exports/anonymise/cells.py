"""Rows that one coding would withhold come back with single cells at the root.

A class is made up of rows that show the very same nodes. A cell at the root is never a wildcard
that matches whatever others show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from exports.anonymise.coding import Coding
from exports.anonymise.conditions import Conditions, Positions
from exports.anonymise.distinct import Distinct
from exports.anonymise.lattice import Vector
from exports.anonymise.problem import Bools, Ints

# Sets of columns to blank that are tried: with fifteen columns there would be 32,768.
TRIED = 512


@dataclass(slots=True)
class Returning:
    """Withheld rows on their way back, beside released ones whose class they could meet.

    ``members`` (members,) are their places among the distinct rows, ``nodes`` (members,
    quasi-identifiers) what each shows, ``out`` (members,) who is still withheld. ``hosts`` show a
    root that is no blank: theirs are the classes that could be met.
    """

    rows: Distinct
    conditions: Conditions
    members: Positions
    nodes: Ints
    out: Bools
    hosts: Bools

    def blank(self, columns: tuple[int, ...]) -> tuple[Positions, Ints]:
        """Who is in a class that holds once these columns are at the root, and what they show.

        Nobody comes back with every cell at the root: that would tell nothing.
        """
        boxes = self.nodes.copy()
        for at in columns:
            boxes[self.out, at] = self.rows.roots[at]
        back = self.out & self.rows.holding(self.conditions, self.members, boxes)
        back &= (boxes != self.rows.roots).any(axis=1)
        found = self.members[back], boxes[back]
        self.nodes[back] = boxes[back]
        self.out &= ~back
        self._drop(back & ~self.hosts)
        return found

    def _drop(self, gone: Bools) -> None:
        self.members, self.nodes = self.members[~gone], self.nodes[~gone]
        self.out, self.hosts = self.out[~gone], self.hosts[~gone]


def give_back(coding: Coding, vector: Vector, withheld: Bools) -> tuple[Ints, Bools]:
    """What each distinct row shows, and who is still withheld, the cheapest blanks tried first."""
    shown, left, roots = coding.shown(vector), withheld.copy(), coding.rows.roots
    blankable = np.flatnonzero((shown != roots).any(axis=0))
    hosts = (shown[:, blankable] == roots[blankable]).any(axis=1)
    members = np.flatnonzero(withheld | hosts)
    way = Returning(
        coding.rows,
        coding.everything,
        members,
        shown[members],
        withheld[members],
        hosts[members],
    )
    room = [float(coding.losses[at][-1] - coding.losses[at][vector[at]]) for at in blankable]
    for columns in _by_cost(blankable.tolist(), room):
        if not way.out.any():
            break
        back, nodes = way.blank(columns)
        shown[back], left[back] = nodes, False
    if coding.stages:
        left = coding.rows.settled(shown, left)
    return shown, left


def _by_cost(columns: list[int], room: list[float]) -> list[tuple[int, ...]]:
    """Sets of columns to blank, the cheapest first; ``room`` is what blanking each one loses."""
    price = dict(zip(columns, room, strict=True))
    return sorted(_sets(columns), key=lambda blanked: (sum(price[at] for at in blanked), blanked))


def _sets(columns: list[int]) -> Iterator[tuple[int, ...]]:
    """Sets of few and of nearly all columns, whole sizes until there are enough."""
    few, many, found = 1, len(columns), 0
    while few <= many and found < TRIED:
        for size in sorted({few, many}):
            for blanked in combinations(columns, size):
                found += 1
                yield blanked
        few, many = few + 1, many - 1
