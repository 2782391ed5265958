"""Reordering by key of what arrived, so that no file shows the order in which answers came.

SQLite puts new cells of a page where there is room, so a page tells the order of arrival, and the
log tells it again. What arrives therefore lies in small tables of its own (``arriving_…``) and

- after 20 answers, or when it is quiet, they are laid down in key order and the log is emptied;
- a small file is rewritten as a whole then (VACUUM), so that it shows no order whatsoever;
- in a large one arrivals join the others in batches of at least 20, and the file is rewritten at
  night, or when a quarter of its answers has joined since. So the cost an answer stays constant.
"""

from __future__ import annotations

from secrets import token_bytes

from survey.storage import answer_tables
from survey.storage.database import Database, quoted, truncate_log, write_transaction
from survey.storage.schema import ANSWERS_PREFIX, ARRIVING

ARRIVAL_BATCH = 20  # docs/design.md, Storage: no order finer than this in any file
SMALL_BYTES = 4 * 1024 * 1024  # rewriting so much takes about 20 ms
MOST_FREE = 1024  # pages; more are free only between a great deletion and its levelling


def waiting(db: Database) -> int:
    """Return how many answers arrived since the last merge, by any process."""
    sql = "SELECT (SELECT count(*) FROM arriving_accepted) - resting FROM levelling"
    return int(db.conn.execute(sql).fetchone()[0])


def merged_tables(db: Database) -> list[str]:
    """Return every table that has one for arrivals beside it."""
    names = db.conn.execute(
        "SELECT substr(name, ?) FROM sqlite_schema WHERE type = 'table' AND name GLOB ?",
        (len(ARRIVING) + 1, ARRIVING + "*"),
    )
    return [name for (name,) in names.fetchall()]


def file_bytes(db: Database) -> int:
    """Return the size of the file as the last commit left it."""
    return _pragma(db, "page_count") * _pragma(db, "page_size")


def used_bytes(db: Database) -> int:
    """Return how much of the file holds anything."""
    return file_bytes(db) - _pragma(db, "freelist_count") * _pragma(db, "page_size")


def merge_arrivals(db: Database, *, small: int = SMALL_BYTES) -> int:
    """Lay down in key order what arrived, and empty the log; return how many answers joined.

    In a file of more than ``small`` bytes fewer than 20 stay with the arrivals, in key order.
    """
    with write_transaction(db):
        if not waiting(db):
            return 0
        joined = merge_table(db, least=1 if file_bytes(db) <= small else ARRIVAL_BATCH)
    truncate_log(db)
    return joined


def merge_table(db: Database, *, least: int = 1) -> int:
    """Merge tables with at least ``least`` arrivals, sort the other arrivals; in a transaction.

    Everything is taken out before anything goes in: when which page comes free decides nothing.
    What is being frozen stays as it is: its arrivals stay with the others.
    """
    tables, freezing = merged_tables(db), _freezing(db)
    counted = {table: answer_tables.counted(db, table, arriving=True) for table in tables}
    taken: dict[str, list[tuple[object, ...]]] = {}
    for table in tables:
        part = quoted(ARRIVING + table)
        taken[table] = db.conn.execute(f"SELECT * FROM {part} ORDER BY 1").fetchall()
        if taken[table]:
            # Without WHERE: SQLite wipes whole pages, so that what is put back starts afresh.
            db.conn.execute(f"DELETE FROM {part}")
    _shuffle_free_pages(db)
    joined = 0
    for table, rows in taken.items():
        if len(rows) >= least and table not in freezing:
            _put(db, table, rows)
            answer_tables.add(db, table, counted[table])
            joined += len(rows) if table.startswith(ANSWERS_PREFIX) else 0
        else:
            _put(db, ARRIVING + table, rows)
    db.conn.execute(
        "UPDATE levelling SET settled = settled + ?, search = 0,"
        " resting = (SELECT count(*) FROM arriving_accepted)",
        (joined,),
    )
    return joined


def _freezing(db: Database) -> set[str]:
    """Return the tables of which something is being frozen."""
    sql = "SELECT answers FROM wordings WHERE study IN (SELECT study FROM freezing)"
    found = {answers for (answers,) in db.conn.execute(sql).fetchall()}
    return found | {answer_tables.TEXTS} if found else found


def _put(db: Database, table: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        db.conn.executemany(f"INSERT INTO {quoted(table)} VALUES ({marks})", rows)


def _shuffle_free_pages(db: Database) -> None:
    """Take all free pages and free them by lot: they are listed in the order they came free.

    Arrivals take pages only for texts of a thousand characters or more; usually there is none.
    """
    if not 1 < _pragma(db, "freelist_count") <= MOST_FREE:
        return
    page = _pragma(db, "page_size")
    while _pragma(db, "freelist_count"):
        db.conn.execute("INSERT INTO filler VALUES (?, zeroblob(?))", (token_bytes(16), page))
    db.conn.execute("DELETE FROM filler")


def _pragma(db: Database, name: str) -> int:
    return int(db.conn.execute(f"PRAGMA {name}").fetchone()[0])


def not_rewritten(db: Database) -> int:
    """Return how many answers' batch the file may still show, arrivals included."""
    sql = "SELECT settled + (SELECT count(*) FROM arriving_accepted) FROM levelling"
    return int(db.conn.execute(sql).fetchone()[0])
