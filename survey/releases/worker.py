"""One job in a process of its own: ``python -m survey.releases.worker NUMBER``. No web.

How it ended is written into the job, in words a person can be shown; nothing is printed, since an
error's words could quote an answer.

How long work ended badly, as its page tells it: why, and what would help.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from exports.errors import ExportRefused
from forms.study import Study
from forms.toml_tables import StudyFaults
from survey.accounts import demo
from survey.clock import iso_utc, today_here
from survey.config import Config, read_config
from survey.errors import LacrimaError, Refusal, StoreError, TooFewToFreeze
from survey.releases import pilot_guard, process
from survey.releases.archive import clear
from survey.releases.jobs import (
    FOLDER,
    GONE,
    LOCK,
    DiskFull,
    entered,
    finish_job,
    folder_of,
    is_full,
)
from survey.releases.pilot_guard import TooFewSince
from survey.releases.preview import ChangedSince, basis, basis_of, preview, summarise
from survey.releases.process import ReleaseBuild, ReleaseRequest
from survey.releases.restore import rebuild_zip
from survey.storage import accounts, jobs, releases, studies
from survey.storage.jobs import Job
from survey.storage.stores import Stores
from survey.studies import lifecycle
from survey.studies.approvals import signed_version
from survey.studies.availability import Availability, prepare
from survey.studies.catalogue import StudyCatalogue
from survey.studies.loading import load_for_command
from survey.studies.version import StudyVersion


class SwitchedOff(Refusal):
    """Whoever asked for it may do nothing here any more."""

    def __init__(self, who: str) -> None:
        super().__init__(f"The account {who} was switched off meanwhile. Nothing was entered.")


# Which page of advice a refusal of a preview or release has: more answers help unless it says so.
ADVICE: Mapping[type[Exception], str] = {
    ChangedSince: "preview",
    TooFewSince: "pilot",
    SwitchedOff: "none",
}


def reason_of(reason: Exception) -> dict[str, Any]:
    """What the job's page tells: ``reason``, and for its advice ``helps`` and ``advice``."""
    if is_full(reason) or isinstance(reason, DiskFull):
        return {"reason": str(DiskFull())}
    if isinstance(reason, OSError):
        return {"reason": f"A file could not be written: {reason.strerror}. Nothing was entered."}
    told: dict[str, Any] = {"reason": str(reason), "helps": list(getattr(reason, "helps", ()))}
    return told | {"advice": ADVICE.get(type(reason), "answers")}


def place_of(error: Exception) -> str:
    """Kind and place of an error, without its words."""
    tb = error.__traceback__
    while tb and tb.tb_next:
        tb = tb.tb_next
    name = Path(tb.tb_frame.f_code.co_filename).name if tb else "?"
    return f"{type(error).__name__} at {name}:{tb.tb_lineno if tb else 0}"


NICE = 10  # clients who answer come first
TELL_EVERY_SECONDS = 0.5

Told = dict[str, Any]


class JobCancelled(BaseException):
    """Somebody asked this process to end."""


def _cancel(*_: object) -> None:
    raise JobCancelled


