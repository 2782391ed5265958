"""The researcher's room: the studies, and the steps of a study's life. Shows no answer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for

from survey.accounts.access import may_open, staff_only
from survey.accounts.audit import note
from survey.collection.figures import figures_of
from survey.errors import Refusal
from survey.ethics.approvable import obstacles
from survey.routes.research.jobs import Answer, begin, new_job, refusal_page
from survey.routes.study_status import RESEARCH_CARDS, notices, summary_of
from survey.services import current_state, services
from survey.storage import studies
from survey.storage.stores import Stores
from survey.studies import lifecycle
from survey.studies.current import current_folder, current_name, current_version
from survey.studies.lifecycle import NotReady, approval_of
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("research", __name__, url_prefix="/research")


@bp.get("/")
@staff_only("researcher")
def overview() -> str:
    """Show each study with its status, fingerprint and approval."""
    versions = services().availability.versions()
    found = [summary_of(version) for version in versions if may_open(version.study.name)]
    waiting = {one.version.study.name: notices(one, "researcher") for one in found}
    return render_template(
        "research/index.html",
        title="Studies",
        summaries=found,
        waiting=waiting,
        left_out=[one for one in services().catalogue.left_out if may_open(one.name)],
    )


@bp.get("/<name>/")
@staff_only("researcher")
def study_page() -> str:
    """Show one study: its status, and a card for each thing that can be done, part by part."""
    summary, version = summary_of(current_version()), current_folder().version()
    stores, signed = services().stores, approval_of(services().stores, version)
    over = summary.status in ("closed", "frozen")
    figures = figures_of(stores, current_version().study, pilot=summary.version.pilot, over=over)
    return render_template(
        "research/study.html",
        title=summary.version.study.title,
        summary=summary,
        waiting=notices(summary, "researcher"),
        cards=RESEARCH_CARDS,
        todo=() if signed or over else tuple(obstacles(stores.office, version).values()),
        answers=0 if summary.data_stopped else figures.progress,
    )


@dataclass(frozen=True, slots=True)
class StatusStep:
    """One step: from which statuses it is taken, and what its button says."""

    name: str
    before: tuple[str, ...]
    title: str
    button: str


STEPS = (
    StatusStep("open", ("draft", "closed"), "Open the study", "Open it"),
    StatusStep("batch", ("open",), "Freeze a batch of answers", "Freeze this batch for good"),
    StatusStep("close", ("open",), "Close the study", "Close it"),
    StatusStep("freeze", ("closed",), "Freeze the last answers", "Freeze everything for good"),
)

# What a person who has just done it reads.
DONE = {
    "open": "The study is open.",
    "close": "The study is closed. Nobody new can start.",
    "batch": "The answers that were there are frozen as a batch. A release may take them now.",
    "freeze": "The last answers are frozen, and the study with them.",
}


def _status() -> str:
    return studies.status(services().stores.office, current_name())


def _refused(heading: str, sentence: str) -> Answer:
    return refusal_page(heading, sentence, 409, ("The study’s life", url_for("research.life")))


def _step_now(name: str, status: str) -> StatusStep | None:
    """Return the step of this name, if it can be taken from ``status``."""
    step = next((step for step in STEPS if step.name == name), None) or abort(404)
    return step if status in step.before and not current_version().pilot else None


def _not_now(status: str) -> Answer:
    return _refused(
        "Not from here",
        "A pilot is a trial: it has no life to be led, and takes people as long as it is served."
        if current_version().pilot
        else f"The study is {status} now, so this step cannot be taken; perhaps a colleague was "
        "quicker. Nothing was changed.",
    )


@bp.get("/<name>/life/")
@staff_only("researcher")
def life() -> str:
    """Show the study's status, and the steps that can be taken from here."""
    version, status, problem = current_version(), _status(), current_state(now=True).problem
    return render_template(
        "research/life.html",
        title="The study’s life",
        version=version,
        summary=summary_of(version),
        status=status,
        problem=problem,
        turns=studies.turns(services().stores.office, current_name()),
        steps=[step for step in STEPS if status in step.before and not version.pilot],
        done=DONE.get(request.args.get("done", ""), ""),
    )


@bp.get("/<name>/life/<step>")
@staff_only("researcher")
def ask(step: str) -> Answer:
    """Say what the step means and what cannot be undone, before it is taken."""
    version, status, stores = current_version(), _status(), services().stores
    wanted = _step_now(step, status)
    if wanted is None:
        return _not_now(status)
    if step == "open":
        with suppress(Refusal):  # the obstacles say why
            version = lifecycle.to_open(stores, version)
    return render_template(
        "research/step.html",
        title=wanted.title,
        version=version,
        summary=summary_of(version),
        step=wanted,
        status=status,
        changed=fingerprints_of(current_folder().latest) != fingerprints_of(version),
        obstacles=_obstacles(stores, version, step),
    )


def _obstacles(stores: Stores, version: StudyVersion, step: str) -> list[str]:
    """Return why the step cannot be taken now, in clauses or sentences without a full stop."""
    if step == "open":
        return lifecycle.not_ready(stores, version)
    if step in ("batch", "freeze") and (why := lifecycle.not_to_freeze(stores, version)):
        return [why.rstrip(".")]
    return []


@bp.post("/<name>/life/<step>")
@staff_only("researcher")
def take(step: str) -> Answer:
    """Take the step, if the study is still where the researcher saw it."""
    status = _status()
    if _step_now(step, status) is None or request.form.get("seen") != status:
        return _not_now(status)
    if step in ("batch", "freeze"):
        return begin(new_job(step))
    act = lifecycle.open_study if step == "open" else lifecycle.close
    try:
        act(services().stores, current_version(), note=note)
    except NotReady as refusal:
        return _refused("It cannot be done now", "; ".join(refusal.reasons) + ".")
    except Refusal as refusal:
        return _refused("It cannot be done now", str(refusal))
    current_state(now=True)
    return redirect(url_for("research.life", done=step), code=303)
