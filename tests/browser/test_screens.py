"""Every screen: usable by everybody, on every width, and without a word to anybody else."""

import re

import pytest

from tests.browser.inspection import Inspection, inspect
from tests.browser.visitor import Visitor

ELSEWHERE = "https://www.bbc.co.uk/weather"  # where "Leave now" leads
MOST_BYTES = 14 * 1024
# All that an address may hold: the study's neutral word, a screen, an opaque token, a position.
NEUTRAL = re.compile(
    r"http://127\.0\.0\.1:\d+/s/hour/"
    r"([a-z]*|withdraw\?(empty|shape|typed)|questions/[\w-]{12}(\?change=1)?)(#(q\d+(-\d+)?|i\d+|code|stop-send))?"
)


@pytest.fixture(scope="module")
def seen(browser, site):
    """Every screen of the flagship, inspected on one walk."""
    context = browser.new_context(ignore_https_errors=True)
    yield inspect(Visitor(context, f"{site}/s/hour/"))
    context.close()


def test_the_walk_met_every_screen(seen):
    assert len(set(seen.titles)) >= 30


def test_axe_finds_nothing_wrong_in_light_and_dark(seen):
    assert seen.access == []


def test_no_screen_scrolls_sideways_on_a_phone(seen):
    assert seen.widths == []


def test_no_screen_breaks_its_own_content_policy(seen):
    assert seen.visitor.violations == []


def test_nothing_is_asked_of_any_other_host(seen):
    assert seen.visitor.foreign == []


def test_the_addresses_in_the_history_name_no_topic_answer_page_or_number(seen):
    strange = [a for a in seen.visitor.addresses if not NEUTRAL.fullmatch(a)]
    assert strange == [ELSEWHERE]


def test_the_board_pages_are_usable_by_everybody(visit):
    visitor = visit("../ethics/kinds")
    inspection = Inspection(visitor)
    for page in ("", "flow", "text", "checklist", "data"):
        visitor.page.goto(visitor.start.replace("/s/../", "/") + page)
        inspection.look()
    assert (inspection.access, inspection.widths) == ([], [])


@pytest.mark.parametrize("page", ["/", "/research/", "/nowhere"])
def test_the_site_pages_are_usable_by_everybody(visit, site, page):
    visitor = visit()
    inspection = Inspection(visitor)
    visitor.page.goto(site + page)
    inspection.look()
    assert (inspection.access, inspection.widths) == ([], [])


@pytest.mark.parametrize("address", ["hour", "../"])
def test_the_first_page_is_small(visit, address):
    sizes = []
    visitor = visit(address)
    visitor.context.on("requestfinished", lambda request: sizes.append(request.sizes()))
    with visitor.page.expect_event("load"):
        visitor.open()
    assert sum(s["responseBodySize"] + s["responseHeadersSize"] for s in sizes) < MOST_BYTES


@pytest.mark.parametrize("media", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}])
def test_the_way_on_is_visible_in_other_media(visit, media):
    visitor = visit(**media).open()
    assert visitor.page.locator("a[rel=next]").is_visible()
