"""The pages a board judges by, in a real browser: for everybody, on every width, script or none."""

import pytest
from playwright.sync_api import expect

from tests.browser.inspection import Inspection

PAGES = ("versions", "checklist", "routes", "stored", "flow?screen=information#detail-risks")

LONGEST_DATA_PAGE = 6000  # pixels at a width of 1280


@pytest.fixture
def board(visit):
    """Opens a page of the flagship for a board."""

    def come(page, **options):
        visitor = visit("../ethics/therapist-tears", **options)
        visitor.page.goto(visitor.start.replace("/s/../", "/") + page)
        return visitor

    return come


def test_they_are_usable_by_everybody(board):
    visitor = board("")
    inspection = Inspection(visitor)
    for page in PAGES:
        visitor.page.goto(visitor.start.replace("/s/../", "/") + page)
        inspection.look()
    assert (inspection.access, inspection.widths, visitor.violations) == ([], [], [])


def test_what_is_stored_is_read_in_eight_screens(board):
    page = board("data").page
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("document.documentElement.scrollHeight") <= LONGEST_DATA_PAGE


@pytest.mark.parametrize("script", [True, False])
def test_a_link_of_the_checklist_leads_to_a_passage_that_is_marked(board, script):
    visitor = board("checklist", java_script_enabled=script)
    visitor.click(visitor.page.get_by_role("link", name="What are the risks?").first)
    marked = visitor.page.locator("section:target")
    expect(marked).to_contain_text("You may feel sad")
    expect(marked).to_be_in_viewport()


def test_a_consent_statement_is_marked_with_its_box(board):
    visitor = board("checklist")
    visitor.click(
        visitor.page.get_by_role("link", name="I agree that this study uses my answers").first
    )
    marked = visitor.page.locator(".statement:has(:target)")
    expect(marked).to_contain_text("my health")
    expect(marked).to_be_in_viewport()


def test_the_picture_scrolls_in_its_own_frame_on_a_phone(board):
    visitor = board("routes", viewport={"width": 360, "height": 800})
    picture = visitor.page.locator(".picture")
    assert picture.evaluate("p => p.scrollWidth > p.clientWidth")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pictures_words_stand_out_from_their_boxes(board, scheme):
    visitor = board("routes", color_scheme=scheme)
    fill = "e => getComputedStyle(e).fill.match(/[0-9]+/g).reduce((a, b) => a + Number(b), 0)"
    box, words = (visitor.page.locator(c).first for c in (".map .box", ".map .page-title"))
    assert abs(box.evaluate(fill) - words.evaluate(fill)) > 450
