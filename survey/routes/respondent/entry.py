"""Before the questions: landing, information, eligibility, consent, and the kind endings."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, g, make_response, request

from forms.flow import FlowState, StepResult
from survey.errors import StoreError
from survey.respondents import browser
from survey.respondents.screens import render_static_screen
from survey.respondents.start_limit import WAIT_SECONDS
from survey.routes.respondent.request import (
    ON_PAPER,
    Answer,
    ask_who_answers,
    closed_page,
    count,
    current_draft,
    final_page,
    forget_here,
    go_to,
    keep,
    kept,
    let_in,
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
    """What this is, in one sentence, and how to leave."""
    if kept(browser.KIOSK):
        forget_here()
    elif (draft := current_draft()) is not None and not draft.sent:
        return go_to("begun")
    count("landing")
    return closed_page() or render_static_screen("landing", current_version(), navigation())


@bp.get("/kiosk")
def kiosk() -> Answer:
    """Mark this device as shared: no draft of one person is ever offered to the next."""
    forget_here()
    keep(**{browser.KIOSK: 1})
    return go_to("landing")


@bp.get("/idle")
def idle() -> Answer:
    """Warn, on a shared device, before a draft that nobody touches is deleted."""
    draft = current_draft()
    if not kept(browser.KIOSK) or draft is None or draft.sent:
        return go_to("landing")
    return show(StepResult(FlowState("idle", draft)))


@bp.route("/begun", methods=["GET", "POST"])
def begun() -> Answer:
    """Answers live in this browser: go on with them, or begin anew. None of them is shown."""
    if request.method == "GET":
        ask_who_answers()
    return visit(FlowState("begun", current_draft()))


@bp.get("/information")
def information() -> Answer:
    """Key facts first, then details; reachable from every page."""
    draft = current_draft()
    with suppress(StoreError):  # then nobody can tell, and the words are shown all the same
        approval = current_state().approval
        setattr(g, ON_PAPER, approval is not None and approval.basis == "noted")
    if draft is not None:
        return show(StepResult(FlowState("information", draft)))
    if not current_state().readable:
        return closed_page() or go_to("landing")
    count("info")
    return render_static_screen("information", current_version(), navigation())


@bp.route("/eligibility", methods=["GET", "POST"])
def eligibility() -> Answer:
    """May I take part, and is now a good time? The answers are not stored."""
    draft = current_draft()
    if draft is not None and not draft.sent:
        return visit(FlowState("eligibility", draft))
    return closed_page() or uninvited_page() or visit(FlowState("eligibility"))


@bp.get("/thanks")
def thanks() -> Answer:
    """The kind ending for a client who cannot take part."""
    asked = current_version().study.consent.eligibility
    answered = kept(browser.UNFIT)
    return final_page("thanks", unfit=next((q for q in asked if q.id == answered), None))


@bp.get("/later")
def later() -> Answer:
    """Not a good moment: the link again, and help."""
    return final_page("later")


@bp.route("/consent", methods=["GET", "POST"])
def consent() -> Answer:
    """Itemised statements, none ticked beforehand, two equal buttons."""
    draft = current_draft()
    if (closed := closed_page()) is not None:
        return closed
    if (draft is None or draft.sent) and (uninvited := uninvited_page()) is not None:
        return uninvited
    eligible = bool(kept(browser.MAY_CONSENT))
    if request.method == "POST" and draft is not None and not draft.answers:
        draft, eligible = None, True  # pressed twice: the consent posted now is the one that holds
    return visit(FlowState("consent", draft, eligible=eligible))


@bp.get("/wait")
def wait() -> Answer:
    """Let in whoever agreed, once there is room; the page asks again by itself."""
    draft = let_in(current_draft())
    page = make_response(visit(FlowState("wait", draft)))
    # A shared device goes back to its first page where nobody touches it.
    if draft is not None and draft.waiting and not kept(browser.KIOSK):
        page.headers["Refresh"] = str(WAIT_SECONDS)
    return page


@bp.get("/declined")
def declined() -> Answer:
    """Thanks, help, no question why, nothing of the study left in the cookie."""
    return final_page("declined")
