"""What an amendment must not break: deleting by code, releasing, help while the disk fails."""

import sqlite3

import pytest

from survey.storage import batches
from survey.studies import approvals
from survey.studies.availability import FRESH_SECONDS
from survey.studies.version import fingerprints_of
from tests.journeys.boardroom import Served, Staff, day


def proposed(mood):
    return mood.app.extensions["lacrima"].catalogue.folders["minimal"].version(now=True)


def test_a_release_follows_the_version_signed_last_not_a_newer_folder(mood, board):
    board.sign()
    mood.become("open")
    mood.change("k = 5", "k = 6", "release.toml")
    found = approvals.signed_version(mood.services.stores, proposed(mood), day(0))
    assert fingerprints_of(found) == fingerprints_of(mood.version)


def test_a_release_is_refused_when_the_signed_version_cannot_be_read(mood, board):
    board.sign()
    mood.change("k = 5", "k = 6", "release.toml")
    place = approvals.place_of(
        mood.services.stores.folder, "minimal", fingerprints_of(mood.version)
    )
    place.rename(place.with_name("away"))
    with pytest.raises(approvals.ArchivedVersionInvalid):
        approvals.signed_version(mood.services.stores, proposed(mood), day(0))


def test_help_lines_are_shown_while_the_stores_cannot_be_read(mood, monkeypatch):
    mood.client().start()
    mood.later(FRESH_SECONDS)

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("survey.storage.studies.status", fail)
    assert "These lines can help." in mood.client().open("support").text


def test_a_code_still_deletes_a_text_whose_question_was_taken_out_since(
    open_app, tmp_path, signed_in
):
    once = Served(open_app, tmp_path / "shelf", "once")
    Staff(signed_in(once.app, "board"), "once").sign()
    once.become("open")
    client = once.client().begin().answer(first="A shock.").answer(upset=1).send(code=True)
    code = client.code
    once.change('variable = "first"', 'variable = "begun"')
    once.change('["first"]', '["begun"]', "release.toml")
    Staff(signed_in(once.app, "board"), "once").sign(reference="2")
    once.later(FRESH_SECONDS)
    once.client().open("withdraw").press(code=code)
    batches.carry_out_deletions(once.services.stores.responses)
    assert (once.rows, once.texts) == ([], [])
