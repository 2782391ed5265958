"""A flood of people who begin at once: they wait on a page that lets them in, nobody is refused."""

import pytest

from forms.flow import TRAP
from survey.respondents import invitations
from survey.respondents.start_limit import MINUTE_SECONDS, WAIT_SECONDS, StartLimit
from survey.studies.approvals import ApprovalForm, record_approval
from tests.journeys.boardroom import Served, day
from tests.journeys.site import Site

MOST = 4
WAITS = "you are let in as soon as there is room"


class Flooded(Served):
    """A study open by link that lets in few people a minute, by a clock that stands."""

    now = 0.0


@pytest.fixture
def flooded(open_app, tmp_path):
    served = Flooded(open_app, tmp_path / "shelf")
    signature = ApprovalForm(reference="R", by="B", approved_on=day(0), expires_on=day(9))
    record_approval(served.services.stores, served.version, signature)
    served.become("open")
    object.__setattr__(served.services, "starts", StartLimit(MOST, 1, lambda: served.now))
    return served


def full(served):
    """Let people begin until one has to wait."""
    for _ in range(MOST + 1):
        client = served.client().begin()
        if client.screen == "wait":
            return client
    raise AssertionError("everybody was let in")


def test_whoever_comes_when_no_place_is_left_waits_and_is_let_in_by_the_page_itself(flooded):
    client = full(flooded)
    assert WAITS in client.text
    assert client.headers["Refresh"] == str(WAIT_SECONDS)
    assert client.open("wait").screen == "wait"
    flooded.now += MINUTE_SECONDS
    assert client.open("wait").asked == ["mood"]
    assert client.answer(mood=2).send().screen == "done"


def test_the_button_tries_at_once_and_help_and_leaving_stand_beside_it(flooded):
    client = full(flooded)
    assert client.open("support").status == 200
    client.open("wait")
    flooded.now += MINUTE_SECONDS
    assert client.press("go", "continue").asked == ["mood"]


def test_nothing_is_sent_and_no_page_is_opened_by_somebody_who_waits(flooded):
    client = full(flooded)
    token, page = client.page.named("csrf_token")[0].value, "questions/AAAAAAAAAAAA"
    for screen, go in (("check", "send"), ("stop", "send"), ("done", ""), (page, "")):
        sent = {"csrf_token": token, "go": go, "code": "no", "mood": "2", "shown": "mood"}
        client._ask("POST", f"{client.base}{screen}", data=sent)
        assert client.open(screen).screen in ("wait", "stop")
    assert flooded.rows == []


def test_a_shared_device_left_alone_goes_back_to_its_first_page(flooded):
    full(flooded)
    client = flooded.client().open("kiosk")
    client.inform().be_eligible().agree()
    assert (client.screen, "Refresh" in client.headers) == ("wait", False)
    assert "tries again by itself" not in client.text


def test_the_time_of_waiting_is_no_time_of_answering(flooded):
    client = full(flooded)
    flooded.later(1500)
    flooded.now += MINUTE_SECONDS
    client.open("wait").answer(mood=2).send()
    assert [row["dur_band"] for row in flooded.rows] == [1]


def test_a_code_is_a_place_of_its_own(flooded):
    full(flooded)
    (code,) = codes = invitations.draw(1)
    desk = flooded.services
    invitations.keep(desk.stores, desk.keys, flooded.name, codes, pilot=False)
    client = flooded.client().open("/i/").press(invitation=code)
    assert client.inform().be_eligible().agree().asked == ["mood"]


def test_a_form_whose_hidden_box_is_filled_begins_nothing_and_says_so(flooded):
    client = flooded.client().start().inform().be_eligible()
    box = client.page.named(TRAP)[0]
    assert (box.attributes["tabindex"], box.attributes["autocomplete"]) == ("-1", "off")
    # Programs that walk a study as people do type words, and give nobody an address.
    assert box.attributes["type"] == "email"
    assert '<p class="hidden" aria-hidden="true"><label>Leave this box empty' in client.page.html
    ticks = {c.name: 1 for c in client.page.controls if c.kind == "checkbox"}
    client.press("go", "agree", **ticks, **{TRAP: "https://example.org"})
    assert ("Leave the last box empty" in client.text, flooded.drafts) == (True, 0)
    assert client.agree().asked == ["mood"]


def test_a_pilot_lets_everybody_in(open_app):
    site = Site(open_app("minimal", starts=1, workers=1), "minimal")
    assert [site.client().begin().asked for _ in range(4)] == [["mood"]] * 4


@pytest.mark.parametrize(("workers", "each"), [(1, 60), (2, 30), (100, 1)])
def test_processes_share_the_places_and_their_number_is_drawn_anew(workers, each):
    now = 0.0
    limit = StartLimit(60, workers, lambda: now)
    seen = set()
    for minute in range(80):
        now = 60.0 * minute
        seen.add(sum(limit.admit("a") for _ in range(each + 1)))
    assert (min(seen) >= -(-each // 2), max(seen) <= each) == (True, True)
    assert each == 1 or len(seen) > 5


def test_one_study_takes_no_place_of_another_and_none_means_any_number():
    limit = StartLimit(1, 1, lambda: 0.0)
    assert [limit.admit(name) for name in ("a", "b", "a")] == [True, True, False]
    assert all(StartLimit(0, 1, lambda: 0.0).admit("a") for _ in range(1000))
