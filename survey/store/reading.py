"""Answers read back, those that have just arrived included: for counting and for a release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from survey.store.database import Database, quoted
from survey.store.schema import ARRIVING
from survey.store.tables import tables_of
from survey.store.totals import batches_of


def count(db: Database, study: str) -> int:
    """Answers to the study, those that have just arrived included."""
    return sum(n for table in tables_of(db, study) for _, n in batches_of(db, table))


def _read(
    db: Database, table: str, condition: str, bound: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """Rows in key order, arrived ones included, read at once: no reader holds up the log."""
    parts = [f"SELECT * FROM {quoted(p + table)} WHERE {condition}" for p in ("", ARRIVING)]
    cursor = db.conn.execute(" UNION ALL ".join(parts) + " ORDER BY key", (*bound, *bound))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def rows(
    db: Database, study: str, *, frozen_only: bool = False
) -> Iterator[dict[str, int | str | bytes]]:
    """Every row of the study with all its stored columns, in key order, table by table."""
    for table in tables_of(db, study):
        yield from _read(db, table, "batch > 0" if frozen_only else "TRUE", ())


def texts(db: Database, study: str, *, frozen_only: bool = False) -> Iterator[dict[str, Any]]:
    """Every kept-apart text of the study with all its stored columns, in key order."""
    condition = "study = ? AND batch > 0" if frozen_only else "study = ?"
    return _read(db, "texts", condition, (study,))


BLOCK = 50_000  # rows read at a time: a million do not have to fit into memory as objects


@contextmanager
def _one_look(db: Database) -> Iterator[None]:
    """Everything read in here is from one and the same state of the file."""
    db.conn.execute("BEGIN")
    try:
        yield
    finally:
        db.rollback()


def blocks(
    db: Database, table: str, names: Sequence[str], *, batches: Sequence[int] | None
) -> Iterator[dict[str, tuple[Any, ...]]]:
    """Columns of one table of answers in key order, a block of rows at a time.

    ``batches`` None is every row.
    """
    chosen = ", ".join(quoted(name) for name in names)
    within = "TRUE" if batches is None else f"batch IN ({', '.join(str(int(b)) for b in batches)})"
    with _one_look(db):
        for part in (table, ARRIVING + table):
            cursor = db.conn.execute(
                f"SELECT {chosen} FROM {quoted(part)} WHERE {within} ORDER BY key"
            )
            while rows := cursor.fetchmany(BLOCK):
                yield dict(zip(names, zip(*rows, strict=True), strict=True))


def columns_of(db: Database, table: str) -> tuple[str, ...]:
    """Every column of a table of answers, the store's own included."""
    found = db.conn.execute(f"SELECT * FROM {quoted(table)} LIMIT 0")
    return tuple(column[0] for column in found.description)
