"""Proposals to a board, the signatures under them, and what came of each. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from survey.storage.accounts import folded
from survey.storage.database import Database, write_transaction
from survey.storage.record import append, rows_of


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would take effect once enough members have signed ``statement`` (canonical JSON)."""

    number: int
    study: str
    at: str
    who: str
    act: str
    statement: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A member's signature, made with the key of this number; name and capacity of that day."""

    proposal: int
    at: str
    account: str
    name: str
    capacity: str
    key: int
    signature: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a proposal: "done" with the number of its effect, or "withdrawn"."""

    proposal: int
    at: str
    what: str
    effect: int


MADE_BY = ("approve", "confirm")  # acts after which an approval holds
_PROPOSAL = "id AS number, study, at, who, act, statement"
_SIGNATURE = "proposal, at, account, name, capacity, key, signature"


def propose(db: Database, study: str, *, at: str, who: str, act: str, statement: str) -> int:
    """Keep a proposal; return its number."""
    row = {"study": study, "at": at, "who": who, "act": act, "statement": statement}
    with write_transaction(db):
        return append(db, "proposals", row)


def proposal(db: Database, number: int) -> Proposal | None:
    """Return the proposal with this number."""
    row = next(db.table("proposals").rows_where("id = ?", [number], select=_PROPOSAL), None)
    return Proposal(**row) if row else None


def proposals(db: Database, study: str) -> list[Proposal]:
    """Return every proposal on this study, in order."""
    return [Proposal(**row) for row in rows_of(db, "proposals", study, _PROPOSAL)]


def add_signature(db: Database, signature: Signature) -> None:
    """Keep a signature that was checked."""
    row = {name: getattr(signature, name) for name in _SIGNATURE.split(", ")}
    with write_transaction(db):
        append(db, "signatures", {**row, "account": folded(signature.account)})


def signatures(db: Database, number: int) -> list[Signature]:
    """Return the signatures under a proposal, in order."""
    found = db.table("signatures").rows_where(
        "proposal = ?", [number], order_by="id", select=_SIGNATURE
    )
    return [Signature(**row) for row in found]


def end(db: Database, number: int, *, at: str, what: str, effect: int = 0) -> None:
    """Note what came of a proposal."""
    row: dict[str, Any] = {"proposal": number, "at": at, "what": what, "effect": effect}
    with write_transaction(db):
        append(db, "outcomes", row)


def outcome(db: Database, number: int) -> Outcome | None:
    """Return what came of a proposal; None while it is open, lapsed or void."""
    row = next(
        db.table("outcomes").rows_where(
            "proposal = ?", [number], select="proposal, at, what, effect"
        ),
        None,
    )
    return Outcome(**row) if row else None


def behind_approval(db: Database, approval: int) -> Proposal | None:
    """Return the proposal that became the approval with this number."""
    # A revocation has the number of its approval too.
    rows = db.table("outcomes").rows_where("what = 'done' AND effect = ?", [approval])
    found = [proposal(db, row["proposal"]) for row in rows]
    return next((one for one in found if one and one.act in MADE_BY), None)
