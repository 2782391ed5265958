"""What became of the conditions of a study's approvals: met, taken back, or still open.

An open condition binds whatever is approved after it. The last word on each counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from survey.storage import studies
from survey.storage.database import Database, write_transaction
from survey.storage.record import append, rows_of
from survey.storage.studies import Approval, Condition, ConditionKind

ConditionState = Literal["open", "met", "taken back"]
WHEN: Mapping[ConditionKind, str] = {
    "opening": "Before the opening",
    "running": "While it runs, by {due}",
    "release": "Before any release",
}


@dataclass(frozen=True, slots=True)
class ConditionRecord:
    """A condition, the approval it came with and its place there; how it stands, by whom, when.

    ``at`` (ISO time, UTC) and ``who`` are empty while nobody has said anything of it.
    """

    approval: Approval
    place: int
    condition: Condition
    state: ConditionState = "open"
    at: str = ""
    who: str = ""
    why: str = ""

    @property
    def number(self) -> str:
        """Return what the condition is called: approval and place."""
        return f"{self.approval.number}.{self.place}"

    @property
    def asked(self) -> str:
        """Return what is asked for and by when, in words."""
        return f"{WHEN[self.condition.kind].format(due=self.condition.due)}: {self.condition.text}"

    @property
    def standing(self) -> str:
        """Return how it stands, in words."""
        if not self.who:
            return "not met yet"
        said = "open again" if self.state == "open" else self.state
        return f"{said}, {self.at[:10]}, {self.who}" + (f": {self.why}" if self.why else "")

    def overdue(self, today: str) -> bool:
        """Return true from the day after its date on, while it is open."""
        return self.state == "open" and bool(self.condition.due) and today > self.condition.due


def conditions(db: Database, study: str, *, until: str = "") -> list[ConditionRecord]:
    """Return every condition of the study's approvals, in the order set.

    How each stands now, or stood at ``until`` (ISO time, UTC).
    """
    said = {
        (row["approval"], row["place"]): row
        for row in rows_of(db, "settled_conditions", study)
        if not until or row["at"] <= until
    }
    found = []
    # What the operator noted from a letter asks for nothing before members confirm it.
    for approval in (one for one in studies.approvals(db, study) if not one.waits):
        for place, condition in enumerate(approval.conditions, start=1):
            last = said.get((approval.number, place), {})
            how = {name: last[name] for name in ("at", "who", "why") if name in last}
            state = last.get("what", "open")
            found.append(ConditionRecord(approval, place, condition, state, **how))
    return found


def open_conditions(db: Database, study: str, *kinds: ConditionKind) -> list[ConditionRecord]:
    """Return the conditions that are neither met nor taken back, of these kinds; of all: none."""
    found = [one for one in conditions(db, study) if one.state == "open"]
    return [one for one in found if not kinds or one.condition.kind in kinds]


def overdue(db: Database, study: str, today: str) -> list[ConditionRecord]:
    """Return the conditions whose date has passed while they were open: collection pauses."""
    return [one for one in open_conditions(db, study, "running") if one.overdue(today)]


def settle(
    db: Database,
    study: str,
    record: ConditionRecord,
    state: ConditionState,
    *,
    at: str,
    who: str,
    why: str = "",
) -> None:
    """Say that a condition is met, taken back, or open again. Raises ValueError without a reason.

    That it is met needs none.
    """
    if state != "met" and not why.strip():
        raise ValueError("Say why the condition is taken back or open again.")
    with write_transaction(db):
        append(db, "settled_conditions", {
            "study": study, "approval": record.approval.number, "place": record.place,
            "at": at, "who": who, "what": state, "why": why.strip(),
        })  # fmt: skip
