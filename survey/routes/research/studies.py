"""The researcher's room: the studies, and what can be done with each. Shows no answer.

A study's life in the researcher's room: each step, what it means, what cannot be undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for

from survey.accounts.access import staff_only, version_or_404
from survey.accounts.audit import note
from survey.errors import Refusal
from survey.routes.research.jobs import (
    Answer,
    RefusalPage,
    begin,
    new_job,
    published_or_404,
    refusal_page,
)
from survey.routes.study_cards import cards_by_part, register_card
from survey.routes.study_status import notices, summary_of
from survey.services import services, staff
from survey.storage import studies
from survey.studies import lifecycle
from survey.studies.current import current_catalogue
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("research", __name__, url_prefix="/research")


@bp.get("/")
@staff_only("researcher")
def overview() -> str:
    """Each study with its status, fingerprint and approval."""
    lives = [summary_of(version) for version in current_catalogue()]
    waiting = {life.version.study.name: notices(life, "researcher") for life in lives}
    return render_template(
        "research/index.html",
        title="Studies",
        lives=lives,
        waiting=waiting,
        left_out=current_catalogue().left_out,
    )


@bp.get("/<name>/")
@staff_only("researcher")
def study_page(name: str) -> str:
    """One study: where it stands, and a card for each thing that can be done, part by part."""
    life = summary_of(version_or_404(name))
    return render_template(
        "research/study.html",
        title=life.version.study.title,
        life=life,
        waiting=notices(life, "researcher"),
        features=cards_by_part("research"),
    )


life_bp = Blueprint("research_life", __name__, url_prefix="/research/<name>/life")
register_card(
    "research",
    "research_life.life",
    "The study’s life",
    "Open it, close it, freeze its answers: each step with what it means.",
    part="run",
    place=10,
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


def _status(version: StudyVersion) -> str:
    return studies.status(staff().stores.office, version.study.name)


@life_bp.get("/")
@staff_only("researcher")
def life(name: str) -> str:
    """Where the study stands, and the steps that can be taken from here."""
    version = published_or_404(name)
    status = _status(version)
    return render_template(
        "research/life.html",
        title="The study’s life",
        version=version,
        life=summary_of(version),
        status=status,
        trouble=services().availability.standing(name, now=True).trouble,
        turns=studies.turns(staff().stores.office, name),
        steps=[step for step in STEPS if status in step.before and not version.pilot],
        done=DONE.get(request.args.get("done", ""), ""),
    )


def _step(name: str) -> StatusStep:
    return next((step for step in STEPS if step.name == name), None) or abort(404)


@life_bp.get("/<step>")
@staff_only("researcher")
def ask(name: str, step: str) -> Answer:
    """What the step means and what cannot be undone, before it is taken."""
    version, wanted = published_or_404(name), _step(step)
    status = _status(version)
    if version.pilot or status not in wanted.before:
        return _not_now(version, status)
    version = _would_open(version) if step == "open" else version
    folder = current_catalogue().proposed(name)
    return render_template(
        "research/step.html",
        title=wanted.title,
        version=version,
        life=summary_of(version),
        step=wanted,
        status=status,
        changed=folder is not None and fingerprints_of(folder.latest) != fingerprints_of(version),
        obstacles=lifecycle.not_ready(staff().stores, version) if step == "open" else [],
    )


def _would_open(version: StudyVersion) -> StudyVersion:
    """What people would meet."""
    try:
        return lifecycle.to_open(staff().stores, version)
    except Refusal:
        return version


def _not_now(version: StudyVersion, status: str) -> Answer:
    sentence = (
        "A pilot is a trial: it has no life to be led, and takes people as long as it is served."
        if version.pilot
        else f"The study is {status} now, so this step cannot be taken; perhaps a colleague was "
        "quicker. Nothing was changed."
    )
    back = url_for("research_life.life", name=version.study.name)
    why = RefusalPage("Not from here", sentence, (("The study’s life", back),))
    return refusal_page(version, why, 409)


@life_bp.post("/<step>")
@staff_only("researcher")
def take(name: str, step: str) -> Answer:
    """Take the step, if the study is still where the person saw it."""
    version, wanted = published_or_404(name), _step(step)
    status = _status(version)
    if version.pilot or status not in wanted.before or request.form.get("seen") != status:
        return _not_now(version, status)
    if step in ("batch", "freeze"):
        return begin(version, new_job(version, step))
    act = partial(lifecycle.open_study if step == "open" else lifecycle.close, note=note)
    try:
        act(staff().stores, version)
    except Refusal as refusal:
        return refusal_page(version, _refused(version, refusal), 409)
    services().availability.standing(name, now=True)
    return redirect(url_for("research_life.life", name=name, done=step), code=303)


def _refused(version: StudyVersion, refusal: Refusal) -> RefusalPage:
    back = url_for("research_life.life", name=version.study.name)
    reasons = getattr(refusal, "reasons", None)
    sentence = "; ".join(reasons) + "." if reasons else str(refusal)
    return RefusalPage("It cannot be done now", sentence, (("The study’s life", back),))
