import sqlite3
from types import SimpleNamespace

import pytest

from survey.backups.unite import unite
from survey.errors import Refusal, StoreUnavailable
from survey.storage import answer_tables, batches, counters, server_keys, studies
from survey.storage.counters import EventCounters
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers

NAME = "minimal"
DAY = "2026-01-02"
KEY = bytes(32)


def closed(folder, study, *, seed, count=10, status="closed"):
    """An installation with so many answers, closed."""
    stores = Stores(folder)
    real_answers(stores, study, count, seed=seed)
    server_keys.keep(stores, [KEY], DAY)
    events = EventCounters()
    for _ in range(count):
        events.add(NAME, "landing")
    events.flush(stores.responses)
    studies.set_status(stores.office, NAME, status, DAY)
    return stores


def copied(stores, folder):
    folder.mkdir()
    for name in ("responses", "office"):
        getattr(stores, name).conn.execute("VACUUM INTO ?", (str(folder / f"{name}.db"),))
    return folder


@pytest.fixture
def house(tmp_path, study):
    opened: list[Stores] = []

    def other(**how):
        opened.append(closed(tmp_path / f"other{len(opened)}", study(NAME), **how))
        return opened[-1]

    ours = closed(tmp_path / "ours", study(NAME), seed=1)
    noted: list[str] = []

    def take(folder):
        return unite(ours, folder, lambda: noted.append("noted"))

    yield SimpleNamespace(
        ours=ours, other=other, take=take, noted=noted, folder=tmp_path, study=study(NAME)
    )
    for stores in (ours, *opened):
        stores.close()


def rows(stores):
    return {row["key"]: row for row in answer_tables.rows(stores.responses, NAME)}


def test_two_stores_become_one_in_key_order_with_both_totals(house):
    other = house.other(seed=2, count=7)
    done = house.take(other.folder)
    assert (done.taken, done.known, house.noted) == (7, 0, ["noted"])
    assert rows(other).items() <= rows(house.ours).items()
    assert batches.batches(house.ours.responses, NAME) == {0: 17}
    assert counters.totals(house.ours.responses, NAME)["landing"] == 17
    assert [*rows(house.ours)] == sorted(rows(house.ours))


def test_what_both_have_counts_once_and_nothing_deleted_comes_back(house):
    folder = copied(house.ours, house.folder / "copy")
    first, second, *_ = rows(house.ours).values()
    other = Stores(folder)
    real_answers(other, house.study, 2, seed=3)
    for stores, row in ((house.ours, first), (other, second)):
        batches.ask_deletion(stores.responses, [row["deletion"]])
        batches.carry_out_deletions(stores.responses)
    other.close()
    done = house.take(folder)
    assert (done.taken, done.known) == (2, 8)
    assert not {first["key"], second["key"]} & rows(house.ours).keys()
    assert len(rows(house.ours)) == 10
    assert counters.totals(house.ours.responses, NAME)["landing"] == 10


def test_a_store_is_merged_neither_with_itself_nor_twice(house):
    before = rows(house.ours)
    with pytest.raises(Refusal, match="with itself"):
        house.take(house.ours.folder)
    with pytest.raises(Refusal, match="merged before"):
        house.take(copied(house.ours, house.folder / "copy"))
    other = house.other(seed=2)
    house.take(other.folder)
    with pytest.raises(Refusal, match="merged before"):
        house.take(other.folder)
    assert len(rows(house.ours)) == len(before) + 10
    assert counters.totals(house.ours.responses, NAME)["landing"] == 20


def test_open_frozen_and_foreign_stores_are_refused_with_the_reason(house, study):
    still_open = house.other(seed=2, status="open")
    with pytest.raises(Refusal, match="is open"):
        house.take(still_open.folder)
    frozen = house.other(seed=3)
    freeze(frozen, house.study)
    with pytest.raises(Refusal, match="was frozen or released"):
        house.take(frozen.folder)
    foreign = house.other(seed=4)
    server_keys.keep(foreign, [b"k" * 32], DAY)
    with pytest.raises(Refusal, match="server key that is not ours"):
        house.take(foreign.folder)
    other_words = house.other(seed=5)
    other_words.responses.conn.execute("UPDATE wordings SET fingerprint = zeroblob(32)")
    with pytest.raises(Refusal, match="words that were answered are not the same"):
        house.take(other_words.folder)
    assert len(rows(house.ours)) == 10


def test_a_log_beside_a_file_that_was_put_there_since_is_recognised(house):
    folder = house.folder / "ours"
    earlier = copied(house.ours, house.folder / "copy")
    house.ours.close()
    # A server that died leaves its log; then somebody puts an older file beside it.
    writer = Stores(folder)
    real_answers(writer, house.study, 1, seed=9)
    log = (folder / "responses.db-wal").read_bytes()
    writer.close()
    (folder / "responses.db-wal").write_bytes(log)
    (folder / "responses.db").write_bytes((earlier / "responses.db").read_bytes())
    with pytest.raises(StoreUnavailable, match="is the log of another file"):
        assert Stores(folder).responses
    conn = sqlite3.connect(earlier / "responses.db")
    assert conn.execute("PRAGMA quick_check").fetchone() == ("ok",)
