"""A study folder as it is now: read again by itself when somebody has changed it."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic

from forms.facts import load_site
from forms.faults import StudyFaults
from forms.load import ALL
from survey.offer import Offer, Prints, offer_of, prints_of

# How often a study folder is looked at for a change, in seconds.
LOOK_SECONDS = 2.0
REMEMBERED = 5  # versions that the folder had before, to tell what changed


class Watched:
    """A study folder that is read again when its files or the site's facts change.

    A version with a fault is not taken: the last sound one stays, and ``fault`` says why.
    """

    def __init__(self, offer: Offer, site: Path | None) -> None:
        self.latest, self.fault = offer, ""
        self._site = site
        self._before: tuple[Offer, ...] = ()
        self._lock = threading.Lock()
        self._seen, self._looked = self._stamps(), monotonic()

    def _stamps(self) -> tuple[object, ...]:
        """Differs once a file was written, made or taken away."""
        files = [self.latest.folder / name for name in ALL] + ([self._site] if self._site else [])
        return tuple(_stamp(file) for file in files)

    def offer(self, *, now: bool = False) -> Offer:
        """The study as the folder has it; looked at every two seconds, or ``now``."""
        if self._site is None or (not now and monotonic() - self._looked < LOOK_SECONDS):
            return self.latest
        with self._lock:
            stamps = self._stamps()
            if stamps != self._seen:
                self._read_again(self._site)
            self._seen, self._looked = stamps, monotonic()
        return self.latest

    def _read_again(self, site: Path) -> None:
        try:
            read = offer_of(self.latest.folder, load_site(site), pilot=self.latest.pilot)
        except StudyFaults as faults:
            self.fault = str(faults.faults[0])
            return
        self.fault = ""
        if _served_as(read) != _served_as(self.latest):
            self._before = (self.latest, *self._before)[:REMEMBERED]
            self.latest = read

    def earlier(self, prints: Prints) -> Offer | None:
        """What the folder said lately under these fingerprints, while this process remembers."""
        return next((o for o in self._before if prints_of(o) == prints), None)


def _served_as(offer: Offer) -> tuple[object, ...]:
    """Everything that a change of a file can change for clients."""
    return *prints_of(offer), offer.limit, offer.invited, offer.study.support


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
