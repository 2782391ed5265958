"""Comments on passages, notes of incidents, and the yearly report."""

from typing import Any

import pytest

from survey.clock import today_here
from survey.ethics import annual_report
from survey.storage import board as written
from survey.storage import releases, studies
from tests.journeys.boardroom import day


def said(staff, text, passage=""):
    staff.open("comments")
    staff.submit("comments", text=text, passage=passage)
    return staff


def answer(staff, text):
    staff.open("comments")
    number = staff.page.named("answers")[0].value
    form = staff.page.named("answers")[0].form
    staff.submit("comments", form=form, text=text, answers=number)
    return staff


# Comments.


def test_a_comment_stands_with_its_passage_its_name_and_its_role(board):
    said(board, "Which house?", "detail-who")
    assert all(
        words in board.text for words in ("Which house?", "Ada, ethics board", "Who runs it?")
    )
    assert board.page.link(text="Who runs it?").endswith("@proposed/text#detail-who")


def test_the_researcher_answers_below_the_comment(board, researcher):
    said(board, "Which house?")
    answer(researcher, "The one on the hill.")
    text = board.open("comments").text
    assert text.index("Which house?") < text.index("Rob, researcher") < text.index("on the hill")


def test_every_passage_that_can_be_chosen_stands_on_the_page_with_every_word(board):
    choices = [a["value"] for tag, a in board.open("comments").page.tags if tag == "option"]
    ids = board.open("text").page.ids
    assert len(choices) > 10
    assert [c for c in choices if c and c not in ids] == []


def test_a_comment_is_open_until_it_is_answered_and_stays_until_a_member_settles_it(
    board, researcher
):
    said(board, "Who reads the texts?")
    assert "1 comment is not settled" in board.open("approve").text
    answer(researcher, "Two of us.")
    assert "waits for the board to settle it" in board.open("comments").text
    board.press("go", "settle")
    assert "Settled." in board.text
    assert "not settled" not in board.open("approve").text


def test_a_researcher_settles_nothing(board, researcher):
    said(board, "Who reads the texts?")
    assert "Settle it" not in researcher.open("comments").text


def test_a_comment_on_an_earlier_version_says_so(mood, board):
    said(board, "Why mood?", "ask-mood")
    mood.change("How is your mood?", "How are you?")
    assert "About an earlier version" in board.open("comments").text


@pytest.mark.parametrize(("text", "passage", "told"), [
    (" ", "", "Write a few words."), ("x" * 4001, "", "Shorten it"),
])  # fmt: skip
def test_a_comment_that_cannot_be_kept_is_said_so(mood, board, text, passage, told):
    said(board, text, passage)
    assert told in board.text
    assert written.comments(mood.services.stores.office, "minimal") == []


@pytest.mark.parametrize("posted", [{"passage": "nowhere"}, {"answers": "77"}])
def test_a_comment_on_nothing_is_refused_kindly(mood, board, posted):
    token = board.open("comments").page.named("csrf_token")[0].value
    board._ask(
        "POST", "/ethics/minimal/comments", data={"csrf_token": token, "text": "x", **posted}
    )
    assert "not there any more" in board.text
    assert written.comments(mood.services.stores.office, "minimal") == []


# Incidents.


def test_an_incident_is_noted_by_either_and_read_by_both(board, researcher):
    researcher.open("incidents")
    what = {"kind": "help", "happened_on": day(-1), "text": "A wrong number. Corrected."}
    researcher.submit("incidents", **what)
    text = board.open("incidents").text
    assert (day(-1) in text, "A wrong number. Corrected. Noted by Rob" in text) == (True, True)


@pytest.mark.parametrize(("when", "told"), [
    (day(1), "has not come yet"), ("", "as year-month-day"),
])  # fmt: skip
def test_an_incident_needs_a_day_that_has_been(board, when, told):
    board.open("incidents")
    board.submit("incidents", kind="other", happened_on=when, text="Something.")
    assert told in board.text
    assert board.page.named("text")[0].value == "Something."


def test_nothing_the_board_wrote_can_be_changed(mood, board):
    said(board, "Which house?")
    office = mood.services.stores.office
    with pytest.raises(Exception, match="append-only"):
        office.conn.execute("DELETE FROM comments")
    with pytest.raises(Exception, match="append-only"):
        office.conn.execute("UPDATE comments SET text = ''")


