"""Answers can be deleted until the day that people were told, and then they are told what is not.

The day is a signed fact of the site; what freezes refuses before it.
"""

import pytest

from forms.site_facts import load_site
from survey.cli.main import main
from survey.crypto import new_code
from survey.errors import Refusal
from survey.storage import batches
from survey.studies import lifecycle
from survey.studies.approvals import ApprovalForm, record_approval
from survey.studies.availability import FRESH_SECONDS
from survey.studies.loading import find_problems
from survey.studies.version import fingerprints_of, read_version
from tests.approving import FACTS
from tests.journeys.boardroom import Served, day
from tests.journeys.releasing import Room, real_answers, stores_of, with_pages
from tests.journeys.site import Site
from tests.journeys.walking import walk

NAME = "minimal"
TOLD = "Type your code, until the end of {last_day_to_delete}."


class Dated(Served):
    """A study that tells people from which day on their answers may be frozen."""

    def sign(self, freeze_not_before):
        """The site gives this day, and the board signs it."""
        self.give(freeze_not_before)
        form = ApprovalForm(reference="R 1", by="A board", approved_on=day(0), expires_on=day(9))
        record_approval(self.services.stores, self.folder_now, form)
        self.later(FRESH_SECONDS)

    def give(self, freeze_not_before):
        """The site gives this day; nobody has signed it yet."""
        facts = f'{FACTS}[study.{NAME}]\nfreeze_not_before = "{freeze_not_before}"\n'
        self.site_facts.write_text(facts)
        self.later(FRESH_SECONDS)

    @property
    def folder_now(self):
        """What the folder and the site say now."""
        return read_version(self.folder, load_site(self.site_facts), pilot=False)

    def freeze(self):
        """What every door calls."""
        lifecycle.freeze(self.services.stores, self.folder_now, note=lambda _: None)
        self.later(FRESH_SECONDS)

    def send(self):
        """Somebody answers, and keeps the code."""
        return walk(self.client().begin()).send(code=True).code

    @property
    def frozen(self):
        return [b for b in batches.batches(self.services.stores.responses, NAME) if b]


@pytest.fixture
def mood(open_app, tmp_path):
    """Signed to be frozen from tomorrow on, open, answered once."""
    served = Dated(open_app, tmp_path / "shelf")
    served.change("Type your code.", TOLD, file="consent.toml")
    served.sign(day(1))
    served.become("open")
    served.send()
    return served


def close(mood):
    mood.become("closed")
    return mood


# The day.


@pytest.mark.parametrize("status", ["open", "closed"])
def test_before_the_day_nothing_is_frozen(mood, status):
    mood.become(status)
    with pytest.raises(Refusal, match="delete their answers until the end of"):
        mood.freeze()
    assert mood.frozen == []


def test_on_the_day_by_the_servers_calendar_it_may_be(mood, monkeypatch):
    class Tomorrow:
        def isoformat(self):
            return day(1)

    monkeypatch.setattr(lifecycle, "today_here", Tomorrow)
    close(mood).freeze()
    assert mood.frozen == [1]


def test_a_freeze_by_other_means_is_told_by_the_doctor(mood):
    def told():
        return any(
            "are frozen of which the record has no freeze" in problem
            for problem in find_problems(mood.services.catalogue, mood.services.stores)
        )

    before = told()
    batches.freeze(mood.services.stores.responses, NAME, minimum=1, closing=True)
    assert (before, mood.frozen, told()) == (False, [1], True)


def test_the_command_refuses_with_one_sentence(mood, runner):
    close(mood)
    catalogue, site = str(mood.folder.parent), str(mood.site_facts)
    done = runner.invoke(
        main, ["study", "freeze", NAME], env={"LACRIMA_STUDIES": catalogue, "LACRIMA_SITE": site}
    )
    assert done.exit_code == 1
    assert "People were told that they can delete their answers until the end of" in done.output
    assert mood.frozen == []


@pytest.mark.parametrize(("status", "step"), [("open", "batch"), ("closed", "freeze")])
def test_the_researchers_room_says_why_and_has_no_button(mood, signed_in, status, step):
    with_pages(mood.app)
    mood.become(status)
    ada = Room(signed_in(mood.app, name="Ada"), NAME).open(f"life/{step}")
    assert "People were told that they can delete their answers until the end of" in ada.text
    assert "Freeze this batch for good" not in ada.text
    assert "Freeze everything for good" not in ada.text


