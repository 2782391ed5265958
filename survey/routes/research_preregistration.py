"""The preregistration package of a study: what it holds, whether it comes in time, the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template

from survey.collection import figures
from survey.errors import Refusal
from survey.served.shelf import Offer
from survey.services import services
from survey.staff.access import offer_named, staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.store import studies

if TYPE_CHECKING:
    from survey.prereg import Answers

bp = Blueprint("research_preregistration", __name__, url_prefix="/research/<name>")
offer_feature(
    "research", "research_preregistration.overview", "Preregistration",
    "Everything a registry wants, before the first answer.", part="begin", place=20,
)  # fmt: skip


def answers_of(offer: Offer) -> Answers:
    """Whether there are real answers, without telling whether there is one: by life and figures."""
    stores, study = services().stores, offer.study
    if not any(what == "open" for _, what in studies.turns(stores.office, study.name)):
        return "none"
    shown = figures.figures_of(stores, study, pilot=False, over=False)
    return "some" if shown.progress or shown.totals.get("completed") else "possible"


@bp.get("/preregistration")
@staff_only("researcher")
def overview(name: str) -> str:
    """What the package holds, and whether it comes in time."""
    from survey import prereg  # brings in polars, which the server does without

    offer = offer_named(name)
    answers = answers_of(offer)
    return render_template(
        "research/preregistration.html",
        title="Preregistration",
        offer=offer,
        late=answers != "none",
        status=prereg.STATUS[answers],
        plan=(offer.folder / prereg.ANALYSIS).is_dir(),
    )


@bp.get("/preregistration.zip")
@staff_only("researcher")
def package(name: str) -> Response:
    """The package."""
    from survey import prereg

    offer = offer_named(name)
    try:
        made = prereg.package(offer, answers_of(offer))
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    note(f"{offer.study.name}: preregistration package downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{offer.study.name}-preregistration.zip"'}
    return Response(made, mimetype="application/zip", headers=kept)
