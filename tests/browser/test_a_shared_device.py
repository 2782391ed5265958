"""Two people one after the other at a real browser: the second reads nothing of the first."""

import pytest

WROTE = "A private thought."
CHOSEN = "label:not(.clear) input:checked"  # all but the choice that stands for no answer


@pytest.fixture(params=[True, False], ids=["script on", "script off"])
def first(request, visit):
    """Somebody who has written something and gone on, and put the device down."""
    visitor = visit("once", java_script_enabled=request.param).begin()
    visitor.page.locator("textarea").fill(WROTE)
    visitor.press()
    visitor.tick("upset", 3)
    visitor.press()
    return visitor


def shown(visitor):
    """What the page shows of the first person, wherever it is."""
    page = visitor.page.content()
    return WROTE in page or visitor.page.locator(CHOSEN).count() > 0


def everywhere(visitor, second):
    """Whether a page shows something by Back, Reload, and in a second tab."""
    found = []
    for _ in range(12):
        if visitor.page.go_back() is None:
            break
        if visitor.page.url.startswith(visitor.start):
            found.append(shown(visitor))
            visitor.page.reload()
            found.append(shown(visitor))
    addresses = dict.fromkeys(a for a in visitor.addresses if "/questions/" in a or "/check" in a)
    for address in addresses:
        second.goto(address)
        found.append(WROTE in second.content() or second.locator(CHOSEN).count() > 0)
    return len(found) > 4, any(found)


def come(visitor):
    """The second person opens the link."""
    visitor.page.goto(visitor.start)
    assert visitor.screen == "begun"
    assert not shown(visitor)


def test_who_begins_anew_meets_no_answer(first):
    come(first)
    first.page.get_by_role("button", name="Begin anew").click()
    assert first.screen == ""
    assert everywhere(first, first.context.new_page()) == (True, False)


def test_who_goes_on_meets_no_answer(first):
    come(first)
    first.page.get_by_role("button", name="Go on with them").click()
    assert not shown(first)
    assert everywhere(first, first.context.new_page()) == (True, False)


def test_a_kiosk_warns_with_script_and_ends(visit):
    visitor = visit("once")
    visitor.page.clock.install()
    visitor.page.goto(f"{visitor.start}kiosk")
    visitor.begin()
    warning = visitor.page.get_by_role("alertdialog", name="Are you still there?")
    visitor.page.evaluate("scrollTo(0, 50)")
    visitor.page.wait_for_function("scrollY === 50")
    visitor.page.screenshot()  # the scroll, which counts as a touch, is over with the next frame
    visitor.page.clock.fast_forward("03:01")
    warning.wait_for()
    assert visitor.page.evaluate("scrollY") == 50
    visitor.page.get_by_role("button", name="I am still here").click()
    warning.wait_for(state="detached")
    assert visitor.page.evaluate("scrollY") == 50
    visitor.page.clock.fast_forward("02:50")
    assert visitor.screen == "questions"
    assert not warning.count()
    visitor.page.clock.fast_forward("00:11")
    warning.wait_for()
    visitor.page.clock.fast_forward("01:01")
    visitor.page.wait_for_url(visitor.start + "*")
    assert visitor.page.goto(f"{visitor.start}check").status == 410
