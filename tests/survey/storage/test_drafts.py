import threading

import pytest

from survey.storage import drafts
from tests.survey.storage.samples import on_disk

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


def swap(db, seen, sealed):
    return drafts.swap(db, ID, seen=seen, sealed=sealed, expires=LATER)


def test_a_change_is_kept(db):
    assert swap(db, b"sealed", b"again")
    assert drafts.load(db, ID) == b"again"


def test_a_change_to_what_is_no_longer_there_is_refused(db):
    swap(db, b"sealed", b"by another tab")
    assert not swap(db, b"sealed", b"by this tab")
    assert drafts.load(db, ID) == b"by another tab"


def test_a_draft_that_is_gone_stays_gone(db):
    drafts.drop(db, ID)
    assert not swap(db, b"sealed", b"back")
    assert drafts.load(db, ID) is None


def add_a_dot(db):
    seen = drafts.load(db, ID) or b""
    return swap(db, seen, seen + b".")


def test_tabs_that_change_at_the_same_time_lose_nothing(stores, db):
    def tab():
        for _ in range(100):
            while not add_a_dot(stores.drafts):
                pass

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


def test_what_was_sent_goes_only_when_it_is_named(db):
    for number, kind in enumerate((drafts.SENT, drafts.SENT_WITH_CODE)):
        drafts.create(db, id=bytes([number]) * 32, sealed=b"sent", expires=kind)
    assert drafts.sent(db) == {bytes(32): drafts.SENT_SECONDS, b"\1" * 32: drafts.CODE_SECONDS}
    assert drafts.purge(db, LATER, [bytes(32), ID, b"x" * 32]) == 2
    assert drafts.ids(db) == {b"\1" * 32}


def test_what_is_gone_on_with_is_not_taken_for_sent(db):
    assert drafts.purge(db, LATER - 1, [ID]) == 0


def test_a_dropped_draft_is_overwritten(stores, db):
    drafts.create(db, id=b"j" * 32, sealed=b"canary" * 1000, expires=LATER)
    drafts.drop(db, b"j" * 32)
    stores.close()
    assert b"canary" not in on_disk(stores.folder)
    assert b"j" * 32 not in on_disk(stores.folder)
