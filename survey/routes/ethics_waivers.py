"""Waiving an element of the checklist that no passage satisfies: by a board, with its reason."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from survey.board.boardpages import about_a_study
from survey.board.checklist import missing_elements, unwaived
from survey.served.shelves import shelf
from survey.services import services
from survey.staff.access import signed_in, staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.stamp import stamp
from survey.store import waivers

bp = Blueprint("ethics_waivers", __name__, url_prefix="/ethics/<name>")
about_a_study(bp)
offer_feature(
    "ethics",
    "ethics_waivers.waived",
    "Waivers",
    "Do without an element of the checklist, with a reason.",
    place=15,
)

REASON_LENGTH = 2000


def _page(**context: Any) -> str:
    name = g.offer.study.name
    folder = shelf().proposed(name)
    study = folder.offer().study if folder else g.offer.study
    in_force = waivers.waivers(services().stores.office, name)
    return render_template(
        "board/waivers.html",
        title="Waivers",
        offer=g.offer,
        name=name,
        version=study.version,
        missing=missing_elements(study),
        open=unwaived(study, in_force),
        waivers=in_force,
        **{"faults": {}, "ticked": (), "reason": "", **context},
    )


@bp.get("/waivers")
@staff_only("board")
def waived() -> str:
    """Elements without a passage: which are waived and why, and a form for the others."""
    return _page()


@bp.post("/waivers")
@staff_only("board")
def waive() -> str | tuple[str, int] | Response:
    """Waive what is ticked, or take a waiver back."""
    name, account = g.offer.study.name, signed_in()
    assert account is not None
    office, at = services().stores.office, stamp()
    again = request.form.get("again", "")
    if again in waivers.waivers(office, name):
        waivers.take_back(office, name, [again], at=at, who=account.name)
        note(f"{name}: waiver of {again} taken back")
        return _done()
    ticked, reason = _posted()
    faults = _faults(ticked, reason)
    if faults:
        return _page(faults=faults, ticked=ticked, reason=reason), 422
    waivers.waive(office, name, ticked, at=at, who=account.name, reason=reason)
    note(f"{name}: waived {', '.join(ticked)}")
    return _done()


def _posted() -> tuple[list[str], str]:
    """The elements ticked, of those that can be, and the reason."""
    folder = shelf().proposed(g.offer.study.name)
    study = folder.offer().study if folder else g.offer.study
    asked = set(request.form.getlist("element"))
    everything = "all" in asked
    ticked = [e.id for e in missing_elements(study) if everything or e.id in asked]
    return ticked, request.form.get("reason", "").strip()


def _faults(ticked: list[str], reason: str) -> dict[str, str]:
    found = {}
    if not ticked:
        found["elements"] = "Tick at least one element."
    if not reason:
        found["reason"] = "Give the reason: it is kept with the waiver."
    elif len(reason) > REASON_LENGTH:
        found["reason"] = f"Shorten the reason to {REASON_LENGTH:,} characters."
    return found


def _done() -> Response:
    address = url_for("ethics_waivers.waived", name=g.offer.study.name)
    return cast("Response", redirect(address, code=303))
