"""After leaving in a hurry nobody who presses Back reads an answer."""

import pytest

from tests.journeys.page import Page

WROTE = "A private thought."


@pytest.fixture(params=[True, False], ids=["script on", "script off"])
def gone(request, visit):
    """Somebody who has written something, gone on, ticked something, and left."""
    visitor = visit("once", java_script_enabled=request.param).begin()
    visitor.page.locator("textarea").fill(WROTE)
    visitor.press()
    visitor.tick("upset", 3)
    visitor.page.get_by_role("link", name="Leave now").first.click()
    visitor.page.wait_for_url("https://www.example.org/weather")
    return visitor


def backwards(visitor):
    """Every page that Back leads to, as far as it goes."""
    pages = []
    for _ in range(12):
        if visitor.page.go_back() is None:
            break
        if visitor.page.url.startswith(visitor.start):
            pages.append(visitor.page.content())
    return pages


def test_back_shows_no_answer(gone):
    pages = backwards(gone)
    assert len(pages) > 3
    assert not any(WROTE in page or Page(page).chosen for page in pages)


def test_back_shows_no_question_either(gone):
    assert not any("How upset are you?" in page for page in backwards(gone))


def test_the_cookie_and_the_answers_are_gone(gone):
    assert gone.context.cookies() == []
    assert gone.open("check").page.title() == "Start again – Survey"


def test_three_presses_of_shift_leave_too(visit):
    visitor = visit("once").begin()
    for _ in range(3):
        visitor.page.keyboard.press("Shift")
    visitor.page.wait_for_url("https://www.example.org/weather")
    assert visitor.context.cookies() == []
