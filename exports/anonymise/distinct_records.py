"""The distinct records of a problem, each with the number of rows that are alike in it.

What the local engine moves about are amounts of *pieces*: rows alike in every quasi-identifier
and, where a condition looks at them, in every sensitive column. A million rows of few distinct
records cost no more than the records do.

The distinct rows of a problem: what is alike before recoding stays alike through it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exports.anonymise.measure import boxes_of, failing
from exports.anonymise.privacy_models import (
    Counts,
    Positions,
    PrivacyChecks,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import (
    Bools,
    Floats,
    GeneralisationHierarchy,
    Ints,
    Problem,
    Recoding,
)


@dataclass(frozen=True, slots=True)
class DistinctRecords:
    """All pieces, in the order of their content.

    ``codes`` has shape (pieces, quasi-identifiers), ``weights`` (pieces,) counts rows, ``of``
    (rows,) says which piece each row is, ``first`` (pieces,) is one row of each.
    """

    problem: Problem
    conditions: PrivacyChecks
    codes: Ints
    weights: Counts
    of: Positions
    first: Positions

    @property
    def taxonomies(self) -> tuple[GeneralisationHierarchy, ...]:
        """One a quasi-identifier."""
        return self.problem.taxonomies

    @property
    def blank(self) -> float:
        """What a row costs that is withheld: 1 a cell."""
        return float(len(self.taxonomies))

    @property
    def choosy(self) -> bool:
        """Whether more is demanded than k."""
        return bool(self.conditions.columns) or self.conditions.population is not None

    def own(self, pieces: Positions) -> Floats:
        """What each piece had lost before: the sum over its cells."""
        lost = np.zeros(pieces.size)
        for at, taxonomy in enumerate(self.taxonomies):
            lost += taxonomy.loss[taxonomy.up[:, 0]][self.codes[pieces, at]]
        return lost

    def leaves(self, pieces: Positions) -> Ints:
        """The nodes of these pieces before recoding, shape (pieces, quasi-identifiers)."""
        nodes = np.empty((pieces.size, len(self.taxonomies)), dtype=np.int32)
        for at, taxonomy in enumerate(self.taxonomies):
            nodes[:, at] = taxonomy.up[self.codes[pieces, at], 0]
        return nodes

    def tally(self, pieces: Positions, amounts: Counts, classes: Positions, count: int) -> Counts:
        """The tally of ``count`` classes, to which these amounts of pieces belong."""
        parts = [np.bincount(classes, amounts, count)[:, None]]
        for column in self.conditions.columns:
            values = column.shares.size
            keys = classes * values + column.values[self.first[pieces]]
            parts.append(np.bincount(keys, amounts, count * values).reshape(count, values))
        return np.concatenate(parts, axis=1).astype(np.int64)


def distinct_records_of(problem: Problem) -> DistinctRecords:
    """The distinct records of a problem."""
    demands = problem.demands
    if demands.distinct_l <= 1 and demands.entropy_l <= 1 and demands.t is None:
        # Nobody asks about sensitive values: rows that differ in them alone are alike.
        problem = replace(problem, sensitive=problem.sensitive[:, :0])
    conditions = privacy_checks_of(problem)
    columns = [*problem.codes.T, *(column.values for column in conditions.columns)]
    of, count = number_rows(columns, problem.rows)
    first = np.empty(count, dtype=np.int64)
    first[of] = np.arange(problem.rows)
    weights = np.bincount(of, minlength=count)
    return DistinctRecords(problem, conditions, problem.codes[first], weights, of, first)


@dataclass(frozen=True, slots=True)
class DistinctRows:
    """The combinations of quasi-identifiers that occur, in the order of their content.

    ``codes`` has shape (combinations, quasi-identifiers), ``weights`` (combinations,) counts the
    rows of each, ``of`` (rows,) says which one each row has.
    """

    problem: Problem
    codes: Ints
    weights: Counts
    of: Positions

    @property
    def roots(self) -> Ints:
        """The root of each column."""
        return np.array([taxonomy.root for taxonomy in self.problem.taxonomies], dtype=np.int32)

    @property
    def allowed(self) -> int:
        """Rows that may be withheld altogether."""
        return allowed(self.problem)

    def rows(self, chosen: Bools) -> int:
        """How many rows these combinations have."""
        return int(self.weights[chosen].sum())

    def holding(self, conditions: PrivacyChecks, members: Positions, shown: Ints) -> Bools:
        """Which of these combinations are in a class that holds.

        ``members`` says which they are, and ``shown`` has shape (members, quasi-identifiers): the
        nodes that each shows; equal ones are one class. The answer has the members' shape.
        """
        classes, count = number_rows(shown.T, shown.shape[0])
        boxes = boxes_of(shown, classes, count)
        return self.held(conditions, members, classes, count=count, boxes=boxes)[classes]

    def held(
        self,
        conditions: PrivacyChecks,
        members: Positions,
        classes: Positions,
        *,
        count: int,
        boxes: Ints | None,
    ) -> Bools:
        """Which classes hold; ``classes`` says in which one each member is."""
        if not conditions.columns:
            sizes = np.bincount(classes, self.weights[members], count).astype(np.int64)
            return conditions.hold(sizes[:, None], boxes)
        class_of = np.full(self.weights.size, -1, dtype=np.int64)
        class_of[members] = classes
        class_of_row = class_of[self.of]
        rows = np.flatnonzero(class_of_row >= 0)
        return conditions.holds(rows, class_of_row[rows], count, boxes)

    def loss(self, shown: Ints, withheld: Bools) -> float:
        """What ``loss_of`` says of the outcome, without making it."""
        lost = np.zeros(self.weights.size)
        for at, taxonomy in enumerate(self.problem.taxonomies):
            own = taxonomy.loss[taxonomy.up[:, 0]]
            lost += taxonomy.loss[shown[:, at]] - own[self.codes[:, at]]
        lost[withheld] = len(self.problem.taxonomies)
        return float(self.weights @ lost) / max(self.problem.codes.size, 1)

    def outcome(self, shown: Ints, withheld: Bools) -> Recoding:
        """The table in which each combination shows these nodes, or is withheld."""
        nodes = np.where(withheld[:, None], self.roots, shown)
        return Recoding(nodes[self.of], withheld[self.of])

    def settled(self, shown: Ints, withheld: Bools) -> Bools:
        """Who is withheld once every class holds by what a reader sees as well.

        Closeness is measured from the released rows too, and those are fewer each time.
        """
        while True:
            failed = failing(self.problem, self.outcome(shown, withheld))
            if not failed.any():
                return withheld
            withheld = withheld.copy()
            withheld[self.of[failed]] = True


def allowed(problem: Problem) -> int:
    """Rows that may be withheld altogether."""
    return int(problem.limit * problem.rows + 1e-9)


def distinct_rows_of(problem: Problem) -> DistinctRows:
    """The distinct rows of a problem."""
    of, count = number_rows(problem.codes.T, problem.rows)
    # Column by column in memory, as that is how it is read.
    codes = np.empty((count, problem.codes.shape[1]), dtype=np.int32, order="F")
    codes[of] = problem.codes
    return DistinctRows(problem, codes, np.bincount(of, minlength=count), of)
