"""What the engine is asked, and what it answers: whole numbers only, no words and no files.

Callers turn cells into codes and nodes back into labels (exports/recode.py for a study,
exports/tabular/ for any table). Rows come in the order of their own content, so that the order in
which they arrived decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Called now and then with the share of the work done (0-1). Whatever it raises ends the search:
# that is how a caller cancels.
Progress = Callable[[float], None]


def no_progress(_: float) -> None:
    """The progress of a caller who does not ask for it."""


@dataclass(frozen=True, slots=True)
class GeneralisationHierarchy:
    """The generalisation hierarchy of one quasi-identifier, as a tree of nodes.

    ``up`` has shape (values, levels): the node of each value at each level. Column 0 is the value
    itself, the last column is the root for every value (fully generalised). Levels nest: values
    with one node at a level share their node at every later level. A value may stay at its own
    node for several levels (a cell that is coarse already) or be the root from the start.
    ``loss`` has shape (nodes,): 0 for a single value to 1 for the root, never falling on the way
    up. Several levels may show the same node.
    """

    name: str
    up: Ints
    loss: Floats

    @property
    def levels(self) -> int:
        """Levels, the root's included."""
        return int(self.up.shape[1])

    @property
    def root(self) -> int:
        """The node that covers every value."""
        return int(self.up[0, -1])


@dataclass(frozen=True, slots=True)
class PrivacyModel:
    """What every released class must hold.

    ``k``: rows (Samarati & Sweeney 1998). ``distinct_l``: distinct values of each sensitive column
    (Machanavajjhala et al. 2007; 1 asks nothing). ``entropy_l``: exp of the Shannon entropy of each
    sensitive column in the class is at least this (same source; 1 asks nothing). ``t``: earth
    mover's distance of each sensitive column's distribution in the class to that in the whole table
    is at most this (Li et al. 2007; None asks nothing). ``presence``: bounds of the share of
    population rows covered by the class that are in the table (Nergiz et al. 2007).
    """

    k: int
    distinct_l: int = 1
    entropy_l: float = 1.0
    t: float | None = None
    presence: tuple[float, float] | None = None


def _nothing() -> Ints:
    return np.empty((0, 0), dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Problem:
    """A table to protect.

    ``codes`` has shape (rows, quasi-identifiers): the value of each cell in its taxonomy.
    ``sensitive`` has shape (rows, sensitive columns), codes from 0; where ``ordered`` is true they
    are ranks, and the earth mover's distance counts steps between them. ``population`` has the
    columns of ``codes`` and is asked for by ``demands.presence`` alone. ``limit`` is the share of
    rows (0-1) that may be withheld altogether. ``steps`` bounds the search, in steps that every
    machine counts alike.
    """

    codes: Ints
    taxonomies: tuple[GeneralisationHierarchy, ...]
    demands: PrivacyModel
    sensitive: Ints = field(default_factory=_nothing)
    ordered: tuple[bool, ...] = ()
    population: Ints | None = None
    limit: float = 0.0
    seed: int = 0
    steps: int = 200_000

    @property
    def rows(self) -> int:
        """Rows to protect."""
        return int(self.codes.shape[0])


@dataclass(frozen=True, slots=True)
class Recoding:
    """A protected table.

    ``nodes`` has the shape of ``codes``: the node released for each cell, an ancestor of the true
    value or the value itself. ``withheld`` has shape (rows,): rows to leave out altogether (their
    nodes are all roots). Rows with equal nodes are one class, and every class of rows that are not
    withheld holds the demands. ``note`` says what was capped or pruned, empty when nothing was.
    """

    nodes: Ints
    withheld: Bools
    steps: int = 0
    note: str = ""


class Infeasible(Exception):
    """The demands cannot be met within the limit; the message says by how much."""


def loss_of(problem: Problem, outcome: Recoding) -> float:
    """Normalised certainty penalty (Xu et al. 2006): mean loss of all cells, 0 to 1.

    A withheld row counts 1 in every cell. What a cell had lost before is not counted again.
    """
    if not problem.codes.size:
        return 0.0
    total = 0.0
    for at, taxonomy in enumerate(problem.taxonomies):
        own = taxonomy.loss[taxonomy.up[problem.codes[:, at], 0]]
        now = taxonomy.loss[outcome.nodes[:, at]]
        total += float(np.where(outcome.withheld, 1.0, now - own).sum())
    return total / problem.codes.size
