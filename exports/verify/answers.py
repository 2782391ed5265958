"""What k does not count: the answers themselves, when somebody knows a few of them.

Ten ordinary answers are as telling as an address: in a personality inventory of 2,577 people, ten
of the answers on six-point scales single out nearly everybody (the idea: Narayanan & Shmatikov
2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exports.verify.claim import Claim
from exports.verify.classes import classes_of
from exports.verify.coded import Coded, Table

KNOWN = 10  # answers that the attacker has learnt
FEWEST, MOST = 2, 16  # different cells of a column that reads like a scale of answers


@dataclass(frozen=True, slots=True)
class AnswersKnown:
    """``columns`` were taken as known; ``alone`` rows are the only ones with their answers."""

    columns: tuple[str, ...]
    alone: int


def _candidates(table: Table, claim: Claim) -> tuple[str, ...]:
    """The answers the claim names; without any, all columns outside the keys that look like it."""
    if claim.answers:
        return claim.answers
    keys = {*claim.core, *claim.insider}
    return tuple(
        name
        for name, column in table.items()
        if name not in keys and FEWEST <= len(column.cells) <= MOST
    )


def spread_evenly(names: Sequence[str], many: int) -> tuple[str, ...]:
    """``many`` of the names, evenly over their order: no choice that could be tuned to a result."""
    if len(names) <= many:
        return tuple(names)
    return tuple(names[int((2 * at + 1) * len(names) / (2 * many))] for at in range(many))


def answers_known(table: Table, claim: Claim, rows: int) -> AnswersKnown | None:
    """Rows alone in up to ten answers; None where the file has no answers."""
    names = spread_evenly(_candidates(table, claim), KNOWN)
    if not names or not rows:
        return None
    columns: list[Coded] = [table[name] for name in names]
    alone = classes_of(columns, np.zeros(rows, dtype=np.int64)).alone
    return AnswersKnown(names, alone)
