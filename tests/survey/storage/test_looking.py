"""The connection for the public pages: definitions and nothing else."""

import sqlite3

import pytest

from survey.errors import StoreUnavailable
from survey.storage import answer_tables
from survey.storage.schema_reader import definitions, open_for_schema, wordings
from tests.survey.storage.samples import STUDY, open_study, send

DENIED = [
    "SELECT * FROM {answers}",
    "SELECT count(*) FROM {answers}",
    "SELECT 1 FROM {answers}",
    "SELECT EXISTS (SELECT 1 FROM {answers})",
    "SELECT name FROM sqlite_schema WHERE (SELECT lang FROM {answers}) = 'en'",
    "WITH all_of_it AS (SELECT * FROM {answers}) SELECT lang FROM all_of_it",
    "EXPLAIN SELECT * FROM {answers}",
    "SELECT text FROM texts",
    "SELECT value FROM accepted",
    "SELECT count FROM tallies",
    "SELECT content FROM wordings",
    "DELETE FROM {answers}",
    "UPDATE tallies SET count = 0",
    "CREATE TABLE mine (x)",
    "CREATE TEMP VIEW seen AS SELECT * FROM {answers}",
    "PRAGMA table_info({answers})",
    "PRAGMA writable_schema = 1",
    "ATTACH ':memory:' AS other",
    "SELECT load_extension('x')",
    "SELECT * FROM dbstat",
    "BEGIN",
    "VACUUM",
]


@pytest.fixture
def file(stores, db):
    """A file with one answer and one text in it."""
    send(db, open_study(db), [1])
    return stores.folder / "responses.db"


@pytest.mark.parametrize("sql", DENIED)
def test_everything_but_the_schema_is_refused(file, db, sql):
    (table,) = answer_tables.tables_of(db, STUDY)
    assert db.conn.execute(f"SELECT count(*) FROM arriving_{table}").fetchone() == (1,)
    with open_for_schema(file) as conn, pytest.raises(sqlite3.Error):
        conn.execute(sql.format(answers=f'"{table}"')).fetchall()


def test_the_very_connection_that_is_refused_reads_the_schema(file, db):
    (table,) = answer_tables.tables_of(db, STUDY)
    with open_for_schema(file) as conn:
        with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
            conn.execute(f'SELECT lang FROM "{table}"')
        names = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
    assert table in names


def test_definitions_are_those_of_the_file_word_by_word(file, db):
    found = {d.name: d.sql for d in definitions(file)}
    kept = dict(db.conn.execute("SELECT name, sql FROM sqlite_master WHERE sql <> ''"))
    assert found == kept


def test_the_words_can_be_read_and_no_answer_with_them(file, db):
    assert list(wordings(file, STUDY).values()) == [
        w["content"] for w in answer_tables.wordings(db, STUDY)
    ]


def test_a_file_that_is_not_there_is_told_without_its_path(tmp_path):
    with pytest.raises(StoreUnavailable) as told:
        definitions(tmp_path / "nothing.db")
    assert str(tmp_path) not in str(told.value)


def test_a_file_that_is_no_database_is_told_without_its_path(tmp_path):
    (tmp_path / "odd.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailable) as told:
        definitions(tmp_path / "odd.db")
    assert str(tmp_path) not in str(told.value)
