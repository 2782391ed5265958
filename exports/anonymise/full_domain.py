"""Full-domain recoding: every column shows one level only, so that tables can be made by hand.

The vector of levels is the optimum under the normalised certainty penalty (Xu et al. 2006), a
suppressed row counting 1 in every cell, within the suppression limit. On the Adult data with eight
quasi-identifiers and k = 5 it finds ARX 3.9.2's optima, .6608, .3442, .2742 and .2395 with 0, 2, 5
and 10 % suppressed, where the loss of a node is measured over the values that occur in the data
(not over all that a hierarchy lists): for categories (values under the node - 1) / (values - 1),
for numbers (largest - smallest value under the node) / (largest - smallest value).

Rows that one coding would suppress come back by local suppression, with single cells at the root.
A class is made up of rows that show the very same nodes: a cell at the root is no wildcard that
matches whatever others show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import inf

import numpy as np

from exports.anonymise.lattice import DistinctRecords, distinct_records_of
from exports.anonymise.level_search import LevelSearch, NodeVerdict, Vector
from exports.anonymise.privacy_models import (
    Positions,
    PrivacyChecks,
    boxes_of,
    check_feasible,
    failing,
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
# Classes that are numbered without sorting may leave this many numbers unused for each record.
SPARSE = 8
# Sets of columns to suppress that are tried: with fifteen columns there would be 32,768.
TRIED = 512
# What judging one vector costs in steps: a little for itself, the rest by the cells it looks at.
STEPS_A_VECTOR = 5
CELLS_A_STEP = 10_000
# Codings that rows are restored to: those that lose least without the rows.
RESTORED = 5


@dataclass(frozen=True, slots=True)
class CodingLevel:
    """A level of a column that differs from the finer ones.

    ``number`` is its place in the hierarchy. ``loss`` and ``node_ids`` have shape (values,): the
    loss of a cell of each value there, beyond its own, and a number for its node, below ``nodes``.
    ``at_root`` (values,) says which values that occur show the root there.
    """

    number: int
    loss: Floats
    node_ids: Ints
    nodes: int
    at_root: Bools


@dataclass(slots=True)
class Coding:
    """The distinct records of a problem, ready to be recoded by many vectors.

    ``levels`` holds those of each column, and a vector holds places in them. ``stages`` are the
    checks beyond k, the cheapest first, each with whether failing it prunes every finer vector.
    ``fewest`` is the smallest number of rows that any vector judged so far suppresses.
    """

    records: DistinctRecords
    levels: tuple[tuple[CodingLevel, ...], ...]
    stages: tuple[tuple[PrivacyChecks, bool], ...]
    fewest: int
    losses: tuple[Floats, ...]
    _halves: dict[tuple[int, Vector], tuple[Positions, int]] = field(default_factory=dict)

    def judge(self, vector: Vector) -> NodeVerdict:
        """Return the loss of a vector (normalised certainty penalty)."""
        suppressed, prunes_finer = self.suppressed(vector)
        if self.too_many(suppressed):
            return NodeVerdict(inf, prunes_finer)
        # As ``loss_of``, from the suppressed records alone: most vectors suppress few.
        chosen = np.flatnonzero(suppressed)
        more = np.full(chosen.size, float(len(vector)))
        for at, level in enumerate(self._levels_at(vector)):
            more -= level.loss[self.records.codes[chosen, at]]
        cells = max(self.records.problem.codes.size, 1)
        added = float(self.records.weights[chosen] @ more) / cells
        return NodeVerdict(self.least_loss(vector) + added)

    def least_loss(self, vector: Vector) -> float:
        """Return the loss of a vector when no row is suppressed."""
        losses = zip(self.losses, vector, strict=True)
        return sum(float(column[place]) for column, place in losses)

    def suppressed(self, vector: Vector) -> tuple[Bools, bool]:
        """Return the records in classes that fail, and whether that prunes every finer vector.

        Where k alone suppresses too many, nothing else is checked.
        """
        records, model = self.records, self.records.problem.model
        keys, span = self._classes(vector)
        sizes = np.bincount(keys, records.weights, span)
        small = sizes < model.k
        suppressed: Bools = small[keys]
        if sizes[small].sum() > records.problem.suppressible:
            return suppressed, True
        for checks, final in self.stages:
            classes, count = number_rows((keys,), keys.size)
            boxes = None
            if checks.population is not None:
                boxes = boxes_of(self.nodes(vector), classes, count)
            every = np.arange(keys.size)
            suppressed = ~self._satisfied(checks, every, classes, count=count, boxes=boxes)[classes]
            if self.too_many(suppressed):
                self.fewest = min(self.fewest, self.rows(suppressed))
                return suppressed, final
        if records.problem.blank_counts:
            suppressed = suppressed | self._blank(vector)
        if model.bounds_distance and suppressed.any():
            suppressed = self.until_close(self.nodes(vector), suppressed)
        self.fewest = min(self.fewest, self.rows(suppressed))
        return suppressed, False

    def nodes(self, vector: Vector) -> Ints:
        """Return the node of each cell, shape (records, quasi-identifiers)."""
        nodes = np.empty_like(self.records.codes)
        for at, level in enumerate(self._levels_at(vector)):
            up = self.records.hierarchies[at].up
            nodes[:, at] = up[self.records.codes[:, at], level.number]
        return nodes

    def in_satisfied_class(self, members: Positions, nodes: Ints) -> Bools:
        """Return which of these records are in a class that satisfies the model, shape (members,).

        ``nodes`` has shape (members, quasi-identifiers); members with equal nodes are one class.
        """
        classes, count = number_rows(nodes.T, nodes.shape[0])
        boxes = boxes_of(nodes, classes, count)
        checks = self.records.checks
        return self._satisfied(checks, members, classes, count=count, boxes=boxes)[classes]

    def loss_of(self, nodes: Ints, suppressed: Bools) -> float:
        """Return the normalised certainty penalty of records that show these nodes."""
        lost = np.zeros(self.records.weights.size)
        for at, hierarchy in enumerate(self.records.hierarchies):
            lost += hierarchy.added_loss(self.records.codes[:, at], nodes[:, at])
        lost[suppressed] = self.records.suppression_loss
        return float(self.records.weights @ lost) / max(self.records.problem.codes.size, 1)

    def recoding(self, nodes: Ints, suppressed: Bools) -> Recoding:
        """Return the table in which each record shows these nodes, or is suppressed."""
        nodes = np.where(suppressed[:, None], self.records.problem.roots, nodes)
        row = self.records.record_of_row
        return Recoding(nodes[row], suppressed[row])

    def until_close(self, nodes: Ints, suppressed: Bools) -> Bools:
        """Return the records to suppress until every class is close to the released rows too.

        Closeness is measured from the released rows, and those are fewer each time.
        """
        while True:
            failed = failing(self.records.problem, self.recoding(nodes, suppressed))
            if not failed.any():
                return suppressed
            suppressed = suppressed.copy()
            suppressed[self.records.record_of_row[failed]] = True

    def rows(self, chosen: Bools) -> int:
        """Return how many rows these records have."""
        return int(self.records.weights[chosen].sum())

    def too_many(self, suppressed: Bools) -> bool:
        """Return whether more rows are suppressed than may be."""
        return self.rows(suppressed) > self.records.problem.suppressible

    def _satisfied(
        self,
        checks: PrivacyChecks,
        members: Positions,
        classes: Positions,
        *,
        count: int,
        boxes: Ints | None,
    ) -> Bools:
        """Return which of ``count`` classes satisfy; ``classes`` says in which each member is."""
        if not checks.columns and checks.people is None:
            weights = self.records.weights[members]
            sizes = np.bincount(classes, weights, count).astype(np.int64)
            return checks.satisfied(sizes[:, None], boxes)
        class_of_record = np.full(self.records.weights.size, -1, dtype=np.int64)
        class_of_record[members] = classes
        class_of_row = class_of_record[self.records.record_of_row]
        rows = np.flatnonzero(class_of_row >= 0)
        return checks.satisfied_by_rows(rows, class_of_row[rows], count, boxes)

    def _blank(self, vector: Vector) -> Bools:
        """Return the records that show roots only, unless they did from the start."""
        blank, before = self._at_roots(vector), self._at_roots((0,) * len(vector))
        stay = np.flatnonzero(blank & before)
        if stay.size and not (blank & ~before).any():
            return blank & ~before
        roots = np.broadcast_to(self.records.problem.roots, (stay.size, len(vector)))
        # Without those that join them they must be a class of their own.
        if stay.size and self.in_satisfied_class(stay, roots).all():
            blank[stay] = False
        return blank

    def _at_roots(self, vector: Vector) -> Bools:
        """Return the records that show roots only."""
        levels = self._levels_at(vector)
        if not all(level.at_root.any() for level in levels):
            return np.zeros(self.records.weights.size, dtype=np.bool_)
        blank = np.ones(self.records.weights.size, dtype=np.bool_)
        for at, level in enumerate(levels):
            blank &= level.at_root[self.records.codes[:, at]]
        return blank

    def _levels_at(self, vector: Vector) -> list[CodingLevel]:
        return [levels[place] for levels, place in zip(self.levels, vector, strict=True)]

    def _classes(self, vector: Vector) -> tuple[Positions, int]:
        """Return each record's class number, and where numbers end; some may be unused."""
        middle = len(vector) // 2
        left, lefts = self._half(0, vector[:middle])
        right, rights = self._half(middle, vector[middle:])
        keys = left.astype(np.int64) * rights + right
        if lefts * rights <= SPARSE * keys.size:
            return keys, lefts * rights
        return number_rows((keys,), keys.size)

    def _half(self, start: int, part: Vector) -> tuple[Positions, int]:
        """Return the class numbers by the columns from ``start`` on, and how many there are."""
        found = self._halves.get((start, part))
        if found is None:
            codes = self.records.codes
            columns = (
                self.levels[at][place].node_ids[codes[:, at]]
                for at, place in enumerate(part, start)
            )
            numbers, count = number_rows(columns, codes.shape[0])
            found = numbers.astype(np.min_scalar_type(count)), count
            if sum(half.nbytes for half, _ in self._halves.values()) < KEPT:
                self._halves[start, part] = found
        return found


