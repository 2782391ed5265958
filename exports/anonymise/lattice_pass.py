"""The peel: classes are released from the lattice, the cheapest boxes first.

Each node of the generalisation lattice cuts the rows that are left into groups of equal nodes.
The node with the cheapest group that holds is visited next, its groups that hold become classes,
and what is left shrinks. From some price on, groups that do not hold borrow from classes that were
released before.

Which node of the lattice is visited next: the cheapest, unless time presses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np

from exports.anonymise.lattice import MOST, Lattice
from exports.anonymise.partition import Partition, build_partition
from exports.anonymise.privacy_models import Counts, Positions
from exports.anonymise.problem import Bools, Floats, Ints, Progress
from exports.anonymise.reassign import complete_with_borrowed, spare_records, tally_of
from exports.anonymise.remaining_records import (
    CandidateClasses,
    Candidates,
    LookupTables,
    RemainingRecords,
    candidate_classes_of,
    remaining_records_of,
)

# Visits in a row that may find nothing before nodes are passed over, one more each so many visits.
IDLE, STRIDE = 64, 32
# Nodes that are still visited when the steps are used up.
LAST = 100


@dataclass(slots=True)
class NodeQueue:
    """The nodes to visit, by price.

    Where ``hasty``, stretches of nodes at which nothing is found are passed over faster and
    faster: in a wide lattice the cheap nodes have no group that holds.
    """

    root: int
    hasty: bool
    queue: list[tuple[float, int]]
    idle: int = 0
    pressed: bool = field(default=False)

    def __bool__(self) -> bool:
        return bool(self.queue)

    def next(self) -> tuple[float, int]:
        """The price and the number of the node to visit."""
        due = heappop(self.queue)
        for _ in range(max(self.idle - IDLE, 0) // STRIDE if self.hasty else 0):
            if due[1] == self.root or not self.queue:
                break
            due = heappop(self.queue)
        return due

    def found(self, something: bool) -> None:  # noqa: FBT001
        """Hears whether the last visit released anything."""
        self.idle = 0 if something else self.idle + 1

    def again(self, price: float, node: int) -> None:
        """Visits a node again at this price, unless time presses."""
        if not self.pressed or node == self.root:
            heappush(self.queue, (price, node))

    def press(self) -> None:
        """The steps are used up: a few nodes are left to visit, spread over all prices."""
        self.pressed = True
        queue = sorted(self.queue)
        spread = queue[:: max(len(queue) // LAST, 1)]
        if all(node != self.root for _, node in spread):
            spread += [due for due in queue if due[1] == self.root]
        self.queue = spread
        heapify(self.queue)


def node_queue_of(lattice: Lattice) -> NodeQueue:
    """All nodes of a lattice; the root is the one with the most of all levels."""
    prices = [float(price) for price in lattice.price]
    queue = [(price, node) for node, price in enumerate(prices)]
    heapify(queue)
    root = int(lattice.levels.sum(axis=0).argmax())
    return NodeQueue(root, lattice.size > MOST, queue)


# Boxes this much dearer than the cheapest are released in the same visit, to save visits.
NEARLY, NEAR = 1.02, 0.01
# A node that could only borrow waits until the price has grown this much: a share and an amount.
WAIT, WAIT_MORE = 0.1, 0.05
# The entries are copied together when fewer than this share of the copied rows are left.
DENSE = 0.7
# What lenders lose counts more than what the rows left lose, by this factor.
SHY = 1.4
# Steps that a visit counts for: by itself, and one more for so many entries of its front.
VISIT, ENTRIES = 5, 1000
# Visits between two reports of progress.
HEARD = 64


@dataclass(slots=True)
class LatticePass:
    """A peel under way.

    ``left`` (pieces,) counts the rows in no class yet. ``moved`` are the amounts of pieces put in
    classes, negative where rows were lent; ``state`` are the classes when the front was copied,
    and ``merged`` says which class each of them is part of by now. ``patience`` is how long nodes
    that could only borrow wait for their next visit.
    """

    tables: LookupTables
    left: Floats
    lending: bool
    patience: float = 1.0
    moved: list[tuple[Positions, Positions, Counts]] = field(default_factory=list)
    state: Partition | None = None
    merged: Positions = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    classes: int = 0
    steps: int = 0

    def run(self, budget: int, progress: Progress) -> None:
        """Visits nodes while there are rows left, in haste when the steps are used up."""
        agenda = node_queue_of(self.tables.lattice)
        front, visits = self._front(), 0
        while agenda and self.left.any():
            price, node = agenda.next()
            before = self.classes
            again = self._visit(front, node, price * NEARLY + NEAR)
            if again is not None:
                agenda.again(max(again, self._soonest(price)), node)
            agenda.found(self.classes > before)
            if np.count_nonzero(front.entries.amount[: front.own]) < DENSE * front.own:
                front = self._front()
            self.steps += VISIT + front.entries.piece.size // ENTRIES
            if self.steps > budget and not agenda.pressed:
                agenda.press()
            visits += 1
            if visits % HEARD == 0:
                progress(1 - float(self.left.sum()) / self.tables.pieces.problem.rows)

    def _soonest(self, price: float) -> float:
        return price + self.patience * (WAIT * price + WAIT_MORE) if self.lending else price

    def seating(self) -> Partition:
        """The classes released so far."""
        if not self.moved:
            nobody = np.zeros(0, dtype=np.int64)
            return build_partition(self.tables.pieces, nobody, nobody, nobody)
        piece, seat, amount = (np.concatenate(part) for part in zip(*self.moved, strict=True))
        old = seat < self.merged.size
        seat[old] = self.merged[seat[old]]
        return build_partition(self.tables.pieces, piece, seat, amount)

    def _front(self) -> RemainingRecords:
        pieces, piece = self.tables.pieces, np.flatnonzero(self.left)
        nobody = np.full(piece.size, -1)
        leaves = pieces.leaves(piece)
        entries = Candidates(piece, self.left[piece], nobody, pieces.own(piece), leaves)
        if self.lending and self.classes:
            self.state = self.seating()
            self.moved = [(self.state.piece, self.state.seat, self.state.amount)]
            self.classes = self.state.losses.size
            self.merged = np.arange(self.classes)
            entries = entries.beside(spare_records(self.state))
        return remaining_records_of(self.tables, entries, piece.size)

    def _visit(self, front: RemainingRecords, node: int, most: float) -> float | None:
        """Releases the node's groups that cost no more; returns when to visit it again."""
        keys = front.keys.at(node)
        buckets = keys & front.mask
        amount = front.entries.amount
        rows = np.bincount(buckets[: front.own], amount[: front.own], front.mask + 1)
        full = rows >= self.tables.pieces.conditions.demands.k
        later: float | None = None
        lent: Positions = np.zeros(0, dtype=np.int64)
        if amount.size > front.own:
            lent, later = self._lenders(front, node, rows[buckets[front.own :]], most)
            full[buckets[lent]] = True
        if not full.any():
            return later
        entry = np.flatnonzero(full[buckets[: front.own]] & (amount[: front.own] > 0))
        groups = candidate_classes_of(front, node, np.concatenate([entry, lent]), keys)
        groups = groups.only(self._chosen(groups, node))
        if not groups.entry.size:
            return later
        prices = _prices(groups)
        now = prices <= most
        if now.any():
            self._release(front, groups.only(now[groups.group]))
        if not now.all():
            dear = float(prices[~now].min())
            later = dear if later is None else min(later, dear)
        return later

    def _lenders(
        self, front: RemainingRecords, node: int, rows: Floats, most: float
    ) -> tuple[Positions, float | None]:
        """Entries that could help a group for no more, and the price of the next one."""
        entries, first = front.entries, front.own
        lent = np.flatnonzero((rows > 0) & (entries.amount[first:] > 0))
        if not lent.size:
            return lent, None
        served = rows[lent]
        lent += first
        losses = front.losses.of(node, lent)
        missing = np.maximum(self.tables.pieces.conditions.demands.k - served, 1)
        many = np.where(entries.piece[lent] < 0, entries.amount[lent], missing)
        price = losses + SHY * (losses - entries.base[lent]) * many / served
        now = price <= most
        later = price[~now]
        return lent[now], float(later.min()) if later.size else None

    def _chosen(self, groups: CandidateClasses, node: int) -> Bools:
        """The members of the groups that hold, with what they borrow."""
        pieces, state = self.tables.pieces, self.state
        if not pieces.choosy and state is None:
            enough: Bools = groups.sums(groups.amount) >= pieces.conditions.demands.k
            return enough[groups.group]
        tally, boxes = tally_of(pieces, groups, groups.left), self._boxes(groups, node)
        chosen: Bools = groups.left & pieces.conditions.hold(tally, boxes)[groups.group]
        return (
            chosen
            if state is None
            else chosen | complete_with_borrowed(state, groups, tally, boxes)
        )

    def _boxes(self, groups: CandidateClasses, node: int) -> Ints | None:
        """The nodes that groups show, where a demand looks at them."""
        pieces = self.tables.pieces
        if pieces.conditions.population is None:
            return None
        shown = groups.piece[groups.starts]
        boxes = np.empty((groups.count, len(pieces.taxonomies)), dtype=np.int32)
        for at, taxonomy in enumerate(pieces.taxonomies):
            level = self.tables.lattice.levels[at, node]
            boxes[:, at] = taxonomy.up[pieces.codes[shown, at], level]
        return boxes

    def _release(self, front: RemainingRecords, groups: CandidateClasses) -> None:
        """Makes classes of these groups."""
        seat, own, rows = groups.group + self.classes, groups.left, groups.piece >= 0
        amount = groups.amount.astype(np.int64)
        self.moved.append((groups.piece[rows], seat[rows], amount[rows]))
        self.left[groups.piece[own]] = 0
        front.entries.amount[groups.entry] = 0
        one = rows & ~own
        self.moved.append((groups.piece[one], groups.lender[one], -amount[one]))
        self.merged[groups.lender[~rows]] = seat[~rows]
        # What else these classes could lend is known when the front is copied next.
        busy = np.isin(front.entries.lender[front.own :], groups.lender[~own])
        front.entries.amount[front.own :][busy] = 0
        self.classes += groups.count


def _prices(groups: CandidateClasses) -> Floats:
    """What each group costs for each row of its own that is left."""
    own = groups.left
    prices: Floats = groups.sums(np.where(own, 1.0, SHY) * groups.cost)
    prices /= groups.sums(np.where(own, groups.amount, 0.0))
    return prices
