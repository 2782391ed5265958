"""What is served of a study just now and whether it takes new people: the approval lock.

What is not approved is not served. A study that was opened is served as the version that the board
signed last; where its folder has changed since, from the copy archived at the signing. It closes
by itself when that approval runs out, is revoked or suspended, or the copy is not what was signed.

What staff write into the office's file is known at once in every process and thread; a new day, a
changed folder and the number of answers within two seconds.

The files made ready for the answers to a version of a study.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from forms.kinds import columns_of_study
from survey.errors import StoreError, StoreUnavailable
from survey.respondents.drafts import Clock
from survey.storage import admission, answer_tables, board, studies
from survey.storage.admission import AdmissionRule
from survey.storage.stores import Stores
from survey.storage.studies import Approval
from survey.studies import approvals
from survey.studies.catalogue import PublishedVersions, StudyCatalogue
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.folder import StudyFolder
from survey.studies.version import StudyVersion, fingerprints_of


def prepare(stores: Stores, version: StudyVersion) -> str:
    """Make the study's table where it is missing, and archive its words beside the rows."""
    study = version.study
    return answer_tables.prepare(
        stores.answers(pilot=version.pilot),
        study=study.name,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        content=study.content,
        columns=columns_of_study(study),
    )


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
EXPIRED = "expired"  # clients read: paused. Staff read why in ``Standing.trouble``

# Why nothing is served of a study that was opened.
INVALID, REVOKED, RAN_OUT, SUSPENDED = "unsound", "revoked", "ran out", "suspended"
LOST = "lost"  # or was opened, as its answers say, while the office's file knows nothing of it

# Somebody who began in time may still send while a study is closed or full, but not these.
TAKES_NOTHING = frozenset({FROZEN, EXPIRED, NOT_OPEN})


@dataclass(frozen=True, slots=True)
class StudyState:
    """Where a study stands: what is served, its state, under which approval.

    ``cause`` says in a word why an opened study takes nobody and ``trouble`` tells it to staff;
    clients read only that it is paused.
    """

    served: PublishedVersions
    state: str
    approval: Approval | None = None
    cause: str = ""
    trouble: str = ""

    @property
    def readable(self) -> bool:
        """Whether the words may be shown to clients: a pilot's, or those that were signed."""
        version, signed = self.served.version, self.approval
        return version.pilot or (
            signed is not None and signed.fingerprints == fingerprints_of(version)
        )


