"""Which server keys the data were used with, by check values that say nothing of a key.

They stand in the office's file and beside the answers, so that neither alone hides a wrong key.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from survey.storage.database import Database, write_transaction
from survey.storage.stores import Stores


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A key by its check value; the days (ISO) it was used from and, if so, given up as lost."""

    value: bytes
    used_from: str
    lost_on: str


def used(office: Database) -> list[UsedKey]:
    """Return every key that was ever used, the earliest first."""
    sql = "SELECT value, used_from, lost_on FROM server_keys ORDER BY used_from, value"
    return [UsedKey(*row) for row in office.conn.execute(sql).fetchall()]


def missing(stores: Stores, present: Collection[bytes]) -> list[bytes]:
    """Return keys that the data were used with and that are neither here nor given up as lost."""
    lost = {one.value for one in used(stores.office) if one.lost_on}
    known = {one.value for one in used(stores.office)} | set(_beside_answers(stores.responses))
    return sorted(known.difference(present, lost))


def keep(stores: Stores, present: Sequence[bytes], day: str) -> None:
    """Note the keys that are used from now on; nothing is written where all are known."""
    if new := set(present).difference(one.value for one in used(stores.office)):
        with write_transaction(stores.office):
            sql = "INSERT OR IGNORE INTO server_keys (value, used_from) VALUES (?, ?)"
            stores.office.conn.executemany(sql, [(value, day) for value in sorted(new)])
    if new := set(present).difference(_beside_answers(stores.responses)):
        with write_transaction(stores.responses):
            sql = "INSERT OR IGNORE INTO server_keys VALUES (?)"
            stores.responses.conn.executemany(sql, [(value,) for value in sorted(new)])


def give_up(office: Database, values: Collection[bytes], day: str) -> None:
    """Note keys as lost, within a transaction of the office's file."""
    sql = (
        "INSERT INTO server_keys VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET lost_on = ?"
        " WHERE lost_on = ''"
    )
    office.conn.executemany(sql, [(value, day, day, day) for value in sorted(values)])


def lost_until(stores: Stores) -> str:
    """Return the latest day (ISO) on which a key was given up as lost; blank for none."""
    sql = "SELECT coalesce(max(lost_on), '') FROM server_keys"
    return str(stores.office.conn.execute(sql).fetchone()[0])


def _beside_answers(responses: Database) -> list[bytes]:
    found = responses.conn.execute("SELECT value FROM server_keys").fetchall()
    return [value for (value,) in found]
