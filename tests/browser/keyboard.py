"""Keys only: Tab to what comes next, Space to choose, Enter to go on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from forms.form_fields import fixed_width

FOCUS = """() => {
    const e = document.activeElement;
    return {
        tag: e.tagName, type: e.type || '', name: e.name || '', value: e.value || '',
        rel: e.rel || '', text: e.textContent, checked: !!e.checked,
    };
}"""
# Buttons that lead on, by name and value; a page of questions has one without a name.
ONWARD = {("", ""), ("go", "agree"), ("go", "send"), ("go", "on")}
MOST_KEYS = 400
NO_CHOICE = fixed_width("")  # the value of the button that stands for none


class Keyboard:
    """Somebody who uses no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focus(self) -> dict[str, Any]:
        """What a key would act on."""
        found: dict[str, Any] = self.page.evaluate(FOCUS)
        return found

    def press(self, key: str) -> None:
        """One key."""
        self.page.keyboard.press(key)

    def go_on(self) -> None:
        """Through this page to its way on, answering what can be chosen."""
        for _ in range(MOST_KEYS):
            self.press("Tab")
            at = self.focus()
            if (at["type"], at["value"]) == ("radio", NO_CHOICE) and self._wanted(at):
                self.press("ArrowDown")
            elif at["type"] in ("radio", "checkbox") and not at["checked"] and self._wanted(at):
                self.press("Space")
            elif at["tag"] == "INPUT" and at["type"] in ("text", "number"):
                self.page.keyboard.type("5")
            elif at["rel"] == "next" or self._leads_on(at):
                with self.page.expect_navigation():
                    self.press("Enter")
                return
        raise AssertionError(f"No way on by keyboard at {self.page.url}")

    def _wanted(self, at: dict[str, Any]) -> bool:
        missing = at["value"].startswith("-") and at["value"] != NO_CHOICE
        alone = missing or at["name"].endswith("-missing")
        return at["name"] != "support" and not alone

    def _leads_on(self, at: dict[str, Any]) -> bool:
        submits = (at["tag"], at["type"]) == ("BUTTON", "submit")
        return submits and (at["name"], at["value"]) in ONWARD

    def walk_to_the_end(self) -> None:
        """Page after page, to the thank-you page."""
        while not urlsplit(self.page.url).path.endswith("/done"):
            self.go_on()
