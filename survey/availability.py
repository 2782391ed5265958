"""Whether a study takes new people just now, and the kind word when it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime

from survey.desk import Clock
from survey.shelf import Offer
from survey.store import responses, studies
from survey.store.connect import Stores


def today_here() -> date:
    """The date on this server: an approval that names a day holds to its end there."""
    return datetime.now().astimezone().date()


# How long an answer is believed before the stores are asked again, in seconds.
FRESH_SECONDS = 2.0

OPEN = "open"
NOT_OPEN = "not_open"
CLOSED = "closed"
FROZEN = "frozen"
FULL = "full"
EXPIRED = "expired"

# Somebody who began in time may still send while a study is closed or full, but not these.
TAKES_NOTHING = frozenset({FROZEN, EXPIRED, NOT_OPEN})


class Availability:
    """The state of each offer; asks the stores at most every two seconds."""

    def __init__(self, stores: Stores, clock: Clock, today: Callable[[], date]) -> None:
        self._stores, self._clock, self._today = stores, clock, today
        self._known: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def of(self, offer: Offer) -> str:
        """OPEN, NOT_OPEN, CLOSED, FROZEN, FULL or EXPIRED. A pilot is open until full."""
        name, now = offer.study.name, self._clock()
        with self._lock:
            at, state = self._known.get(name, (float("-inf"), ""))
        if now - at < FRESH_SECONDS:
            return state
        state = self._ask(offer)
        with self._lock:
            self._known[name] = now, state
        return state

    def _ask(self, offer: Offer) -> str:
        if not offer.pilot:
            state = self._life(offer)
            if state != OPEN:
                return state
        db = self._stores.answers(pilot=offer.pilot)
        full = offer.limit is not None and responses.count(db, offer.study.name) >= offer.limit
        return FULL if full else OPEN

    def _life(self, offer: Offer) -> str:
        """Open only while an approval of exactly these words, policy and facts is in force."""
        study = offer.study
        status = studies.status(self._stores.office, study.name)
        if status in (CLOSED, FROZEN):
            return status
        if status != "open":
            return NOT_OPEN
        approval = studies.current_approval(
            self._stores.office,
            study.name,
            words=study.fingerprints.words,
            policy=study.fingerprints.policy,
            site=offer.site,
            today=self._today().isoformat(),
        )
        return OPEN if approval else EXPIRED
