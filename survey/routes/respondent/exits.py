"""Ways out that are always there: help, stop, leave now, and deleting what was sent."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, request, session

from forms.draft import first_unanswered
from forms.flow import SCREENS, TURNS, FlowState, StepResult
from forms.platform_texts import NOT_TAKEN
from forms.stop_signs import events_of_stopping
from survey.csrf import CAUSES
from survey.respondents import browser
from survey.respondents.screens import render_screen
from survey.routes.respondent.request import (
    Answer,
    change_draft,
    count,
    current_draft,
    draft_secret,
    drop_draft,
    final_page,
    go_to,
    kept_answers,
    navigation,
    refused_page,
    see_other,
    show,
    visit,
    ways_for,
)
from survey.services import current_state, services
from survey.studies.availability import TAKES_NOTHING
from survey.studies.current import current_version

bp = Blueprint("exits", __name__)


@bp.route("/support", methods=["GET", "POST"])
def support() -> Answer:
    """Help lines, for everybody; after a high answer with its four ways on."""
    draft, countries = current_draft(), current_version().help.countries
    if request.method == "POST":
        return change_draft(FlowState("support"))
    chosen = request.args.get("country", "")
    country = chosen if chosen in countries else ""
    if draft is not None and not draft.sent:
        if country and (secret := draft_secret()) is not None:
            services().drafts.change(secret, lambda now: replace(now, country=country))
            return go_to("support")  # so that no country stands in the browser's history
        if draft.country in countries and not draft.unseen:
            country = draft.country
    count("support")
    return show(StepResult(FlowState("support", draft)), country=country or None)


@bp.route("/stop", methods=["GET", "POST"])
def stop() -> Answer:
    """Delete what was answered, or send the part that is done."""
    draft = current_draft()
    sending = request.form.get("go") == "send" and draft is not None and not draft.sent
    if sending and (refused := refused_page()) is not None:
        return refused
    return visit(FlowState("stop", draft))


@bp.get("/break")
def take_break() -> Answer:
    """A page that waits, at an address of its own; two hours are counted from here."""
    if (secret := draft_secret()) is not None:
        services().drafts.change(secret, lambda draft: draft)
    return visit(FlowState("break", current_draft()))


@bp.get("/stopped")
def stopped() -> Answer:
    """After Stop and delete: nothing is kept; the debrief all the same."""
    return final_page("stopped")


@bp.get("/spent")
def spent() -> Answer:
    """The invitation was used before: nothing was sent."""
    return final_page("spent")


@bp.get("/refused")
def refused() -> Answer:
    """The study ended while the client was answering: nothing was sent."""
    now = current_state()
    if now.state not in TAKES_NOTHING:
        return go_to("landing")
    return final_page("refused", state=now.state, told=now.told)


@bp.get("/gone")
def gone() -> Answer:
    """There is no draft that this browser can open."""
    draft = current_draft()
    return show(StepResult(FlowState("gone"))) if draft is None else go_to("landing")


@bp.get("/not_taken")
def not_taken() -> Answer:
    """A form was not taken: why, what to do, and what is kept of the answers."""
    cause = next((cause for cause in CAUSES if cause in request.args), None)
    if cause is None:
        return go_to("landing")
    screens = TURNS & request.args.keys() if cause == "old_page" else ()
    again = next(iter(screens), "landing")
    # Without a cookie nobody knows: the draft may be waiting where the cookie is.
    answers = kept_answers() if session or cause == "old_page" else "unknown"
    page = render_screen(
        "not_taken",
        current_version(),
        ways_for(answers),
        refusal=NOT_TAKEN[cause],
        kept=answers,
        again=again,
    )
    return page, SCREENS["not_taken"].status


@bp.get("/leave")
def leave() -> Answer:
    """Drop the draft, expire the cookie, go to a neutral page."""
    if _fetched_beforehand() or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return Response(status=204)
    study, ways, draft = current_version().study, navigation(), current_draft()
    drop_draft()
    left: tuple[str, ...] = ()
    if draft is not None and not draft.sent:
        here = first_unanswered(study, draft)  # the page that was open, or one after it
        left = events_of_stopping(study, draft.answers, here.id if here else "")
    for event in (*left, "quick_exit"):
        count(event)
    address = ways.base if ways.kiosk else study.exit_url
    return browser.clear_site(see_other(address), study.name)


def _fetched_beforehand() -> bool:
    """Return whether the browser only guesses that a client will come here."""
    said = " ".join(request.headers.get(n, "") for n in ("Sec-Purpose", "Purpose", "X-Moz"))
    return "prefetch" in said or "prerender" in said


@bp.route("/withdraw", methods=["GET", "POST"])
def withdraw() -> Answer:
    """Delete sent answers by code; the same words, hit or miss, and never an answer."""
    # A code that was typed goes into no draft.
    return visit(FlowState("withdraw", None if request.method == "POST" else current_draft()))
