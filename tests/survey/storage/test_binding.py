"""What a board's approval carries: conditions, switches, paper and its confirmation."""

from typing import Any

import pytest

from survey.storage import board
from survey.storage.conditions import conditions, open_conditions, overdue, settle
from survey.storage.studies import (
    Approval,
    Condition,
    approvals,
    approve,
    confirm,
    latest_effective,
)
from survey.studies.data_use import approval_in_words, release_stopped, use_stopped

AT = "2026-02-01T09:00:00+00:00"
SAID: dict[str, Any] = {"at": AT, "who": "Ada", "why": "A concern."}
OPENING = Condition("opening", "Say who pays.")
RUNNING = Condition("running", "Report after 100 answers.", "2026-03-31")
RELEASE = Condition("release", "Show us the first file.")


@pytest.fixture
def office(stores):
    return stores.office


def approved(office, *set_: Condition, **changes: Any) -> int:
    given: dict[str, Any] = {
        "words": "w", "policy": "p", "site": "s", "reference": "R1", "by": "board",
        "approved_on": "2026-01-10", "expires_on": "2027-01-09", "conditions": set_,
    }  # fmt: skip
    return approve(office, Approval("hour", **(given | changes)))


def governing(office, today="2026-06-01"):
    return latest_effective(approvals(office, "hour"), today)


# Conditions.


def test_a_condition_comes_back_as_it_was_set(office):
    approved(office, OPENING, RUNNING)
    (one,) = approvals(office, "hour")
    assert one.conditions == (OPENING, RUNNING)


def test_a_condition_binds_later_approvals_until_it_is_met(office):
    approved(office, OPENING)
    approved(office, reference="R2")
    (one,) = open_conditions(office, "hour", "opening")
    settle(office, "hour", one, "met", at=AT, who="Ada")
    assert open_conditions(office, "hour") == []
    assert "met, 2026-02-01, Ada" in conditions(office, "hour")[0].standing


def test_a_condition_is_taken_back_only_with_a_reason(office):
    approved(office, OPENING)
    (one,) = conditions(office, "hour")
    with pytest.raises(ValueError, match="why"):
        settle(office, "hour", one, "taken back", at=AT, who="Ada")
    assert open_conditions(office, "hour") == [one]


@pytest.mark.parametrize(("today", "late"), [("2026-03-31", 0), ("2026-04-01", 1)])
def test_a_condition_with_a_date_is_late_from_the_day_after(office, today, late):
    approved(office, OPENING, RUNNING)
    assert len(overdue(office, "hour", today)) == late


def test_free_text_of_before_is_a_condition_before_the_next_opening(office):
    approved(office)
    office.conn.execute(
        "INSERT INTO approvals (study, words, policy, site, reference, approved_by, approved_on,"
        " expires_on, conditions) SELECT 'old', words, policy, site, reference, approved_by,"
        " approved_on, expires_on, '1. Report [2] times' FROM approvals"
    )
    (one,) = open_conditions(office, "old")
    assert one.condition == Condition("opening", "1. Report [2] times")


# Switches.


def test_a_suspension_stops_collection_and_use_unless_it_says_otherwise(office):
    approved(office)
    board.rule(office, "hour", "suspended", **SAID)
    assert board.suspension(office, "hour")
    assert board.suspension(office, "hour", "use")
    assert "stopped the use of its data on 2026-02-01: A concern." in use_stopped(
        office, "hour", "2026-06-01"
    )


def test_each_switch_is_lifted_by_itself(office):
    approved(office)
    board.rule(office, "hour", "suspended", **SAID)
    board.rule(office, "hour", "lifted", use=False, **SAID)
    assert not board.suspension(office, "hour")
    assert board.suspension(office, "hour", "use")


def test_whoever_suspends_the_collection_again_lifts_nothing(office):
    board.rule(office, "hour", "suspended", **SAID)
    board.rule(office, "hour", "suspended", use=False, **SAID)
    assert board.suspension(office, "hour", "use")


def test_a_ruling_on_neither_switch_is_none(office):
    with pytest.raises(ValueError, match="collection"):
        board.rule(office, "hour", "suspended", collection=False, use=False, **SAID)


# The use of data.


def test_data_of_an_approval_in_force_may_be_used(office):
    approved(office)
    assert use_stopped(office, "hour", "2026-06-01") == ""


def test_without_an_approval_there_are_no_data_to_use(office):
    assert "No approval of it has begun" in use_stopped(office, "hour", "2026-06-01")


@pytest.mark.parametrize(("today", "may"), [("2027-01-09", True), ("2027-01-10", False)])
def test_data_are_not_used_after_the_last_day(office, today, may):
    approved(office)
    assert (use_stopped(office, "hour", today) == "") is may


@pytest.mark.parametrize(("today", "may"), [("2028-12-31", True), ("2029-01-01", False)])
def test_data_are_analysed_as_long_as_the_board_said(office, today, may):
    approved(office, analysis_until="2028-12-31")
    assert (use_stopped(office, "hour", today) == "") is may


@pytest.mark.parametrize("use", [True, False])
def test_a_revocation_says_whether_data_may_still_be_used(office, use):
    number = approved(office)
    board.rule(office, "hour", "revoked", approval=number, use=use, **SAID)
    said = use_stopped(office, "hour", "2026-06-01")
    assert ("revoked the approval R1 on 2026-02-01" in said) is use
    assert bool(said) is use


def test_a_condition_before_any_release_stops_releases_alone(office):
    approved(office, RELEASE)
    assert use_stopped(office, "hour", "2026-06-01") == ""
    assert "1.1 (approval R1) is to be met" in release_stopped(office, "hour", "2026-06-01")


# What a release says of the approval.


def test_what_a_release_says_is_what_stood_when_it_was_made(office):
    approved(office, RELEASE, recorded_at="2026-01-10T09:00:00+00:00")
    before = approval_in_words(office, "hour", "2026-01-20T00:00:00+00:00")
    board.rule(office, "hour", "suspended", use=False, **SAID)
    settle(office, "hour", conditions(office, "hour")[0], "met", at=AT, who="Ada")
    assert before == approval_in_words(office, "hour", "2026-01-20T00:00:00+00:00")
    assert "It was in force. Condition 1.1, not met yet: Before any release: Show us" in before
    after = approval_in_words(office, "hour", "2026-02-02T00:00:00+00:00")
    assert after.endswith("The board had suspended the collection on 2026-02-01.")


def test_a_release_says_that_only_the_analysis_was_approved_still(office):
    approved(office, analysis_until="2028-12-31")
    said = approval_in_words(office, "hour", "2027-06-01T00:00:00+00:00")
    assert "data analysis was approved until 2028-12-31" in said


# Paper.


def test_what_the_operator_noted_is_nothing_before_a_member_confirms_it(office):
    number = approved(office, basis="noted", letter="a" * 64, recorded_at=AT)
    assert governing(office) is None
    confirm(office, "hour", number, at=AT, who="Ada")
    found = governing(office)
    assert found is not None
    assert found.origin == (
        "noted by the operator on 2026-02-01 from a letter, not signed by the board here; "
        "confirmed by Ada on 2026-02-01"
    )


def test_an_unconfirmed_note_takes_nothing_from_the_approval_before(office):
    approved(office)
    approved(office, basis="noted", reference="R2", words="w2")
    found = governing(office)
    assert found is not None
    assert found.reference == "R1"
