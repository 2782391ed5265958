import logging
import sqlite3
import time

import pytest

from survey.storage import drafts
from survey.storage.answer_tables import count
from survey.storage.answers import was_accepted
from survey.storage.batches import ask_deletion, pending
from survey.storage.counters import EventCounters, totals
from survey.storage.duties import LATE_SECONDS, MINUTE, read_duties
from survey.storage.maintenance import (
    DELETION_REST,
    DELETION_SECONDS,
    HEALTH_SECONDS,
    HEALTH_STALE_SECONDS,
    QUIET_SECONDS,
    MaintenanceThread,
)
from survey.storage.reordering import not_rewritten, waiting
from survey.storage.stores import Stores
from tests.survey.storage.processes import python
from tests.survey.storage.samples import STUDY, mark, on_disk, open_study, send
from tests.waiting import until

LARGE = "x" * 5_000_000
EVENING = 20 * 3600.0


class Clock:
    """Epoch seconds that pass when told to."""

    def __init__(self):
        self.now = EVENING

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(tmp_path):
    """The stores as a request sees them: other connections than the keeper's."""
    stores = Stores(tmp_path)
    yield stores
    stores.close()


@pytest.fixture
def tallies():
    return EventCounters()


@pytest.fixture
def keeper(tmp_path, clock, tallies):
    stores = Stores(tmp_path)
    keeper = MaintenanceThread(stores, tallies, clock=clock, accepted_of=lambda draft: draft[::-1])
    keeper.tick()
    yield keeper
    keeper.stop()
    keeper._release_lock()
    stores.close()


def pass_time(keeper, clock, seconds):
    """Half a second at a time, as the thread would."""
    for _ in range(int(seconds * 2)):
        clock.now += 0.5
        keeper.tick()


def test_a_single_answer_is_settled_within_two_seconds_of_quiet(keeper, clock, client):
    send(client.responses, open_study(client.responses), [1])
    pass_time(keeper, clock, 2)
    assert (waiting(client.responses), not_rewritten(client.responses)) == (0, 0)
    assert (client.folder / "responses.db-wal").stat().st_size == 0


def test_nothing_is_rewritten_while_answers_keep_coming(keeper, clock, client):
    table = open_study(client.responses)
    for number in range(10):
        send(client.responses, table, [number])
        pass_time(keeper, clock, QUIET_SECONDS / 2)
    assert waiting(client.responses) == 10


def test_a_file_at_rest_is_left_alone(keeper, clock, client):
    pass_time(keeper, clock, 3)
    before = (client.folder / "responses.db").stat().st_mtime_ns
    pass_time(keeper, clock, 30)
    assert (client.folder / "responses.db").stat().st_mtime_ns == before


def test_a_deletion_is_carried_out_at_the_next_beat_of_the_clock(keeper, clock, client):
    send(client.responses, open_study(client.responses), range(5))
    pass_time(keeper, clock, 10)
    ask_deletion(client.responses, [mark("row", 2)])
    pass_time(keeper, clock, DELETION_SECONDS - 0.5)
    assert pending(client.responses)
    pass_time(keeper, clock, 0.5)
    assert (pending(client.responses), count(client.responses, STUDY)) == (False, 4)


@pytest.mark.parametrize("row", [2, 99], ids=["a right code", "a wrong one"])
def test_whether_a_code_was_right_is_not_seen_in_when_a_file_is_rewritten(
    keeper, clock, client, row
):
    """A file too large to be rewritten at every quiet time."""
    send(client.responses, open_study(client.responses, content=LARGE), range(5))
    pass_time(keeper, clock, 10)
    ask_deletion(client.responses, [mark("row", row)])
    pass_time(keeper, clock, DELETION_SECONDS - 0.5)
    before = client.responses.conn.execute("PRAGMA schema_version").fetchone()
    pass_time(keeper, clock, 0.5)
    assert client.responses.conn.execute("PRAGMA schema_version").fetchone() != before


def test_codes_typed_one_after_the_other_leave_time_to_send(client, clock):
    """The longer a file takes to be rewritten, the longer the next round waits."""

    def take_a_second(_studies):
        clock.now += 0.5  # asked twice

    keeper = MaintenanceThread(
        client, EventCounters(), clock=clock, accepted_of=bytes, withdrawn=take_a_second
    )
    open_study(client.pilot)
    for number in range(2):
        ask_deletion(client.pilot, [mark("row", number)])
        pass_time(keeper, clock, DELETION_SECONDS)
    assert pending(client.pilot)
    pass_time(keeper, clock, DELETION_REST)
    assert not pending(client.pilot)
    keeper._release_lock()


