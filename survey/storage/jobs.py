"""Long work that researchers asked for: what it is, who asked, how far it is, how it ended.

    waiting ─▶ running ─▶ done · refused · broken
        └────────┴─▶ stopping ─▶ cancelled

Only one at a time is under way for a study. Changes of state are conditional, so that the page,
the worker and a second page never undo what another has done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from survey.storage.database import Database, write_transaction

Kind = Literal["preview", "release", "restore", "batch", "freeze"]
State = Literal["waiting", "running", "stopping", "done", "refused", "cancelled", "broken"]

LIVE: tuple[State, ...] = ("waiting", "running", "stopping")
LARGEST = 2**63 - 1  # of SQLite's whole numbers
_LIVE = ", ".join(f"'{state}'" for state in LIVE)
_COLUMNS = (
    "number, study, kind, tier, pilot, recipient, who, asked_at, preview, state, since, share, pid,"
    " told, release"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work. ``asked_at`` is an ISO time (UTC), ``since`` epoch seconds of the state.

    ``preview`` is the number of the job that showed what a release would hold (else 0), ``result``
    what came of it as plain data, ``release`` the number in the ledger of what was made or is to be
    restored (else 0).
    """

    number: int = 0
    study: str
    kind: Kind
    tier: str = ""
    pilot: bool = False
    recipient: Mapping[str, str] | None = None
    who: str
    asked_at: str
    preview: int = 0
    state: State = "waiting"
    since: float = 0.0
    share: float = 0.0
    pid: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    release: int = 0

    @property
    def live(self) -> bool:
        """Whether it is under way."""
        return self.state in LIVE


class Busy(Exception):
    """Another piece of work for the study is under way: ``job``."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"{job.who} asked for a {job.kind} of {job.study} that is under way.")
        self.job = job


def _job(row: tuple[Any, ...]) -> Job:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    values["result"] = json.loads(values.pop("told"))
    values["recipient"] = json.loads(values["recipient"])
    return Job(**{**values, "pilot": bool(values["pilot"])})


def _found(db: Database, condition: str, *bound: object) -> list[Job]:
    sql = f"SELECT {_COLUMNS} FROM jobs WHERE {condition}"
    return [_job(row) for row in db.conn.execute(sql, bound).fetchall()]


def find(db: Database, number: int) -> Job | None:
    """The job of this number; None for any that is no job's, however large."""
    return next(iter(_found(db, "number = ?", min(number, LARGEST))), None)


def under_way(db: Database) -> list[Job]:
    """Every job that has not ended, of any study."""
    return _found(db, f"state IN ({_LIVE}) ORDER BY number")


def last_of(db: Database, study: str, *, most: int) -> list[Job]:
    """The study's latest jobs, the latest first."""
    return _found(db, "study = ? ORDER BY number DESC LIMIT ?", study, most)


def makers(db: Database, study: str) -> dict[int, str]:
    """Release number → who had it made here; those made by command are not listed."""
    sql = "SELECT release, who FROM jobs WHERE study = ? AND kind = 'release' AND state = 'done'"
    return dict(db.conn.execute(sql, (study,)).fetchall())


def made_from(db: Database, preview: int) -> int:
    """The number of the release that was made after this preview, else 0."""
    found = _found(db, "preview = ? AND kind = 'release' AND state = 'done'", preview)
    return found[0].release if found else 0


def begin(db: Database, job: Job, *, now: float) -> Job:
    """Note a new job as waiting. Raises Busy where another of the study is under way."""
    with write_transaction(db):
        for other in under_way(db):
            if other.study == job.study:
                raise Busy(other)
        number = db.conn.execute(
            f"INSERT INTO jobs ({_COLUMNS}) VALUES"
            " (NULL, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 0, 0, '{}', ?)",
            (
                job.study, job.kind, job.tier, int(job.pilot), json.dumps(job.recipient), job.who,
                job.asked_at, job.preview, now, job.release,
            ),
        ).lastrowid  # fmt: skip
    return _found(db, "number = ?", number)[0]


def take(db: Database, number: int, *, pid: int) -> None:
    """The process ``pid`` works on it; the state stays, since it may have to wait for its turn."""
    with write_transaction(db):
        db.conn.execute("UPDATE jobs SET pid = ? WHERE number = ?", (pid, number))


def move(db: Database, number: int, to: State, *, before: tuple[State, ...], now: float) -> bool:
    """From one of the states ``before`` to ``to``; False when it is in none of them any more."""
    states = ", ".join(f"'{state}'" for state in before)
    with write_transaction(db):
        changed = db.conn.execute(
            f"UPDATE jobs SET state = ?, since = ? WHERE number = ? AND state IN ({states})",
            (to, now, number),
        )
        return changed.rowcount == 1


def progressed(db: Database, number: int, share: float) -> None:
    """It is so far (0 to 1)."""
    with write_transaction(db):
        db.conn.execute("UPDATE jobs SET share = ? WHERE number = ?", (share, number))


def end(
    db: Database, number: int, to: State, *, now: float, result: Mapping[str, Any], release: int = 0
) -> bool:
    """End it with this result; return False when it had ended before."""
    with write_transaction(db):
        changed = db.conn.execute(
            "UPDATE jobs SET state = ?, since = ?, told = ?, release = max(release, ?)"
            f" WHERE number = ? AND state IN ({_LIVE})",
            (to, now, json.dumps(result, sort_keys=True), release, number),
        )
        return changed.rowcount == 1
