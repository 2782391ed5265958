"""Whatever staff open, no answer and no text is read for it but the one text at hand."""

import re
from contextlib import contextmanager

import pytest

from benchmarks.product import FLAGSHIP
from benchmarks.rooms.fill import grow
from survey.config import ROLES
from survey.storage.answer_tables import recount
from survey.storage.database import write_transaction
from survey.storage.reordering import merged_tables
from tests.journeys.reading import Reader, with_texts
from tests.journeys.releasing import stores_of

# What is settled; arrivals, a few dozen at most, may be counted as they lie.
READS_ALL = re.compile(r"SCAN (?:TABLE )?(answers_\w+|texts)")
LIMIT = '[study."kinds"]\nlimit = 1000\n'


@contextmanager
def statements(*databases):
    """Every statement that is carried out meanwhile, with its values."""
    seen = []
    for db in databases:
        db.conn.set_trace_callback(lambda sql, db=db: seen.append((db, sql)))
    try:
        yield seen
    finally:
        for db in databases:
            db.conn.set_trace_callback(None)


def reading_all(seen):
    """Those that go through a whole table of answers or of texts."""
    asked = {(id(db), sql): (db, sql) for db, sql in seen if re.match(r"\s*(SELECT|UPD|DEL)", sql)}
    return [
        sql
        for db, sql in asked.values()
        for *_, plan in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        if READS_ALL.search(plan)
    ]


def pages_on_a_study(app):
    """Address of every page of the staff's rooms that belongs to a study as a whole."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/research/<name>", "/ethics/<name>")) and "GET" in rule.methods:
            values = {"step": "close", "kind": "svg", "paper": "a4", "number": 1}
            values = {name: values.get(name, "x") for name in rule.arguments} | {"name": "kinds"}
            yield app.url_map.bind("localhost").build(rule.endpoint, values)


@pytest.fixture(params=[True, False], ids=["pilot", "real"])
def app(request, open_app, tmp_path):
    """A study with a text, and with a limit that has to be watched."""
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "site.toml").write_text(LIMIT, "utf-8")
    return with_texts(open_app("kinds", demo=request.param), "one", "two")


@pytest.mark.parametrize("role", ROLES)
def test_no_page_of_a_room_goes_through_the_answers_or_texts(app, signed_in, role):
    browser, stores = signed_in(app, role), stores_of(app)
    found = {}
    for page in pages_on_a_study(app):
        with statements(stores.pilot, stores.responses) as seen:
            browser.get(page).close()
        found[page] = reading_all(seen)
    assert {page: sql for page, sql in found.items() if sql} == {}


@pytest.mark.parametrize("app", [True], indirect=True)
def test_no_button_of_a_reader_goes_through_the_texts(app, signed_in):
    reader, stores = Reader(signed_in(app), "kinds"), stores_of(app)
    with statements(stores.pilot, stores.responses) as seen:
        reader.start_reading().go("skip").go("approve").go("undo").go("withhold")
    assert (reader.status, len(seen) > 20, reading_all(seen)) == (200, True, [])


def read_all_but(db, left):
    """Every text has been read but so many."""
    with write_transaction(db):
        db.conn.execute("UPDATE texts SET state = 'approved'")
        db.conn.execute(
            "UPDATE texts SET state = 'new' WHERE lang IS NOT NULL AND key IN"
            " (SELECT key FROM texts WHERE lang IS NOT NULL ORDER BY random() LIMIT ?)",
            (left,),
        )
        recount(db, merged_tables(db))


def steps_of(app, browser):
    """Steps that the database takes while texts are skipped, and for the page on all of them."""
    counted, db = [0], stores_of(app).pilot
    reader = Reader(browser, FLAGSHIP).start_reading()

    def count():
        counted[0] += 1

    db.conn.set_progress_handler(count, 1)
    for _ in range(8):  # how many keys are looked at is a matter of chance
        reader.go("skip")
    reader.open("")
    db.conn.set_progress_handler(None, 1)
    return counted[0]


def test_the_last_texts_are_found_as_fast_however_many_were_read(open_app, signed_in, tmp_path):
    app, sizes = open_app(FLAGSHIP), (1_000, 20_000)
    found = []
    for before, size in zip((0, *sizes), sizes, strict=False):
        grow(tmp_path / "data", size, before, drawn=200)
        read_all_but(stores_of(app).pilot, 90)
        found.append(steps_of(app, signed_in(app)))
    few, many = found
    assert many < 2 * few