def coding_of(problem: Problem) -> Coding:
    """Return a problem made ready for the search."""
    records = distinct_records_of(problem, by_sensitive=False)
    # Levels with as many nodes differ where presence counts what else a node covers.
    every = problem.model.presence is not None
    levels = tuple(
        _levels_of(hierarchy, records.codes[:, at], every=every)
        for at, hierarchy in enumerate(problem.hierarchies)
    )
    losses = tuple(
        np.array([records.weights @ level.loss[records.codes[:, at]] for level in column])
        / max(problem.codes.size, 1)
        for at, column in enumerate(levels)
    )
    return Coding(records, levels, tuple(_stages(problem)), problem.rows, losses)


def _levels_of(
    hierarchy: GeneralisationHierarchy, codes: Ints, *, every: bool
) -> tuple[CodingLevel, ...]:
    """Return the levels that tell occurring values apart differently; all of them if ``every``."""
    occurring, values = np.unique(codes), np.arange(hierarchy.up.shape[0], dtype=np.int32)
    levels: list[CodingLevel] = []
    for number in range(hierarchy.levels):
        nodes = np.unique(hierarchy.up[occurring, number])
        if levels and nodes.size == levels[-1].nodes and not every:
            continue
        loss = hierarchy.added_loss(values, hierarchy.up[:, number])
        node_ids = np.searchsorted(nodes, hierarchy.up[:, number]).astype(np.int32)
        at_root = (hierarchy.up[:, number] == hierarchy.root) & np.isin(values, occurring)
        levels.append(CodingLevel(number, loss, node_ids, nodes.size, at_root))
    return tuple(levels)