class Availability:
    """The standing of each study of ``catalogue``; asks the stores at most every two seconds."""

    def __init__(
        self, stores: Stores, catalogue: StudyCatalogue, clock: Clock, today: Callable[[], date]
    ) -> None:
        self._stores, self._shelf, self._clock, self._today = stores, catalogue, clock, today
        self._known: dict[str, tuple[float, StudyState]] = {}
        self._round = 0  # how often what is known was forgotten
        self._mine = threading.local()
        self._office_file: int | None = None
        self._versions: dict[tuple[str, VersionFingerprints], StudyVersion] = {}
        self._ready = set(catalogue)
        self._lock = threading.Lock()
        catalogue.ask = self._served

    def today(self) -> str:
        """The date on this server, ISO."""
        return self._today().isoformat()

    def of(self, version: StudyVersion) -> str:
        """OPEN, NOT_OPEN, CLOSED, FROZEN, FULL or EXPIRED. A pilot is open until full."""
        return self.standing(version.study.name).state

    def stopped(self, version: StudyVersion) -> bool:
        """Whether nothing may be taken, not even from somebody who has begun."""
        return self.of(version) in TAKES_NOTHING

    def standing(self, name: str, *, now: bool = False) -> StudyState:
        """How it stands with the study of this name. Raises KeyError where there is none.

        ``now`` asks the stores whatever was known.
        """
        folder = self._shelf.proposed(name)
        if folder is None:
            raise KeyError(name)
        if not folder.latest.pilot:
            self._forget_what_was_changed()
        at = self._clock()
        with self._lock:
            in_round = self._round
            asked, known = self._known.get(name, (float("-inf"), None))
        if known is not None and not now and at - asked < FRESH_SECONDS:
            return known
        found = self._full(self._ask(folder.version(now=True)))
        self._keep_door(folder)
        with self._lock:
            if in_round == self._round:  # or something was written while we asked
                self._known[name] = at, found
        return found

    def _keep_door(self, folder: StudyFolder) -> None:
        """For a start at which site.toml cannot be read. A full disk keeps nobody out."""
        version = folder.latest
        if folder.door_told and not version.pilot:
            with suppress(sqlite3.Error, StoreError):
                door = AdmissionRule(limit=version.limit, invited=version.invited)
                admission.keep(self._stores.office, version.study.name, door)

    def _forget_what_was_changed(self) -> None:
        """Believe nothing any longer once another connection has written into the office's file."""
        office = self._stores.office
        seen = id(office), studies.written(office)
        if getattr(self._mine, "seen", None) == seen:
            return
        self._mine.seen = seen
        with self._lock:
            self._known.clear()
            self._round += 1

    def _served(self, folder: StudyVersion) -> PublishedVersions:
        """For the shelf: help lines are shown even while the stores cannot be read."""
        name = folder.study.name
        try:
            return self.standing(name).served
        except (StoreError, sqlite3.Error):
            known = self._known.get(name)
            return known[1].served if known else PublishedVersions(folder)

    def _ask(self, folder: StudyVersion) -> StudyState:
        """All but whether it is full."""
        if folder.pilot:
            return StudyState(PublishedVersions(self._prepared(folder)), OPEN)
        self._check_office()
        status = studies.status(self._stores.office, folder.study.name)
        if status == "draft":
            lost = approvals.record_lost(self._stores, folder.study.name)
            why = (LOST, approvals.RECORD_LOST) if lost else ("", "")
            return StudyState(PublishedVersions(folder), NOT_OPEN, None, *why)
        return self._opened(folder, status)

    def _check_office(self) -> None:
        """Raises StoreUnavailable where the office's file is no longer the one that we read."""
        path = self._stores.folder / "office.db"
        self._stores.office  # noqa: B018 - the first look makes a new installation's
        here = path.stat().st_ino if path.exists() else None
        if self._office_file is None:
            self._office_file = here
        if here is None or here != self._office_file:
            raise StoreUnavailable(
                f"{path} was taken away or replaced while the server was running: put it back "
                "from your backup, and start the server again."
            )

    def _opened(self, folder: StudyVersion, status: studies.Status) -> StudyState:
        """A study that was opened once is what the board signed last, or nothing."""
        name, office, today = folder.study.name, self._stores.office, self.today()
        noted = studies.approvals(office, name)
        signed = studies.latest_effective(noted, today)
        try:
            if signed is None:
                raise approvals.ArchivedVersionInvalid("No approval of it has begun.")
            version = self._version(folder, signed.fingerprints)
        except approvals.ArchivedVersionInvalid as unsound:
            state = status if status != "open" else EXPIRED
            return StudyState(
                PublishedVersions(folder, signed=True), state, signed, INVALID, str(unsound)
            )
        earlier = self._earlier(folder, version, [a for a in noted if a.in_force(today)])
        cause, trouble = _why_not(signed, today) or self._suspended(name) or ("", "")
        state = status if status != "open" else EXPIRED if cause else OPEN
        return StudyState(
            PublishedVersions(version, earlier, signed=True), state, signed, cause, trouble
        )

    def _suspended(self, name: str) -> tuple[str, str] | None:
        found = board.suspension(self._stores.office, name)
        if found is None:
            return None
        return SUSPENDED, f"The board suspended it on {found.at[:10]}: {found.why}"

    def _earlier(
        self, folder: StudyVersion, served: StudyVersion, in_force: list[Approval]
    ) -> tuple[StudyVersion, ...]:
        """Versions that were replaced and not revoked: who began under one ends under it."""
        others = dict.fromkeys(a.fingerprints for a in reversed(in_force))
        others.pop(fingerprints_of(served), None)
        found = []
        for fingerprints in others:
            try:
                found.append(self._version(folder, fingerprints))
            except approvals.ArchivedVersionInvalid:
                continue
        return tuple(found)

    def _version(self, folder: StudyVersion, fingerprints: VersionFingerprints) -> StudyVersion:
        """The version with these fingerprints: the folder, or the archived copy. Raises Unsound."""
        if fingerprints == fingerprints_of(folder):
            return self._prepared(folder)
        key = folder.study.name, fingerprints
        known = self._versions.get(key)
        if known is None or known.study.support is not folder.study.support:
            loaded = approvals.load_archived(self._stores.folder, folder.study.name, fingerprints)
            known = self._versions[key] = approvals.with_current_help(folder, loaded)
        return self._prepared(known)

    def _prepared(self, version: StudyVersion) -> StudyVersion:
        """The same, with a table for its answers. A version that nobody meets gets none."""
        if version not in self._ready:
            prepare(self._stores, version)
            self._ready.add(version)
        return version

    def _full(self, found: StudyState) -> StudyState:
        version = found.served.version
        if found.state != OPEN or version.limit is None:
            return found
        db = self._stores.answers(pilot=version.pilot)
        full = answer_tables.count(db, version.study.name) >= version.limit
        return replace(found, state=FULL) if full else found


def _why_not(signed: Approval, today: str) -> tuple[str, str] | None:
    """Why the governing approval does not hold (cause, sentence); None while it does."""
    if signed.revoked:
        return REVOKED, f"The board revoked the approval {signed.reference}."
    if not signed.in_force(today):
        return RAN_OUT, f"The approval {signed.reference} ran out on {signed.expires_on}."
    return None
