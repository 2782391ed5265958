"""One coding per column: every column shows one level only, so that tables can be made by hand.

The vector of levels is the optimum under the normalised certainty penalty (Xu et al. 2006), a
withheld row counting 1 in every cell, with at most ``limit`` of the rows withheld: what ARX calls
full-domain generalisation. On the Adult data with eight quasi-identifiers and k = 5 it finds
ARX 3.9.2's optima, .6608, .3442, .2742 and .2395 with 0, 2, 5 and 10 % withheld, where the loss of
a node is measured over the values that occur in the data (not over all that a hierarchy lists): for
categories (values under the node - 1) / (values - 1), for numbers (largest - smallest value under
the node) / (largest - smallest value).
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from exports.anonymise.cells import give_back
from exports.anonymise.coding import Coding, coding_of
from exports.anonymise.lattice import Search, Vector
from exports.anonymise.problem import Bools, Ints, Outcome, Problem, Progress, Unreachable, unheard
from exports.anonymise.reached import refuse_the_impossible

# What judging one vector costs in steps: a little for itself, the rest by the cells it looks at.
STEPS_A_VECTOR = 5
CELLS_A_STEP = 10_000
# Codings that rows are given back to: those that lose least without the rows.
BLANKED = 5

# What each distinct row shows, and which are withheld.
Recoded = tuple[Ints, Bools]


def protect_with_one_coding(
    problem: Problem, progress: Progress = unheard, *, cells: bool = True
) -> Outcome:
    """The table recoded to one level a column; raises Unreachable, saying by how much.

    With ``cells``, rows that would be withheld come back with single cells at the root, where they
    make up classes that hold.
    """
    refuse_the_impossible(problem)
    coding = coding_of(problem)
    cost = STEPS_A_VECTOR + coding.rows.codes.size // CELLS_A_STEP
    budget = max(problem.steps // cost, 1)
    search = Search(coding.losses, coding.judge, budget, progress, problem.seed)
    proven = search.run()
    if search.best is None:
        raise Unreachable(_out_of_reach(coding, proven=proven))
    shown, withheld = coding.shown(search.best), coding.withheld(search.best)[0]
    if cells and withheld.any():
        shown, withheld = _with_blanks(coding, search, (shown, withheld))
    note = "" if proven else f"best of {len(search.judged)} codings tried, perhaps not the optimum"
    progress(1.0)
    outcome = coding.rows.outcome(shown, withheld)
    return replace(outcome, steps=len(search.judged) * cost, note=note)


def _with_blanks(coding: Coding, search: Search, best: Recoded) -> Recoded:
    """The best once rows have come back, of the codings that may win by it."""
    rows = coding.rows
    loss = rows.loss(*best)
    for vector in _candidates(coding, search):
        if coding.least_loss(vector) >= loss:
            break
        found = give_back(coding, vector, coding.withheld(vector)[0])
        now = rows.loss(*found)
        if rows.rows(found[1]) <= rows.allowed and now < loss:
            best, loss = found, now
    return best


def _candidates(coding: Coding, search: Search) -> list[Vector]:
    """The optimum and those that lose least without the rows, in the order of that loss."""
    within = [vector for vector, verdict in search.judged.items() if verdict.loss < inf]
    within.sort(key=lambda vector: (coding.least_loss(vector), vector))
    return [vector for at, vector in enumerate(within) if at < BLANKED or vector == search.best]


def _out_of_reach(coding: Coding, *, proven: bool) -> str:
    problem = coding.rows.problem
    best = "" if proven else " of those tried"
    return (
        f"the best coding{best} needs {coding.least / problem.rows:.1%} of the rows withheld;"
        f" {problem.limit:.1%} are allowed"
    )
