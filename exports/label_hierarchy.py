"""Between cells and the engine: a column's hierarchy in whole numbers, and nodes as cells again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from exports.anonymise.problem import Bools, GeneralisationHierarchy, Ints

Cell = int | str


@dataclass(frozen=True, slots=True)
class LabelHierarchy:
    """The hierarchy of one column.

    ``values`` are the cells that have a place, ``labels`` those of all nodes; ``up`` has shape
    (values, levels): the position in ``labels`` of each value at each level.
    """

    column: str
    values: pl.Series
    labels: pl.Series
    up: Ints

    def encode(self, cells: pl.Series) -> pl.Series:
        """Return the position of each cell among the values, null where it has no place."""
        numbers = pl.Series(range(len(self.values)), dtype=pl.Int32)
        return cells.replace_strict(self.values, numbers, default=None, return_dtype=pl.Int32)

    def decode(self, nodes: Ints) -> pl.Series:
        """Return the cell of each node."""
        return self.labels.gather(pl.Series(nodes)).alias(self.column)


def ancestors(chains: Iterable[Sequence[Cell]], labels: Iterable[Cell]) -> Ints:
    """Return ``up`` of a hierarchy from each value's cell at every level."""
    node = {label: at for at, label in enumerate(labels)}
    return np.array([[node[cell] for cell in chain] for chain in chains], dtype=np.int32)


def fully_generalised(taxonomies: Sequence[GeneralisationHierarchy], nodes: Ints) -> Bools:
    """Return for each row whether all its nodes are roots."""
    everything: Bools = (nodes == np.array([tree.root for tree in taxonomies])).all(axis=1)
    return everything
