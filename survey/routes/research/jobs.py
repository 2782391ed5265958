"""Long work that researchers ask for: begun or refused, and the page that follows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from forms.kinds import columns_of_study
from survey.accounts.access import current_account, staff_only
from survey.accounts.audit import note
from survey.releases.jobs import DiskFull, JobRunner
from survey.services import services
from survey.storage.jobs import Busy, Job
from survey.studies.current import current_name, current_version
from survey.studies.data_use import DataUseStopped, check_use

bp = Blueprint("jobs", __name__, url_prefix="/research/<name>/work")

Answer = str | Response | tuple[str, int]

SOONEST, LATEST = 1, 5  # seconds until the page looks again

# Finished jobs that lead to the study's life; a preview or a refusal is read on its own page.
FREEZING = ("batch", "freeze")
READ_HERE = ("preview", "rehearsal")


def job_runner() -> JobRunner:
    """Return the runner of long work."""
    return JobRunner(services().config, services().stores, services().clock)


def job_or_404(number: int) -> Job:
    """Return this study's job of this number, as it is now."""
    return job_runner().find(current_name(), number) or abort(404)


def new_job(kind: Any, **more: Any) -> Job:
    """Return a job on this page's study for the account that is signed in."""
    version, who = current_version(), current_account().name
    fields: dict[str, Any] = {
        "study": version.study.name,
        "who": who,
        "asked_at": "",
        "pilot": version.pilot,
    }
    return Job(kind=kind, **(fields | more))


def begin(job: Job) -> Answer:
    """Start the job and redirect to its page; if another runs, say so."""
    try:
        return show(job_runner().start(job))
    except DiskFull as full:
        return refusal_page("There is no room", str(full), 503)
    except Busy as busy:
        other = busy.job
    wanted = (job.kind, job.tier, job.release, job.who)
    if (other.kind, other.tier, other.release, other.who) == wanted:
        return show(other)  # a second press of the same button
    sentence = (
        f"{other.who} has asked for {in_words(other)}, at {other.asked_at[11:16]} UTC. One thing "
        "is done at a time, or two releases would not know of each other. Nothing of yours was "
        "begun; try again when it is through."
    )
    way = "See how it goes", url_for("jobs.job", number=other.number)
    return refusal_page("Somebody was quicker", sentence, 409, way)


def show(job: Job) -> Response:
    """Redirect to the page of this job."""
    return redirect(url_for("jobs.job", number=job.number), code=303)


def refusal_page(heading: str, sentence: str, code: int, *ways: tuple[str, str]) -> tuple[str, int]:
    """Return a page that says why something was not done, with ways on (label, address)."""
    page = render_template(
        "research/refused.html",
        title=heading, version=current_version(), sentence=sentence, ways=ways,
    )  # fmt: skip
    return page, code


View = Callable[..., Any]


def uses_data(view: View) -> View:
    """Refuse the view while the board has stopped the use of the study's data; say which ruling."""

    @wraps(view)
    def checked(*what: Any, **where: Any) -> Any:
        try:
            version, office = current_version(), services().stores.office
            check_use(office, version.study.name, pilot=version.pilot)
            return view(*what, **where)
        except DataUseStopped as stopped:
            return refusal_page("Its data may not be used now", str(stopped), 409)

    return checked


_WORDS = {
    "preview": "a preview of tier {tier}",
    "rehearsal": "a rehearsal with simulated answers",
    "release": "a release of tier {tier}",
    "restore": "the file of release {release} to be made again",
    "batch": "a batch of answers to be frozen",
    "freeze": "the last answers to be frozen",
}


def in_words(job: Job) -> str:
    """Return what was asked for, in words that follow "asked for"."""
    return _WORDS[job.kind].format(tier=job.tier, release=job.release)


def title_of(job: Job) -> str:
    """Return the title of the job's page."""
    if job.kind == "preview" and job.state == "done":
        return f"What a release of tier {job.tier} would hold"
    if job.kind == "rehearsal" and job.state == "done":
        return "What each tier would keep"
    return {
        "waiting": "Waiting for its turn",
        "running": "Being made" if job.kind not in READ_HERE else "Being worked out",
        "stopping": "Being cancelled",
        "done": "Done",
        "refused": "Refused",
        "cancelled": "Cancelled",
        "broken": "It broke off",
    }[job.state]


def job_page(
    job: Job,
    *,
    still: bool = False,
    typed: Mapping[str, str] | None = None,
    error: tuple[str, str] = ("", ""),
) -> str:
    """Return the page of a job; ``error`` is (field, sentence) of its form."""
    version, heading = current_version(), title_of(job)
    tier = version.study.policy.tiers.get(job.tier)
    return render_template(
        "research/work.html",
        title=f"{'Error: ' if error[1] else ''}{heading}",
        heading=heading,
        version=version,
        job=job,
        asked=in_words(job),
        tier=tier,
        restricted=tier is not None and not tier.kind.is_open,
        meanings={column.name: column.label for column in columns_of_study(version.study)},
        still=still,
        typed=typed or {},
        error=error,
    )


@bp.get("/<int:number>")
@staff_only("researcher")
def job(number: int) -> Answer:
    """Show where the job stands; the page reloads itself, unless ``?still=1``."""
    found, still = job_or_404(number), "still" in request.args
    if found.state == "done" and found.kind in FREEZING:
        return redirect(url_for("research.life", done=found.kind), code=303)
    if found.state == "done" and found.kind not in READ_HERE:
        return redirect(url_for("releases.release", number=found.release), code=303)
    # A preview that is done tells of the answers; how work goes does not.
    told = found.state == "done" and found.kind == "preview"
    shown = uses_data(job_page) if told else job_page
    answer = make_response(shown(found, still=still))
    if found.live and not still:
        # Most work is through in a second or two: look again soon at first, then less often.
        waited = services().clock() - datetime.fromisoformat(found.asked_at).timestamp()
        answer.headers["Refresh"] = str(min(max(int(waited / 3), SOONEST), LATEST))
    return answer


@bp.post("/<int:number>/cancel")
@staff_only("researcher")
def cancel(number: int) -> Answer:
    """Ask the job's process to end; what it has made so far is thrown away."""
    found = job_or_404(number)
    if found.live and found.state != "stopping" and found.kind not in FREEZING:
        note(f"{current_name()}: cancelled {in_words(found)} of {found.who}")
        job_runner().cancel(found)
    return show(found)


@bp.post("/<int:number>/again")
@staff_only("researcher")
@uses_data
def again(number: int) -> Answer:
    """Begin the job once more, for the account that asks now."""
    found = job_or_404(number)
    if found.live or found.state == "done":
        return show(found)
    if found.kind in FREEZING:  # what it means and takes is said first, each time
        return redirect(url_for("research.life"), code=303)
    if found.pilot != current_version().pilot:
        why = "The study was a pilot then, or is one now: begin with a new preview."
        return refusal_page("That was another kind of answers", why, 409)
    note(f"{current_name()}: asked again for {in_words(found)}")
    wanted = new_job(
        found.kind, tier=found.tier, recipient=found.recipient, preview=found.preview,
        release=found.release,
    )  # fmt: skip
    return begin(wanted)
