"""The help page is signed with the words; an unchecked line is hidden; corrections are told."""

from datetime import timedelta

import pytest

from survey.clock import today_here
from survey.storage import help_lines, studies
from survey.studies.availability import HELD, OPEN
from survey.studies.help_page import CHECK_DAYS, NOTICE_DAYS
from tests.conftest import CHECKED
from tests.journeys.boardroom import Staff, day

ANOTHER = """
[[line]]
countries = ["Ireland"]
name = "Another line"
contact = "789"
url = ""
last_checked = "{}"

[[emergency]]"""


@pytest.fixture
def running(mood, board):
    """Signed and open, with a second line."""
    mood.change("\n[[emergency]]", ANOTHER.format(day(0)), "support.toml")
    board.sign(expires_on=day(300))
    mood.become("open")
    return mood


def test_what_is_known_of_a_line_stands_beside_it_and_nothing_else_does(mood):
    mood.change(
        'contact = "123"', 'contact = "123"\nhours = "all day"\ncost = "free"', "support.toml"
    )
    said = help_page(mood)
    assert ("123 · example.org (all day, free)" in said, "()" in said) == (True, False)


def help_page(running):
    return running.client().open("support").text


def days_on(running, days):
    """So many days later, by the server's calendar."""
    later = today_here() + timedelta(days=days)
    running.services.availability._today = lambda: later
    running.later(3)


def audit(running):
    return studies.audit(running.services.stores.office)


# What is signed.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("These lines can help.", "Come to our clinic."),
        ("You can ask the body", "Tell your therapist"),
        ('name = "Another line"', 'name = "Our clinic"'),
        ('"112"', '"113"'),
        ('["Ireland"]', '["Ireland", "France"]'),
        ('name = "Another line"', 'name = "Another line"\nyouth = true'),
        ('name = "Another line"', 'name = "Another line"\nhours = "day and night"'),
        ("\n[[emergency]]", ANOTHER.format(day(-1)).replace("Another", "Third")),
    ],
)
def test_all_else_of_the_help_page_waits_to_be_signed(running, board, old, new):
    before = help_page(running)
    running.amend(old, new, "support.toml")
    assert help_page(running) == before
    told = board.open("/ethics/minimal/versions").text
    assert ("0 substantive" in told, "Help lines" in told) == (False, True)
    board.fill_in().sign()
    running.later(3)
    assert help_page(running) != before or "youth" in new


def test_a_line_taken_out_of_the_folder_is_still_shown(running):
    support = running.folder / "support.toml"
    running.change(support.read_text().partition("[[line]]\n")[2].partition("[[line]]")[0], "",
                   "support.toml")  # fmt: skip
    assert "A line" in help_page(running)


def test_a_change_of_the_help_page_reaches_nobody_through_a_folder_with_a_fault(running):
    running.change("k = 5", "k = 0", "release.toml")
    running.change("These lines can help.", "Come to our clinic.", "support.toml")
    running.change('contact = "789"', 'contact = "790"', "support.toml")
    assert "Come to our clinic" not in help_page(running)
    assert "790" in help_page(running)


# A corrected contact.


@pytest.fixture
def corrected(running):
    """One of two numbers was corrected, and the date of its check left as it was."""
    running.change('contact = "789"', 'contact = "790"', "support.toml")
    yesterday = (today_here() - timedelta(days=1)).isoformat()
    running.change(f'url = ""\n{CHECKED}', f'url = ""\nlast_checked = "{yesterday}"',
                   "support.toml")  # fmt: skip
    return running


def test_a_corrected_number_is_shown_at_once_as_not_yet_checked(corrected):
    shown = help_page(corrected)
    assert ("790 not yet checked" in shown, "789" in shown) == (True, False)


def test_a_check_from_the_day_of_the_correction_on_counts(corrected):
    yesterday = (today_here() - timedelta(days=1)).isoformat()
    corrected.change(f'last_checked = "{yesterday}"', CHECKED, "support.toml")
    assert "not yet checked" not in help_page(corrected)


def test_a_check_in_the_future_does_not_count(corrected):
    yesterday = (today_here() - timedelta(days=1)).isoformat()
    corrected.change(f'"{yesterday}"', f'"{day(1)}"', "support.toml")
    assert "not yet checked" in help_page(corrected)


def test_the_record_says_what_was_corrected_once_and_names_nobody(corrected):
    for _ in range(3):
        help_page(corrected)
    told = [line for line in audit(corrected) if "help line" in line["what"]]
    what = "minimal: help line Another line (Ireland) corrected, not signed: 789 → 790"
    assert [(line["who"], line["what"]) for line in told] == [("in the folder", what)]
    office = corrected.services.stores.office
    assert [one.day for one in help_lines.corrections(office, "minimal")] == [day(0)]


