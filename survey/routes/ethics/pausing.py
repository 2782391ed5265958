"""The stop rule of a study for staff: what it says, what it did, and lifting the pause it made.

A board lifts a pause as any suspension (``survey.routes.ethics.board``); here the clinician does
whose account the site's facts name.
"""

from __future__ import annotations

from flask import Blueprint, request

from forms.stop_signs import rule_in_words
from survey import mail
from survey.accounts.access import current_account, staff_only
from survey.collection import stop_rule
from survey.routes.ethics.board import REASON_LENGTH, Answer, page, see_other
from survey.services import current_state, services
from survey.storage.accounts import folded
from survey.studies.current import whole_version

bp = Blueprint("pausing", __name__, url_prefix="/ethics/<name>")


@bp.route("/stop-rule", methods=["GET", "POST"])
@staff_only("board", "researcher")
def stop_rule_page() -> Answer:
    """Show the rule, every verdict and a pause, and lift that for the named clinician."""
    if request.method == "GET":
        return _page()
    why, version = request.form.get("why", "").strip(), whole_version()
    if not _is_clinician():
        return _page("Only the clinician whose account the site’s facts name lifts it here."), 403
    if not why or len(why) > REASON_LENGTH:
        return _page(f"Give a reason, in up to {REASON_LENGTH} characters.")
    if not stop_rule.lift(services().stores, version, who=current_account().name, why=why):
        return _page("There is no pause by the stop rule any more.")
    current_state(now=True)
    return see_other(".stop_rule_page", done=1)


def _is_clinician() -> bool:
    named = stop_rule.clinician_account(whole_version())
    return named != "" and folded(named) == folded(current_account().name)


def _page(fault: str = "") -> str:
    here, version = services(), whole_version()
    return page(
        "stop_rule",
        "Stop rule",
        study=version.study,
        rule_in_words=rule_in_words(version.study),
        verdicts=stop_rule.verdicts_of(here.stores, version),
        paused=stop_rule.paused(here.stores, version),
        clinician=stop_rule.clinician_account(version),
        may_lift=_is_clinician(),
        role=current_account().role,
        mailed=mail.in_words(here.config, here.stores.office),
        fault=fault,
        why=request.form.get("why", ""),
        done=request.args.get("done") == "1",
    )
