"""Whose each row of a table is, and rows that are nobody's.

Where people have several rows, one column tells them apart: its role is ``person``, or
``household`` where whole households must not be found. Such values are one that differ only in
blanks, in capitals or in how a letter is encoded.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from exports.anonymise.problem import Ints
from exports.errors import ExportRefused
from exports.tabular.input_table import BLANK
from exports.tabular.policy import Policy


def without_blank_rows(policy: Policy, table: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the rows that say something, and how many others there were.

    A row that holds nothing but identifiers says nothing of anybody. In a table of one column no
    program leaves such rows behind: there a blank cell is an answer that was not given.
    """
    if table.width == 1:
        return table, 0
    told = [name for name in table.columns if name not in policy.hidden]
    kept = table.filter(pl.any_horizontal(pl.col(told).is_not_null()))
    return kept, table.height - kept.height


def ids_of(column: pl.Series) -> pl.Series:
    """Return the values of a column that tells people apart, variants of one being equal."""
    plain = column.str.normalize("NFKC").str.replace_all(BLANK, "")
    return plain.str.to_uppercase().str.to_lowercase()


def people_of(ids: pl.DataFrame) -> Ints | None:
    """Return the number of the person or household of each row; None without such columns.

    Somebody who has rows in two households makes them one: whoever knows the person knows both.
    """
    numbers = [(ids_of(ids[name]).rank("dense") - 1).to_numpy() for name in ids.columns]
    if len(numbers) < 2:
        return numbers[0].astype(np.int32) if numbers else None
    links = np.unique(np.stack(numbers, axis=1), axis=0).tolist()
    known: dict[tuple[int, int], int] = {}
    parent: list[int] = []

    def root(key: tuple[int, int]) -> int:
        if key not in known:
            known[key] = len(parent)
            parent.append(known[key])
        at = known[key]
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    for person, household in links:
        parent[root((0, person))] = root((1, household))
    whose = {person: root((0, person)) for person, _ in links}
    return np.array([whose[person] for person in numbers[0].tolist()], dtype=np.int32)


def refuse_unknown_people(policy: Policy, table: pl.DataFrame) -> None:
    """Raise ExportRefused where nobody knows whose rows these are, or an identifier repeats."""
    for name in policy.ids:
        blank = table[name].is_null()
        if blank.any():
            raise ExportRefused(
                f"{name} is blank in {blank.sum()} of {table.height} rows, and k counts"
                f" {policy.unit}: fill it in, or take these rows out."
            )
    if policy.roles["person"]:
        return
    households = people_of(table.select(policy.ids))
    for name in policy.roles["identifier"]:
        ids = ids_of(table[name])
        rows = pl.DataFrame({"id": ids}).with_columns(
            unit=pl.Series(range(len(ids)) if households is None else households)
        )
        rows = rows.drop_nulls()
        people = rows["id"].n_unique()
        # Members of a household may share a value; rows of different households may not.
        if rows.unique().height > people:
            raise ExportRefused(
                f"The values of the identifier {name} repeat: {len(rows)} rows, {people} people. k"
                f" counts people and not rows: give the role person in [roles] to {name}, or to the"
                f" column that tells people apart; if none does, make {name} left_out."
            )
