"""The platform's own sentences, read off the screens, and its labels of a study's sentences."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template

from forms import platform_texts
from forms.flow import SCREENS
from forms.platform_texts import (
    CODE_ERRORS,
    DELETED_LATE,
    DELETED_WHEN,
    FROZEN_AGAIN,
    FROZEN_ALL,
    FROZEN_ONCE,
    INVITATION_ERRORS,
    KEY_LOST,
)
from survey.page_text import read_main
from survey.respondents.screens import Navigation, render_screen
from survey.studies.version import StudyVersion

# Label under which boards read a sentence of consent.toml, by its key.
TEXT_LABELS = {
    "landing_title": "Title",
    "landing_lead": "Sentence",
    "landing_exit": "About leaving",
    "landing_draft": "About unfinished answers",
    "information_title": "Title",
    "declined_title": "Title",
    "declined": "Text",
    "eligibility_title": "Title",
    "screened_out_title": "Kind ending, title",
    "screened_out": "Kind ending",
    "not_now_title": "Not a good moment, title",
    "not_now": "Not a good moment",
    "consent_title": "Title",
    "consent_intro": "Introduction",
    "check_title": "Title",
    "check_intro": "Introduction",
    "code_offer": "Deletion code, offered before sending",
    "done_title": "Title",
    "done_arrived": "Text",
    "code_shown": "Above the code",
    "history_note": "About the browser’s history",
    "nobody_watches": "About live monitoring",
    "stop_title": "Title",
    "stop_question": "Question",
    "deleted_title": "After deleting, title",
    "deleted": "After deleting",
    "withdraw_title": "Title",
    "withdraw_intro": "Introduction",
    "withdraw_reply": "Reply, the same whether the code matched or not",
    "blank_hint": "Soft hint after a page with blanks, once a page",
}

# Screens made of the platform's words, with what each is shown with.
STATES = ("not_open", "closed", "full", "full_today", "held", "expired")
_ABOUT_CODES = (
    ("Above the button under a code", (platform_texts.CODE_KEPT, platform_texts.CODE_NOTED)),
    ("Delete, to what cannot be a code", tuple(CODE_ERRORS.values())),
    ("Delete, to a code", (DELETED_WHEN, DELETED_LATE)),
    ("Delete, once a server key was lost", (KEY_LOST,)),
    ("Delete, once answers were frozen", (FROZEN_ONCE, FROZEN_AGAIN, FROZEN_ALL)),
)


def own_words(version: StudyVersion) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (name of the screen, its lines) for every screen that the study does not word."""
    # With a hidden field of their own: a CSRF token would set a cookie on the board's pages.
    ways = Navigation(base="", preview=True, live=True, hidden=(("state", ""),))
    away = replace(ways, live=False)
    shown = [
        ("wait", render_screen("wait", version, ways, draft=None)),
        ("break", render_screen("break", version, ways, draft=None)),
        ("finished", render_screen("finished", version, away)),
        ("stop", render_screen("stop", version, away, draft=None)),
        ("elsewhere", render_screen("elsewhere", version, ways)),
        ("gone", render_screen("gone", version, away)),
        ("spent", render_screen("spent", version, away)),
    ]
    for cause, refusal in platform_texts.NOT_TAKEN.items():
        shown_with = {"kept": "none" if cause == "old_page" else "unknown", "again": "landing"}
        html = render_screen("not_taken", version, away, refusal=refusal, **shown_with)
        shown.append(("not_taken", html))
    for state in STATES:
        refused = state == "expired"
        html = render_screen("closed", version, away, state=state, told="", refused=refused)
        shown.append(("closed", html))
    named = tuple((SCREENS[screen].title, read_main(html)) for screen, html in shown)
    # The pages at /i/, which are met where an invitation opens a study.
    code = render_template("invite/code.html", title="", error="", csrf_token=lambda: "")
    return (
        *named,
        *_ABOUT_CODES,
        ("Information, where the approval was given on paper", (platform_texts.ON_PAPER,)),
        ("Paused, as the board chose", tuple(platform_texts.WHY_PAUSED.values())),
        ("Start, where only an invitation opens it", (platform_texts.BY_INVITATION,)),
        ("Invitation", read_main(code)),
        ("A code that opens nothing", tuple(INVITATION_ERRORS.values())),
    )
