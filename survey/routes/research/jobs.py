"""How long work goes: a page that reloads itself until it is through, and may be left meanwhile.

Long work as the researcher's pages ask for it: begun, or told kindly why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey.accounts.access import signed_in, staff_only, version_or_404
from survey.accounts.audit import note
from survey.releases.jobs import DiskFull, JobRunner
from survey.services import staff
from survey.storage.jobs import Busy, Job
from survey.studies.version import StudyVersion

Answer = str | Response | tuple[str, int]


def published_or_404(name: str) -> StudyVersion:
    """The study of this name as it is served; a proposed version has no life and no releases."""
    if "@" in name:
        abort(404)
    return version_or_404(name)


def job_runner() -> JobRunner:
    """Where the running application has long work done."""
    return JobRunner(staff().config, staff().stores, staff().clock)


def current_username() -> str:
    """The name of the account that is signed in."""
    account = signed_in()
    assert account is not None, "the page is for staff only"
    return account.name


def job_named(name: str, number: int) -> Job:
    """The study's job of this number as it is now, else a page saying that there is none."""
    job = job_runner().find(name, number)
    if job is None:
        abort(404)
    return job


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """Why something was not done: a heading, a sentence, and ways on (label, address)."""

    heading: str
    sentence: str
    ways: tuple[tuple[str, str], ...] = ()


def refusal_page(version: StudyVersion, why: RefusalPage, code: int) -> tuple[str, int]:
    """A page that says so."""
    page = render_template("research/refused.html", title=why.heading, version=version, why=why)
    return page, code


def begin(version: StudyVersion, job: Job) -> Answer:
    """Have ``job`` done and show how it goes; or say who is having what done just now."""
    try:
        begun = job_runner().start(job)
    except Busy as busy:
        return _busy(version, job, busy.job)
    except DiskFull as full:
        return refusal_page(version, RefusalPage("There is no room", str(full)), 503)
    return show(begun)


def show(job: Job) -> Response:
    """To the page of this job."""
    return redirect(url_for("research_work.job", name=job.study, number=job.number), code=303)


def _busy(version: StudyVersion, asked: Job, other: Job) -> Answer:
    same = (other.kind, other.tier, other.release) == (asked.kind, asked.tier, asked.release)
    if same and other.who == asked.who:
        return show(other)  # a second press of the same button
    address = url_for("research_work.job", name=other.study, number=other.number)
    sentence = (
        f"{other.who} has asked for {in_words(other)}, at {other.asked_at[11:16]} UTC. One thing "
        "is done at a time, or two releases would not know of each other. Nothing of yours was "
        "begun; try again when it is through."
    )
    why = RefusalPage("Somebody was quicker", sentence, (("See how it goes", address),))
    return refusal_page(version, why, 409)


_WORDS = {
    "preview": "a preview of tier {tier}",
    "release": "a release of tier {tier}",
    "restore": "the file of release {release} to be made again",
    "batch": "a batch of answers to be frozen",
    "freeze": "the last answers to be frozen",
}


def in_words(job: Job) -> str:
    """What was asked for, after "asked for"."""
    return _WORDS[job.kind].format(tier=job.tier, release=job.release)


def new_job(version: StudyVersion, kind: Any, **more: Any) -> Job:
    """What the person signed in asks for."""
    return Job(
        study=version.study.name,
        kind=kind,
        who=current_username(),
        asked_at="",
        pilot=version.pilot,
        **more,
    )


def title_of(job: Job) -> str:
    """What its page is called as things stand."""
    if job.kind == "preview" and job.state == "done":
        return f"What a release of tier {job.tier} would hold"
    return {
        "waiting": "Waiting for its turn",
        "running": "Being made" if job.kind != "preview" else "Being worked out",
        "stopping": "Being cancelled",
        "done": "Done",
        "refused": "Refused",
        "cancelled": "Cancelled",
        "broken": "It broke off",
    }[job.state]


def job_page(
    version: StudyVersion,
    job: Job,
    *,
    still: bool = False,
    typed: Mapping[str, str] | None = None,
    error: tuple[str, str] = ("", ""),
) -> str:
    """How a job goes, or what came of it; ``error`` is (field, sentence) of its form."""
    heading, tier = title_of(job), version.study.policy.tiers.get(job.tier)
    return render_template(
        "research/work.html",
        title=f"{'Error: ' if error[1] else ''}{heading}",
        heading=heading,
        version=version,
        job=job,
        asked=in_words(job),
        tier=tier,
        restricted=tier is not None and not tier.kind.is_open,
        still=still,
        typed=typed or {},
        error=error,
    )


bp = Blueprint("research_work", __name__, url_prefix="/research/<name>/work")

SOONEST, LATEST = 1, 5  # seconds until the page looks again

# What a job that is through leads to; a preview and a refusal are read on its own page.
_LEADS_TO = {"batch": "research_life.life", "freeze": "research_life.life"}


@bp.get("/<int:number>")
@staff_only("researcher")
def job(name: str, number: int) -> Answer:
    """Where it stands. Under way the page reloads itself; ``?still=1`` keeps it as it is."""
    version = published_or_404(name)
    found = job_named(name, number)
    if found.state == "done" and found.kind != "preview":
        return redirect(_result(found), code=303)
    page = job_page(version, found, still="still" in request.args)
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
    published_or_404(name)
    found = job_named(name, number)
    if found.live and found.state != "stopping" and found.kind not in _LEADS_TO:
        note(f"{name}: cancelled {in_words(found)} of {found.who}")
        job_runner().cancel(found)
    return show(found)


@bp.post("/<int:number>/again")
@staff_only("researcher")
def again(name: str, number: int) -> Answer:
    """The same once more, for whoever asks now."""
    version = published_or_404(name)
    found = job_named(name, number)
    if found.live or found.state == "done":
        return show(found)
    if found.kind in _LEADS_TO:  # what it means and takes is said first, each time
        return redirect(url_for(_LEADS_TO[found.kind], name=name), code=303)
    if found.pilot != version.pilot:
        why = "The study was a pilot then, or is one now: begin with a new preview."
        return refusal_page(version, RefusalPage("That was another kind of answers", why), 409)
    note(f"{name}: asked again for {in_words(found)}")
    wanted = Job(
        study=name, kind=found.kind, tier=found.tier, pilot=found.pilot,
        recipient=found.recipient, who=current_username(), asked_at="", preview=found.preview,
        release=found.release,
    )  # fmt: skip
    return begin(version, wanted)
