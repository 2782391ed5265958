"""The table of a study's answers, made from its columns, and the words that were answered.

One table for each study and set of columns: a change of wording alone reuses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from survey.store.database import Database, quoted, writing
from survey.store.errors import UnknownWords
from survey.store.schema import ANSWERS_PREFIX, ARRIVING

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
    """A column of answers: its name and every value it may hold (``forms.columns.Column``)."""

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


def _ranges(codes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Unbroken ranges that hold exactly ``codes``, rising."""
    rising = sorted(set(codes))
    starts = [code for code in rising if code - 1 not in rising]
    ends = [code for code in rising if code + 1 not in rising]
    return zip(starts, ends, strict=True)


def _among(column: str, codes: Collection[int]) -> str:
    """SQL: ``column`` holds one of ``codes``."""
    return " OR ".join(
        f"{column} = {low}" if low == high else f"{column} BETWEEN {low} AND {high}"
        for low, high in _ranges(codes)
    )


def _definition(column: ColumnLike) -> str:
    """The column in SQL. Its check is named for it, so that a refusal names no value."""
    name = quoted(column.name)
    if column.name in ROW_COLUMNS:
        raise ValueError(f"A question cannot be called {column.name}: every row has that already.")
    if not column.max_length:
        allowed = _among(name, (*column.codes, *column.missing))
        return f"{name} INTEGER NOT NULL CONSTRAINT {name} CHECK ({allowed})"
    text = f"typeof({name}) = 'text' AND length({name}) BETWEEN 1 AND {int(column.max_length)}"
    code = f"typeof({name}) = 'integer' AND ({_among(name, column.missing) or 'FALSE'})"
    return f"{name} ANY NOT NULL CONSTRAINT {name} CHECK (({text}) OR ({code}))"


def _create(db: Database, name: str, definitions: Sequence[str]) -> None:
    body = ",\n    ".join(definitions)
    db.conn.execute(
        f"CREATE TABLE IF NOT EXISTS {quoted(name)} (\n    {body}\n) STRICT, WITHOUT ROWID"
    )


def prepare(
    db: Database, *, study: str, fingerprint: bytes, content: str, columns: Sequence[ColumnLike]
) -> str:
    """The name of the table for ``columns``, made when missing; archives the words once.

    ``content`` is the canonical text that ``fingerprint`` (32 bytes) was worked out from. Raises
    ValueError for a column that cannot be one.
    """
    definitions = [f"{quoted(name)} {rest}" for name, rest in ROW_COLUMNS.items()]
    definitions += [_definition(column) for column in columns]
    digest = hashlib.sha256("\n".join([study, *definitions]).encode()).hexdigest()
    table = ANSWERS_PREFIX + digest[:12]
    if (table,) in _current(db, study, fingerprint):
        return table
    with writing(db):
        _create(db, table, definitions)
        _create(db, ARRIVING + table, definitions)
        _archive(db, (study, fingerprint, table, content))
    return table


def _archive(db: Database, words: tuple[str, bytes, str, str]) -> None:
    """Keep the words; from now on answers to them go to this table."""
    db.conn.execute(
        "UPDATE wordings SET current = 0 WHERE study = ? AND fingerprint = ?", words[:2]
    )
    db.conn.execute("INSERT OR REPLACE INTO wordings VALUES (?, ?, ?, ?, 1)", words)


def _current(db: Database, study: str | None, fingerprint: bytes) -> list[tuple[str]]:
    return db.conn.execute(
        "SELECT answers FROM wordings WHERE study = coalesce(?, study)"
        " AND fingerprint = ? AND current",
        (study, fingerprint),
    ).fetchall()


def table_of(db: Database, fingerprint: bytes, *, study: str | None = None) -> str:
    """The table that answers to these words go to. Raises UnknownWords before ``prepare``.

    Name the ``study`` where two could have the very same words.
    """
    found = _current(db, study, fingerprint)
    if not found:
        raise UnknownWords(f"No table is ready for the words {fingerprint.hex()[:12]}….")
    return found[0][0]


def tables_of(db: Database, study: str) -> list[str]:
    """Every table with answers to this study, one for each set of columns it ever had."""
    found = db.conn.execute("SELECT DISTINCT answers FROM wordings WHERE study = ?", (study,))
    return sorted(table for (table,) in found.fetchall())


def wordings(db: Database, study: str) -> list[dict[str, str | bytes]]:
    """Every archived wording: ``fingerprint``, ``table`` and canonical ``content``."""
    found = db.conn.execute(
        "SELECT fingerprint, answers, content FROM wordings WHERE study = ? ORDER BY fingerprint",
        (study,),
    ).fetchall()
    return [dict(zip(("fingerprint", "table", "content"), row, strict=True)) for row in found]
