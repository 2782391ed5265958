"""Screens of the client's way as HTML, for a client and for the board's walk; opens no store.

``Navigation`` is how one gets from one screen to another: by link and cookie for a client, by a
signed hidden field for a board. A study's texts become paragraphs with emphasis and the site's
facts; everything else in them is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import render_template
from markupsafe import Markup, escape

from forms.answers import AnswerLine, StoredLine, answer_lines, check_parts, part_lines
from forms.draft import SHOWN, Draft, page_at, page_word, token_of
from forms.flow import SCREENS, FlowState, StepResult, anchors, entrance
from forms.form_fields import KeptPost
from forms.page_view import PageView, news, page_view
from forms.platform_texts import ERROR_TITLE, TITLE
from forms.prose import paragraphs, runs
from forms.study import HelpLine, Page
from survey.padding import filled_address
from survey.respondents.rendered_parts import render_question
from survey.studies.version import StudyVersion

# On a shared device: untouched for so long a page warns, and after the warning it ends; a last page
# ends by itself (docs/design.md, The walk).
KIOSK_IDLE_SECONDS = 180
KIOSK_WARNING_SECONDS = 60
KIOSK_END_SECONDS = 120
# So long before the draft ends, a page of questions says so (docs/design.md, The walk).
NOTICE_SECONDS = 15 * 60


@dataclass(frozen=True)
class Navigation:
    """How to leave a screen. In the preview every way is a button that carries ``hidden``."""

    base: str  # address of the client's study, or of the preview
    preview: bool = False
    hidden: tuple[tuple[str, str], ...] = ()
    live: bool = False  # a draft is under way
    screens: str = ""  # in the preview: address of the list of screens
    comment: str = ""  # in the preview: where a comment on this screen is written
    unfold: bool = False  # folded parts are open, because a link leads into one of them
    ended: bool = False  # nothing is under way any more: no way to stop or to start again
    kiosk: bool = False  # the device is shared
    on_paper: bool = False  # the approval was noted from a letter: the information page says so
    filling: int = 0  # characters that make a form without a question as long as a page's

    def beside(self, fields: str) -> int:
        """Characters that fill up a form which sends ``fields`` where a page says what it asks."""
        # Names of questions stand with a character between them: one fewer than there are names.
        return max(0, self.filling + len(f"{SHOWN}=") - 1 - len(fields))

    def to(self, screen: str, query: str = "") -> str:
        """Address of a screen (the landing page has none of its own), as long as any other."""
        if self.preview or screen == "landing":
            return self.base
        return self.base + filled_address(screen, query)

    def ends(self, screen: str) -> tuple[int, str] | None:
        """Seconds after which ``screen`` is left by itself, and where to: on a shared device."""
        if not self.kiosk or screen == "landing":
            return None
        if self.ended:
            return KIOSK_END_SECONDS, self.base
        if screen == "idle":
            return KIOSK_WARNING_SECONDS, self.base
        return KIOSK_IDLE_SECONDS, self.to("idle") if self.live else self.base


def render_screen(
    screen: str, version: StudyVersion, ways: Navigation, *, errors: Any = (), **context: Any
) -> str:
    """Render ``screen``; ``errors`` are (input id or a name that ``anchors`` has, sentence)."""
    title, draft = context.pop("title", SCREENS[screen].title), context.get("draft")
    ways = replace(ways, ended=SCREENS[screen].last or (draft is not None and bool(draft.sent)))
    return render_template(
        f"respond/{screen}.html",
        screen=screen,
        title=ERROR_TITLE.format(TITLE.format(title)) if errors else TITLE.format(title),
        version=version,
        study=version.study,
        consent=version.study.consent,
        words=version.study.consent.texts,
        ways=ways,
        ends=ways.ends(screen),
        warning=KIOSK_WARNING_SECONDS,
        errors=tuple(errors),
        anchors=anchors(version.study, screen),
        **context,
    )


@lru_cache(maxsize=128)
def render_static_screen(screen: str, version: StudyVersion, ways: Navigation) -> str:
    """A screen that is the same for every client without a draft: rendered once a process."""
    return render_state(version, ways, StepResult(FlowState(screen)))


def render_state(
    version: StudyVersion,
    ways: Navigation,
    result: StepResult,
    *,
    posted: Any = None,
    country: str | None = None,
    frozen: str = "",
    late: bool = False,
) -> str:
    """The screen of a state, after a faulty post with what was typed and what to mend.

    ``frozen`` says on the page of deletions what no code can delete any more; ``late``, that
    deleting fails at present.
    """
    study, state, errors = version.study, result.state, tuple(result.errors.items())
    screen, draft = state.screen, state.draft
    if screen == "questions" and draft is not None:
        page = page_at(study, draft, state.token)
        if page is not None:
            return _render_questions(version, ways, draft, page, result, posted)
    if screen == "check" and draft is not None:
        return _render_check(version, ways, draft, state.part, errors)
    return render_screen(
        screen,
        version,
        ways,
        errors=errors,
        draft=draft,
        entrance=entrance(study),
        country=country,
        frozen=frozen,
        late=late,
        unfit=next((q for q in study.consent.eligibility if q.id == state.unfit), None),
        answered=state.answered,
    )


def _render_questions(
    version: StudyVersion,
    ways: Navigation,
    draft: Draft,
    page: Page,
    result: StepResult,
    posted: Any,
) -> str:
    posted = posted if posted is not None else KeptPost(draft.typed)
    view = page_view(version.study, draft, page, errors=result.errors, posted=posted)
    word = page_word(version.study, draft, page)
    return render_page(version, ways, draft, view, title=word, changing=result.state.changing)


def render_page(
    version: StudyVersion,
    ways: Navigation,
    draft: Draft,
    view: PageView,
    *,
    title: str,
    changing: bool,
) -> str:
    """A page of questions as ``view`` shows it."""
    return render_screen(
        "questions",
        version,
        ways,
        title=title,
        view=view,
        token=token_of(draft, view.page),
        render_question=render_question,
        hint=draft.hint,
        changing=changing,
        unseen=draft.unseen,
        errors=view.errors,
    )


def _render_check(
    version: StudyVersion, ways: Navigation, draft: Draft, part: int, errors: Any
) -> str:
    study = version.study
    parts = check_parts(study)
    part = min(max(part, 1), len(parts))
    shown = [] if draft.unseen else list(answer_lines(study, draft.answers))
    return render_part(
        version,
        ways,
        draft,
        part,
        pages=[
            (page, token_of(draft, page), lines) for page, lines in shown if page in parts[part - 1]
        ],
        stored=part_lines(study, draft.answers, draft.choices, part),
        last=token_of(draft, shown[-1][0]) if shown else "",
        errors=errors,
    )


def render_part(
    version: StudyVersion,
    ways: Navigation,
    draft: Draft,
    part: int,
    *,
    pages: Sequence[tuple[Page, str, Sequence[AnswerLine]]],
    stored: Sequence[StoredLine],
    last: str,
    errors: Any,
) -> str:
    """One part of everything answered, a Change link each, and exactly what will be stored.

    ``pages`` are those answered, with their tokens; ``last`` is the token of the way's last page.
    """
    parts = check_parts(version.study)
    return render_screen(
        "check",
        version,
        ways,
        errors=errors,
        draft=draft,
        part=part,
        part_count=len(parts),
        pages=pages,
        last=last,
        stored=stored,
        apart=[q for page in parts[part - 1] for q in page.questions if q.apart],
        news=() if draft.unseen else news(draft),
    )


_UNFILLED = re.compile(r"\[([a-z][a-z0-9_]*)\]")  # a fact that the site has not given yet


def _marked(text: str) -> Markup:
    """Escaped text with *emphasis*, and unfilled facts marked so that none is missed."""
    html = "".join(f"<em>{escape(run)}</em>" if em else escape(run) for run, em in runs(text))
    return Markup(_UNFILLED.sub(r"<mark>[\1]</mark>", html))  # noqa: S704 - escaped above


@lru_cache(maxsize=2048)
def prose(text: str, version: StudyVersion) -> Markup:
    """Paragraphs of ``text`` with this site's facts."""
    parts = map(_marked, paragraphs(version.fill(text)))
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in parts)