def _stages(problem: Problem) -> Iterator[tuple[PrivacyChecks, bool]]:
    """Yield the checks beyond k.

    Coarser classes keep k and distinct l, so what fails them prunes what is finer; not l where
    people have several rows, as somebody has more values in a coarser class, nor where values are
    missing, as a finer class may be without any. Entropy and closeness survive a union of classes
    that all satisfy them, but not one with rows that would be suppressed: they prune nothing unless
    nothing may be suppressed. Presence never does: a coarser class covers people whom no finer one
    did, and finer ones may overlap where cells are coarse from the start.
    """
    model, several = problem.model, problem.people is not None
    if several:
        people = replace(problem, sensitive=problem.sensitive[:, :0], model=PrivacyModel(model.k))
        yield privacy_checks_of(people), True
    alone = privacy_checks_of(replace(problem, model=PrivacyModel(model.k, model.distinct_l)))
    if alone.columns:
        yield alone, not several and all(column.missing < 0 for column in alone.columns)
    checks = privacy_checks_of(problem)
    more = any(column.entropy_l > 1 or column.t is not None for column in checks.columns)
    if more or model.presence is not None:
        whole = problem.suppressible == 0 and model.presence is None and not several
        yield checks, whole and all(column.missing < 0 for column in checks.columns)


