"""A study's status, what waits there, and its pages, as both rooms show them.

Reads the office's file, never an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from survey.releases.destruction import overdue
from survey.services import services
from survey.storage import admission, board, conditions, studies
from survey.storage.accounts import Role
from survey.storage.conditions import ConditionRecord
from survey.studies.availability import (
    FULL,
    FULL_TODAY,
    HELD,
    LOST,
    NOT_OPEN,
    OPEN,
    PAUSED,
    StudyState,
)
from survey.studies.catalogue import StudyFolder
from survey.studies.data_use import use_stopped
from survey.studies.help_page import contact_of
from survey.studies.lifecycle import approval_of
from survey.studies.loading import folder_problem
from survey.studies.version import StudyVersion

MEANINGS = {
    NOT_OPEN: "Draft: not open yet",
    OPEN: "Open: people can answer",
    FULL: "Full: as many have answered as were wanted; nobody new can start",
    FULL_TODAY: "Full for today: nobody new can start before tomorrow",
    HELD: "Held: nobody new can begin; who has begun may end and send",
    PAUSED: "Paused: opened, but it takes nobody now; clients are told to come back later",
    "closed": "Closed: nobody new can answer",
    "frozen": "Frozen: no answer can be added or deleted any more",
    LOST: "Unknown: its record is lost, so it takes nobody",
}
PILOT = "Pilot: a trial run with a watermark, kept apart from real answers"


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study with its status, its state, and the approval of exactly this version, if any."""

    version: StudyVersion
    folder: StudyFolder
    status: str
    approval: studies.Approval | None
    state: StudyState
    conditions: tuple[ConditionRecord, ...] = ()
    data_stopped: str = ""  # why its data may not be used; of what has begun only

    @property
    def fault(self) -> str:
        """Return what is wrong with the folder, in a sentence; or nothing."""
        return folder_problem(self.folder)

    @property
    def in_words(self) -> str:
        """Return the status in words."""
        if self.version.pilot:
            return PILOT
        state = self.state
        return MEANINGS.get(LOST if state.reason == LOST else state.state, state.state)


def summary_of(version: StudyVersion) -> StudySummary:
    """Return the summary of this version's study, as it is now."""
    here, name = services(), version.study.name
    office, status = here.stores.office, studies.status(here.stores.office, name)
    bound = not version.pilot and status != "draft"
    return StudySummary(
        version,
        here.catalogue.folders[name],
        status,
        approval_of(here.stores, version),
        here.availability.state_of(name),
        () if version.pilot else tuple(conditions.conditions(office, name)),
        use_stopped(office, name, here.availability.today()) if bound else "",
    )