@pytest.mark.parametrize("page", ["/ethics/", "/ethics/minimal/", "/ethics/minimal/certificate"])
def test_boards_read_old_and_new_until_it_is_signed(corrected, board, page):
    help_page(corrected)
    shown = board.open(page).text
    assert all(word in shown for word in ("Another line (Ireland)", "789", "790"))
    corrected.say_why()
    board = Staff(board.browser).fill_in().sign()
    corrected.later(3)
    assert "789" not in board.open(page).text


def test_a_contact_put_back_is_checked_anew(corrected):
    help_page(corrected)
    corrected.change('contact = "790"', 'contact = "789"', "support.toml")
    shown = help_page(corrected)
    assert ("789" in shown, "not yet checked" in shown) == (True, True)
    assert len(help_lines.corrections(corrected.services.stores.office, "minimal")) == 2


def test_an_unchecked_correction_is_shown_for_so_long_and_no_older_number_comes_back(corrected):
    help_page(corrected)
    days_on(corrected, NOTICE_DAYS)
    assert "790" in help_page(corrected)
    days_on(corrected, NOTICE_DAYS + 1)
    shown = help_page(corrected)
    assert ("790" in shown, "789" in shown, "A line" in shown) == (False, False, True)


# Lines that nobody has checked lately.


def test_a_line_is_shown_for_ninety_days_after_its_check(running, board):
    days_on(running, CHECK_DAYS)
    assert "789" in help_page(running)
    assert "Help lines shown until" in board.open("/ethics/").text
    days_on(running, CHECK_DAYS + 1)
    assert "789" not in help_page(running)
    assert running.state == HELD


def test_staff_are_told_a_fortnight_before(running, board):
    days_on(running, CHECK_DAYS - NOTICE_DAYS - 1)
    assert "unless they are checked" not in board.open("/ethics/").text
    days_on(running, CHECK_DAYS - NOTICE_DAYS)
    assert "unless they are checked: A line (anywhere); Another line (Ireland)" in (
        board.open("/ethics/").text
    )


def test_without_any_line_nobody_new_begins_and_who_has_begun_may_end(running):
    client = running.client().begin()
    days_on(running, CHECK_DAYS + 1)
    assert "This survey is paused" in running.client().start().text
    assert client.answer(mood=1).send().screen == "done"
    page = help_page(running)
    assert ("112" in page, "There is none just now" in page) == (True, True)


def test_a_line_that_is_checked_again_comes_back(running):
    days_on(running, CHECK_DAYS + 1)
    assert running.state == HELD
    running.change(f'url = ""\n{CHECKED}', f'url = ""\nlast_checked = "{day(80)}"', "support.toml")
    shown = help_page(running)
    assert ("789" in shown, "123" in shown, running.state) == (True, False, OPEN)


def test_a_country_without_a_line_is_not_offered(running):
    days_on(running, CHECK_DAYS + 1)
    running.change(f'.org"\n{CHECKED}', f'.org"\nlast_checked = "{day(80)}"', "support.toml")
    shown = help_page(running)
    assert ("A line" in shown, "Ireland" in shown) == (True, False)
    assert "Not shown to clients" in running.client().open("/ethics/minimal/").text


@pytest.mark.parametrize("date", ["", "2020-01-01", day(30)])
def test_no_date_that_nobody_signed_takes_a_line_away(running, date):
    running.change(CHECKED, f'last_checked = "{date}"', "support.toml")
    shown = help_page(running)
    assert ("789" in shown, "A line" in shown, running.state) == (True, True, OPEN)


def test_all_pages_keep_one_length_while_a_line_is_corrected_and_while_it_is_hidden(corrected):
    def lengths():
        ways = ("", "support", "information", "withdraw", "support?country=Ireland")
        pages = [corrected.client().browser.get(f"/s/mood/{way}") for way in ways]
        pages.append(corrected.client().begin().browser.get("/s/mood/stop"))
        heads = [sum(len(f"{k}: {v}\r\n") for k, v in p.headers) + len(p.status) for p in pages]
        return {len(page.data) + head for page, head in zip(pages, heads, strict=True)}

    assert ("790" in help_page(corrected), len(lengths())) == (True, 1)
    days_on(corrected, NOTICE_DAYS + 1)
    assert ("790" in help_page(corrected), len(lengths())) == (False, 1)
