"""Reading the whole record again: whether its links hold and its rows are as they were linked."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from time import monotonic
from typing import Any

import sqlite_utils

from survey.clock import Clock
from survey.storage import record
from survey.storage.database import AnyDatabase, Database, quoted
from survey.storage.record import CHAIN, START, Head
from survey.storage.schema import OFFICE

MOST_TOLD = 20  # faults named; one altered link makes every later one unsound


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """What a reading of the whole record found: its end, when it was begun, and every fault."""

    head: Head
    begun_at: str
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Return whether nothing was changed, taken out or put in beside the links."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Made:
    """The office's file as the program makes it: guards, keys and defaults by table."""

    guards: dict[str, str]
    keys: dict[str, tuple[str, ...]]
    defaults: dict[str, dict[str, Any]]


@cache
def _made() -> _Made:
    db = sqlite_utils.Database(memory=True, execute_plugins=False)
    OFFICE.apply(db)
    tables = record.linked_tables(db)
    defaults = {
        table: {
            name: db.conn.execute(f"SELECT {default}").fetchone()[0] if default else None
            for _, name, _, _, default, _ in db.conn.execute(f"PRAGMA table_info({quoted(table)})")
        }
        for table in tables
    }
    made = _Made(_guards(db), {table: tuple(db.table(table).pks) for table in tables}, defaults)
    db.close()
    return made


def _guards(db: AnyDatabase) -> dict[str, str]:
    return dict(db.conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))


def check(db: AnyDatabase) -> RecordCheck:
    """Read the record once, from its first link to its last."""
    began = not db.conn.in_transaction
    if began:
        db.conn.execute("BEGIN")  # rows and links of one moment
    try:
        faults = tuple(islice(_faults(db), MOST_TOLD))
        return RecordCheck(record.head(db), _begun_at(db), faults)
    finally:
        if began:
            db.rollback()


def _begun_at(db: AnyDatabase) -> str:
    first = db.conn.execute(f"SELECT line FROM {CHAIN} WHERE position = 1").fetchone()
    try:
        return str(json.loads(first[0])["row"]["begun_at"])
    except (TypeError, ValueError, KeyError):
        return ""


def _faults(db: AnyDatabase) -> Iterator[str]:
    yield from _unguarded(db)
    yield from _broken(db)
    yield from _unmatched(db)
    yield from _contradicted(db)


def not_continued(db: AnyDatabase, noted: str) -> str:
    """Return why the record does not continue a head noted before; empty where it does.

    Raises ValueError for a text that is no head.
    """
    position, digits = record.read_head(noted)
    last = record.head(db)
    if position > last.position:
        return (
            f"The record ends at link {last.position}, before the noted head {position}: its end "
            "was cut off, or an older copy was restored."
        )
    found = record.head_at(db, position)
    if not found or not found.noted_as(position, digits):
        return (
            f"The record is not the one of the noted head: link {position} has another hash, so "
            "something was changed at or before it, or this is a copy that went another way."
        )
    return ""


def _unguarded(db: AnyDatabase) -> Iterator[str]:
    """Yield which triggers against changes are missing or altered."""
    present = _guards(db)
    missing = sorted(n for n, sql in _made().guards.items() if present.get(n) != sql)
    if missing:
        yield f"These guards of office.db are missing or altered: {', '.join(missing)}."


def _broken(db: AnyDatabase) -> Iterator[str]:
    """Yield each link that is missing or does not follow from those before it."""
    hashed, position = START, 0
    sql = f"SELECT position, line, head FROM {CHAIN} ORDER BY position"
    for number, line, head in db.conn.execute(sql):
        position += 1
        if number != position:
            yield f"Link {position} is missing."
            position = number
        if record.next_hash(hashed, record.hash_of(line)) != head:
            yield f"Link {number} does not follow from those before it."
        hashed = head


def _unmatched(db: AnyDatabase) -> Iterator[str]:
    """Yield each row that is not as it was linked, and how many have no link."""
    made = _made()
    linked, seen = Counter[str](), set[tuple[str, tuple[Any, ...]]]()
    for number, line in record.lines(db):
        try:
            content = json.loads(line)
            table, row, told = content["table"], content["row"], content["n"]
            key = tuple(row.get(name) for name in made.keys.get(table, ()))
        except (ValueError, TypeError, KeyError, AttributeError):
            yield f"Link {number} cannot be read."
            continue
        if told != number or (table, key) in seen or table not in {CHAIN, *made.keys}:
            yield f"Link {number} names another link, a row linked before, or no table known here."
        elif table != CHAIN:
            seen.add((table, key))
            linked[table] += 1
            yield from _altered(db, table, row, f"The row of link {number} ({table})")
    for table in made.keys:
        rows = db.conn.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0]
        if rows > linked[table]:
            yield f"{table} has rows without a link: {rows - linked[table]} of {rows}."


def _altered(db: AnyDatabase, table: str, row: dict[str, Any], named: str) -> Iterator[str]:
    """Yield what is no longer so of a linked row."""
    made = _made()
    where = " AND ".join(f"{quoted(name)} = ?" for name in made.keys[table])
    key = [row.get(name) for name in made.keys[table]]
    cursor = db.conn.execute(f"SELECT * FROM {quoted(table)} WHERE {where}", key)
    found = cursor.fetchone()
    if found is None:
        yield f"{named} was deleted."
        return
    names = [column[0] for column in cursor.description]
    present = {n: v.hex() if isinstance(v, bytes) else v for n, v in zip(names, found, strict=True)}
    # Columns that were added later hold what the program gave to rows from before.
    expected = made.defaults[table] | row
    if differing := sorted(n for n in present | expected if present.get(n) != expected.get(n)):
        yield f"{named} was changed: {', '.join(differing)}."


def _contradicted(db: AnyDatabase) -> Iterator[str]:
    """Yield each study of which the present state is not the last turn in its life."""
    sql = """SELECT study FROM lives WHERE status IS NOT
        (SELECT what FROM turns WHERE turns.study = lives.study ORDER BY id DESC LIMIT 1)
        UNION SELECT study FROM turns WHERE study NOT IN (SELECT study FROM lives)"""
    for (study,) in db.conn.execute(sql):
        yield f"The state of {study} is not the last turn in its record."


CHECKED_SECONDS = 60.0  # how long a reading of the whole record is believed while nothing is added


class RecordWatch:
    """The last reading of the whole record, made anew once it grew or is a minute old."""

    def __init__(self, office: Callable[[], Database], clock: Clock = monotonic) -> None:
        self._office, self._clock = office, clock
        self._last: tuple[float, RecordCheck] | None = None
        self._reading = threading.Lock()

    def look(self) -> RecordCheck:
        """Return what the record is found to be. The public asks too: it is not read each time."""
        office, at, last = self._office(), self._clock(), self._last
        if last and at - last[0] < CHECKED_SECONDS and last[1].head == record.head(office):
            return last[1]
        # While one reads it all the others go on with what was found before.
        if not self._reading.acquire(blocking=last is None) and last:
            return last[1]
        try:
            self._last = at, check(office)
            return self._last[1]
        finally:
            self._reading.release()