def test_what_was_asked_for_is_deleted_when_the_server_stops(keeper, client):
    send(client.responses, open_study(client.responses), range(5))
    keeper.start()
    ask_deletion(client.responses, [mark("row", 2)])
    keeper.stop()
    assert (pending(client.responses), count(client.responses, STUDY)) == (False, 4)


def test_a_file_that_somebody_else_writes_longer_than_is_waited_for_counts_as_not_writable(
    keeper, clock, client
):
    pass_time(keeper, clock, HEALTH_SECONDS)
    assert keeper.writable
    keeper._stores.responses.conn.execute("PRAGMA busy_timeout=1")
    client.responses.conn.execute("BEGIN IMMEDIATE")
    pass_time(keeper, clock, HEALTH_SECONDS)
    client.responses.rollback()
    assert not keeper.writable
    pass_time(keeper, clock, HEALTH_SECONDS)
    assert keeper.writable


def test_where_nobody_could_look_for_a_minute_nothing_counts_as_writable(keeper, clock):
    pass_time(keeper, clock, HEALTH_SECONDS)
    clock.now += HEALTH_STALE_SECONDS
    assert not keeper.writable


def test_a_duty_that_fails_for_ten_minutes_is_told_by_every_process(keeper, clock, client):
    """Whoever works writes it down by the minute; what is done again is late no longer."""
    keeper._release_lock()
    fails = [True]

    def due():
        if fails:
            raise OSError

    args = {"clock": clock, "accepted_of": lambda draft: draft}
    working = MaintenanceThread(client, EventCounters(), by_the_clock=due, **args)
    pass_time(working, clock, 60)
    pass_time(keeper, clock, HEALTH_SECONDS)
    assert not keeper.late
    clock.now += LATE_SECONDS
    pass_time(keeper, clock, HEALTH_SECONDS)
    assert keeper.late
    fails.clear()
    pass_time(working, clock, 61 + HEALTH_SECONDS)
    pass_time(keeper, clock, HEALTH_SECONDS)
    found = read_duties(client.folder)
    assert (keeper.late, found.failing, found.seen % MINUTE) == (False, {}, 0)
    assert {at % MINUTE for at in found.done.values()} == {0}
    assert "delete by code in responses.db" in found.done
    working._release_lock()


def test_a_reader_in_the_way_only_puts_it_off(keeper, clock, client):
    send(client.responses, open_study(client.responses), [1])
    client.responses.conn.execute("BEGIN")
    client.responses.conn.execute("SELECT count(*) FROM texts").fetchone()
    pass_time(keeper, clock, 2)
    assert (client.folder / "responses.db-wal").stat().st_size > 0
    client.responses.rollback()
    pass_time(keeper, clock, 0.5)
    assert (client.folder / "responses.db-wal").stat().st_size == 0


def test_what_the_keeper_writes_itself_does_not_stay_in_the_log(keeper, clock, client, tallies):
    for _ in range(20):
        tallies.add(STUDY, "canary")
    pass_time(keeper, clock, 3)
    assert (client.folder / "responses.db-wal").stat().st_size == 0


def test_expired_drafts_go_within_a_minute_and_are_overwritten(keeper, clock, client):
    drafts.create(client.drafts, id=mark("draft", 1), sealed=b"canary" * 99, expires=1800 * 41)
    clock.now = 1800 * 41.0
    pass_time(keeper, clock, 1)
    assert drafts.ids(client.drafts) == frozenset()
    assert b"canary" not in on_disk(client.folder)


def test_a_submit_token_goes_with_its_draft(keeper, clock, client):
    for n in (1, 2):
        draft = mark("submit", n)[::-1]
        drafts.create(client.drafts, id=draft, sealed=b"-", expires=1800 * 99)
    send(client.responses, open_study(client.responses), [1, 2])
    drafts.drop(client.drafts, mark("submit", 1)[::-1])
    pass_time(keeper, clock, 61)
    assert [was_accepted(client.responses, mark("submit", n)) for n in (1, 2)] == [False, True]


def test_a_large_file_is_levelled_at_night(keeper, clock, client):
    table = open_study(client.responses, content=LARGE)
    send(client.responses, table, range(400))
    pass_time(keeper, clock, 2)
    send(client.responses, table, range(400, 420))
    pass_time(keeper, clock, 2)
    assert not_rewritten(client.responses) == 20
    clock.now = EVENING + 7 * 3600
    pass_time(keeper, clock, 0.5)
    assert not_rewritten(client.responses) == 0


