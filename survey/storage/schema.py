"""The tables of each file. What holds answers has no time, no order and no address in it.

Tables of answers are not made here: each study brings its own columns (answer_tables.py).
"""

from __future__ import annotations

from survey.clock import iso_utc
from survey.storage import record
from survey.storage.database import AnyDatabase, Migrations

ANSWERS = Migrations("answers")  # responses.db and pilot.db
DRAFTS = Migrations("drafts")
OFFICE = Migrations("office")

# What arrives lies in a table of the same shape until it is settled in key order (reordering.py).
ARRIVING = "arriving_"
# While a large file is rewritten: the new copy of a table, and what is being deleted of the old one
# (rewriting.py).
RELAID, LEAVING = "relaid_", "leaving_"
COPY_TRIGGERS = (
    """CREATE TRIGGER {copy}_deleted AFTER DELETE ON {table} BEGIN
        DELETE FROM {copy} WHERE {key} = old.{key}; END""",
    """CREATE TRIGGER {copy}_changed AFTER UPDATE ON {table}
        WHEN EXISTS (SELECT 1 FROM {copy} WHERE {key} = new.{key}) BEGIN
        INSERT OR REPLACE INTO {copy} SELECT * FROM {table} WHERE {key} = new.{key}; END""",
    """CREATE TRIGGER {copy}_joined AFTER INSERT ON {table}
        WHEN new.{key} < (SELECT max({key}) FROM {copy}) BEGIN
        INSERT OR REPLACE INTO {copy} SELECT * FROM {table} WHERE {key} = new.{key}; END""",
)
ROW_KEY_BYTES = 16  # of the random key of a row or a text: no order, no join, no collision
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
    """All tables of a file of answers but those of the answers themselves."""
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
        # Always empty at rest; shuffles the list of free pages (reordering.py).
        "CREATE TABLE filler (key BLOB NOT NULL PRIMARY KEY, space BLOB) STRICT, WITHOUT ROWID",
    )


# Which texts wait for a reader, by their random keys: one is drawn without looking at the others.
# Entries come and go with their texts, in batches and in key order as these do.
UNREAD_TEXTS = (
    "CREATE INDEX unread_texts ON texts (study, state, batch, key)"
    " WHERE state IN ('new', 'once') AND lang IS NOT NULL"
)
UNREAD_COPY = "unread_texts_too"  # the index has either name: a rewriting needs the other one


@ANSWERS()
def m002_totals(db: AnyDatabase) -> None:
    """Totals that can be told without reading a row (answer_tables.py)."""
    _make(
        db,
        """CREATE TABLE row_totals (
            answers TEXT NOT NULL, batch INTEGER NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (answers, batch)
        ) STRICT, WITHOUT ROWID""",
        # lang is blank for texts that are never released.
        """CREATE TABLE text_totals (
            study TEXT NOT NULL, variable TEXT NOT NULL, lang TEXT NOT NULL,
            batch INTEGER NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (study, variable, lang, batch, state)
        ) STRICT, WITHOUT ROWID""",
        UNREAD_TEXTS,
        """INSERT INTO text_totals
            SELECT study, variable, coalesce(lang, ''), batch, state, count(*) FROM texts
            GROUP BY 1, 2, 3, 4, 5""",
    )
    tables = db.conn.execute("SELECT DISTINCT answers FROM wordings ORDER BY answers").fetchall()
    for (table,) in tables:
        db.conn.execute(
            f'INSERT INTO row_totals SELECT ?, batch, count(*) FROM "{table}" GROUP BY batch',
            (table,),
        )


_INSTALLATION = """CREATE TABLE installation (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 32)
) STRICT, WITHOUT ROWID"""


@ANSWERS()
def m003_promised(db: AnyDatabase) -> None:
    """Dates that senders of answers were told: from when on they may be frozen, how long kept."""
    _make(
        db,
        """CREATE TABLE promised (
            study TEXT NOT NULL, fact TEXT NOT NULL, day TEXT NOT NULL,
            PRIMARY KEY (study, fact, day)
        ) STRICT, WITHOUT ROWID""",
    )


@ANSWERS()
def m030_installation(db: AnyDatabase) -> None:
    """The installation that the file belongs to (identity.py), one row; check values of keys."""
    _make(db, _INSTALLATION, _KEYED.format(name="server_keys"))


