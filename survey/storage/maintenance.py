"""What must happen without anybody asking: settle, delete, purge, level. One thread a process."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from survey.locks import acquire_lock
from survey.storage import drafts
from survey.storage.answers import forget_accepted
from survey.storage.batches import carry_out_deletions
from survey.storage.counters import BATCH, EventCounters
from survey.storage.database import Database, truncate_log
from survey.storage.reordering import SMALL_BYTES, file_bytes, not_rewritten, rewrite_file, tidy
from survey.storage.stores import Stores

LOG = logging.getLogger("lacrima.store")

TICK_SECONDS = 0.5
QUIET_SECONDS = 1.0  # with the tick: at rest within two seconds (docs/design.md, Storage)
MINUTE = 60.0
HOUR = 3600
DAY = 24 * 3600
NIGHT = 3 * 3600  # levelling begins at three o'clock, UTC

Clock = Callable[[], float]


def _version(db: Database) -> tuple[int, int]:
    """Differs once somebody else, or we ourselves, changed the file."""
    others: int = db.conn.execute("PRAGMA data_version").fetchone()[0]
    return others, db.conn.total_changes


@dataclass
class _QuietFile:
    """When a file was last seen to change; whether it was laid down since, and its log emptied."""

    version: tuple[int, int] = (-1, -1)
    changed: float = 0.0
    laid: bool = False
    resting: bool = False

    def due(self, db: Database, now: float) -> bool:
        """Whether the file changed and then was left alone for long enough."""
        version = _version(db)
        if version != self.version or now < self.changed:
            self.version, self.changed = version, now
            self.laid = self.resting = False
        return not self.resting and now - self.changed >= QUIET_SECONDS

    def rested(self, db: Database, *, emptied: bool) -> None:
        """What laying it down changed is no reason to do it again; what others did meanwhile is."""
        self.version = self.version[0], db.conn.total_changes
        self.laid, self.resting = True, emptied


class MaintenanceThread:
    """Keeps the files of ``stores`` as promised. ``clock`` gives epoch seconds.

    ``accepted_of`` gives the submit token of a draft by its id, so that a token goes when its
    draft has gone. Among processes on one folder a single keeper works; each writes its tallies.
    ``hourly`` is done by the clock, first at the start: whatever it shows, no answer timed it.
    """

    def __init__(
        self,
        stores: Stores,
        tallies: EventCounters,
        *,
        clock: Clock,
        accepted_of: Callable[[bytes], bytes],
        hourly: Callable[[], object] = lambda: None,
    ) -> None:
        self._stores, self._tallies, self._clock = stores, tallies, clock
        self._accepted_of, self._hourly = accepted_of, hourly
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: int | None = None
        self._watches = {name: _QuietFile() for name in ("responses", "pilot", "drafts")}
        self._failing: set[str] = set()
        self._minute = self._hour = self._night = float("-inf")

    def start(self) -> None:
        """Begin. Does nothing when begun already."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write the tallies, lay every file to rest and end."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._thread = None
        self._write_tallies(least=1)
        if self._alone():
            for name in self._watches:
                self._try(f"lay {name}.db to rest", partial(self._rest, name))
        self._let_go()

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            self.tick()

    def tick(self) -> None:
        """One round of everything that is due."""
        self._write_tallies(least=BATCH)
        if not self._alone():
            return
        for name in ("responses", "pilot"):
            self._try(f"delete by code in {name}.db", partial(self._delete, name))
        for name in self._watches:
            self._try(f"lay {name}.db to rest", partial(self._rest_if_quiet, name))
        now = self._clock()
        if now - self._minute >= MINUTE or now < self._minute:
            self._minute = now
            self._try("purge drafts", self._purge)
        hour = now // HOUR
        if hour != self._hour and self._try("tell what is due by the hour", self._hourly):
            self._hour = hour
        night = (now - NIGHT) // DAY
        # Also at the start, for what a crash left behind.
        if night != self._night and self._try("level the files", self._level):
            self._night = night

    def _try(self, what: str, duty: Callable[[], object]) -> bool:
        """Do it; what fails is told once and tried again at the next round."""
        try:
            duty()
        except Exception as error:  # whatever it is, the other duties go on
            if what not in self._failing:
                reason = getattr(error, "sqlite_errorname", type(error).__name__)
                LOG.warning("Could not %s (%s); trying again.", what, reason)
            self._failing.add(what)
            return False
        self._failing.discard(what)
        return True

    def _alone(self) -> bool:
        """Whether the work on this folder is ours; the system frees the lock when we die."""
        if self._lock is not None:
            return True
        try:
            self._lock = acquire_lock(self._stores.folder / "keeper.lock", wait=False)
        except OSError:
            return False
        return True

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _db(self, name: str) -> Database:
        db: Database = getattr(self._stores, name)
        return db

    def _write_tallies(self, *, least: int) -> None:
        for pilot in (False, True):
            self._try("write tallies", partial(self._flush, pilot=pilot, least=least))

    def _flush(self, *, pilot: bool, least: int) -> None:
        if self._tallies.waiting(pilot=pilot) >= least:
            self._tallies.flush(self._stores.answers(pilot=pilot), pilot=pilot)

    def _delete(self, name: str) -> None:
        carry_out_deletions(self._db(name))

    def _rest_if_quiet(self, name: str) -> None:
        watch, db = self._watches[name], self._db(name)
        if watch.due(db, self._clock()):
            watch.rested(db, emptied=truncate_log(db) if watch.laid else self._rest(name))

    def _rest(self, name: str) -> bool:
        return (_rest_drafts if name == "drafts" else tidy)(self._db(name))

    def _purge(self) -> None:
        """Expired drafts go, then the submit tokens of drafts that are gone."""
        drafts.purge(self._stores.drafts, self._clock())
        truncate_log(self._stores.drafts)
        for name in ("responses", "pilot"):
            forget_accepted(self._db(name), self._live)

    def _live(self) -> frozenset[bytes]:
        return frozenset(map(self._accepted_of, drafts.ids(self._stores.drafts)))

    def _level(self) -> None:
        for name in ("responses", "pilot"):
            if not_rewritten(self._db(name)):
                rewrite_file(self._db(name))


def _rest_drafts(db: Database) -> bool:
    """Not even sealed drafts lie in the order they began while nobody is answering."""
    if file_bytes(db) <= SMALL_BYTES:
        with db.turn:
            db.conn.execute("VACUUM")
    return truncate_log(db)
