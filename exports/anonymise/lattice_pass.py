"""The greedy pass over the generalisation lattice, the cheapest boxes first.

Each lattice node cuts the rows that remain into classes of equal nodes. The node with the cheapest
class that satisfies the model is visited next, such classes are released, and what remains shrinks.
From some price on, classes that fail are completed with rows of classes released before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np

from exports.anonymise.lattice import MOST, LookupTables
from exports.anonymise.partition import (
    CandidateClasses,
    Candidates,
    Partition,
    RemainingRecords,
    build_partition,
    candidate_classes_of,
    remaining_records_of,
)
from exports.anonymise.privacy_models import Counts, Positions
from exports.anonymise.problem import Bools, Floats, Ints, Progress
from exports.anonymise.reassign import complete_by_reassignment, spare_records, tally_of

# Visits in a row that may find nothing before nodes are passed over, one more each so many visits.
IDLE, STRIDE = 64, 32
# Nodes that are still visited when the steps are used up.
LAST = 100
# Boxes this much dearer than the cheapest are released in the same visit, to save visits.
NEARLY, NEAR = 1.02, 0.01
# A node that could only reassign waits until the price has grown this much: a share and an amount.
WAIT, WAIT_MORE = 0.1, 0.05
# The candidates are copied together when fewer than this share of the copied rows remain.
DENSE = 0.7
# The loss of donors counts more than that of the rows that remain, by this factor.
DONOR_FACTOR = 1.4
# Steps that a visit counts for: by itself, and one more for so many candidates.
VISIT, CANDIDATES = 5, 1000
# Visits between two reports of progress.
REPORTED = 64


@dataclass(slots=True)
class NodeQueue:
    """The lattice nodes to visit, by price.

    Where ``hasty``, stretches of nodes at which nothing is found are passed over faster and
    faster: in a wide lattice the cheap nodes have no class that satisfies the model.
    """

    root: int
    hasty: bool
    heap: list[tuple[float, int]]
    idle: int = 0
    thinned: bool = False

    def pop(self) -> tuple[float, int]:
        """Return the price and the number of the node to visit."""
        due = heappop(self.heap)
        for _ in range(max(self.idle - IDLE, 0) // STRIDE if self.hasty else 0):
            # The root is never passed over: what nothing else could release, it must.
            if due[1] == self.root or not self.heap:
                break
            due = heappop(self.heap)
        return due

    def push(self, price: float, node: int) -> None:
        """Queue another visit to a node at this price, unless the steps are used up."""
        if not self.thinned or node == self.root:
            heappush(self.heap, (price, node))

    def thin(self) -> None:
        """Keep a few nodes, spread over all prices, as the steps are used up."""
        self.thinned = True
        queue = sorted(self.heap)
        self.heap = queue[:: max(len(queue) // LAST, 1)]
        if all(node != self.root for _, node in self.heap):
            self.heap += [due for due in queue if due[1] == self.root]
        heapify(self.heap)


@dataclass(slots=True)
class LatticePass:
    """A pass under way.

    ``unassigned`` (records,) counts the rows in no class yet. ``transfers`` are the amounts of
    records put in classes, negative where rows were taken from one; ``partition`` holds the classes
    when the candidates were copied, and ``merged_into`` says which class each of them is part of by
    now. ``patience`` is how long nodes that could only reassign wait for their next visit.
    """

    lookup: LookupTables
    unassigned: Floats
    reassigning: bool
    patience: float = 1.0
    transfers: list[tuple[Positions, Positions, Counts]] = field(default_factory=list)
    partition: Partition | None = None
    merged_into: Positions = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    class_count: int = 0
    steps: int = 0

    def run(self, budget: int, progress: Progress) -> None:
        """Visit nodes while rows remain, the last few when the steps are used up."""
        lattice = self.lookup.lattice
        heap = [(float(price), node) for node, price in enumerate(lattice.price)]
        heapify(heap)
        # The root has the most of all levels.
        root = int(lattice.levels.sum(axis=0).argmax())
        queue = NodeQueue(root, lattice.size > MOST, heap)
        remaining, visits = self._copy_remaining(), 0
        while queue.heap and self.unassigned.any():
            price, node = queue.pop()
            if node == root and not self.lookup.blank:
                continue
            before = self.class_count
            again = self._visit(remaining, node, price * NEARLY + NEAR)
            if again is not None:
                soonest = price
                if self.reassigning:
                    soonest += self.patience * (WAIT * price + WAIT_MORE)
                queue.push(max(again, soonest), node)
            queue.idle = 0 if self.class_count > before else queue.idle + 1
            amounts = remaining.candidates.amount[: remaining.unassigned]
            if np.count_nonzero(amounts) < DENSE * remaining.unassigned:
                remaining = self._copy_remaining()
            self.steps += VISIT + remaining.candidates.record.size // CANDIDATES
            if self.steps > budget and not queue.thinned:
                queue.thin()
            visits += 1
            if visits % REPORTED == 0:
                progress(1 - float(self.unassigned.sum()) / self.lookup.records.problem.rows)

    def released(self) -> Partition:
        """Return the classes released so far."""
        if not self.transfers:
            nothing = np.zeros(0, dtype=np.int64)
            return build_partition(self.lookup.records, nothing, nothing, nothing)
        record, class_id, amount = (np.concatenate(p) for p in zip(*self.transfers, strict=True))
        old = class_id < self.merged_into.size
        class_id[old] = self.merged_into[class_id[old]]
        return build_partition(self.lookup.records, record, class_id, amount)

    def _copy_remaining(self) -> RemainingRecords:
        records, record = self.lookup.records, np.flatnonzero(self.unassigned)
        amount, no_donor = self.unassigned[record], np.full(record.size, -1)
        own_loss, leaves = records.own_loss(record), records.leaves(record)
        candidates = Candidates(record, amount, no_donor, own_loss, leaves)
        if self.reassigning and self.class_count:
            partition = self.partition = self.released()
            self.transfers = [(partition.record, partition.class_id, partition.amount)]
            self.class_count = partition.losses.size
            self.merged_into = np.arange(self.class_count)
            candidates = candidates.followed_by(spare_records(partition))
        return remaining_records_of(self.lookup, candidates, record.size)

    def _visit(self, remaining: RemainingRecords, node: int, most: float) -> float | None:
        """Release the node's classes that cost no more than ``most``; return its next price."""
        keys, unassigned = remaining.keys.at(node), remaining.unassigned
        buckets = keys & remaining.mask
        amount = remaining.candidates.amount
        rows = np.bincount(buckets[:unassigned], amount[:unassigned], remaining.mask + 1)
        full = rows >= self.lookup.records.checks.model.k
        later: float | None = None
        spare: Positions = np.zeros(0, dtype=np.int64)
        if amount.size > unassigned:
            spare, later = self._helpful(remaining, node, rows[buckets[unassigned:]], most)
            full[buckets[spare]] = True
        if not full.any():
            return later
        candidate = np.flatnonzero(full[buckets[:unassigned]] & (amount[:unassigned] > 0))
        candidate = np.concatenate([candidate, spare])
        classes = candidate_classes_of(remaining, node, candidate, keys)
        classes = classes.only(self._satisfying(classes, node))
        if not classes.candidate.size:
            return later
        # The price of a class is its cost for each row in it that was in no class yet.
        own = classes.unassigned
        prices = classes.sums(np.where(own, 1.0, DONOR_FACTOR) * classes.cost)
        prices /= classes.sums(np.where(own, classes.amount, 0.0))
        now = prices <= most
        if now.any():
            self._release(remaining, classes.only(now[classes.class_id]))
        if not now.all():
            dear = float(prices[~now].min())
            later = dear if later is None else min(later, dear)
        return later

    def _helpful(
        self, remaining: RemainingRecords, node: int, rows: Floats, most: float
    ) -> tuple[Positions, float | None]:
        """Return spare candidates that could complete a class for no more, and the next price."""
        candidates, first = remaining.candidates, remaining.unassigned
        spare = np.flatnonzero((rows > 0) & (candidates.amount[first:] > 0))
        if not spare.size:
            return spare, None
        completed = rows[spare]
        spare += first
        losses = remaining.losses.of(node, spare)
        missing = np.maximum(self.lookup.records.checks.model.k - completed, 1)
        many = np.where(candidates.record[spare] < 0, candidates.amount[spare], missing)
        price = losses + DONOR_FACTOR * (losses - candidates.base[spare]) * many / completed
        now = price <= most
        later = price[~now]
        return spare[now], float(later.min()) if later.size else None

    def _satisfying(self, classes: CandidateClasses, node: int) -> Bools:
        """Return the members of the classes that satisfy the model, reassigned ones included."""
        records = self.lookup.records
        if not records.checks_sensitive and self.partition is None:
            enough: Bools = classes.sums(classes.amount) >= records.checks.model.k
            return enough[classes.class_id]
        tally, boxes = tally_of(records, classes, classes.unassigned), self._boxes(classes, node)
        satisfied = records.checks.satisfied(tally, boxes)
        members: Bools = classes.unassigned & satisfied[classes.class_id]
        if self.partition is not None:
            members |= complete_by_reassignment(self.partition, classes, tally, boxes)
        return members

    def _boxes(self, classes: CandidateClasses, node: int) -> Ints | None:
        """Return the nodes that classes show, where the model bounds presence."""
        records = self.lookup.records
        if records.checks.population is None:
            return None
        shown = classes.record[classes.starts]
        boxes = np.empty((classes.count, len(records.hierarchies)), dtype=np.int32)
        for at, hierarchy in enumerate(records.hierarchies):
            level = self.lookup.lattice.levels[at, node]
            boxes[:, at] = hierarchy.up[records.codes[shown, at], level]
        return boxes

    def _release(self, remaining: RemainingRecords, classes: CandidateClasses) -> None:
        class_id, own = classes.class_id + self.class_count, classes.unassigned
        rows = classes.record >= 0
        amount = classes.amount.astype(np.int64)
        self.transfers.append((classes.record[rows], class_id[rows], amount[rows]))
        self.unassigned[classes.record[own]] = 0
        remaining.candidates.amount[classes.candidate] = 0
        taken = rows & ~own
        self.transfers.append((classes.record[taken], classes.donor[taken], -amount[taken]))
        self.merged_into[classes.donor[~rows]] = class_id[~rows]
        # What else these donors could spare is known when the candidates are copied next.
        first = remaining.unassigned
        busy = np.isin(remaining.candidates.donor[first:], classes.donor[~own])
        remaining.candidates.amount[first:][busy] = 0
        self.class_count += classes.count
