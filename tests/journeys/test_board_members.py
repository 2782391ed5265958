"""Who may sign: named members, enough of them, in their term, without a conflict, with a key."""

from dataclasses import replace
from datetime import timedelta

import pytest

from survey.clock import iso_utc, today_here
from survey.signing.key_files import sign_with_file
from survey.storage import members, studies
from survey.storage.members import QuorumChange
from survey.studies.approvals import ApprovalForm, record_approval
from survey.studies.version import fingerprints_of
from tests.conftest import give_study
from tests.journeys.boardroom import Staff, day
from tests.signing import approve_and_confirm, key_of, seat

NAME = "minimal"
OLD, NEW = "How is your mood?", "How was your mood?"


def office_of(mood):
    return mood.services.stores.office


def approvals(mood):
    return studies.approvals(office_of(mood), NAME)


def set_quorum(mood, number):
    members.set_quorum(office_of(mood), QuorumChange(NAME, iso_utc(), "host", number))


@pytest.fixture
def second(mood, board, signed_in):
    """Bo, the second member of a board of which two must sign."""
    bo = Staff(signed_in(mood.app, "board", name="Bo"))
    set_quorum(mood, 2)
    return bo


@pytest.fixture
def running(mood):
    approve_and_confirm(mood.services.stores, mood.version)
    mood.become("open")
    return mood


def seat_again(mood, account, **said):
    """The host says something else of a member."""
    seat(office_of(mood), NAME, account, quorum=None, **said)


# Enough of them.


def test_nothing_is_approved_before_as_many_members_have_signed_as_must(mood, board, second):
    board.sign()
    assert (approvals(mood), "1 of 2 signatures" in board.text) == ([], True)
    assert "Bo, member" in board.text
    second.open(board.here).sign_proposal()
    (noted,) = approvals(mood)
    assert (noted.by, noted.fingerprints) == (
        "Ada, member; Bo, member",
        fingerprints_of(mood.version),
    )


def test_one_member_counts_once(mood, board, second):
    board.sign()
    board.send_signature(board_signature(board))
    assert ("has signed this already" in board.text, approvals(mood)) == (True, [])


def board_signature(board, account="Ada"):
    statement = board.browser.get(f"{board.here}/statement.json").get_data(as_text=True).strip()
    return sign_with_file(key_of(account), statement)


def test_the_last_signature_the_effect_and_the_audit_are_written_together(mood, board, second):
    board.sign()
    second.open(board.here).sign_proposal()
    said = [line["what"] for line in studies.audit(office_of(mood))[-2:]]
    assert said[0] == "minimal: signed proposal 1"
    assert said[1].startswith("minimal: approved under 2026-7")


def test_one_member_suspends_and_the_quorum_lifts(running, board, second):
    board.rule("suspended")
    assert running.state == "expired"
    board.rule("lifted")
    assert running.state == "expired"
    second.open(board.here).sign_proposal()
    assert running.state == "open"


def test_one_member_alone_revokes_nothing(running, board, second):
    board.rule(f"revoke-{approvals(running)[-1].number}")
    assert (running.state, approvals(running)[-1].revoked) == ("open", False)
    second.open(board.here).sign_proposal()
    assert (running.state, approvals(running)[-1].revoked) == ("expired", True)


def test_an_approval_that_no_key_signed_is_named(running, board):
    old = replace(approvals(running)[-1], reference="OLD-1")
    studies.approve(office_of(running), old)
    assert (
        "OLD-1 holds to the last day that it names, and no key signed it"
        in board.open("board").text
    )


def test_a_board_without_a_number_proposes_nothing(open_app, mood, board, tmp_path):
    office_of(mood).conn.execute("DROP TRIGGER quorums_never_deleted")
    office_of(mood).conn.execute("DELETE FROM quorums")
    board.propose()
    assert ("lacrima board quorum minimal" in board.text, approvals(mood)) == (True, [])


# When enough of them are not there any more.


def test_who_is_appointed_in_the_place_of_another_signs_what_waits(mood, board, second, signed_in):
    here = board.sign().here
    seat_again(mood, "Bo", conflict="Supervises Rob.")
    assert "1 signature is missing, and so many members are not there" in board.open(here).text
    cy = Staff(signed_in(mood.app, "board", name="Cy"))
    assert "so many members are not there" not in board.open(here).text
    cy.open(here)
    cy.sign_proposal()
    (noted,) = approvals(mood)
    assert noted.by == "Ada, member; Cy, member"
    assert "Cy, member: appointed" in board.open("board").text


def test_with_another_number_of_members_what_waits_is_proposed_anew(mood, board, second):
    here = board.sign().here
    set_quorum(mood, 1)
    assert "the number of signatures needed was changed since" in board.open(here).text
    assert "1 must sign" in board.open("board").text
    Staff(board.browser).sign()
    assert [noted.by for noted in approvals(mood)] == ["Ada, member"]


def test_an_approval_that_no_key_signed_holds_to_its_last_day_and_is_named(mood, board):
    form = ApprovalForm(reference="Old", by="Ada", approved_on=day(-3), expires_on=day(3))
    record_approval(mood.services.stores, mood.version, form)
    record_approval(
        mood.services.stores, mood.version, replace(form, reference="Paper", letter="ab" * 32)
    )
    mood.become("open")
    told = board.open("board").text
    assert ("Old holds to the last day that it names" in told, "Paper" in told) == (True, False)
    assert mood.state == "open"
    mood.services.availability._today = lambda: today_here() + timedelta(4)
    mood.later(3)
    assert (mood.state, "Old holds" in board.open("board").text) == ("expired", False)


