from dataclasses import replace

import pytest

from survey.errors import UnknownWords
from survey.storage.answer_tables import prepare, table_of, wordings
from survey.storage.stores import Stores
from tests.survey.storage.samples import COLUMNS, STUDY, WORDS, Column, open_study

OTHER_WORDS = bytes(32)


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    yield stores.responses
    stores.close()


def prepared(db, *, fingerprint=WORDS, columns=COLUMNS, study=STUDY):
    return prepare(db, study=study, fingerprint=fingerprint, content="{}", columns=columns)


def test_other_words_with_the_same_columns_share_a_table(db):
    assert prepared(db) == prepared(db, fingerprint=OTHER_WORDS)


def test_another_column_makes_another_table(db):
    assert prepared(db) != prepared(db, fingerprint=OTHER_WORDS, columns=COLUMNS[1:])


def test_another_code_makes_another_table(db):
    wider = (replace(COLUMNS[0], codes=(1, 2, 3, 4, 5, 6)), *COLUMNS[1:])
    assert prepared(db) != prepared(db, fingerprint=OTHER_WORDS, columns=wider)


def test_studies_never_share_a_table(db):
    assert prepared(db) != prepared(db, study="twin")


def test_words_lead_to_their_table(db):
    ours, twins = prepared(db), prepared(db, study="twin")
    assert table_of(db, WORDS, study=STUDY) == ours
    assert table_of(db, WORDS, study="twin") == twins


def test_words_that_nobody_prepared_are_refused(db):
    with pytest.raises(UnknownWords, match="000000000000"):
        table_of(db, OTHER_WORDS)


def test_words_are_archived_once(db):
    open_study(db, content='{"asked": "How are you?"}')
    open_study(db, content='{"asked": "How are you?"}')
    assert [w["content"] for w in wordings(db, STUDY)] == ['{"asked": "How are you?"}']


@pytest.mark.parametrize("name", ["key", "batch", "deletion", "lang"])
def test_a_question_cannot_take_a_name_that_every_row_has(db, name):
    with pytest.raises(ValueError, match=name):
        prepared(db, columns=(Column(name),))


@pytest.mark.parametrize("name", ["", 'a"b', "a b", "1st", "a; DROP TABLE texts"])
def test_a_name_that_is_no_name_is_refused(db, name):
    with pytest.raises(ValueError, match="cannot name"):
        prepared(db, columns=(Column(name),))
