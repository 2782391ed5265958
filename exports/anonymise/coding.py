"""A table under one level a column: which rows must be withheld then, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf

import numpy as np

from exports.anonymise.classes import number_rows
from exports.anonymise.conditions import Conditions, Positions, conditions_of
from exports.anonymise.distinct import Distinct, allowed, distinct_of
from exports.anonymise.lattice import Vector, Verdict
from exports.anonymise.problem import Bools, Demands, Floats, Ints, Problem, Taxonomy
from exports.anonymise.reached import boxes_of

# Bytes of class numbers of half vectors, kept because these come again.
KEPT = 80_000_000
# Classes that are numbered without sorting may leave this many numbers unused for each row.
SPARSE = 8


@dataclass(frozen=True, slots=True)
class Step:
    """A level of a column that is worth trying.

    ``loss`` and ``numbers`` have shape (values,): what a cell of each value loses there, beyond
    what it had lost before, and a number for its node, below ``nodes``.
    """

    level: int
    loss: Floats
    numbers: Ints
    nodes: int


@dataclass(slots=True)
class Coding:
    """A problem's distinct rows, ready to be tried under many vectors of steps.

    ``ladders`` holds each column's steps, and a vector holds places in them. ``stages`` are the
    conditions beyond k, the cheapest first, each with whether failing it rules out every finer
    vector. ``least`` is the smallest number of rows that any vector judged so far withholds.
    """

    rows: Distinct
    ladders: tuple[tuple[Step, ...], ...]
    stages: tuple[tuple[Conditions, bool], ...]
    least: int
    losses: tuple[Floats, ...]
    _halves: dict[tuple[int, Vector], tuple[Positions, int]] = field(default_factory=dict)

    @property
    def everything(self) -> Conditions:
        """All that is demanded, in one."""
        if self.stages:
            return self.stages[-1][0]
        return Conditions(self.rows.problem.demands, (), None)

    def judge(self, vector: Vector) -> Verdict:
        """The loss (normalised certainty penalty) of a vector, withheld rows counting 1 a cell."""
        withheld, hopeless = self.withheld(vector)
        if self._too_many(withheld):
            return Verdict(inf, hopeless)
        return Verdict(self.loss(vector, withheld))

    def least_loss(self, vector: Vector) -> float:
        """The loss when no row is withheld."""
        losses = zip(self.losses, vector, strict=True)
        return sum(float(steps[place]) for steps, place in losses)

    def loss(self, vector: Vector, withheld: Bools) -> float:
        """The loss when these distinct rows are withheld."""
        chosen = np.flatnonzero(withheld)
        more = np.full(chosen.size, float(len(vector)))
        for at, step in enumerate(self._steps(vector)):
            more -= step.loss[self.rows.codes[chosen, at]]
        cells = max(self.rows.problem.codes.size, 1)
        return self.least_loss(vector) + float(self.rows.weights[chosen] @ more) / cells

    def withheld(self, vector: Vector) -> tuple[Bools, bool]:
        """Distinct rows in classes that do not hold; does that rule out every finer vector?

        Where k alone withholds too many, nothing else is asked.
        """
        keys, span = self._classes(vector)
        sizes = np.bincount(keys, self.rows.weights, span)
        small = sizes < self.rows.problem.demands.k
        withheld: Bools = small[keys]
        if sizes[small].sum() > self.rows.allowed:
            return withheld, True
        for conditions, final in self.stages:
            withheld = self._failing(conditions, vector, keys)
            if self._too_many(withheld):
                self._heed(withheld)
                return withheld, final
        if self.rows.problem.demands.t is not None and withheld.any():
            withheld = self.rows.settled(self.shown(vector), withheld)
        self._heed(withheld)
        return withheld, False

    def shown(self, vector: Vector) -> Ints:
        """The node of each cell, shape (distinct rows, quasi-identifiers)."""
        nodes = np.empty_like(self.rows.codes)
        for at, step in enumerate(self._steps(vector)):
            up = self.rows.problem.taxonomies[at].up
            nodes[:, at] = up[self.rows.codes[:, at], step.level]
        return nodes

    def _failing(self, conditions: Conditions, vector: Vector, keys: Positions) -> Bools:
        classes, count = number_rows((keys,), keys.size)
        boxes = None
        if conditions.population is not None:
            boxes = boxes_of(self.shown(vector), classes, count)
        everybody = np.arange(keys.size)
        held = self.rows.held(conditions, everybody, classes, count=count, boxes=boxes)
        failing: Bools = ~held[classes]
        return failing

    def _too_many(self, withheld: Bools) -> bool:
        return self.rows.rows(withheld) > self.rows.allowed

    def _heed(self, withheld: Bools) -> None:
        self.least = min(self.least, self.rows.rows(withheld))

    def _steps(self, vector: Vector) -> list[Step]:
        return [ladder[place] for ladder, place in zip(self.ladders, vector, strict=True)]

    def _classes(self, vector: Vector) -> tuple[Positions, int]:
        """A number for each distinct row's class, and where numbers end; some may be unused."""
        middle = len(vector) // 2
        left, lefts = self._half(0, vector[:middle])
        right, rights = self._half(middle, vector[middle:])
        keys = left.astype(np.int64) * rights + right
        if lefts * rights <= SPARSE * keys.size:
            return keys, lefts * rights
        return number_rows((keys,), keys.size)

    def _half(self, start: int, part: Vector) -> tuple[Positions, int]:
        found = self._halves.get((start, part))
        if found is None:
            codes = self.rows.codes
            columns = (
                self.ladders[at][place].numbers[codes[:, at]]
                for at, place in enumerate(part, start)
            )
            numbers, count = number_rows(columns, codes.shape[0])
            found = numbers.astype(np.min_scalar_type(count)), count
            if sum(half.nbytes for half, _ in self._halves.values()) < KEPT:
                self._halves[start, part] = found
        return found