# So long before an approval runs out staff are reminded: boards meet once a month or so.
NOTICE = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and the page (endpoint and words of the link) where it is dealt with."""

    sentence: str
    endpoint: str
    link: str


# Where each role deals with what waits.
_LINKS: dict[Role, dict[str, tuple[str, str]]] = {
    "board": {
        "problem": ("board.suspend", "See the rulings"),
        "unsigned": ("board.approve", "Read and sign it"),
        "ends": ("board.approve", "Prolong it"),
        "help": ("ethics.overview", "See the help lines"),
    },
    "researcher": {
        "problem": ("research.life", "What this means"),
        "unsigned": ("records.versions", "What changed"),
        "ends": ("notes.comments", "Ask the board"),
        "help": ("ethics.overview", "See the help lines"),
    },
}


def notices(summary: StudySummary, role: Role) -> list[Notice]:
    """Return what waits at this study for accounts of ``role``, the gravest first."""
    found = [] if summary.version.pilot else [*_about_approval(summary, role)]
    found += _about_help(summary.state, role)
    here = services()
    for sentence in overdue(here.stores, summary.version, here.availability.today()):
        found.append(Notice(f"Overdue: {sentence}", "notes.report", "See the record"))
    if role != "researcher":
        return found
    found = [*_about_leak(summary.version), *found]
    threads = board.threads(services().stores.office, summary.version.study.name)
    if waits := sum(board.state_of_thread(thread) == "open" for thread in threads):
        one, more = "A comment of the board waits", f"{waits} comments of the board wait"
        said = f"{one if waits == 1 else more} for an answer."
        found.append(Notice(said, "notes.comments", "Read and answer"))
    return found


def _about_leak(version: StudyVersion) -> Iterator[Notice]:
    office, name = services().stores.office, version.study.name
    watched = admission.watch_codes(office, name, pilot=version.pilot)
    if watched.typed:
        said = "The list of invitations has leaked: a watch code, which nobody was given, was typed"
        yield Notice(f"{said} on {watched.first}.", "collection.invitations_page", "Act on it")


def _about_help(state: StudyState, role: Role) -> Iterator[Notice]:
    reader = _LINKS[role]["help"]
    for signed, now in state.published.version.corrections:
        sentence = (
            f"Help line {now.label} was corrected in the study folder and is shown so, unsigned: "
            f"{contact_of(signed)} → {contact_of(now)}."
        )
        yield Notice(sentence, *reader)
    if state.help:
        yield from (Notice(sentence, *reader) for sentence in state.help.sentences())


def _about_approval(summary: StudySummary, role: Role) -> Iterator[Notice]:
    state, reader = summary.state, _LINKS[role]
    if state.problem:
        yield Notice(state.problem, *reader["problem"])
    if role == "board":
        for noted in studies.approvals(services().stores.office, summary.version.study.name):
            if noted.waits and not noted.revoked:
                sentence = f"The operator noted the approval {noted.reference} from a letter."
                yield Notice(sentence, "board.approve", "Read the letter, and confirm it")
    if summary.status not in ("draft", "open"):
        return
    proposed = summary.folder.version()
    signed = approval_of(services().stores, proposed)
    if signed is None:
        version = proposed.study.version
        sentence = f"Version {version}, as it lies in the study folder, is not signed."
        yield Notice(sentence, *reader["unsigned"])
    elif summary.status == "draft" and role == "researcher":
        sentence = f"Approved under {signed.reference}: it can be opened."
        yield Notice(sentence, "research.life", "Open it")
    if state.problem or not state.approval or not state.approval.expires_on:
        return
    reference, last = state.approval.reference, state.approval.expires_on
    today = date.fromisoformat(services().availability.today())
    if date.fromisoformat(last) - today <= NOTICE:
        sentence = f"The approval {reference} ends on {last}; the study closes by itself."
        yield Notice(sentence, *reader["ends"])


@dataclass(frozen=True, slots=True)
class StudyCard:
    """A page of a study; ``sentence`` says what one can do there, ``short`` is for a tab."""

    endpoint: str
    title: str
    sentence: str
    short: str = ""


NOTES_CARDS = (
    StudyCard("submission.index", "Submission", "Documents, amendments, and what was decided."),
    StudyCard("binding.conditions_of_study", "Conditions",
        "What the board asked for besides: met or not, and what it stops."),
    StudyCard("notes.comments", "Comments", "The board’s questions on passages, answered."),
    StudyCard("notes.incidents", "Incidents", "Notes of what happened that should not."),
    StudyCard("pausing.stop_rule_page", "Stop rule", "When collection pauses by itself; a pause."),
    StudyCard("notes.report", "Yearly report", "What was approved, opened and released."),
)  # fmt: skip

BOARD_CARDS = (
    StudyCard("board.approve", "Approve", "Sign exactly what you have read."),
    StudyCard("signing.board_page", "Board", "Who sits on it, with which keys; what waits."),
    StudyCard("binding.verdicts", "Verdicts", "Judge each element of the checklist."),
    StudyCard("board.suspend", "Suspend or revoke", "Stop it at once, or let it go on.", "Suspend"),
    *NOTES_CARDS,
)

# The parts of a study's page, as its work goes on.
RESEARCH_CARDS = {
    "Before the first answer": (
        StudyCard("collection.preregistration_page", "Preregistration",
            "Everything a registry wants, before the first answer."),
        StudyCard("collection.link", "Link, QR code, leaflet",
            "What to put on a poster or into people's hands."),
        StudyCard("collection.invitations_page", "Invitations",
            "Codes that open the survey once each."),
    ),
    "While it runs": (
        StudyCard("research.life", "The study’s life",
            "Open it, close it, freeze its answers: each step with what it means."),
        StudyCard("collection.figures_page", "Figures",
            "For the methods section: page loads, consent, completion, the stop rule."),
    ),
    "What comes of it": (
        StudyCard("texts.overview", "Clients’ own words",
            "Read texts one by one, take out what points at somebody, decide which may leave."),
        StudyCard("releases.overview", "Releases",
            "See what a release would hold, make it, download it, and read the ledger."),
        StudyCard("charts.overview", "Charts",
            "Charts of a release, with tables and words, to read and to download."),
    ),
    "With the ethics board": NOTES_CARDS,
}  # fmt: skip
