"""One door to the engine: a problem and a mode in, an outcome out.

Local recoding: each row shows as much as the rows around it allow (the engine's default).

Classes are peeled from the generalisation lattice, the cheapest boxes first, and improved by a
local search. A class is all rows that show the same box of nodes; the box is the smallest one that
covers its rows, and it holds every demand by itself. Nothing is a wildcard.
"""

from __future__ import annotations

import numpy as np

from exports.anonymise.distinct_records import DistinctRecords, distinct_records_of
from exports.anonymise.full_domain import protect_with_one_coding
from exports.anonymise.lattice import lattice_of
from exports.anonymise.lattice_pass import LatticePass
from exports.anonymise.local_search import refine
from exports.anonymise.measure import failing, refuse_the_impossible
from exports.anonymise.problem import Bools, Ints, Problem, Progress, Recoding, no_progress
from exports.anonymise.reassign import PartialPartition, assign_leftovers, merge_failing
from exports.anonymise.remaining_records import lookup_tables_of

# Rows that may be withheld because it is cheaper, as a share; beyond it only where they must be.
WILLING = 0.001
# Visits that a node gets while groups borrow, on average: where the price is followed closely, and
# where nodes wait longer for their next visit.
CLOSELY, LOOSELY = 8, 4
PATIENT = 3.0
# What a visit counts for while groups borrow, by itself and for so many pieces.
BORROWING, PIECES = 10, 250
# Nodes that are visited at least, whatever the steps.
FEWEST = 100
# Shares of the work: what the peel is until progress says so, and what of all steps borrowing may
# take.
PEELED = 0.6
BORROWED = 0.5


def protect_locally(problem: Problem, progress: Progress = no_progress) -> Recoding:
    """The table recoded row by row; raises Unreachable where the demands cannot be met."""
    refuse_the_impossible(problem)
    if not problem.codes.size:
        return Recoding(problem.codes.copy(), np.zeros(problem.rows, dtype=np.bool_))
    outcome = _least_blank(problem, progress)
    if problem.demands.t is not None and failing(problem, outcome).any():
        # Closeness to the rows that are released: the same as to all rows when none is withheld.
        outcome = _protected(problem, 0.0, progress)
    progress(1.0)
    return outcome


def _least_blank(problem: Problem, progress: Progress) -> Recoding:
    """With rows withheld by themselves rather than in company, where company would be too many."""
    outcome = _protected(problem, problem.limit, progress)
    room = int(problem.limit * problem.rows + 1e-9)
    if room and _blank(problem, outcome) > room:
        alone = _protected(problem, problem.limit, progress, willing=room)
        if _blank(problem, alone) < _blank(problem, outcome):
            return alone
    return outcome


def _blank(problem: Problem, outcome: Recoding) -> int:
    """Rows that show nothing, withheld or not."""
    roots = np.array([taxonomy.root for taxonomy in problem.taxonomies])
    return int((outcome.nodes == roots).all(axis=1).sum())


def _protected(
    problem: Problem, limit: float, progress: Progress, *, willing: int | None = None
) -> Recoding:
    pieces = distinct_records_of(problem)
    room = int(limit * problem.rows + 1e-9)
    if willing is None:
        willing = min(room, int(WILLING * problem.rows))
    peeled, note = _peeled(pieces, lambda share: progress(PEELED * share))
    tables, steps = peeled.tables, peeled.steps
    table = PartialPartition(
        peeled.seating(), peeled.left.astype(np.int64), np.zeros_like(pieces.weights)
    )
    assign_leftovers(tables, table, room if pieces.choosy else willing)
    stuck = merge_failing(tables, table, room)
    if stuck.any() or table.left.any():
        # What one coding can reach is a local recoding too, and it says what it cannot reach.
        return protect_with_one_coding(problem, progress)
    table.seating, out, more = refine(
        tables,
        table.seating,
        room=max(willing - int(table.out.sum()), 0),
        steps=max(problem.steps - steps, 0),
        progress=lambda share: progress(PEELED + (1 - PEELED) * share),
    )
    table.out += out
    nodes, withheld = _rows(problem, pieces, table)
    return Recoding(nodes, withheld, steps + more, note)


def _peeled(pieces: DistinctRecords, progress: Progress) -> tuple[LatticePass, str]:
    """The classes released from the lattice, and what was left out of it."""
    lattice, steps = lattice_of(pieces), pieces.problem.steps
    visit = BORROWING + pieces.weights.size // PIECES
    afford = int((1.0 if pieces.choosy else BORROWED) * steps / visit)
    lending, wait = lattice.price.size * CLOSELY <= afford, 1.0
    if pieces.choosy and not lending:
        # Groups that lack a value only borrow: the fewer nodes, the more of that is affordable.
        lattice, lending, wait = lattice_of(pieces, max(afford // LOOSELY, FEWEST)), True, PATIENT
    peel = LatticePass(
        lookup_tables_of(pieces, lattice), pieces.weights.astype(np.float64), lending, wait
    )
    peel.run(steps, progress)
    visited = lattice.price.size
    note = f"{visited} of {lattice.size} lattice nodes tried" if visited < lattice.size else ""
    return peel, note


def _rows(problem: Problem, pieces: DistinctRecords, table: PartialPartition) -> tuple[Ints, Bools]:
    """What each row shows, and whether it is withheld; rows of a piece take its seats in turn."""
    roots = np.array([[taxonomy.root for taxonomy in pieces.taxonomies]], dtype=np.int32)
    state, gone = table.seating, np.flatnonzero(table.out)
    piece = np.concatenate([state.piece, gone])
    seat = np.concatenate([state.seat, np.full(gone.size, state.losses.size)])
    amount = np.concatenate([state.amount, table.out[gone]])
    order = np.lexsort((seat, piece))
    seats = np.empty(pieces.of.size, dtype=np.int64)
    # Rows of a piece may differ in what no condition asks about; their order must not decide.
    rows = np.lexsort((*problem.sensitive.T[::-1], pieces.of))
    seats[rows] = np.repeat(seat[order], amount[order])
    return np.concatenate([state.boxes, roots])[seats], seats == state.losses.size


# Each row as much as its neighbours allow, or one level a column for all rows.
MODES = {"local": protect_locally, "one-coding": protect_with_one_coding}


def solve(problem: Problem, mode: str = "local", progress: Progress = no_progress) -> Recoding:
    """The table protected as the mode says: "local" or "one-coding".

    Raises Unreachable where the demands cannot be met, ValueError for another mode.
    """
    if mode not in MODES:
        raise ValueError(f"no mode {mode!r}: choose one of {', '.join(MODES)}")
    return MODES[mode](problem, progress)
