"""A researcher who invited one client cannot see from figures whether she answered.

The attack: download all there is, invite her, download again, and compare. What it can still learn
is measured too: one answer in ten moves the totals, whoever gave it (docs/decisions/0018).
"""

import re
from itertools import pairwise

import pytest

from forms.routing import page_passed_event
from survey.collection.figures import COMPLETIONS, LANDINGS, figures_of
from survey.storage.counters import EventCounters, totals
from tests.journeys.client import Journey
from tests.journeys.staff import Worker
from tests.journeys.walking import walk

NAME = "branch"
ROOM = f"/research/{NAME}/"
PAGES = (
    "/research/", ROOM, ROOM + "figures/", ROOM + "figures/figures.csv",
    ROOM + "figures/cherries.md", ROOM + "invitations/", ROOM + "preregistration",
    ROOM + "preregistration.zip", f"/ethics/{NAME}/report", f"/ethics/{NAME}/report.csv",
)  # fmt: skip
FRESH = re.compile(rb'name="csrf_token"[^>]*value="[^"]*"|value="[^"]*"[^>]*name="csrf_token"')


@pytest.fixture
def clinic(open_app, signed_in):
    return Clinic(open_app(NAME), signed_in)


class Clinic:
    """A collection that has some answers, and a researcher who compares downloads."""

    def __init__(self, app, signed_in):
        self.app, self.services = app, app.extensions["lacrima"]
        browser = signed_in(app)
        self.ada, self.account = Worker(None, browser=browser), browser.account
        self.count(landing=140, info=88, consented=60, completed=44)
        self.seen()
        self.count(landing=LANDINGS + 30, info=7, completed=COMPLETIONS - 2)

    def count(self, **events):
        for event, times in events.items():
            for _ in range(times):
                self.services.counters.add(NAME, event, pilot=True)
        self.write()

    @property
    def counted(self):
        return totals(self.services.stores.pilot, NAME)

    def write(self):
        """The worst case for her: all that is counted is written at once."""
        self.services.counters.flush(self.services.stores.pilot, pilot=True)

    def invite(self):
        """A code for one client, and her browser."""
        self.ada.open(ROOM + "invitations/")
        token = self.ada.page.named("csrf_token")[0].value
        form = {"csrf_token": token, "count": "1", "form": "txt"}
        made = self.ada.browser.post(ROOM + "invitations/make", data=form)
        (code,) = re.findall(r"^[0-9A-Z-]{14}$", made.get_data(as_text=True), re.MULTILINE)
        return Journey(self.app, "way"), code

    def seen(self):
        """Everything the room shows and gives, but what is fresh and what she downloaded herself.

        Her own downloads are acts of staff, which the yearly report lists a line each.
        """
        found = {at: self.ada.browser.get(at) for at in PAGES}
        assert {answer.status_code for answer in found.values()} == {200}
        own = re.compile(rb".*%b.* downloaded.*\n" % self.account.encode())
        return {at: own.sub(b"", FRESH.sub(b"", answer.data)) for at, answer in found.items()}


def look(client, code):
    client.open("/i/").press(invitation=code)


def decline(client, code):
    look(client, code)
    client.inform().be_eligible().press("go", "decline")


def leave_midway(client, code):
    enter(client, code)
    walk(client, until="again", been=1).open("leave")


def stop_and_delete(client, code):
    enter(client, code)
    client.stop(been=1)
    client.press("go", "delete")


def stop_and_send(client, code):
    enter(client, code)
    walk(client, until="again", been=1).stop().send()


def answer(client, code):
    enter(client, code)
    assert walk(client).send().screen == "done"


def ask_for_help(client, code):
    look(client, code)
    client.open("support")


def enter(client, code):
    look(client, code)
    client.inform().be_eligible().agree()


@pytest.mark.parametrize("she", [
    look, decline, ask_for_help, leave_midway, stop_and_delete, stop_and_send, answer,
])  # fmt: skip
def test_two_downloads_around_an_invited_client_are_the_same_whatever_she_does(clinic, she):
    client, code = clinic.invite()
    before, counted = clinic.seen(), clinic.counted
    she(client, code)
    clinic.write()
    assert clinic.counted != counted
    assert clinic.seen() == before


# Looking after every single event, at a collection of which everything else is known to be still.


def watched(stores, study, events):
    """What is shown after each of these events."""
    shown = []
    for event in events:
        tallies = EventCounters()
        tallies.add(study.name, event)
        tallies.flush(stores.responses)
        shown.append(figures_of(stores, study, pilot=False, over=True))
    return shown


def a_client(study, number):
    """What one client leaves: most send, some leave at the second page."""
    went_on = [page_passed_event(page.id, "went") for page in study.pages]
    sends = number % 7 != 3
    return ["landing", "info", "consented", *(
        [*went_on, "completed"] if sends else [*went_on[:1], "quick_exit"]
    )]  # fmt: skip


def test_between_two_different_downloads_lie_ten_completed_answers(stores, study):
    study = study(NAME)
    events = [e for number in range(150) for e in ("landing", *a_client(study, number))]
    shown = watched(stores, study, events)
    moved = [at for at, (one, other) in enumerate(pairwise(shown), 1) if one != other]
    between = [events[a + 1 : b + 1].count("completed") for a, b in pairwise(moved)]
    assert len(moved) > 5
    assert min(between) >= COMPLETIONS


def test_after_the_close_a_page_that_one_client_left_at_is_not_told_apart_from_the_others(
    stores, study
):
    """Nineteen who took a way are as good as none, and so is who of them left."""
    study = study(NAME)
    one = [e for _ in range(19) for e in ("landing", "landing", *a_client(study, 0))]
    she_left = watched(stores, study, [*one, *a_client(study, 3)])[-1]
    assert (she_left.dropoff, she_left.totals["quick_exit"]) == ((), 0)
