"""How large each screen of a study can become, and so the one length of all its pages.

Every screen is rendered once from the client's own templates at its longest: every question, every
text at full length, every input at fault. Opens no store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Flask, Response, g, request

from forms.answers import check_parts, in_words, page_lines, part_lines
from forms.draft import Draft
from forms.flow import SCREENS, FlowState, StepResult, shown_again
from forms.kinds import columns_of_study, kind_of
from forms.page_view import LONGEST_CHARACTER, fullest_view
from forms.platform_texts import (
    CHOOSE_CODE,
    CHOOSE_END,
    CLOSED,
    ENTRANCE_ERRORS,
    FROZEN_AGAIN,
    FROZEN_ALL,
    FROZEN_ONCE,
    KEY_LOST,
    PAGE_WORDS,
    WHY_PAUSED,
)
from forms.study import Column, Study
from survey.padding import BELOW, KEPT_AS_SENT, LENGTH, page_length
from survey.respondents.screens import (
    Navigation,
    render_page,
    render_part,
    render_screen,
    render_state,
)
from survey.studies.version import StudyVersion

TOKEN = (("csrf_token", "0" * 91),)  # as long as a real one, which would set a cookie
CODE = "0000-0000-0000-0000-0000-00000"
FROZEN = (FROZEN_ONCE, FROZEN_AGAIN, FROZEN_ALL)
LONGEST_DAY = "30 September 2030"
TOKEN_OF_PAGE = "0" * 12
TITLE = " ".join(sorted(PAGE_WORDS, key=len)[-2:])
# Screens rendered with more than a draft, here or (not_taken, a few lines) nowhere; leave is never
# shown to a client.
WITH_MORE = {
    *("questions", "check", "eligibility", "consent", "stop", "support", "thanks", "withdraw"),
    *("closed", "refused", "not_taken", "leave"),
}


@dataclass(frozen=True, slots=True)
class ScreenSize:
    """One screen at its longest: what it is, and its bytes without headers."""

    name: str
    size: int


def _longest_value(study: Study, column: Column) -> int | str:
    if column.max_length:
        return LONGEST_CHARACTER * column.max_length
    if kind_of(column.question).is_ticked:
        return 1
    return max((*column.codes, *column.missing), key=lambda c: len(in_words(study, column, c)))


def _longest_answers(study: Study) -> dict[str, int | str]:
    answers = {c.name: _longest_value(study, c) for c in columns_of_study(study)}
    apart = {q.name: LONGEST_CHARACTER * q.max_length for q in study.questions.values() if q.apart}
    return {**answers, **apart}


def _draft(study: Study, **given: object) -> Draft:
    return replace(
        Draft(seed="", words="", language=study.language, started=0, code=CODE),
        **given,  # type: ignore[arg-type]
    )


def _branches(study: Study) -> tuple[str | None, ...]:
    return tuple(branch.name for branch in study.branches) or (None,)


def _around_questions(version: StudyVersion, ways: Navigation) -> Iterator[tuple[str, str]]:
    """Yield the screens before, beside and after the questions, on a shared device."""
    study, draft = version.study, _draft(version.study)
    for screen in ("eligibility", "consent"):
        for error in ENTRANCE_ERRORS:
            refused = shown_again(study, FlowState(screen, eligible=True, error=error))
            yield screen, render_state(version, ways, refused)
    errors = {"stop-send": CHOOSE_END, "code": CHOOSE_CODE}
    yield "stop", render_state(version, ways, StepResult(FlowState("stop", draft), errors))
    due = FlowState("support", replace(draft, support_due=True))
    for country in (None, *version.help.countries):
        yield "support", render_state(version, ways, StepResult(due), country=country)
    for one in study.consent.eligibility:
        thanks = FlowState("thanks", unfit=one.id)
        yield "thanks", render_state(version, ways, StepResult(thanks))
    for answered in (False, True):
        asked = FlowState("withdraw", draft, answered=answered)
        for told in FROZEN:
            frozen = f"{told} {KEY_LOST}".format(day=LONGEST_DAY)
            html = render_state(version, ways, StepResult(asked), frozen=frozen, late=True)
            yield "withdraw", html
    for screen in SCREENS.keys() - WITH_MORE:
        yield screen, render_state(version, ways, StepResult(FlowState(screen, draft)))
    for state in CLOSED:
        for told in ("", *WHY_PAUSED):
            given = {"state": state, "told": told, "refused": True}
            yield "closed", render_screen("closed", version, ways, **given)


def _questions(version: StudyVersion, ways: Navigation) -> Iterator[tuple[str, str]]:
    """Yield every page of questions, for every branch."""
    study = version.study
    for page in study.pages:
        for branch in _branches(study):
            for locked in {False, page.answer_once}:
                view = fullest_view(study, page, branch, locked=locked)
                html = render_page(
                    version, ways, _draft(study, hint=True), view, title=TITLE, changing=True
                )
                yield f"page {page.id}", html


def _check(version: StudyVersion, ways: Navigation) -> Iterator[tuple[str, str]]:
    """Yield every part of the check page, for every branch."""
    study, answers = version.study, _longest_answers(version.study)
    columns: Mapping[str, Column] = {c.name: c for c in columns_of_study(study)}
    for part, pages in enumerate(check_parts(study), start=1):
        stored = [
            replace(
                one, code="-00", words=in_words(study, columns[one.column], answers[one.column])
            )
            if one.column in columns
            else one
            for one in part_lines(study, answers, {}, part)
        ]
        for branch in _branches(study):
            lines = [
                (page, TOKEN_OF_PAGE, page_lines(study, page, page.questions, answers, branch))
                for page in pages
            ]
            html = render_part(
                version,
                ways,
                _draft(study, answers=answers),
                part,
                pages=lines,
                stored=stored,
                last=TOKEN_OF_PAGE,
                errors=(("code", CHOOSE_CODE),),
            )
            yield f"check, part {part}", html


@lru_cache(maxsize=64)
def screen_sizes(version: StudyVersion) -> tuple[ScreenSize, ...]:
    """Return every screen of the study at its longest, the largest first."""
    ways = Navigation(
        f"{BELOW}{version.study.address}/", hidden=TOKEN, live=True, kiosk=True, on_paper=True
    )
    largest: dict[str, int] = {}
    for screens in (_around_questions, _questions, _check):
        for name, html in screens(version, ways):
            largest[name] = max(largest.get(name, 0), len(html.encode()))
    sizes = sorted(largest.items(), key=lambda item: -item[1])
    return tuple(ScreenSize(name, size) for name, size in sizes)


def length_of_pages(version: StudyVersion) -> int:
    """Return the one length of every page of this study, headers included."""
    return page_length(screen_sizes(version)[0].size)


def init_app(app: Flask) -> None:
    """Name the length of every response of a walk, for ``survey.padding.FilledUp``."""
    app.after_request(_name_length)


def _name_length(response: Response) -> Response:
    version: StudyVersion | None = g.get("version")
    if version is not None and request.path.startswith(BELOW):
        request.environ[LENGTH] = length_of_pages(version)
        response.headers["Cache-Control"] = KEPT_AS_SENT
    return response
