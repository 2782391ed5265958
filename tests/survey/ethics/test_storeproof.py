"""The verdict on the file: as said when it is, and not when anything was tampered with."""

import sqlite3

import pytest

from forms.kinds import columns_of_study
from survey.ethics.schema_audit import audit_answers, audit_drafts
from survey.storage import answer_tables
from survey.storage.schema_reader import SchemaObject, definitions
from survey.storage.stores import Stores

NAMES = ["therapist-tears", "branch", "kinds", "once", "minimal"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, study):
    """A file of answers with the tables of several studies, and one of drafts."""
    folder = tmp_path_factory.mktemp("proof")
    stores = Stores(folder)
    for name in NAMES:
        prepare(stores, study(name))
    assert stores.drafts
    stores.close()
    return folder


def prepare(stores, study):
    return answer_tables.prepare(
        stores.responses,
        study=study.name,
        fingerprint=bytes.fromhex(study.fingerprints.words),
        content=study.content,
        columns=columns_of_study(study),
    )


@pytest.fixture
def defined(folder):
    return definitions(folder / "responses.db")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_as_the_program_makes_it_is_as_said(study, defined, name):
    assert audit_answers(study(name), defined).holds


def test_the_file_of_drafts_is_as_said(folder):
    assert all(table.holds for table in audit_drafts(definitions(folder / "drafts.db")))


@pytest.mark.parametrize("name", NAMES)
def test_every_column_that_is_stored_has_its_line(study, defined, name):
    (own, arriving) = audit_answers(study(name), defined).answers
    columns = [c.name for c in columns_of_study(study(name))]
    assert [line.column for line in own.lines][8:] == columns
    assert arriving.lines == own.lines


def changed(defined, name, old, new):
    """The definitions with one table altered."""
    found = [SchemaObject(d.kind, d.name, d.sql.replace(old, new)) if d.name == name else d
             for d in defined]  # fmt: skip
    assert found != list(defined)
    return found


def own_table(study, defined):
    return audit_answers(study, defined).answers[0].name


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


@pytest.mark.parametrize(("old", "new", "column"), TAMPERED)
def test_a_column_that_holds_more_or_less_than_said_is_found(study, defined, old, new, column):
    branch = study("branch")
    found = audit_answers(branch, changed(defined, own_table(branch, defined), old, new))
    lines = [line.column for table in found.answers for line in table.lines if not line.holds]
    assert not found.holds
    assert column in lines


@pytest.mark.parametrize(
    ("old", "new"),
    [("STRICT, WITHOUT ROWID", "STRICT"), ("STRICT, WITHOUT ROWID", "WITHOUT ROWID")],
)
def test_a_table_that_keeps_an_order_or_anything_is_found(study, defined, old, new):
    branch = study("branch")
    found = audit_answers(branch, changed(defined, own_table(branch, defined), old, new))
    assert not found.holds
    assert found.answers[0].faults


def test_another_studys_table_is_held_to_the_same(study, defined):
    table = own_table(study("kinds"), defined)
    odd = changed(defined, table, '"lang" TEXT', '"seen_at" INTEGER, "lang" TEXT')
    assert not audit_answers(study("branch"), odd).holds


@pytest.mark.parametrize(
    "strange",
    [
        SchemaObject("table", "spies", "CREATE TABLE spies (who TEXT)"),
        SchemaObject("table", "visits", "CREATE VIRTUAL TABLE visits USING dbstat"),
        SchemaObject("trigger", "peek", "CREATE TRIGGER peek DELETE ON texts BEGIN SELECT 1; END"),
        SchemaObject("view", "joined", "CREATE VIEW joined AS SELECT * FROM texts"),
        SchemaObject("index", "times", "CREATE INDEX times ON texts (text)"),
    ],
)  # fmt: skip
def test_a_table_trigger_view_or_index_that_nobody_told_of_is_found(study, defined, strange):
    assert not audit_answers(study("branch"), [*defined, strange]).holds


def test_a_column_added_to_the_texts_is_found(study, defined):
    odd = changed(defined, "texts", "redacted TEXT", "redacted TEXT, row_key BLOB")
    assert not audit_answers(study("branch"), odd).holds


def test_an_empty_file_proves_nothing(study):
    assert not audit_answers(study("branch"), ()).holds


def test_what_a_real_alter_leaves_in_the_schema_is_found(study, tmp_path):
    stores = Stores(tmp_path)
    table = prepare(stores, study("branch"))
    stores.close()
    with sqlite3.connect(tmp_path / "responses.db") as conn:
        conn.execute(f'ALTER TABLE "{table}" ADD COLUMN address TEXT')
    conn.close()
    found = audit_answers(study("branch"), definitions(tmp_path / "responses.db"))
    assert [x.column for t in found.answers for x in t.lines if not x.holds] == ["address"]
