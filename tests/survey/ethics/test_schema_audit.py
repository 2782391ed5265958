"""The verdict on the files: as said when they are, and not when anything was tampered with."""

import re
import sqlite3

import pytest

from forms.kinds import columns_of_study
from survey.ethics.schema_audit import audit_file
from survey.ethics.stored_data import TABLES
from survey.storage import answer_tables
from survey.storage.rewriting import Pace, rewrite_some
from survey.storage.schema import UNREAD_COPY
from survey.storage.schema_reader import SchemaObject, definitions, program_definitions
from survey.storage.stores import FILES, Stores
from survey.studies.current import NAME

NAMES = ["therapist-tears", "branch", "kinds", "once", "minimal"]
ANSWERS = ["responses", "pilot"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, study):
    """An installation whose files of answers have the tables of several studies."""
    folder = tmp_path_factory.mktemp("proof")
    stores = Stores(folder)
    for name in NAMES:
        for db in (stores.responses, stores.pilot):
            prepare(db, study(name))
    assert stores.drafts
    assert stores.office
    stores.close()
    return folder


def prepare(db, study):
    return answer_tables.prepare(
        db,
        study=study.name,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        content=study.content,
        columns=columns_of_study(study),
    )


@pytest.fixture
def defined(folder):
    return definitions(folder / "responses.db")


@pytest.fixture
def audited(study, folder):
    """The verdict on a copy of a file in which a statement was carried out."""

    def audit(file, *statements):
        with sqlite3.connect(folder / f"{file}.db") as source, sqlite3.connect(":memory:") as conn:
            source.backup(conn)
            for sql in statements:
                conn.executescript(sql)
            rows = conn.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql <> ''")
            found = [SchemaObject(*row) for row in rows]
        source.close()
        conn.close()
        return audit_file(file, found, study("branch"))

    return audit


def tables_of(file, study=None):
    """Every table of a file, the answers' own included."""
    made = [d.name for d in program_definitions(file) if d.kind == "table"]
    own = answer_tables.answer_table(study.name, columns_of_study(study))[0] if study else ""
    return [*made, *([own, f"arriving_{own}"] if own else [])]


EVERY_TABLE = [(file, table) for file in FILES for table in tables_of(file)]
BOTH = pytest.mark.parametrize(("file", "table"), EVERY_TABLE)


def table_in(found, name):
    return next(t for t in (*found.answers, *found.beside, *found.others) if t.name == name)


def odd(found):
    """(table, column) of each line that is not as said."""
    tables = (*found.answers, *found.beside, *found.others)
    return [(t.name, c.column) for t in tables for c in t.columns if not c.holds]


def wrong(found):
    """Names of the tables that are not as said."""
    return [t.name for t in (*found.answers, *found.beside, *found.others) if not t.holds]


# An installation that nobody touched.


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file", ANSWERS)
def test_a_file_of_answers_as_the_program_makes_it_is_as_said(study, folder, file, name):
    found = audit_file(file, definitions(folder / f"{file}.db"), study(name))
    assert (found.holds, found.faults, wrong(found)) == (True, (), [])
    assert len(found.others) == 2 * (len(NAMES) - 1)


@pytest.mark.parametrize("file", ["drafts", "office"])
def test_the_files_of_drafts_and_of_staff_are_as_said(audited, file):
    found = audited(file)
    assert (found.holds, sorted(t.name for t in found.beside)) == (True, sorted(tables_of(file)))


@pytest.mark.parametrize("name", NAMES)
def test_every_column_that_is_stored_has_its_line(study, defined, name):
    (own, arriving) = audit_file("responses", defined, study(name)).answers
    columns = [c.name for c in columns_of_study(study(name))]
    assert [line.column for line in own.columns][8:] == columns
    assert arriving.columns == own.columns


@pytest.mark.parametrize("file", ["responses", "drafts"])
def test_every_column_beside_the_answers_is_told_in_words(audited, file):
    for table in audited(file).beside:
        if table.purpose:
            told = TABLES[table.name.removeprefix("arriving_")][1]
            assert sorted(c.column for c in table.columns) == sorted(told)