def test_tallies_are_written_twenty_at_a_time_and_at_the_end(keeper, clock, client, tallies):
    for _ in range(19):
        tallies.add(STUDY, "landing")
    pass_time(keeper, clock, 5)
    assert totals(client.responses, STUDY) == {}
    tallies.add(STUDY, "landing")
    pass_time(keeper, clock, 0.5)
    assert totals(client.responses, STUDY) == {"landing": 20}


def test_stopping_writes_everything_down(keeper, client, tallies):
    keeper.start()
    tallies.add(STUDY, "landing")
    tallies.add(STUDY, "landing", pilot=True)
    send(client.responses, open_study(client.responses), [1])
    keeper.stop()
    assert totals(client.responses, STUDY) == totals(client.pilot, STUDY) == {"landing": 1}
    assert waiting(client.responses) == 0


def test_the_thread_settles_by_itself(client):
    stores = Stores(client.folder)
    keeper = MaintenanceThread(stores, EventCounters(), clock=time.time, accepted_of=bytes)
    keeper.start()
    send(client.responses, open_study(client.responses), [1])
    assert until(lambda: not waiting(client.responses))
    keeper.stop()
    stores.close()


def test_one_keeper_works_at_a_time(keeper, clock, client):
    second = MaintenanceThread(client, EventCounters(), clock=clock, accepted_of=bytes)
    assert keeper._holds_lock()
    assert not second._holds_lock()


def test_a_busy_file_is_told_once_without_content_and_tried_again(keeper, clock, client, caplog):
    send(client.responses, open_study(client.responses), [1])
    keeper._stores.responses.conn.execute("PRAGMA busy_timeout=1")
    client.responses.conn.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.WARNING):
        pass_time(keeper, clock, 3)
    client.responses.rollback()
    pass_time(keeper, clock, 1)
    expected = "Could not lay responses.db to rest (SQLITE_BUSY); trying again."
    assert [record.getMessage() for record in caplog.records] == [expected]
    assert waiting(client.responses) == 0


def test_the_clock_is_looked_at_at_set_times_and_not_when_somebody_answers(clock, client):
    done = []
    keeper = MaintenanceThread(
        client,
        EventCounters(),
        clock=clock,
        accepted_of=bytes,
        by_the_clock=lambda: done.append(clock.now),
    )
    table = open_study(client.responses)
    for number in range(6):
        send(client.responses, table, [number])
        pass_time(keeper, clock, 0.5)
    clock.now += 20
    pass_time(keeper, clock, 5)
    keeper._release_lock()
    assert done == [EVENING + 0.5, EVENING + 23.5]


def test_what_failed_at_its_hour_is_tried_again(clock, client):
    tried = []

    def fail_once():
        tried.append(clock.now)
        if len(tried) == 1:
            raise sqlite3.OperationalError

    keeper = MaintenanceThread(
        client, EventCounters(), clock=clock, accepted_of=bytes, by_the_clock=fail_once
    )
    pass_time(keeper, clock, 25)
    keeper._release_lock()
    assert tried == [EVENING + 0.5, EVENING + 20.5]


LEAVE = """
import sys, time; from pathlib import Path
from survey.storage.stores import Stores; from survey.storage.maintenance import MaintenanceThread
from survey.storage.counters import EventCounters
stores = Stores(Path(sys.argv[1]))
MaintenanceThread(stores, EventCounters(), clock=time.time, accepted_of=bytes).start()
"""


def test_a_running_keeper_does_not_keep_a_process_from_ending(tmp_path):
    process = python("-c", LEAVE, str(tmp_path))
    assert process.communicate(timeout=20)[0] == ""
    assert process.returncode == 0


def test_a_dead_keeper_is_replaced(keeper, clock, client):
    second = MaintenanceThread(client, EventCounters(), clock=clock, accepted_of=bytes)
    second.tick()
    assert second._lock is None
    keeper._release_lock()
    second.tick()
    assert second._lock is not None
    second._release_lock()


def test_a_vanished_folder_does_not_stop_the_keeper(keeper, clock, client, caplog):
    keeper._stores.responses.conn.close()
    pass_time(keeper, clock, 1)
    assert any("responses.db" in record.getMessage() for record in caplog.records)
    with pytest.raises(sqlite3.ProgrammingError):
        _ = keeper._stores.responses.conn.execute("SELECT 1")
