"""A client at a real browser: sees, clicks and types; everything the browser did is noted."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Request

from tests.journeys.page import Control
from tests.journeys.page import Page as Parsed

WALK = "walk"
ASIDE = ("shown", "csrf_token", "pad", "change", "support")
MOST_PAGES = 60
PATIENCE = 30_000  # milliseconds; a machine that runs the other tests is slow


class Visitor:
    """One person; ``addresses`` is the history, ``foreign`` what was asked of other hosts."""

    def __init__(self, context: BrowserContext, start: str) -> None:
        self.context, self.start = context, start
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.addresses: list[str] = []
        self.foreign: list[str] = []
        self.violations: list[str] = []
        self.host = urlsplit(start).netloc
        context.on("request", self._requested)
        self.page.on("framenavigated", lambda frame: self.addresses.append(frame.url))
        self.page.on("console", lambda said: self._said(said.text))
        self.page.on("pageerror", lambda error: self.violations.append(str(error)))

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text or "Refused to" in text:
            self.violations.append(text)

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self.host and not request.is_navigation_request():
            self.foreign.append(request.url)

    # Seeing.

    @property
    def parsed(self) -> Parsed:
        """The page as it is now."""
        return Parsed(self.page.content())

    @property
    def screen(self) -> str:
        """The last part of the address; ``questions`` on every page of questions."""
        path = urlsplit(self.page.url).path.removeprefix(urlsplit(self.start).path)
        return path.split("/")[0]

    @property
    def asked(self) -> list[str]:
        """Names of the questions on this page."""
        shown = self.parsed.named("shown")
        return shown[0].value.split() if shown else []

    # Doing.

    def open(self, screen: str = "") -> Visitor:
        """Go to a screen of the study, by a link where a page of it is open."""
        address = self.start + screen
        if self.page.url.startswith(self.start):
            with self.page.expect_navigation():
                self.page.evaluate("address => { location.assign(address) }", address)
        else:
            self.page.goto(address)
        return self

    def follow(self) -> Visitor:
        """The link that leads on."""
        return self.click(self.page.locator("a[rel=next]").first)

    def click(self, way: Locator) -> Visitor:
        """Click what leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            way.click()
        return self

    def press(self, name: str = "", value: str = "") -> Visitor:
        """A button by name and value; without a name the way on."""
        unnamed = "form button:not([name]):not([aria-hidden]):not([type=button])"
        wanted = f'button[name="{name}"][value="{value}"]:visible' if name else unnamed
        return self.click(self.page.locator(wanted).first)

    def tick(self, name: str, value: str | int) -> Visitor:
        """Click the label of a choice."""
        found = self.parsed.named(name)
        sent = next(c.value for c in found if str(value) in (c.value, c.chosen))
        choice = self.page.locator(f'input[name="{name}"][value="{sent}"]')
        choice.locator("xpath=ancestor::label").click()
        return self

    def tick_first(self, **instead: int) -> Visitor:
        """The first choice of every question on this page, or another one."""
        for name, value in self.choices().items():
            self.tick(name, instead.get(name, value))
        return self

    def choices(self) -> dict[str, str]:
        """Input name → its first choice, for everything chosen on this page."""
        found: dict[str, str] = {}
        for control in self.parsed.controls:
            if _asks(control) and control.chosen:
                found.setdefault(control.name, control.chosen)
        return found

    def begin(self) -> Visitor:
        """As far as the first question."""
        self.open().follow().follow()
        self.tick_first().press()
        for control in self.parsed.controls:
            if control.kind == "checkbox":
                self.tick(control.name, 1)
        return self.press("go", "agree")

    def walk_to(self, name: str, **answers: int) -> Visitor:
        """Answer page after page to the one that asks ``name``."""
        while name not in self.asked:
            self.tick_first(**answers).press()
            if self.screen == "support":
                self.press("go", "on")
        return self

    def walk(self, look: Callable[[], None] = lambda: None, **answers: int) -> Visitor:
        """Answer page after page to the check page; ``look`` is called on each."""
        for _ in range(MOST_PAGES):
            if self.screen != "questions":
                return self
            look()
            self.tick_first(**answers).press()
            if self.screen == "support":
                look()
                self.press("go", "on")
        raise AssertionError(f"No end after {MOST_PAGES} pages, at {self.page.url}.")


def _asks(control: Control) -> bool:
    return (
        control.kind in ("radio", "checkbox")
        and control.name not in ASIDE
        and not control.name.endswith("-missing")
    )
