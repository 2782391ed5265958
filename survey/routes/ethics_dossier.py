"""``dossier.pdf`` and ``dossier.zip``: everything a board judges by, to be archived. Public.

A module of its own, since it reads approvals, which the public words do not (``ethics``).
"""

from __future__ import annotations

from flask import Blueprint, Response, abort

from survey.board.dossier.document import Signed
from survey.board.dossier.made import PRESS
from survey.errors import Refusal
from survey.served.shelf import Offer
from survey.served.shelves import shelf
from survey.services import services
from survey.store import studies

bp = Blueprint("ethics_dossier", __name__, url_prefix="/ethics/<name>")


def _offer(name: str) -> Offer:
    offer = shelf().named(name)
    if offer is None:
        abort(404)
    return offer


def signed(offer: Offer) -> Signed | None:
    """The approval noted last of exactly these fingerprints, unless it was taken back.

    Whether its days have come or passed is for the reader: a dossier does not change by waiting.
    """
    prints = offer.study.fingerprints
    exact = (prints.words, prints.policy, offer.site)
    noted = studies.approvals(services().stores.office, offer.study.name)
    found = [a for a in noted if a.prints == exact and not a.revoked]
    if offer.pilot or not found:
        return None
    last = found[-1]
    return Signed(
        reference=last.reference,
        by=last.by,
        approved_on=last.approved_on,
        expires_on=last.expires_on,
        conditions=last.conditions,
    )


def _file(offer: Offer, ending: str, *, media: str) -> Response:
    make = PRESS.pdf if ending == "pdf" else PRESS.zip
    try:
        body = make(offer, signed(offer))
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    name = f"{offer.study.name}-dossier-{offer.study.fingerprints.words[:8]}.{ending}"
    answer = Response(body, mimetype=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.get("/dossier.pdf")
def pdf(name: str) -> Response:
    """The dossier, tagged and bookmarked, the fingerprint on every page."""
    return _file(_offer(name), "pdf", media="application/pdf")


@bp.get("/dossier.zip")
def archive(name: str) -> Response:
    """The dossier with the study's files and texts.json, which ``lacrima verify`` reads."""
    return _file(_offer(name), "zip", media="application/zip")