@pytest.mark.parametrize("quotes", ['"{}"', "[{}]", "`{}`"])
def test_spaces_and_quotes_around_names_are_no_difference(study, defined, quotes):
    def other(d):
        sql = re.sub(r'"(\w+)"', lambda m: quotes.format(m[1]), d.sql)
        return SchemaObject(d.kind, d.name, re.sub(r"\s+", "  \n\t", sql))

    beside = [d if "answers_" in d.name else other(d) for d in defined]
    assert beside != list(defined)
    assert audit_file("responses", beside, study("branch")).holds


# Each kind of difference, in each table of each file.


@BOTH
def test_a_column_that_notes_the_time_is_found_in_every_table(audited, file, table):
    sql = next(d.sql for d in program_definitions(file) if d.name == table)
    changed = with_column(sql, "came_at TEXT DEFAULT CURRENT_TIMESTAMP")
    found = audited(file, rewrite(table, changed))
    assert odd(found) == [(table, "came_at")]
    assert "could tell a time" in table_in(found, table).columns[-1].verdict


def with_column(sql, column):
    """The statement with one more column after the last."""
    first = sql.index("(") + 1
    return f"{sql[:first]}{column}, {sql[first:]}"


def rewrite(table, sql):
    """SQL that puts another definition in the place of a table's, as somebody with the file may."""
    said = sql.replace("'", "''")
    return (
        f"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='{said}'"
        f" WHERE type='table' AND name='{table}';"
    )


@BOTH
def test_a_missing_column_is_found_in_every_table(audited, file, table):
    definition = next(d for d in program_definitions(file) if d.name == table)
    head, bracket, body = definition.sql.partition("(")
    first = body.split()[0].strip('"')
    found = audited(file, rewrite(table, head + bracket + body.replace(first, "instead", 1)))
    verdicts = {c.column: c.verdict for c in table_in(found, table).columns if not c.holds}
    assert verdicts[first] == "said, but not there"
    assert verdicts["instead"].startswith("there, but not said")


@BOTH
def test_a_changed_type_is_found_in_every_table(audited, file, table):
    sql = next(d.sql for d in program_definitions(file) if d.name == table)
    changed = re.sub(r"\b(BLOB|TEXT|INTEGER)\b", "ANY", sql, count=1)
    found = audited(file, rewrite(table, changed))
    (line,) = [c for c in table_in(found, table).columns if not c.holds]
    assert "has ANY" in line.verdict


@BOTH
def test_a_table_that_is_gone_is_found(audited, file, table):
    found = audited(file, f'DROP TABLE "{table}"')
    assert wrong(found) == [table]
    assert table_in(found, table).faults == ("it is not there",)


@BOTH
def test_a_trigger_on_any_table_is_found(audited, file, table):
    found = audited(
        file, f'CREATE TRIGGER peek AFTER INSERT ON "{table}" BEGIN SELECT datetime(); END'
    )
    assert found.faults == ("A trigger called peek that nobody has told of.",)


@BOTH
def test_an_index_on_any_table_is_found(audited, file, table):
    column = table_in(audited(file), table).columns[0].column
    found = audited(file, f'CREATE INDEX more ON "{table}" ({column})')
    assert found.faults == ("A index called more that nobody has told of.",)


@BOTH
def test_a_view_of_any_table_is_found(audited, file, table):
    found = audited(file, f'CREATE VIEW joined AS SELECT * FROM "{table}"')
    assert (found.holds, found.faults) == (
        False,
        ("A view called joined that nobody has told of.",),
    )


# (what the definition says, what it is changed to, how the verdict tells it)
WEAKER = [
    ("NOT NULL", "", "lacks NOT NULL"),
    (r"CHECK \((?:[^()]|\([^()]*\))*\)", "", "lacks CHECK"),
    (r"DEFAULT [^\s,)]+", "DEFAULT 7", "has DEFAULT 7"),
]


@pytest.mark.parametrize(("old", "new", "told"), WEAKER)
@BOTH
def test_a_constraint_that_is_dropped_or_changed_is_found(audited, file, table, old, new, told):
    sql = next(d.sql for d in program_definitions(file) if d.name == table)
    changed = re.sub(old, new, sql, count=1)
    if changed == sql:
        return  # this table has none
    (line,) = [
        c for c in table_in(audited(file, rewrite(table, changed)), table).columns if not c.holds
    ]
    assert told in line.verdict


