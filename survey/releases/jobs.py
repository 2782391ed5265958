"""Long work, done in a process of its own that outlives the page that asked for it.

DATA/work/12/       job 12 while it is under way: its lock, and what it makes
DATA/work/turn      whose turn it is: one process works at a time, the others wait

A job's process holds the lock in its folder for as long as it lives, so that every page can tell.
Nothing here touches a row or an export: that is ``survey.releases.worker``, in the other process.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from survey.clock import iso_utc
from survey.config import PACKAGE, PREFIX, Config, as_environment
from survey.errors import Refusal
from survey.locks import is_locked, locked
from survey.releases.archive import clear
from survey.storage import jobs, releases, studies
from survey.storage.database import write_transaction
from survey.storage.jobs import Job, State
from survey.storage.stores import Stores

FOLDER = "work"
LOCK = "alive"
PROCESS = "survey.releases.worker"

REHEARSED = (300, 600, 1080)  # simulated answers
JOB_GRACE_SECONDS = 8  # from asking a process to end to ending it
WORK_ROOM_BYTES = 64 * 1024 * 1024  # less free space than this is not worth beginning with
GONE = "Its process ended unexpectedly, perhaps because the server was stopped."


class DiskFull(Refusal):
    """A disk without room to make anything."""

    def __init__(self) -> None:
        super().__init__(
            "The disk of this server is full. Nothing was entered, and nothing half-made was kept. "
            "Tell whoever runs the server, then start again."
        )


def is_full(reason: object) -> bool:
    """Return whether an error, or a sentence made of one, says that the disk is full."""
    numbers = (errno.ENOSPC, errno.EDQUOT)
    if isinstance(reason, OSError):
        return reason.errno in numbers
    said = str(reason)
    # The last words are SQLite's.
    return any(phrase in said for phrase in (*map(os.strerror, numbers), "disk is full"))


def folder_of(data: Path, number: int) -> Path:
    """Return the folder in which the job works."""
    return data / FOLDER / str(number)


def is_alive(folder: Path) -> bool:
    """Return whether the process that works in ``folder`` still runs."""
    return is_locked(folder / LOCK)


@contextmanager
def _no_job_begins(data: Path) -> Iterator[None]:
    """Let no job begin: one that is noted and has no process yet would pass for a dead one."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with locked(folder):
        yield


def entered(stores: Stores, job: Job) -> int:
    """Return the ledger's number of what the job released, even if it could not say so; else 0."""
    if job.kind != "release":
        return job.release
    known = jobs.makers(stores.office, job.study)
    for made in releases.all_releases(stores.office, job.study):
        same = (made.made_at, made.tier, made.pilot) == (job.asked_at, job.tier, job.pilot)
        if same and made.number not in known:
            return made.number
    return 0


_DONE: Mapping[str, str] = {
    "preview": "preview of tier {tier}, seen",
    "rehearsal": "rehearsal with simulated answers, seen",
    "restore": "release {release}, its file made again",
}


def finish_job(
    stores: Stores, job: Job, to: State, *, now: float, result: Mapping[str, Any], release: int = 0
) -> None:
    """Note how the job ended, with its line in the audit; nothing where it had ended before."""
    with write_transaction(stores.office):
        if not jobs.end(stores.office, job.number, to, now=now, result=result, release=release):
            return
        if to == "done" and job.kind not in _DONE:
            return  # a freeze and a release have written their own lines
        line = _DONE[job.kind] if to == "done" else f"{job.kind} {job.tier}".strip() + f": {to}"
        what = line.format(tier=job.tier, release=release or job.release)
        studies.note(stores.office, at=iso_utc(now), who=job.who, what=f"{job.study}: {what}")


