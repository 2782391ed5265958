"""The distinct records of a problem, each with the number of rows that are alike in it.

What the local engine moves about are amounts of *pieces*: rows alike in every quasi-identifier
and, where a condition looks at them, in every sensitive column. A million rows of few distinct
records cost no more than the records do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exports.anonymise.classes import number_rows
from exports.anonymise.conditions import Conditions, Counts, Positions, conditions_of
from exports.anonymise.problem import Floats, Ints, Problem, Taxonomy


@dataclass(frozen=True, slots=True)
class Pieces:
    """All pieces, in the order of their content.

    ``codes`` has shape (pieces, quasi-identifiers), ``weights`` (pieces,) counts rows, ``of``
    (rows,) says which piece each row is, ``first`` (pieces,) is one row of each.
    """

    problem: Problem
    conditions: Conditions
    codes: Ints
    weights: Counts
    of: Positions
    first: Positions

    @property
    def taxonomies(self) -> tuple[Taxonomy, ...]:
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


def pieces_of(problem: Problem) -> Pieces:
    """The distinct records of a problem."""
    demands = problem.demands
    if demands.distinct_l <= 1 and demands.entropy_l <= 1 and demands.t is None:
        # Nobody asks about sensitive values: rows that differ in them alone are alike.
        problem = replace(problem, sensitive=problem.sensitive[:, :0])
    conditions = conditions_of(problem)
    columns = [*problem.codes.T, *(column.values for column in conditions.columns)]
    of, count = number_rows(columns, problem.rows)
    first = np.empty(count, dtype=np.int64)
    first[of] = np.arange(problem.rows)
    weights = np.bincount(of, minlength=count)
    return Pieces(problem, conditions, problem.codes[first], weights, of, first)
