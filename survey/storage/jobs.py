"""Long work that researchers asked for: its kind, who asked, how far it is, how it ended.

    waiting ─▶ running ─▶ done · refused · broken
        └────────┴─▶ stopping ─▶ cancelled

Only one at a time is under way for a study. Changes of state are conditional, so that the page,
the worker and a second page never undo what another has done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from survey.storage.database import Database, write_transaction

Kind = Literal["preview", "rehearsal", "release", "restore", "batch", "freeze"]
State = Literal["waiting", "running", "stopping", "done", "refused", "cancelled", "broken"]

LIVE: tuple[State, ...] = ("waiting", "running", "stopping")
LARGEST = 2**63 - 1  # of SQLite's whole numbers
_LIVE = ", ".join(f"'{state}'" for state in LIVE)


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
        """Return true while it is under way."""
        return self.state in LIVE


class Busy(Exception):
    """The refusal of a job while another of the study, ``job``, is under way."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"{job.who} asked for a {job.kind} of {job.study} that is under way.")
        self.job = job


def _found(db: Database, condition: str, *bound: object, **how: Any) -> list[Job]:
    return [
        Job(
            pilot=bool(row.pop("pilot")),
            recipient=json.loads(row.pop("recipient")),
            result=json.loads(row.pop("told")),
            **row,
        )
        for row in db.table("jobs").rows_where(condition, bound, **how)
    ]


def find(db: Database, number: int) -> Job | None:
    """Return the job of this number; None for any that is no job's, however large."""
    # The number stands in an address, and SQLite raises OverflowError for a larger one.
    return next(iter(_found(db, "number = ?", min(number, LARGEST))), None)


def under_way(db: Database) -> list[Job]:
    """Return every job that has not ended, of any study."""
    return _found(db, f"state IN ({_LIVE})", order_by="number")


def last_of(db: Database, study: str, *, most: int) -> list[Job]:
    """Return the study's latest jobs, the latest first."""
    return _found(db, "study = ?", study, order_by="number DESC", limit=most)


_RELEASED = "kind = 'release' AND state = 'done'"


def makers(db: Database, study: str) -> dict[int, str]:
    """Return release number → who had it made here; those made by command are not listed."""
    return {job.release: job.who for job in _found(db, f"study = ? AND {_RELEASED}", study)}


def made_from(db: Database, preview: int) -> int:
    """Return the number of the release that was made after this preview, else 0."""
    return next((job.release for job in _found(db, f"preview = ? AND {_RELEASED}", preview)), 0)


def begin(db: Database, job: Job, *, now: float) -> Job:
    """Note a new job as waiting. Raises Busy where another of the study is under way."""
    with write_transaction(db):
        # The index one_job_a_study would refuse it too, but not say which job is in the way.
        for other in under_way(db):
            if other.study == job.study:
                raise Busy(other)
        row = asdict(job) | {"number": None, "recipient": json.dumps(job.recipient), "since": now}
        row["told"] = json.dumps(row.pop("result"))
        number = db.table("jobs").insert(row).last_rowid
    return _found(db, "number = ?", number)[0]


def take(db: Database, number: int, *, pid: int) -> None:
    """Note the process that works on it; the state stays, since it may wait for its turn."""
    with write_transaction(db):
        db.table("jobs").update(number, {"pid": pid})


def move(db: Database, number: int, to: State, *, before: tuple[State, ...], now: float) -> bool:
    """Change one of the states ``before`` to ``to``; False when it is in none of them any more."""
    states = ", ".join(f"'{state}'" for state in before)
    with write_transaction(db):
        changed = db.conn.execute(
            f"UPDATE jobs SET state = ?, since = ? WHERE number = ? AND state IN ({states})",
            (to, now, number),
        )
        return changed.rowcount == 1


def progressed(db: Database, number: int, share: float) -> None:
    """Note how far it is (0 to 1)."""
    with write_transaction(db):
        db.table("jobs").update(number, {"share": share})


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
