"""The office's record: rows that are only ever added, each linked to all before it by a hash.

A link holds the row as it was written, in a line with a salt. Its head is the SHA-256 of the head
before it and of the hash of its line, so a head that somebody noted stands for the whole record up
to it, and the hashes of later lines show, without a word of them, that the record continues it.
What the links prove, and what not: docs/decisions/0031-a-record-that-shows-changes.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Any

from survey.storage.database import AnyDatabase, quoted

CHAIN = "chain"
# Append-only, yet without a time and an order on purpose: their place among acts that have both
# would say when so many answers were there.
UNLINKED = (CHAIN, "verdicts", "told_pilots")

START = "0" * 64  # the head before the first link
SHORT = 16  # digits of a head that people note
_NOTED = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{8,64})")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the record: the number of its last link, and that link's hash (hex)."""

    position: int
    hash: str

    def __str__(self) -> str:
        return f"{self.position}:{self.hash[:SHORT]}"

    def noted_as(self, position: int, digits: str) -> bool:
        """Return whether this is the head that was noted with so many of its digits."""
        return self.position == position and self.hash.startswith(digits)


def read_head(text: str) -> tuple[int, str]:
    """Return position and digits of a noted head, "12:0123456789abcdef". Raises ValueError."""
    found = _NOTED.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(
            f"{text!r} is no head of a record: it is a number, a colon and 8 to 64 hexadecimal "
            "digits, as the certificate shows it."
        )
    return int(found[1]), found[2]


def line_of(position: int, table: str, row: Mapping[str, Any]) -> str:
    """Return the canonical text of a link: JSON with sorted keys, bytes as hexadecimal digits."""
    plain = {name: v.hex() if isinstance(v, bytes) else v for name, v in row.items()}
    # The salt: a line whose hash is public cannot be found by trying what it may say.
    content = {"n": position, "row": plain, "salt": token_hex(16), "table": table}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(line: str) -> str:
    """Return the hash (hex) of one line, as it is public."""
    return sha256(line.encode()).hexdigest()


def next_hash(before: str, line_hash: str) -> str:
    """Return the head (hex) after the line with this hash where ``before`` was the head."""
    return sha256(f"{before}\n{line_hash}".encode()).hexdigest()


def head(db: AnyDatabase) -> Head:
    """Return the present end of the record."""
    sql = f"SELECT position, head FROM {CHAIN} ORDER BY position DESC LIMIT 1"
    return Head(*(db.conn.execute(sql).fetchone() or (0, START)))


def head_at(db: AnyDatabase, position: int) -> Head | None:
    """Return the head as it was at this position; None where the record is shorter."""
    sql = f"SELECT position, head FROM {CHAIN} WHERE position = ?"
    found = db.conn.execute(sql, (position,)).fetchone()
    return Head(*found) if found else None


def lines(db: AnyDatabase) -> Iterator[tuple[int, str]]:
    """Yield position and line of every link, in order."""
    yield from db.conn.execute(f"SELECT position, line FROM {CHAIN} ORDER BY position")


def line_hashes(db: AnyDatabase, after: int, *, most: int) -> list[str]:
    """Return the hashes (hex) of at most ``most`` lines after a position, in order."""
    sql = f"SELECT line FROM {CHAIN} WHERE position > ? ORDER BY position LIMIT ?"
    return [hash_of(line) for (line,) in db.conn.execute(sql, (after, most))]


def link(db: AnyDatabase, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Link rows that were just written, as they are stored, within the caller's transaction."""
    last = head(db)
    position, hashed = last.position, last.hash
    for row in rows:
        position += 1
        line = line_of(position, table, row)
        hashed = next_hash(hashed, hash_of(line))
        db.conn.execute(f"INSERT INTO {CHAIN} VALUES (?, ?, ?)", (position, line, hashed))


def append(db: AnyDatabase, table: str, row: Mapping[str, Any]) -> int:
    """Add a row to an append-only table of the office and link it; return its ``id``, or 0.

    To be called within a transaction that has its turn to write (``write_transaction``): the row,
    its link and what else the act changes are there together, or not at all. Lists are kept as
    JSON.
    """
    if not db.conn.in_transaction:
        raise RuntimeError(f"A row of {table} is added outside a transaction.")
    kept = {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple) else value
        for name, value in row.items()
    }
    columns, marks = ", ".join(map(quoted, kept)), ", ".join("?" * len(kept))
    sql = f"INSERT INTO {quoted(table)} ({columns}) VALUES ({marks}) RETURNING *"
    written = db.conn.execute(sql, list(kept.values()))
    names = [column[0] for column in written.description]
    stored = dict(zip(names, written.fetchall()[0], strict=True))
    link(db, table, [stored])
    return int(stored.get("id", 0))


def rows_of(db: AnyDatabase, table: str, study: str, select: str = "*") -> Iterator[dict[str, Any]]:
    """Yield the study's rows of a table of the record, in the order written."""
    return db.table(table).rows_where("study = ?", [study], order_by="id", select=select)


def linked_tables(db: AnyDatabase) -> list[str]:
    """Return every table whose rows are linked, by name: the append-only ones but ``UNLINKED``."""
    sql = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?"
    return sorted({table for (table,) in db.conn.execute(sql, ["%_deleted"])} - set(UNLINKED))
