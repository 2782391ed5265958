"""How long work goes: a page that reloads itself until it is through, and may be left meanwhile."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, make_response, redirect, request, url_for

from survey.staff.access import staff_only
from survey.staff.audit import note
from survey.staff.standing import staff
from survey.staff.work import (
    Answer,
    Refused,
    begin,
    in_words,
    job_named,
    job_page,
    me,
    refused,
    served_offer,
    show,
    workroom,
)
from survey.store.jobs import Job

bp = Blueprint("research_work", __name__, url_prefix="/research/<name>/work")

SOONEST, LATEST = 1, 5  # seconds until the page looks again

# What a job that is through leads to; a preview and a refusal are read on its own page.
_LEADS_TO = {"batch": "research_life.life", "freeze": "research_life.life"}


@bp.get("/<int:number>")
@staff_only("researcher")
def job(name: str, number: int) -> Answer:
    """Where it stands. Under way the page reloads itself; ``?still=1`` keeps it as it is."""
    offer = served_offer(name)
    found = job_named(name, number)
    if found.state == "done" and found.kind != "preview":
        return redirect(_result(found), code=303)
    page = job_page(offer, found, still="still" in request.args)
    answer = make_response(page)
    if found.live and "still" not in request.args:
        answer.headers["Refresh"] = str(_pause(found))
    return answer


def _pause(found: Job) -> int:
    """Most work is through in a second or two: look again soon at first, then less often."""
    waited = staff().clock() - datetime.fromisoformat(found.asked_at).timestamp()
    return min(max(int(waited / 3), SOONEST), LATEST)


def _result(found: Job) -> str:
    if found.kind in _LEADS_TO:
        return url_for(_LEADS_TO[found.kind], name=found.study, done=found.kind)
    return url_for("research_releases.release", name=found.study, number=found.release)


@bp.post("/<int:number>/cancel")
@staff_only("researcher")
def cancel(name: str, number: int) -> Answer:
    """Ask its process to end; what it has made so far is thrown away."""
    served_offer(name)
    found = job_named(name, number)
    if found.live and found.state != "stopping" and found.kind not in _LEADS_TO:
        note(f"{name}: cancelled {in_words(found)} of {found.who}")
        workroom().cancel(found)
    return show(found)


@bp.post("/<int:number>/again")
@staff_only("researcher")
def again(name: str, number: int) -> Answer:
    """The same once more, for whoever asks now."""
    offer = served_offer(name)
    found = job_named(name, number)
    if found.live or found.state == "done":
        return show(found)
    if found.kind in _LEADS_TO:  # what it means and takes is said first, each time
        return redirect(url_for(_LEADS_TO[found.kind], name=name), code=303)
    if found.pilot != offer.pilot:
        why = "The study was a pilot then, or is one now: begin with a new preview."
        return refused(offer, Refused("That was another kind of answers", why), 409)
    note(f"{name}: asked again for {in_words(found)}")
    wanted = Job(
        study=name, kind=found.kind, tier=found.tier, pilot=found.pilot,
        recipient=found.recipient, who=me(), asked_at="", preview=found.preview,
        release=found.release,
    )  # fmt: skip
    return begin(offer, wanted)
