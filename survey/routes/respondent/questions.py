"""The questions, the check page, and the thank-you page."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request

from forms.flow import FlowState, resume
from survey.respondents import browser
from survey.routes.respondent.request import (
    Answer,
    change_draft,
    current_draft,
    final_page,
    go_on,
    refused_page,
    visit,
)
from survey.services import current_state
from survey.studies.availability import TAKES_NOTHING
from survey.studies.current import current_version

bp = Blueprint("questions", __name__)


@bp.before_request
def _end_answering() -> Response | None:
    """A study that was suspended or has run out stops here, not only when answers are sent."""
    done = request.endpoint == "respond.questions.done"
    if done or current_state().state not in TAKES_NOTHING:
        return None
    draft = current_draft()
    return None if draft is None or draft.sent else refused_page()


@bp.post("/continue")
def come_back() -> Answer:
    """From help, information or a break back to where the client was."""
    draft = current_draft()
    if draft is None:
        return go_on(FlowState("gone"))
    return go_on(resume(current_version().study, draft))


@bp.get("/questions/<token>")
def questions(token: str) -> Answer:
    """One page of questions."""
    changing = bool(request.args.get("change"))
    return visit(FlowState("questions", current_draft(), token, changing))


@bp.post("/questions/<token>")
def answer(token: str) -> Answer:
    """Take a posted page, then go where its answers lead."""
    return change_draft(FlowState("questions", token=token))


@bp.route("/check", methods=["GET", "POST"])
def check() -> Answer:
    """Everything answered, exactly what will be stored, part by part, and Send."""
    part = request.args.get("part", 1, type=int)
    return visit(FlowState("check", current_draft(), part=part))


@bp.route("/done", methods=["GET", "POST"])
def done() -> Answer:
    """Thanks, the code if one was wanted, the debrief; its button ends with the code."""
    draft = current_draft()
    page = make_response(visit(FlowState("done", draft)))
    # With a code the page can be shown again until it is left; without one there is nothing more.
    over = draft is not None and draft.sent and not draft.code
    return browser.clear_site(page, current_version().study.name) if over else page


@bp.get("/finished")
def finished() -> Answer:
    """The last page, after the code was written down: nothing here leads to it any more."""
    return final_page("finished")