@dataclass
class JobWorker:
    """Does one job. Everything it needs is read anew: the process knows only the number."""

    config: Config
    stores: Stores
    job: Job
    told_at: float = 0.0
    share: float = 0.0
    rounds: int = 0

    def work(self) -> None:
        """From the first step to the line in the audit; raises nothing but what kills a process."""
        try:
            jobs.take(self.stores.office, self.job.number, pid=os.getpid())
            with _turn(self.stores.folder):
                self._begin()
                self.permitted()
                self._ended("done", KINDS[self.job.kind](self))
        except JobCancelled:
            self._stopped()
        except (LacrimaError, StudyFaults, StoreError, ExportRefused, OSError) as reason:
            self._ended("refused", reason_of(reason))
        except Exception as error:
            if is_full(error):
                self._ended("refused", reason_of(DiskFull()))
                return
            self._ended(
                "broken", {"reason": f"It failed ({place_of(error)}). Nothing was entered."}
            )
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        now = time.time()
        number = self.job.number
        if not jobs.move(self.stores.office, number, "running", before=("waiting",), now=now):
            raise JobCancelled

    def _ended(self, to: jobs.State, told: Told) -> None:
        """Tidy up first: who reads how it ended finds nothing half-made."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._tidy()
        number = told.pop("release", 0) or (entered(self.stores, self.job) if to != "done" else 0)
        if number and self.job.kind == "release":
            to = "done"  # it is in the ledger: whatever failed afterwards
        finish_job(self.stores, self.job, to, now=time.time(), told=told, release=number)

    def _stopped(self) -> None:
        """By a person, or by a server that is being stopped: then it can be started again."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        now = jobs.find(self.stores.office, self.job.number)
        asked = now is not None and now.state == "stopping"
        self._ended("cancelled" if asked else "broken", {} if asked else {"reason": GONE})

    def _tidy(self) -> None:
        """Nothing half-made stays; only the lock, until the process ends."""
        asked = datetime.fromisoformat(self.job.asked_at).timestamp()
        with suppress(OSError):
            clear(self.stores, self.job.study, since=asked)
        for path in self.folder.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """Where it works."""
        return folder_of(self.stores.folder, self.job.number)

    def permitted(self) -> None:
        """Raises SwitchedOff where the account that asked was disabled, before or meanwhile."""
        found = accounts.find(self.stores.office, self.job.who)
        if found is not None and found.disabled:
            raise SwitchedOff(self.job.who)

    def shows_nobody(self, study: Study) -> None:
        """Raises TooFewSince where something told of a pilot now would show a single person.

        The demo's accounts exist only while it runs, and nothing in it is real.
        """
        if self.job.pilot and not self.job.who.startswith(demo.PREFIX):
            pilot_guard.check(self.stores, study)

    def last_word(self, attempt: ReleaseBuild) -> None:
        """What may have changed while it was worked out, asked before anything is told."""
        self.permitted()
        self.shows_nobody(attempt.study)

    def progress(self, share: float) -> None:
        """Tell the page, now and then. Each part of the work counts from 0 to 1 anew."""
        self.rounds += share < self.share
        self.share = share
        now = time.monotonic()
        if now - self.told_at >= TELL_EVERY_SECONDS:
            self.told_at = now
            so_far = (self.rounds + share) / (self.rounds + 1)
            jobs.progressed(self.stores.office, self.job.number, so_far)

    @property
    def version(self) -> StudyVersion:
        """The version of the study that is served: the one that was approved."""
        folder = load_for_command(self.config, self.stores, self.job.study)
        prepare(self.stores, folder.latest)
        availability = Availability(self.stores, StudyCatalogue([folder]))
        return availability.versions()[0]

    @property
    def released(self) -> StudyVersion:
        """The version under which answers are released. Raises Refusal as ``signed_version``."""
        return signed_version(self.stores, self.version, today_here().isoformat())

    def order(self, version: StudyVersion) -> ReleaseRequest:
        """What is asked of the release process."""
        return ReleaseRequest(
            tier=self.job.tier,
            out=self.folder / "out",
            pilot=self.job.pilot,
            made_at=self.job.asked_at,
            recipient=self.job.recipient,
            facts=version.facts,
        )


def _preview(worker: JobWorker) -> Told:
    version = worker.released
    worker.shows_nobody(version.study)
    found = preview(
        worker.stores,
        version.study,
        worker.order(version),
        progress=worker.progress,
        last_word=worker.last_word,
    )
    return summarise(found)


def _release(worker: JobWorker) -> Told:
    version, stores, job = worker.released, worker.stores, worker.job
    order, seen = worker.order(version), jobs.find(stores.office, job.preview)

    def check(found: str) -> None:
        if seen and found != seen.told.get("basis", ""):
            raise ChangedSince

    def last_word(attempt: ReleaseBuild) -> None:
        worker.last_word(attempt)
        check(basis_of(attempt))

    worker.shows_nobody(version.study)
    check(basis(stores, version.study, order))  # a second's work before that of minutes
    done = process.run(stores, version.study, order, progress=worker.progress, last_word=last_word)
    return {"release": done.number, "waiting": done.waiting.strip()}


def _restore(worker: JobWorker) -> Told:
    version, stores, job = worker.version, worker.stores, worker.job
    worker.shows_nobody(version.study)
    known = {r.number: r for r in releases.all_releases(stores.office, job.study)}
    rebuild_zip(stores, version.study, known[job.release], worker.order(version))
    return {"release": job.release}


def _freeze(worker: JobWorker) -> Told:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is short, and must not end half-way
    stores, job, version = worker.stores, worker.job, worker.version

    def note(what: str) -> None:
        at = iso_utc()
        studies.note(stores.office, at=at, who=job.who, what=what)

    try:
        lifecycle.freeze(stores, version, note=note, expected=ASKED_IN[job.kind])
    except TooFewToFreeze as few:
        # Not by how many: that would count the answers one by one (docs/design.md, Collection).
        raise Refusal(
            f"There are fewer than {few.need} new answers, too few for a batch to hide in. "
            "Nothing was frozen. Wait for more, or close the study."
        ) from None
    return {}


# What the study was when a freeze was asked for: only that of a closed one needs no least number.
ASKED_IN: Mapping[str, studies.Status] = {"batch": "open", "freeze": "closed"}

KINDS: Mapping[str, Callable[[JobWorker], Told]] = {
    "preview": _preview,
    "release": _release,
    "restore": _restore,
    "batch": _freeze,
    "freeze": _freeze,
}


@contextmanager
def _turn(data: Path) -> Iterator[None]:
    """One process works at a time: two would only slow each other, and the clients, down."""
    handle = os.open(data / FOLDER / "turn", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def main() -> None:
    """Do the job whose number is on the command line."""
    signal.signal(signal.SIGTERM, _cancel)
    os.nice(NICE)
    config = read_config()
    stores = Stores(config.data)
    job = jobs.find(stores.office, int(sys.argv[1]))
    if job is not None and job.live:
        JobWorker(config, stores, job).work()
    stores.close()


if __name__ == "__main__":
    main()
