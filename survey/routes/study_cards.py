"""The pages of a study in each room, in the order in which its page lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StudyCard:
    """A page of a study; ``sentence`` says what one can do there."""

    endpoint: str
    title: str
    sentence: str


_NOTES = (
    StudyCard("notes.comments", "Comments", "The board’s questions on passages, answered."),
    StudyCard("notes.incidents", "Incidents", "Notes of what happened that should not."),
    StudyCard("notes.report", "Yearly report", "What was approved, opened and released."),
)

BOARD_CARDS = (
    StudyCard("board.approve", "Approve", "Sign exactly what you have read."),
    StudyCard("notes.waivers", "Waivers", "Do without an element of the checklist, with a reason."),
    StudyCard("board.suspend", "Suspend or revoke", "Stop it at once, or let it go on."),
    *_NOTES,
)

# The parts of a study's page, as its work goes on.
RESEARCH_CARDS = {
    "Before the first answer": (
        StudyCard(
            "collection.preregistration_page",
            "Preregistration",
            "Everything a registry wants, before the first answer.",
        ),
        StudyCard(
            "collection.link",
            "Link, QR code, leaflet",
            "What to put on a poster or into people's hands.",
        ),
        StudyCard(
            "collection.invitations_page", "Invitations", "Codes that open the survey once each."
        ),
    ),
    "While it runs": (
        StudyCard(
            "research.life",
            "The study’s life",
            "Open it, close it, freeze its answers: each step with what it means.",
        ),
        StudyCard(
            "collection.figures_page",
            "Figures",
            "For the methods section: page loads, consent, completion, the stop rule.",
        ),
    ),
    "What comes of it": (
        StudyCard(
            "texts.overview",
            "Clients’ own words",
            "Read texts one by one, take out what points at somebody, decide which may leave.",
        ),
        StudyCard(
            "releases.overview",
            "Releases",
            "See what a release would hold, make it, download it, and read the ledger.",
        ),
        StudyCard(
            "charts.overview",
            "Charts",
            "Charts of a release, with tables and words, to read and to download.",
        ),
    ),
    "With the ethics board": _NOTES,
}
