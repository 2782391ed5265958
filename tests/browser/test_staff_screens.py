"""The staff's rooms in a real browser: access, width, complaints, with and without script."""

import re

import pyotp
import pytest

from tests.browser.inspection import Inspection
from tests.browser.visitor import Visitor
from tests.conftest import folder_of
from tests.serving import demo

SIGN_INS = re.compile(r"sign in at (http\S+) as (\S+) with (\S+)")


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """role → (address of the room, name, password), of a running demo."""
    data = tmp_path_factory.mktemp("rooms") / "data"
    with demo(data, folder_of("minimal")) as (server, _):
        yield {found[1].removeprefix("demo-"): found for found in SIGN_INS.findall(server.said)}


@pytest.fixture
def come(browser, rooms):
    """``come("board")``: somebody who has just signed in, by typing."""
    contexts = []

    def sign_in(role, **options):
        address, name, password = rooms[role]
        contexts.append(browser.new_context(**options))
        visitor = Visitor(contexts[-1], address)
        visitor.page.goto(address)
        visitor.page.get_by_label("Name").fill(name)
        visitor.page.get_by_label("Password").fill(password)
        visitor.page.get_by_role("button", name="Sign in").click()
        return visitor

    yield sign_in
    for context in contexts:
        context.close()


def looked_at(visitor, *pages):
    inspection = Inspection(visitor)
    for page in pages:
        visitor.page.goto(visitor.start + page)
        inspection.look()
    return inspection.access, inspection.widths, visitor.violations


def test_the_sign_in_page_and_its_errors_are_usable_by_everybody(browser, rooms):
    context = browser.new_context()
    visitor = Visitor(context, rooms["board"][0])
    found = [looked_at(visitor, "sign-in", "set-up/none")]
    visitor.page.goto(visitor.start)
    visitor.page.get_by_role("button", name="Sign in").click()
    inspection = Inspection(visitor)
    inspection.look()
    context.close()
    assert [*found, (inspection.access, inspection.widths)] == [([], [], []), ([], [])]


@pytest.mark.parametrize(("role", "pages"), [
    ("researcher", ("", "minimal/")),
    ("researcher", ("minimal/link", "minimal/invitations/", "minimal/invitations/take-back")),
    ("researcher", ("minimal/figures/", "minimal/preregistration")),
    ("board", ("", "audit", "keys", "minimal/board", "minimal/approve", "minimal/suspend")),
])  # fmt: skip
def test_both_rooms_are_usable_by_everybody(come, role, pages):
    mine = ("account", "account/password", "account/second-step")
    assert looked_at(come(role), *pages, *mine) == ([], [], [])


def test_the_browser_sends_no_cookie_of_staff_to_a_page_of_a_client(come):
    visitor = come("researcher")
    site = visitor.start.removesuffix("research/")
    names = [c["name"] for c in visitor.context.cookies(site + "s/mood/")]
    # One for the sign-in, one by which this browser is known to have signed in.
    assert (names, len(visitor.context.cookies(visitor.start))) == ([], 2)


def test_after_signing_out_the_way_back_shows_nothing(come):
    visitor = come("researcher")
    visitor.page.goto(visitor.start + "account")
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    with visitor.page.expect_navigation():
        visitor.page.evaluate("history.back()")
    assert visitor.page.locator("h1").inner_text() == "Sign in"


def test_without_script_the_second_step_is_set_up_from_the_picture(come):
    visitor = come("board", java_script_enabled=False)
    visitor.page.goto(visitor.start + "account/second-step")
    assert visitor.page.locator("figure.qr svg").bounding_box()["width"] > 150
    letters = visitor.page.locator("figure.qr code").inner_text().replace(" ", "")
    visitor.page.get_by_label("Code").fill(pyotp.TOTP(letters).now())
    visitor.page.get_by_role("button", name="Switch it on").click()
    assert visitor.page.locator(".codes li").count() == 10
