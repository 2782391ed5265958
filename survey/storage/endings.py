"""What has ended, and what still holds: that which a copy put back later must not undo.

Of clients: hashes of the deletion values of rows and texts that were deleted by code, none of an
answer that is there. Of staff: keyed hashes of who may sign in, who sits where, which keys sign;
of each study how far its life went.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from survey.storage import board, members, studies
from survey.storage.database import Database

Keyed = Callable[[bytes], bytes]
_LABEL = b"lacrima/ended"


def ended_value(deletion: bytes) -> bytes:
    """Return what is kept of the deletion value of a row or text that was deleted by code."""
    return hashlib.sha256(_LABEL + deletion).digest()


def keep_ended(db: Database, study: str, deletions: Iterable[bytes]) -> None:
    """Keep that rows or texts with these deletion values were deleted, within the transaction."""
    db.conn.executemany(
        "INSERT INTO ended VALUES (?, ?) ON CONFLICT DO NOTHING",
        ((value, study) for value in sorted(map(ended_value, deletions))),
    )


def ended(db: Database) -> list[tuple[str, bytes]]:
    """Return (study, value) of what was deleted by code, in order of the values."""
    return db.conn.execute("SELECT study, value FROM ended ORDER BY value").fetchall()


def forget_ended(db: Database, study: str) -> None:
    """Forget what was deleted of a study, once no backup of it may be kept; in a transaction."""
    db.conn.execute("DELETE FROM ended WHERE study = ?", (study,))


def _tag(keyed: Keyed, *what: object) -> str:
    return keyed(json.dumps(what, ensure_ascii=False).encode()).hex()


ACCOUNTS = "SELECT folded, role, password, hex(totp) FROM accounts WHERE NOT disabled"
_MEMBERS = """SELECT study, account, what, name, capacity, chair, conflict, begins, ends
    FROM members
    WHERE id IN (SELECT max(id) FROM members GROUP BY study, account) AND what <> 'ended'"""


def account_tags(office: Database, keyed: Keyed) -> dict[str, str]:
    """Return tag → folded name of each account that may sign in, with password and second step."""
    return {_tag(keyed, "account", *row): row[0] for row in office.conn.execute(ACCOUNTS)}


def member_tags(office: Database, keyed: Keyed) -> dict[str, tuple[str, str]]:
    """Return tag → (study, account) of each seat on a board."""
    return {_tag(keyed, "member", *row): (row[0], row[1]) for row in office.conn.execute(_MEMBERS)}


def assigned_tags(office: Database, keyed: Keyed) -> dict[str, tuple[str, str]]:
    """Return tag → (account, study) of each study that a researcher's account may open."""
    found = office.conn.execute("SELECT account, study FROM assigned")
    return {_tag(keyed, "assigned", *row): row for row in found.fetchall()}


def key_tags(office: Database, keyed: Keyed) -> dict[str, tuple[str, int]]:
    """Return tag → (account, number) of each key with which a member signs now."""
    accounts = office.conn.execute("SELECT DISTINCT account FROM member_keys").fetchall()
    found = [(a, k) for (a,) in accounts for k in members.keys(office, a)]
    return {_tag(keyed, "key", a, k.number, k.public): (a, k.number) for a, k in found}


_STUDIES = """SELECT study FROM lives UNION SELECT study FROM approvals UNION
    SELECT study FROM rulings UNION SELECT study FROM freezes UNION SELECT study FROM releases
    UNION SELECT study FROM measured UNION SELECT study FROM destructions
    UNION SELECT study FROM readings
    UNION SELECT study FROM restorations WHERE study <> ''"""
COUNTED = {
    "approvals": "SELECT count(*) FROM approvals WHERE study = ?",
    "rulings": "SELECT count(*) FROM rulings WHERE study = ?",
    "decisions": "SELECT count(*) FROM decisions WHERE study = ?",
    "conditions": "SELECT count(*) FROM settled_conditions WHERE study = ?",
    "quorum": """SELECT coalesce((SELECT members FROM quorums WHERE study = ?
        ORDER BY id DESC LIMIT 1), 0)""",
    "freezes": "SELECT coalesce(max(batch), 0) FROM freezes WHERE study = ?",
    "segments": "SELECT count(*) FROM segments WHERE study = ?",
    "releases": "SELECT count(*) FROM releases WHERE study = ? AND NOT pilot",
    "measured": "SELECT count(DISTINCT segment) FROM measured WHERE study = ? AND NOT pilot",
    "readings": "SELECT count(*) FROM readings WHERE study = ? AND NOT pilot",
    "spent": "SELECT coalesce(max(spent), 0) FROM restorations WHERE study = ?",
}


def study_names(office: Database) -> list[str]:
    """Return every study that something was decided of."""
    return sorted(name for (name,) in office.conn.execute(_STUDIES).fetchall())


def study_life(office: Database, study: str) -> dict[str, Any]:
    """Return how far the life of a study went: its state, counts of acts, what was taken back."""
    life: dict[str, Any] = {
        name: int(office.conn.execute(sql, (study,)).fetchone()[0]) for name, sql in COUNTED.items()
    }
    revoked = office.conn.execute(
        "SELECT approval FROM rulings WHERE study = ? AND what = 'revoked'", (study,)
    )
    recalled = office.conn.execute("SELECT release FROM errata WHERE study = ?", (study,))
    kinds = office.conn.execute("SELECT kinds FROM destructions WHERE study = ?", (study,))
    switches: Sequence[board.Switch] = ("collection", "use")
    return life | {
        "state": studies.status(office, study),
        "suspended": [s for s in switches if board.suspension(office, study, s)],
        "revoked": sorted({number for (number,) in revoked.fetchall()}),
        "recalled": sorted({number for (number,) in recalled.fetchall()}),
        "destroyed": sorted({k for (row,) in kinds.fetchall() for k in row.split(", ")}),
    }


def spent(office: Database, study: str) -> str:
    """Return in a sentence why nothing may be drawn from its answers any more, or nothing."""
    sql = "SELECT made_at, why FROM restorations WHERE study = ? AND spent ORDER BY id DESC LIMIT 1"
    found = office.conn.execute(sql, (study,)).fetchone()
    if found is None:
        return ""
    return (
        f"Its answers were put back from a backup of {found[0][:10]}, and {found[1]}. What is "
        "drawn by lot from them would be drawn a second time, so nothing is made of them any more."
    )
