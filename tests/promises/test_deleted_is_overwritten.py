"""What was deleted by code, or destroyed at a freeze, is in no byte of any file afterwards."""

import pytest

from survey.storage.answer_tables import count, rows, texts
from survey.storage.answers import accept
from survey.storage.batches import ask_deletion, carry_out_deletions, freeze
from survey.storage.rewriting import rewrite_file, tidy
from tests.survey.storage.samples import STUDY, VALUES, answer, mark, on_disk, open_study, send

CANARY = "canary in the mine"
LARGE = "x" * 5_000_000


def speak(db, table, number=500):
    """Somebody writes the canary into the row and, at length, into a text."""
    values = {**VALUES, "said": CANARY}
    accept(db, answer(table, number, values=values, text=f"{CANARY} " * 300))


def take_back(db, number=500):
    ask_deletion(db, [mark("row", number), mark("text", number)])
    return carry_out_deletions(db)


@pytest.mark.parametrize(
    "then", [lambda db: None, tidy, rewrite_file], ids=["fresh", "rest", "level"]
)
@pytest.mark.parametrize("content", ["{}", LARGE], ids=["small file", "large file"])
def test_a_deleted_answer_is_in_no_file(stores, db, then, content):
    table = open_study(db, content=content)
    send(db, table, range(10))
    speak(db, table)
    then(db)
    assert take_back(db) == 2
    assert CANARY.encode() not in on_disk(stores.folder)
    assert mark("row", 500) not in on_disk(stores.folder)


def test_an_answer_among_thousands_leaves_no_old_copy_behind(stores, db):
    """Where pages were split, SQLite leaves copies in their unused part."""
    table = open_study(db)
    for number in range(2000):
        accept(db, answer(table, number, text="long " * (number % 500 + 1)))
    taken = range(0, 2000, 10)
    ask_deletion(db, [mark(kind, n) for n in taken for kind in ("row", "text")])
    carry_out_deletions(db)
    left = on_disk(stores.folder)
    assert not any(mark(kind, n) in left for n in taken for kind in ("row", "text"))
    assert count(db, STUDY) == 1800


def test_deletion_takes_nothing_else(db):
    table = open_study(db)
    send(db, table, range(30))
    take_back(db, 7)
    left = {row["deletion"] for row in rows(db, STUDY)} | {t["deletion"] for t in texts(db, STUDY)}
    assert left == {mark(kind, n) for n in range(30) if n != 7 for kind in ("row", "text")}


def test_the_request_itself_is_gone_too(stores, db):
    open_study(db)
    assert take_back(db, 3) == 0
    assert mark("row", 3) not in on_disk(stores.folder)


def test_a_freeze_destroys_every_deletion_value(stores, db):
    table = open_study(db)
    send(db, table, range(200))
    freeze(db, STUDY, minimum=50, closing=False)
    left = on_disk(stores.folder)
    assert not any(mark(kind, n) in left for n in range(200) for kind in ("row", "text"))


def test_after_a_freeze_a_code_deletes_nothing(db):
    table = open_study(db)
    send(db, table, range(60))
    freeze(db, STUDY, minimum=50, closing=False)
    assert take_back(db, 7) == 0
    assert count(db, STUDY) == 60
