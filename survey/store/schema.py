"""The tables of each file. What holds answers has no time, no order and no address in it.

Tables of answers are not made here: each study brings its own columns (tables.py).
"""

from __future__ import annotations

from survey.store.database import AnyDatabase, Migrations

ANSWERS = Migrations("answers")  # responses.db and pilot.db
DRAFTS = Migrations("drafts")
OFFICE = Migrations("office")

# What arrives lies in a table of the same shape until it is settled in key order (settle.py).
ARRIVING = "arriving_"
ANSWERS_PREFIX = "answers_"  # and twelve hexadecimal digits of its columns

_TEXTS = """
    CREATE TABLE "{name}" (
        key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 16),
        study TEXT NOT NULL,
        variable TEXT NOT NULL,
        lang TEXT,
        c_quote INTEGER NOT NULL CHECK (c_quote IN (0, 1)),
        deletion BLOB NOT NULL CHECK (length(deletion) = 32),
        batch INTEGER NOT NULL DEFAULT 0,
        text TEXT NOT NULL CHECK (length(text) > 0),
        state TEXT NOT NULL DEFAULT 'new',
        redacted TEXT
    ) STRICT, WITHOUT ROWID
"""

_KEYED = """
    CREATE TABLE "{name}" (
        value BLOB NOT NULL PRIMARY KEY CHECK (length(value) = 32)
    ) STRICT, WITHOUT ROWID
"""


def _make(db: AnyDatabase, *statements: str) -> None:
    for statement in statements:
        db.conn.execute(statement)


@ANSWERS()
def m001_answers(db: AnyDatabase) -> None:
    """Everything in a file of answers but the answers."""
    _make(
        db,
        _TEXTS.format(name="texts"),
        _TEXTS.format(name=ARRIVING + "texts"),
        # Keyed hashes of submit tokens: a repeated submit makes no second row.
        _KEYED.format(name="accepted"),
        _KEYED.format(name=ARRIVING + "accepted"),
        # Deletion values asked for and not yet carried out.
        _KEYED.format(name="withdrawals"),
        """CREATE TABLE invitations (
            code BLOB NOT NULL PRIMARY KEY CHECK (length(code) = 32),
            study TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE tallies (
            study TEXT NOT NULL, event TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (study, event)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE wordings (
            study TEXT NOT NULL, fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
            answers TEXT NOT NULL, content TEXT NOT NULL,
            current INTEGER NOT NULL CHECK (current IN (0, 1)),
            PRIMARY KEY (study, fingerprint, answers)
        ) STRICT, WITHOUT ROWID""",
        # One row. settled: answers that joined the others since the last levelling; stored: answers
        # there were then; resting: arrivals that lie in key order already.
        """CREATE TABLE levelling (
            settled INTEGER NOT NULL, stored INTEGER NOT NULL, resting INTEGER NOT NULL
        ) STRICT""",
        "INSERT INTO levelling VALUES (0, 0, 0)",
        # Always empty at rest; shuffles the list of free pages (settle.py).
        "CREATE TABLE filler (key BLOB NOT NULL PRIMARY KEY, space BLOB) STRICT, WITHOUT ROWID",
    )


@DRAFTS()
def m001_drafts(db: AnyDatabase) -> None:
    """Sealed drafts; ``expires`` is in epoch seconds, rounded up to half an hour."""
    _make(
        db,
        """CREATE TABLE drafts (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
            sealed BLOB NOT NULL,
            expires INTEGER NOT NULL CHECK (expires % 1800 = 0)
        ) STRICT, WITHOUT ROWID""",
    )


def _append_only(table: str) -> tuple[str, str]:
    """What staff did stays as it was written down."""
    return (
        f"""CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
        f"""CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
    )


@OFFICE()
def m001_office(db: AnyDatabase) -> None:
    """What staff do, with names and times on purpose: they are accountable, clients are not."""
    _make(
        db,
        """CREATE TABLE approvals (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, words TEXT NOT NULL,
            policy TEXT NOT NULL, site TEXT NOT NULL, reference TEXT NOT NULL,
            approved_by TEXT NOT NULL, approved_on TEXT NOT NULL, expires_on TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE lives (
            study TEXT NOT NULL PRIMARY KEY,
            status TEXT NOT NULL CHECK (status IN ('draft', 'open', 'closed', 'frozen')),
            since TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE audit (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE releases (
            study TEXT NOT NULL, number INTEGER NOT NULL, tier TEXT NOT NULL,
            sha256 TEXT NOT NULL, made_at TEXT NOT NULL, rows INTEGER NOT NULL,
            policy TEXT NOT NULL, words TEXT NOT NULL, batches TEXT NOT NULL,
            pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)),
            PRIMARY KEY (study, number)
        ) STRICT, WITHOUT ROWID""",
        *_append_only("approvals"),
        *_append_only("audit"),
        *_append_only("releases"),
    )
