"""A limit of answers for each day: a study that is full for today opens by itself tomorrow."""

from datetime import timedelta

import pytest

from survey.clock import today_here
from survey.studies.approvals import ApprovalForm, record_approval
from tests.answering import real_answers
from tests.journeys.boardroom import Served

TODAY = today_here()


class Limited(Served):
    """A real study that takes 50 answers a day."""

    def __init__(self, open_app, catalogue):
        self.day, self.sends = TODAY, 0
        super().__init__(open_app, catalogue)
        self.services.availability._today = lambda: self.day
        release = self.folder / "release.toml"
        release.write_text("daily_limit = 50\n" + release.read_text())
        self.later(10)
        self.version = self.services.catalogue.folders[self.name].version(now=True)
        approval = ApprovalForm(
            reference="R", by="B", approved_on="2026-01-01", expires_on="2099-01-01"
        )
        record_approval(self.services.stores, self.version, approval)
        self.become("open")
        self.clock()

    def clock(self, days=0):
        """What the server does every few seconds."""
        self.day += timedelta(days)
        self.services.availability.begin_day()
        self.later(10)
        return self

    def send(self, times):
        self.sends += 1
        real_answers(self.services.stores, self.version.study, times, seed=self.sends)
        self.later(10)
        return self


@pytest.fixture
def limited(open_app, tmp_path):
    return Limited(open_app, tmp_path / "shelf")


def test_it_is_full_for_today_and_open_again_tomorrow(limited):
    assert limited.send(49).state == "open"
    assert limited.send(1).state == "full_today"
    assert limited.clock().state == "full_today"
    assert limited.clock(days=1).state == "open"
    assert "come back tomorrow" not in limited.client().open("").text


def test_clients_read_to_come_back_tomorrow_and_who_has_begun_may_send(limited):
    client = limited.client().begin()
    limited.send(50)
    assert "Please come back tomorrow." in limited.client().open("").text
    client.answer(mood=1)
    assert client.send().screen == "done"


def test_of_a_day_only_a_rounded_total_is_kept_and_only_the_last(limited):
    limited.send(33).clock(days=1)
    kept = limited.services.stores.office.conn.execute("SELECT day, sent FROM day_starts")
    assert kept.fetchall() == [((TODAY + timedelta(1)).isoformat(), 20)]


def test_boards_read_what_answers_by_programs_mean_here(limited):
    page = limited.client()
    page.base = f"/ethics/{limited.name}/"
    text = page.open("data").text
    assert "can send any number of answers" in text
    assert "Once about 50 answers (up to 19 fewer) were sent in a day" in text
