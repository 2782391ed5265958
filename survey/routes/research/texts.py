"""Clients' own words in the researcher's room: one text at a time, read, changed, decided about.

The process is ``survey.releases.text_review``, as for the command. What is at hand is in the
staff's cookie (``text_session``): a GET draws, skips and decides nothing, and no address names a
text. The audit says who began to read and stopped; each decision stands in the readings, where it
can be joined with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from exports.texts.identifiers import CAUTION, IdentifierSpan
from exports.texts.redaction import REPLACEMENTS, RedactionDraft
from forms.tiers import TEXTS
from forms.typed_text import visible_words
from survey.accounts.access import staff_only
from survey.accounts.audit import note
from survey.releases import text_review
from survey.releases.text_review import counts_by_group, stepped
from survey.routes.research import text_session
from survey.routes.research.jobs import Answer, uses_data
from survey.routes.research.text_session import (
    ANY_TIME,
    SPARE,
    WITH_TEXT,
    ReviewSession,
    SessionTooLarge,
    draw_next,
    move_on,
    now,
    page_token,
    press,
    review_request,
)
from survey.studies.current import current_name, current_version

bp = Blueprint("texts", __name__, url_prefix="/research/<name>/texts")

TOO_MUCH = (
    "There are too many single changes in this text. Begin again and replace longer passages, or "
    "withhold it."
)


def _save_and_show(review: ReviewSession) -> Response:
    """Keep the session, and redirect to the page that shows it."""
    try:
        text_session.save_session(review)
    except SessionTooLarge:
        before = text_session.load_session(review.study, pilot=review.pilot)
        text_session.save_session(replace(before, message=TOO_MUCH), spare=SPARE)
    page = "read" if review.key else "overview"
    return redirect(url_for(f"texts.{page}"), code=303)


@bp.get("/")
@staff_only("researcher")
def overview() -> str:
    """Show what waits, and how far each question is from a release, but no text."""
    version = current_version()
    asked = review_request(version)
    told = asked.refused is None
    groups = counts_by_group(version.study, asked.queue) if told else []
    waiting, why_none = text_review.waiting(asked.queue, now()) if told else 0, ""
    if groups and not waiting:
        # The command's sentence without its figure: here counts are told in steps.
        why_none = text_review.explain_empty(asked.queue, now()).lstrip("0123456789 ")
    return render_template(
        "research/texts.html",
        title="Clients’ own words",
        version=version,
        asked=asked,
        seen=page_token(asked),
        tier=version.study.policy.tiers.get(TEXTS.name),
        groups=groups,
        waiting=stepped(waiting),
        why_none=why_none[:1].upper() + why_none[1:],
        left_over=text_review.explain_left_over(asked.queue),
        readers=asked.queue.readers,
    )


@bp.post("/begin")
@staff_only("researcher")
@uses_data
def begin() -> Answer:
    """Take a text to hand, unless there is one; skipped ones come again when no other waits."""
    asked = review_request(current_version())
    if asked.text:
        return _save_and_show(asked.review)
    begun = move_on(asked)
    if not begun.key and begun.skipped:
        begun = draw_next(asked, replace(begun, skipped=()))
    if begun.key and not asked.review.key:
        note(f"{current_name()}: began to read texts")
    return _save_and_show(begun)


@bp.get("/read")
@staff_only("researcher")
@uses_data
def read() -> Answer:
    """Show the text at hand with its marks, and what can be done with it."""
    version = current_version()
    asked = review_request(version)
    if not asked.review.key:
        return redirect(url_for("texts.overview"), code=303)
    question = version.study.questions.get(asked.text.variable) if asked.text else None
    return render_template(
        "research/texts_read.html",
        title="Read a text",
        version=version,
        asked=asked,
        seen=page_token(asked),
        question=" / ".join(question.text.texts()) if question else "",
        pieces=list(_pieces(asked.draft)),
        kinds=REPLACEMENTS,
        caution=CAUTION,
    )


@bp.post("/read")
@staff_only("researcher")
@uses_data
def act() -> Answer:
    """Press one button of the page."""
    asked, go = review_request(current_version()), request.form.get("go", "")
    if go not in ANY_TIME and go not in WITH_TEXT:
        abort(400)
    return _save_and_show(press(asked, go))


def _pieces(draft: RedactionDraft) -> Iterator[tuple[str, int, IdentifierSpan | None]]:
    """Yield the words in order: (words, number of the mark or 0, the mark)."""
    words = visible_words(draft.words)
    at = 0
    for number, mark in enumerate(draft.marks, 1):
        yield words[at : mark.start], 0, None
        yield words[mark.start : mark.end], number, mark
        at = mark.end
    yield words[at:], 0, None
