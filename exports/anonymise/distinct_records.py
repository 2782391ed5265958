"""The distinct records of a problem, each with the number of its rows.

Both engines work on records: rows that are alike before recoding stay alike through it, and a
million rows of few distinct records cost no more than the records do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exports.anonymise.privacy_models import (
    Counts,
    Positions,
    PrivacyChecks,
    number_rows,
    privacy_checks_of,
)
from exports.anonymise.problem import Floats, GeneralisationHierarchy, Ints, Problem


@dataclass(frozen=True, slots=True)
class DistinctRecords:
    """All distinct records, in the order of their content.

    ``codes`` has shape (records, quasi-identifiers), ``weights`` (records,) counts rows,
    ``record_of_row`` (rows,) says which record each row is, ``example_row`` (records,) is one row
    of each.
    """

    problem: Problem
    checks: PrivacyChecks
    codes: Ints
    weights: Counts
    record_of_row: Positions
    example_row: Positions

    @property
    def hierarchies(self) -> tuple[GeneralisationHierarchy, ...]:
        """Hierarchy of each quasi-identifier."""
        return self.problem.hierarchies

    @property
    def suppression_loss(self) -> float:
        """Loss of a suppressed row: 1 a cell."""
        return float(len(self.hierarchies))

    @property
    def checks_sensitive(self) -> bool:
        """Whether classes must satisfy more than k: sensitive values or presence."""
        return bool(self.checks.columns) or self.checks.population is not None

    def own_loss(self, records: Positions) -> Floats:
        """Return the loss of these records before recoding: the sum over their cells."""
        lost = np.zeros(records.size)
        for at, hierarchy in enumerate(self.hierarchies):
            lost += hierarchy.loss[hierarchy.up[:, 0]][self.codes[records, at]]
        return lost

    def leaves(self, records: Positions) -> Ints:
        """Return the nodes of these records before recoding, shape (records, quasi-identifiers)."""
        nodes = np.empty((records.size, len(self.hierarchies)), dtype=np.int32)
        for at, hierarchy in enumerate(self.hierarchies):
            nodes[:, at] = hierarchy.up[self.codes[records, at], 0]
        return nodes

    def tally(self, records: Positions, amounts: Counts, classes: Positions, count: int) -> Counts:
        """Return the tally of ``count`` classes that these amounts of records belong to."""
        parts = [np.bincount(classes, amounts, count)[:, None]]
        for column in self.checks.columns:
            values = column.shares.size
            keys = classes * values + column.values[self.example_row[records]]
            parts.append(np.bincount(keys, amounts, count * values).reshape(count, values))
        return np.concatenate(parts, axis=1).astype(np.int64)


def distinct_records_of(problem: Problem, *, by_sensitive: bool) -> DistinctRecords:
    """Return the records that differ in a quasi-identifier or, ``by_sensitive``, a sensitive value.

    Sensitive columns that no condition of the model looks at are dropped.
    """
    model = problem.model
    if model.distinct_l <= 1 and model.entropy_l <= 1 and model.t is None:
        problem = replace(problem, sensitive=problem.sensitive[:, :0])
    checks = privacy_checks_of(problem)
    sensitive = [column.values for column in checks.columns] if by_sensitive else []
    record_of_row, count = number_rows([*problem.codes.T, *sensitive], problem.rows)
    example_row = np.empty(count, dtype=np.int64)
    example_row[record_of_row] = np.arange(problem.rows)
    weights = np.bincount(record_of_row, minlength=count)
    # Column by column in memory, as that is how it is read.
    codes = np.asfortranarray(problem.codes[example_row])
    return DistinctRecords(problem, checks, codes, weights, record_of_row, example_row)
