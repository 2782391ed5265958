"""One coding per column: every column shows one level only, so that tables can be made by hand.

The vector of levels is the optimum under the normalised certainty penalty (Xu et al. 2006), a
withheld row counting 1 in every cell, with at most ``limit`` of the rows withheld: what ARX calls
full-domain generalisation. On the Adult data with eight quasi-identifiers and k = 5 it finds
ARX 3.9.2's optima, .6608, .3442, .2742 and .2395 with 0, 2, 5 and 10 % withheld, where the loss of
a node is measured over the values that occur in the data (not over all that a hierarchy lists): for
categories (values under the node - 1) / (values - 1), for numbers (largest - smallest value under
the node) / (largest - smallest value).

A table under one level a column: which rows must be withheld then, and what is lost.

Rows that one coding would withhold come back with single cells at the root.

A class is made up of rows that show the very same nodes. A cell at the root is never a wildcard
that matches whatever others show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import inf

import numpy as np

from exports.anonymise.distinct_records import DistinctRows, allowed, distinct_rows_of
from exports.anonymise.level_search import LevelSearch, NodeVerdict, Vector
from exports.anonymise.measure import boxes_of, refuse_the_impossible
from exports.anonymise.privacy_models import (
    Positions,
    PrivacyChecks,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import (
    Bools,
    Floats,
    GeneralisationHierarchy,
    Infeasible,
    Ints,
    PrivacyModel,
    Problem,
    Progress,
    Recoding,
    no_progress,
)

# Bytes of class numbers of half vectors, kept because these come again.
KEPT = 80_000_000
# Classes that are numbered without sorting may leave this many numbers unused for each row.
SPARSE = 8


@dataclass(frozen=True, slots=True)
class CodingStep:
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

    rows: DistinctRows
    ladders: tuple[tuple[CodingStep, ...], ...]
    stages: tuple[tuple[PrivacyChecks, bool], ...]
    least: int
    losses: tuple[Floats, ...]
    _halves: dict[tuple[int, Vector], tuple[Positions, int]] = field(default_factory=dict)

    @property
    def everything(self) -> PrivacyChecks:
        """All that is demanded, in one."""
        if self.stages:
            return self.stages[-1][0]
        return PrivacyChecks(self.rows.problem.demands, (), None)

    def judge(self, vector: Vector) -> NodeVerdict:
        """The loss (normalised certainty penalty) of a vector, withheld rows counting 1 a cell."""
        withheld, hopeless = self.withheld(vector)
        if self._too_many(withheld):
            return NodeVerdict(inf, hopeless)
        return NodeVerdict(self.loss(vector, withheld))

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

    def _failing(self, conditions: PrivacyChecks, vector: Vector, keys: Positions) -> Bools:
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

    def _steps(self, vector: Vector) -> list[CodingStep]:
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
    rows = distinct_rows_of(problem)
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


def _ladder(
    taxonomy: GeneralisationHierarchy, codes: Ints, *, every: bool
) -> tuple[CodingStep, ...]:
    """The levels that tell values apart differently; ``every`` one where nodes cover others too."""
    occurring = np.unique(codes)
    steps: list[CodingStep] = []
    for level in range(taxonomy.levels):
        nodes = np.unique(taxonomy.up[occurring, level])
        if steps and nodes.size == steps[-1].nodes and not every:
            continue
        loss = taxonomy.loss[taxonomy.up[:, level]] - taxonomy.loss[taxonomy.up[:, 0]]
        numbers = np.searchsorted(nodes, taxonomy.up[:, level]).astype(np.int32)
        steps.append(CodingStep(level, loss, numbers, nodes.size))
    return tuple(steps)


def _stages(problem: Problem) -> list[tuple[PrivacyChecks, bool]]:
    """Conditions beyond k.

    Coarser classes keep k and distinct l, so what fails them rules out what is finer. Entropy,
    closeness and an upper bound of presence survive a merger of classes that all hold, but not one
    with rows that would be withheld: they rule out nothing finer unless nothing may be withheld. A
    lower bound of presence never does, as a coarser class covers people whom no finer one did.
    """
    asked = problem.demands
    stages = []
    if asked.distinct_l > 1:
        alone = replace(problem, demands=PrivacyModel(asked.k, asked.distinct_l))
        stages.append((privacy_checks_of(alone), True))
    if asked.entropy_l > 1 or asked.t is not None or asked.presence is not None:
        low = asked.presence[0] if asked.presence else 0.0
        stages.append((privacy_checks_of(problem), allowed(problem) == 0 and low <= 0))
    return stages


# Sets of columns to blank that are tried: with fifteen columns there would be 32,768.
TRIED = 512


@dataclass(slots=True)
class SuppressedRestored:
    """Withheld rows on their way back, beside released ones whose class they could meet.

    ``members`` (members,) are their places among the distinct rows, ``nodes`` (members,
    quasi-identifiers) what each shows, ``out`` (members,) who is still withheld. ``hosts`` show a
    root that is no blank: theirs are the classes that could be met.
    """

    rows: DistinctRows
    conditions: PrivacyChecks
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


def restore_suppressed(coding: Coding, vector: Vector, withheld: Bools) -> tuple[Ints, Bools]:
    """What each distinct row shows, and who is still withheld, the cheapest blanks tried first."""
    shown, left, roots = coding.shown(vector), withheld.copy(), coding.rows.roots
    blankable = np.flatnonzero((shown != roots).any(axis=0))
    hosts = (shown[:, blankable] == roots[blankable]).any(axis=1)
    members = np.flatnonzero(withheld | hosts)
    way = SuppressedRestored(
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


# What judging one vector costs in steps: a little for itself, the rest by the cells it looks at.
STEPS_A_VECTOR = 5
CELLS_A_STEP = 10_000
# Codings that rows are given back to: those that lose least without the rows.
BLANKED = 5

# What each distinct row shows, and which are withheld.
Recoded = tuple[Ints, Bools]


def protect_with_one_coding(
    problem: Problem, progress: Progress = no_progress, *, cells: bool = True
) -> Recoding:
    """The table recoded to one level a column; raises Unreachable, saying by how much.

    With ``cells``, rows that would be withheld come back with single cells at the root, where they
    make up classes that hold.
    """
    refuse_the_impossible(problem)
    coding = coding_of(problem)
    cost = STEPS_A_VECTOR + coding.rows.codes.size // CELLS_A_STEP
    budget = max(problem.steps // cost, 1)
    search = LevelSearch(coding.losses, coding.judge, budget, progress, problem.seed)
    proven = search.run()
    if search.best is None:
        raise Infeasible(_out_of_reach(coding, proven=proven))
    shown, withheld = coding.shown(search.best), coding.withheld(search.best)[0]
    if cells and withheld.any():
        shown, withheld = _with_blanks(coding, search, (shown, withheld))
    note = "" if proven else f"best of {len(search.judged)} codings tried, perhaps not the optimum"
    progress(1.0)
    outcome = coding.rows.outcome(shown, withheld)
    return replace(outcome, steps=len(search.judged) * cost, note=note)


def _with_blanks(coding: Coding, search: LevelSearch, best: Recoded) -> Recoded:
    """The best once rows have come back, of the codings that may win by it."""
    rows = coding.rows
    loss = rows.loss(*best)
    for vector in _candidates(coding, search):
        if coding.least_loss(vector) >= loss:
            break
        found = restore_suppressed(coding, vector, coding.withheld(vector)[0])
        now = rows.loss(*found)
        if rows.rows(found[1]) <= rows.allowed and now < loss:
            best, loss = found, now
    return best


def _candidates(coding: Coding, search: LevelSearch) -> list[Vector]:
    """The optimum and those that lose least without the rows, in the order of that loss."""
    within = [vector for vector, verdict in search.judged.items() if verdict.loss < inf]
    within.sort(key=lambda vector: (coding.least_loss(vector), vector))
    return [vector for at, vector in enumerate(within) if at < BLANKED or vector == search.best]


def _out_of_reach(coding: Coding, *, proven: bool) -> str:
    problem = coding.rows.problem
    best = "" if proven else " of those tried"
    return (
        f"the best coding{best} needs {coding.least / problem.rows:.1%} of the rows withheld;"
        f" {problem.limit:.1%} are allowed"
    )
