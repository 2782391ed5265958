"""A whole walk in a real browser: without script, and with the keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import Keyboard

SEEN, NOT_SEEN = 1, 3


@pytest.mark.parametrize("saw", [SEEN, NOT_SEEN], ids=["seen", "not seen"])
def test_without_script_the_flagship_can_be_answered_to_the_end(visit, saw):
    visitor = visit(java_script_enabled=False).begin().walk(saw_tears=saw)
    assert visitor.screen == "check"
    visitor.tick("code", "yes").press("go", "send")
    assert visitor.page.locator("#thecode").inner_text().count("-") == 5


def test_everything_can_be_done_with_the_keyboard_alone(visit):
    visitor = visit()
    keyboard = Keyboard(visitor.page)
    visitor.open()
    keyboard.walk_to_the_end()
    assert visitor.screen == "done"


def test_enter_in_a_box_goes_on_as_the_button_does(visit):
    visitor = visit("kinds").begin()
    visitor.page.locator("input[name=line]").fill("50")
    with visitor.page.expect_navigation():
        visitor.page.locator("input[name=line]").press("Enter")
    assert visitor.asked == ["views", "rules"]


def test_leaving_is_the_first_stop_of_the_keyboard_on_every_page(visit):
    visitor = visit().begin()
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.pathname") == "/s/hour/leave"


def test_an_error_moves_to_its_summary_and_from_there_to_the_question(visit):
    visitor = visit().begin().press()
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("[name=saw_tears]").nth(1)).to_be_focused()


def test_the_slider_says_nothing_until_it_is_touched(visit):
    visitor = visit("kinds").begin()
    assert visitor.page.locator("input[name=line]").input_value() == ""
    visitor.page.locator("input[type=range]").first.press("ArrowRight")
    assert visitor.page.locator("input[name=line]").input_value() == "51"


def test_preferring_not_to_answer_stands_alone_among_ticks(visit):
    visitor = visit("kinds").begin()
    visitor.tick("some", 1).tick("some", -99)
    assert not visitor.page.locator('input[name="some"][value="0001"]').is_checked()


def test_the_change_link_leads_to_its_question(visit):
    visitor = visit("kinds").begin().walk()
    visitor.click(visitor.page.get_by_role("link", name="Change How many?"))
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.name") == "count"