def test_the_job_of_a_page_that_was_opened_in_time_refuses_too(mood, signed_in):
    with_pages(mood.app)
    close(mood).sign(day(0))
    stores_of(mood.app).responses.conn.execute("DELETE FROM promised")
    ada = Room(signed_in(mood.app, name="Ada"), NAME).open("life/freeze")
    mood.sign(day(1))
    ada.press()
    ada.wait()
    assert "People were told that they can delete their answers" in ada.text
    assert mood.frozen == []


def test_an_earlier_day_does_not_hold_for_answers_that_were_promised_a_later_one(mood):
    mood.sign(day(0))
    with pytest.raises(Refusal, match="until the end of"):
        close(mood).freeze()


def test_nor_does_taking_the_day_out_of_the_words(mood):
    mood.change(TOLD, "Type your code.", file="consent.toml")
    mood.sign(day(0))
    with pytest.raises(Refusal, match="until the end of"):
        close(mood).freeze()


def test_another_day_is_another_version_and_binds_once_it_is_signed(mood):
    signed = fingerprints_of(mood.folder_now)
    mood.give(day(0))
    assert fingerprints_of(mood.folder_now).site != signed.site
    with pytest.raises(Refusal, match="until the end of"):
        close(mood).freeze()


def test_a_later_day_that_is_signed_is_told_and_holds(open_app, tmp_path):
    served = Dated(open_app, tmp_path / "shelf")
    served.change("Type your code.", TOLD, file="consent.toml")
    served.sign(day(0))
    served.become("open")
    served.send()
    served.sign(day(5))
    with pytest.raises(Refusal, match="until the end of"):
        close(served).freeze()


@pytest.fixture
def pilot(open_app):
    return Site(open_app(NAME), NAME)


def test_a_pilots_answers_are_never_frozen(pilot):
    mood = pilot
    walk(mood.client().begin()).send()
    with pytest.raises(Refusal, match="is a pilot: its answers are never frozen"):
        lifecycle.freeze(mood.services.stores, mood.version, note=lambda _: None)


# What the page of deletions says.


@pytest.fixture
def due(open_app, tmp_path):
    """The same where the day has come."""
    served = Dated(open_app, tmp_path / "shelf")
    served.change("Type your code.", TOLD, file="consent.toml")
    served.sign(day(0))
    served.become("open")
    return served


def told(served, code=""):
    client = served.client().open("withdraw")
    return client.press(code=code).text if code else client.text


ONCE = "were put into the results on that day, and so were any sent earlier that day"
AGAIN = "were put into the results on that day or earlier"
ALL = "All answers were put into the results"


def test_before_any_freeze_nothing_is_said_of_results(due):
    assert "put into the results" not in told(due) + told(due, due.send())


def test_after_a_batch_page_and_reply_say_what_no_code_can_delete(due):
    code = due.send()
    real_answers(due.app, due.version.study, 60)
    due.freeze()
    for said in (told(due), told(due, code), told(due, new_code())):
        assert ONCE in said
        assert "No code can delete them any more." in said


def test_the_reply_is_the_same_whether_the_code_is_frozen_fresh_or_nobodys(due):
    frozen = due.send()
    real_answers(due.app, due.version.study, 60)
    due.freeze()
    fresh = due.send()
    assert told(due, frozen) == told(due, fresh) == told(due, new_code())


def test_after_several_batches_on_several_days_the_last_is_named(due):
    office = due.services.stores.office
    real_answers(due.app, due.version.study, 60)
    due.freeze()
    batches.begins(office, NAME, 1, at="2026-01-02T10:00:00+00:00")
    real_answers(due.app, due.version.study, 60, seed=2)
    due.freeze()
    assert AGAIN in told(due)


def test_after_the_last_freeze_all_are_said_to_be_in_the_results(due):
    due.send()
    due.become("closed")
    due.freeze()
    due.later(FRESH_SECONDS)
    assert ALL in told(due)
    assert ALL in told(due, new_code())


def test_the_certificate_says_when_answers_were_frozen(due):
    due.send()
    assert "Answers frozen on" not in due.client().open(f"/ethics/{NAME}/certificate").text
    due.become("closed")
    due.freeze()
    assert f"Answers frozen on {day(0)}" in due.client().open(f"/ethics/{NAME}/certificate").text


def test_a_freeze_that_ended_half_way_is_not_told(due):
    due.send()
    batches.begins(due.services.stores.office, NAME, 1, at="2026-01-02T10:00:00+00:00")
    due.later(FRESH_SECONDS)
    assert "put into the results" not in told(due)


def test_a_pilot_says_nothing_of_results(pilot):
    assert "put into the results" not in told(pilot)
