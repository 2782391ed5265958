"""Files that another version of the program wrote: newer ones are refused, totals counted anew."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import sqlite_utils

from survey.errors import StoreUnavailable
from survey.program import program_version
from survey.storage import answer_tables
from survey.storage.database import AnyDatabase, Database, Migrations, write_transaction
from survey.storage.reordering import merged_tables

EARLIER = "before-upgrade"  # folder of copies of office.db, each from before its tables changed


@cache
def _known(migrations: Migrations) -> frozenset[str]:
    empty = sqlite_utils.Database(memory=True, execute_plugins=False)
    names = frozenset(one.name for one in migrations.pending(empty))
    empty.close()
    return names


def check_known(db: AnyDatabase, migrations: Migrations, path: Path) -> None:
    """Raise StoreUnavailable where a newer version of the program changed the file's tables."""
    applied = {one.name for one in migrations.applied(db)}
    if applied - _known(migrations):
        raise StoreUnavailable(
            f"{path} was written by a newer version of Lacrima than this one, {program_version()}, "
            "which would count its answers wrongly. Install that version again, or put back a "
            "backup from before it."
        )


def keep_copy(db: AnyDatabase, migrations: Migrations, path: Path) -> None:
    """Keep a copy of the file before its tables are changed, unless it is new. Raises OSError."""
    applied = [one.name for one in migrations.applied(db)]
    if not applied or not migrations.pending(db):
        return
    folder = path.parent / EARLIER
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{path.stem}-{applied[-1]}.db"
    if not copy.exists():
        fresh = copy.with_suffix(".part")
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        db.conn.execute("VACUUM INTO ?", (str(fresh),))
        fresh.rename(copy)


def after_upgrade(db: Database) -> None:
    """Count every total anew where another version of the program wrote last, and note this one."""
    (written,) = db.conn.execute("SELECT version FROM program").fetchone()
    if written == program_version():
        return
    with write_transaction(db):
        if db.table("row_totals").exists():
            answer_tables.recount(db, merged_tables(db))
        db.conn.execute("UPDATE program SET version = ?", (program_version(),))