# The yearly report.


@pytest.fixture
def eventful(mood, board):
    """A year in which most of what can happen did."""
    board.sign(before_release="=Kindly")
    mood.become("open")
    office, at = mood.services.stores.office, f"{day(0)}T10:00:00+00:00"
    entry = releases.Release("minimal", "C", "ab" * 32, at, 60, "cd" * 32, ("ef" * 32,), (1,))
    given = {"name": "Dr Who", "agreement": "DUA-1", "date": day(0)}
    number = releases.enter(office, entry, recipient=given)
    releases.recall(office, "minimal", [number], at=at, why="A wrong label.")
    board.rule("suspended", why="A leak.")
    return mood


@pytest.mark.parametrize(
    "told", ["2026-7", "opened", "ab" * 32, "A wrong label.", "Dr Who", "A leak.", "suspended"]
)
def test_the_report_tells_what_happened_in_the_year(eventful, board, told):
    assert told in board.open("report").text


def test_a_year_without_anything_says_so_section_by_section(board):
    text = board.open("report").text
    assert ("No version was approved." in text, "Nothing was released." in text) == (True, True)


def test_totals_are_not_told_before_they_make_a_step(eventful, board):
    assert "Too few yet to be shown" in board.open("report").text


def test_another_year_tells_nothing_of_this_one(eventful, board):
    studies.set_status(eventful.services.stores.office, "minimal", "closed", "2020-02-02")
    board.open("report?year=2020")
    assert ("2020-02-02" in board.text, "Dr Who" in board.text) == (True, False)


def test_a_year_of_which_nothing_is_known_is_a_kind_page(board):
    assert board.open("report?year=1999").status == 404


def test_the_report_as_csv_holds_a_line_for_each_entry_and_no_formula(eventful, board):
    file = board.browser.get("/ethics/minimal/report.csv")
    lines = file.get_data(as_text=True).splitlines()
    assert (file.mimetype, lines[0]) == ("text/csv", "section,date,what")
    acts = [line for line in lines if line.startswith("Acts on")]
    assert len(lines) - len(acts) == 1 + 1 + 1 + 1 + 1 + 1 + 1
    assert not any(cell.startswith("=") for line in lines for cell in line.split(","))


def test_an_approval_stands_in_the_year_in_which_it_was_signed(mood, board):
    board.sign(approved_on=day(-20))
    assert "2026-7" in board.open("report").text
    assert day(-20) in board.text


def test_a_release_made_after_a_revocation_says_so(eventful, board):
    office = eventful.services.stores.office
    signed = studies.approvals(office, "minimal")[-1]
    said: Any = {"at": f"{day(0)}T23:58:00+00:00", "who": "Ada", "why": "Over."}
    assert annual_report.stood_against(office, "minimal", f"{day(0)}T23:57:00+00:00") == (
        "the board had stopped the use of data"
    )
    written.rule(office, "minimal", "lifted", **said)
    assert annual_report.stood_against(office, "minimal", f"{day(0)}T23:59:00+00:00") == ""
    written.rule(office, "minimal", "revoked", approval=signed.number, **said)
    entry = releases.Release(
        "minimal", "A", "ab" * 32, f"{day(0)}T23:59:00+00:00", 60, "cd" * 32, ("ef" * 32,), (1,)
    )
    releases.record(office, entry)
    assert "the board had revoked its approval" in board.open("report").text


def test_the_report_tells_every_act_and_every_change_of_an_account(mood, board):
    office = mood.services.stores.office
    studies.note(office, at=f"{day(0)}T10:00:00+00:00", who="host", what="account Eve: added")
    studies.note(office, at=f"{day(0)}T10:00:00+00:00", who="host", what="other: opened")
    text = board.open("report").text
    assert ("account Eve: added" in text, "other: opened" in text) == (True, False)


def test_downloading_the_report_is_audited(board, mood):
    board.browser.get("/ethics/minimal/report.csv")
    last = studies.audit(mood.services.stores.office)[-1]
    assert (last["who"], str(today_here().year) in last["what"]) == ("Ada", True)
