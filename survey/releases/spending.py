"""What tables have told of the people of each segment, and what is left: for rooms and ledger."""

from __future__ import annotations

from dataclasses import dataclass

from exports.tables.budget import right_of_100
from exports.tables.menu import Menu, budget_of
from exports.tables.spent import left_of, most_spent
from forms.study import Study
from survey.storage import measurements
from survey.storage.database import Database


@dataclass(frozen=True, slots=True)
class SegmentSpending:
    """How often of 100 a choice between two whole sets of answers for one person is right, at most.

    ``right`` from what was measured, ``left`` from what the policy's lifetime leaves by itself.
    """

    segment: int
    right: float
    left: float

    def in_words(self, *, pilot: bool = False) -> str:
        """Return it as a sentence."""
        which = "The pilot" if pilot else f"Segment {self.segment}"
        return (
            f"{which} was measured for tables: of 100 choices between two sets of answers for one "
            f"person at most {self.right:.0f} are right (by tossing a coin, 50). What the policy "
            f"leaves for its lifetime would allow {self.left:.0f}, by itself."
        )


def spending(office: Database, study: Study, *, pilot: bool = False) -> list[SegmentSpending]:
    """Return what every measured segment has spent."""
    found = measurements.measured_segments(office, study.name, pilot=pilot)
    if not found:
        return []
    menu, budget = Menu(study), budget_of(study)
    paid = [(one.segment, most_spent(menu, one.rho)) for one in found]
    return [
        SegmentSpending(number, right_of_100(rho), right_of_100(left_of(budget, rho)))
        for number, rho in paid
    ]
