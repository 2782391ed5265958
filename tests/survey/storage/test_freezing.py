import pytest

from survey.errors import TooFewToFreeze
from survey.storage.answer_tables import count, rows, texts
from survey.storage.batches import ask_deletion, batches, freeze
from survey.storage.stores import Stores
from tests.survey.storage.samples import STUDY, mark, open_study, send


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    yield stores.responses
    stores.close()


@pytest.fixture
def table(db):
    return open_study(db)


def test_too_few_are_refused_by_how_many_and_nothing_changes(db, table):
    send(db, table, range(45))
    with pytest.raises(TooFewToFreeze, match=r"45 .* needs 50, 5 more"):
        freeze(db, STUDY, minimum=50, closing=False)
    assert batches(db, STUDY) == {0: 45}
    assert mark("row", 3) in {row["deletion"] for row in rows(db, STUDY)}


def test_the_close_of_a_study_freezes_whatever_is_there(db, table):
    send(db, table, range(3))
    assert freeze(db, STUDY, minimum=50, closing=True) == 3
    assert freeze(db, STUDY, minimum=50, closing=True) == 0


def test_each_freeze_makes_the_next_batch(db, table):
    for first in (0, 100):
        send(db, table, range(first, first + 50))
        freeze(db, STUDY, minimum=50, closing=False)
    assert batches(db, STUDY) == {1: 50, 2: 50}


def test_what_comes_after_a_freeze_is_not_frozen(db, table):
    send(db, table, range(50))
    freeze(db, STUDY, minimum=50, closing=False)
    send(db, table, range(100, 107))
    frozen = list(rows(db, STUDY, frozen_only=True))
    assert (len(frozen), len(list(texts(db, STUDY, frozen_only=True)))) == (50, 50)
    assert count(db, STUDY) == 57


def test_a_deletion_asked_for_before_the_freeze_is_honoured(db, table):
    send(db, table, range(60))
    ask_deletion(db, [mark("row", 7), mark("text", 7)])
    assert freeze(db, STUDY, minimum=50, closing=False) == 59


def test_another_study_is_not_frozen_with_it(db, table):
    send(db, open_study(db, study="twin"), range(100, 110))
    send(db, table, range(50))
    freeze(db, STUDY, minimum=50, closing=False)
    assert batches(db, "twin") == {0: 10}
