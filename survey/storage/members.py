"""Who sits on the board of a study, with which keys, how many must sign; a researcher's studies.

All but a researcher's studies is append-only: who was a member when stays in the record. What the
operator says of a member (name, capacity, conflict) is a claim of the operator's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from survey.storage.accounts import Account, folded
from survey.storage.database import Database, write_transaction
from survey.storage.record import append

KeyKind = Literal["file", "passkey"]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a study's board, as noted ``at`` by ``who``; ISO dates, both days included.

    ``conflict`` is empty where none was declared; ``what`` is "ended" where the seat is over.
    """

    study: str
    at: str
    who: str
    what: str
    account: str
    name: str
    capacity: str
    chair: bool
    conflict: str
    begins: str
    ends: str
    why: str = ""

    @property
    def title(self) -> str:
        """Return name and capacity, as a signature gives them."""
        return f"{self.name}, {self.capacity}"

    def hindrance(self, today: str) -> str:
        """Return why this member cannot sign on ``today``, in a sentence; nothing if they can."""
        if self.what == "ended":
            return f"{self.name} is no longer on this board."
        if self.conflict:
            return f"{self.name} has declared a conflict of interest: {self.conflict}"
        if today < self.begins:
            return f"{self.name}’s term begins on {self.begins}."
        if today > self.ends:
            return f"{self.name}’s term ended on {self.ends}."
        return ""


@dataclass(frozen=True, slots=True)
class QuorumChange:
    """How many members must sign, as noted ``at`` by ``who``."""

    study: str
    at: str
    who: str
    members: int


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A public key of a member (hex); ``credential`` is a passkey's id (hex)."""

    number: int
    account: str
    at: str
    kind: KeyKind
    public: str
    credential: str
    vouched: int


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """The end of one key, or with ``key`` 0 of all keys up to the number ``latest``."""

    account: str
    key: int
    latest: int
    at: str
    who: str
    why: str


def _rows(db: Database, table: str, where: str, value: str, select: str) -> list[dict[str, Any]]:
    found = db.table(table).rows_where(f"{where} = ?", [value], order_by="id", select=select)
    return list(found)


_MEMBER = "study, at, who, what, account, name, capacity, chair, conflict, begins, ends, why"


def _member(row: dict[str, Any]) -> Member:
    return Member(**{**row, "chair": bool(row["chair"])})


def appoint(db: Database, member: Member) -> None:
    """Note a member, or another state of one: the last line on an account counts."""
    row = {name: getattr(member, name) for name in _MEMBER.split(", ")}
    with write_transaction(db):
        append(db, "members", {**row, "account": folded(member.account)})


def history(db: Database, study: str) -> list[Member | QuorumChange]:
    """Return everything that was noted of the board of this study, in order of time."""
    found: list[Member | QuorumChange] = [
        *(_member(row) for row in _rows(db, "members", "study", study, _MEMBER)),
        *(
            QuorumChange(**row)
            for row in _rows(db, "quorums", "study", study, "study, at, who, members")
        ),
    ]
    return sorted(found, key=lambda change: change.at)


def members(db: Database, study: str) -> list[Member]:
    """Return the members whose seat is not over, the chair first; some may not sign."""
    last = {row["account"]: row for row in _rows(db, "members", "study", study, _MEMBER)}
    found = [_member(row) for row in last.values() if row["what"] != "ended"]
    return sorted(found, key=lambda member: (not member.chair, member.name))


def member(db: Database, study: str, account: str) -> Member | None:
    """Return the account's seat on this board; None where it has none."""
    wanted = folded(account)
    return next((one for one in members(db, study) if one.account == wanted), None)


def boards_of(db: Database, account: str) -> frozenset[str]:
    """Return the studies on whose board this account sits."""
    last = {row["study"]: row for row in _rows(db, "members", "account", folded(account), _MEMBER)}
    return frozenset(study for study, row in last.items() if row["what"] != "ended")


def set_quorum(db: Database, change: QuorumChange) -> None:
    """Note how many members must sign from now on."""
    row = {"study": change.study, "at": change.at, "who": change.who, "members": change.members}
    with write_transaction(db):
        append(db, "quorums", row)


def quorum(db: Database, study: str) -> int:
    """Return how many members must sign; 0 where nobody has said so."""
    found = _rows(db, "quorums", "study", study, "members")
    return int(found[-1]["members"]) if found else 0


# Studies of researchers.


def assign(db: Database, account: str, studies: Iterable[str]) -> None:
    """Give a researcher's account exactly these studies."""
    rows = [{"account": folded(account), "study": study} for study in sorted(set(studies))]
    with write_transaction(db):
        db.table("assigned").delete_where("account = ?", [folded(account)])
        db.table("assigned").insert_all(rows)


def assigned(db: Database, account: str) -> frozenset[str]:
    """Return the studies of a researcher's account."""
    found = db.table("assigned").rows_where("account = ?", [folded(account)])
    return frozenset(row["study"] for row in found)


def studies_of(db: Database, account: Account) -> frozenset[str]:
    """Return the studies that an account may open: its own, or those on whose board it sits."""
    return (boards_of if account.role == "board" else assigned)(db, account.name)


# Keys.

_KEY = "id AS number, account, at, kind, public, credential, vouched"


def add_key(
    db: Database,
    account: str,
    *,
    at: str,
    kind: KeyKind,
    public: str,
    credential: str = "",
    vouched: int = 0,
) -> int:
    """Keep a public key; return its number."""
    row = {
        "account": folded(account), "at": at, "kind": kind, "public": public,
        "credential": credential, "vouched": vouched,
    }  # fmt: skip
    with write_transaction(db):
        return append(db, "member_keys", row)


def end_keys(db: Database, account: str, *, key: int = 0, at: str, who: str, why: str) -> None:
    """End one key, or all that the account has, after which its next key is a first one."""
    with write_transaction(db):
        latest = max((k.number for k in every_key(db, account)), default=0)
        row = {"account": folded(account), "key": key, "latest": latest}
        append(db, "key_ends", {**row, "at": at, "who": who, "why": why})


def every_key(db: Database, account: str) -> list[MemberKey]:
    """Return every key that the account ever had, in order."""
    found = _rows(db, "member_keys", "account", folded(account), _KEY)
    return [MemberKey(**row) for row in found]


def key_ends(db: Database, account: str) -> list[KeyEnd]:
    """Return the end of every key that has ended, in order."""
    columns = "account, key, latest, at, who, why"
    return [KeyEnd(**row) for row in _rows(db, "key_ends", "account", folded(account), columns)]


def keys(db: Database, account: str) -> list[MemberKey]:
    """Return the keys with which the account signs now."""
    ends = key_ends(db, account)
    everything = max((end.latest for end in ends if not end.key), default=0)
    single = {end.key for end in ends}
    found = every_key(db, account)
    return [k for k in found if k.number > everything and k.number not in single]


def first_key_is_free(db: Database, account: str) -> bool:
    """Return whether the next key needs no other one: none was added since all were ended."""
    everything = max((e.latest for e in key_ends(db, account) if not e.key), default=0)
    return all(key.number <= everything for key in every_key(db, account))


def key_of(db: Database, number: int) -> MemberKey | None:
    """Return the key with this number."""
    row = next(db.table("member_keys").rows_where("id = ?", [number], select=_KEY), None)
    return MemberKey(**row) if row else None


def changes_after(db: Database, study: str, since: str) -> Iterator[Member | QuorumChange]:
    """Yield what was noted of the board after ``since`` (ISO time)."""
    return (change for change in history(db, study) if change.at > since)
