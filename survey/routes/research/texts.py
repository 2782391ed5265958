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
from survey.accounts.access import staff_only
from survey.accounts.audit import note
from survey.releases import text_review
from survey.releases.text_review import ReviewQueue, counts_by_group, stepped
from survey.routes.research import text_session as at_hand
from survey.routes.research.jobs import Answer
from survey.routes.research.text_session import (
    ANY_TIME,
    SPARE,
    WITH_TEXT,
    ReviewSession,
    SessionTooLarge,
    after,
    drawn,
    moved_on,
    now,
    review_request,
    token_of,
)
from survey.studies.current import current_name, current_version

bp = Blueprint("texts", __name__, url_prefix="/research/<name>/texts")

TOO_MUCH = (
    "There are too many single changes in this text. Begin again and replace longer passages, or "
    "withhold it."
)


def _on(sitting: ReviewSession) -> Response:
    """Keep it, and on to the page that shows it."""
    try:
        at_hand.keep(sitting)
    except SessionTooLarge:
        before = at_hand.load(sitting.study, pilot=sitting.pilot)
        at_hand.keep(replace(before, said=TOO_MUCH), spare=SPARE)
    page = "read" if sitting.key else "overview"
    return redirect(url_for(f"texts.{page}"), code=303)


@bp.get("/")
@staff_only("researcher")
def overview() -> str:
    """What waits, and how far each question is from a release; shows no text."""
    version = current_version()
    turn = review_request(version)
    groups = counts_by_group(version.study, turn.desk)
    waiting = text_review.waiting(turn.desk, now())
    return render_template(
        "research/texts.html",
        title="Clients’ own words",
        version=version,
        turn=turn,
        seen=token_of(turn),
        tier=version.study.policy.tiers.get(TEXTS.name),
        groups=groups,
        waiting=stepped(waiting),
        why_none=_why_none(turn.desk) if groups and not waiting else "",
        readers=turn.desk.readers,
    )


def _why_none(desk: ReviewQueue) -> str:
    """The command's sentence without its figure: here counts are told in steps."""
    sentence = text_review.explain_empty(desk, now()).lstrip("0123456789 ")
    return sentence[:1].upper() + sentence[1:]


@bp.post("/begin")
@staff_only("researcher")
def begin() -> Answer:
    """Take a text to hand, unless there is one; skipped ones come again when no other waits."""
    turn = review_request(current_version())
    if turn.text:
        return _on(turn.sitting)
    begun = moved_on(turn)
    if not begun.key and begun.skipped:
        begun = drawn(turn, replace(begun, skipped=()))
    if begun.key and not turn.sitting.key:
        note(f"{current_name()}: began to read texts")
    return _on(begun)


@bp.get("/read")
@staff_only("researcher")
def read() -> Answer:
    """The text at hand with its marks, and what can be done with it."""
    version = current_version()
    turn = review_request(version)
    if not turn.sitting.key:
        return redirect(url_for("texts.overview"), code=303)
    asked = version.study.questions.get(turn.text.variable) if turn.text else None
    return render_template(
        "research/texts_read.html",
        title="Read a text",
        version=version,
        turn=turn,
        seen=token_of(turn),
        question=" / ".join(asked.text.texts()) if asked else "",
        pieces=list(_pieces(turn.draft)),
        kinds=REPLACEMENTS,
        caution=CAUTION,
    )


@bp.post("/read")
@staff_only("researcher")
def act() -> Answer:
    """One button of the page, pressed."""
    turn, go = review_request(current_version()), request.form.get("go", "")
    if go not in ANY_TIME and go not in WITH_TEXT:
        abort(400)
    return _on(after(turn, go))


def _pieces(draft: RedactionDraft) -> Iterator[tuple[str, int, IdentifierSpan | None]]:
    """The words in order: (words, number of the mark or 0, the mark)."""
    words, at = _visible(draft.words), 0
    for number, mark in enumerate(draft.marks, 1):
        yield words[at : mark.start], 0, None
        yield words[mark.start : mark.end], number, mark
        at = mark.end
    yield words[at:], 0, None


def _visible(text: str) -> str:
    """No client can mislead the reader: each invisible or turning character shows as one mark."""
    return "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text)
