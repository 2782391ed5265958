import sqlite3
from dataclasses import replace

import pytest

from survey.errors import StoreError
from survey.storage.releases import Release, all_releases, record
from survey.storage.stores import Stores

RELEASE = Release(
    study="small",
    tier="C",
    sha256="ab" * 32,
    made_at="2026-05-01T12:00:00Z",
    rows=120,
    policy="p1",
    words=("w1", "w2"),
    batches=(1, 2),
    pilot=False,
)


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    yield stores.office
    stores.close()


def test_a_release_is_read_as_it_was_recorded(db):
    record(db, RELEASE)
    assert all_releases(db, "small") == [replace(RELEASE, number=1)]


def test_releases_are_numbered_by_study(db):
    assert [record(db, RELEASE), record(db, RELEASE)] == [1, 2]
    assert record(db, replace(RELEASE, study="other", pilot=True)) == 1
    assert [r.pilot for r in all_releases(db, "other")] == [True]


def test_a_number_that_was_taken_meanwhile_is_not_entered_twice(db):
    record(db, replace(RELEASE, number=1))
    with pytest.raises(StoreError, match="entered meanwhile"):
        record(db, replace(RELEASE, number=1))
    assert [r.number for r in all_releases(db, "small")] == [1]


def test_the_ledger_is_never_rewritten(db):
    record(db, RELEASE)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.conn.execute("UPDATE releases SET rows = 5")
