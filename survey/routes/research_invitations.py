"""Invitations in the researcher's room: made and downloaded once, taken back, told in steps."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for

from survey import invitations
from survey.errors import Refusal
from survey.routes.research_link import site_asked, site_here
from survey.services import services
from survey.staff.access import Answer, staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.staff.work import served_offer

bp = Blueprint("research_invitations", __name__, url_prefix="/research/<name>/invitations")
offer_feature(
    "research", "research_invitations.overview", "Invitations",
    "Codes that open the survey once each.", part="begin", place=35,
)  # fmt: skip

FORMS = {"csv": "text/csv", "txt": "text/plain"}


@bp.get("/")
@staff_only("researcher")
def overview(name: str) -> str:
    """How many are unspent, as far as it may be told, and a form to make more."""
    return _page(name)


def _page(name: str, error: str = "", field: str = "count") -> str:
    offer = served_offer(name)
    shown = invitations.unspent_shown(services().stores, offer.study.name, pilot=offer.pilot)
    return render_template(
        "research/invitations.html",
        title="Invitations",
        offer=offer,
        unspent=shown,
        most=invitations.MOST,
        site=request.form.get("at", "").strip() or site_here(),
        count=request.form.get("count", "20"),
        error=error,
        field=field,
    )


@bp.post("/make")
@staff_only("researcher")
def make(name: str) -> Answer:
    """New codes as a file: the only time that anybody sees them."""
    offer, typed = served_offer(name), request.form.get("count", "").strip()
    form = request.form.get("form", "csv")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
    if not 1 <= count <= invitations.MOST or form not in FORMS:
        return _page(name, f"Give a number from 1 to {invitations.MOST:,}."), 400
    try:
        site = site_asked()
    except Refusal as refusal:
        return _page(name, str(refusal), "at"), 400
    codes = invitations.draw(count)
    desk, study = services(), offer.study.name
    invitations.keep(desk.stores, desk.seal, study, codes, pilot=offer.pilot)
    note(f"{study}: {count} invitations made")
    body = invitations.as_csv(codes, site) if form == "csv" else invitations.as_text(codes)
    kept = {"Content-Disposition": f'attachment; filename="{study}-invitations.{form}"'}
    return Response(body, mimetype=FORMS[form], headers=kept)


@bp.get("/take-back")
@staff_only("researcher")
def consider(name: str) -> str:
    """What taking back means, before it is done."""
    offer = served_offer(name)
    title = "Take back unused invitations"
    return render_template("research/take_back.html", title=title, offer=offer)


@bp.post("/take-back")
@staff_only("researcher")
def take_back(name: str) -> Answer:
    """No unspent code opens the study any more."""
    offer = served_offer(name)
    invitations.take_back(services().stores, offer.study.name, pilot=offer.pilot)
    note(f"{offer.study.name}: unused invitations taken back")
    return Response(status=303, headers={"Location": url_for(".overview", name=name)})
