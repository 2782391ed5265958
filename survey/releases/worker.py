"""One job in a process of its own: ``python -m survey.releases.worker NUMBER``. No web.

How it ended is written into the job, in words a person can be shown, with what would help where it
ended badly. Nothing is printed, since an error's words could quote an answer.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from exports.errors import ExportRefused
from forms.deposit import Deposit
from forms.simulation import RecipeFault
from forms.site_facts import deposit_for, load_site
from forms.study import Study
from forms.toml_tables import StudyFaults
from survey.clock import iso_utc, today_here
from survey.config import Config, read_config
from survey.data_folder import open_data
from survey.errors import LacrimaError, Refusal, StoreError, TooFewToFreeze
from survey.locks import locked
from survey.memory import close_memory
from survey.releases import pilots, process
from survey.releases.archive import clear
from survey.releases.build import ReleaseBuild, ReleaseRequest
from survey.releases.jobs import (
    FOLDER,
    GONE,
    LOCK,
    REHEARSED,
    DiskFull,
    entered,
    finish_job,
    folder_of,
    is_full,
)
from survey.releases.pilots import TooFewSince
from survey.releases.preview import ChangedSince, basis, basis_of, preview
from survey.releases.rehearsal import recipe_in, rehearse
from survey.storage import accounts, jobs, members, releases, studies
from survey.storage.jobs import Job
from survey.storage.stores import Stores
from survey.studies import lifecycle
from survey.studies.approvals import signed_folder, signed_version
from survey.studies.availability import Availability, prepare
from survey.studies.catalogue import StudyCatalogue
from survey.studies.data_use import DataUseStopped
from survey.studies.loading import load_for_command
from survey.studies.version import StudyVersion

Result = dict[str, Any]


class SwitchedOff(Refusal):
    """A job asked for by an account that was switched off meanwhile."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"The account {who} was switched off meanwhile, or lost its right to this study. "
            "Nothing was entered."
        )


# Which page of advice a refusal of a preview or release has: more answers help unless it says so.
ADVICE: Mapping[type[Exception], str] = {
    ChangedSince: "preview",
    TooFewSince: "pilot",
    SwitchedOff: "none",
    DataUseStopped: "none",
}


def reason_of(reason: Exception) -> Result:
    """Return what the job's page tells: ``reason``, and for its advice ``helps`` and ``advice``."""
    if is_full(reason) or isinstance(reason, DiskFull):
        return {"reason": str(DiskFull())}
    if isinstance(reason, OSError):
        return {"reason": f"A file could not be written: {reason.strerror}. Nothing was entered."}
    helps = list(getattr(reason, "helps", ()))
    return {"reason": str(reason), "helps": helps, "advice": ADVICE.get(type(reason), "answers")}


def place_of(error: Exception) -> str:
    """Return kind and place of an error, without its words."""
    tb = error.__traceback__
    while tb and tb.tb_next:
        tb = tb.tb_next
    name = Path(tb.tb_frame.f_code.co_filename).name if tb else "?"
    return f"{type(error).__name__} at {name}:{tb.tb_lineno if tb else 0}"


NICE = 10  # clients who answer come first
NOTE_EVERY_SECONDS = 0.5  # each note of the progress is a write


class JobCancelled(BaseException):
    """A signal that asks this process to end."""


def _cancel(*_: object) -> None:
    raise JobCancelled


