"""What a single member, a researcher or the host tries in the place of a board, and cannot do."""

from datetime import date, timedelta

import pytest

from forms.platform_texts import WHY_PAUSED
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.ethics import approvable
from survey.services import Services
from survey.signing import acts
from survey.storage import accounts, board_submissions, conditions, members, studies
from survey.storage.members import QuorumChange
from survey.studies.approvals import ApprovalForm, record_approval
from survey.studies.availability import OPEN
from survey.studies.loading import find_problems
from tests.journeys.boardroom import Staff, day
from tests.signing import GOOD, approve_and_confirm, confirm, seat, signature_of

NAME = "minimal"
OLD, NEW = "How is your mood?", "How was your mood?"
ASKED = studies.Condition("release", "Report first.")


def office_of(mood):
    return mood.services.stores.office


def approvals(mood):
    return studies.approvals(office_of(mood), NAME)


def states(mood):
    return [one.state for one in conditions.conditions(office_of(mood), NAME)]


@pytest.fixture
def running(mood, board):
    """Approved with a condition by the board of one, and open."""
    board.sign(before_release=ASKED.text)
    mood.become("open")
    return mood


@pytest.fixture
def two(running, board, signed_in):
    """Bo, the second member; from now on two must sign."""
    bo = Staff(signed_in(running.app, "board", name="Bo"))
    members.set_quorum(office_of(running), QuorumChange(NAME, iso_utc(), "host", 2))
    return bo


# Members.


@pytest.mark.parametrize(("page", "action", "filled", "done"), [
    ("verdicts", "verdicts", {"element": "US-02", "verdict": "waived", "reason": "Fine."},
     lambda mood: approvable.verdicts_on(office_of(mood), mood.proposed)),
    ("conditions", "conditions", {"go": "met", "why": "Seen."},
     lambda mood: states(mood) != ["open"]),
    ("submission/", "decide", {"what": "closed", "text": "Over."},
     lambda mood: board_submissions.decisions(office_of(mood), NAME)),
])  # fmt: skip
def test_a_member_with_a_conflict_reads_and_binds_nothing(
    running, board, page, action, filled, done
):
    running.say_why()
    running.unsay("US-02")
    seat(office_of(running), NAME, "Ada", quorum=None, conflict="Her brother works there.")
    board.open(page)
    board.submit(action, **filled)
    assert (bool(done(running)), "declared a conflict of interest" in board.text) == (False, True)


def test_what_the_quorum_asked_for_one_member_alone_does_not_take_back(running, board, two):
    board.open("conditions")
    board.press("go", "taken back", why="We trust them.")
    board.sign_proposal()
    assert (states(running), "Take back a condition" in board.text) == (["open"], True)
    two.open(board.here).sign_proposal()
    assert states(running) == ["taken back"]
    said = conditions.conditions(office_of(running), NAME)[0]
    assert (said.who, said.why) == ("Ada, member; Bo, member", "We trust them.")


def test_a_signature_by_a_key_that_ended_since_counts_no_more(running, board, two):
    board.rule("suspended").rule("lifted")
    (key,) = members.keys(office_of(running), "Ada")
    acts.end_one_key(office_of(running), key, at=iso_utc())
    two.open(board.here).sign_proposal()
    assert ("1 of 2 signatures" in two.text, running.state) == (True, "expired")


def test_who_became_known_as_a_researcher_since_signs_nothing(running, board, two):
    board.rule("suspended").rule("lifted")
    office = office_of(running)
    seat(office, NAME, "Bo", quorum=None, name="Dr Nagy")
    accounts.add(office, name="Dr Nagy", role="researcher", at=iso_utc())
    members.assign(office, "Dr Nagy", [NAME])
    two.open(board.here).sign_proposal()
    assert ("is a researcher of minimal" in two.text, running.state) == (True, "expired")


def test_one_person_with_two_accounts_signs_once(running, board, two):
    board.rule("suspended").rule("lifted")
    seat(office_of(running), NAME, "Bo", quorum=None, name="Dr. ada")
    two.open(board.here).sign_proposal()
    assert ("one person has one seat" in two.text, running.state) == (True, "expired")


def test_every_signature_declares_to_be_no_researcher_and_to_have_no_conflict(running, board):
    board.fill_in().propose()
    assert "under whatever name or account, and has no conflict of interest" in board.text


# What is signed.


def test_the_statement_holds_every_condition_that_goes_on_binding(running, board):
    board.fill_in(before_opening="Ask again.").propose()
    assert ("Report first." in board.text, "Ask again." in board.text) == (True, True)
    (record,) = conditions.conditions(office_of(running), NAME)
    conditions.settle(office_of(running), NAME, record, "met", at=iso_utc(), who="Ada")
    board.open(board.here)
    assert "conditions of earlier approvals that go on binding are others since" in board.text
    board.sign_proposal()
    assert len(approvals(running)) == 1


def test_an_element_found_missing_after_a_proposal_stops_it_in_a_sentence(running, board):
    proposal = board.fill_in().propose().here
    board.open("verdicts")
    board.submit("verdicts", element="US-03", verdict="missing", reason="No risk is named.")
    board.open(proposal)
    assert "found missing in this version: US-03 (Ada: No risk is named.)" in board.text
    board.sign_proposal()
    assert len(approvals(running)) == 1


