"""What is told without reading a row is what is there, and no more than that."""

from collections import Counter
from dataclasses import replace

import pytest

from survey.storage import texts as text_storage
from survey.storage.answer_tables import count, rows, texts
from survey.storage.answers import Text, accept
from survey.storage.batches import ask_deletion, batches, carry_out_deletions, freeze
from survey.storage.schema import ANSWERS
from survey.storage.stores import Stores
from survey.storage.texts import counts, text_counts
from tests.survey.storage.samples import STUDY, answer, mark, open_study, send

LARGE = "x" * 5_000_000  # archived words that make the file too large to be rewritten at once


@pytest.fixture(params=["{}", LARGE], ids=["small file", "large file"])
def table(request, db):
    return open_study(db, content=request.param)


def told(db):
    """Answers by batch, and texts by language, batch and state, as they are told."""
    found: Counter[tuple[str | None, int, str]] = Counter()
    for pile in text_counts(db, STUDY):
        found[pile.lang or None, pile.batch, pile.state] += pile.count
    return dict(batches(db, STUDY)), found


def there(db):
    """The same, read row by row."""
    return (
        dict(Counter(row["batch"] for row in rows(db, STUDY))),
        Counter((text["lang"], text["batch"], text["state"]) for text in texts(db, STUDY)),
    )


def withdraw(db, *numbers):
    ask_deletion(db, [mark(kind, n) for n in numbers for kind in ("row", "text")])
    carry_out_deletions(db)


def approve_one(db):
    text = next(t for t in text_storage.all_texts(db, STUDY, frozen_only=False) if t.state == "new")
    assert text_storage.set_state(db, text, "approved", None)


@pytest.mark.parametrize(
    "happens",
    [
        lambda db: None,
        lambda db: withdraw(db, 3, 41, 69),
        lambda db: freeze(db, STUDY, minimum=50, closing=False),
        approve_one,
        lambda db: [approve_one(db) for _ in range(65)],
    ],
    ids=["sent", "withdrawn", "frozen", "read", "many read"],
)
def test_what_is_told_is_what_is_there(db, table, happens):
    send(db, table, range(70))
    happens(db)
    assert told(db) == there(db)
    send(db, table, range(100, 125))
    assert (told(db), count(db, STUDY)) == (there(db), sum(told(db)[0].values()))


def test_a_change_that_fails_is_not_counted(db, table):
    send(db, table, range(60))
    text = text_storage.all_texts(db, STUDY, frozen_only=False)[0]
    assert not text_storage.set_state(db, replace(text, state="withheld"), "approved", None)
    assert told(db) == there(db)


def test_of_a_language_that_is_gone_nothing_is_left(db, table):
    send(db, table, range(30))
    rare = Text(STUDY, "why", "tlh", 1, mark("text", 99), "a rare one")
    accept(db, answer(table, 99, texts=(rare,)))
    send(db, table, range(30, 60))
    withdraw(db, 99)
    held = db.conn.execute("SELECT DISTINCT lang FROM text_totals").fetchall()
    assert held == [("en",)]


def test_texts_of_another_study_are_not_told(db, table):
    send(db, table, range(30))
    assert (text_counts(db, "other"), counts(db, "other", batches=None)) == ([], Counter())


def test_a_file_from_before_is_counted_when_it_is_opened(tmp_path):
    stores = Stores(tmp_path)
    db = stores.responses
    send(db, open_study(db), range(60))
    before = told(db)
    for name in ("TABLE row_totals", "TABLE text_totals", "INDEX unread_texts"):
        db.conn.execute(f"DROP {name}")
    db.conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm002_totals'")
    assert [m.name for m in ANSWERS.pending(db)] == ["m002_totals"]
    stores.close()
    assert told(stores.responses) == before
    stores.close()
