"""Clients' texts, kept apart from the answers: their state, their counts, and who read them.

States: ``new``, ``once`` (read by one of two persons; ``redacted`` holds their words, or nothing
where the words stay as written), ``approved``, ``redacted``, ``withheld``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from survey.storage import answer_tables
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.record import append
from survey.storage.rewriting import rewrite_file
from survey.storage.schema import ARRIVING, ROW_KEY_BYTES

NEVER = ""  # in place of a language: its mere existence would narrow down who wrote the text


@dataclass(frozen=True, slots=True)
class TextCount:
    """``count`` texts of the ``table`` that are alike in question, language, batch and state."""

    table: str
    variable: str
    lang: str
    batch: int
    state: str
    count: int


def text_counts(db: Database, study: str) -> list[TextCount]:
    """Return every count of the study's texts, those that have just arrived included."""
    # In one statement: what joins the others meanwhile is counted once.
    found = db.conn.execute(
        "SELECT 'texts', variable, lang, batch, state, count FROM text_totals WHERE study = :study"
        f" UNION ALL SELECT '{ARRIVING}texts', variable, coalesce(lang, ''), batch, state, count(*)"
        f" FROM {ARRIVING}texts WHERE study = :study GROUP BY 1, 2, 3, 4, 5",
        {"study": study},
    )
    return [TextCount(*row) for row in found.fetchall()]


def counts(
    db: Database, study: str, *, batches: Collection[int] | None
) -> Counter[tuple[str, str, str]]:
    """Return (question, language, state) → texts; the language of unreleasable ones is NEVER.

    ``batches`` None is every text there is.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    for each in text_counts(db, study):
        if batches is None or each.batch in batches:
            found[each.variable, each.lang, each.state] += each.count
    return found


NEW, ONCE, APPROVED, REDACTED, WITHHELD = "new", "once", "approved", "redacted", "withheld"
WAITING = (NEW, ONCE)
TABLES = ("texts", ARRIVING + "texts")


@dataclass(frozen=True, slots=True)
class StoredText:
    """A kept-apart text as a person reads it. ``redacted`` are its words after a reader's changes.

    ``lang`` is None where the mere existence of the text would narrow down who wrote it: such a
    text is never released, so nobody reads it.
    """

    key: bytes
    variable: str
    lang: str | None
    c_quote: int
    batch: int
    text: str
    state: str
    redacted: str | None

    @property
    def words(self) -> str:
        """Return the words that a release would hold."""
        return self.text if self.redacted is None else self.redacted


_COLUMNS = "key, variable, lang, c_quote, batch, text, state, redacted"


def _each_table(sql: str) -> str:
    """Return the statement over settled and arriving texts; ``{}`` stands for the table."""
    return " UNION ALL ".join(sql.format(quoted(table)) for table in TABLES)


def all_texts(db: Database, study: str, *, frozen_only: bool) -> list[StoredText]:
    """Return every text of the study, in key order."""
    condition = "study = ? AND batch > 0" if frozen_only else "study = ?"
    sql = _each_table(f"SELECT {_COLUMNS} FROM {{}} WHERE {condition}")
    return [StoredText(*row) for row in db.conn.execute(f"{sql} ORDER BY key", (study, study))]


KEYS_AT_ONCE = 64  # keys read at a time: more than a reader can have skipped

_UNREAD = """
    SELECT key FROM {table} WHERE study = ? AND state = ? AND batch = ? AND lang IS NOT NULL
    AND state IN ('new', 'once') AND key >= ? AND key < ? ORDER BY key LIMIT ?
