"""How many answers and texts there are, kept beside them: to be told, nothing has to be read.

Totals cover what is settled. They change where arrivals join the others, group by group in one
order, so they tell nothing finer than a batch; arrivals, a few dozen, are counted as they lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from survey.store.database import Database, quoted
from survey.store.schema import ANSWERS_PREFIX, ARRIVING

TEXTS = "texts"
Group = tuple[object, ...]
"""What is counted together, and how often it is there (last)."""

_TEXTS_OF = """
    SELECT study, variable, coalesce(lang, ''), batch, state, count(*) FROM {part}
    GROUP BY 1, 2, 3, 4, 5
"""
_ROWS_OF = "SELECT '{table}', batch, count(*) FROM {part} GROUP BY batch"
_ADD = " ON CONFLICT DO UPDATE SET count = count + excluded.count"
_ADD_TEXTS = "INSERT INTO text_totals VALUES (?, ?, ?, ?, ?, ?)" + _ADD
_ADD_ROWS = "INSERT INTO row_totals VALUES (?, ?, ?)" + _ADD


def _groups_of(table: str, part: str) -> str:
    sql = _TEXTS_OF if table == TEXTS else _ROWS_OF
    return sql.format(table=table, part=quoted(part))


def counted(db: Database, table: str, *, arriving: bool = False) -> list[Group]:
    """The groups of a table in one order, read row by row; none for what is not counted."""
    if table != TEXTS and not table.startswith(ANSWERS_PREFIX):
        return []
    sql = _groups_of(table, (ARRIVING if arriving else "") + table)
    return sorted(db.conn.execute(sql).fetchall())


def add(db: Database, table: str, groups: Iterable[Group]) -> None:
    """Within a transaction: so many more are in ``table``, or fewer."""
    db.conn.executemany(_ADD_TEXTS if table == TEXTS else _ADD_ROWS, groups)


def moved(db: Database, text: Sequence[object], before: str, after: str) -> None:
    """Within a transaction: a settled ``text`` (study, variable, lang, batch) changed its state."""
    add(db, TEXTS, [(*text, before, -1), (*text, after, 1)])
    db.conn.execute("DELETE FROM text_totals WHERE count = 0")


def recount(db: Database, tables: Iterable[str]) -> None:
    """Within a transaction: read all ``tables`` (by the names of the settled ones) and begin anew.

    For what reads every row anyhow: deleting and freezing.
    """
    db.conn.execute("DELETE FROM row_totals")
    db.conn.execute("DELETE FROM text_totals")
    for table in sorted(tables):
        add(db, table, counted(db, table))


# Settled and arriving are asked for in one statement: what joins meanwhile is counted once.


def batches_of(db: Database, table: str) -> list[tuple[int, int]]:
    """(batch, answers) of one table, those that have just arrived included; a batch may recur."""
    found = db.conn.execute(
        "SELECT batch, count FROM row_totals WHERE answers = :table UNION ALL"
        f" SELECT batch, count(*) FROM {quoted(ARRIVING + table)} GROUP BY batch",
        {"table": table},
    )
    return found.fetchall()


def texts_of(db: Database, study: str) -> list[tuple[str, str, str, int, str, int]]:
    """(table, question, language, batch, state, texts), those that have just arrived included."""
    found = db.conn.execute(
        "SELECT 'texts', variable, lang, batch, state, count FROM text_totals WHERE study = :study"
        f" UNION ALL SELECT '{ARRIVING}texts', variable, coalesce(lang, ''), batch, state, count(*)"
        f" FROM {ARRIVING}texts WHERE study = :study GROUP BY 1, 2, 3, 4, 5",
        {"study": study},
    )
    return found.fetchall()
