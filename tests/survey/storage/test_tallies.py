import sqlite3
import threading

import pytest

from survey.storage.counters import EventCounters, totals


@pytest.fixture
def tallies():
    return EventCounters()


def test_an_event_is_written_only_when_flushed(stores, tallies):
    tallies.add("small", "landing")
    assert totals(stores.responses, "small") == {}
    tallies.flush(stores.responses)
    assert totals(stores.responses, "small") == {"landing": 1}


def test_totals_add_up_over_flushes_and_studies(stores, tallies):
    for study in ("small", "small", "other"):
        tallies.add(study, "landing")
        tallies.flush(stores.responses)
    assert totals(stores.responses, "small") == {"landing": 2}
    assert totals(stores.responses, "other") == {"landing": 1}


def test_events_of_pilots_are_counted_apart(stores, tallies):
    tallies.add("small", "landing", pilot=True)
    tallies.flush(stores.responses)
    tallies.flush(stores.pilot, pilot=True)
    assert totals(stores.responses, "small") == {}
    assert totals(stores.pilot, "small") == {"landing": 1}


def test_what_cannot_be_written_goes_on_waiting(stores, tallies):
    tallies.add("small", "landing")
    stores.responses.conn.execute("PRAGMA query_only=ON")
    with pytest.raises(sqlite3.OperationalError):
        tallies.flush(stores.responses)
    assert tallies.waiting() == 1


def test_threads_lose_no_event(stores, tallies):
    def visit():
        for _ in range(1000):
            tallies.add("small", "landing")

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for thread in visitors:
        thread.start()
    for thread in visitors:
        thread.join()
    assert tallies.waiting() == 4000
