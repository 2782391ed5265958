"""What the nodes of a hierarchy lose: normalised certainty penalty (Xu et al. 2006)."""

from __future__ import annotations

import numpy as np

from exports.anonymise.problem import Bools, Floats, Ints, Taxonomy
from exports.tabular.bands import number_of
from exports.tabular.hierarchy import Hierarchy
from exports.tabular.soundness import ROOT


def taxonomy_of(hierarchy: Hierarchy, occurs: Bools) -> Taxonomy:
    """The tree with what each node loses, given which leaves occur in the table, shape (leaves,).

    A group of numbers loses the range of its values as a share of the range of all; any other
    group (its values - 1) / (all values - 1); the root 1. Only values that occur are counted. So
    measured, the optimum of full-domain recoding of the Adult data equals what ARX reports.
    """
    counted = occurs & (np.array(hierarchy.leaves) != ROOT)
    numbers = _numbers(hierarchy) if hierarchy.numeric else None
    loss = np.zeros(len(hierarchy.labels))
    for level in hierarchy.up.T:
        share = (
            _shares_of_range(level, numbers, counted, loss.size)
            if numbers is not None
            else _shares_of_count(level, counted, loss.size)
        )
        loss = np.maximum(loss, share)
    loss[hierarchy.up[0, -1]] = 1.0
    return Taxonomy(hierarchy.column, hierarchy.up, loss)


def _shares_of_count(level: Ints, counted: Bools, nodes: int) -> Floats:
    sizes = np.bincount(level, weights=counted, minlength=nodes)
    return np.maximum(sizes - 1, 0) / max(int(counted.sum()) - 1, 1)


def _shares_of_range(level: Ints, numbers: Floats, counted: Bools, nodes: int) -> Floats:
    """Shares of the range; a missing cell is no number and widens nothing."""
    inside = counted & ~np.isnan(numbers)
    low, high = np.full(nodes, np.inf), np.full(nodes, -np.inf)
    np.minimum.at(low, level[inside], numbers[inside])
    np.maximum.at(high, level[inside], numbers[inside])
    whole = np.ptp(numbers[inside]) if inside.any() else 0.0
    held = high >= low
    share = np.zeros(nodes)
    share[held] = (high[held] - low[held]) / (whole or 1.0)
    return share


def _numbers(hierarchy: Hierarchy) -> Floats:
    found = [number_of(leaf) for leaf in hierarchy.leaves]
    return np.array([np.nan if n is None else n for n in found])
