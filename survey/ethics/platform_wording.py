"""Sentences that are the platform's own and not the study's, read off the screens themselves."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from flask import render_template

from forms.flow import SCREENS
from survey.respondents.screens import Navigation, render_screen
from survey.studies.version import BY_INVITATION, StudyVersion

# Screens made of the platform's words, with what each is shown with.
STATES = ("not_open", "closed", "full", "expired")

# What the page that takes an invitation answers to a code that opens nothing.
EMPTY = "Type the code that you were given."
SLIP = "There is a slip in this code. Please compare it letter by letter."
UNKNOWN = "This code opens nothing: it has been used, was taken back, or is not from this site."
WAIT_MINUTES = 15
LINES = frozenset({"h1", "h2", "p", "button", "li"})


class _WordingReader(HTMLParser):
    """The lines of text inside <main>."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or (tag == "main" and bool(dict(attrs)))
        if self._inside and tag in LINES:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._inside and self.lines:
            self.lines[-1] = f"{self.lines[-1]} {data.strip()}".strip()


def _lines(html: str) -> tuple[str, ...]:
    reader = _WordingReader()
    reader.feed(html)
    return tuple(line for line in reader.lines if line)


def own_words(version: StudyVersion) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name of the screen, its lines) for every screen that the study does not word."""
    # With a hidden field of their own: a CSRF token would set a cookie on the board's pages.
    ways = Navigation(base="", preview=True, live=True, hidden=(("state", ""),))
    away = replace(ways, live=False)
    shown = [
        ("break", render_screen("break", version, ways, draft=None)),
        ("stop", render_screen("stop", version, away, draft=None)),
        ("elsewhere", render_screen("elsewhere", version, ways)),
        ("gone", render_screen("gone", version, away)),
        ("spent", render_screen("spent", version, away)),
        *(
            (
                "closed",
                render_screen("closed", version, away, state=state, refused=state == "expired"),
            )
            for state in STATES
        ),
    ]
    named = tuple((SCREENS[screen].title, _lines(html)) for screen, html in shown)
    return (*named, *_about_invitations())


def _about_invitations() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The pages at /i/, which are met where an invitation opens a study."""
    code = render_template("invite/code.html", title="", error="", csrf_token=lambda: "")
    wait = render_template("invite/wait.html", title="", minutes=WAIT_MINUTES)
    return (
        ("Start, where only an invitation opens it", (BY_INVITATION,)),
        ("Invitation", _lines(code)),
        ("A code that opens nothing", (EMPTY, SLIP, UNKNOWN)),
        ("Many such codes", _lines(wait)),
    )
