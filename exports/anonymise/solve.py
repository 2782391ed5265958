"""The engine's entry: a problem and a mode in, a recoding out.

Local recoding, the default: each row shows as much as the rows around it allow. Equivalence classes
are released by a greedy pass over the generalisation lattice, the cheapest boxes first, and
improved by a local search. A class is all rows that show one box of nodes; the box is the smallest
that covers its rows, and the class satisfies the model by itself. No cell is a wildcard.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from exports.anonymise.full_domain import protect_with_one_coding
from exports.anonymise.lattice import (
    DistinctRecords,
    distinct_records_of,
    lattice_of,
    lookup_tables_of,
)
from exports.anonymise.lattice_pass import LatticePass
from exports.anonymise.local_search import refine
from exports.anonymise.merge import merge_until_satisfied
from exports.anonymise.partition import build_partition
from exports.anonymise.privacy_models import (
    ROUNDING,
    check_feasible,
    distance,
    failing,
    number_rows,
    privacy_checks_of,
    rows_alike,
)
from exports.anonymise.problem import (
    Bools,
    Infeasible,
    Ints,
    Problem,
    Progress,
    Recoding,
    loss_of,
    no_progress,
)
from exports.anonymise.reassign import PartialPartition, assign_leftovers, merge_failing

# Rows that may be suppressed because it is cheaper, as a share; beyond it only where they must be.
WILLING = 0.001
# Visits that a node gets while classes are completed by reassignment, on average: where the price
# is followed closely, and where nodes wait longer for their next visit.
CLOSELY, LOOSELY = 8, 4
PATIENT = 3.0
# What a visit counts for while reassigning, by itself and for so many records.
REASSIGNING, RECORDS = 10, 250
# Nodes that are visited at least, whatever the steps.
FEWEST = 100
# Rows up to which one coding is tried as well, and in how many steps.
SMALL, BRIEF = 1_000, 5_000
# Shares of the work: what the lattice pass is in the progress, and what of all steps reassignment
# may take.
PASSED = 0.6
REASSIGNED = 0.5


def protect_locally(problem: Problem, progress: Progress = no_progress) -> Recoding:
    """Return the table recoded row by row. Raises Infeasible if the model cannot be satisfied.

    Nothing that one coding can reach is refused, and of small tables none loses more than by it.
    """
    check_feasible(problem)
    if not problem.codes.size:
        return Recoding(problem.codes.copy(), np.zeros(problem.rows, dtype=np.bool_))
    progress = _rising(progress)
    found = _within_limit(problem, progress)
    if found is None:
        found = _from_one_coding(problem, progress)
    elif problem.rows <= SMALL:
        found = _least_loss(problem, found, progress)
    progress(1.0)
    return found


def _rising(progress: Progress) -> Progress:
    """Return a progress that never falls, however many searches follow each other."""
    most = 0.0

    def rising(share: float) -> None:
        nonlocal most
        most = max(most, share)
        progress(most)

    return rising


def _within_limit(problem: Problem, progress: Progress) -> Recoding | None:
    """Return a recoding that suppresses no more rows than may be; None if none was found.

    Rows that show roots only count where the problem says so, and are suppressed unless the rest
    would then fail the model: of fewer rows the distribution differs. Where there are too many of
    them, classes of roots are ruled out.
    """
    room = problem.suppressible
    for blank in (True, False) if problem.blank_counts else (True,):
        recoding = _least_blank(problem, room, progress, blank=blank)
        outcome = _satisfying(problem, recoding)
        if outcome is None and recoding is not None and room and problem.model.bounds_distance:
            # With no row suppressed, closeness to the released rows is closeness to all rows.
            outcome = _satisfying(problem, _least_blank(problem, 0, progress, blank=blank))
            if outcome is None:
                tight = _tightened(problem, recoding)
                outcome = _satisfying(problem, _least_blank(tight, room, progress, blank=blank))
        if outcome is not None:
            return outcome
    return None


def _satisfying(problem: Problem, recoding: Recoding | None) -> Recoding | None:
    """Return the recoding with as many blank rows suppressed as the model bears; None if none."""
    if recoding is None or _gone(problem, recoding).sum() > problem.suppressible:
        return None
    for suppressed in (_gone(problem, recoding), recoding.suppressed):
        outcome = replace(recoding, suppressed=suppressed)
        if not _may_fail(problem, outcome) or not failing(problem, outcome).any():
            return outcome
    return None


def _tightened(problem: Problem, recoding: Recoding) -> Problem:
    """Return the problem with t smaller by the distance of the released rows to all rows.

    Distances add up at most: what is that close to all rows is close enough to the released ones.
    """
    rows = np.flatnonzero(~_gone(problem, recoding))
    checks = privacy_checks_of(problem)
    tally = checks.tally(rows, np.zeros(rows.size, dtype=np.int64), 1)
    moved = max(distance(tally[:, column.part], column)[0] for column in checks.columns)
    asked = (problem.model.of_column(at)[2] for at in range(problem.sensitive.shape[1]))
    t = tuple(None if one is None else max(one - float(moved), 0.0) for one in asked)
    return replace(problem, model=replace(problem.model, t=t))


def _gone(problem: Problem, recoding: Recoding) -> Bools:
    """Return the rows that count as suppressed."""
    if not problem.blank_counts:
        return recoding.suppressed
    return recoding.suppressed | problem.blank(recoding.nodes)


def _may_fail(problem: Problem, recoding: Recoding) -> bool:
    """Return whether suppressing these rows can make what is left fail the model."""
    if problem.model.bounds_distance or not problem.blank_counts:
        return problem.model.bounds_distance
    # Rows that were blank from the start may be too few without those that joined them.
    roots = (recoding.nodes == problem.roots).all(axis=1)
    return bool((roots & ~recoding.suppressed).any())


def _least_loss(problem: Problem, found: Recoding, progress: Progress) -> Recoding:
    """Return this recoding, or the one begun from one coding if that loses less."""
    try:
        other = _from_one_coding(replace(problem, steps=min(problem.steps, BRIEF)), progress)
    except Infeasible:
        return found
    return other if loss_of(problem, other) < loss_of(problem, found) - ROUNDING else found


def _from_one_coding(problem: Problem, progress: Progress) -> Recoding:
    """Return what one coding reaches, with rows moved to classes in which they lose less.

    Raises Infeasible, saying by how much, where one coding reaches nothing.
    """
    coded = protect_with_one_coding(problem, progress)
    records = distinct_records_of(problem, by_sensitive=True)
    rows = np.flatnonzero(~coded.suppressed)
    classes, _ = number_rows(coded.nodes[rows].T, rows.size)
    partition = build_partition(
        records, records.record_of_row[rows], classes, np.ones(rows.size, dtype=np.int64)
    )
    # The smallest box over a class covers fewer people than the box of one coding.
    if not records.checks.satisfied(partition.tally, partition.boxes).all():
        return coded
    lookup = lookup_tables_of(records, lattice_of(records, FEWEST))
    partition, _, steps = refine(
        lookup, partition, room=0, steps=max(problem.steps - coded.steps, 0), progress=progress
    )
    gone = np.bincount(records.record_of_row[coded.suppressed], minlength=records.weights.size)
    partial = PartialPartition(partition, np.zeros_like(gone), gone)
    moved = _recoding(problem, records, partial, coded.steps + steps, "")
    if _gone(problem, moved).sum() > gone.sum() or failing(problem, moved).any():
        return coded
    return moved


def _least_blank(
    problem: Problem, room: int, progress: Progress, *, blank: bool
) -> Recoding | None:
    """Return a recoding in which few rows show roots only, ``room`` suppressed; None if stuck.

    Where more rows than may be suppressed end in a class of roots, suppressing rows one by one is
    tried as well.
    """
    recoding = _protected(problem, room, progress, blank=blank)
    if recoding is not None and room and _blank(problem, recoding) > room:
        alone = _protected(problem, room, progress, willing=room, blank=blank)
        if alone is not None and _blank(problem, alone) < _blank(problem, recoding):
            return alone
    return recoding


def _blank(problem: Problem, recoding: Recoding) -> int:
    """Return how many rows show roots only, suppressed or not."""
    return int((recoding.nodes == problem.roots).all(axis=1).sum())


def _protected(
    problem: Problem,
    room: int,
    progress: Progress,
    *,
    willing: int | None = None,
    blank: bool = True,
) -> Recoding | None:
    """Return a recoding with at most ``room`` rows suppressed, ``willing`` of them to lose less.

    ``blank``: a class may show roots only. None where rows are left that no class can take.
    """
    records = distinct_records_of(problem, by_sensitive=True)
    if willing is None:
        willing = min(room, int(WILLING * problem.rows))
    greedy, note = _lattice_pass(records, lambda share: progress(PASSED * share), blank=blank)
    partial = PartialPartition(
        greedy.released(), greedy.unassigned.astype(np.int64), np.zeros_like(records.weights)
    )
    assign_leftovers(greedy.lookup, partial, room if records.checks_sensitive else willing)
    if not merge_failing(greedy.lookup, partial, room) or partial.unassigned.any():
        return None
    partial.partition, suppressed, steps = refine(
        greedy.lookup,
        partial.partition,
        room=max(willing - int(partial.suppressed.sum()), 0),
        steps=max(problem.steps - greedy.steps, 0),
        progress=lambda share: progress(PASSED + (1 - PASSED) * share),
    )
    partial.suppressed += suppressed
    return _recoding(problem, records, partial, greedy.steps + steps, note)


def _lattice_pass(
    records: DistinctRecords, progress: Progress, *, blank: bool
) -> tuple[LatticePass, str]:
    """Return a finished pass over the lattice, and a note of the nodes left out."""
    lattice, steps = lattice_of(records), records.problem.steps
    visit = REASSIGNING + records.weights.size // RECORDS
    afford = int((1.0 if records.checks_sensitive else REASSIGNED) * steps / visit)
    reassigning, patience = lattice.price.size * CLOSELY <= afford, 1.0
    if records.checks_sensitive and not reassigning:
        # Classes that lack a value can only reassign: the fewer nodes, the more is affordable.
        lattice = lattice_of(records, max(afford // LOOSELY, FEWEST))
        reassigning, patience = True, PATIENT
    greedy = LatticePass(
        lookup_tables_of(records, lattice, blank=blank),
        records.weights.astype(float),
        reassigning,
        patience,
    )
    greedy.run(steps, progress)
    visited = lattice.price.size
    note = f"{visited} of {lattice.size} lattice nodes tried" if visited < lattice.size else ""
    return greedy, note


def _recoding(
    problem: Problem, records: DistinctRecords, partial: PartialPartition, steps: int, note: str
) -> Recoding:
    """Return the classes row by row; the rows of a record take its classes in turn."""
    partition, gone = partial.partition, np.flatnonzero(partial.suppressed)
    none = partition.losses.size
    record = np.concatenate([partition.record, gone])
    class_id = np.concatenate([partition.class_id, np.full(gone.size, none)])
    amount = np.concatenate([partition.amount, partial.suppressed[gone]])
    order = np.lexsort((class_id, record))
    class_of_row = np.empty(problem.rows, dtype=np.int64)
    # Rows of a record may differ in what no condition looks at; their order must not decide.
    rows = np.lexsort((*problem.sensitive.T[::-1], records.record_of_row))
    class_of_row[rows] = np.repeat(class_id[order], amount[order])
    nodes = np.concatenate([partition.boxes, problem.roots[None]])[class_of_row]
    return Recoding(nodes, class_of_row == none, steps, note)


# Each row as much as its neighbours allow, or one level a column for all rows.
MODES = {"local": protect_locally, "one-coding": protect_with_one_coding}


def solve(problem: Problem, mode: str = "local", progress: Progress = no_progress) -> Recoding:
    """Return the table protected in one of the MODES.

    Raises Infeasible where the model cannot be satisfied, ValueError for another mode.
    """
    if mode not in MODES:
        raise ValueError(f"no mode {mode!r}: choose one of {', '.join(MODES)}")
    if problem.people is None:
        return MODES[mode](problem, progress)
    progress = _rising(progress)
    if mode == "one-coding":
        return _among_people(problem, problem.people, mode, progress)
    found = None
    with suppress(Infeasible):
        found = _among_people(problem, problem.people, mode, progress)
    if found is not None and problem.rows > SMALL:
        return found
    # As without people: nothing is refused that one coding reaches, and small tables lose no more.
    try:
        coded = _among_people(problem, problem.people, "one-coding", progress)
    except Infeasible:
        if found is None:
            raise
        return found
    if found is None or loss_of(problem, coded) < loss_of(problem, found) - ROUNDING:
        return coded
    return found


def _among_people(problem: Problem, people: Ints, mode: str, progress: Progress) -> Recoding:
    """Return the table protected in one mode, within the share of people who may lose rows."""
    share = problem.suppression_limit * problem.rows / max(problem.counted, 1)
    # Few people may lose many rows; where too many people do, only so many rows as people.
    try:
        found = _of_people(replace(problem, suppression_limit=share), people, mode, progress)
    except Infeasible:
        return _of_people(problem, people, mode, progress)
    if problem.people_among(_gone(problem, found)) > problem.suppressible:
        return _of_people(problem, people, mode, progress)
    return found


def _of_people(problem: Problem, people: Ints, mode: str, progress: Progress) -> Recoding:
    """Return the table protected where people have several rows.

    Rows of one person that are alike stay together: whoever knows them all knows no more.
    """
    if mode == "local":
        first, like = rows_alike(problem, people)
        one_each = replace(
            problem,
            codes=problem.codes[first],
            sensitive=problem.sensitive[first] if problem.sensitive.size else problem.sensitive,
            people=people[first],
        )
        try:
            alone = protect_locally(one_each, progress)
        except Infeasible:
            # The first of the rows alike may lack a value that the others have.
            return protect_with_one_coding(problem, progress)
        found = replace(alone, nodes=alone.nodes[like], suppressed=alone.suppressed[like])
    else:
        found = MODES[mode](problem, progress)
    if not failing(problem, found).any():
        return found
    # Sums of tallies took somebody's rows for those of different people.
    merged = merge_until_satisfied(problem, found)
    if merged is not None:
        gone = _gone(problem, merged)
        if gone.sum() <= problem.suppressible:
            without = replace(merged, suppressed=gone)
            return merged if failing(problem, without).any() else without
    return protect_with_one_coding(problem, progress)
