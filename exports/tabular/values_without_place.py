"""Values without a place in their hierarchies: a few are quoted, all are listed in a file.

The file lies beside the policy, for its owner alone, with groups to edit and lines to add to the
hierarchy. Only quasi-identifiers have hierarchies: nothing of any other column is ever listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.hierarchy import (
    ROOT,
    EncodedTable,
    TableHierarchy,
    band_of,
    number_of,
)
from exports.tabular.hierarchy_files import hierarchy_text, stem_of, write_beside
from exports.tabular.policy import Policy
from exports.tabular.quoting import EXAMPLES, LONGEST, quoted


def refuse_unplaced(policy: Policy, sources: EncodedTable) -> None:
    """Raise ExportRefused for values without a place, once the list of them is written."""
    said, lists = "", ""
    for tree in sources.trees:
        values: dict[str, None] = {}
        for where, cells in _cells(sources, tree.column):
            known = cells.unique().sort()
            lacking = known.filter(tree.encode(known).is_null())
            if len(lacking):
                rows = int(cells.is_in(lacking.implode()).sum())
                told = _no_place(where + tree.column, lacking.to_list(), rows, tree)
                # The line quotes the values of one column alone.
                whole = not said and len(lacking) <= EXAMPLES and _short(lacking)
                said = said or told
                values |= {} if whole else dict.fromkeys(lacking)
        if values:
            lists += _listed(policy, tree, list(values))
    if said:
        raise ExportRefused(said + lists)


def _short(values: pl.Series) -> bool:
    return all(len(value) <= LONGEST for value in values)


def _cells(sources: EncodedTable, column: str) -> Iterator[tuple[str, pl.Series]]:
    """Yield the cells of a column that are not missing, and whose they are."""
    yield "", sources.table[column].drop_nulls()
    if sources.population is not None:
        yield "the population's ", sources.population[column].drop_nulls()


def _no_place(whose: str, values: Sequence[str], rows: int, tree: TableHierarchy) -> str:
    """Return which cells the hierarchy does not know, by a few examples."""
    advice = "Give each value a line there, or correct the data."
    if all(v.strip() in tree.values for v in values):
        advice = "Take away the spaces around them."
    elif all(v in tree.labels for v in values):
        advice = "They are groups there: give each a line of its own that starts with itself."
        if any(band_of(v) is None for v in values):
            advice = "They are groups there: give each a line, and the groups other names."
    return (
        f"{whose}: {quoted(values)} ({rows} row{'s' * (rows > 1)}) has no place in {tree.path}."
        f" {advice}"
    )


def _listed(policy: Policy, tree: TableHierarchy, values: Sequence[str]) -> str:
    """Write a line for each value into a new file; return the sentence that names it."""
    content = hierarchy_text(_chains(tree, values))
    try:
        path = write_beside(policy.path.parent, f"{stem_of(tree.column)}-missing", content)
    except OSError:
        return ""  # A folder that cannot be written changes nothing of what is wrong.
    return (
        f" {path} lists all values of {tree.column} without a place ({len(values)}): edit the"
        f" groups there and add the lines to {tree.path.name}."
    )


def _chains(tree: TableHierarchy, values: Iterable[str]) -> Iterator[list[str]]:
    """Yield a line for each value: under a band that holds it, or in a group of its own."""
    above = {tree.labels[node]: nodes[1:] for nodes in tree.up.tolist() for node in nodes[1:2]}
    bands = [(band, nodes) for label, nodes in above.items() if (band := band_of(label))]
    for value in values:
        number = number_of(value)
        held = (nodes for band, nodes in bands if number is not None and band.holds(number))
        if nodes := next(held, None):
            yield [value, *(tree.labels[node] for node in nodes)]
        else:
            yield [value] * (tree.up.shape[1] - 1) + [ROOT]
