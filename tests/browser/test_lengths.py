"""What a real browser posts on a walk, with and without script."""

import pytest
from playwright.sync_api import Request, expect

from forms.load import load_study
from forms.platform_texts import WITHOUT_SCRIPT
from forms.post_length import post_length
from tests.browser.visitor import MOST_PAGES
from tests.conftest import folder_of

WORDS = "It rained, and I wrote:\nä, “ß”, 100 %."


def walked(visitor, **ticks):
    """The requests of a walk with something typed wherever one can, to its end."""
    seen: list[Request] = []
    visitor.context.on("request", lambda request: seen.append(request))
    visitor.begin()
    for _ in range(MOST_PAGES):
        if visitor.screen != "questions":
            break
        for box in visitor.page.locator("textarea").all():
            box.fill(WORDS[: int(box.get_attribute("data-limit") or 0)])
        visitor.tick_first(**ticks).press()
        if visitor.screen == "support":
            visitor.press("go", "on")
    visitor.tick("code", "no").press("go", "send")
    assert visitor.screen == "done"
    return seen


def posts(seen):
    return [request for request in seen if request.method == "POST"]


@pytest.mark.parametrize(("study", "address"), [("kinds", "kinds"), ("once", "once")])
def test_every_post_of_a_walk_has_the_study_s_one_length(visit, study, address):
    seen = posts(walked(visit(address)))
    lengths = {len(request.post_data_buffer or b"") for request in seen}
    assert len(seen) > 3
    assert lengths == {post_length(load_study(folder_of(study)))}


def test_buttons_that_turn_elsewhere_post_as_much(visit):
    visitor = visit("once").begin()
    seen: list[Request] = []
    visitor.context.on("request", lambda request: seen.append(request))
    for button in ("information", "support", "stop"):
        visitor.press("go", button)
        visitor.click(visitor.page.get_by_role("button", name="Go on with the survey").first)
    assert len({len(request.post_data_buffer or b"") for request in posts(seen)}) == 1
    assert len(posts(seen)) == 6


def test_headers_of_a_post_are_equally_long_under_way(visit):
    seen = [r for r in posts(walked(visit("kinds"))) if "/questions/" in r.url]
    assert len(seen) > 2
    assert len({r.sizes()["requestHeadersSize"] for r in seen}) == 1


def test_without_script_a_page_says_so(visit):
    plain, scripted = visit("once", java_script_enabled=False).begin(), visit("once").begin()
    assert plain.page.get_by_text(WITHOUT_SCRIPT).is_visible()
    expect(scripted.page.get_by_text(WITHOUT_SCRIPT)).to_have_count(0)
