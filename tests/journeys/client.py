"""A client at a browser without script: verbs for what a person does, on Flask's test client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from markupsafe import escape

from forms.platform_texts import NEXT_PART
from tests.journeys.page import Page

MOST_REDIRECTS = 10
Value = str | int | list[int]


class Journey:
    """One person's browser at one study; ``page`` is what it shows, ``visited`` its history."""

    def __init__(self, app: Flask | None, address: str, *, browser: Any = None) -> None:
        self.base = f"/s/{address}/"
        self.browser = browser if app is None else app.test_client()
        self.here, self.status = "", 0
        self.page = Page("")
        self.headers: Any = {}
        self.visited: list[str] = []

    def another_tab(self) -> Journey:
        """A second tab: the same cookies, the same page open."""
        tab = Journey(None, "", browser=self.browser)
        tab.base, tab.here, tab.page = self.base, self.here, self.page
        return tab

    # Asking and sending.

    def open(self, address: str, **options: Any) -> Journey:
        """Go to an address, on through redirects."""
        return self._ask("GET", urljoin(self.base, address), **options)

    def _ask(self, method: str, address: str, **options: Any) -> Journey:
        for _ in range(MOST_REDIRECTS):
            if urlsplit(address).netloc not in ("", "localhost"):
                self.here = address  # away from us
                return self
            answer = self.browser.open(address.split("#")[0], method=method, **options)
            assert answer.status_code < 500, f"{method} {address}: {answer.status}"
            if method == "GET":
                self.visited.append(address)
            if answer.status_code not in (302, 303):
                break
            address, method, options = urljoin(address, answer.headers["Location"]), "GET", {}
        self.here, self.status, self.headers = address, answer.status_code, answer.headers
        if answer.mimetype == "text/html":
            self.page = Page(answer.get_data(as_text=True))
        return self

    def press(self, name: str = "", value: str = "", /, **filled: Any) -> Journey:
        """Fill in the form of a button and press it; without a name the first button."""
        button = self.page.button(name, value)
        form = self.page.forms[button.form]
        fields = self.filled(button.form, filled)
        if button.name:
            fields.append((button.name, button.value))
        address = urljoin(self.here, form.action)
        data: dict[str, list[str]] = {}
        for key, given in fields:
            data.setdefault(key, []).append(given)
        return self._ask("POST", address, data=data)

    def filled(self, form: str, filled: Mapping[str, Value]) -> list[tuple[str, str]]:
        """What the form sends with these answers; refuses what the page does not offer."""
        fields = [(k, v) for k, v in self.page.fields(form) if k not in filled]
        for name, value in filled.items():
            values = [str(v) for v in value] if isinstance(value, list) else [str(value)]
            offered = [c for c in self.page.named(name) if c.form == form]
            assert offered, f"{self.page.title!r} asks no {name}"
            choices = {c.chosen: c.value for c in offered if c.kind in ("radio", "checkbox")}
            known = {*choices, *choices.values()}
            assert not choices or set(values) <= known, f"{name} offers {choices}"
            fields += [(name, choices.get(v, v)) for v in values]
        return fields

    # The walk.

    def start(self) -> Journey:
        """S1."""
        return self.open(self.base)

    def inform(self) -> Journey:
        """From the landing page to the information."""
        return self.open(self.page.link(rel="next"))

    def be_eligible(self, **answers: Value) -> Journey:
        """From the information to the eligibility questions; every answer yes unless given."""
        self.open(self.page.link(rel="next"))
        names = {c.name for c in self.page.controls if c.kind == "radio"}
        return self.press(**dict.fromkeys(names, 1) | answers)

    def agree(self, *, c_open: int | None = None, c_quote: int | None = None) -> Journey:
        """Tick every statement, choose where a choice is given, and start."""
        ticks: dict[str, Value] = {c.name: 1 for c in self.page.controls if c.kind == "checkbox"}
        choices = {"c_open": c_open, "c_quote": c_quote}
        chosen = {name: code for name, code in choices.items() if code is not None}
        return self.press("go", "agree", **ticks, **chosen)

    def begin(self, **choices: int) -> Journey:
        """As far as the first question."""
        return self.start().inform().be_eligible().agree(**choices)

    def answer(self, **answers: Value) -> Journey:
        """Answer this page and go on."""
        return self.press(**answers)

    def next(self) -> Journey:
        """Go on with everything as it stands."""
        return self.press()

    def back(self, **answers: Value) -> Journey:
        """The Back button of the page."""
        return self.press("go", "back", **answers)

    def change(self, question: str) -> Journey:
        """The Change link of a question on the check page, by the question's words."""
        asked = re.search(
            rf'<dt id="(c[\d-]+)">{re.escape(str(escape(question)))}<', self.page.html
        )
        assert asked is not None, question
        named = f"e{asked[1][1:]} {asked[1]}"
        return self.open(self.page.link(**{"aria-labelledby": named}))

    def stop(self, **answers: Value) -> Journey:
        """Stop, from a page of questions."""
        return self.press("go", "stop", **answers)

    def send(self, *, code: bool = False) -> Journey:
        """Send what is on the check page or on the stop page."""
        return self.press("go", "send", code="yes" if code else "no")

    # What the page shows.

    def check_parts(self) -> Iterator[Page]:
        """Every part of the check page, which is left open at its last one."""
        yield self.page
        while following := [a for a in self.page.links if a["text"] == NEXT_PART]:
            yield self.open(following[0]["href"]).page

    @property
    def screen(self) -> str:
        """The last part of the address; ``questions`` on every page of questions."""
        path = urlsplit(self.here).path.removeprefix(self.base)
        return path.split("/")[0]

    @property
    def text(self) -> str:
        """Everything that can be read."""
        return self.page.text

    @property
    def asked(self) -> list[str]:
        """Names of the questions on this page."""
        return self.page.named("shown")[0].value.split() if self.page.named("shown") else []

    @property
    def code(self) -> str:
        """The deletion code on the thank-you page, or nothing."""
        shown = self.page.html.partition('id="thecode">')[2].partition("</code>")[0]
        return re.sub(r"<[^>]+>", "", shown)

    def ticked(self, name: str) -> list[str]:
        """What is ticked or typed under ``name``."""
        return [c.chosen for c in self.page.named(name) if c.sent and c.chosen]
