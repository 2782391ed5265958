"""What every screen of the walk is given: shared by the client's walk and the board's preview.

Opens no store. A screen is a template and its words; ``Ways`` says how one gets from here to
there: by link and cookie for a client, by a signed hidden field for a board.

Study text to HTML: paragraphs, emphasis, the site's facts. Everything else is escaped.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from flask import current_app, render_template
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from forms.answers import answer_lines, stored_lines
from forms.draft import Draft, token_of
from forms.page_view import PageView, page_view
from forms.prose import paragraphs, runs
from forms.study import Page
from survey.studies.version import StudyVersion

# Screen → its neutral word in the page's title; no title names a topic or an answer.
TITLES = {
    "landing": "Start",
    "information": "Information",
    "eligibility": "Before you start",
    "consent": "Your choice",
    "check": "Check",
    "done": "Thank you",
    "support": "Help",
    "stop": "Stop",
    "stopped": "Finished",
    "declined": "Finished",
    "thanks": "Finished",
    "later": "Later",
    "withdraw": "Delete",
    "break": "A break",
    "closed": "Closed",
    "gone": "Start again",
    "spent": "Used already",
    "elsewhere": "This way",
    "left": "Left",
}


CHOOSE_CODE = "Choose whether you want a code."
WORDS_CHANGED = "These words have just changed. Please read the information and this page again."
CHOOSE_END = "Choose what should happen to your answers."
NOTHING_YET = "You have not answered anything yet, so there is nothing to send."


# Hold the places of what differs from client to client; drawn, so that no study can contain them.
TOKEN = secrets.token_hex(16)
ASKED = Markup(f"<!--{secrets.token_hex(16)}-->")  # noqa: S704 - our own


@dataclass(frozen=True)
class Navigation:
    """How to leave a screen. In the preview every way is a button that carries ``hidden``."""

    base: str  # address of the client's study, or of the preview
    preview: bool = False
    hidden: tuple[tuple[str, str], ...] = ()
    live: bool = False  # a draft is under way
    unfold: bool = False  # folded parts are open, because a link leads into one of them

    def to(self, screen: str) -> str:
        """Address of a screen (the landing page has none of its own)."""
        return self.base if self.preview else self.base + ("" if screen == "landing" else screen)


def render_screen(
    screen: str, version: StudyVersion, ways: Navigation, *, errors: Any = (), **context: Any
) -> str:
    """Render ``screen``; ``errors`` are (input id or a name that ``anchors`` has, sentence)."""
    title = context.pop("title", None) or TITLES[screen]
    return render_template(
        f"respond/{context.pop('template', screen)}.html",
        screen=screen,
        title=("Error: " if errors else "") + f"{title} – Survey",
        version=version,
        study=version.study,
        consent=version.study.consent,
        words=version.study.consent.texts,
        ways=ways,
        errors=tuple(errors),
        anchors=_anchors(screen, version),
        **context,
    )


def _anchors(screen: str, version: StudyVersion) -> dict[str, str]:
    """Ids that name nothing, for inputs before the questions: links to them stay in the history."""
    consent = version.study.consent
    names = {
        "eligibility": [q.id for q in consent.eligibility],
        "consent": [s.id for s in (*consent.required_statements, *consent.choices)],
    }.get(screen, [])
    return {name: f"i{n}" for n, name in enumerate(names, start=1)}


@lru_cache(maxsize=128)
def render_static_screen(screen: str, version: StudyVersion, base: str) -> str:
    """A screen that is the same for every client without a draft: rendered once a process."""
    return render_screen(screen, version, Navigation(base), draft=None)


def render_questions(
    version: StudyVersion,
    ways: Navigation,
    draft: Draft,
    page: Page,
    *,
    changing: bool = False,
    errors: Mapping[str, str] | None = None,
    posted: Any = None,
) -> str:
    """A page of questions."""
    view = page_view(version.study, draft, page, errors=errors, posted=posted)
    parts: Any = current_app.jinja_env.globals["parts"]
    draw = parts.questions.question
    asked = Markup("\n").join(draw(question) for question in view.questions)
    if ways.preview or view.errors:
        return _questions(version, ways, view, asked=asked, hint=draft.hint, changing=changing)
    around = replace(view, questions=())
    head, middle, tail = _around(version, ways.base, around, hint=draft.hint, changing=changing)
    return f"{head}{generate_csrf()}{middle}{asked}{tail}"


def _questions(
    version: StudyVersion,
    ways: Navigation,
    view: PageView,
    *,
    asked: Markup,
    hint: bool,
    changing: bool,
) -> str:
    return render_screen(
        "questions",
        version,
        ways,
        title=f"Page {view.number}",
        view=view,
        asked=asked,
        hint=hint,
        changing=changing,
        errors=view.errors,
    )


@lru_cache(maxsize=4096)
def _around(
    version: StudyVersion, base: str, view: PageView, *, hint: bool, changing: bool
) -> tuple[str, str, str]:
    """What stands around the token and the questions of a page: the same for every client.

    It is given no draft and no question, so no answer can be in what is kept.
    """
    ways = Navigation(base, hidden=(("csrf_token", TOKEN),), live=True)
    html = _questions(version, ways, view, asked=ASKED, hint=hint, changing=changing)
    head, rest = html.split(TOKEN)
    middle, tail = rest.split(ASKED)
    return head, middle, tail


def render_check(version: StudyVersion, ways: Navigation, draft: Draft, *, errors: Any = ()) -> str:
    """Everything answered, a Change link each, and exactly what will be stored."""
    study = version.study
    return render_screen(
        "check",
        version,
        ways,
        errors=errors,
        pages=[
            (page, token_of(draft, page), lines)
            for page, lines in answer_lines(study, draft.answers)
        ],
        stored=list(stored_lines(study, draft.answers, draft.choices, completion=1)),
        apart=[q for q in study.questions.values() if q.apart],
        draft=draft,
    )


_UNFILLED = re.compile(r"\[([a-z][a-z0-9_]*)\]")  # a fact that the site has not given yet


def _marked(text: str) -> Markup:
    """Escaped text with *emphasis*, and unfilled facts marked so that nobody misses one."""
    html = "".join(f"<em>{escape(run)}</em>" if em else escape(run) for run, em in runs(text))
    return Markup(_UNFILLED.sub(r"<mark>[\1]</mark>", html))  # noqa: S704 - escaped above


@lru_cache(maxsize=2048)
def prose(text: str, version: StudyVersion) -> Markup:
    """Paragraphs of ``text`` with this site's facts."""
    parts = map(_marked, paragraphs(version.fill(text)))
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in parts)


@lru_cache(maxsize=2048)
def line(text: str, version: StudyVersion) -> Markup:
    """``text`` with this site's facts, without a paragraph around it."""
    return _marked(version.fill(text))