@dataclass
class JobWorker:
    """One job and its process, which knows only the number: everything else is read anew."""

    config: Config
    stores: Stores
    job: Job
    noted_at: float = 0.0
    share: float = 0.0
    rounds: int = 0

    def work(self) -> None:
        """Do the job, up to its line in the audit; raise nothing but what kills a process."""
        office, number = self.stores.office, self.job.number
        try:
            jobs.take(office, number, pid=os.getpid())
            # One process works at a time: two would only slow each other, and the clients, down.
            with locked(self.stores.folder / FOLDER / "turn"):
                now = time.time()
                if not jobs.move(office, number, "running", before=("waiting",), now=now):
                    raise JobCancelled
                self.check_permitted()
                self._end("done", KINDS[self.job.kind](self))
        except JobCancelled:
            self._stopped()
        except (
            LacrimaError,
            StudyFaults,
            RecipeFault,
            StoreError,
            ExportRefused,
            OSError,
        ) as reason:
            self._end("refused", reason_of(reason))
        except Exception as error:
            if is_full(error):
                self._end("refused", reason_of(DiskFull()))
                return
            failed = f"It failed ({place_of(error)}). Nothing was entered."
            self._end("broken", {"reason": failed})
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, to: jobs.State, result: Result) -> None:
        """Tidy up, then write down how it ended: its reader finds nothing half-made."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._tidy()
        number = result.pop("release", 0) or (entered(self.stores, self.job) if to != "done" else 0)
        if number and self.job.kind == "release":
            to = "done"  # it is in the ledger: whatever failed afterwards
        finish_job(self.stores, self.job, to, now=time.time(), result=result, release=number)

    def _stopped(self) -> None:
        """End as cancelled by a person, or as broken off by a server that is being stopped."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        now = jobs.find(self.stores.office, self.job.number)
        asked = now is not None and now.state == "stopping"
        self._end("cancelled" if asked else "broken", {} if asked else {"reason": GONE})

    def _tidy(self) -> None:
        """Remove all that is half-made; the lock stays until the process ends."""
        asked = datetime.fromisoformat(self.job.asked_at).timestamp()
        with suppress(OSError):
            clear(self.stores, self.job.study, since=asked)
        for path in self.folder.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """Folder that it works in."""
        return folder_of(self.stores.folder, self.job.number)

    def check_permitted(self) -> None:
        """Raise SwitchedOff where the account that asked lost its right, before or meanwhile."""
        office, job = self.stores.office, self.job
        found = accounts.find(office, job.who)
        if found and (found.disabled or job.study not in members.studies_of(office, found)):
            raise SwitchedOff(job.who)

    def check_disclosure(self, study: Study) -> None:
        """Raise TooFewSince where what is told of a pilot now would show a single person."""
        if self.job.pilot:
            pilots.check(self.stores, study, who=self.job.who)

    def final_check(self, build: ReleaseBuild) -> None:
        """Check again, before anything is told, what may have changed while it was worked out."""
        self.check_permitted()
        self.check_disclosure(build.study)

    def progress(self, share: float) -> None:
        """Note how far the job is, now and then. Each part of the work counts from 0 to 1 anew."""
        self.rounds += share < self.share
        self.share = share
        now = time.monotonic()
        if now - self.noted_at >= NOTE_EVERY_SECONDS:
            self.noted_at = now
            so_far = (self.rounds + share) / (self.rounds + 1)
            jobs.progressed(self.stores.office, self.job.number, so_far)

    @property
    def version(self) -> StudyVersion:
        """The version of the study that is published: the one that was approved."""
        folder = load_for_command(self.config, self.stores, self.job.study, pilot=self.job.pilot)
        prepare(self.stores, folder.latest)
        availability = Availability(self.stores, StudyCatalogue([folder]))
        return availability.versions()[0]

    @property
    def released(self) -> StudyVersion:
        """The version under which answers are released. Raises Refusal as ``signed_version``."""
        return signed_version(self.stores, self.version, today_here().isoformat())

    @property
    def deposit(self) -> Deposit:
        """What archives are told, as folder and site say it now. Raises StudyFaults."""
        found = load_for_command(self.config, self.stores, self.job.study, pilot=self.job.pilot)
        site, name = load_site(self.config.site), found.latest.study.name
        return deposit_for(site, found.latest.folder, name)

    def request(self, version: StudyVersion) -> ReleaseRequest:
        """Return what is asked of the release process."""
        return ReleaseRequest(
            tier=self.job.tier,
            out=self.folder / "out",
            pilot=self.job.pilot,
            made_at=self.job.asked_at,
            recipient=self.job.recipient,
            facts=version.facts,
            deposit=self.deposit,
            who=self.job.who,
            study_folder=signed_folder(self.stores.folder, version),
        )


def _preview(worker: JobWorker) -> Result:
    version = worker.released
    worker.check_disclosure(version.study)
    return preview(
        worker.stores,
        version.study,
        worker.request(version),
        progress=worker.progress,
        final_check=worker.final_check,
    )


def _rehearsal(worker: JobWorker) -> Result:
    # Of the folder as it is: key variables are chosen before anything is signed.
    folder = load_for_command(worker.config, worker.stores, worker.job.study, pilot=None).latest
    recipe = recipe_in(folder.study, folder.folder)
    return asdict(rehearse(folder.study, recipe, REHEARSED, progress=worker.progress))


def _release(worker: JobWorker) -> Result:
    version, stores, job = worker.released, worker.stores, worker.job
    request, seen = worker.request(version), jobs.find(stores.office, job.preview)

    def check_unchanged(found: str) -> None:
        if seen and found != seen.result.get("basis", ""):
            raise ChangedSince

    def final_check(build: ReleaseBuild) -> None:
        worker.final_check(build)
        check_unchanged(basis_of(build))

    worker.check_disclosure(version.study)
    # A second's work before that of minutes.
    check_unchanged(basis(stores, version.study, request))
    done = process.run(
        stores, version.study, request, progress=worker.progress, final_check=final_check
    )
    return {"release": done.number, "waiting": done.waiting.strip()}


def _restore(worker: JobWorker) -> Result:
    version, stores, job = worker.version, worker.stores, worker.job
    worker.check_disclosure(version.study)
    known = {r.number: r for r in releases.all_releases(stores.office, job.study)}
    process.rebuild_zip(stores, version.study, known[job.release], worker.request(version))
    return {"release": job.release}


def _freeze(worker: JobWorker) -> Result:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is short, and must not end half-way
    stores, job = worker.stores, worker.job

    def note(what: str) -> None:
        studies.note(stores.office, at=iso_utc(), who=job.who, what=what)

    try:
        lifecycle.freeze(stores, worker.version, note=note, expected=ASKED_IN[job.kind])
    except TooFewToFreeze as few:
        # Not by how many: that would count the answers one by one (docs/design.md, Collection).
        raise Refusal(
            f"There are fewer than {few.need} new answers, too few for a batch to hide in. "
            "Nothing was frozen. Wait for more, or close the study."
        ) from None
    return {}


# What the study was when a freeze was asked for: only that of a closed one needs no least number.
ASKED_IN: Mapping[str, studies.Status] = {"batch": "open", "freeze": "closed"}

KINDS: Mapping[str, Callable[[JobWorker], Result]] = {
    "preview": _preview,
    "rehearsal": _rehearsal,
    "release": _release,
    "restore": _restore,
    "batch": _freeze,
    "freeze": _freeze,
}


def main() -> None:
    """Do the job whose number is on the command line."""
    # First: a signal before it would end the process without a word in its job.
    signal.signal(signal.SIGTERM, _cancel)
    os.nice(NICE)
    close_memory()
    config = read_config()
    stores = open_data(config)
    job = jobs.find(stores.office, int(sys.argv[1]))
    if job is not None and job.live:
        JobWorker(config, stores, job).work()
    stores.close()


if __name__ == "__main__":
    main()
