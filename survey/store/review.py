"""Reading the texts that are kept apart: their state beside the words, who read them in the office.

States: ``new``, ``once`` (read by one of two persons; ``redacted`` holds their words, or nothing
where the words stay as written), ``approved``, ``redacted``, ``withheld``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from survey.store.database import Database, quoted, writing
from survey.store.schema import ARRIVING

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
        """What a release would hold."""
        return self.text if self.redacted is None else self.redacted


_COLUMNS = "key, variable, lang, c_quote, batch, text, state, redacted"


def _each_table(sql: str) -> str:
    """The statement over settled and arriving texts; ``{}`` stands for the table."""
    return " UNION ALL ".join(sql.format(quoted(table)) for table in TABLES)


def all_texts(db: Database, study: str, *, frozen_only: bool) -> list[StoredText]:
    """Every text of the study, in key order."""
    condition = "study = ? AND batch > 0" if frozen_only else "study = ?"
    sql = _each_table(f"SELECT {_COLUMNS} FROM {{}} WHERE {condition}")
    return [StoredText(*row) for row in db.conn.execute(f"{sql} ORDER BY key", (study, study))]


def waiting(db: Database, study: str, *, batches: Sequence[int] | None) -> list[tuple[bytes, str]]:
    """(key, state) of each text that may be released and waits for a reader, in key order.

    ``batches`` None is every text there is.
    """
    within = "TRUE" if batches is None else f"batch IN ({', '.join(str(int(b)) for b in batches)})"
    states = ", ".join(f"'{state}'" for state in WAITING)
    sql = _each_table(
        f"SELECT key, state FROM {{}} WHERE study = ? AND lang IS NOT NULL"
        f" AND state IN ({states}) AND {within}"
    )
    return [(bytes(k), s) for k, s in db.conn.execute(f"{sql} ORDER BY key", (study, study))]


def text_of(db: Database, key: bytes) -> StoredText | None:
    """One text, or None when it was deleted."""
    sql = _each_table(f"SELECT {_COLUMNS} FROM {{}} WHERE key = ?")
    row = db.conn.execute(sql, (key, key)).fetchone()
    return StoredText(*row) if row else None


def set_state(db: Database, text: StoredText, state: str, redacted: str | None) -> bool:
    """Note a decision; False, and nothing changed, where the text is no longer as it was read."""
    with writing(db):
        changed = 0
        for table in TABLES:
            changed += db.conn.execute(
                f"UPDATE {quoted(table)} SET state = ?, redacted = ?"
                " WHERE key = ? AND state = ? AND redacted IS ?",
                (state, redacted, text.key, text.state, text.redacted),
            ).rowcount
    return bool(changed)


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
    """Enter a decision in the office, for good."""
    r = reading
    with writing(office):
        office.conn.execute(
            "INSERT INTO readings (study, pilot, key, at, who, decision, replaced)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (r.study, int(r.pilot), r.key, r.at, r.who, r.decision, json.dumps(dict(r.replaced))),
        )


def readings(office: Database, study: str) -> list[Reading]:
    """Every decision about the study's texts, in the order made."""
    sql = (
        "SELECT study, pilot, key, at, who, decision, replaced FROM readings"
        " WHERE study = ? ORDER BY id"
    )
    return [
        Reading(study, bool(pilot), bytes(key), at, who, decision, json.loads(replaced))
        for study, pilot, key, at, who, decision, replaced in office.conn.execute(sql, (study,))
    ]


def read_last_by(office: Database, keys: Sequence[bytes], who: str) -> frozenset[bytes]:
    """Those of ``keys`` whose last decision was made by ``who``."""
    sql = "SELECT who FROM readings WHERE key = ? ORDER BY id DESC LIMIT 1"
    last = ((key, office.conn.execute(sql, (key,)).fetchone()) for key in keys)
    return frozenset(key for key, row in last if row and row[0] == who)
