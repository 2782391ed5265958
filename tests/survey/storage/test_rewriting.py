"""A large file is rewritten a few rows at a time: nothing is lost, and nothing is left over."""

import random

import pytest

from survey.errors import NoRoom
from survey.storage import texts as text_storage
from survey.storage.answer_tables import count, rows, texts
from survey.storage.answers import accept
from survey.storage.batches import (
    ask_deletion,
    batches,
    being_destroyed,
    carry_out_deletions,
    certified,
    delete_asked,
    destroy,
    finish_destroying,
    finish_freezes,
    freeze,
)
from survey.storage.database import truncate_log
from survey.storage.reordering import merge_arrivals
from survey.storage.rewriting import Pace, rewrite_due, rewrite_some
from survey.storage.stores import Stores
from tests.promises.test_no_order_in_bytes import chance, correlation, places
from tests.survey.storage.processes import python
from tests.survey.storage.samples import STUDY, answer, mark, on_disk, open_study, send

FEW = 7  # rows in a slice, so that small files take many


class Few(Pace):
    """A pace that stays as it is."""

    def took(self, seconds):
        pass


def slices(db, few=FEW):
    """Rewrite the file; yields between two slices."""
    pace = Few(few)
    while not rewrite_some(db, pace, one_go=0):
        yield


def rewrite(db, few=FEW):
    for _ in slices(db, few):
        pass
    assert truncate_log(db)


@pytest.fixture
def table(db):
    table = open_study(db)
    send(db, table, range(120))
    merge_arrivals(db)
    return table


def everything(db):
    return [list(rows(db, STUDY)), list(texts(db, STUDY)), batches(db, STUDY)]


def defined(db):
    sql = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'unread%' ORDER BY 1, 2"
    return db.conn.execute(sql).fetchall()


def test_what_is_there_is_there_afterwards_and_between_any_two_slices(db, table):
    before, schema = everything(db), defined(db)
    for _ in slices(db):
        assert everything(db) == before
    assert (everything(db), defined(db)) == (before, schema)
    assert db.conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_happens_meanwhile_is_not_lost(db, table):
    """People send, delete, and their texts are read, between the slices."""
    drawn, gone = random.Random(3), set()
    for step, _ in enumerate(slices(db)):
        accept(db, answer(table, 1000 + step))
        if step % 3 == 0:
            number = drawn.choice([n for n in range(120) if n not in gone])
            ask_deletion(db, [mark(kind, number) for kind in ("row", "text")])
            delete_asked(db)
            gone.add(number)
        if step % 5 == 0:
            one = next(t for t in text_storage.all_texts(db, STUDY, frozen_only=False)
                       if t.state == "new")  # fmt: skip
            assert text_storage.set_state(db, one, "approved", None)
    sent = set(range(120)) - gone | set(range(1000, 1001 + step))
    assert {row["deletion"] for row in rows(db, STUDY)} == {mark("row", n) for n in sent}
    assert {text["deletion"] for text in texts(db, STUDY)} == {mark("text", n) for n in sent}
    assert count(db, STUDY) == len(sent)
    states = [t.state for t in text_storage.all_texts(db, STUDY, frozen_only=False)]
    told = text_storage.counts(db, STUDY, batches=None)
    for state in ("new", "approved"):
        assert told[("why", "en", state)] == states.count(state)


def test_what_was_deleted_is_in_no_byte_afterwards(stores, db):
    """Where pages were split, SQLite leaves copies in their unused part."""
    table = open_study(db)
    for number in range(500):
        accept(db, answer(table, number, text="long " * (number % 500 + 1)))
    gone = range(0, 500, 10)
    ask_deletion(db, [mark(kind, n) for n in gone for kind in ("row", "text")])
    delete_asked(db)
    assert rewrite_due(db)
    rewrite(db, 100)
    left = on_disk(stores.folder)
    assert not any(mark(kind, n) in left for n in gone for kind in ("row", "text"))
    assert (rewrite_due(db), count(db, STUDY)) == (False, 450)


@pytest.mark.parametrize("kind", ["row", "text", "submit"])
def test_the_place_in_the_file_tells_nothing_of_the_order_of_arrival(stores, db, kind):
    table = open_study(db)
    send(db, table, range(400))
    rewrite(db, 50)
    assert abs(correlation(places(stores, kind, range(400)), range(400))) < chance(400)


def test_a_deletion_while_it_is_rewritten_asks_for_it_once_more(db, table):
    some = slices(db)
    next(some)
    ask_deletion(db, [mark("row", 5)])
    delete_asked(db)
    for _ in some:
        pass
    assert rewrite_due(db)
    rewrite(db)
    assert not rewrite_due(db)


def test_whoever_opens_the_file_goes_on_where_a_crash_left_it(tmp_path):
    stores = Stores(tmp_path)
    db = stores.responses
    send(db, open_study(db), range(60))
    before = everything(db)
    steps = 0
    while True:
        try:
            next(some := slices(db))
        except StopIteration:
            break
        some.close()
        stores.close()
        db, steps = stores.responses, steps + 1
    assert (everything(db), steps > 20) == (before, True)
    stores.close()


