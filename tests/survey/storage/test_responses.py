import sqlite3

import pytest

from survey.errors import CodeNotAllowed, InvitationSpent
from survey.storage import admission
from survey.storage.answer_tables import count, rows, texts
from survey.storage.answers import Text, accept, forget_accepted, was_accepted
from survey.storage.reordering import merge_arrivals
from tests.survey.storage.processes import next_line, writer
from tests.survey.storage.samples import STUDY, VALUES, answer, mark, open_study, send

INVITATION = mark("invitation", 1)


@pytest.fixture
def table(db):
    return open_study(db)


def nothing_stored(db):
    return (
        not count(db, STUDY)
        and not list(texts(db, STUDY))
        and not was_accepted(db, mark("submit", 1))
    )


def test_an_answer_is_read_as_it_was_sent(db, table):
    accept(db, answer(table, 1))
    (row,) = rows(db, STUDY)
    assert {name: row[name] for name in VALUES} == VALUES
    assert (row["lang"], row["c_open"], row["completion"], row["dur_band"]) == ("en", 1, 1, 2)


def test_a_text_is_read_as_it_was_sent(db, table):
    accept(db, answer(table, 1, text="Ünïcode 'quoted' \"text\" – 😢"))
    (text,) = texts(db, STUDY)
    assert text["text"] == "Ünïcode 'quoted' \"text\" – 😢"
    assert (text["variable"], text["lang"], text["c_quote"]) == ("why", "en", 1)


def test_a_text_may_be_stored_without_its_language(db, table):
    accept(db, answer(table, 1, texts=(Text(STUDY, "why", None, 0, bytes(32), "x"),)))
    assert [t["lang"] for t in texts(db, STUDY)] == [None]


def test_the_same_submit_twice_makes_one_row(db, table):
    assert accept(db, answer(table, 1))
    assert not accept(db, answer(table, 1))
    assert (count(db, STUDY), len(list(texts(db, STUDY)))) == (1, 1)


def test_the_same_submit_makes_one_row_after_settling_too(db, table):
    accept(db, answer(table, 1))
    merge_arrivals(db)
    assert not accept(db, answer(table, 1))
    assert count(db, STUDY) == 1


def test_an_arrived_answer_is_known_before_and_after_settling(db, table):
    assert not was_accepted(db, mark("submit", 1))
    accept(db, answer(table, 1))
    assert was_accepted(db, mark("submit", 1))
    merge_arrivals(db)
    assert was_accepted(db, mark("submit", 1))


FOREIGN = [
    ("item_0", 6),
    ("item_0", 0),
    ("item_0", -93),
    ("item_0", -96),
    ("item_0", "three"),
    ("item_0", 2.5),
    ("item_0", None),
    ("item_0", 2**70),
    ("warmth", 101),
    ("warmth", -1),
    ("said", ""),
    ("said", "x" * 41),
    ("said", 3),
    ("said", b"bytes"),
    ("said", "\ud800"),
]


@pytest.mark.parametrize(("name", "value"), FOREIGN)
def test_a_value_that_the_study_does_not_know_is_refused_whole(db, table, name, value):
    with pytest.raises(CodeNotAllowed):
        accept(db, answer(table, 1, values={**VALUES, name: value}))
    assert nothing_stored(db)


@pytest.mark.parametrize(("name", "value"), [("said", "x" * 40), ("said", "3"), ("said", -95)])
def test_a_text_column_keeps_text_as_text_and_codes_as_codes(db, table, name, value):
    accept(db, answer(table, 1, values={**VALUES, name: value}))
    assert next(rows(db, STUDY))[name] == value


def test_a_missing_column_is_refused_whole(db, table):
    fewer = {name: value for name, value in VALUES.items() if name != "warmth"}
    with pytest.raises(CodeNotAllowed, match="warmth"):
        accept(db, answer(table, 1, values=fewer))
    assert nothing_stored(db)


def test_a_refusal_names_the_column_and_never_the_value(db, table):
    with pytest.raises(CodeNotAllowed, match="said") as told:
        accept(db, answer(table, 1, values={**VALUES, "said": "my name is Ada" * 9}))
    assert "Ada" not in str(told.value)


@pytest.mark.parametrize(
    "change",
    [{"completion": 3}, {"c_open": 2}, {"deletion": b"short"}, {"submit": b"short"}],
)
def test_a_row_that_is_no_row_is_refused(db, table, change):
    with pytest.raises(CodeNotAllowed):
        accept(db, answer(table, 1, **change))


