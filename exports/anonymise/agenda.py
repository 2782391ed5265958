"""Which node of the lattice is visited next: the cheapest, unless time presses."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from exports.anonymise.nodes import MOST, Lattice

# Visits in a row that may find nothing before nodes are passed over, one more each so many visits.
IDLE, STRIDE = 64, 32
# Nodes that are still visited when the steps are used up.
LAST = 100


@dataclass(slots=True)
class Agenda:
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


def agenda_of(lattice: Lattice) -> Agenda:
    """All nodes of a lattice; the root is the one with the most of all levels."""
    prices = [float(price) for price in lattice.price]
    queue = [(price, node) for node, price in enumerate(prices)]
    heapify(queue)
    root = int(lattice.levels.sum(axis=0).argmax())
    return Agenda(root, lattice.size > MOST, queue)