def restore_suppressed(coding: Coding, vector: Vector, suppressed: Bools) -> tuple[Ints, Bools]:
    """Return the nodes of each record, and which are still suppressed, after local suppression.

    Records come back where their class satisfies the model with some columns at the root; the sets
    of columns that lose least by that are tried first.
    """
    nodes, left, roots = coding.nodes(vector), suppressed.copy(), coding.records.problem.roots
    columns = np.flatnonzero((nodes != roots).any(axis=0))
    # Released records that show such a root already: theirs are the classes that could be joined.
    hosts = (nodes[:, columns] == roots[columns]).any(axis=1)
    price = [
        float(losses[-1] - losses[at]) for losses, at in zip(coding.losses, vector, strict=True)
    ]
    sets = sorted(_sets(columns.tolist()), key=lambda some: (sum(price[at] for at in some), some))
    for some in sets:
        if not left.any():
            break
        members = np.flatnonzero(left | hosts)
        out, boxes = left[members], nodes[members]
        for at in some:
            boxes[out, at] = roots[at]
        back = out & coding.in_satisfied_class(members, boxes)
        # No row comes back with every cell at the root: it would tell nothing.
        back &= (boxes != roots).any(axis=1)
        nodes[members[back]] = boxes[back]
        left[members[back]] = False
    if coding.stages:
        left = coding.until_close(nodes, left)
    return nodes, left


def _sets(columns: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield sets of few and of nearly all columns, whole sizes until there are enough."""
    few, many, found = 1, len(columns), 0
    while few <= many and found < TRIED:
        for size in sorted({few, many}):
            for some in combinations(columns, size):
                found += 1
                yield some
        few, many = few + 1, many - 1


def protect_with_one_coding(
    problem: Problem, progress: Progress = no_progress, *, cells: bool = True
) -> Recoding:
    """Return the table recoded to one level a column.

    With ``cells``, rows that would be suppressed come back with single cells at the root, where
    they make up classes that satisfy the model. Raises Infeasible, saying by how much.
    """
    check_feasible(problem)
    coding = coding_of(problem)
    cost = STEPS_A_VECTOR + coding.records.codes.size // CELLS_A_STEP
    budget = max(problem.steps // cost, 1)
    search = LevelSearch(coding.losses, coding.judge, budget, progress, problem.seed)
    proven = search.run()
    if search.best is None:
        best = "" if proven else " of those tried"
        raise Infeasible(
            f"the best coding{best} needs {coding.fewest / problem.rows:.1%} of the rows withheld;"
            f" {problem.suppression_limit:.1%} are allowed"
        )
    nodes, suppressed = coding.nodes(search.best), coding.suppressed(search.best)[0]
    if cells and suppressed.any():
        nodes, suppressed = _restored(coding, search, (nodes, suppressed))
    note = "" if proven else f"best of {len(search.judged)} codings tried, perhaps not the optimum"
    progress(1.0)
    recoding = coding.recoding(nodes, suppressed)
    return replace(recoding, steps=len(search.judged) * cost, note=note)


def _restored(coding: Coding, search: LevelSearch, best: tuple[Ints, Bools]) -> tuple[Ints, Bools]:
    """Return the best nodes once rows are restored, of the codings that may win by it.

    These are the optimum and the codings that lose least without the rows.
    """
    loss = coding.loss_of(*best)
    within = [vector for vector, verdict in search.judged.items() if verdict.loss < inf]
    within.sort(key=lambda vector: (coding.least_loss(vector), vector))
    for at, vector in enumerate(within):
        if at >= RESTORED and vector != search.best:
            continue
        if coding.least_loss(vector) >= loss:
            break
        found = restore_suppressed(coding, vector, coding.suppressed(vector)[0])
        now = coding.loss_of(*found)
        if not coding.too_many(found[1]) and now < loss:
            best, loss = found, now
    return best
