"""Who sits in which class: the state that the local engine improves step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exports.anonymise.distinct_records import DistinctRecords
from exports.anonymise.lattice import box_losses
from exports.anonymise.privacy_models import Counts, Positions, number_rows
from exports.anonymise.problem import Bools, Floats, GeneralisationHierarchy, Ints


@dataclass(slots=True)
class Partition:
    """Amounts of pieces in classes; each class shows the smallest box that covers its members.

    ``piece``, ``seat`` and ``amount`` have one element for each pair of a piece and a class, in
    the order of classes. ``boxes`` has shape (classes, quasi-identifiers), ``losses`` (classes,)
    is the sum over the box's cells, ``tally`` what the conditions count.
    """

    pieces: DistinctRecords
    piece: Positions
    seat: Positions
    amount: Counts
    boxes: Ints
    losses: Floats
    tally: Counts

    @property
    def sizes(self) -> Counts:
        """Rows in each class."""
        sizes: Counts = self.tally[:, 0]
        return sizes

    @property
    def lost(self) -> float:
        """The sum of losses over all cells, what the pieces had lost before included."""
        return float(self.losses @ self.sizes)


def build_partition(
    pieces: DistinctRecords, piece: Positions, seat: Positions, amount: Counts
) -> Partition:
    """The classes made of these amounts; classes that show the same box become one."""
    piece, seat, amount = summed(piece, seat, amount)
    seat, count = number_rows([seat], piece.size)
    boxes = covering(pieces, piece, seat, count)
    merged, count = number_rows(boxes.T, count)
    shown = np.empty((count, boxes.shape[1]), dtype=np.int32)
    shown[merged] = boxes
    piece, seat, amount = summed(piece, merged[seat], amount)
    tally = pieces.tally(piece, amount, seat, count)
    return Partition(
        pieces, piece, seat, amount, shown, box_losses(pieces.taxonomies, shown), tally
    )


def summed(
    piece: Positions, seat: Positions, amount: Counts
) -> tuple[Positions, Positions, Counts]:
    """One element for each pair of a seat and a piece, seats first; pairs of nobody drop out."""
    pairs, count = number_rows([seat, piece], piece.size)
    total = np.bincount(pairs, amount, count).astype(np.int64)
    first = np.empty(count, dtype=np.int64)
    first[pairs] = np.arange(piece.size)
    kept = first[total > 0]
    return piece[kept], seat[kept], total[total > 0]


def spared(seating: Partition, piece: Positions, seat: Positions) -> Bools:
    """Whether a class still holds without a row of the piece; both of shape (pairs,)."""
    pieces, each = seating.pieces, np.arange(piece.size)
    unit = pieces.tally(piece, np.ones_like(each), each, piece.size)
    return pieces.conditions.hold(seating.tally[seat] - unit, seating.boxes[seat])


def covering(pieces: DistinctRecords, piece: Positions, seat: Positions, count: int) -> Ints:
    """The smallest box of each class, shape (count, quasi-identifiers)."""
    order = np.argsort(seat, kind="stable")
    members, starts = piece[order], np.searchsorted(seat[order], np.arange(count))
    boxes = np.empty((count, len(pieces.taxonomies)), dtype=np.int32)
    for at, taxonomy in enumerate(pieces.taxonomies):
        boxes[:, at] = _common(taxonomy, pieces.codes[members, at], starts)
    return boxes


def _common(taxonomy: GeneralisationHierarchy, codes: Ints, starts: Positions) -> Ints:
    """The first node that all the codes of each stretch have in common."""
    common = np.full(starts.size, taxonomy.root, dtype=np.int32)
    for level in range(taxonomy.levels - 2, -1, -1):
        nodes = taxonomy.up[:, level][codes]
        low = np.minimum.reduceat(nodes, starts)
        same = low == np.maximum.reduceat(nodes, starts)
        common[same] = low[same]
    return common