@dataclass(frozen=True)
class JobRunner:
    """Starting, watching and ending jobs. ``clock`` returns epoch seconds."""

    config: Config
    stores: Stores
    clock: Callable[[], float]

    def start(self, job: Job) -> Job:
        """Begin what ``job`` describes. Raises Busy, or DiskFull."""
        data, office = self.stores.folder, self.stores.office
        if shutil.disk_usage(data).free < WORK_ROOM_BYTES:
            raise DiskFull
        with _no_job_begins(data):
            for other in jobs.under_way(office):
                self._checked(other)
            asked_at = iso_utc(self.clock())
            begun = jobs.begin(office, replace(job, asked_at=asked_at), now=self.clock())
            try:
                self._spawn(begun)
            except OSError as error:
                return self._close(begun, why=f"Its process could not start: {error.strerror}.")
        return begun

    def _spawn(self, job: Job) -> None:
        folder = self._folder(job)
        folder.mkdir(parents=True, mode=0o700)
        with locked(folder / LOCK) as lock:  # the process inherits it, and with it the lock
            # -P: no module from the folder that the server was started in.
            child = subprocess.Popen(  # noqa: S603 - our own code and a number
                [sys.executable, "-P", "-m", PROCESS, str(job.number)],
                env=self._environment(job),
                pass_fds=(lock,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # an error's words could quote an answer
                start_new_session=True,  # it outlives the worker of the server that began it
            )
        threading.Thread(target=child.wait, daemon=True).start()  # or it stays as a zombie

    def _environment(self, job: Job) -> dict[str, str]:
        """Return the process's environment: this server's settings, and this very code."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        pilots = self.config.pilots | ({job.study} if job.pilot else set())
        path = [str(PACKAGE.parent), *filter(None, [own.get("PYTHONPATH")])]
        own["PYTHONPATH"] = os.pathsep.join(path)
        return {**own, **as_environment(replace(self.config, pilots=pilots))}

    def _folder(self, job: Job) -> Path:
        return folder_of(self.stores.folder, job.number)

    def clean_up(self) -> None:
        """Close what a server that died left under way, and remove folders without a process.

        Without room to write that in, it is left until a page asks for the job.
        """
        if not (self.stores.folder / FOLDER).is_dir():
            return
        with suppress(sqlite3.OperationalError, OSError), _no_job_begins(self.stores.folder):
            for job in jobs.under_way(self.stores.office):
                self._checked(job)
            for folder in (self.stores.folder / FOLDER).iterdir():
                if folder.is_dir() and not is_alive(folder):
                    shutil.rmtree(folder, ignore_errors=True)

    def find(self, study: str, number: int) -> Job | None:
        """Return the study's job of this number, as it is now."""
        job = jobs.find(self.stores.office, number)
        return self.current(job) if job and job.study == study else None

    def current(self, job: Job) -> Job:
        """Return the job as it is now: one whose process is gone has ended."""
        if not job.live or is_alive(self._folder(job)):
            return self._checked(job)
        with _no_job_begins(self.stores.folder):
            return self._checked(job)

    def _checked(self, job: Job) -> Job:
        if not job.live:
            return job
        if is_alive(self._folder(job)):
            if job.state == "stopping" and self.clock() - job.since > JOB_GRACE_SECONDS:
                self._signal(job, signal.SIGKILL)
            return job
        return self._close(job)

    def _close(self, job: Job, why: str = GONE) -> Job:
        """Note how a job ended whose process is gone, whatever it was about to note itself."""
        latest = jobs.find(self.stores.office, job.number) or job
        if not latest.live:
            return latest
        release = entered(self.stores, latest) if latest.kind == "release" else 0
        to: State = "cancelled" if latest.state == "stopping" else "broken"
        to = "done" if release else to
        full = shutil.disk_usage(self.stores.folder).free < WORK_ROOM_BYTES
        result = {"reason": str(DiskFull()) if full else why} if to == "broken" else {}
        try:
            finish_job(self.stores, latest, to, now=self.clock(), result=result, release=release)
            shutil.rmtree(self._folder(latest), ignore_errors=True)
            asked = datetime.fromisoformat(latest.asked_at).timestamp()
            clear(self.stores, latest.study, since=asked)
        except (sqlite3.OperationalError, OSError):  # no room even for this: when asked next
            return replace(latest, state=to, result=result, release=release)
        return jobs.find(self.stores.office, job.number) or latest

    def cancel(self, job: Job) -> Job:
        """Ask its process to end, leaving nothing half-made."""
        office = self.stores.office
        jobs.move(office, job.number, "stopping", before=("waiting", "running"), now=self.clock())
        self._signal(jobs.find(office, job.number) or job, signal.SIGTERM)
        return self.current(jobs.find(office, job.number) or job)

    def _signal(self, job: Job, what: signal.Signals) -> None:
        """Signal the job's process and all that it started, while it holds its lock."""
        if job.pid and is_alive(self._folder(job)):
            with suppress(ProcessLookupError):
                os.killpg(job.pid, what)
