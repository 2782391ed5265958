"""Ways out that are always there: help, stop, leave now, and deleting what was sent."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request, session

from forms.draft import Draft, first_unanswered
from survey.respondents import submission
from survey.respondents.screens import CHOOSE_END, NOTHING_YET, render_screen
from survey.routes.respondent.questions import send
from survey.routes.respondent.request import (
    COUNTRY,
    Answer,
    bp,
    count,
    current_draft,
    current_version,
    draft_gone,
    draft_secret,
    final_page,
    go_to,
    go_to_page,
    navigation,
    see_other,
)
from survey.security import clear_site
from survey.services import services


@bp.route("/support", methods=["GET", "POST"])
def support() -> Answer:
    """S9: help lines, for everybody; after a high answer with its four ways on."""
    draft = current_draft()
    if request.method == "POST":
        return _from_support(draft)
    countries = current_version().study.support.countries
    if request.args.get("country") in countries:
        session[COUNTRY] = request.args["country"]
    count("support")
    country = session.get(COUNTRY) if session.get(COUNTRY) in countries else None
    return render_screen(
        "support", current_version(), navigation(draft), draft=draft, country=country
    )


def _from_support(draft: Draft | None) -> Answer:
    secret, go = draft_secret(), request.form.get("go", "")
    if draft is None or secret is None:
        return draft_gone()
    if go == "delete":
        return _delete()
    if go == "send":
        return go_to("stop")
    changed = services().drafts.change(secret, _support_seen)
    if changed is None:
        return draft_gone()
    if go == "break":
        return render_screen("break", current_version(), navigation(changed), draft=changed)
    return go_to_page(changed, first_unanswered(current_version().study, changed))


def _support_seen(draft: Draft) -> Draft:
    return replace(draft, support_due=False, at="")


@bp.route("/stop", methods=["GET", "POST"])
def stop() -> Answer:
    """S11: delete what was answered, or send the part that is done."""
    draft = current_draft()
    if draft is not None and draft.sent:
        return go_to("done")
    if request.method == "GET":
        return render_screen("stop", current_version(), navigation(draft), draft=draft)
    if draft is None:
        return draft_gone()
    go = request.form.get("go", "")
    if go == "delete":
        return _delete()
    if go == "send" and draft.answers:
        return send(draft, completion=2)
    errors = [("stop-send", NOTHING_YET if go == "send" else CHOOSE_END)]
    return render_screen("stop", current_version(), navigation(draft), draft=draft, errors=errors)


def _delete() -> Response:
    secret = draft_secret()
    if secret:
        services().drafts.drop(secret)
    count("stopped_deleted")
    return go_to("stopped")


@bp.get("/stopped")
def stopped() -> Answer:
    """After Stop and delete: nothing is kept; the debrief all the same."""
    return final_page("stopped")


@bp.get("/leave")
def leave() -> Answer:
    """S13: drop the draft, expire the cookie, go to a neutral page."""
    if _fetched_beforehand() or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return Response(status=204)
    secret = draft_secret()
    if secret:
        services().drafts.drop(secret)
    count("quick_exit")
    return clear_site(see_other(current_version().study.exit_url))


def _fetched_beforehand() -> bool:
    """Whether the browser only guesses that somebody will come here."""
    said = " ".join(request.headers.get(n, "") for n in ("Sec-Purpose", "Purpose", "X-Moz"))
    return "prefetch" in said or "prerender" in said


@bp.route("/withdraw", methods=["GET", "POST"])
def withdraw() -> Answer:
    """S12: delete sent answers by code; the same words, hit or miss, and never an answer."""
    if request.method == "GET":
        return render_screen(
            "withdraw", current_version(), navigation(current_draft()), answered=False
        )
    submission.ask_deletion(services(), current_version(), request.form.get("code", ""))
    return render_screen("withdraw", current_version(), navigation(current_draft()), answered=True)
