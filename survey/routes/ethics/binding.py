"""What binds an approval: verdicts on the checklist, conditions, and letters noted by the operator.

Verdicts and conditions are a member's, with name and time; the last word on each counts.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, abort, request

from survey.accounts.access import current_account, staff_only
from survey.accounts.audit import note, one_act
from survey.errors import Refusal
from survey.ethics.approvable import answered_elements, verdicts_on
from survey.ethics.checklist import unsettled
from survey.routes.ethics.board import (
    REASON_LENGTH,
    Answer,
    approve_page,
    kept_file,
    may_not_rule,
    now,
    page,
    see_other,
    today,
)
from survey.services import current_state, services
from survey.signing import acts
from survey.storage import board, conditions, studies
from survey.storage.board import Verdict
from survey.storage.conditions import ConditionRecord, ConditionState
from survey.studies.approvals import letter_path
from survey.studies.current import current_folder, current_name

bp = Blueprint("binding", __name__, url_prefix="/ethics/<name>")

VERDICTS: dict[Verdict, str] = {
    "met": "Met",
    "weak": "Weak: met, but it could be better",
    "missing": "Missing: it keeps this version from being approved",
    "not applicable": "Not applicable",
    "waived": "Missing, waived: the board does without it",
}
ALL = "all"


def _verdicts_page(**context: Any) -> str:
    version = current_folder().version()
    given = verdicts_on(services().stores.office, version)
    lines = answered_elements(services().stores.office, version)
    return page(
        "verdicts",
        "Verdicts",
        proposed=version.study.version,
        lines=lines,
        open=unsettled(lines, given),
        given=given,
        verdicts=VERDICTS,
        words=version.study.fingerprints.words,
        site=version.site,
        **{"faults": {}, "ticked": (), "chosen": "", "reason": "", **context},
    )


@bp.get("/verdicts")
@staff_only("board", "researcher")
def verdicts() -> str:
    """Show each element with the verdict on it in the folder's version; members give others."""
    return _verdicts_page()


@bp.post("/verdicts")
@staff_only("board")
def give_verdict() -> Answer:
    """Keep a verdict on the elements that are ticked, for this version alone."""
    version, form = current_folder().version(now=True), request.form
    reason, chosen = form.get("reason", "").strip(), form.get("verdict", "")
    given = verdicts_on(services().stores.office, version)
    lines = answered_elements(services().stores.office, version)
    waiting = {line.element.id for line in unsettled(lines, given)}
    asked = set(form.getlist("element"))
    ticked = [
        one
        for one in (line.element.id for line in lines)
        if one in asked or (ALL in asked and one in waiting)
    ]
    faults = {}
    if form.get("words") != version.study.fingerprints.words or form.get("site") != version.site:
        faults["elements"] = "The version has just changed: read it again before you judge it."
    elif hindrance := may_not_rule():
        faults["elements"] = hindrance
    elif not ticked:
        faults["elements"] = "Tick at least one element."
    if chosen not in VERDICTS:
        faults["verdict"] = "Choose a verdict."
    if not reason:
        faults["reason"] = "Give the reason: it is kept with the verdict."
    elif len(reason) > REASON_LENGTH:
        faults["reason"] = f"Shorten the reason to {REASON_LENGTH:,} characters."
    if faults:
        return _verdicts_page(faults=faults, ticked=asked, chosen=chosen, reason=reason), 422
    office = services().stores.office
    with one_act():
        board.give_verdict(
            office, version.study.name, ticked, cast("Verdict", chosen),
            words=version.study.fingerprints.words, site=version.site, at=now(),
            who=current_account().name, reason=reason,
        )  # fmt: skip
        note(f"{version.study.name}: verdict {chosen} on {', '.join(ticked)}")
    return see_other(".verdicts", _anchor="given")


# Conditions.


def _conditions_page(**context: Any) -> str:
    found = conditions.conditions(services().stores.office, current_name())
    return page(
        "conditions",
        "Conditions",
        conditions=found,
        today=today(),
        **{"fault": "", "about": "", "why": "", **context},
    )


@bp.get("/conditions")
@staff_only("board", "researcher")
def conditions_of_study() -> str:
    """Show every condition of the study's approvals, what it stops, and what became of it."""
    return _conditions_page()


@bp.post("/conditions")
@staff_only("board")
def settle_condition() -> Answer:
    """Say that a condition is met or open again, or propose to take it back."""
    office, name = services().stores.office, current_name()
    about, why = request.form.get("condition", ""), request.form.get("why", "").strip()
    state = request.form.get("go", "")
    found = {one.number: one for one in conditions.conditions(office, name)}
    if about not in found or state not in ("met", "taken back", "open"):
        abort(400)
    if found[about].state == state:
        return see_other(".conditions_of_study")  # pressed twice, or another member was quicker
    if len(why) > REASON_LENGTH or (state != "met" and not why):
        fault = f"Give the reason, in up to {REASON_LENGTH:,} characters."
        return _conditions_page(fault=fault, about=about, why=why), 422
    try:
        if hindrance := may_not_rule():
            raise Refusal(hindrance)
        if state == "taken back":
            return see_other("signing.proposal", number=_propose_taking_back(found[about], why))
    except Refusal as refusal:
        return _conditions_page(fault=str(refusal), about=about, why=why), 409
    chosen = cast("ConditionState", state)
    with one_act():
        conditions.settle(
            office, name, found[about], chosen, at=now(), who=current_account().name, why=why
        )
        note(f"{name}: condition {about} {state}")
    current_state(now=True)
    return see_other(".conditions_of_study", _anchor=f"condition-{about}")


def _propose_taking_back(record: ConditionRecord, why: str) -> int:
    """Propose to take back what the quorum has asked for; return the proposal's number."""
    return acts.propose_ruling(
        services().stores, current_name(), "take back", reason=why,
        account=current_account().name, at=now(), today=today(), condition=record.number,
        asked=record.asked,
    )  # fmt: skip


# Approvals that the operator noted from a letter.


@bp.get("/letters/<letter>")
@staff_only("board", "researcher")
def letter(letter: str) -> Response:
    """Return the letter of an approval that the operator noted, as it was kept."""
    noted = studies.approvals(services().stores.office, current_name())
    path = letter_path(services().stores.folder, current_name(), letter)
    if letter not in {a.letter for a in noted if a.letter} or not path.is_file():
        abort(404)
    return kept_file(path)


@bp.post("/confirm")
@staff_only("board")
def confirm() -> Answer:
    """Propose to confirm an approval that the operator noted from a letter."""
    office, name = services().stores.office, current_name()
    number = request.form.get("approval", 0, type=int)
    noted = {a.number: a for a in studies.approvals(office, name)}
    if number not in noted or noted[number].basis != "noted" or noted[number].revoked:
        abort(400)
    if not noted[number].waits:
        return see_other("board.approve")
    try:
        proposed = acts.propose_ruling(
            services().stores, name, "confirm", account=current_account().name, at=now(),
            today=today(), approval=noted[number],
        )  # fmt: skip
    except Refusal as refusal:
        return approve_page({"sign": str(refusal)}), 409
    return see_other("signing.proposal", number=proposed)
