"""The first page of the site, and whether the stores can be written."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from survey.served.availability import OPEN
from survey.served.shelves import shelf
from survey.services import services

bp = Blueprint("site", __name__)


@bp.get("/")
def home() -> str:
    """What this site is; one Start link for each study that takes people now."""
    open_now = services().availability
    offers = [offer for offer in shelf() if open_now.of(offer) == OPEN]
    return render_template("site/home.html", title="Surveys", offers=offers)


@bp.get("/healthz")
def health() -> Response:
    """200 when the stores can be written, else 503; says nothing more."""
    fine = services().stores.writable()
    return Response(
        "ok\n" if fine else "cannot write\n", 200 if fine else 503, mimetype="text/plain"
    )
