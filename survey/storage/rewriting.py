"""Rewriting a file of answers, so that no copy is left of what was deleted, and no batch shows.

SQLite wipes what it deletes, but pages that were split long ago may hold copies in their unused
part. A small file is rewritten in one go (VACUUM). In a large one that would keep everybody from
sending for seconds, and take as much memory as the file is long. So its tables are laid down anew
a few rows at a time, in key order: a copy (``relaid_…``), which triggers keep like its table; then
both change names, and what was (``leaving_…``) is deleted a few rows at a time. Where that stands
is in the file itself: whoever comes next goes on, after a crash as well.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from survey.errors import NoRoom
from survey.storage import answer_tables
from survey.storage.database import Database, quoted, truncate_log, vacuum, write_transaction
from survey.storage.reordering import (
    SMALL_BYTES,
    file_bytes,
    merge_arrivals,
    merge_table,
    merged_tables,
    not_rewritten,
    used_bytes,
)
from survey.storage.schema import COPY_TRIGGERS, LEAVING, RELAID, UNREAD_COPY, UNREAD_TEXTS
from survey.storage.stores import STORE_ROOM_BYTES

ONE_GO_BYTES = 16 * 1024 * 1024  # rewriting so much takes a fifth of a second
SLICE_SECONDS = 0.05  # what a slice should take: rows are counted by that
FEWEST_AT_ONCE, MOST_AT_ONCE = 500, 20_000
MOST_LOG_BYTES = 64 * 1024 * 1024  # while somebody reads, the log cannot be emptied: then it waits


@dataclass(slots=True)
class Pace:
    """How many rows a slice takes here, found by how long the last ones took."""

    rows: int = 500

    def took(self, seconds: float) -> None:
        """Leave others as much time, then take more rows next time, or fewer."""
        time.sleep(min(seconds, 2 * SLICE_SECONDS))
        if seconds < SLICE_SECONDS:
            self.rows = min(self.rows * 2, MOST_AT_ONCE)
        elif seconds > 2 * SLICE_SECONDS:
            self.rows = max(self.rows // 2, FEWEST_AT_ONCE)


def rewrite_due(db: Database) -> bool:
    """Return whether the file is to be rewritten after a deletion, or is being rewritten."""
    sql = "SELECT due OR EXISTS (SELECT 1 FROM rewriting) OR EXISTS ({}) FROM levelling"
    leaving = f"SELECT 1 FROM sqlite_schema WHERE name GLOB '{LEAVING}*'"
    return bool(db.conn.execute(sql.format(leaving)).fetchone()[0])


def ask_rewriting(db: Database) -> None:
    """Note that the file is to be rewritten, in the transaction that makes it necessary."""
    db.conn.execute("UPDATE levelling SET due = due + 1")


def give_up_rewriting(db: Database) -> None:
    """Take away what a rewriting under way has put aside, of a copy of the file."""
    with write_transaction(db):
        under_way = _named(db, RELAID) + _named(db, LEAVING)
        for table in under_way:
            db.conn.execute(f"DROP TABLE {table}")
        sql = f"SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '{RELAID}*'"
        for (trigger,) in db.conn.execute(sql).fetchall():
            db.conn.execute(f"DROP TRIGGER {trigger}")
        db.conn.execute("DELETE FROM rewriting")
        if under_way:
            ask_rewriting(db)


def rewrite_file(db: Database, *, one_go: int = ONE_GO_BYTES) -> bool:
    """Rewrite the whole file in key order, so that not even batches show, and empty the log.

    False when a reader kept the log from being emptied: try again. Raises NoRoom.
    """
    pace = Pace()
    while not rewrite_some(db, pace, one_go=one_go):
        pass
    return truncate_log(db)


def rewrite_some(db: Database, pace: Pace, *, one_go: int = ONE_GO_BYTES) -> bool:
    """Rewrite a small file, or a few rows of a large one; True once all is done. Raises NoRoom."""
    begun = time.monotonic()
    if leaving := _named(db, LEAVING):
        _empty(db, leaving[0], pace.rows)
    elif (table := _next_table(db)) is None:
        _check_room(db)
        if used_bytes(db) <= one_go:
            return _in_one_go(db)
        _begin(db)
    else:
        _copy(db, table, pace.rows)
    _empty_log(db)
    pace.took(time.monotonic() - begun)
    return _next_table(db) is None and not _named(db, LEAVING)


def _named(db: Database, prefix: str) -> list[str]:
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ? ORDER BY name"
    return [name for (name,) in db.conn.execute(sql, (prefix + "*",)).fetchall()]


def _next_table(db: Database) -> str | None:
    found = db.conn.execute("SELECT name FROM rewriting ORDER BY name LIMIT 1").fetchone()
    return found[0] if found else None


def _check_room(db: Database) -> None:
    """Raise NoRoom where the disk may not hold what rewriting adds: it would be full for good."""
    path = Path(db.conn.execute("PRAGMA database_list").fetchone()[2])
    disk = os.statvfs(path.parent)
    # Of what is written once more the free pages of the file hold some.
    needed = max(0, 2 * used_bytes(db) - file_bytes(db)) + STORE_ROOM_BYTES
    if disk.f_bavail * disk.f_frsize < needed:
        raise NoRoom(f"Rewriting {path} needs {needed // 2**20} MB of room on its disk.")


def _empty_log(db: Database) -> None:
    log = Path(db.conn.execute("PRAGMA database_list").fetchone()[2] + "-wal")
    while not truncate_log(db) and log.stat().st_size > MOST_LOG_BYTES:
        time.sleep(SLICE_SECONDS)


def _in_one_go(db: Database) -> bool:
    with write_transaction(db):
        merge_table(db)
        settled, due = db.conn.execute(
            "SELECT settled + (SELECT count(*) FROM arriving_accepted), due FROM levelling"
        ).fetchone()
    try:
        vacuum(db)
    except BaseException:
        truncate_log(db)  # or what was written so far would keep its room
        raise
    with write_transaction(db):
        # Subtracted, not set to 0: other answers may have joined since these were counted.
        db.conn.execute(
            "UPDATE levelling SET settled = settled - ?, due = due - ?, stored = ?",
            (settled, due, answer_tables.merged(db)),
        )
    return True


def _begin(db: Database) -> None:
    """Name every table that holds what people sent, or what let them in."""
    with write_transaction(db):
        merge_table(db)
        tables = [(name,) for name in (*merged_tables(db), "invitations")]
        db.conn.executemany("INSERT INTO rewriting VALUES (?) ON CONFLICT DO NOTHING", tables)
        db.conn.execute(
            "UPDATE levelling SET settled = 0, due = 0, stored = ?", (answer_tables.merged(db),)
        )


def _key(db: Database, table: str) -> str:
    return quoted(next(c.name for c in db.table(table).columns if c.is_pk))


def _copy(db: Database, table: str, rows: int) -> None:
    """Copy the next rows; with the last ones the copy takes the table's place."""
    copy, key = RELAID + table, _key(db, table)
    with write_transaction(db):
        if _next_table(db) != table:  # another process was quicker
            return
        if not _named(db, copy):
            _make_copy(db, table, copy, key)
        last = f"(SELECT max({key}) FROM {copy})"
        copied = db.conn.execute(
            f"INSERT INTO {copy} SELECT * FROM {quoted(table)}"
            f" WHERE {key} > coalesce({last}, x'') ORDER BY {key} LIMIT ?",
            (rows,),
        ).rowcount
        if copied < rows:
            for trigger in ("deleted", "changed", "joined"):
                db.conn.execute(f"DROP TRIGGER {copy}_{trigger}")
            db.conn.execute(f"ALTER TABLE {quoted(table)} RENAME TO {LEAVING}{table}")
            db.conn.execute(f"ALTER TABLE {copy} RENAME TO {table}")
            db.conn.execute("DELETE FROM rewriting WHERE name = ?", (table,))


