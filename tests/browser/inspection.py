"""Every screen of the flagship, looked at once: access, width, complaints of the browser."""

from __future__ import annotations

from collections.abc import Mapping

from axe_playwright_python.sync_playwright import Axe

from survey.ethics.walkthrough import SAMPLE_CODE
from tests.browser.visitor import Visitor

TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
# The scheme changes nothing but colours.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SCHEMES = {"dark": COLOURS, "light": TAGS}
PHONES = (320, 360)
DESKTOP = 1280
HEIGHT = 800
SAW, DID_NOT_SEE = 1, 3
OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


class Inspection:
    """What was found wrong, as lines that name the screen."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page, self.axe = visitor, visitor.page, Axe()
        self.access: list[str] = []
        self.widths: list[str] = []
        self.titles: list[str] = []

    def look(self) -> None:
        """Inspect the screen that is open now."""
        title = f"{self.page.title()}: {self.page.locator('h1').inner_text()}"
        if title in self.titles:
            return
        self.titles.append(title)
        # Folded parts count too.
        self.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        for width in PHONES:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            if self.page.evaluate(OVERFLOW) > 0:
                self.widths.append(f"{title}: wider than {width} px")
        self.page.set_viewport_size({"width": DESKTOP, "height": HEIGHT})
        for scheme, rules in SCHEMES.items():
            # Nothing moves: axe would measure colours that are still on their way.
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            self._access(f"{title} ({scheme})", rules)

    def _access(self, where: str, rules: Mapping[str, object]) -> None:
        found = self.axe.run(self.page, options=rules).response["violations"]
        for fault in found:
            target = fault["nodes"][0]["target"][0]
            self.access.append(f"{where}: {fault['id']} at {target} ({len(fault['nodes'])})")

    def open(self, screen: str) -> None:
        """Go there and inspect it."""
        self.visitor.open(screen)
        self.look()


def inspect(visitor: Visitor) -> Inspection:
    """Walk through every screen that a client can meet, looking at each."""
    seen = Inspection(visitor)
    before_the_questions(seen)
    visitor.page.locator("button[value=agree]").click()  # the script keeps it on this page
    seen.look()  # with errors
    for control in visitor.parsed.controls:
        if control.kind == "checkbox":
            visitor.tick(control.name, 1)
    visitor.press("go", "agree").press()
    seen.look()  # with an error
    visitor.walk(seen.look, saw_tears=SAW)
    seen.look()
    after_the_questions(seen)
    return seen


def before_the_questions(seen: Inspection) -> None:
    """Landing to consent, and the two kind endings."""
    visitor = seen.visitor
    for screen in ("", "information", "support", "withdraw", "stop"):
        seen.open(screen)
    visitor.open("withdraw")
    for code in ("0000", SAMPLE_CODE):  # an error, and the reply
        visitor.page.locator("input[name=code]").fill(code)
        visitor.press()
        seen.look()
    for answers in ({"e_age": 2}, {"e_moment": 2}):
        visitor.open("eligibility").tick_first(**answers).press()
        seen.look()
    visitor.open("eligibility").page.locator("main .primary").click()
    seen.look()  # with errors
    visitor.tick_first().press()
    seen.look()


def after_the_questions(seen: Inspection) -> None:
    """Check, the other branch, stop, done, and what is shown when nothing is left."""
    visitor = seen.visitor
    visitor.press("go", "send")
    seen.look()  # with an error
    for screen in ("information", "support", "stop"):
        seen.open(screen)
    visitor.open("check")
    visitor.click(visitor.page.get_by_role("link", name="Change").first)
    visitor.tick("saw_tears", DID_NOT_SEE).press()
    visitor.walk(seen.look)
    visitor.tick("code", "yes").press("go", "send")
    seen.look()
    visitor.press()
    seen.look()  # after the code was written down
    visitor.open("leave").open("done")
    seen.look()
    for screen in ("declined", "stopped", "nowhere"):
        seen.open(screen)
