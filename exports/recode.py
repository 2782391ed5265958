"""Local recoding of a study's key columns: the engine's answer for its table, tier and policy.

An answer's missing codes all count as one category of a key, together with withheld cells
(docs/design.md, Releases); what is missing keeps its own code and is never recoded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from exports.anonymise.problem import (
    GeneralisationHierarchy,
    Infeasible,
    Ints,
    PrivacyModel,
    Problem,
    Progress,
    Recoding,
    no_progress,
)
from exports.anonymise.solve import solve
from exports.columns import CORE, Field
from exports.errors import ExportRefused
from exports.generalise import covered, generalise_cell, is_missing, suppressed_cell, top_of
from exports.label_hierarchy import Cell, LabelHierarchy, ancestors, fully_generalised
from forms.study import ReleasePolicy, Tier

_NO_VALUE = 0  # rank of what is missing in a sensitive column


class SuppressionLimitExceeded(ExportRefused):
    """So few rows are alike that too many would lose their whole key."""


def loss_of_cell(field: Field, policy: ReleasePolicy, written: str) -> float:
    """Return the loss of a cell as written: 0 as asked (or missing from the start) to 1."""
    cell: Cell = written if field.type == "text" else int(written)
    return (
        0.0 if is_missing(cell) and cell != suppressed_cell(field) else _loss(field, policy, cell)
    )


def _loss(field: Field, policy: ReleasePolicy, cell: Cell) -> float:
    """(Codes covered - 1) / (codes - 1), 1 for the withheld cell."""
    if is_missing(cell):
        return 1.0
    asked = len(field.column.codes) if field.column else 1
    if isinstance(cell, str) or asked < 2:
        return 0.0
    return (len(covered(field, policy, cell)) - 1) / (asked - 1)


def _chain(field: Field, policy: ReleasePolicy, cell: Cell) -> list[Cell]:
    """The cell at every level; what is missing is withheld from the start, as a category."""
    levels = range(top_of(field, policy) + 1)
    if is_missing(cell):
        return [suppressed_cell(field) for _ in levels]
    return [generalise_cell(field, policy, cell, level) for level in levels]


def _hierarchy(field: Field, policy: ReleasePolicy, column: pl.Series) -> LabelHierarchy:
    values = sorted(column.unique().to_list())
    chains = [_chain(field, policy, value) for value in values]
    root = suppressed_cell(field)
    labels = [*sorted({cell for chain in chains for cell in chain} - {root}), root]
    return LabelHierarchy(
        field.name,
        pl.Series(values, dtype=column.dtype),
        pl.Series(labels, dtype=column.dtype),
        ancestors(chains, labels),
    )


def _diverse(table: pl.DataFrame, policy: ReleasePolicy, tier: Tier) -> list[str]:
    """Return the columns that l counts: of one that nobody answered there is nothing to learn.

    Raise ExportRefused where all rows together have too few values.
    """
    found = []
    for name in (n for n in policy.diverse if n in table.columns):
        values = table[name].unique()
        if (values >= 0).any():
            found.append(name)
            gaps = name not in policy.named and bool((values < 0).any())
            if (different := int((values >= 0).sum()) + gaps) < tier.distinct_l:
                raise ExportRefused(
                    f"Tier {tier.name} cannot be reached: l = {tier.distinct_l} and all"
                    f" {len(table)} rows together have {different} of the sensitive {name}."
                    " Collect more answers, or name it in leave_out of the tier in release.toml"
                    " and have it approved again."
                )
    return found


def _sensitive(table: pl.DataFrame, names: Sequence[str]) -> Ints:
    """Return the sensitive columns as ranks from 1; 0 is every missing code."""
    if not names:
        return np.empty((len(table), 0), dtype=np.int32)
    answers = (pl.when(pl.col(n) >= 0).then(pl.col(n)).alias(n) for n in names)
    ranks = (a.rank("dense").cast(pl.Int32).fill_null(_NO_VALUE) for a in answers)
    return table.select(ranks).to_numpy()


def _released(
    table: pl.DataFrame, hierarchies: Sequence[LabelHierarchy], outcome: Recoding
) -> pl.DataFrame:
    """Return ``table`` with the engine's nodes as cells; a missing code stays as it is."""
    for at, hierarchy in enumerate(hierarchies):
        column = table[hierarchy.column]
        lacking = column.is_in([value for value in hierarchy.values if is_missing(value)])
        released = column.zip_with(lacking, hierarchy.decode(outcome.nodes[:, at]))
        table = table.with_columns(released)
    return table


def recode_keys(
    table: pl.DataFrame,
    fields: Sequence[Field],
    policy: ReleasePolicy,
    tier: Tier,
    *,
    people: Ints | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> tuple[pl.DataFrame, str]:
    """Return ``table`` with ``tier.k`` people or more in each class of its core key, and a note.

    ``people`` says whose each row is (exports.repeats; None: each is another person's).

    Rows stay where they are. They must stand in the order of their content, so that the order of
    arrival decides nothing. The note says what the engine capped, if anything. Raise ExportRefused,
    with figures, where k or l cannot be reached, SuppressionLimitExceeded where more than
    ``tier.max_violating`` of the rows would lose their whole key.
    """
    counted = len(table) if people is None else len(np.unique(people[people >= 0]))
    if counted < tier.k:
        raise ExportRefused(
            f"Tier {tier.name} needs at least {tier.k} rows alike; there are {counted} in all."
        )
    core = [f for f in fields if f.key and f.group == CORE]
    # Coarsening a column of one category would part no class.
    keys = [field for field in core if table[field.name].n_unique() > 1]
    if not keys:
        return table, ""
    hierarchies = [_hierarchy(f, policy, table[f.name]) for f in keys]
    losses = [
        np.array([_loss(field, policy, cell) for cell in hierarchy.labels])
        for field, hierarchy in zip(keys, hierarchies, strict=True)
    ]
    taxonomies = tuple(
        GeneralisationHierarchy(hierarchy.column, hierarchy.up, loss)
        for hierarchy, loss in zip(hierarchies, losses, strict=True)
    )
    # Where no variety is asked for, the engine need not look at answers at all.
    distinct = _diverse(table, policy, tier) if tier.distinct_l > 1 else []
    problem = Problem(
        codes=np.column_stack([h.encode(table[h.column]) for h in hierarchies]),
        hierarchies=taxonomies,
        model=PrivacyModel(tier.k, distinct_l=tier.distinct_l),
        sensitive=_sensitive(table, distinct),
        ordered=(False,) * len(distinct),
        missing=tuple(_NO_VALUE if name in policy.named else -1 for name in distinct),
        people=people,
        seed=seed,
    )
    try:
        outcome = solve(problem, "local", progress)
    except Infeasible as unreachable:
        raise ExportRefused(f"Tier {tier.name} cannot be reached: {unreachable}") from None
    asked = np.column_stack([t.up[problem.codes[:, n], 0] for n, t in enumerate(taxonomies)])
    # Rows that had something in their key and lost all of it.
    gone = fully_generalised(taxonomies, outcome.nodes) & ~fully_generalised(taxonomies, asked)
    lost = float(gone.mean())
    if lost > tier.max_violating:
        raise SuppressionLimitExceeded(
            f"Tier {tier.name} cannot reach k = {tier.k} in {len(table)} rows: {lost:.1%} of them"
            f" would lose every core variable; the policy allows {tier.max_violating:.1%}. Collect"
            " more answers, or change release.toml and have it approved again."
        )
    return _released(table, hierarchies, outcome), outcome.note
