"""Deleting by code: asked for at once, carried out soon, overwritten on the disk."""

from __future__ import annotations

from collections.abc import Sequence

from survey.store import totals
from survey.store.database import Database, quoted, truncate_log, writing
from survey.store.schema import ARRIVING
from survey.store.settle import level, settled_tables

_ASKED = "deletion IN (SELECT value FROM withdrawals)"
# A table of answers is one study's; texts have no such table, so nobody is counted twice.
_TALLY = """
    INSERT INTO tallies SELECT study, 'withdrawn', :gone FROM wordings
    WHERE answers = :table AND :gone > 0 GROUP BY study
    ON CONFLICT DO UPDATE SET count = count + excluded.count
"""


def ask_deletion(db: Database, values: Sequence[bytes]) -> None:
    """Queue deletion values (32 bytes each). The same work whether or not they match anything."""
    with writing(db):
        db.conn.executemany(
            "INSERT INTO withdrawals VALUES (?) ON CONFLICT DO NOTHING",
            ((value,) for value in sorted(values)),
        )


def pending(db: Database) -> bool:
    """Whether somebody waits for a deletion."""
    return bool(db.conn.execute("SELECT EXISTS (SELECT 1 FROM withdrawals)").fetchone()[0])


def delete_asked(db: Database) -> int:
    """Within a transaction: delete what was asked for and empty the queue."""
    deleted = 0
    for table in settled_tables(db):
        if table == "accepted":
            continue
        for part in ("", ARRIVING):
            sql = f"DELETE FROM {quoted(part + table)} WHERE {_ASKED}"
            gone = db.conn.execute(sql).rowcount
            db.conn.execute(_TALLY, {"gone": gone, "table": table})
            deleted += gone
    db.conn.execute("DELETE FROM withdrawals")
    if deleted:
        totals.recount(db, settled_tables(db))
    return deleted


def carry_out_deletions(db: Database) -> int:
    """Delete queued rows and texts and overwrite their bytes; gives how many went.

    Pages that were split long ago may hold copies in their unused part, which deleting does not
    reach: where something was deleted the file is rewritten.
    """
    if not pending(db):
        return 0
    with writing(db):
        deleted = delete_asked(db)
    if deleted:
        level(db)
    else:
        truncate_log(db)
    return deleted
