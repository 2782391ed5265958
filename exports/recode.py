"""Local recoding of a study's key columns: the engine's answer for its table, tier and policy.

What is missing has the code of a withheld cell already (exports.generalise.one_missing_code), so
that the two are one category of a key to the engine as to every reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

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
    """Return the loss of a core cell as written: 0 as asked to 1 without an answer."""
    return _loss(field, policy, written if field.type == "text" else int(written))


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
            if (different := int((values >= 0).sum())) < tier.distinct_l:
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
    """Return ``table`` with the engine's nodes as cells."""
    return table.with_columns(
        hierarchy.decode(outcome.nodes[:, at]) for at, hierarchy in enumerate(hierarchies)
    )


@dataclass(frozen=True, slots=True)
class RecodedKeys:
    """Rows with ``k`` or more in each class of their core key.

    ``rows`` are their positions in the table they were taken from, ``lost`` how many had something
    in their key and lost all of it; ``notes`` say what the engine capped, if anything.
    """

    table: pl.DataFrame
    rows: pl.Series
    lost: int = 0
    notes: tuple[str, ...] = ()


def recode_strata(
    table: pl.DataFrame,
    strata: pl.Series,
    fields: Sequence[Field],
    policy: ReleasePolicy,
    tier: Tier,
    *,
    people: Ints | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> RecodedKeys:
    """Return ``table`` with ``tier.k`` people or more in each class of its core key and stratum.

    ``people`` says whose each row is (exports.repeats; None: each is another person's). ``strata``
    is null for rows that need no company of their own kind. Where all rows together do not give
    every stratum enough, each is recoded by itself, and one that cannot be is left out, unless it
    is the largest. Rows must stand in the order of their content, so that the order of arrival
    decides nothing. Raise ExportRefused, with figures, where k or l cannot be reached,
    SuppressionLimitExceeded where more than ``tier.max_violating`` of the rows would lose their
    whole key.
    """
    everybody = pl.Series(range(len(table)), dtype=pl.UInt32)
    # Where no variety is asked for, the engine need not look at answers at all.
    diverse = _diverse(table, policy, tier) if tier.distinct_l > 1 else []
    # Together first, which loses least; then so that rows of no kind add nobody to a class.
    tries = [people, _of_a_kind(people, strata)] if strata.null_count() else [people]
    for whose in tries if strata.n_unique() > 1 else ():
        with suppress(ExportRefused):
            one = _recoded(
                table, diverse, fields, policy, tier, people=whose, seed=seed, progress=progress
            )
            whole = RecodedKeys(one.table, everybody, one.lost, one.notes)
            enough = _smallest(one.table, strata, people, fields) >= tier.k
            # The search has seen variety among the rows that counted for it, which may not be all.
            if enough and not _too_few(one.table, diverse, people, fields, tier):
                _check_lost(whole, tier)
                return whole
    found: list[RecodedKeys] = []
    kinds = strata.fill_null("none").alias("kind")
    for kind in kinds.value_counts().sort("count", "kind", descending=[True, False])["kind"]:
        rows = everybody.filter(kinds == kind)
        try:
            one = _recoded(
                table[rows], diverse, fields, policy, tier,
                people=None if people is None else people[rows.to_numpy()],
                seed=seed, progress=progress,
            )  # fmt: skip
        except ExportRefused:
            if not found:
                raise
            continue
        found.append(RecodedKeys(one.table, rows, one.lost, one.notes))
    together = pl.concat([one.rows for one in found])
    order = together.arg_sort()
    parted = RecodedKeys(
        pl.concat([one.table for one in found])[order],
        together[order],
        sum(one.lost for one in found),
        tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )
    _check_lost(parted, tier)
    return parted


def _of_a_kind(people: Ints | None, strata: pl.Series) -> Ints:
    """Return whose each row is, rows without a stratum being nobody's."""
    whose = np.arange(len(strata), dtype=np.int32) if people is None else people
    return np.where(strata.is_null().to_numpy(), -1, whose).astype(np.int32)


def _too_few(
    table: pl.DataFrame,
    diverse: Sequence[str],
    people: Ints | None,
    fields: Sequence[Field],
    tier: Tier,
) -> list[str]:
    """Return the sensitive columns of which a class has values, but fewer than l."""
    core = [f.name for f in fields if f.key and f.group == CORE]
    somebody = table if people is None else table.filter(pl.Series(people) >= 0)
    values = (pl.col(n).filter(pl.col(n) >= 0).n_unique() for n in diverse)
    counts = somebody.group_by(pl.lit(0), *core).agg(values).select(diverse)
    return [column.name for column in counts if column.is_between(1, tier.distinct_l - 1).any()]


def _check_lost(found: RecodedKeys, tier: Tier) -> None:
    """Raise SuppressionLimitExceeded where too many rows would lose their whole key."""
    rows = len(found.rows)
    if found.lost > tier.max_violating * rows:
        raise SuppressionLimitExceeded(
            f"Tier {tier.name} cannot reach k = {tier.k} in {rows} rows: {found.lost / rows:.1%} of"
            f" them would lose every core variable; the policy allows {tier.max_violating:.1%}."
            " Collect more answers, or change release.toml and have it approved again."
        )


def _smallest(
    table: pl.DataFrame, strata: pl.Series, people: Ints | None, fields: Sequence[Field]
) -> int:
    """Return the fewest people alike in core key and stratum, of those in any."""
    core = [f.name for f in fields if f.key and f.group == CORE]
    whose = pl.Series(np.arange(len(table)) if people is None else people)
    rows = table.select(core).with_columns(strata.alias("stratum"), whose.alias("whose"))
    there = rows.drop_nulls("stratum").group_by(*core, "stratum")
    counted = there.agg(pl.col("whose").filter(pl.col("whose") >= 0).n_unique())
    return min(counted["whose"].to_list(), default=len(table))


def _recoded(
    table: pl.DataFrame,
    diverse: Sequence[str],
    fields: Sequence[Field],
    policy: ReleasePolicy,
    tier: Tier,
    *,
    people: Ints | None,
    seed: int,
    progress: Progress,
) -> RecodedKeys:
    """Return all rows of ``table``, one stratum, with k or more in each class of the core key."""
    everybody = pl.Series(range(len(table)), dtype=pl.UInt32)
    counted = len(table) if people is None else len(np.unique(people[people >= 0]))
    if counted < tier.k:
        raise ExportRefused(
            f"Tier {tier.name} needs at least {tier.k} rows alike; there are {counted} in all."
        )
    core = [f for f in fields if f.key and f.group == CORE]
    # Coarsening a column of one category would part no class.
    keys = [field for field in core if table[field.name].n_unique() > 1]
    if not keys:
        if few := _too_few(table, diverse, people, fields, tier):
            raise ExportRefused(
                f"Tier {tier.name} cannot be reached: l = {tier.distinct_l} and {len(table)} rows"
                f" that are alike have fewer values of {', '.join(few)}."
            )
        return RecodedKeys(table, everybody)
    hierarchies = [_hierarchy(f, policy, table[f.name]) for f in keys]
    losses = [
        np.array([_loss(field, policy, cell) for cell in hierarchy.labels])
        for field, hierarchy in zip(keys, hierarchies, strict=True)
    ]
    taxonomies = tuple(
        GeneralisationHierarchy(hierarchy.column, hierarchy.up, loss)
        for hierarchy, loss in zip(hierarchies, losses, strict=True)
    )
    problem = Problem(
        codes=np.column_stack([h.encode(table[h.column]) for h in hierarchies]),
        hierarchies=taxonomies,
        model=PrivacyModel(tier.k, distinct_l=tier.distinct_l),
        sensitive=_sensitive(table, diverse),
        ordered=(False,) * len(diverse),
        missing=(_NO_VALUE,) * len(diverse),
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
    notes = (outcome.note,) if outcome.note else ()
    return RecodedKeys(_released(table, hierarchies, outcome), everybody, int(gone.sum()), notes)
