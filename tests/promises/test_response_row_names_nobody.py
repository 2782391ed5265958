"""A stored answer holds no time, no number of arrival and no link to a person or a device."""

import pytest

from survey.storage import admission
from survey.storage.answer_tables import rows, texts
from survey.storage.answers import accept
from survey.storage.reordering import merge_arrivals
from survey.storage.stores import Stores
from tests.survey.storage.samples import COLUMNS, STUDY, WORDS, answer, mark, open_study

ROW = ["key", "fingerprint", "lang", "c_open", "completion", "dur_band", "deletion", "batch"]
TEXT = ["key", "study", "variable", "lang", "c_quote", "deletion", "batch", "text", "state"]


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    yield stores.responses
    stores.close()


@pytest.fixture
def table(db):
    return open_study(db)


def columns(db, table):
    return [row[1] for row in db.conn.execute(f"PRAGMA table_info({table})").fetchall()]


@pytest.mark.parametrize("part", ["", "arriving_"])
def test_a_row_has_these_columns_and_the_answers(db, table, part):
    assert columns(db, part + table) == [*ROW, *(c.name for c in COLUMNS)]


@pytest.mark.parametrize("part", ["", "arriving_"])
def test_a_text_has_these_columns(db, part):
    assert columns(db, part + "texts") == [*TEXT, "redacted"]


def test_no_table_of_answers_counts_its_rows(db, table):
    for name in (table, f"arriving_{table}", "texts", "arriving_texts", "accepted", "invitations"):
        sql = db.conn.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        assert sql[0].rstrip().endswith("STRICT, WITHOUT ROWID")


def test_people_who_answer_alike_differ_only_by_lot(db, table):
    for number in (1, 2):
        accept(db, answer(table, number))
    one, two = rows(db, STUDY)
    assert {name for name in one if one[name] != two[name]} == {"key", "deletion"}


def test_row_text_and_token_share_no_value_beyond_the_words_and_the_language(db, table):
    response = answer(table, 1)
    accept(db, response)
    (row,), (text,) = rows(db, STUDY), texts(db, STUDY)
    shared = {v for v in row.values() if isinstance(v, bytes)} & set(text.values())
    assert not shared
    assert row["fingerprint"] == WORDS
    assert response.submit not in {*row.values(), *text.values()}


def test_where_no_code_was_wanted_looks_like_where_one_was(db, table):
    accept(db, answer(table, 1, deletion=bytes(range(32))))
    accept(db, answer(table, 2))
    assert {type(row["deletion"]) for row in rows(db, STUDY)} == {bytes}


def test_a_spent_invitation_is_in_no_table(db, table):
    code = mark("code", 1)
    admission.add(db, STUDY, [code])
    accept(db, answer(table, 1, invitation=code))
    merge_arrivals(db)
    assert code.hex() not in "\n".join(db.conn.iterdump()).lower()
