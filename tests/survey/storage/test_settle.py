from survey.storage.answer_tables import count
from survey.storage.answers import accept
from survey.storage.reordering import (
    ARRIVAL_BATCH,
    merge_arrivals,
    not_rewritten,
    waiting,
)
from survey.storage.rewriting import rewrite_file, tidy
from tests.survey.storage.samples import STUDY, answer, open_study, send

LARGE = "x" * 5_000_000  # archived words that make the file too large to be rewritten at once


def log_bytes(stores):
    return (stores.folder / "responses.db-wal").stat().st_size


def arriving(db, table):
    return db.conn.execute(f"SELECT count(*) FROM arriving_{table}").fetchone()[0]


def test_answers_wait_until_twenty_are_there(db):
    table = open_study(db)
    send(db, table, range(ARRIVAL_BATCH - 1))
    assert (waiting(db), arriving(db, table)) == (ARRIVAL_BATCH - 1, ARRIVAL_BATCH - 1)


def test_the_twentieth_settles_them_all_and_empties_the_log(stores, db):
    table = open_study(db)
    send(db, table, range(ARRIVAL_BATCH))
    assert (waiting(db), arriving(db, table)) == (0, 0)
    assert log_bytes(stores) == 0


def test_a_quiet_small_file_keeps_nothing_apart(stores, db):
    table = open_study(db)
    send(db, table, range(3))
    tidy(db)
    assert (waiting(db), arriving(db, table), not_rewritten(db)) == (0, 0, 0)
    assert log_bytes(stores) == 0


def test_in_a_quiet_large_file_fewer_than_twenty_stay_with_the_arrivals(stores, db):
    table = open_study(db, content=LARGE)
    send(db, table, range(3))
    merge_arrivals(db)
    assert (waiting(db), arriving(db, table)) == (0, 3)
    assert log_bytes(stores) == 0


def test_in_a_large_file_they_join_once_they_are_twenty(db):
    table = open_study(db, content=LARGE)
    for number in range(ARRIVAL_BATCH):
        accept(db, answer(table, number))
        merge_arrivals(db)
    assert (arriving(db, table), not_rewritten(db)) == (0, ARRIVAL_BATCH)


def test_a_large_file_is_rewritten_when_a_quarter_is_new(db):
    table = open_study(db, content=LARGE)
    send(db, table, range(100))
    rewrite_file(db)
    send(db, table, range(100, 120))
    tidy(db)
    assert not_rewritten(db) == 20
    send(db, table, range(120, 140))
    tidy(db)
    assert not_rewritten(db) == 0


def test_settling_and_levelling_lose_and_double_nothing(db):
    table = open_study(db, content=LARGE)
    for number in range(130):
        accept(db, answer(table, number, text="long " * 900))
        if number % 7 == 0:
            merge_arrivals(db)
    rewrite_file(db)
    assert count(db, STUDY) == 130
    assert db.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def rows_written(db, table, first):
    before = db.conn.total_changes
    send(db, table, range(first, first + ARRIVAL_BATCH))
    return db.conn.total_changes - before


def test_twenty_answers_cost_the_same_however_many_are_stored(db):
    table = open_study(db)
    at_first = rows_written(db, table, 0)
    send(db, table, range(100, 2100))
    assert rows_written(db, table, 5000) == at_first
