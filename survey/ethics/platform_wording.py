"""Sentences that are the platform's own and not the study's, read off the screens themselves."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template

from forms.flow import SCREENS
from survey.page_text import read_main
from survey.respondents.screens import Navigation, render_screen
from survey.studies.version import BY_INVITATION, StudyVersion

# Screens made of the platform's words, with what each is shown with.
STATES = ("not_open", "closed", "full", "expired")

# What the page that takes an invitation answers to a code that opens nothing.
EMPTY = "Type the code that you were given."
SLIP = "There is a slip in this code. Please compare it letter by letter."
UNKNOWN = "This code opens nothing: it has been used, was taken back, or is not from this site."
WAIT_MINUTES = 15


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
    named = tuple((SCREENS[screen].title, read_main(html)) for screen, html in shown)
    return (*named, *_about_invitations())


def _about_invitations() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The pages at /i/, which are met where an invitation opens a study."""
    code = render_template("invite/code.html", title="", error="", csrf_token=lambda: "")
    wait = render_template("invite/wait.html", title="", minutes=WAIT_MINUTES)
    return (
        ("Start, where only an invitation opens it", (BY_INVITATION,)),
        ("Invitation", read_main(code)),
        ("A code that opens nothing", (EMPTY, SLIP, UNKNOWN)),
        ("Many such codes", read_main(wait)),
    )