@ANSWERS()
def m035_rewriting(db: AnyDatabase) -> None:
    """What is still to be rewritten after a deletion, and frozen: no restart forgets it."""
    _make(
        db,
        # due: how many deletions and freezes since the last rewriting; search: what whoever looks
        # for rows to delete has drawn, 0 once arrivals joined the others since.
        "ALTER TABLE levelling ADD COLUMN due INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE levelling ADD COLUMN search INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE rewriting (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
        """CREATE TABLE freezing (
            study TEXT NOT NULL PRIMARY KEY, batch INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
    )


@ANSWERS()
def m040_ended(db: AnyDatabase) -> None:
    """Hashes of the deletion values of what was deleted by code; with which office.db this goes."""
    _make(
        db,
        """CREATE TABLE ended (
            value BLOB NOT NULL PRIMARY KEY CHECK (length(value) = 32), study TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        # One row. generation: counts on while it is served; position, head: the end of the office's
        # record as it was then (pairing.py).
        """CREATE TABLE pairing (
            generation INTEGER NOT NULL, position INTEGER NOT NULL, head TEXT NOT NULL
        ) STRICT""",
        "INSERT INTO pairing VALUES (0, 0, '')",
        _PROGRAM,
        "INSERT INTO program VALUES ('')",
    )


@ANSWERS()
def m050_destroying(db: AnyDatabase) -> None:
    """Whose answers, or texts, are being destroyed, and how many they were: kept for the proof."""
    _make(
        db,
        # under_way: 1 until the last row has gone; the line goes once a certificate is kept.
        """CREATE TABLE destroying (
            study TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('answers', 'texts')),
            gone INTEGER NOT NULL, under_way INTEGER NOT NULL CHECK (under_way IN (0, 1)),
            PRIMARY KEY (study, kind)
        ) STRICT, WITHOUT ROWID""",
    )


_PROGRAM = "CREATE TABLE program (version TEXT NOT NULL) STRICT"


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


@DRAFTS(name="m030_installation")
def m030_installation_of_drafts(db: AnyDatabase) -> None:
    """The installation that the file belongs to (identity.py), one row."""
    _make(db, _INSTALLATION)


@DRAFTS()
def m035_ends(db: AnyDatabase) -> None:
    """Drafts by their end, so that those that ran out are found without reading the others."""
    _make(db, "CREATE INDEX ends ON drafts (expires)")


def _append_only(table: str) -> tuple[str, str]:
    """Return triggers that refuse every change and every deletion of a row."""
    return (
        f"""CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
        f"""CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END""",
    )


@OFFICE()
def m001_office(db: AnyDatabase) -> None:
    """Acts of staff, with names and times on purpose: they are accountable, clients are not."""
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


@OFFICE()
def m002_ledger(db: AnyDatabase) -> None:
    """The ledger: segments of batches, their parts by tier, and what became of them."""
    _make(
        db,
        """CREATE TABLE segments (
            study TEXT NOT NULL, number INTEGER NOT NULL, batches TEXT NOT NULL,
            rows INTEGER NOT NULL, PRIMARY KEY (study, number)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE parts (
            study TEXT NOT NULL, segment INTEGER NOT NULL, tier TEXT NOT NULL,
            edition INTEGER NOT NULL, sha256 TEXT NOT NULL, rows INTEGER NOT NULL,
            policy TEXT NOT NULL, about TEXT NOT NULL,
            PRIMARY KEY (study, segment, tier, edition)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE contents (
            study TEXT NOT NULL, release INTEGER NOT NULL, segment INTEGER NOT NULL,
            tier TEXT NOT NULL, edition INTEGER NOT NULL,
            PRIMARY KEY (study, release, segment, tier)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE errata (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, release INTEGER NOT NULL,
            at TEXT NOT NULL, why TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE handovers (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, release INTEGER NOT NULL,
            at TEXT NOT NULL, person TEXT NOT NULL, agreement TEXT NOT NULL,
            agreed_on TEXT NOT NULL
        ) STRICT""",
        *(t for name in ("segments", "parts", "contents", "errata", "handovers")
          for t in _append_only(name)),
    )  # fmt: skip


@OFFICE()
def m003_readings(db: AnyDatabase) -> None:
    """Decisions about texts: kinds and counts of what was replaced, never the words."""
    _make(
        db,
        """CREATE TABLE readings (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, pilot INTEGER NOT NULL,
            key BLOB NOT NULL CHECK (length(key) = 16), at TEXT NOT NULL, who TEXT NOT NULL,
            decision TEXT NOT NULL, replaced TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX readings_of ON readings (key, id)",
        *_append_only("readings"),
    )


@OFFICE()
def m004_accounts(db: AnyDatabase) -> None:
    """Staff: accounts by folded name, their links, recovery codes and browsers (keyed hashes)."""
    _make(
        db,
        """CREATE TABLE accounts (
            folded TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('researcher', 'board')), made_at TEXT NOT NULL,
            disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
            password TEXT NOT NULL DEFAULT '', totp BLOB, totp_step INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE setups (
            token BLOB NOT NULL PRIMARY KEY CHECK (length(token) = 32), account TEXT NOT NULL,
            ends INTEGER NOT NULL, spent INTEGER NOT NULL CHECK (spent IN (0, 1))
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE recovery (
            code BLOB NOT NULL PRIMARY KEY CHECK (length(code) = 32), account TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE sessions (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32), account TEXT NOT NULL,
            began INTEGER NOT NULL, seen INTEGER NOT NULL,
            full INTEGER NOT NULL CHECK (full IN (0, 1))
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m005_board(db: AnyDatabase) -> None:
    """The board's record of a study, and every turn in a study's life."""
    _make(
        db,
        "ALTER TABLE approvals ADD COLUMN conditions TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE turns (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, what TEXT NOT NULL
        ) STRICT""",
        # Those known from before: each study's last turn.
        "INSERT INTO turns (study, at, what) SELECT study, since, status FROM lives",
        """CREATE TABLE rulings (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            what TEXT NOT NULL CHECK (what IN ('suspended', 'lifted', 'revoked')),
            why TEXT NOT NULL, approval INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE comments (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            role TEXT NOT NULL, words TEXT NOT NULL, passage TEXT NOT NULL, text TEXT NOT NULL,
            answers INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE incidents (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            happened_on TEXT NOT NULL, text TEXT NOT NULL
        ) STRICT""",
        *(t for name in ("turns", "rulings", "comments", "incidents") for t in _append_only(name)),
    )


@OFFICE()
def m006_waivers(db: AnyDatabase) -> None:
    """Elements of the checklist that a board does without, and why; the last word on each counts.

    An empty reason takes a waiver back.
    """
    _make(
        db,
        """CREATE TABLE waivers (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, element TEXT NOT NULL,
            at TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL
        ) STRICT""",
        *_append_only("waivers"),
    )


@OFFICE()
def m007_jobs(db: AnyDatabase) -> None:
    """Long work that researchers asked for: previews, releases, freezes. Changes while it runs."""
    _make(
        db,
        """CREATE TABLE jobs (
            number INTEGER PRIMARY KEY, study TEXT NOT NULL, kind TEXT NOT NULL, tier TEXT NOT NULL,
            pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)), recipient TEXT NOT NULL,
            who TEXT NOT NULL, asked_at TEXT NOT NULL, preview INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'stopping', 'done',
                'refused', 'cancelled', 'broken')),
            since REAL NOT NULL, share REAL NOT NULL, pid INTEGER NOT NULL,
            told TEXT NOT NULL, release INTEGER NOT NULL
        ) STRICT""",
        # Two at once would wait for each other, or not know of each other.
        """CREATE UNIQUE INDEX one_job_a_study ON jobs (study)
            WHERE state IN ('waiting', 'running', 'stopping')""",
    )


@OFFICE()
def m008_figures(db: AnyDatabase) -> None:
    """Figures of a collection as staff were last shown them, so that they move in steps only.

    ``landing`` and ``completed`` are the totals of that moment, ``shown`` (JSON) the rounded ones.
    """
    _make(
        db,
        """CREATE TABLE figures (
            study TEXT NOT NULL, pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)),
            landing INTEGER NOT NULL, completed INTEGER NOT NULL, shown TEXT NOT NULL,
            PRIMARY KEY (study, pilot)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE verdicts (
            study TEXT NOT NULL, pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)),
            answers INTEGER NOT NULL, met INTEGER NOT NULL CHECK (met IN (0, 1)),
            PRIMARY KEY (study, pilot, answers)
        ) STRICT, WITHOUT ROWID""",
        *_append_only("verdicts"),
    )


@OFFICE()
def m009_collected(db: AnyDatabase) -> None:
    """The totals of the collection (JSON) that a release told, so that it can be made again."""
    _make(
        db,
        """CREATE TABLE collected (
            study TEXT NOT NULL, release INTEGER NOT NULL, tallies TEXT NOT NULL,
            PRIMARY KEY (study, release)
        ) STRICT, WITHOUT ROWID""",
        *_append_only("collected"),
    )


@OFFICE()
def m010_misses_and_doors(db: AnyDatabase) -> None:
    """Wrong codes in a row by account; rules of admission as site.toml said when last read."""
    _make(
        db,
        "ALTER TABLE accounts ADD COLUMN missed INTEGER NOT NULL DEFAULT 0",
        # most: once so many answers were sent the study closes by itself.
        """CREATE TABLE doors (
            study TEXT NOT NULL PRIMARY KEY, most INTEGER,
            invited INTEGER NOT NULL CHECK (invited IN (0, 1))
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m011_told_pilots(db: AnyDatabase) -> None:
    """Sets of a pilot's answers that something was disclosed of; the begin of each batch."""
    _make(
        db,
        """CREATE TABLE told_pilots (
            study TEXT NOT NULL, answers TEXT NOT NULL, people INTEGER NOT NULL,
            PRIMARY KEY (study, answers, people)
        ) STRICT, WITHOUT ROWID""",
        # A batch may be begun twice, where the first time ended half-way: the last one counts.
        """CREATE TABLE freezes (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, batch INTEGER NOT NULL, at TEXT NOT NULL
        ) STRICT""",
        *(t for name in ("told_pilots", "freezes") for t in _append_only(name)),
    )


@OFFICE()
def m012_chain(db: AnyDatabase) -> None:
    """Links of the record (record.py). What was written before is linked now, table by table."""
    _make(
        db,
        f"""CREATE TABLE {record.CHAIN} (
            position INTEGER PRIMARY KEY, line TEXT NOT NULL,
            head TEXT NOT NULL CHECK (length(head) = 64)
        ) STRICT""",
        *_append_only(record.CHAIN),
    )
    earlier = {
        table: list(db.table(table).rows_where(order_by=", ".join(db.table(table).pks)))
        for table in record.linked_tables(db)
    }
    count = sum(map(len, earlier.values()))
    record.link(db, record.CHAIN, [{"begun_at": iso_utc(), "earlier_rows": count}])
    for table, rows in earlier.items():
        record.link(db, table, rows)


@OFFICE()
def m013_members(db: AnyDatabase) -> None:
    """Who sits on each study's board, with which keys; what was proposed, and who signed it.

    ``assigned``: the studies of a researcher's account, which may be taken away again.
    """
    _make(
        db,
        """CREATE TABLE assigned (
            account TEXT NOT NULL, study TEXT NOT NULL, PRIMARY KEY (account, study)
        ) STRICT, WITHOUT ROWID""",
        # The last line on an account at a study counts; an ended one keeps its name and capacity.
        """CREATE TABLE members (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            what TEXT NOT NULL CHECK (what IN ('appointed', 'ended')),
            account TEXT NOT NULL, name TEXT NOT NULL, capacity TEXT NOT NULL,
            chair INTEGER NOT NULL CHECK (chair IN (0, 1)), conflict TEXT NOT NULL,
            begins TEXT NOT NULL, ends TEXT NOT NULL, why TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE quorums (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            members INTEGER NOT NULL CHECK (members > 0)
        ) STRICT""",
        # vouched: number of the key that signed for this one; 0 for a first key.
        """CREATE TABLE member_keys (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('file', 'passkey')), public TEXT NOT NULL,
            credential TEXT NOT NULL, vouched INTEGER NOT NULL
        ) STRICT""",
        # key: the one that ended; 0 for all that the account had, so that the next one is a first.
        """CREATE TABLE key_ends (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, key INTEGER NOT NULL,
            latest INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL
        ) STRICT""",
        # study is blank where a member's key vouches for another one.
        """CREATE TABLE proposals (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            act TEXT NOT NULL, statement TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE signatures (
            id INTEGER PRIMARY KEY, proposal INTEGER NOT NULL, at TEXT NOT NULL,
            account TEXT NOT NULL, name TEXT NOT NULL, capacity TEXT NOT NULL,
            key INTEGER NOT NULL, signature TEXT NOT NULL
        ) STRICT""",
        # effect: number of the approval, ruling or key that came of it; 0 where it was withdrawn.
        """CREATE TABLE outcomes (
            id INTEGER PRIMARY KEY, proposal INTEGER NOT NULL UNIQUE, at TEXT NOT NULL,
            what TEXT NOT NULL CHECK (what IN ('done', 'withdrawn')), effect INTEGER NOT NULL
        ) STRICT""",
        *(t for name in ("members", "quorums", "member_keys", "key_ends", "proposals",
                         "signatures", "outcomes") for t in _append_only(name)),
    )  # fmt: skip


@OFFICE()
def m014_what_binds(db: AnyDatabase) -> None:
    """Approvals from paper, switches of rulings, what became of conditions, verdicts on elements.

    Rulings of before stopped, and lifted, collection and use of data together.
    """
    _make(
        db,
        """ALTER TABLE approvals ADD COLUMN basis TEXT NOT NULL DEFAULT 'signed'
            CHECK (basis IN ('signed', 'noted'))""",
        "ALTER TABLE approvals ADD COLUMN letter TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE approvals ADD COLUMN analysis_until TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE approvals ADD COLUMN recorded_at TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE confirmations (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, approval INTEGER NOT NULL,
            at TEXT NOT NULL, who TEXT NOT NULL
        ) STRICT""",
        """ALTER TABLE rulings ADD COLUMN stops_collection INTEGER NOT NULL DEFAULT 1
            CHECK (stops_collection IN (0, 1))""",
        """ALTER TABLE rulings ADD COLUMN stops_use INTEGER NOT NULL DEFAULT 1
            CHECK (stops_use IN (0, 1))""",
        # Which of the fixed sentences respondents are told; empty: none.
        "ALTER TABLE rulings ADD COLUMN told TEXT NOT NULL DEFAULT ''",
        # approval and place: which condition of which approval.
        """CREATE TABLE settled_conditions (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, approval INTEGER NOT NULL,
            place INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            what TEXT NOT NULL CHECK (what IN ('met', 'taken back', 'open')), why TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE element_verdicts (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, words TEXT NOT NULL, site TEXT NOT NULL,
            element TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            verdict TEXT NOT NULL
                CHECK (verdict IN ('met', 'weak', 'missing', 'not applicable', 'waived')),
            reason TEXT NOT NULL
        ) STRICT""",
        """ALTER TABLE comments ADD COLUMN settles INTEGER NOT NULL DEFAULT 0
            CHECK (settles IN (0, 1))""",
        *(t for name in ("confirmations", "settled_conditions", "element_verdicts")
          for t in _append_only(name)),
    )  # fmt: skip


@OFFICE()
def m015_mail_queue(db: AnyDatabase) -> None:
    """Notices to staff that the mail server has not taken yet; gone once it has."""
    _make(
        db,
        """CREATE TABLE mail_queue (
            id INTEGER PRIMARY KEY, queued_at TEXT NOT NULL, recipient TEXT NOT NULL,
            subject TEXT NOT NULL, body TEXT NOT NULL, tried REAL NOT NULL DEFAULT 0,
            failure TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        # Of accounts, by folded name: where notices to them go.
        """CREATE TABLE mail_addresses (
            account TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m015_comparisons(db: AnyDatabase) -> None:
    """Days (of the server's calendar) on which the stop rule of a study was compared."""
    _make(
        db,
        """CREATE TABLE comparisons (
            study TEXT NOT NULL, pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)),
            day TEXT NOT NULL, PRIMARY KEY (study, pilot, day)
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m015_day_starts(db: AnyDatabase) -> None:
    """How many answers a study with a limit for each day had when the present day began."""
    _make(
        db,
        """CREATE TABLE day_starts (
            study TEXT NOT NULL, pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)),
            day TEXT NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (study, pilot)
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m017_platform_and_corrections(db: AnyDatabase) -> None:
    """The platform's sentences as they were signed; corrections of help lines before a signature.

    A correction is of a contact and an address, from the day (ISO, the server's) it was met on.
    """
    _make(
        db,
        "ALTER TABLE approvals ADD COLUMN platform TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE platforms (
            id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, content TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE corrections (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, line TEXT NOT NULL, day TEXT NOT NULL,
            old TEXT NOT NULL, new TEXT NOT NULL
        ) STRICT""",
        *(t for name in ("platforms", "corrections") for t in _append_only(name)),
    )


@OFFICE()
def m016_destructions(db: AnyDatabase) -> None:
    """What was destroyed when its last day was over, with the certificate (JSON) of it."""
    _make(
        db,
        """CREATE TABLE destructions (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            kinds TEXT NOT NULL, certificate TEXT NOT NULL
        ) STRICT""",
        *_append_only("destructions"),
    )


@OFFICE()
def m045_watch_codes(db: AnyDatabase) -> None:
    """Keyed hashes of invitation codes that nobody was given; on which day one was typed (ISO)."""
    _make(
        db,
        """CREATE TABLE watch_codes (
            code BLOB NOT NULL PRIMARY KEY CHECK (length(code) = 32), study TEXT NOT NULL,
            pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)), typed_on TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m018_submissions(db: AnyDatabase) -> None:
    """What researchers put before a board, its decisions besides a signature, kinds of incidents.

    ``seen``: how far each account has read the record (not part of it).
    """
    _make(
        db,
        # The fingerprint of the documents that were signed with it.
        "ALTER TABLE approvals ADD COLUMN submission TEXT NOT NULL DEFAULT ''",
        # sha256 is blank where a document was taken out (name) or why there is none (no name).
        """CREATE TABLE documents (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            slot TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
            reason TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE submissions (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('new', 'amendment', 'continuing', 'closure')),
            words TEXT NOT NULL, policy TEXT NOT NULL, site TEXT NOT NULL,
            documents TEXT NOT NULL, why TEXT NOT NULL, risk TEXT NOT NULL, consent TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE decisions (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            submission INTEGER NOT NULL, text TEXT NOT NULL,
            what TEXT NOT NULL CHECK (what IN ('received', 'returned', 'deferred', 'refused',
                'closed'))
        ) STRICT""",
        "ALTER TABLE incidents ADD COLUMN kind TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE incidents ADD COLUMN due_on TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE incident_answers (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            incident INTEGER NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE seen (
            account TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL, mailed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        *(t for name in ("documents", "submissions", "decisions", "incident_answers")
          for t in _append_only(name)),
    )  # fmt: skip


@OFFICE()
def m045_measured(db: AnyDatabase) -> None:
    """What tier A measured of which segment, its cost, and the sum of the file that holds it.

    A segment of a pilot is all of its answers. Each pair of segment and statistic is there once.
    """
    _make(
        db,
        """CREATE TABLE measured (
            study TEXT NOT NULL, pilot INTEGER NOT NULL CHECK (pilot IN (0, 1)),
            segment INTEGER NOT NULL, statistic TEXT NOT NULL, rho_times INTEGER NOT NULL,
            rho_of INTEGER NOT NULL, policy TEXT NOT NULL, sha256 TEXT NOT NULL,
            PRIMARY KEY (study, pilot, segment, statistic)
        ) STRICT, WITHOUT ROWID""",
        *_append_only("measured"),
    )


@OFFICE(name="m030_installation")
def m030_installation_of_office(db: AnyDatabase) -> None:
    """The installation that the file belongs to (identity.py), one row; keys by their check values.

    ``lost_on`` is the day (ISO) on which the operator said that the key is gone; blank until then.
    """
    _make(
        db,
        _INSTALLATION,
        """CREATE TABLE server_keys (
            value BLOB NOT NULL PRIMARY KEY CHECK (length(value) = 32),
            used_from TEXT NOT NULL, lost_on TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID""",
    )


@OFFICE()
def m040_backups(db: AnyDatabase) -> None:
    """Backups that were made, what was put back from one, with which responses.db this goes.

    ``spent``: the answers put back may not be frozen or released, since others of that time were.
    """
    _make(
        db,
        """CREATE TABLE backups (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, path TEXT NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE restorations (
            id INTEGER PRIMARY KEY, study TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
            made_at TEXT NOT NULL, spent INTEGER NOT NULL CHECK (spent IN (0, 1)), why TEXT NOT NULL
        ) STRICT""",
        "CREATE TABLE pairing (generation INTEGER NOT NULL) STRICT",
        "INSERT INTO pairing VALUES (0)",
        _PROGRAM,
        "INSERT INTO program VALUES ('')",
        "ALTER TABLE releases ADD COLUMN program TEXT NOT NULL DEFAULT ''",
        *(t for name in ("backups", "restorations") for t in _append_only(name)),
    )
