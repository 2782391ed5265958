"""Where a study stands: status, fingerprints, approval. Reads the office's file, never a row."""

from __future__ import annotations

from dataclasses import dataclass

from survey.availability import today_here
from survey.shelf import Offer
from survey.staff.standing import staff
from survey.store import studies

MEANINGS = {
    "draft": "Draft: not open yet",
    "open": "Open: people can answer",
    "closed": "Closed: nobody new can answer",
    "frozen": "Frozen: no answer can be added or deleted any more",
}
PILOT = "Pilot: a trial run with a watermark, kept apart from real answers"
EXPIRED = "Open, but not approved as it is now: clients are told to come back later"


@dataclass(frozen=True, slots=True)
class Life:
    """A study on the shelf, its status, and the approval of exactly this version, if any."""

    offer: Offer
    status: str
    approval: studies.Approval | None

    @property
    def in_words(self) -> str:
        """The status as a person is told it."""
        if self.offer.pilot:
            return PILOT
        if self.status == "open" and self.approval is None:
            return EXPIRED
        return MEANINGS.get(self.status, self.status.capitalize())


def life_of(offer: Offer) -> Life:
    """As it is today."""
    office, study = staff().stores.office, offer.study
    approval = studies.current_approval(
        office,
        study.name,
        words=study.fingerprints.words,
        policy=study.fingerprints.policy,
        site=offer.site,
        today=today_here().isoformat(),
    )
    return Life(offer, studies.status(office, study.name), approval)