def test_two_processes_that_rewrite_at_once_do_it_together(db, table, tmp_path):
    """Each looks at where it stands, and only then takes its turn."""
    before, schema, other = everything(db), defined(db), Stores(tmp_path)
    for _ in zip(slices(db), slices(other.responses), strict=False):
        assert everything(db) == before
    rewrite(db)
    assert (everything(db), defined(db)) == (before, schema)
    other.close()


def test_what_is_due_is_known_after_a_restart(tmp_path):
    stores = Stores(tmp_path)
    send(stores.responses, open_study(stores.responses), range(3))
    ask_deletion(stores.responses, [mark("row", 1)])
    delete_asked(stores.responses)
    stores.close()
    assert rewrite_due(stores.responses)
    carry_out_deletions(stores.responses)
    assert not rewrite_due(stores.responses)
    stores.close()


def test_without_room_nothing_is_begun_and_it_stays_due(db, table, monkeypatch):
    monkeypatch.setattr("survey.storage.rewriting.STORE_ROOM_BYTES", 2**60)
    ask_deletion(db, [mark("row", 1)])
    with pytest.raises(NoRoom, match=r"responses\.db needs \d+ MB of room"):
        carry_out_deletions(db)
    assert (count(db, STUDY), rewrite_due(db)) == (119, True)
    monkeypatch.undo()
    carry_out_deletions(db)
    assert not rewrite_due(db)


FAIL = """
import resource, sqlite3, sys; from pathlib import Path
from survey.storage.rewriting import rewrite_due, rewrite_file
from survey.storage.stores import Stores
folder = Path(sys.argv[1])
db = Stores(folder).responses
db.conn.execute("UPDATE levelling SET due = 1")
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    rewrite_file(db)
except sqlite3.OperationalError:
    print((folder / "responses.db-wal").stat().st_size, rewrite_due(db))
"""


def test_a_rewriting_that_fails_half_way_leaves_an_empty_log_and_is_still_due(tmp_path):
    """No file of the process may grow beyond two MB, and its log would."""
    stores = Stores(tmp_path)
    open_study(stores.responses, content="x" * 3_000_000)
    stores.close()
    process = python("-c", FAIL, str(tmp_path))
    assert process.communicate(timeout=20)[0] == "0 True\n"


def test_a_freeze_that_was_cut_off_is_finished_and_takes_nobody_in_who_came_later(db, table):
    """Whoever asks for a deletion by then comes too late, and no row is half frozen for long."""
    db.conn.execute("INSERT INTO freezing VALUES (?, 1)", (STUDY,))
    send(db, table, range(200, 245))
    ask_deletion(db, [mark("row", 3), mark("row", 201)])
    assert delete_asked(db) == 1
    assert batches(db, STUDY) == {0: 164}
    finish_freezes(db)
    assert batches(db, STUDY) == {0: 44, 1: 120}
    left = {row["deletion"] for row in rows(db, STUDY)}
    assert not any(mark("row", n) in left for n in range(120))
    assert mark("row", 244) in left


def test_two_freezes_of_a_file_rewritten_in_slices_are_two_batches(stores, db, table, monkeypatch):
    monkeypatch.setattr("survey.storage.rewriting.ONE_GO_BYTES", 0)
    assert freeze(db, STUDY, minimum=50, closing=False) == 120
    rewrite(db, 50)
    send(db, table, range(300, 360))
    assert freeze(db, STUDY, minimum=50, closing=False) == 60
    rewrite(db, 50)
    assert batches(db, STUDY) == {1: 120, 2: 60}
    left = on_disk(stores.folder)
    assert not any(mark(kind, n) in left for n in range(120) for kind in ("row", "text"))


_BEGUN = f"""
import os, signal, sys
from pathlib import Path
from survey.storage import batches
from survey.storage.rewriting import Pace
from survey.storage.stores import Stores

class OneSlice(Pace):
    def took(self, seconds):
        os.kill(os.getpid(), signal.SIGKILL)

batches.Pace = lambda: OneSlice({FEW})
batches.destroy(Stores(Path(sys.argv[1])).responses, "{STUDY}", texts=False)
"""


@pytest.mark.parametrize("goes_on", ["the command", "maintenance"])
def test_a_destruction_that_was_killed_counts_nothing_any_more_and_is_ended(
    stores, db, table, goes_on
):
    others = open_study(db, study="twin")
    send(db, others, range(500, 505))
    freeze(db, STUDY, minimum=50, closing=True)
    (kept,) = db.conn.execute(f"SELECT max(key) FROM {table}").fetchone()
    with python("-c", _BEGUN, str(stores.folder)) as process:
        assert process.wait(20) == -9
    left = db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert left == (120 - FEW,)
    assert (count(db, STUDY), count(db, "twin")) == (0, 5)
    if goes_on == "maintenance":
        finish_destroying(db)
        assert rewrite_due(db)
    assert destroy(db, STUDY, texts=False) == 120  # all of them, for the certificate
    assert list(rows(db, STUDY)) == []
    assert len(list(rows(db, "twin"))) == 5
    assert kept not in on_disk(stores.folder)
    assert being_destroyed(db, STUDY, texts=False)
    certified(db, STUDY, texts=False)
    assert destroy(db, STUDY, texts=False) == 0
