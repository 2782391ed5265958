"""Tables of a study's answers: made from its columns, counted, and read for a release.

Each study has one for each set of columns: a change of wording alone reuses it. Totals are kept
beside them, so that no row is read for a count. They cover merged answers and change where arrivals
are merged, group by group in one order, so they tell nothing finer than a batch; arrivals, a few
dozen, are counted as they lie.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from survey.errors import UnknownWords
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.schema import ANSWERS_PREFIX, ARRIVING

# What every row has before its answers. ``deletion`` is a keyed hash of the client's code, or
# random bytes; ``batch`` is 0 until a freeze. There is no time and no number on purpose.
ROW_COLUMNS = {
    "key": "BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 16)",
    "fingerprint": "BLOB NOT NULL CHECK (length(fingerprint) = 32)",
    "lang": "TEXT NOT NULL",
    "c_open": "INTEGER NOT NULL CHECK (c_open IN (0, 1))",
    "completion": "INTEGER NOT NULL CHECK (completion IN (1, 2))",
    "dur_band": "INTEGER NOT NULL CHECK (dur_band BETWEEN 0 AND 99)",
    "deletion": "BLOB NOT NULL CHECK (length(deletion) = 32)",
    "batch": "INTEGER NOT NULL DEFAULT 0",
}


class ColumnLike(Protocol):
    """A column of answers: its name and every value it may hold (``forms.kinds.Column``)."""

    @property
    def name(self) -> str:
        """Column name."""

    @property
    def codes(self) -> Sequence[int]:
        """Substantive codes, 0 or more."""

    @property
    def missing(self) -> Sequence[int]:
        """Missing codes, below 0."""

    @property
    def max_length(self) -> int:
        """Characters that a text column may hold; 0 for a coded one."""


def _among(column: str, codes: Iterable[int]) -> str:
    """Return SQL for "``column`` holds one of ``codes``", by unbroken ranges."""
    rising = sorted(set(codes))
    lows = [code for code in rising if code - 1 not in rising]
    highs = [code for code in rising if code + 1 not in rising]
    return " OR ".join(
        f"{column} = {low}" if low == high else f"{column} BETWEEN {low} AND {high}"
        for low, high in zip(lows, highs, strict=True)
    )


def _definition(column: ColumnLike) -> str:
    """Return the column in SQL."""
    name = quoted(column.name)
    if column.name in ROW_COLUMNS:
        raise ValueError(f"A question cannot be called {column.name}: every row has that already.")
    # The check bears the column's name: SQLite refuses with that, and so names no value.
    if not column.max_length:
        allowed = _among(name, (*column.codes, *column.missing))
        return f"{name} INTEGER NOT NULL CONSTRAINT {name} CHECK ({allowed})"
    text = f"typeof({name}) = 'text' AND length({name}) BETWEEN 1 AND {int(column.max_length)}"
    code = f"typeof({name}) = 'integer' AND ({_among(name, column.missing) or 'FALSE'})"
    return f"{name} ANY NOT NULL CONSTRAINT {name} CHECK (({text}) OR ({code}))"


def answer_table(study: str, columns: Sequence[ColumnLike]) -> tuple[str, str]:
    """Return the name of the table for ``columns`` and its SQL with ``{name}`` to be filled in.

    Raises ValueError for a column that cannot be one.
    """
    definitions = [f"{quoted(name)} {rest}" for name, rest in ROW_COLUMNS.items()]
    definitions += [_definition(column) for column in columns]
    digest = hashlib.sha256("\n".join([study, *definitions]).encode()).hexdigest()
    body = ",\n    ".join(definitions)
    sql = f'CREATE TABLE "{{name}}" (\n    {body}\n) STRICT, WITHOUT ROWID'
    return ANSWERS_PREFIX + digest[:12], sql


def prepare(
    db: Database, *, study: str, fingerprint: bytes, content: str, columns: Sequence[ColumnLike]
) -> str:
    """Return the table for ``columns``, made when missing; archives the words once.

    ``content`` is the canonical text that ``fingerprint`` (32 bytes) was worked out from. Raises
    ValueError for a column that cannot be one.
    """
    table, sql = answer_table(study, columns)
    if (table,) in _current(db, study, fingerprint):
        return table
    with write_transaction(db):
        for name in (table, ARRIVING + table):
            db.conn.execute(sql.format(name=name).replace("TABLE", "TABLE IF NOT EXISTS", 1))
        # The same words have another table once the program stores other columns of them.
        retire = "UPDATE wordings SET current = 0 WHERE study = ? AND fingerprint = ?"
        db.conn.execute(retire, (study, fingerprint))
        kept = (study, fingerprint, table, content)
        db.conn.execute("INSERT OR REPLACE INTO wordings VALUES (?, ?, ?, ?, 1)", kept)
    return table


def _current(db: Database, study: str | None, fingerprint: bytes) -> list[tuple[str]]:
    return db.conn.execute(
        "SELECT answers FROM wordings WHERE study = coalesce(?, study)"
        " AND fingerprint = ? AND current",
        (study, fingerprint),
    ).fetchall()


def table_of(db: Database, fingerprint: bytes, *, study: str | None = None) -> str:
    """Return the table of answers to these words. Raises UnknownWords before ``prepare``.

    Name the ``study`` where two could have the very same words.
    """
    found = _current(db, study, fingerprint)
    if not found:
        raise UnknownWords(f"No table is ready for the words {fingerprint.hex()[:12]}….")
    return found[0][0]


def tables_of(db: Database, study: str) -> list[str]:
    """Return every table of answers of the study, one for each set of columns it ever had."""
    found = db.conn.execute("SELECT DISTINCT answers FROM wordings WHERE study = ?", (study,))
    return sorted(table for (table,) in found.fetchall())


def studies_of(db: Database, table: str) -> set[str]:
    """Return the studies whose answers are in this table; none for a table of something else."""
    found = db.conn.execute("SELECT DISTINCT study FROM wordings WHERE answers = ?", (table,))
    return {study for (study,) in found.fetchall()}


def wordings(db: Database, study: str) -> list[dict[str, str | bytes]]:
    """Return every archived wording: ``fingerprint``, ``table`` and canonical ``content``."""
    found = db.conn.execute(
        "SELECT fingerprint, answers, content FROM wordings WHERE study = ? ORDER BY fingerprint",
        (study,),
    ).fetchall()
    return [dict(zip(("fingerprint", "table", "content"), row, strict=True)) for row in found]


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


def counted(db: Database, table: str, *, arriving: bool = False) -> list[Group]:
    """Return the groups of a table in one order; none for a table that is not counted."""
    if table != TEXTS and not table.startswith(ANSWERS_PREFIX):
        return []
    part = quoted((ARRIVING if arriving else "") + table)
    sql = (_TEXTS_OF if table == TEXTS else _ROWS_OF).format(table=table, part=part)
    return sorted(db.conn.execute(sql).fetchall())


def add(db: Database, table: str, groups: Iterable[Group]) -> None:
    """Add to the totals of ``table``, or subtract from them; within a transaction."""
    db.conn.executemany(_ADD_TEXTS if table == TEXTS else _ADD_ROWS, groups)


def moved(db: Database, text: Sequence[object], before: str, after: str) -> None:
    """Count a merged ``text`` (study, variable, lang, batch) in its new state; in a transaction."""
    add(db, TEXTS, [(*text, before, -1), (*text, after, 1)])
    db.conn.execute("DELETE FROM text_totals WHERE count = 0")


def recount(db: Database, tables: Iterable[str]) -> None:
    """Count all ``tables`` (by the names of the merged ones) anew; within a transaction.

    For rows that something else than this module's functions wrote or deleted.
    """
    db.conn.execute("DELETE FROM row_totals")
    db.conn.execute("DELETE FROM text_totals")
    for table in sorted(tables):
        add(db, table, counted(db, table))


def merged(db: Database) -> int:
    """Return how many answers lie among the others, as they are counted."""
    return int(db.conn.execute("SELECT coalesce(sum(count), 0) FROM row_totals").fetchone()[0])


def subtract(db: Database, table: str, groups: Counter[Group]) -> None:
    """Count merged rows or texts (their group without its count) no more; in a transaction."""
    add(db, table, [(*group, -gone) for group, gone in sorted(groups.items())])
    totals = "text_totals" if table == TEXTS else "row_totals"
    db.conn.execute(f"DELETE FROM {totals} WHERE count = 0")


def batches_of(db: Database, table: str) -> list[tuple[int, int]]:
    """Return (batch, answers) of one table, arrivals included; a batch may recur."""
    # In one statement: what joins the others meanwhile is counted once.
    found = db.conn.execute(
        "SELECT batch, count FROM row_totals WHERE answers = :table UNION ALL"
        f" SELECT batch, count(*) FROM {quoted(ARRIVING + table)} GROUP BY batch",
        {"table": table},
    )
    return found.fetchall()


def count(db: Database, study: str) -> int:
    """Return how many answers the study has, arrivals included."""
    return sum(n for table in tables_of(db, study) for _, n in batches_of(db, table))


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """How many answers of a study are there, and how many were deleted by code.

    No two states of a collection have the same two numbers: an answer that comes adds to their
    sum, one that is deleted moves from the first to the second.
    """

    present: int
    deleted: int

    @property
    def sent(self) -> int:
        """Return how many were ever sent, a number that no deletion moves."""
        return self.present + self.deleted


_DELETED = "SELECT coalesce(sum(count), 0) FROM tallies WHERE study = ? AND event = 'withdrawn'"


def answer_counts(db: Database, study: str) -> AnswerCounts:
    """Return both counts from one state of the file: a deletion moves a row between them."""
    with _one_look(db):
        deleted: int = db.conn.execute(_DELETED, (study,)).fetchone()[0]
        return AnswerCounts(count(db, study), deleted)


def _read(
    db: Database, table: str, condition: str, bound: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """Return rows in key order, arrived ones included."""
    # Read at once: who stays holds up the emptying of the log (docs/decisions/0003).
    parts = [f"SELECT * FROM {quoted(p + table)} WHERE {condition}" for p in ("", ARRIVING)]
    cursor = db.conn.execute(" UNION ALL ".join(parts) + " ORDER BY key", (*bound, *bound))
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def rows(
    db: Database, study: str, *, frozen_only: bool = False
) -> Iterator[dict[str, int | str | bytes]]:
    """Yield every row of the study with all its stored columns, in key order, by table."""
    for table in tables_of(db, study):
        yield from _read(db, table, "batch > 0" if frozen_only else "TRUE", ())


def texts(db: Database, study: str, *, frozen_only: bool = False) -> Iterator[dict[str, Any]]:
    """Yield every kept-apart text of the study with all its stored columns, in key order."""
    condition = "study = ? AND batch > 0" if frozen_only else "study = ?"
    return _read(db, "texts", condition, (study,))


ROWS_AT_ONCE = 10_000  # rows read at a time: a million do not have to fit into memory as objects


@contextmanager
def _one_look(db: Database) -> Iterator[None]:
    """Read everything within from one state of the file."""
    if db.conn.in_transaction:
        yield
        return
    db.conn.execute("BEGIN")
    try:
        yield
    finally:
        db.rollback()


# Whole numbers of one row come from SQLite as one text of as many letters, which is five times as
# quick as a number at a time. A letter's code is the number and PACKED_FROM.
PACKED, PACKED_FROM, PACKED_MOST = "packed", 1000, 50_000
_ARGUMENTS = 100  # of a function of SQLite, which takes 127


def _packed(names: Sequence[str]) -> str:
    """Return SQL for the letters of these columns, as bytes in UTF-8 (surrogates included)."""
    parts = [names[at : at + _ARGUMENTS] for at in range(0, len(names), _ARGUMENTS)]
    numbers = (", ".join(f"{quoted(name)} + {PACKED_FROM}" for name in part) for part in parts)
    return f"CAST({' || '.join(f'char({each})' for each in numbers)} AS BLOB)"


def blocks(
    db: Database,
    table: str,
    names: Sequence[str],
    *,
    batches: Sequence[int] | None,
    packed: Sequence[str] = (),
) -> Iterator[dict[str, tuple[Any, ...]]]:
    """Yield columns of one table of answers in key order, a block of rows at a time.

    ``batches`` None is every row. Columns in ``packed``, of whole numbers between -PACKED_FROM and
    PACKED_MOST, come together as PACKED; any other number in them becomes one that lies outside.
    """
    chosen = ", ".join([*map(quoted, names), *([_packed(packed)] if packed else [])])
    names = [*names, PACKED] if packed else names
    within = "TRUE" if batches is None else f"batch IN ({', '.join(str(int(b)) for b in batches)})"
    with _one_look(db):
        for part in (table, ARRIVING + table):
            sql = f"SELECT {chosen} FROM {quoted(part)} WHERE {within} ORDER BY key"
            cursor = db.conn.execute(sql)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield dict(zip(names, zip(*rows, strict=True), strict=True))


def asked_columns(db: Database, study: str) -> set[frozenset[str]]:
    """Return every set of columns that answers to the study ever had, without the store's own."""
    tables = tables_of(db, study)
    return {frozenset({*columns_of(db, table)} - ROW_COLUMNS.keys()) for table in tables}


def columns_of(db: Database, table: str) -> tuple[str, ...]:
    """Return every column of a table of answers, the store's own included."""
    return tuple(column.name for column in db.table(table).columns)