_NUMBER = re.compile(r"\+?\d[\d\s().-]*\d")  # as people write them: two digits at least


def dialable(text: str) -> Markup:
    """Return ``text`` with each telephone number as a link: to write where it says text alone."""
    parts, done = [], 0
    for found in _NUMBER.finditer(text):
        before = text[done : found.start()].lower()
        scheme = "sms" if "text" in before and "call" not in before else "tel"
        # With a country's code nobody dials the zero that stands in brackets.
        dialled = found[0].replace("(0)", "") if found[0].startswith("+") else found[0]
        number = re.sub(r"[^\d+]", "", dialled)
        parts += [escape(text[done : found.start()])]
        parts += [Markup('<a href="{}:{}">{}</a>').format(scheme, number, found[0])]
        if before.rstrip().endswith("call or text"):
            parts += [Markup(' (<a href="sms:{}">text</a>)').format(number)]
        done = found.end()
    return Markup("").join([*parts, escape(text[done:])])


def reachable(place: HelpLine) -> Markup:
    """Return how to reach a place of help, each way as a link: its numbers, else its website."""
    said = dialable(place.contact)
    if not place.url:
        return said
    plain = "<a " not in said
    shown = place.contact if plain else urlsplit(place.url).netloc
    site = Markup('<a href="{}" rel="noreferrer noopener">{}</a>').format(place.url, shown)
    return site if plain else Markup("{} · {}").format(said, site)


@lru_cache(maxsize=2048)
def line(text: str, version: StudyVersion) -> Markup:
    """``text`` with this site's facts, without a paragraph around it."""
    return _marked(version.fill(text))


def error_line(text: str, version: StudyVersion) -> Markup:
    """What is wrong with what was typed, as ``line`` shows it; kept nowhere, as it may say how."""
    return _marked(version.fill(text))
