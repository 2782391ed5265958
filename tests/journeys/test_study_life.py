"""A researcher leads a study through its life; each step says first what it means."""

import pytest

from survey.storage import batches, board, studies
from tests.journeys.boardroom import Served, day
from tests.journeys.releasing import Room, audit_of, real_answers, stores_of, with_pages
from tests.signing import approve_and_confirm

NAME = "minimal"


@pytest.fixture
def site(open_app, tmp_path):
    """The study as a real one, approved; nobody has opened it."""
    served = Served(open_app, tmp_path / "shelf")
    with_pages(served.app)
    approve_and_confirm(served.services.stores, served.version)
    return served


@pytest.fixture
def ada(site, signed_in):
    return Room(signed_in(site.app, name="Ada"), NAME)


def status(site):
    return studies.status(stores_of(site.app).office, NAME)


def frozen(site):
    found = batches.batches(stores_of(site.app).responses, NAME)
    return {batch: rows for batch, rows in found.items() if batch}


def test_every_step_is_a_page_of_what_it_means_and_a_button(site, ada):
    for step, after in (("open", "open"), ("close", "closed")):
        ada.open(f"life/{step}")
        assert "What cannot be undone" in ada.text
        assert "The study is" in ada.press().text
        assert status(site) == after


def test_each_step_is_in_the_audit_with_a_name(site, ada):
    ada.open("life/open").press()
    ada.open("life/close").press()
    assert audit_of(site.app)[-2:] == ["Ada: minimal: open", "Ada: minimal: closed"]


def test_an_opened_study_takes_people_at_once(site, ada):
    ada.open("life/open").press()
    assert site.client().begin().asked


def test_what_keeps_a_study_from_opening_is_named_and_there_is_no_button(site, ada):
    office = stores_of(site.app).office
    board.rule(office, NAME, "suspended", at=day(0), who="A board", why="a complaint")
    ada.open("life/open")
    assert "It cannot open yet" in ada.text
    assert f"The board suspended it on {day(0)}: a complaint." in ada.text
    assert [form for form in ada.page.forms if form != "sign-out"] == []


def test_a_step_that_a_colleague_took_first_is_not_taken_twice(site, ada):
    ada.open("life/open")
    site.become("open")
    ada.press()
    assert (ada.status, "perhaps a colleague was quicker" in ada.text) == (409, True)


def test_a_form_from_before_a_change_does_nothing(site, ada):
    site.become("open")
    ada.open("life/close")
    site.become("closed")
    ada.press()
    assert (ada.status, status(site)) == (409, "closed")


def test_a_batch_is_frozen_while_the_study_stays_open(site, ada):
    site.become("open")
    real_answers(site.app, site.version.study, 60)
    ada.open("life/batch")
    assert "their codes stop working, at once and for good" in ada.text
    ada.press()
    assert "frozen as a batch" in ada.wait().text
    assert (frozen(site), status(site)) == ({1: 60}, "open")


def test_too_few_for_a_batch_are_not_counted_out(site, ada):
    site.become("open")
    real_answers(site.app, site.version.study, 7)
    ada.open("life/batch").press()
    ada.wait()
    assert "There are fewer than 50 new answers" in ada.text
    assert (" 7 " in ada.text, " 43 " in ada.text, frozen(site)) == (False, False, {})


def test_the_last_freeze_ends_the_studys_life(site, ada):
    site.become("closed")
    real_answers(site.app, site.version.study, 7)
    ada.open("life/freeze").press()
    assert "The last answers are frozen" in ada.wait().text
    assert (frozen(site), status(site)) == ({1: 7}, "frozen")
    assert "Nothing more" in ada.open("life/").text


def test_a_freeze_is_in_the_audit_once_and_without_a_number(site, ada):
    site.become("closed")
    real_answers(site.app, site.version.study, 7)
    ada.open("life/freeze").press()
    ada.wait()
    assert audit_of(site.app)[-2:] == [
        "Ada: minimal: began to freeze the answers present as one batch",
        "Ada: minimal: frozen",
    ]


def test_a_pilot_has_no_life_to_be_led(open_app, signed_in):
    room = Room(signed_in(with_pages(open_app("kinds"))))
    assert "runs as a pilot" in room.open("life/").text
    assert room.open("life/open").status == 409
