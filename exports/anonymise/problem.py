"""The engine's input and output: whole numbers only, no words and no files.

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

# Called now and then with the share of the work done (0-1). An exception that it raises ends the
# search: that is how a caller cancels.
Progress = Callable[[float], None]


def no_progress(_: float) -> None:
    """Ignore progress: the default of callers that do not ask for it."""


@dataclass(frozen=True, slots=True)
class GeneralisationHierarchy:
    """Generalisation hierarchy of one quasi-identifier, as a tree of nodes.

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
        """Number of levels, the root's included."""
        return int(self.up.shape[1])

    @property
    def root(self) -> int:
        """Node that covers every value."""
        return int(self.up[0, -1])

    def added_loss(self, codes: Ints, nodes: Ints) -> Floats:
        """Return the loss of cells at ``nodes`` beyond that of their values, in the shape of both.

        A value that was coarse from the start has a loss of its own, which is not counted again.
        """
        added: Floats = self.loss[nodes] - self.loss[self.up[codes, 0]]
        return added


@dataclass(frozen=True, slots=True)
class PrivacyModel:
    """Conditions that every released equivalence class must satisfy.

    ``k``: people (Samarati & Sweeney 1998), who may have several rows each (Wang & Fung 2006,
    Anonymizing sequential releases). ``distinct_l``: distinct values of each sensitive column
    (Machanavajjhala et al. 2007; 1 asks nothing). ``entropy_l``: exp of the Shannon entropy of each
    sensitive column in the class is at least this (same source; 1 asks nothing). Neither asks
    anything of a class without a value. ``t``: earth
    mover's distance of each sensitive column's distribution in the class to that in the whole table
    is at most this (Li et al. 2007; None asks nothing). A tuple holds one of these for each
    sensitive column. ``presence``: bounds of the share of population rows covered by the class that
    are in the table (Nergiz et al. 2007), whichever class shows them.
    """

    k: int
    distinct_l: int | tuple[int, ...] = 1
    entropy_l: float | tuple[float, ...] = 1.0
    t: float | tuple[float | None, ...] | None = None
    presence: tuple[float, float] | None = None

    def of_column(self, at: int) -> tuple[int, float, float | None]:
        """Return l, entropy l and t of the sensitive column at this place."""
        return (
            self.distinct_l[at] if isinstance(self.distinct_l, tuple) else self.distinct_l,
            self.entropy_l[at] if isinstance(self.entropy_l, tuple) else self.entropy_l,
            self.t[at] if isinstance(self.t, tuple) else self.t,
        )

    @property
    def bounds_distance(self) -> bool:
        """Return whether t is asked of any column."""
        each = self.t if isinstance(self.t, tuple) else (self.t,)
        return any(t is not None for t in each)


@dataclass(frozen=True, slots=True)
class Problem:
    """Table to protect, and the privacy model to protect it by.

    ``codes`` has shape (rows, quasi-identifiers): the value of each cell in its hierarchy.
    ``sensitive`` has shape (rows, sensitive columns), codes from 0; where ``ordered`` is true they
    are ranks, and the earth mover's distance counts steps between them. ``missing`` is the code of
    each sensitive column that is no value (-1: there is none). ``population`` has the
    columns of ``codes`` and is needed for ``model.presence`` alone. ``suppression_limit`` is the
    share of people (0-1) who may lose rows; where ``blank_counts``, a row that comes to show roots
    only counts as lost. ``steps`` bounds the search, in steps that every machine counts alike.
    ``people`` has shape (rows,): whose row each is, from 0, and -1 for rows that add nobody to a
    class (None: every row is another person's).
    """

    codes: Ints
    hierarchies: tuple[GeneralisationHierarchy, ...]
    model: PrivacyModel
    sensitive: Ints = field(default_factory=lambda: np.empty((0, 0), dtype=np.int32))
    ordered: tuple[bool, ...] = ()
    missing: tuple[int, ...] = ()
    population: Ints | None = None
    suppression_limit: float = 0.0
    blank_counts: bool = False
    seed: int = 0
    steps: int = 200_000
    people: Ints | None = None

    @property
    def rows(self) -> int:
        """Number of rows to protect."""
        return int(self.codes.shape[0])

    @property
    def counted(self) -> int:
        """Number of people whose rows these are."""
        return self.people_among(np.ones(self.rows, dtype=np.bool_))

    def people_among(self, rows: Bools) -> int:
        """Return how many people have one of these rows, shape (rows,)."""
        if self.people is None:
            return int(rows.sum())
        return int(np.unique(self.people[rows & (self.people >= 0)]).size)

    @property
    def roots(self) -> Ints:
        """Root of each hierarchy, shape (quasi-identifiers,)."""
        return np.array([hierarchy.root for hierarchy in self.hierarchies], dtype=np.int32)

    @property
    def suppressible(self) -> int:
        """Number of rows that may be suppressed, each another person's; one has to stay."""
        # A share such as 0.07 of 100 rows falls short of the whole number by a rounding error.
        return max(min(int(self.suppression_limit * self.counted + 1e-9), self.rows - 1), 0)

    def blank(self, nodes: Ints) -> Bools:
        """Return which rows show roots only and did not from the start, shape (rows,)."""
        blank: Bools = (nodes == self.roots).all(axis=1)
        if blank.any():
            own = [tree.up[self.codes[:, at], 0] for at, tree in enumerate(self.hierarchies)]
            blank &= (np.column_stack(own) != self.roots).any(axis=1)
        return blank


@dataclass(frozen=True, slots=True)
class Recoding:
    """Protected table.

    ``nodes`` has the shape of ``Problem.codes``: the node released for each cell, an ancestor of
    the true value or the value itself. ``suppressed`` has shape (rows,): rows to leave out (their
    nodes are all roots). Released rows with equal nodes are one equivalence class, and each class
    satisfies the model. ``steps`` were taken; ``note`` says how the search was cut short, if it
    was.
    """

    nodes: Ints
    suppressed: Bools
    steps: int = 0
    note: str = ""


class Infeasible(Exception):
    """The model cannot be satisfied within the suppression limit; the message says by how much."""


def loss_of(problem: Problem, recoding: Recoding) -> float:
    """Return the normalised certainty penalty (Xu et al. 2006): mean loss of all cells, 0 to 1.

    A suppressed row counts 1 in every cell.
    """
    if not problem.codes.size:
        return 0.0
    total = 0.0
    for at, hierarchy in enumerate(problem.hierarchies):
        added = hierarchy.added_loss(problem.codes[:, at], recoding.nodes[:, at])
        total += float(np.where(recoding.suppressed, 1.0, added).sum())
    return total / problem.codes.size