def _make_copy(db: Database, table: str, copy: str, key: str) -> None:
    """Make an empty copy, and what keeps it like the table."""
    sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?"
    (made,) = db.conn.execute(sql, (table,)).fetchone()
    db.conn.execute(re.sub(rf'(?<=TABLE ) *"?{table}"?', copy, made, count=1))
    for trigger in COPY_TRIGGERS:
        db.conn.execute(trigger.format(copy=copy, table=quoted(table), key=key))
    if table == answer_tables.TEXTS:
        has = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?)"
        (taken,) = db.conn.execute(has, (UNREAD_COPY,)).fetchone()
        index = UNREAD_TEXTS.replace(" ON texts", f" ON {copy}")
        db.conn.execute(index if taken else index.replace("unread_texts", UNREAD_COPY))


def _empty(db: Database, table: str, rows: int) -> None:
    """Delete the next rows of what was, and it with the last ones."""
    key = _key(db, table)
    some = f"SELECT {key} FROM {table} ORDER BY {key} LIMIT ?"
    with write_transaction(db):
        if not _named(db, table):  # another process was quicker
            return
        gone = db.conn.execute(f"DELETE FROM {table} WHERE {key} IN ({some})", (rows,)).rowcount
        if gone < rows:
            db.conn.execute(f"DROP TABLE {table}")


def tidy(db: Database, *, small: int = SMALL_BYTES) -> bool:
    """Merge arrivals at a quiet time, and rewrite the file where that is cheap, or ask for it.

    False when a reader kept the log from being emptied: try again.
    """
    if file_bytes(db) <= small:
        return rewrite_file(db)
    merge_arrivals(db, small=small)
    stored: int = db.conn.execute("SELECT stored FROM levelling").fetchone()[0]
    # At a quarter, so that the cost an answer stays constant (docs/decisions/0003).
    if not_rewritten(db) * 4 > stored:
        level(db)
    return truncate_log(db)


def level(db: Database) -> None:
    """Rewrite the file where that is quick, else ask for it to be done some rows at a time."""
    if used_bytes(db) <= ONE_GO_BYTES:
        rewrite_file(db)
    elif not rewrite_due(db):
        with write_transaction(db):
            ask_rewriting(db)