"""  # says again what its index is limited to: SQLite takes no other word for it
_LAST = b"\xff" * (ROW_KEY_BYTES + 1)  # above every key


@dataclass(frozen=True, slots=True)
class Place:
    """A place where texts wait: settled or arriving, a batch, for which reader (NEW, ONCE)."""

    table: str
    batch: int
    state: str


def places(db: Database, study: str, *, batches: Sequence[int] | None) -> Counter[Place]:
    """Return place → texts that may be released and wait there for a reader; reads no text.

    ``batches`` None is every text there is.
    """
    found: Counter[Place] = Counter()
    for each in text_counts(db, study):
        within = batches is None or each.batch in batches
        if within and each.state in WAITING and each.lang != NEVER:
            found[Place(each.table, each.batch, each.state)] += each.count
    return found


def unread(db: Database, study: str, place: Place, start: bytes) -> Iterator[list[bytes]]:
    """Yield keys of texts that wait in a place, some at a time: from ``start`` on, then around."""
    sql = _UNREAD.format(table=quoted(place.table))
    for low, high in ((start, _LAST), (b"", start)):
        while found := db.conn.execute(
            sql, (study, place.state, place.batch, low, high, KEYS_AT_ONCE)
        ).fetchall():
            yield (keys := [bytes(key) for (key,) in found])
            low = keys[-1] + b"\0"


def text_of(db: Database, key: bytes) -> StoredText | None:
    """Return one text, or None when it was deleted."""
    sql = _each_table(f"SELECT {_COLUMNS} FROM {{}} WHERE key = ?")
    row = db.conn.execute(sql, (key, key)).fetchone()
    return StoredText(*row) if row else None


def set_state(db: Database, text: StoredText, state: str, redacted: str | None) -> bool:
    """Note a decision; False, and nothing changed, where the text is no longer as it was read."""
    changed = False
    with write_transaction(db):
        for table in TABLES:
            groups = db.conn.execute(
                f"UPDATE {quoted(table)} SET state = ?, redacted = ?"
                " WHERE key = ? AND state = ? AND redacted IS ?"
                " RETURNING study, variable, coalesce(lang, ''), batch",
                (state, redacted, text.key, text.state, text.redacted),
            ).fetchall()
            changed = changed or bool(groups)
            # Arrivals are counted as they lie: only merged texts have totals to be kept right.
            for group in groups if table == answer_tables.TEXTS else ():
                answer_tables.moved(db, group, text.state, state)
    return changed


GONE = "[withheld]"  # in place of the words of a withheld text, once they are overwritten
_WITH_ORIGINAL = (
    f"(state = '{REDACTED}' AND redacted IS NOT NULL OR state = '{WITHHELD}' AND text <> '{GONE}')"
)


def with_original(db: Database, study: str) -> list[bytes]:
    """Return the keys of decided texts whose words as written are there and go to nobody."""
    sql = _each_table(f"SELECT key FROM {{}} WHERE study = ? AND {_WITH_ORIGINAL}")
    return [bytes(key) for (key,) in db.conn.execute(f"{sql} ORDER BY key", (study, study))]


def overwrite_originals(db: Database, keys: Sequence[bytes]) -> int:
    """Put a reader's words in place of those written, and nothing for withheld ones.

    The bytes are overwritten on the disk, as after a deletion by code. Returns how many.
    """
    changed = 0
    with write_transaction(db):
        for table in TABLES:
            sql = (
                f"UPDATE {quoted(table)} SET text = coalesce(redacted, ?), redacted = NULL"
                f" WHERE key = ? AND {_WITH_ORIGINAL}"
            )
            changed += db.conn.executemany(sql, ((GONE, key) for key in keys)).rowcount
    if changed:  # pages that were split long ago may hold copies
        rewrite_file(db)
    return changed


def decided_at(office: Database, key: bytes) -> str:
    """Return when (ISO) a reader last decided about this text, or nothing."""
    sql = "SELECT at FROM readings WHERE key = ? ORDER BY id DESC LIMIT 1"
    found = office.conn.execute(sql, (key,)).fetchone()
    return str(found[0]) if found else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One decision of one reader. ``at`` is an ISO time; ``replaced`` maps a kind to a count."""

    study: str
    pilot: bool
    key: bytes
    at: str
    who: str
    decision: str
    replaced: Mapping[str, int] = field(default_factory=dict)


def note_reading(office: Database, reading: Reading) -> None:
    """Keep a decision for good."""
    with write_transaction(office):
        row = asdict(reading) | {"replaced": json.dumps(dict(reading.replaced))}
        append(office, "readings", row)


def read_last_by(office: Database, keys: Sequence[bytes], who: str) -> frozenset[bytes]:
    """Return those of ``keys`` whose last decision was made by ``who``."""
    sql = "SELECT who FROM readings WHERE key = ? ORDER BY id DESC LIMIT 1"
    found = {key: office.conn.execute(sql, (key,)).fetchone() for key in keys}
    return frozenset(key for key, last in found.items() if last == (who,))
