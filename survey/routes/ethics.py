"""The board's view: every word a client meets and every column that is kept. Opens no store."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, request, url_for

from forms.answers import duration_band
from forms.columns import of_study
from forms.path import paths, shown_questions
from forms.reading import grade
from survey.board.boardpages import about_a_study, page
from survey.board.checklist import answered, grades, missing_elements
from survey.board.ownwords import own_words
from survey.board.preview import Preview, State, signer, unpack
from survey.board.storedata import administrative, data_lines
from survey.protect import csrf
from survey.served.shelf import Offer

bp = Blueprint("ethics", __name__, url_prefix="/ethics/<name>")
# Nothing is stored and no cookie is set: the state of the walk is signed by itself.
csrf.exempt(bp)
about_a_study(bp)


@bp.get("/")
def overview() -> str:
    """What the study is, its fingerprints, its ways through, and where to look."""
    offer: Offer = g.offer
    ways = [
        (answers, pages, sum(len(shown_questions(p, answers)) for p in pages))
        for answers, pages in paths(offer.study)
    ]
    informed = " ".join(
        f"{p.heading}. {p.text}"
        for p in (*offer.study.consent.key_facts, *offer.study.consent.details)
    )
    return page("overview", "Overview", ways=ways, reading=grade(informed))


@bp.get("/flow")
def flow() -> str:
    """The walk from its first screen, or from the one asked for; nothing is stored."""
    screen = request.args.get("screen", "")
    preview = Preview(g.offer, None, unfold=bool(screen))
    return _shown(preview, preview.opened_at(screen))


@bp.post("/flow")
def step() -> str:
    """One step of the walk, on the answers that the page itself carries."""
    preview = Preview(g.offer, request.form)
    state = unpack(request.form.get("state", ""), _sign())
    if state.draft is not None and state.draft.words != g.offer.study.fingerprints.words:
        state = State()
    after = preview.step(state)
    return _shown(preview, after)


def _shown(preview: Preview, state: State) -> str:
    return preview.render(state, url_for(".flow", name=g.called), _sign())


def _sign() -> Any:
    return signer(str(current_app.secret_key))


@bp.get("/text")
def text() -> str:
    """Every word on one printable page, routing spelled out."""
    return page("text", "Every word", own=own_words(g.offer))


@bp.get("/checklist")
def checklist() -> str:
    """What boards look for, each with the passages that say it, on the screen and in the text."""
    study = g.offer.study
    return page(
        "checklist",
        "Checklist",
        lines=answered(study),
        missing=missing_elements(study),
        grades=grades(study),
    )


@bp.get("/data")
def data() -> str:
    """Every stored column: meaning, role, and what each tier does to it."""
    offer: Offer = g.offer
    return page(
        "data",
        "What is stored",
        administrative=administrative(offer.study),
        lines=list(data_lines(offer.study)),
        count=len(of_study(offer.study)),
        bands=duration_band(offer.study, 10**9),
    )