def test_an_empty_text_is_refused_whole(db, table):
    blank = Text(STUDY, "why", "en", 1, bytes(32), "")
    with pytest.raises(CodeNotAllowed):
        accept(db, answer(table, 1, texts=(blank,)))
    assert nothing_stored(db)


def test_sending_spends_the_invitation(db, table):
    admission.add(db, STUDY, [INVITATION, mark("invitation", 2)])
    accept(db, answer(table, 1, invitation=INVITATION))
    assert admission.study_of(db, INVITATION) is None
    assert admission.unspent(db, STUDY) == 1


def test_a_spent_invitation_sends_nothing_more(db, table):
    with pytest.raises(InvitationSpent):
        accept(db, answer(table, 1, invitation=INVITATION))
    assert nothing_stored(db)


def test_repeating_a_submit_with_an_invitation_is_no_second_use(db, table):
    admission.add(db, STUDY, [INVITATION])
    accept(db, answer(table, 1, invitation=INVITATION))
    assert not accept(db, answer(table, 1, invitation=INVITATION))


def test_a_refused_answer_leaves_the_invitation_unspent(db, table):
    admission.add(db, STUDY, [INVITATION])
    with pytest.raises(CodeNotAllowed):
        accept(db, answer(table, 1, invitation=INVITATION, values={**VALUES, "item_0": 9}))
    assert admission.study_of(db, INVITATION)


def test_answers_are_counted_and_read_settled_or_not(db, table):
    send(db, table, range(30))
    assert count(db, STUDY) == len(list(rows(db, STUDY))) == len(list(texts(db, STUDY))) == 30


def test_rows_come_in_the_order_of_their_keys(db, table):
    send(db, table, range(50))
    keys = [row["key"] for row in rows(db, STUDY)]
    assert keys == sorted(keys)


def test_an_unknown_study_has_no_answers(db):
    assert count(db, "nothing") == 0
    assert list(rows(db, "nothing")) == []


def test_only_tokens_whose_draft_is_gone_are_forgotten(db, table):
    send(db, table, range(3))
    merge_arrivals(db)
    assert forget_accepted(db, lambda: {mark("submit", 1)}) == 2
    assert [was_accepted(db, mark("submit", n)) for n in range(3)] == [False, True, False]


def test_somebody_who_sends_while_tokens_are_forgotten_is_not_forgotten(db, table):
    send(db, table, [0])
    merge_arrivals(db)

    def live():
        send(db, table, [1])
        merge_arrivals(db)
        return ()

    assert forget_accepted(db, live) == 1
    assert was_accepted(db, mark("submit", 1))


def test_two_processes_accept_at_once(stores, db):
    writers = [writer(stores.folder, first, 150) for first in (0, 1000)]
    said = [set(map(int, w.communicate()[0].split())) for w in writers]
    assert said == [set(range(150)), set(range(1000, 1150))]
    assert count(db, STUDY) == len(list(texts(db, STUDY))) == 300


def test_a_killed_server_loses_nothing_that_it_confirmed(stores, db):
    process = writer(stores.folder, 0, 100_000)
    confirmed = [int(next_line(process)) for _ in range(333)]
    process.kill()
    confirmed += map(int, process.communicate()[0].split())
    stored = {row["deletion"] for row in rows(db, STUDY)}
    assert {mark("row", n) for n in confirmed} <= stored


def test_a_killed_server_leaves_nothing_half_written(stores, db):
    for _ in range(5):
        process = writer(stores.folder, count(db, STUDY) * 1000, 100_000)
        next_line(process)
        process.kill()
        process.communicate()
    assert count(db, STUDY) == len(list(texts(db, STUDY))) > 0
    assert db.conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_reader_does_not_hold_up_the_log(stores, db, table):
    send(db, table, range(5))
    reading = rows(db, STUDY)
    next(reading)
    merge_arrivals(db)
    assert (stores.folder / "responses.db-wal").stat().st_size == 0
    assert len(list(reading)) == 4


def test_a_locked_file_is_an_error_not_a_lost_answer(stores, db, table):
    db.conn.execute("PRAGMA busy_timeout=1")
    other = sqlite3.connect(stores.folder / "responses.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        accept(db, answer(table, 1))
    other.close()
    assert accept(db, answer(table, 1))
