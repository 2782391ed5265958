"""The routing as a picture, a table and words. Public; opens no store."""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint, Response, g

from forms.effort import Way, along_pages, ways
from forms.routesvg import picture
from survey.board.boardpages import about_a_study, page
from survey.served.offer import Offer

bp = Blueprint("ethics_routes", __name__, url_prefix="/ethics/<name>")
about_a_study(bp)


@lru_cache(maxsize=16)
def _ways(offer: Offer) -> tuple[Way, ...]:
    return tuple(ways(offer.study))


@lru_cache(maxsize=16)
def _picture(offer: Offer) -> str:
    return picture(offer.study)


@bp.get("/routes")
def routes() -> str:
    """Which pages follow which, and how much every way asks."""
    found = _ways(g.offer)
    return page("routes", "Routes", picture=_picture(g.offer), ways=found, along=along_pages(found))


@bp.get("/routes.svg")
def drawing() -> Response:
    """The picture alone, to be kept."""
    return Response(_picture(g.offer), mimetype="image/svg+xml")
