"""The approval lock: the version published of each study, and whether it takes new people.

What is not approved is not served. A study that was opened is served as the version that the board
signed last; where its folder has changed since, from the copy archived at the signing. It closes
by itself when that approval runs out, is revoked or suspended, or the copy is not what was signed.

A write of staff to the office's file is noticed at once in every process and thread; a new day, a
changed folder and the number of answers within two seconds. Each version that is met for the first
time gets its table for answers here.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from time import monotonic

from forms.kinds import columns_of_study
from forms.study import Support
from survey.clock import Clock, day_here, today_here
from survey.errors import StoreError
from survey.storage import admission, answer_tables, batches, board, conditions, studies
from survey.storage.admission import AdmissionRule
from survey.storage.help_lines import Correction
from survey.storage.stores import Stores
from survey.storage.studies import Approval
from survey.studies import approvals
from survey.studies.catalogue import StudyCatalogue, StudyFolder
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.help_page import CHECK_DAYS, HelpPage, help_page, note_corrections
from survey.studies.version import PublishedVersions, StudyVersion, fingerprints_of

# How long an answer is believed before the stores are asked again, in seconds.
FRESH_SECONDS = 2.0
DAY_STEP = 20  # answers; to such a multiple the total at the begin of a day is rounded down

OPEN = "open"
NOT_OPEN = "not_open"
CLOSED = "closed"
FROZEN = "frozen"
FULL = "full"
FULL_TODAY = "full_today"
HELD = "held"  # nobody new may begin, until a board or the operator has done something
PAUSED = "expired"  # in certificate.json; staff read why in ``StudyState.problem``

# Reasons why nothing is served of a study that was opened.
INVALID, REVOKED, RAN_OUT, SUSPENDED = "unsound", "revoked", "ran out", "suspended"
NO_HELP, OTHER_PLATFORM = "no help", "platform"  # reasons of HELD
CONDITION = "condition"  # one that was to be met while it runs was not, by its day
LOST = "lost"  # it was opened, as its answers say, while the office's file knows nothing of it

# A respondent who began in time may still send while a study is closed, full or held, not these.
TAKES_NOTHING = frozenset({FROZEN, PAUSED, NOT_OPEN})


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


@dataclass(frozen=True, slots=True)
class StudyState:
    """The versions published of a study, whether it takes people, and under which approval.

    ``reason`` says in a word why an opened study takes nobody and ``problem`` in a sentence for
    staff; respondents read only that it is paused, and ``told``. ``frozen_on`` are the days (ISO,
    this server's) on which answers were frozen, in order. ``help`` is the help page of a
    signed one.
    """

    published: PublishedVersions
    state: str
    approval: Approval | None = None
    reason: str = ""
    problem: str = ""
    frozen_on: tuple[str, ...] = ()
    told: str = ""  # which of the fixed sentences respondents read as its reason
    help: HelpPage | None = None

    @property
    def readable(self) -> bool:
        """Return whether respondents may read the words: a pilot's, or those that were signed."""
        version, signed = self.published.version, self.approval
        return version.pilot or (
            signed is not None and signed.fingerprints == fingerprints_of(version)
        )


class Availability:
    """The state of each study of ``catalogue``; asks the stores at most every two seconds."""

    def __init__(
        self,
        stores: Stores,
        catalogue: StudyCatalogue,
        clock: Clock = monotonic,
        today: Callable[[], date] = today_here,
    ) -> None:
        self._stores, self._catalogue, self._clock, self._today = stores, catalogue, clock, today
        self._known: dict[str, tuple[float, StudyState]] = {}
        self._round = 0  # how often what is known was forgotten
        # By thread, as connections are: SQLite tells each of them that another has written.
        self._mine = threading.local()
        # What was archived, read once; and what is made of a version for the help page of today.
        self._archived: dict[tuple[str, VersionFingerprints], StudyVersion] = {}
        self._signed_help: dict[tuple[str, VersionFingerprints], Support] = {}
        self._versions: dict[
            tuple[str, VersionFingerprints], tuple[StudyVersion, StudyVersion]
        ] = {}
        self._ready = {folder.latest for folder in catalogue}
        self._lock = threading.Lock()

    def today(self) -> str:
        """Return the date on this server, ISO."""
        return self._today().isoformat()

    def versions(self) -> list[StudyVersion]:
        """Return the version in force of each study."""
        return [self._published(folder).version for folder in self._catalogue]

    def published(self, name: str) -> PublishedVersions | None:
        """Return what is published of this study; None where there is no such study."""
        folder = self._catalogue.folder(name)
        return self._published(folder) if folder else None

    def versions_at_address(self, address: str) -> tuple[StudyVersion, ...]:
        """Return the versions behind a respondent's address, the one in force first; or none.

        A signed study comes first: an edited folder draws nobody away from it.
        """
        unsigned: tuple[StudyVersion, ...] = ()
        for folder in sorted(self._catalogue, key=lambda f: f.latest.study.address != address):
            if unsigned and folder.latest.pilot:
                continue  # no pilot is signed: asking about each costs every page of the walk
            found = self._published(folder)
            versions = (found.version, *found.earlier)
            if any(version.study.address == address for version in versions):
                if found.signed:
                    return versions
                unsigned = unsigned or versions
        return unsigned

    def _published(self, folder: StudyFolder) -> PublishedVersions:
        """Return what is published; while the stores cannot be read, help lines are still shown."""
        name = folder.name
        try:
            return self.state_of(name).published
        except (StoreError, sqlite3.Error):
            known = self._known.get(name)
            return known[1].published if known else PublishedVersions(folder.version())

    def state_of(self, name: str, *, now: bool = False) -> StudyState:
        """Return the state of this study, asked for anew when ``now``. Raises KeyError."""
        folder = self._catalogue.folder(name)
        if folder is None:
            raise KeyError(name)
        # A pilot is never signed: nothing in the office’s file bears on it.
        if not folder.latest.pilot:
            self._forget_what_was_changed()
        at = self._clock()
        with self._lock:
            in_round = self._round
            asked, known = self._known.get(name, (float("-inf"), None))
        if known is not None and not now and at - asked < FRESH_SECONDS:
            return known
        found = self._full(self._ask(folder.version(now=True)))
        if not folder.latest.pilot:  # a pilot's answers are never frozen
            found = replace(found, frozen_on=self._frozen_on(name, found.state))
        self._keep_admission_rule(folder)
        with self._lock:
            if in_round == self._round:  # or something was written while we asked
                self._known[name] = at, found
        return found

    def _keep_admission_rule(self, folder: StudyFolder) -> None:
        """Keep limit and invitation for a start without site.toml; a full disk stops no page."""
        version = folder.latest
        if folder.site_is_current and not version.pilot:
            with suppress(sqlite3.Error, StoreError):
                rule = AdmissionRule(limit=version.limit, invited=version.invited)
                admission.keep(self._stores.office, version.study.name, rule)

    def _forget_what_was_changed(self) -> None:
        """Forget every state once another connection has written into the office's file."""
        office = self._stores.office
        seen = id(office), studies.written(office)
        if getattr(self._mine, "seen", None) == seen:
            return
        self._mine.seen = seen
        with self._lock:
            self._known.clear()
            self._round += 1

    def _ask(self, folder: StudyVersion) -> StudyState:
        """Return the state by the stores, except for whether the study is full."""
        if folder.pilot:
            return StudyState(PublishedVersions(self._prepared(folder)), OPEN)
        self._stores.check("office")
        status = studies.status(self._stores.office, folder.study.name)
        if status == "draft":
            lost = approvals.record_lost(self._stores, folder.study.name)
            why = (LOST, approvals.RECORD_LOST) if lost else ("", "")
            return StudyState(PublishedVersions(folder), NOT_OPEN, None, *why)
        return self._opened(folder, status)

    def _opened(self, folder: StudyVersion, status: studies.Status) -> StudyState:
        """Return the state of a study that was opened: what the board signed last, or nothing."""
        name, office, today = folder.study.name, self._stores.office, self.today()
        # When the one signed last ends, no older one comes back (docs/decisions/0014).
        noted = studies.approvals(office, name)
        signed = studies.latest_effective(noted, today)
        try:
            if signed is None:
                raise approvals.ArchivedVersionInvalid("No approval of it has begun.")
            base = self._base(folder, signed.fingerprints)
            known = note_corrections(office, name, base.study.support, folder.help, today)
            page = help_page(self._as_signed(base, signed), folder.help, known, today)
            version = self._version(folder, base, page.shown)
        except approvals.ArchivedVersionInvalid as invalid:
            state = status if status != "open" else PAUSED
            return StudyState(
                PublishedVersions(folder, signed=True), state, signed, INVALID, str(invalid)
            )
        earlier = self._earlier(folder, version, known, [a for a in noted if a.in_force(today)])
        reason, problem, told = "", "", ""
        if signed.revoked:
            reason, problem = REVOKED, f"The board revoked the approval {signed.reference}."
            told = next(r.told for r in board.rulings(office, name) if r.approval == signed.number)
        elif not signed.in_force(today):
            ended = f"The approval {signed.reference} ran out on {signed.expires_on}."
            reason, problem = RAN_OUT, ended
        elif found := board.suspension(office, name):
            stopped = found.suspends[0].upper() + found.suspends[1:]
            reason, problem, told = SUSPENDED, stopped, found.told
        elif late := conditions.overdue(office, name, today):
            reason, problem = CONDITION, f"A condition was not met in time. {late[0].asked}"
        state = status if status != "open" else PAUSED if reason else OPEN
        if state == OPEN:
            reason, problem = self._held(signed, page)
            state = HELD if reason else OPEN
        return StudyState(
            PublishedVersions(version, earlier, signed=True),
            state,
            signed,
            reason,
            problem,
            told=told,
            help=page,
        )

    def _held(self, signed: Approval, page: HelpPage) -> tuple[str, str]:
        """Return why nobody new may begin, in a word and in a sentence; nothing where they may."""
        if not page.shown.lines:
            return NO_HELP, (
                f"No help line was checked within {CHECK_DAYS} days, so nobody new can begin. Have "
                "a person dial each line and write the day into support.toml."
            )
        if approvals.other_platform(signed):
            return OTHER_PLATFORM, (
                "The program now says other sentences of its own to clients than those that were "
                f"signed under {signed.reference}, so nobody new can begin. Sign the version anew; "
                f"`lacrima study platform {signed.study}` shows what changed."
            )
        return "", ""

    def _earlier(
        self,
        folder: StudyVersion,
        served: StudyVersion,
        known: Sequence[Correction],
        in_force: list[Approval],
    ) -> tuple[StudyVersion, ...]:
        """Return versions replaced and not revoked: a draft begun under one ends under it."""
        others = dict.fromkeys(a.fingerprints for a in reversed(in_force))
        others.pop(fingerprints_of(served), None)
        found = []
        for fingerprints in others:
            with suppress(approvals.ArchivedVersionInvalid):
                base = self._base(folder, fingerprints)
                page = help_page(base.study.support, folder.help, known, self.today())
                found.append(self._version(folder, base, page.shown))
        return tuple(found)

    def _base(self, folder: StudyVersion, fingerprints: VersionFingerprints) -> StudyVersion:
        """Return the folder's version or the archived one. Raises ArchivedVersionInvalid."""
        if fingerprints == fingerprints_of(folder):
            return folder
        key = folder.study.name, fingerprints
        if key not in self._archived:
            loaded = approvals.load_archived(self._stores.folder, folder.study.name, fingerprints)
            self._archived[key] = loaded
        return self._archived[key]

    def _as_signed(self, base: StudyVersion, signed: Approval) -> Support:
        """Return the help page of the archived copy: dates of checks lie outside fingerprints."""
        key = base.study.name, signed.fingerprints
        if key not in self._signed_help:
            # Kept once it is read: another thread must not take what the folder says meanwhile.
            with suppress(approvals.ArchivedVersionInvalid):
                found = approvals.load_archived(self._stores.folder, *key)
                self._signed_help[key] = found.study.support
        return self._signed_help.get(key, base.study.support)

    def _version(self, folder: StudyVersion, base: StudyVersion, shown: Support) -> StudyVersion:
        """Return ``base`` with the help page that is shown: the same one while nothing changes."""
        key = base.study.name, fingerprints_of(base)
        made = replace(base, limit=folder.limit, invited=folder.invited, shown_help=shown)
        of, known = self._versions.get(key, (base, made))
        alike = (known.limit, known.invited, known.help) == (made.limit, made.invited, made.help)
        version = known if of is base and alike else made
        self._versions[key] = base, version
        return self._prepared(version)

    def _prepared(self, version: StudyVersion) -> StudyVersion:
        """Return ``version`` with a table for its answers; one that is never met gets none."""
        if version not in self._ready:
            prepare(self._stores, version)
            self._ready.add(version)
        return version

    def _frozen_on(self, name: str, state: str) -> tuple[str, ...]:
        """Return the days of the freezes that came to their end."""
        begun = batches.begun(self._stores.office, name)
        # The last may have ended half-way, which shows in the answers.
        last = max(batches.batches(self._stores.responses, name), default=0)
        there = [at for batch, at in begun.items() if batch <= last or state == FROZEN]
        return tuple(sorted({day_here(at) for at in there}))

    def begin_day(self) -> None:
        """Keep where each study with a limit for each day stands, once a day and by the clock."""
        for version in self.versions():
            name, pilot, office = version.study.name, version.pilot, self._stores.office
            if not version.study.policy.daily_limit:
                continue
            if admission.sent_before(office, name, self.today(), pilot=pilot) is None:
                sent = self._sent(version)
                sent -= sent % DAY_STEP  # so the total of midnight is no exact one
                admission.begin_day(office, name, self.today(), sent, pilot=pilot)

    def _sent(self, version: StudyVersion) -> int:
        db = self._stores.answers(pilot=version.pilot)
        return answer_tables.answer_counts(db, version.study.name).sent

    def _full(self, found: StudyState) -> StudyState:
        """Return ``found``, or that the study is full: a deletion by code never opens it again."""
        version = found.published.version
        daily, limit = version.study.policy.daily_limit, version.limit
        if found.state != OPEN or (limit is None and not daily):
            return found
        sent = self._sent(version)
        if limit is not None and sent >= limit:
            return replace(found, state=FULL)
        name, office = version.study.name, self._stores.office
        before = admission.sent_before(office, name, self.today(), pilot=version.pilot)
        over = bool(daily) and before is not None and sent - before >= daily
        return replace(found, state=FULL_TODAY) if over else found
