"""The platform's own sentences, read off the screens, and its labels of a study's sentences."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template

from forms import platform_texts
from forms.flow import SCREENS
from forms.platform_texts import INVITATION_EMPTY, INVITATION_SLIP, INVITATION_UNKNOWN
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
STATES = ("not_open", "closed", "full", "expired")
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
        *(("not_taken", _not_taken(version, away, cause)) for cause in platform_texts.NOT_TAKEN),
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


def _not_taken(version: StudyVersion, ways: Navigation, cause: str) -> str:
    """A page that was not taken, as a client reads it who has nothing unfinished."""
    refusal, kept = platform_texts.NOT_TAKEN[cause], "none" if cause == "old_page" else ""
    return render_screen("not_taken", version, ways, refusal=refusal, kept=kept, again="landing")


def _about_invitations() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The pages at /i/, which are met where an invitation opens a study."""
    code = render_template("invite/code.html", title="", error="", csrf_token=lambda: "")
    wait = render_template("invite/wait.html", title="", minutes=WAIT_MINUTES)
    return (
        ("Start, where only an invitation opens it", (platform_texts.BY_INVITATION,)),
        ("Invitation", read_main(code)),
        ("A code that opens nothing", (INVITATION_EMPTY, INVITATION_SLIP, INVITATION_UNKNOWN)),
        ("Many such codes", read_main(wait)),
    )