def test_what_one_member_waives_every_signer_reads_and_signs(running, board):
    waive(board, "US-11", "It is small.")
    board.fill_in().propose()
    assert "US-11, waived (Ada: It is small.)" in board.text
    proposal = board.here
    waive(board, "US-12", "It is small too.")
    assert "members do without other elements" in board.open(proposal).text


def waive(board, element, reason):
    board.open("verdicts")
    board.submit("verdicts", element=element, verdict="waived", reason=reason)


@pytest.mark.parametrize(("begins", "ends", "told"), [
    (-31, 30, "not dated back by more than 30 days"),
    (0, 367, "ends a year ahead at most"),
    (0, -1, "would end before it was given"),
])  # fmt: skip
def test_no_door_takes_dates_that_the_page_refuses(mood, board, begins, ends, told):
    form = ApprovalForm(reference="R", by="Ada", approved_on=day(begins), expires_on=day(ends))
    with pytest.raises(Refusal, match=told):
        acts.propose_approval(mood.services.stores, mood.proposed, form, at=iso_utc(), today=day(0))


def test_a_proposal_is_void_once_its_first_day_would_be_dated_back_too_far(mood, board):
    stores, later = mood.services.stores, (date.fromisoformat(day(0)) + timedelta(5)).isoformat()
    form = ApprovalForm(reference="R", by="Ada", approved_on=day(-28), expires_on=day(30))
    number = acts.propose_approval(stores, mood.proposed, form, at=iso_utc(), today=day(0))
    with pytest.raises(acts.NotSigned, match="not dated back"):
        acts.sign(
            stores, number, account="Ada", text=signature_of(stores, number, "Ada"),
            at=iso_utc(), today=later, versions=(mood.proposed,),
        )  # fmt: skip
    assert approvals(mood) == []


def test_a_signature_does_not_fit_the_same_act_proposed_again(running, board):
    board.rule("suspended")
    first = lift(board)
    old = signature_of(running.services.stores, first, "Ada")
    board.press("go", "withdraw", now=GOOD)
    assert "It was withdrawn." in board.text
    assert lift(board, "Fine by now.") != first
    board.send_signature(old)
    assert ("does not fit" in board.text, running.state) == (True, "expired")


def lift(board, why="Fine."):
    board.open("suspend")
    return int(board.press("go", "lifted", why=why).here.rpartition("/")[2])


def test_an_amendment_without_a_reason_is_not_signed_by_the_page(running, board):
    running.change(OLD, NEW)
    board.fill_in().propose()
    assert ("Nobody has given a reason for this amendment" in board.text) is True
    running.say_why()
    board.fill_in(reference="2026-8").sign()
    assert [a.reference for a in approvals(running)] == ["2026-7", "2026-8"]


def test_clients_read_the_kind_sentence_that_came_with_a_revocation(running, board):
    board.open("suspend")
    number = approvals(running)[-1].number
    board.press("go", f"revoke-{number}", why="It ends.", told="early")
    assert WHY_PAUSED["early"] in board.text
    board.sign_proposal()
    assert WHY_PAUSED["early"] in running.client().start().text


# The host.


def test_a_letter_that_nobody_confirmed_asks_for_nothing(running):
    stores, version = running.services.stores, running.version
    late = studies.Condition("running", "Stop it.", due=day(-1))
    form = ApprovalForm(
        reference="Letter", by="A board", approved_on=day(0), expires_on=day(9), letter="ab" * 32,
        conditions=(late,),
    )  # fmt: skip
    record_approval(stores, version, form)
    running.later(3)
    assert (running.state, states(running)) == (OPEN, ["open"])
    confirm(stores, approvals(running)[-1])
    running.later(3)
    assert (running.state, states(running)) == ("expired", ["open", "open"])


def test_a_letter_from_before_an_approval_that_governs_is_not_confirmed(running, board):
    stores = running.services.stores
    form = ApprovalForm(
        reference="Letter", by="A board", approved_on=day(0), expires_on=day(9), letter="ab" * 32
    )
    record_approval(stores, running.version, form)
    board.fill_in(reference="2026-8").sign()
    board.open("approve")
    board.submit("confirm")
    assert "2026-8 was approved after it and governs: note the letter anew." in board.text


def test_a_setting_makes_no_pilot_of_a_study_that_was_opened(mood, open_app):
    approve_and_confirm(mood.services.stores, mood.version)
    mood.become("open")
    mood.change(OLD, "What is your name?")
    app = open_app(
        NAME, studies=(mood.folder.parent,), site=mood.site_facts, demo=False,
        pilots=frozenset({NAME}),
    )  # fmt: skip
    services: Services = app.extensions["lacrima"]
    found = services.availability.state_of(NAME)
    assert (found.published.version.pilot, found.state) == (False, OPEN)
    assert OLD in app.test_client().get("/ethics/minimal/text").text
    told = " ".join(find_problems(services.catalogue, services.stores))
    assert "LACRIMA_PILOTS names it, but it was opened" in told
