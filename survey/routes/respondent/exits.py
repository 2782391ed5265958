"""Ways out that are always there: help, stop, leave now, and deleting what was sent."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, request, session

from forms.flow import FlowState, StepResult
from forms.platform_texts import CODE_ERRORS
from survey.routes.respondent.request import (
    COUNTRY,
    TYPED,
    Answer,
    change_draft,
    count,
    current_draft,
    drop_draft,
    final_page,
    refused_page,
    see_other,
    show,
    visit,
)
from survey.security import clear_site
from survey.studies.current import current_version

bp = Blueprint("exits", __name__)


@bp.route("/support", methods=["GET", "POST"])
def support() -> Answer:
    """S9: help lines, for everybody; after a high answer with its four ways on."""
    draft, countries = current_draft(), current_version().study.support.countries
    if request.method == "POST":
        return change_draft(FlowState("support"))
    if request.args.get("country") in countries:
        session[COUNTRY] = request.args["country"]
    count("support")
    country = session.get(COUNTRY)
    known = country if country in countries else None
    return show(StepResult(FlowState("support", draft)), country=known)


@bp.route("/stop", methods=["GET", "POST"])
def stop() -> Answer:
    """S11: delete what was answered, or send the part that is done."""
    draft = current_draft()
    sending = request.form.get("go") == "send" and draft is not None and not draft.sent
    if sending and (refused := refused_page()) is not None:
        return refused
    return visit(FlowState("stop", draft))


@bp.get("/stopped")
def stopped() -> Answer:
    """After Stop and delete: nothing is kept; the debrief all the same."""
    return final_page("stopped")


@bp.get("/leave")
def leave() -> Answer:
    """S13: drop the draft, expire the cookie, go to a neutral page."""
    if _fetched_beforehand() or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return Response(status=204)
    drop_draft()
    count("quick_exit")
    return clear_site(see_other(current_version().study.exit_url))


def _fetched_beforehand() -> bool:
    """Return whether the browser only guesses that a client will come here."""
    said = " ".join(request.headers.get(n, "") for n in ("Sec-Purpose", "Purpose", "X-Moz"))
    return "prefetch" in said or "prerender" in said


@bp.route("/withdraw", methods=["GET", "POST"])
def withdraw() -> Answer:
    """S12: delete sent answers by code; the same words, hit or miss, and never an answer."""
    state = FlowState("withdraw", current_draft())
    if request.method == "POST":
        return visit(state)
    error = next((name for name in CODE_ERRORS if name in request.args), "")
    state = replace(state, answered=TYPED in request.args, code_error=error)
    return show(StepResult(state, {"code": CODE_ERRORS[error]} if error else {}))