@BOTH
def test_a_table_that_counts_its_rows_for_ever_is_found(audited, file, table):
    definition = next(d for d in program_definitions(file) if d.name == table)
    if "INTEGER PRIMARY KEY" in definition.sql:
        changed = definition.sql.replace("PRIMARY KEY", "PRIMARY KEY AUTOINCREMENT", 1)
        found = audited(file, f'DROP TABLE "{table}"; {changed}')
        assert "could tell a time or an order" in table_in(found, table).columns[0].verdict
        assert "sqlite_sequence" in wrong(found)
    else:
        changed = definition.sql.replace(", WITHOUT ROWID", "").replace("STRICT", "")
        faults = table_in(audited(file, rewrite(table, changed)), table).faults
        assert any("strict" in fault for fault in faults)
        assert ("WITHOUT ROWID" in definition.sql) == any("order" in fault for fault in faults)


@BOTH
def test_a_constraint_of_a_whole_table_that_is_new_or_gone_is_found(audited, file, table):
    sql = next(d.sql for d in program_definitions(file) if d.name == table)
    if ", PRIMARY KEY (" in " ".join(sql.split()):
        changed = re.sub(r",\s*PRIMARY KEY \([^)]*\)", "", sql)
        told = "it lacks PRIMARY KEY"
    else:
        changed = sql[: sql.rindex(")")] + ", CHECK (1)" + sql[sql.rindex(")") :]
        told = "it has CHECK (1)"
    (fault,) = table_in(audited(file, rewrite(table, changed)), table).faults
    assert fault.startswith(told)


OTHERS = [
    (file, d.kind, d.name) for file in FILES for d in program_definitions(file) if d.kind != "table"
]


