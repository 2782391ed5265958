"""Where each submission of a study stands: what the board decided of it, a signature included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from survey.storage import board_submissions, studies
from survey.storage.board_submissions import BoardSubmission, Decided, Decision
from survey.storage.database import Database
from survey.storage.studies import Approval

KINDS: dict[board_submissions.Kind, str] = {
    "new": "A new study",
    "amendment": "An amendment",
    "continuing": "Continuing review",
    "closure": "Closure",
}
DECISIONS: dict[Decided, str] = {
    "received": "Received",
    "returned": "Returned for changes",
    "deferred": "Deferred",
    "refused": "Refused",
    "closed": "Closed",
}
WAITS = ("", "received", "deferred")  # the board's word is still to come


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a submission: when (ISO, UTC), by whom, in a word, and why."""

    at: str
    who: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class SubmissionState:
    """A submission and what happened to it, in order; its state is the last of these."""

    submission: BoardSubmission
    events: tuple[Event, ...]

    @property
    def state(self) -> str:
        """Return the last event in a word; empty before the first."""
        return self.events[-1].what if self.events else ""

    @property
    def waits(self) -> bool:
        """Return whether the board has not answered it yet."""
        return self.state in WAITS


def states_of(office: Database, study: str) -> list[SubmissionState]:
    """Return every submission with what became of it, the latest first."""
    decided = board_submissions.decisions(office, study)
    signed = [a for a in studies.approvals(office, study) if a.recorded_at]
    made = board_submissions.submissions(office, study)
    return [
        SubmissionState(one, tuple(sorted(_events(one, decided, signed), key=lambda e: e.at)))
        for one in reversed(made)
    ]


def _events(
    one: BoardSubmission, decided: Sequence[Decision], signed: Sequence[Approval]
) -> Iterator[Event]:
    for found in decided:
        if found.submission == one.number:
            yield Event(found.at, found.who, found.what, found.text)
    # That it was approved is told by the approvals alone: of exactly this version, noted later.
    for approval in signed:
        if approval.fingerprints == one.fingerprints and approval.recorded_at >= one.at:
            what = "approved with conditions" if approval.conditions else "approved"
            yield Event(approval.recorded_at, approval.by, what, approval.reference)


def reason_for(office: Database, study: str, fingerprints: Sequence[str]) -> BoardSubmission | None:
    """Return the last submission of exactly this version, with the reason given for it."""
    made = board_submissions.submissions(office, study)
    same = [one for one in made if one.fingerprints == tuple(fingerprints)]
    return same[-1] if same else None
