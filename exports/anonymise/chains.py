"""Nodes and what is above them: joining boxes in numbers, many pairs at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.problem import Floats, Ints, Taxonomy

Singles = NDArray[np.float32]


def chains_of(taxonomy: Taxonomy) -> Ints:
    """For each node and level, the node above it at that level, or itself while it is higher."""
    chains = np.full((taxonomy.loss.size, taxonomy.levels), taxonomy.root, dtype=np.int32)
    for level in range(taxonomy.levels - 1, -1, -1):
        nodes = taxonomy.up[:, level]
        chains[nodes, :level] = nodes[:, None]
        chains[nodes, level:] = taxonomy.up[:, level:]
    return chains


def joined_losses(taxonomy: Taxonomy, chains: Ints, one: Ints, other: Ints) -> Singles:
    """The loss of the first node above both, shape (nodes of one, nodes of the other)."""
    left, on_left = np.unique(one, return_inverse=True)
    right, on_right = np.unique(other, return_inverse=True)
    lost = np.ones((left.size, right.size), dtype=np.float32)
    for level in range(taxonomy.levels - 1, -1, -1):
        above = chains[left, level]
        same = above[:, None] == chains[right, level]
        np.copyto(lost, taxonomy.loss[above].astype(np.float32)[:, None], where=same)
    return lost[:, on_right][on_left]


def joined(taxonomies: tuple[Taxonomy, ...], chains: list[Ints], one: Ints, other: Ints) -> Ints:
    """The smallest boxes that cover pairs of boxes; all of shape (pairs, quasi-identifiers)."""
    boxes = np.empty_like(one)
    for at, taxonomy in enumerate(taxonomies):
        box = np.full(one.shape[0], taxonomy.root, dtype=np.int32)
        for level in range(taxonomy.levels - 2, -1, -1):
            above = chains[at][one[:, at], level]
            same = above == chains[at][other[:, at], level]
            box[same] = above[same]
        boxes[:, at] = box
    return boxes


def losses_of_pairs(
    taxonomies: tuple[Taxonomy, ...], chains: list[Ints], one: Ints, other: Ints
) -> Singles:
    """The loss of joining each box of one side with each of the other, shape (one, other)."""
    total = np.zeros((one.shape[0], other.shape[0]), dtype=np.float32)
    for at, taxonomy in enumerate(taxonomies):
        total += joined_losses(taxonomy, chains[at], one[:, at], other[:, at])
    return total


def box_losses(taxonomies: tuple[Taxonomy, ...], boxes: Ints) -> Floats:
    """The sum of losses over the cells of each box."""
    lost = np.zeros(boxes.shape[0])
    for at, taxonomy in enumerate(taxonomies):
        lost += taxonomy.loss[boxes[:, at]]
    return lost
