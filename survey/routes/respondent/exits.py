"""Ways out that are always there: help, stop, leave now, and deleting what was sent."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request, session

from forms.draft import Draft, first_open
from survey.respondents import submission
from survey.respondents.screens import CHOOSE_END, NOTHING_YET, show
from survey.routes.respondent.questions import send
from survey.routes.respondent.request import (
    COUNTRY,
    Answer,
    bp,
    count,
    ending,
    go_to,
    go_to_page,
    gone,
    see_other,
    the_draft,
    the_offer,
    the_secret,
    ways,
)
from survey.security import clear_site
from survey.services import services


@bp.route("/support", methods=["GET", "POST"])
def support() -> Answer:
    """S9: help lines, for everybody; after a high answer with its four ways on."""
    draft = the_draft()
    if request.method == "POST":
        return _from_support(draft)
    countries = the_offer().study.support.countries
    if request.args.get("country") in countries:
        session[COUNTRY] = request.args["country"]
    count("support")
    country = session.get(COUNTRY) if session.get(COUNTRY) in countries else None
    return show("support", the_offer(), ways(draft), draft=draft, country=country)


def _from_support(draft: Draft | None) -> Answer:
    secret, go = the_secret(), request.form.get("go", "")
    if draft is None or secret is None:
        return gone()
    if go == "delete":
        return _delete()
    if go == "send":
        return go_to("stop")
    changed = services().desk.change(secret, _support_seen)
    if changed is None:
        return gone()
    if go == "break":
        return show("break", the_offer(), ways(changed), draft=changed)
    return go_to_page(changed, first_open(the_offer().study, changed))


def _support_seen(draft: Draft) -> Draft:
    return replace(draft, support_due=False, at="")


@bp.route("/stop", methods=["GET", "POST"])
def stop() -> Answer:
    """S11: delete what was answered, or send the part that is done."""
    draft = the_draft()
    if draft is not None and draft.sent:
        return go_to("done")
    if request.method == "GET":
        return show("stop", the_offer(), ways(draft), draft=draft)
    if draft is None:
        return gone()
    go = request.form.get("go", "")
    if go == "delete":
        return _delete()
    if go == "send" and draft.answers:
        return send(draft, completion=2)
    errors = [("stop-send", NOTHING_YET if go == "send" else CHOOSE_END)]
    return show("stop", the_offer(), ways(draft), draft=draft, errors=errors)


def _delete() -> Response:
    secret = the_secret()
    if secret:
        services().desk.drop(secret)
    count("stopped_deleted")
    return go_to("stopped")


@bp.get("/stopped")
def stopped() -> Answer:
    """After Stop and delete: nothing is kept; the debrief all the same."""
    return ending("stopped")


@bp.get("/leave")
def leave() -> Answer:
    """S13: drop the draft, expire the cookie, go to a neutral page."""
    if _fetched_beforehand() or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return Response(status=204)
    secret = the_secret()
    if secret:
        services().desk.drop(secret)
    count("quick_exit")
    return clear_site(see_other(the_offer().study.exit_url))


def _fetched_beforehand() -> bool:
    """Whether the browser only guesses that somebody will come here."""
    said = " ".join(request.headers.get(n, "") for n in ("Sec-Purpose", "Purpose", "X-Moz"))
    return "prefetch" in said or "prerender" in said


@bp.route("/withdraw", methods=["GET", "POST"])
def withdraw() -> Answer:
    """S12: delete sent answers by code; the same words, hit or miss, and never an answer."""
    if request.method == "GET":
        return show("withdraw", the_offer(), ways(the_draft()), answered=False)
    submission.ask(services(), the_offer(), request.form.get("code", ""))
    return show("withdraw", the_offer(), ways(the_draft()), answered=True)
