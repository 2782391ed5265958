import threading

import pytest

from survey.store import drafts
from tests.survey.store.samples import on_disk

ID = b"i" * 32
LATER = 1800 * 4


@pytest.fixture
def db(stores):
    drafts.create(stores.drafts, id=ID, sealed=b"sealed", expires=LATER)
    return stores.drafts


def test_a_draft_is_found_again(db):
    assert drafts.load(db, ID) == b"sealed"


def test_a_foreign_id_finds_nothing(db):
    assert drafts.load(db, b"x" * 32) is None


def test_an_expired_draft_is_not_given_out_even_before_it_is_purged(db):
    assert drafts.load(db, ID, now=LATER - 1) == b"sealed"
    assert drafts.load(db, ID, now=LATER) is None


def test_an_expiry_tells_no_time_finer_than_half_an_hour():
    assert drafts.rounded_expiry(0) == 7200
    assert drafts.rounded_expiry(0.5) == 7200 + 1800


def test_a_change_is_kept(db):
    with drafts.changing(db, ID) as kept:
        kept.replace((kept.sealed or b"") + b" again", LATER)
    assert drafts.load(db, ID) == b"sealed again"


def fail_half_way(db):
    with drafts.changing(db, ID) as kept:
        kept.replace(b"half", LATER)
        raise RuntimeError


def test_a_failed_change_leaves_the_draft_as_it_was(db):
    with pytest.raises(RuntimeError):
        fail_half_way(db)
    assert drafts.load(db, ID) == b"sealed"


def test_a_draft_that_is_gone_stays_gone(db):
    drafts.drop(db, ID)
    with drafts.changing(db, ID) as kept:
        assert kept.sealed is None
        kept.replace(b"back", LATER)
    assert drafts.load(db, ID) is None


def test_tabs_that_change_at_the_same_time_lose_nothing(stores, db):
    def tab():
        for _ in range(100):
            with drafts.changing(stores.drafts, ID) as kept:
                kept.replace((kept.sealed or b"") + b".", LATER)

    tabs = [threading.Thread(target=tab) for _ in range(4)]
    for thread in tabs:
        thread.start()
    for thread in tabs:
        thread.join()
    assert drafts.load(db, ID) == b"sealed" + b"." * 400


def test_purging_takes_expired_drafts_only(db):
    drafts.create(db, id=b"j" * 32, sealed=b"other", expires=LATER + 1800)
    assert drafts.purge(db, LATER) == 1
    assert drafts.ids(db) == {b"j" * 32}


def test_a_dropped_draft_is_overwritten(stores, db):
    drafts.create(db, id=b"j" * 32, sealed=b"canary" * 1000, expires=LATER)
    drafts.drop(db, b"j" * 32)
    stores.close()
    assert b"canary" not in on_disk(stores.folder)
    assert b"j" * 32 not in on_disk(stores.folder)
