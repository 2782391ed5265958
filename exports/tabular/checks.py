"""What a table must be before it can be protected under a policy."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from exports.refused import Refused
from exports.tabular.policy import Policy, suggestion


def refuse_unfit(policy: Policy, table: pl.DataFrame) -> None:
    """Raises Refused with the first thing that makes the table unfit for the policy."""
    _refuse_unknown_columns(policy, table.columns)
    _refuse_unmarked_columns(policy, table.columns)
    _refuse_too_few_rows(policy, table.height)
    _refuse_empty_columns(policy, table)
    _refuse_too_few_values(policy, table)


def refuse_unfit_population(policy: Policy, population: pl.DataFrame) -> None:
    """Raises Refused unless the population has every quasi-identifier and a row."""
    lacking = [name for name in policy.quasi_identifiers if name not in population.columns]
    if lacking:
        raise Refused(f"{policy.population} has no column {', '.join(lacking)}.")
    if not population.height:
        raise Refused(f"{policy.population} has no rows.")


def _refuse_unknown_columns(policy: Policy, columns: Iterable[str]) -> None:
    known = list(columns)
    for role, names in policy.roles.items():
        for name in names:
            if name not in known:
                hint = suggestion(name, known) or f" It has: {', '.join(known)}."
                raise Refused(f"{policy.path}: {role} names {name}, which the data lack.{hint}")


def _refuse_unmarked_columns(policy: Policy, columns: Iterable[str]) -> None:
    marked = {name for names in policy.roles.values() for name in names}
    unmarked = [name for name in columns if name not in marked]
    if unmarked:
        raise Refused(
            f"{policy.path}: no role for {', '.join(unmarked)}. Give each column one in [roles]:"
            " identifier, quasi_identifier, sensitive or plain."
        )


def _refuse_too_few_rows(policy: Policy, rows: int) -> None:
    if rows == 0:
        raise Refused("The data have no rows.")
    if rows == 1:
        raise Refused("The data have 1 row: nobody can hide in a table of one.")
    if rows < policy.k:
        raise Refused(f"k = {policy.k} rows alike cannot be had from {rows} rows.")


def _refuse_empty_columns(policy: Policy, table: pl.DataFrame) -> None:
    kept = [name for name in table.columns if name not in policy.roles["identifier"]]
    empty = [name for name in kept if table[name].null_count() == table.height]
    if empty:
        raise Refused(
            f"Every cell of {', '.join(empty)} is missing: take such a column out of the data, or"
            " mark it as an identifier, which never leaves."
        )


def _refuse_too_few_values(policy: Policy, table: pl.DataFrame) -> None:
    for name in policy.sensitive:
        distinct = table[name].n_unique()
        for key, wanted in (("l", policy.l), ("entropy_l", policy.entropy_l)):
            if distinct < wanted:
                raise Refused(
                    f"{key} = {wanted:g} distinct values cannot be had from {name}, which has"
                    f" {distinct}."
                )
