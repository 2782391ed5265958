"""A table of words as a problem in whole numbers, and its outcome as words again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from exports.anonymise.problem import Ints, PrivacyModel, Problem, Recoding
from exports.errors import ExportRefused
from exports.tabular.hierarchy import MISSING, TableHierarchy, number_of, taxonomy_of
from exports.tabular.policy import Policy

# A refusal quotes no more values than these. They are the researcher's own, said on the
# researcher's own terminal and written nowhere; without them nobody could find the cell to correct.
EXAMPLES = 3
LONGEST = 40  # letters


@dataclass(frozen=True, slots=True)
class EncodedTable:
    """The table without identifiers, in the order of its content, and its hierarchies."""

    table: pl.DataFrame
    trees: tuple[TableHierarchy, ...]
    population: pl.DataFrame | None = None


def in_own_order(table: pl.DataFrame) -> pl.DataFrame:
    """The rows sorted by all their cells, first column first, so that arrival decides nothing."""
    return table.sort(table.columns, nulls_last=False)


def problem_of(policy: Policy, sources: EncodedTable) -> Problem:
    """The problem that the policy sets. Raise ExportRefused for a cell that has no place."""
    codes = _codes(sources.table, sources.trees, where="")
    population = None
    if sources.population is not None:
        population = _codes(sources.population, sources.trees, where="the population's ")
    taxonomies = tuple(
        taxonomy_of(tree, np.bincount(codes[:, at], minlength=len(tree.values)) > 0)
        for at, tree in enumerate(sources.trees)
    )
    return Problem(
        codes=codes,
        hierarchies=taxonomies,
        model=PrivacyModel(policy.k, policy.l, policy.entropy_l, policy.t, policy.presence),
        sensitive=_sensitive(policy, sources.table),
        ordered=tuple(name in policy.ordered for name in policy.sensitive),
        population=population,
        suppression_limit=policy.suppression_limit,
        seed=policy.seed,
    )


def released(sources: EncodedTable, outcome: Recoding) -> tuple[pl.DataFrame, Ints]:
    """The rows to write, sorted by what they hold, and the position of each in the table.

    Withheld rows are left out. Columns keep their order.
    """
    table = sources.table.with_columns(
        tree.decode(outcome.nodes[:, at]).replace(MISSING, None)
        for at, tree in enumerate(sources.trees)
    )
    kept = table.with_row_index("\0row").filter(~outcome.suppressed)
    kept = kept.sort(table.columns, nulls_last=False, maintain_order=True)
    return kept.drop("\0row"), kept["\0row"].to_numpy().astype(np.int32)


def _codes(table: pl.DataFrame, trees: Sequence[TableHierarchy], *, where: str) -> Ints:
    """Return the value of each cell in its hierarchy, shape (rows, trees)."""
    codes = []
    for tree in trees:
        filled = table[tree.column].fill_null(MISSING)
        found = tree.encode(filled)
        if found.null_count():
            raise ExportRefused(_no_place(filled.filter(found.is_null()), tree, where=where))
        codes.append(found.to_numpy())
    return np.stack(codes, axis=1)


def _no_place(cells: pl.Series, tree: TableHierarchy, *, where: str) -> str:
    """Return which cells the hierarchy does not know, by a few examples."""
    values = cells.unique().sort().to_list()
    rows = f"{len(cells)} row{'s' * (len(cells) > 1)}"
    advice = "Give each value a line there, or correct the data."
    if all(v.strip() in tree.values for v in values):
        advice = "Take away the spaces around them."
    elif all(v in tree.labels for v in values):
        advice = "They are groups there: give each a line of its own that starts with itself."
    return f"{where}{tree.column}: {_quoted(values)} ({rows}) has no place in {tree.path}. {advice}"


def _quoted(values: Sequence[str]) -> str:
    """Return the first few values in quotes, long ones cut short."""
    shown = [f'"{v[:LONGEST]}{"…" * (len(v) > LONGEST)}"' for v in values[:EXAMPLES]]
    return ", ".join(shown + ["…"] * (len(values) > EXAMPLES))


def _sensitive(policy: Policy, table: pl.DataFrame) -> Ints:
    """Return the sensitive columns as ranks, shape (rows, columns), the missing last."""
    codes = np.empty((table.height, len(policy.sensitive)), dtype=np.int32)
    for at, name in enumerate(policy.sensitive):
        values = values_of(policy, table[name])
        ranks = {value: rank for rank, value in enumerate(values)}
        coded = table[name].replace_strict(ranks, default=len(values), return_dtype=pl.Int32)
        codes[:, at] = coded.to_numpy()
    return codes


def values_of(policy: Policy, column: pl.Series) -> tuple[str, ...]:
    """The values of a sensitive column, lowest first where the policy gives them an order.

    Raise ExportRefused for a value that has no place in that order.
    """
    values = column.drop_nulls().unique().sort().to_list()
    order = policy.ordered.get(column.name)
    if order is None:
        return tuple(values)
    if order == "numbers":
        return _by_number(column.name, values)
    odd = [value for value in values if value not in order]
    if odd:
        raise ExportRefused(
            f"{policy.path}: [ordered] {column.name} leaves out {_quoted(odd)}, which the data"
            " hold."
        )
    return order


def _by_number(name: str, values: Sequence[str]) -> tuple[str, ...]:
    numbers = {value: number_of(value) for value in values}
    odd = [value for value, number in numbers.items() if number is None]
    if odd:
        raise ExportRefused(f"{name} is ordered by its numbers, but holds {_quoted(odd)}.")
    return tuple(sorted(values, key=lambda value: (numbers[value], value)))