def coding_of(problem: Problem) -> Coding:
    """A problem made ready."""
    rows = distinct_of(problem)
    every = problem.demands.presence is not None
    ladders = tuple(
        _ladder(taxonomy, rows.codes[:, at], every=every)
        for at, taxonomy in enumerate(problem.taxonomies)
    )
    losses = tuple(
        np.array([rows.weights @ step.loss[rows.codes[:, at]] for step in ladder])
        / max(problem.codes.size, 1)
        for at, ladder in enumerate(ladders)
    )
    return Coding(rows, ladders, tuple(_stages(problem)), problem.rows, losses)


def _ladder(taxonomy: Taxonomy, codes: Ints, *, every: bool) -> tuple[Step, ...]:
    """The levels that tell values apart differently; ``every`` one where nodes cover others too."""
    occurring = np.unique(codes)
    steps: list[Step] = []
    for level in range(taxonomy.levels):
        nodes = np.unique(taxonomy.up[occurring, level])
        if steps and nodes.size == steps[-1].nodes and not every:
            continue
        loss = taxonomy.loss[taxonomy.up[:, level]] - taxonomy.loss[taxonomy.up[:, 0]]
        numbers = np.searchsorted(nodes, taxonomy.up[:, level]).astype(np.int32)
        steps.append(Step(level, loss, numbers, nodes.size))
    return tuple(steps)


def _stages(problem: Problem) -> list[tuple[Conditions, bool]]:
    """Conditions beyond k.

    Coarser classes keep k and distinct l, so what fails them rules out what is finer. Entropy,
    closeness and an upper bound of presence survive a merger of classes that all hold, but not one
    with rows that would be withheld: they rule out nothing finer unless nothing may be withheld. A
    lower bound of presence never does, as a coarser class covers people whom no finer one did.
    """
    asked = problem.demands
    stages = []
    if asked.distinct_l > 1:
        alone = replace(problem, demands=Demands(asked.k, asked.distinct_l))
        stages.append((conditions_of(alone), True))
    if asked.entropy_l > 1 or asked.t is not None or asked.presence is not None:
        low = asked.presence[0] if asked.presence else 0.0
        stages.append((conditions_of(problem), allowed(problem) == 0 and low <= 0))
    return stages
