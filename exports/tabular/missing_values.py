"""Cells of sensitive columns that are no value: what the file or the policy calls missing."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from exports.tabular.hierarchy import number_of
from exports.tabular.people import ids_of
from exports.tabular.policy import Policy

Cells = Mapping[str, frozenset[str]]


def missing_values_of(policy: Policy, table: pl.DataFrame, declared: Cells) -> Cells:
    """Return, for each sensitive column, the cells in it that are no value.

    ``declared`` are those that the file itself calls missing. Blanks and capitals make no other
    value, nor does -99.0 for -99.
    """
    found = {}
    for name in policy.sensitive:
        cells = table[name].drop_nulls().unique()
        words = ids_of(pl.Series(policy.missing.get(name, ()), dtype=pl.String)).to_list()
        numbers = {number_of(word) for word in words} - {None}
        said = {
            cell
            for cell, plain in zip(cells.to_list(), ids_of(cells).to_list(), strict=True)
            if plain in words or number_of(plain) in numbers
        }
        found[name] = frozenset(said | (declared.get(name, frozenset()) & set(cells)))
    return found
