"""The stop rule: who is counted, a pause that comes by itself, and who lifts it."""

import pytest

from forms.stop_signs import COUNTED, SIGN
from survey.clock import now_here
from survey.collection import stop_rule
from survey.storage.counters import EventCounters
from survey.studies.approvals import ApprovalForm, record_approval
from tests.conftest import FLAGSHIP
from tests.journeys.boardroom import Served, Staff, day
from tests.journeys.walking import blank, walk
from tests.waiting import until

CHECK_IN = "distress_now"
RULE = "\n[stop_rule]\nshare = 0.1\nany = { mood = [3] }\nhour = 0\n"


@pytest.fixture
def flagship(site):
    return site(FLAGSHIP.name)


def counted(served):
    """(signs, counted) of this process so far."""
    found = served.services.counters._counts[True]
    return tuple(found[FLAGSHIP.name, event] for event in (SIGN, COUNTED))


def at_check_in(served):
    return walk(served.client().begin(), until=CHECK_IN)


@pytest.mark.parametrize(("distress", "signs"), [(9, 1), (7, 0)])
def test_who_answers_the_check_in_and_sends_is_counted(flagship, distress, signs):
    walk(flagship.client().begin(), distress_now=distress, part_feel=3).send()
    assert counted(flagship) == (signs, 1)


def test_who_leaves_the_check_in_blank_and_goes_on_dilutes_nothing(flagship):
    walk(flagship.client().begin(), blank, saw_tears=1).send()
    assert counted(flagship) == (0, 0)


def test_to_stop_before_the_check_in_is_no_sign(flagship):
    client = flagship.client().begin()
    client.press("go", "stop")
    client.press("go", "delete")
    assert counted(flagship) == (0, 0)


def test_to_stop_and_delete_at_the_check_in_is_a_sign_and_leaves_nothing_else(flagship):
    client = at_check_in(flagship)
    client.press("go", "stop")
    client.press("go", "delete")
    assert (client.screen, flagship.drafts, flagship.rows) == ("stopped", 0, [])
    assert counted(flagship) == (1, 1)


def test_to_stop_and_send_at_the_check_in_is_a_sign_whatever_was_answered(flagship):
    client = at_check_in(flagship)
    client.press("go", "stop")
    client.press("go", "send", code="no")
    assert (client.screen, counted(flagship)) == ("done", (1, 1))


def test_to_stop_later_is_a_sign_too(flagship):
    client = at_check_in(flagship)
    client.answer(distress_now=1)
    client.press("go", "stop")
    client.press("go", "delete")
    assert counted(flagship) == (1, 1)


@pytest.mark.parametrize("later", [False, True])
def test_to_leave_at_the_check_in_or_later_is_a_sign_once(flagship, later):
    client = at_check_in(flagship)
    if later:
        client.answer(distress_now=1)
    client.open("leave")
    assert (flagship.drafts, counted(flagship)) == (0, (1, 1))


def test_to_leave_before_the_check_in_or_after_sending_is_no_sign(flagship):
    walk(flagship.client().begin(), until="talk_happened", saw_tears=1).open("leave")
    walk(flagship.client().begin(), distress_now=1, part_feel=3).send().open("leave")
    assert counted(flagship) == (0, 1)


# A real study that pauses.


class Collecting(Served):
    """A real study that is open, with a stop rule whose hour has always come."""

    def __init__(self, open_app, catalogue):
        super().__init__(open_app, catalogue)
        release, consent = self.folder / "release.toml", self.folder / "consent.toml"
        release.write_text(release.read_text() + RULE)
        facts = '["clinician_contact"'
        consent.write_text(consent.read_text().replace(facts, facts + ', "clinician_account"'))
        self.site_facts.write_text(self.site_facts.read_text() + 'clinician_account = "Ada"\n')
        self.later(10)
        self.version = self.services.catalogue.folders[self.name].version(now=True)
        signature = ApprovalForm(reference="R", by="B", approved_on=day(0), expires_on=day(9))
        record_approval(self.services.stores, self.version, signature)
        self.become("open")

    def meet(self):
        """Thirty were counted, all with a sign, and the server has looked."""
        tallies, stores = EventCounters(), self.services.stores
        for event in [COUNTED, SIGN] * 30:
            tallies.add(self.name, event)
        tallies.flush(stores.responses)
        # The server has looked today already, when it began.
        stores.office.conn.execute("DELETE FROM comparisons")
        here = self.services.availability.state_of(self.name, now=True).published.version
        stop_rule.compare_all_due(stores, [here], now_here())
        self.later(10)
        return self


