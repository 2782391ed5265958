"""The platform's own sentences are signed; an upgrade that changes them holds a study."""

import json

import pytest

from survey.storage import studies
from survey.studies import approvals
from survey.studies.availability import HELD, OPEN
from survey.studies.platform_words import fingerprint_of_platform, platform_content
from survey.studies.version import fingerprints_of
from tests.journeys.boardroom import day

EARLIER = platform_content().replace('"Leave now"', '"Go away"')


@pytest.fixture
def upgraded(mood, board):
    """Signed and open under an earlier program, which said one sentence otherwise."""
    office = mood.services.stores.office
    approvals.archive_version(mood.services.stores.folder, mood.version)
    studies.keep_platform(office, fingerprint_of_platform(EARLIER), EARLIER)
    studies.approve(office, studies.Approval(
        study="minimal", reference="2026-6", by="A board", approved_on=day(-9), expires_on=day(9),
        platform=fingerprint_of_platform(EARLIER),
        **fingerprints_of(mood.version)._asdict(),
    ))  # fmt: skip
    mood.become("open")
    return mood


def certificate(browser):
    answer = browser.browser.get("/ethics/minimal/certificate.json")
    return json.loads(answer.get_data(as_text=True))


def test_a_signature_covers_them(mood, board):
    board.sign()
    (noted,) = studies.approvals(mood.services.stores.office, "minimal")
    assert noted.platform == fingerprint_of_platform(platform_content())
    kept = studies.platform_content_of(mood.services.stores.office, noted.platform)
    assert kept == platform_content()


def test_others_than_signed_admit_nobody_new(upgraded):
    assert upgraded.state == HELD
    assert "This survey is paused" in upgraded.client().start().text


def test_who_has_begun_may_end(mood, board, monkeypatch):
    board.sign()
    mood.become("open")
    client = mood.client().begin()
    monkeypatch.setattr(approvals, "platform_fingerprint", lambda: "0" * 64)
    mood.later(3)
    assert mood.state == HELD
    assert client.answer(mood=1).send().screen == "done"


def test_boards_read_what_changed_and_sign_anew(upgraded, board):
    assert "other sentences of its own" in board.open("/ethics/").text
    assert "not those that were signed" in board.open("/ethics/minimal/certificate").text
    shown = board.open("approve").text
    assert ("Go away" in shown, "LEAVE_NOW: Leave now" in shown) == (True, True)
    board.fill_in().sign()
    upgraded.later(3)
    assert upgraded.state == OPEN
    assert upgraded.client().begin().screen == "questions"


def test_the_certificate_names_both_and_the_program(upgraded, board):
    told = certificate(board)
    assert told["platform"] == fingerprint_of_platform(platform_content())
    assert told["approval"]["platform"] == fingerprint_of_platform(EARLIER)
    assert (told["state"], told["cause"], told["program"] != "") == ("held", "platform", True)
