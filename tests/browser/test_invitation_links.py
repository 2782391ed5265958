"""A link with a code after the #: into the field, and out of the address before anybody sees it."""

import pytest

from tests.browser.inspection import Inspection

CODE = "ABCD-EFGH-JKMN"


@pytest.fixture
def page(visit):
    return visit("once").page


def test_the_code_moves_from_the_address_into_the_field(page, site):
    page.goto(f"{site}/i/#{CODE}")
    assert page.locator("#invitation").input_value() == CODE
    assert page.url == f"{site}/i/"


def test_the_code_never_reaches_the_server_before_it_is_sent(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/i/#{CODE}")
    assert asked
    assert not any("ABCD" in address for address in asked)


def test_going_back_does_not_bring_the_code_into_the_address(page, site):
    page.goto(f"{site}/i/#{CODE}")
    page.get_by_role("button", name="Go on").click()
    page.locator("#summary").wait_for()
    page.go_back()
    assert "ABCD" not in page.url


def test_without_script_the_plain_page_takes_the_code(visit, site):
    page = visit("once", java_script_enabled=False).page
    page.goto(f"{site}/i/#{CODE}")
    page.locator("#invitation").fill(CODE)
    page.get_by_role("button", name="Go on").click()
    assert "a letter is wrong or in the wrong place" in page.content()


def test_who_came_through_a_link_with_a_code_reads_first_what_the_browser_keeps(page, site):
    kept = "your browser keeps that link in its history, with the code, until you delete it there"
    page.goto(f"{site}/i/#{CODE}")
    told = page.locator(".lead + .note")
    assert kept in told.inner_text()
    page.goto(f"{site}/i/?empty")
    assert page.locator(".note").count() == 0
    assert kept in page.locator("main").inner_text()


def test_the_page_of_the_code_and_its_errors_are_usable_by_everybody(visit, site):
    visitor = visit("once")
    inspection = Inspection(visitor)
    visitor.page.goto(f"{site}/i/")
    inspection.look()
    visitor.page.get_by_role("button", name="Go on").click()
    inspection.look()
    assert (inspection.access, inspection.widths, visitor.violations) == ([], [], [])
