"""Where a study stands: status, fingerprints, approval. Reads the office's file, never a row."""

from __future__ import annotations

from dataclasses import dataclass

from survey.served.availability import EXPIRED, FULL, LOST, NOT_OPEN, OPEN, Standing
from survey.served.lifecycle import approval_of
from survey.served.shelf import Offer
from survey.served.shelves import shelf
from survey.served.standin import told
from survey.services import services
from survey.staff.standing import staff
from survey.store import studies

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
class Life:
    """A study on the shelf, its status, and the approval of exactly this version, if any.

    ``trouble`` says why an opened study takes nobody; ``fault`` what is wrong with its folder.
    """

    offer: Offer
    status: str
    approval: studies.Approval | None
    standing: Standing
    fault: str = ""

    @property
    def trouble(self) -> str:
        """Why nothing is served of a study that was opened, in a sentence; or nothing."""
        return self.standing.trouble

    @property
    def in_words(self) -> str:
        """The status as a person is told it."""
        if self.offer.pilot:
            return PILOT
        found = self.standing
        return MEANINGS.get(LOST if found.cause == LOST else found.state, found.state)


def life_of(offer: Offer) -> Life:
    """As it is today."""
    stores, name = staff().stores, offer.study.name
    folder = shelf().proposed(name)
    return Life(
        offer,
        studies.status(stores.office, name),
        approval_of(stores, offer),
        services().availability.standing(name),
        told(folder) if folder else "",
    )
