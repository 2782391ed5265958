"""Before the questions: landing, information, eligibility, consent, and the kind endings."""

from __future__ import annotations

from flask import Blueprint, session

from forms.flow import FlowState, StepResult
from survey.respondents.screens import render_static_screen
from survey.routes.respondent.request import (
    MAY_CONSENT,
    YOUTH,
    Answer,
    closed_page,
    count,
    current_draft,
    final_page,
    go_to,
    navigation,
    show,
    uninvited_page,
    visit,
)
from survey.services import current_state
from survey.studies.current import current_version

bp = Blueprint("entry", __name__)


@bp.get("/")
def landing() -> Answer:
    """S1: what this is, in one sentence, and how to leave."""
    count("landing")
    return closed_page() or render_static_screen("landing", current_version(), navigation().base)


@bp.get("/information")
def information() -> Answer:
    """S2: key facts first, then details; reachable from every page."""
    draft = current_draft()
    if draft is not None:
        return show(StepResult(FlowState("information", draft)))
    if not current_state().readable:
        return closed_page() or go_to("landing")
    count("info")
    return render_static_screen("information", current_version(), navigation().base)


@bp.route("/eligibility", methods=["GET", "POST"])
def eligibility() -> Answer:
    """S3: may I take part, and is now a good time? The answers are not stored."""
    return closed_page() or uninvited_page() or visit(FlowState("eligibility"))


@bp.get("/thanks")
def thanks() -> Answer:
    """The kind ending for a client who cannot take part."""
    return final_page("thanks", youth=bool(session.get(YOUTH)))


@bp.get("/later")
def later() -> Answer:
    """Not a good moment: the link again, and help."""
    return final_page("later")


@bp.route("/consent", methods=["GET", "POST"])
def consent() -> Answer:
    """S4: itemised statements, none ticked beforehand, two equal buttons."""
    draft = current_draft()
    if (closed := closed_page()) is not None:
        return closed
    if (draft is None or draft.sent) and (uninvited := uninvited_page()) is not None:
        return uninvited
    eligible = session.get(MAY_CONSENT) == current_version().study.address
    return visit(FlowState("consent", draft, eligible=eligible))


@bp.get("/declined")
def declined() -> Answer:
    """S10: thanks, help, no question why, no cookie left."""
    return final_page("declined")
