"""A server that starts while site.toml cannot be read lets in whom it let in before."""

import pytest

from survey.respondents import invitations
from survey.storage import admission as stored
from survey.studies.availability import FRESH_SECONDS, FULL, OPEN
from tests.approving import FACTS
from tests.journeys.boardroom import signed_and_open

INVITED = "[study.minimal]\ninvited = true\n"
LIMITED = "[study.minimal]\nlimit = 1\n"


@pytest.fixture
def mood(open_app, tmp_path):
    """Signed and open to everybody."""
    return signed_and_open(open_app, tmp_path / "shelf")


@pytest.fixture
def started(mood, open_app):
    """``started("[")``: the study served by a process that found this in site.toml, or no file."""

    def start(found):
        if found is None:
            mood.site_facts.unlink()
        else:
            mood.site_facts.write_text(found)
        return mood.started_anew(open_app)

    return start


def say(mood, words):
    """Somebody edits site.toml while the server runs."""
    mood.site_facts.write_text(FACTS + words)
    mood.later(FRESH_SECONDS)
    mood.client().start()


def asks_for_a_code(site):
    return site.client().open("consent").here.endswith("/i/")


BAD = ["[", "", None]


@pytest.mark.parametrize("found", BAD)
def test_a_study_by_invitation_stays_so_when_every_code_is_spent(mood, started, found):
    say(mood, INVITED)
    desk = mood.services
    [code] = invitations.draw(1)
    invitations.keep(desk.stores, desk.keys, "minimal", [code], pilot=False)
    stored.drop(desk.stores.responses, "minimal")
    assert asks_for_a_code(started(found))


@pytest.mark.parametrize("found", BAD)
def test_a_study_by_invitation_stays_so_before_a_code_was_made(mood, started, found):
    say(mood, INVITED)
    assert asks_for_a_code(started(found))


def test_a_bad_start_after_a_bad_start_forgets_nothing(mood, started):
    say(mood, INVITED)
    first = started("[")
    assert asks_for_a_code(first)
    assert asks_for_a_code(started(None))


@pytest.mark.parametrize("found", BAD)
def test_a_study_for_everybody_stays_so(mood, started, found):
    say(mood, "")
    assert not asks_for_a_code(started(found))


@pytest.mark.parametrize("found", BAD)
def test_a_folder_edited_meanwhile_opens_no_door(mood, started, found):
    say(mood, INVITED)
    again = started(found)
    mood.change("How is your mood?", "How was your mood?")
    again.later(FRESH_SECONDS)
    assert asks_for_a_code(again)


@pytest.mark.parametrize("found", BAD)
def test_a_file_that_breaks_while_the_server_runs_opens_no_door(mood, found):
    say(mood, INVITED)
    if found is None:
        mood.site_facts.unlink()
    else:
        mood.site_facts.write_text(found)
    mood.later(FRESH_SECONDS)
    assert asks_for_a_code(mood)


def test_what_the_mended_file_says_counts_from_then_on(mood, started):
    say(mood, INVITED)
    again = started("[")
    mood.site_facts.write_text(FACTS)
    again.later(FRESH_SECONDS)
    assert not asks_for_a_code(again)


@pytest.mark.parametrize("found", BAD)
def test_a_study_that_ends_at_a_number_still_does(mood, started, found):
    say(mood, LIMITED)
    mood.client().begin().answer(mood=1).send()
    again = started(found)
    assert again.services.availability.state_of("minimal").state == FULL


def test_a_door_that_cannot_be_noted_keeps_nobody_out(mood):
    mood.site_facts.write_text(FACTS + INVITED)
    mood.services.stores.office.conn.execute("PRAGMA query_only = ON")
    mood.later(FRESH_SECONDS)
    assert mood.state == OPEN