# Who of them.


@pytest.mark.parametrize(("said", "told"), [
    ({"conflict": "Supervises Rob."}, "declared a conflict of interest: Supervises Rob."),
    ({"ends": day(-1)}, "term ended on"),
    ({"begins": day(1)}, "term begins on"),
])  # fmt: skip
def test_a_member_with_a_conflict_or_outside_the_term_cannot_sign(mood, board, second, said, told):
    board.propose()
    seat_again(mood, "Bo", **said)
    second.open(board.here)
    assert (told in second.text, "file" not in {c.kind for c in second.page.controls}) == (
        True,
        True,
    )
    second.send_signature(board_signature(board, "Bo"))
    assert (second.status, told in second.text) == (409, True)


def test_a_signature_counts_no_more_once_its_member_has_a_conflict(mood, board, second):
    board.sign()
    seat_again(mood, "Ada", conflict="Her brother works there.")
    second.open(board.here).sign_proposal()
    assert approvals(mood) == []


def test_a_board_account_opens_only_studies_on_whose_board_it_sits(mood, board):
    members.appoint(office_of(mood), ended(mood, "Ada"))
    assert board.open("approve").status == 403
    assert "Not one of your studies" in board.text
    assert "A minimal study" not in board.open("/ethics/").text


def ended(mood, account):
    held = members.member(office_of(mood), NAME, account)
    assert held is not None
    return replace(held, what="ended", why="Moved away.")


def test_a_member_reads_what_was_done_on_their_own_studies_alone(mood, board):
    for study, what in ((NAME, "minimal: mine"), ("other", "other: theirs")):
        studies.note(office_of(mood), at=iso_utc(), who="Rob", what=what)
        assert study
    studies.note(office_of(mood), at=iso_utc(), who="root", what="account Eve (researcher): added")
    board.open("/ethics/audit")
    told = [said in board.text for said in ("minimal: mine", "account Eve", "other: theirs")]
    assert told == [True, True, False]


def test_a_researcher_opens_only_the_studies_of_the_account(mood, researcher):
    assert researcher.open("/research/minimal/").status == 200
    members.assign(office_of(mood), "Rob", ["another"])
    assert researcher.open("/research/minimal/").status == 403
    assert "A minimal study" not in researcher.open("/research/").text


def test_somebody_known_as_a_researcher_of_the_study_never_signs_it(mood, board, signed_in):
    signed_in(mood.app, "researcher", name="Dr Ada Lark")
    seat_again(mood, "Ada", name="Dr Ada Lark")
    board.propose()
    assert ("Dr Ada Lark is a researcher of minimal" in board.text, approvals(mood)) == (True, [])


# With which key.


def test_signing_asks_for_the_password_again(mood, board):
    board.propose().sign_proposal(password="another one 77")
    assert ("not your password" in board.text, approvals(mood)) == (True, [])


def test_a_signature_of_another_key_or_under_another_statement_is_not_taken(mood, board, second):
    board.propose()
    first = board_signature(board)
    board.sign_proposal(by="Bo")
    assert ("does not fit" in board.text, approvals(mood)) == (True, [])
    board.fill_in(reference="2026-8").propose().send_signature(first)
    assert ("does not fit" in board.text, approvals(mood)) == (True, [])


@pytest.mark.parametrize(
    "sent", ["", "{}", "[]", '{"format": "lacrima-signature-1"}', "\x00", "9" * 9]
)
def test_what_is_no_signature_file_is_told_as_such(mood, board, sent):
    board.propose().send_signature(sent)
    assert (board.status, "no signature file" in board.text) == (409, True)


# For how long.


def test_a_proposal_lapses(mood, board):
    board.propose()
    signed = board_signature(board)
    today = mood.services.availability._today
    mood.services.availability._today = lambda: today() + timedelta(15)
    board.send_signature(signed)
    assert ("It lapsed" in board.text, approvals(mood)) == (True, [])


def test_a_proposal_is_void_once_the_study_has_changed(mood, board):
    board.propose()
    mood.change(OLD, NEW)
    board.sign_proposal()
    assert ("It is void: the study has changed" in board.text, approvals(mood)) == (True, [])


def test_a_proposal_is_void_once_another_number_must_sign(mood, board):
    board.propose()
    set_quorum(mood, 2)
    board.sign_proposal()
    assert "the number of signatures needed was changed" in board.text


def test_a_proposal_can_be_withdrawn_by_the_member_who_made_it(mood, board, second):
    board.propose()
    second.open(board.here)
    assert "Withdraw it" not in second.text
    board.press("go", "withdraw", now="treacle under 9 pylons")
    assert "It was withdrawn." in board.text


# What all members read.


def test_changes_of_the_board_after_the_first_approval_are_marked_for_all_members(mood, board):
    board.sign()
    give_study(office_of(mood), NAME, "Cy", "board")
    board.open("board")
    assert "After the first approval: Cy, member: appointed" in board.text


def test_what_waits_for_signatures_is_on_the_boards_pages(mood, board, second):
    board.propose()
    for page in ("approve", "board"):
        assert "0 of 2 have signed" in second.open(page).text


def test_a_signature_is_never_the_filled_button(mood, board):
    assert 'class="primary"' not in board.open("approve").page.html
    assert 'class="primary"' not in board.propose().page.html


def test_what_is_still_open_stands_before_the_form_with_a_link(mood, board):
    mood.unsay("US-03")
    board.open("approve")
    assert "Something above is still open." in board.text
    assert "/ethics/minimal/verdicts" in {link["href"] for link in board.page.links}
