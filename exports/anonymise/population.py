"""How many people of a population each class could be: what presence is measured from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.problem import Floats, Ints, Taxonomy

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Population:
    """A population table, ready to count who is covered by a box of nodes."""

    taxonomies: tuple[Taxonomy, ...]
    codes: Ints

    def covered(self, boxes: Ints) -> NDArray[np.int64]:
        """Population rows that each box covers; boxes have shape (boxes, quasi-identifiers)."""
        counts = np.zeros(boxes.shape[0], dtype=np.int64)
        whose = [self._whose(at, boxes[:, at]) for at in range(boxes.shape[1])]
        everybody = np.packbits(np.ones(self.codes.shape[0], dtype=np.bool_))
        for at, box in enumerate(boxes.tolist()):
            inside = everybody
            for column, node in zip(whose, box, strict=True):
                inside = inside & column[node]
            counts[at] = int(np.bitwise_count(inside).sum())
        return counts

    def presence(self, sizes: NDArray[np.int64], boxes: Ints) -> Floats:
        """Share (0-1) of the population rows covered by each class that are in the table.

        ``sizes`` counts the class's own rows. A table that is no part of the population, so that a
        class has more rows than people, counts as all of them being there. Population rows that no
        class covers are not judged. Source: delta-presence, Nergiz et al. 2007, definition 3.
        """
        shares: Floats = np.minimum(sizes / np.maximum(self.covered(boxes), 1), 1.0)
        return shares

    def _whose(self, at: int, nodes: Ints) -> dict[int, Bytes]:
        """For each node of a column, one bit for each population row: is it under the node?"""
        up = self.taxonomies[at].up
        found = {}
        for node in np.unique(nodes).tolist():
            under = (up == node).any(axis=1)
            found[node] = np.packbits(under[self.codes[:, at]])
        return found
