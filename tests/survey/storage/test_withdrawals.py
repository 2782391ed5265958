import pytest

from survey.storage import batches
from survey.storage.answer_tables import count
from survey.storage.batches import ask_deletion, carry_out_deletions, delete_asked, pending
from survey.storage.reordering import merge_arrivals
from survey.storage.stores import Stores
from tests.survey.storage.samples import STUDY, mark, open_study, send


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    send(stores.responses, open_study(stores.responses), range(5))
    yield stores.responses
    stores.close()


def writes(db, values):
    before = db.conn.total_changes
    ask_deletion(db, values)
    return db.conn.total_changes - before


def test_asking_is_the_same_work_hit_or_miss(db):
    assert writes(db, [mark("row", 1), mark("text", 1)]) == writes(db, [bytes(32), b"x" * 32])


def test_asking_deletes_nothing_yet(db):
    ask_deletion(db, [mark("row", 1)])
    assert pending(db)
    assert count(db, STUDY) == 5


def test_a_deletion_that_is_asked_for_while_others_are_looked_for_is_carried_out(db, monkeypatch):
    merge_arrivals(db)
    find = batches._find_asked

    def find_while_somebody_asks(db):
        found = find(db)
        ask_deletion(db, [mark("row", 2)])
        return found

    monkeypatch.setattr(batches, "_find_asked", find_while_somebody_asks)
    ask_deletion(db, [mark("row", 1)])
    assert (delete_asked(db) + delete_asked(db), count(db, STUDY)) == (2, 3)


def test_deleting_ends_however_often_arrivals_join_the_others_meanwhile(db, monkeypatch):
    find, sent = batches._find_asked, iter(range(10, 100))

    def find_while_somebody_sends(db):
        found = find(db)
        if not db.conn.in_transaction:
            send(db, open_study(db), [next(sent)])
            merge_arrivals(db)
        return found

    monkeypatch.setattr(batches, "_find_asked", find_while_somebody_sends)
    merge_arrivals(db)
    ask_deletion(db, [mark("row", 1)])
    assert (delete_asked(db), pending(db)) == (1, False)


def test_asking_twice_deletes_once(db):
    for _ in range(2):
        ask_deletion(db, [mark("row", 1)])
    assert carry_out_deletions(db) == 1
    assert not pending(db)


def test_with_nothing_asked_nothing_is_done(db):
    assert carry_out_deletions(db) == 0