@pytest.mark.parametrize(("file", "kind", "name"), OTHERS)
def test_an_index_or_trigger_that_is_gone_or_changed_is_found(audited, file, kind, name):
    (fault,) = audited(file, f"DROP {kind} {name}").faults
    assert fault == f"The {kind} called {name} is not there."
    changed = (
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(replace(sql,"
        f" 'BEFORE', 'AFTER'), '(', '( ''x'', ') WHERE name='{name}'"
    )
    (fault,) = audited(file, changed).faults
    assert fault == f"The {kind} called {name} is defined otherwise than said."


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("sql", ["CREATE TABLE spies (who TEXT)", "CREATE TABLE answers_0 (a, b)"])
def test_a_table_that_nobody_told_of_is_found(audited, file, sql):
    found = audited(file, sql)
    assert (found.holds, len(wrong(found))) == (False, 1)


# The tables of answers.


def changed(defined, name, old, new):
    """The definitions with one table altered."""
    found = [SchemaObject(d.kind, d.name, d.sql.replace(old, new)) if d.name == name else d
             for d in defined]  # fmt: skip
    assert found != list(defined)
    return found


def own_table(study):
    return tables_of("responses", study)[-2]


TAMPERED = [
    ('"lang" TEXT NOT NULL', '"lang" TEXT NOT NULL,\n    "came_at" INTEGER', "came_at"),
    ('"batch" INTEGER NOT NULL DEFAULT 0', '"batch" INTEGER DEFAULT (unixepoch())', "batch"),
    ('"key" BLOB NOT NULL', '"key" ANY NOT NULL', "key"),
    ('"been" BETWEEN 1 AND 2', '"been" BETWEEN 1 AND 9', "been"),
    ('CONSTRAINT "been" CHECK', 'DEFAULT 7 CONSTRAINT "been" CHECK', "been"),
    ('CHECK ("been" =', 'CHECK (1 OR "been" =', "been"),
    ('"been" INTEGER', '"been" ANY', "been"),
    ('"liked" INTEGER', '"liked2" INTEGER', "liked"),
]


@pytest.mark.parametrize("prefix", ["", "arriving_"])
@pytest.mark.parametrize(("old", "new", "column"), TAMPERED)
def test_a_column_that_holds_more_or_less_than_said_is_found(
    study, defined, old, new, column, prefix
):
    branch = study("branch")
    name = prefix + own_table(branch)
    found = audit_file("responses", changed(defined, name, old, new), branch)
    assert not found.holds
    assert (name, column) in odd(found)


@pytest.mark.parametrize("viewer", ["branch", "kinds"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("STRICT, WITHOUT ROWID", "STRICT"),
        ("STRICT, WITHOUT ROWID", "WITHOUT ROWID"),
        ('"lang" TEXT', '"seen_at" INTEGER, "lang" TEXT'),
        ('"lang" TEXT NOT NULL,', ""),
        ('"batch" INTEGER NOT NULL DEFAULT 0', '"batch" INTEGER NOT NULL DEFAULT (random())'),
        ('CONSTRAINT "been" CHECK', 'DEFAULT 7 CONSTRAINT "been" CHECK'),
        (") STRICT", ", UNIQUE (lang)) STRICT"),
    ],
)
def test_any_change_of_answers_is_found_from_this_study_s_page_and_from_another_s(
    study, defined, old, new, viewer
):
    name = own_table(study("branch"))
    found = audit_file("responses", changed(defined, name, old, new), study(viewer))
    assert name in wrong(found)


def test_arrivals_of_another_study_that_are_gone_are_found(study, defined):
    name = own_table(study("kinds"))
    left = [d for d in defined if d.name != f"arriving_{name}"]
    assert wrong(audit_file("responses", left, study("branch"))) == [name]


def test_a_virtual_table_is_found(study, defined):
    strange = SchemaObject("table", "visits", "CREATE VIRTUAL TABLE visits USING dbstat")
    assert wrong(audit_file("responses", [*defined, strange], study("branch"))) == ["visits"]


def test_an_empty_file_proves_nothing(study):
    assert not audit_file("responses", (), study("branch")).holds


@pytest.mark.parametrize("column", ["address TEXT", "number INTEGER NOT NULL DEFAULT 0"])
def test_what_a_real_alter_leaves_in_the_schema_is_found(audited, study, column):
    for name in (own_table(study("branch")), "texts", "arriving_accepted"):
        found = audited("responses", f'ALTER TABLE "{name}" ADD COLUMN {column}')
        assert odd(found) == [(name, column.partition(" ")[0])]


# The page.


@pytest.fixture
def site(open_app):
    app = open_app("branch")
    stores = app.extensions[NAME].stores
    assert stores.drafts
    return app, stores.folder


def shown(app):
    return app.test_client().get("/ethics/branch/stored").get_data(as_text=True)


@pytest.mark.parametrize("file", ["pilot", "drafts", "office"])
def test_what_was_changed_in_any_file_shows_at_once(site, file):
    app, folder = site
    assert "Everything is as said" in shown(app)
    conn = sqlite3.connect(folder / f"{file}.db")
    conn.execute("CREATE TABLE spies (who TEXT)")
    conn.close()
    page = shown(app)
    assert "Something is not as said" in page
    assert f'<code>{file}.db</code> <span class="badge">not as said</span>' in page


def test_a_file_that_cannot_be_read_leaves_the_page_without_a_verdict(site):
    app, folder = site
    app.extensions[NAME].stop()
    (folder / "drafts.db").write_bytes(b"not a database at all" * 100)
    page = shown(app)
    assert "No verdict" in page
    assert "as said" not in page


def test_a_file_that_is_being_rewritten_is_as_said_all_the_while(tmp_path, study):
    stores = Stores(tmp_path)
    db, words = stores.responses, study("branch")
    prepare(db, words)
    for number in range(3):
        key = bytes([number]) * 16
        sql = "INSERT INTO texts VALUES (?, 'branch', 'why', 'en', 0, ?, 0, 'well', 'new', NULL)"
        db.conn.execute(sql, (key, key * 2))
        db.conn.execute("INSERT INTO invitations VALUES (?, 'branch')", (key * 2,))
    pace, seen = Pace(1), set()
    while not rewrite_some(db, pace, one_go=0):
        pace.rows = 1
        found = definitions(tmp_path / "responses.db")
        assert audit_file("responses", found, words).holds
        seen |= {one.name for one in found}
    assert {"relaid_texts", "leaving_texts", "relaid_texts_joined", UNREAD_COPY} <= seen
    db.conn.execute("CREATE TABLE relaid_diary (at TEXT)")
    assert not audit_file("responses", definitions(tmp_path / "responses.db"), words).holds
    stores.close()