@pytest.fixture
def collecting(open_app, tmp_path):
    return Collecting(open_app, tmp_path / "shelf")


def test_a_study_whose_rule_is_met_takes_nobody_and_clients_read_no_reason(collecting):
    answering = collecting.client().begin()
    collecting.meet()
    assert collecting.client().open("eligibility").page.named("e_age") == []
    assert collecting.state == "expired"
    answering.answer(mood=1)
    assert (answering.screen, collecting.rows) == ("refused", [])
    assert "stop rule" not in answering.text


def test_a_pause_by_the_rule_is_nowhere_told_as_an_act_of_the_board(collecting):
    collecting.meet()
    state = collecting.services.availability.state_of(collecting.name, now=True)
    shown = collecting.client().browser.get(f"/ethics/{collecting.name}/certificate").get_data(True)
    assert state.problem == f"Its stop rule paused it on {day(0)}"
    assert ("Taking part is suspended." in shown, "board has suspended" in shown) == (True, False)


def test_the_named_clinician_lifts_the_pause_with_a_reason(collecting, signed_in):
    collecting.meet()
    ada = Staff(signed_in(collecting.app, "researcher", name="Ada"), collecting.name)
    ada.open("stop-rule")
    assert "Paused since" in ada.text
    ada.submit("stop-rule", why=" ")
    assert ("Give a reason" in ada.text, collecting.state) == (True, "expired")
    ada.submit("stop-rule", why="I have spoken with the team.")
    collecting.later(10)
    assert ("The pause is lifted" in ada.text, collecting.state) == (True, "open")
    assert collecting.client().begin().screen == "questions"


def test_what_a_member_suspends_over_a_pause_the_clinician_does_not_lift(collecting, signed_in):
    collecting.meet()
    Staff(signed_in(collecting.app, "board", name="Bea"), collecting.name).rule("suspended")
    ada = Staff(signed_in(collecting.app, "researcher", name="Ada"), collecting.name)
    token = ada.open("comments").page.named("csrf_token")[0].value
    ada.browser.post(f"{ada.base}stop-rule", data={"csrf_token": token, "why": "I spoke."})
    collecting.later(10)
    problem = collecting.services.availability.state_of(collecting.name, now=True).problem
    assert (collecting.state, problem) == (
        "expired",
        f"The board suspended it on {day(0)}: A complaint.",
    )


def test_nobody_else_lifts_it_there_and_the_board_does_at_its_own_page(collecting, signed_in):
    collecting.meet()
    for name, role in (("Rob", "researcher"), ("Bea", "board")):
        other = Staff(signed_in(collecting.app, role, name=name), collecting.name)
        other.open("stop-rule")
        token = other.page.named("csrf_token")[0].value
        data = {"csrf_token": token, "why": "I want to."}
        assert other.browser.post(f"{other.base}stop-rule", data=data).status_code == 403
    assert collecting.state == "expired"
    other.rule("lifted")
    collecting.later(10)
    assert collecting.state == "open"


def test_the_server_compares_by_itself(open_app, tmp_path):
    collecting = Collecting(open_app, tmp_path / "shelf")
    office = collecting.services.stores.office
    assert until(lambda: office.conn.execute("SELECT count(*) FROM comparisons").fetchone()[0])


@pytest.mark.parametrize("room", ["/ethics/{}/data", "/research/{}/figures/"])
def test_the_rule_is_printed_as_the_policy_has_it(collecting, signed_in, room):
    page = Staff(signed_in(collecting.app, "researcher"), collecting.name)
    page.open(room.format(collecting.name))
    assert "pauses by itself when more than 10 % of those counted show a sign" in page.text
    assert "at 00:00 by its own clock" in page.text
    assert "“Bad” as the answer to “How is your mood?”" in page.text


def test_a_note_to_the_board_holds_the_rule_that_the_program_carries_out(collecting):
    note = '\n[[board_note]]\nid = "note-x"\nheading = "Distress"\ntext = "Watch. {stop_rule}"\n'
    consent = collecting.folder / "consent.toml"
    consent.write_text(consent.read_text() + note)
    version = collecting.services.catalogue.folders[collecting.name].version(now=True)
    assert "stop_rule" not in version.study.consent.facts
    assert "Watch. Collection pauses by itself" in version.fill("Watch. {stop_rule}")


def test_staff_read_whether_anybody_is_mailed(collecting, signed_in):
    bea = Staff(signed_in(collecting.app, "board", name="Bea"), collecting.name)
    assert "Nobody is mailed" in bea.open("stop-rule").text
    assert "Nobody is mailed" in bea.open("/ethics/").text
