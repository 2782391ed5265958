"""Maintenance of the files by one thread a process: merging, deleting, purging, rewriting.

What is promised of the files and why: docs/decisions/0003-storage-without-order.md.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from survey.locks import acquire_lock
from survey.log_lines import once_a_minute
from survey.storage import drafts
from survey.storage.answers import forget_accepted
from survey.storage.batches import (
    Withdrawn,
    delete_asked,
    finish_destroying,
    finish_freezes,
    nothing_more,
)
from survey.storage.counters import EVENT_BATCH, EventCounters
from survey.storage.database import Database, accept_touched, truncate_log, vacuum
from survey.storage.duties import DutyLog, read_duties
from survey.storage.pairing import advance
from survey.storage.reordering import (
    SMALL_BYTES,
    not_rewritten,
    used_bytes,
)
from survey.storage.reserve import keep_reserve, use_reserve
from survey.storage.rewriting import Pace, level, rewrite_due, rewrite_some, tidy
from survey.storage.stores import FILES, Stores

LOG = logging.getLogger("lacrima.store")

TICK_SECONDS = 0.5
HEALTH_SECONDS = 5.0  # how often each process looks whether the files can be written
HEALTH_STALE_SECONDS = 60.0  # a look that takes longer counts as none
DELETION_SECONDS = 2  # on the clock: what was asked for is deleted at the next of these moments
DELETING = "delete by code"
DELETION_REST = 20  # times as long as that took: wrong codes in a row keep nobody from sending
REWRITE_SECONDS = 10.0  # for which a large file is rewritten between two rests
DELETION_LATEST = 30.0  # that rest at most: clients are told that deleting takes a minute at most
QUIET_SECONDS = 1.0  # with the tick: at rest within two seconds (docs/design.md, Storage)
PURGE_SECONDS = 20.0  # seen up to so late, spared, and gone so late: within two minutes if no code
HOUR = 3600
DAY = 24 * 3600
KNOWING_REST = 20  # times as long as reading a file through took, until one is read again
NIGHT = 3 * 3600  # levelling begins at three o'clock, UTC

Clock = Callable[[], float]


@dataclass
class _QuietFile:
    """The last change that was seen of a file, and whether it was tidied since, its log emptied."""

    version: tuple[int, int] = (-1, -1)
    changed: float = 0.0
    tidy: bool = False
    log_empty: bool = False

    def due(self, db: Database, now: float) -> bool:
        """Return whether the file changed and then was left alone for long enough."""
        # The one differs once another connection changed the file, the other once this one did.
        others: int = db.conn.execute("PRAGMA data_version").fetchone()[0]
        version = others, db.conn.total_changes
        if version != self.version or now < self.changed:
            self.version, self.changed = version, now
            self.tidy = self.log_empty = False
        return not self.log_empty and now - self.changed >= QUIET_SECONDS

    def tidied(self, db: Database, *, emptied: bool) -> None:
        """Note that it was tidied, and that this changed it: only others count as changes."""
        self.version = self.version[0], db.conn.total_changes
        self.tidy, self.log_empty = True, emptied


class MaintenanceThread:
    """The thread that keeps the files of ``stores`` as promised. ``clock`` returns epoch seconds.

    ``accepted_of`` returns the submit token of a draft by its id, so that a token goes when its
    draft has gone. Of the processes on one folder a single one works; each writes its tallies and
    knows for itself whether the files are ``writable``, so that no request has to try.
    ``by_the_clock`` looks whether an hour of the day has come, at the start and then every few
    seconds: whatever it does, no answer timed it.
    ``hourly`` is work of the files that may take longer, done by the clock as well.
    ``mail`` hands over what is queued for the mail server, every few seconds.
    ``withdrawn`` is done when answers of a pilot are deleted by code.
    ``endings`` brings the list of what ended up to date.
    """

    def __init__(
        self,
        stores: Stores,
        tallies: EventCounters,
        *,
        clock: Clock,
        accepted_of: Callable[[bytes], bytes],
        by_the_clock: Callable[[], object] = lambda: None,
        hourly: Callable[[], object] = lambda: None,
        mail: Callable[[], object] = lambda: None,
        withdrawn: Withdrawn = nothing_more,
        endings: Callable[[], object] = lambda: None,
    ) -> None:
        self._stores, self._tallies, self._clock = stores, tallies, clock
        self._accepted_of, self._withdrawn = accepted_of, withdrawn
        self._by_the_clock, self._hourly, self._mail = by_the_clock, hourly, mail
        self._endings = endings
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: int | None = None
        self._files = {name: _QuietFile() for name in ("responses", "pilot", "drafts")}
        self._failing: set[str] = set()
        self._pace = Pace()
        self._sent: dict[bytes, float] = {}  # drafts that were sent → when they were first seen
        self._purged = self._hour = self._night = self._deletions = float("-inf")
        self._looked = self._rested = float("-inf")
        self._was_writable = self._drafts_fit = False
        self._noted: dict[str, bytes] = {}  # what was noted of each file at the last round
        self._knows = float("-inf")  # until then no file is read through
        self._duties = DutyLog(stores.folder)
        self._late: list[str] = []

    @property
    def takes_drafts(self) -> bool:
        """Whether drafts used so little of the disk, a moment ago, that more of them may begin."""
        return self._drafts_fit

    @property
    def writable(self) -> bool:
        """Whether every file could be written when that was looked at last, a moment ago."""
        return self._was_writable and self._clock() - self._looked < HEALTH_STALE_SECONDS

    @property
    def late(self) -> bool:
        """Whether a duty of the process that works has failed for ten minutes, a moment ago."""
        return bool(self._late)

    @property
    def deletes_late(self) -> bool:
        """Whether deleting by code has failed for ten minutes, a moment ago."""
        return any(what.startswith(DELETING) for what in self._late)

    def start(self) -> None:
        """Begin, unless begun already."""
        if self._thread is None:
            self._look()
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write the tallies, carry out deletions, tidy every file and end."""
        if self._thread is None:
            return
        self._stopping.set()
        # Before waiting: a large file that is being rewritten may outlast the server's patience.
        self._write_tallies(least=1)
        self._thread.join()
        self._thread = None
        self._write_tallies(least=1)
        if self._holds_lock():
            self._carry_out_deletions()
            for name in self._files:
                self._try(f"lay {name}.db to rest", partial(self._tidy, name))
            self._try("keep the endings list", self._endings)
        self._release_lock()

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            self.tick()

    def tick(self) -> None:
        """Do everything that is due."""
        self._write_tallies(least=EVENT_BATCH)
        once_a_minute.tell()
        now = self._clock()
        if now - self._looked >= HEALTH_SECONDS or now < self._looked:
            self._look()
        if self._holds_lock():
            self._keep_files(now)
            self._duties.keep(now)

    def _look(self) -> None:
        self._was_writable, self._looked = self._stores.writable(), self._clock()
        self._late = read_duties(self._stores.folder).late(self._looked)
        with suppress(OSError):  # the look itself says what is wrong with the folder
            self._drafts_fit = drafts.fit(self._stores.folder)

    def _keep_files(self, now: float) -> None:
        beat = now // DELETION_SECONDS
        rests = now < self._rested < now + DAY  # a clock that was set back ends the rest
        if beat != self._deletions and not rests:
            if self._carry_out_deletions():
                self._deletions = beat
            done = self._clock()
            self._rested = done + min(DELETION_REST * (done - now), DELETION_LATEST)
        self._try("keep the endings list", self._endings)
        for name in self._files:
            self._try(f"lay {name}.db to rest", partial(self._tidy_if_quiet, name))
        for name in FILES:
            self._try(f"know {name}.db by its bytes", partial(self._know, name))
        # A clock that was set back must not stop the purge until it has caught up.
        if now - self._purged >= PURGE_SECONDS or now < self._purged:
            self._purged = now
            self._try("purge drafts", self._purge_drafts)
            self._try("do what is due at this hour", self._by_the_clock)
            self._try("look for mail to send", self._mail)
        hour = now // HOUR
        if hour != self._hour and self._try("do what is due by the hour", self._hourly):
            self._hour = hour
            self._try("count on", partial(advance, self._stores.responses, self._stores.office))
        night = (now - NIGHT) // DAY
        # Also at the start, for what a crash left behind.
        if night != self._night and self._try("level the files", self._rewrite_files):
            self._night = night

    def _try(self, what: str, duty: Callable[[], object]) -> bool:
        """Do a duty; what fails is logged once and tried again at the next round."""
        try:
            duty()
        except Exception as error:  # whatever it is, the other duties go on
            if what not in self._failing:
                reason = getattr(error, "sqlite_errorname", type(error).__name__)
                LOG.warning("Could not %s (%s); trying again.", what, reason)
            self._failing.add(what)
            self._duties.note(what, self._clock(), done=False)
            return False
        self._failing.discard(what)
        self._duties.note(what, self._clock(), done=True)
        return True

    def _holds_lock(self) -> bool:
        """Return whether this process does the work here; takes the lock where it is free."""
        if self._lock is not None:
            return True
        try:
            self._lock = acquire_lock(self._stores.folder / "keeper.lock", wait=False)
        except OSError:
            return False
        return True

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _db(self, name: str) -> Database:
        db: Database = getattr(self._stores, name)
        return db

    def _write_tallies(self, *, least: int) -> None:
        def flush(*, pilot: bool) -> None:
            if self._tallies.waiting(pilot=pilot) >= least:
                self._tallies.flush(self._stores.answers(pilot=pilot), pilot=pilot)

        for name, pilot in (("responses", False), ("pilot", True)):
            self._try(f"write tallies to {name}.db", partial(flush, pilot=pilot))

    def _carry_out_deletions(self) -> bool:
        done = [
            self._try(f"{DELETING} in {name}.db", partial(self._delete, name))
            for name in ("responses", "pilot")
        ]
        return all(done)

    def _delete(self, name: str) -> None:
        withdrawn = self._withdrawn if name == "pilot" else nothing_more
        db, until = self._db(name), time.monotonic() + REWRITE_SECONDS
        finish_freezes(db)
        finish_destroying(db)
        delete_asked(db, withdrawn=withdrawn)
        while rewrite_due(db) and not rewrite_some(db, self._pace):
            if time.monotonic() > until or self._stopping.is_set():
                break

    def _tidy_if_quiet(self, name: str) -> None:
        watch, db = self._files[name], self._db(name)
        if watch.due(db, self._clock()):
            # Tidied already and only a reader was in the way: the log is all that is left to do.
            watch.tidied(db, emptied=truncate_log(db) if watch.tidy else self._tidy(name))

    def _tidy(self, name: str) -> bool:
        db = self._db(name)
        if name != "drafts":
            return tidy(db)
        # Not even sealed drafts lie in the order they began, at a quiet time; a large file waits.
        if used_bytes(db) <= SMALL_BYTES:
            vacuum(db)
        return truncate_log(db)

    def _know(self, name: str) -> None:
        """Hash a file at a quiet time; one that was touched since is known by that, and used on."""
        watch, begun = self._db(name).watch, time.monotonic()
        if begun < self._knows:
            return
        if watch.unchanged():
            before, self._noted[name] = self._noted.get(name), watch.noted()
            if self._noted[name] != before or not watch.unproved():
                return
            watch.prove()
        elif accept_touched(self._db(name)):
            LOG.warning("%s.db was touched by another program. Every byte is as it was.", name)
        done = time.monotonic()
        self._knows = done + KNOWING_REST * (done - begun)

    def _purge_drafts(self) -> None:
        """Delete expired drafts, then the submit tokens of drafts that are gone."""
        now, db = self._clock(), self._stores.drafts
        try:
            drafts.purge(db, now, self._over(now))
        except sqlite3.OperationalError:  # most likely there is no room, not even for the log
            use_reserve(self._stores.folder)
            truncate_log(db)
            drafts.purge(db, now, self._over(now))
        truncate_log(db)
        keep_reserve(self._stores.folder)

        def live() -> frozenset[bytes]:
            return frozenset(map(self._accepted_of, drafts.ids(self._stores.drafts)))

        for name in ("responses", "pilot"):
            forget_accepted(self._db(name), live)

    def _over(self, now: float) -> list[bytes]:
        """Return the drafts that were sent so long ago that their page is shown no more."""
        sent = drafts.sent(self._stores.drafts)
        self._sent = {id: min(self._sent.get(id, now), now) for id in sent}  # noqa: A001
        return [id for id, first in self._sent.items() if now - first >= sent[id]]  # noqa: A001

    def _rewrite_files(self) -> None:
        for name in ("responses", "pilot"):
            if not_rewritten(self._db(name)):
                level(self._db(name))
