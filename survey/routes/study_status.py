"""Where a study stands: status, fingerprints, approval. Reads the office's file, never a row.

What waits for somebody at a study, told on the first pages of both rooms. Reads no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from survey.services import services, staff
from survey.storage import board, studies
from survey.storage.accounts import Role
from survey.studies.availability import EXPIRED, FULL, LOST, NOT_OPEN, OPEN, StudyState
from survey.studies.current import current_catalogue
from survey.studies.lifecycle import approval_of
from survey.studies.loading import folder_problem
from survey.studies.version import StudyVersion

MEANINGS = {
    NOT_OPEN: "Draft: not open yet",
    OPEN: "Open: people can answer",
    FULL: "Full: as many have answered as were wanted; nobody new can start",
    EXPIRED: "Paused: opened, but it takes nobody now; clients are told to come back later",
    "closed": "Closed: nobody new can answer",
    "frozen": "Frozen: no answer can be added or deleted any more",
    LOST: "Unknown: its record is lost, so it takes nobody",
}
PILOT = "Pilot: a trial run with a watermark, kept apart from real answers"


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study on the shelf, its status, and the approval of exactly this version, if any.

    ``trouble`` says why an opened study takes nobody; ``fault`` what is wrong with its folder.
    """

    version: StudyVersion
    status: str
    approval: studies.Approval | None
    standing: StudyState
    fault: str = ""

    @property
    def trouble(self) -> str:
        """Why nothing is served of a study that was opened, in a sentence; or nothing."""
        return self.standing.trouble

    @property
    def in_words(self) -> str:
        """The status as a person is told it."""
        if self.version.pilot:
            return PILOT
        found = self.standing
        return MEANINGS.get(LOST if found.cause == LOST else found.state, found.state)


def summary_of(version: StudyVersion) -> StudySummary:
    """As it is today."""
    stores, name = staff().stores, version.study.name
    folder = current_catalogue().proposed(name)
    return StudySummary(
        version,
        studies.status(stores.office, name),
        approval_of(stores, version),
        services().availability.standing(name),
        folder_problem(folder) if folder else "",
    )


# Told that long before an approval runs out: boards meet once a month or so.
NOTICE = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and the page (endpoint and words of the link) where it is dealt with."""

    sentence: str
    endpoint: str
    link: str


def notices(life: StudySummary, role: Role) -> list[Notice]:
    """What waits at this study for people of ``role``, the gravest first."""
    found = [] if life.version.pilot else list(_about_approval(life, role))
    if role == "researcher":
        found += _unanswered(life.version.study.name)
    return found


def _about_approval(life: StudySummary, role: Role) -> Iterator[Notice]:
    standing = life.standing
    if standing.trouble:
        yield _trouble(standing, role)
    folder = current_catalogue().proposed(life.version.study.name)
    if folder is None or life.status not in ("draft", "open"):
        return
    proposed = folder.version()
    signed = approval_of(services().stores, proposed)
    if signed is None:
        yield _unsigned(proposed, role)
    elif life.status == "draft" and role == "researcher":
        yield Notice(
            f"Approved under {signed.reference}: it can be opened.", "research_life.life", "Open it"
        )
    if standing.approval and not standing.trouble and _ends_soon(standing.approval):
        yield _ending(standing.approval, role)


def _trouble(standing: StudyState, role: Role) -> Notice:
    if role == "board":
        return Notice(standing.trouble, "board.suspend", "See the rulings")
    return Notice(standing.trouble, "research_life.life", "What this means")


def _unsigned(proposed: StudyVersion, role: Role) -> Notice:
    version = proposed.study.version
    sentence = f"Version {version}, as it lies in the study folder, is not signed."
    if role == "board":
        return Notice(sentence, "board.approve", "Read and sign it")
    return Notice(sentence, "ethics_versions.versions", "What changed")


def _ending(signed: studies.Approval, role: Role) -> Notice:
    sentence = (
        f"The approval {signed.reference} ends on {signed.expires_on}; the study closes by itself."
    )
    if role == "board":
        return Notice(sentence, "board.approve", "Prolong it")
    return Notice(sentence, "board.comments", "Ask the board")


def _ends_soon(signed: studies.Approval) -> bool:
    today = date.fromisoformat(services().availability.today())
    return bool(signed.expires_on) and date.fromisoformat(signed.expires_on) - today <= NOTICE


def _unanswered(name: str) -> list[Notice]:
    """Threads in which the board has the last word."""
    threads = board.threads(services().stores.office, name)
    waits = sum(thread[-1].role == "board" for thread in threads)
    if not waits:
        return []
    said = "A comment of the board waits" if waits == 1 else f"{waits} comments of the board wait"
    return [Notice(f"{said} for an answer.", "board.comments", "Read and answer")]
