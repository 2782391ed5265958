"""The rows that a peel has left, and what classes could lend them, copied close together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.anonymise.distinct_records import DistinctRecords
from exports.anonymise.lattice import Lattice, Sums, chains_of, sums_of
from exports.anonymise.privacy_models import Positions
from exports.anonymise.problem import Bools, Floats, Ints

# Sums of random numbers below this tell groups apart; they may wrap.
ROOM = 2**62


# Losses are asked for of few entries at a time: that many lines of their sums are kept.
FEW = 24


@dataclass(frozen=True, slots=True)
class LookupTables:
    """For each column: the chains of its nodes, their losses, and a random number for each."""

    pieces: DistinctRecords
    lattice: Lattice
    chains: list[Ints]
    random: list[NDArray[np.int64]]


def lookup_tables_of(pieces: DistinctRecords, lattice: Lattice) -> LookupTables:
    """The tables of a problem; the random numbers come from its seed."""
    random = np.random.default_rng(pieces.problem.seed)
    return LookupTables(
        pieces,
        lattice,
        [chains_of(taxonomy) for taxonomy in pieces.taxonomies],
        [random.integers(-ROOM, ROOM, taxonomy.loss.size) for taxonomy in pieces.taxonomies],
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """What may come together in a group; all of shape (entries,).

    ``piece`` is -1 for a whole class. ``lender`` is the class that could lend the row, or give
    itself; -1 for rows that are left. ``base`` is what each row of the entry loses now. ``boxes``
    has shape (entries, quasi-identifiers).
    """

    piece: Positions
    amount: Floats
    lender: Positions
    base: Floats
    boxes: Ints

    def beside(self, others: Candidates) -> Candidates:
        """These and, after them, the others."""
        return Candidates(
            np.concatenate([self.piece, others.piece]),
            np.concatenate([self.amount, others.amount]),
            np.concatenate([self.lender, others.lender]),
            np.concatenate([self.base, others.base]),
            np.concatenate([self.boxes, others.boxes]),
        )


@dataclass(frozen=True, slots=True)
class RemainingRecords:
    """Entries with the sums that put them in groups; the ``own`` first ones are rows left.

    ``keys`` are sums of random numbers: entries with one sum are in one group, and show it in the
    bits of ``mask`` already. ``losses`` are what the entries' cells lose at each node.
    """

    entries: Candidates
    own: int
    keys: Sums[np.int64]
    losses: Sums[np.float32]
    mask: int


def remaining_records_of(tables: LookupTables, entries: Candidates, own: int) -> RemainingRecords:
    """The front of these entries."""
    keys, losses = [], []
    for at, taxonomy in enumerate(tables.pieces.taxonomies):
        above = tables.chains[at].T[:, entries.boxes[:, at]]
        keys.append(tables.random[at][above])
        losses.append(taxonomy.loss.astype(np.float32)[above])
    # Two buckets and more a row that is left, so that few groups share one.
    mask = (1 << (own.bit_length() + 1)) - 1
    levels = tables.lattice.levels
    return RemainingRecords(entries, own, sums_of(keys, levels), sums_of(losses, levels, FEW), mask)


@dataclass(frozen=True, slots=True)
class CandidateClasses:
    """Entries with equal nodes, group after group; their losses are those of the group's box.

    ``entry``, ``group`` and ``cost`` have shape (members,): the entry's place in the front, its
    group's number, and what its rows lose more in the group. ``amount``, ``lender`` and ``piece``
    are the entry's own. ``starts`` (groups,) says where each group begins.
    """

    entry: Positions
    group: Positions
    cost: Floats
    amount: Floats
    lender: Positions
    piece: Positions
    starts: Positions

    @property
    def count(self) -> int:
        """How many groups there are."""
        return self.starts.size

    @property
    def left(self) -> Bools:
        """Which members are rows that are left."""
        return self.lender < 0

    def sums(self, values: Floats | Bools) -> Floats:
        """Sum of each group's values, from one value a member."""
        total: Floats = np.bincount(self.group, values, self.count).astype(np.float64)
        return total

    def only(self, kept: Bools) -> CandidateClasses:
        """The members marked, with the groups numbered again."""
        new = firsts(self.group[kept])
        return CandidateClasses(
            self.entry[kept],
            np.cumsum(new) - 1,
            self.cost[kept],
            self.amount[kept],
            self.lender[kept],
            self.piece[kept],
            np.flatnonzero(new),
        )


def candidate_classes_of(
    front: RemainingRecords, node: int, entry: Positions, keys: NDArray[np.int64]
) -> CandidateClasses:
    """Groups of these entries at a node of the lattice; ``keys`` are the whole front's."""
    order = np.argsort(keys[entry], kind="stable")
    entry = entry[order]
    new = firsts(keys[entry])
    entries = front.entries
    amount = entries.amount[entry]
    cost = (front.losses.of(node, entry) - entries.base[entry]) * amount
    return CandidateClasses(
        entry,
        np.cumsum(new) - 1,
        cost,
        amount,
        entries.lender[entry],
        entries.piece[entry],
        np.flatnonzero(new),
    )


def firsts(values: NDArray[np.integer]) -> Bools:
    """Where a value is the first of its kind; equal values lie together."""
    new = np.ones(values.size, dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new
