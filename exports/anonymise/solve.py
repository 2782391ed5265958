"""One door to the engine: a problem and a mode in, an outcome out."""

from __future__ import annotations

from exports.anonymise.local import protect_locally
from exports.anonymise.one_coding import protect_with_one_coding
from exports.anonymise.problem import Outcome, Problem, Progress, unheard

# Each row as much as its neighbours allow, or one level a column for all rows.
MODES = {"local": protect_locally, "one-coding": protect_with_one_coding}


def solve(problem: Problem, mode: str = "local", progress: Progress = unheard) -> Outcome:
    """The table protected as the mode says: "local" or "one-coding".

    Raises Unreachable where the demands cannot be met, ValueError for another mode.
    """
    if mode not in MODES:
        raise ValueError(f"no mode {mode!r}: choose one of {', '.join(MODES)}")
    return MODES[mode](problem, progress)
