"""The certificate of consent flow: what is served now, under which approval. Public, no account.

Reads approvals and rulings, never an answer.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template

from survey.served.availability import Standing
from survey.served.offer import Offer, prints_of
from survey.served.shelves import shelf
from survey.services import services

bp = Blueprint("certificate", __name__, url_prefix="/ethics/<name>")

PARTS = ("words", "policy", "site")


def _standing(name: str) -> Standing:
    name = name.partition("@")[0]
    if shelf().proposed(name) is None:
        abort(404)
    return services().availability.standing(name)


@bp.get("/certificate")
def certificate(name: str) -> str:
    """What is served now, so that anybody can compare it with what was approved."""
    found = _standing(name)
    offer = found.served.offer
    folder = shelf().proposed(offer.study.name)
    assert folder is not None
    return render_template(
        "board/certificate.html",
        title=f"Certificate – {offer.study.title}",
        standing=found,
        offer=offer,
        study=offer.study,
        here="certificate",
        newer=prints_of(folder.offer()) != prints_of(offer),
    )


@bp.get("/certificate.json")
def as_data(name: str) -> Response:
    """The same for programs: ``lacrima verify`` and whoever else compares."""
    found = _standing(name)
    return jsonify(_told(found, found.served.offer))


def _told(found: Standing, offer: Offer) -> dict[str, Any]:
    signed = found.approval
    return {
        "study": offer.study.name,
        "version": offer.study.version,
        "language": offer.study.language,
        "pilot": offer.pilot,
        "state": found.state,
        "cause": found.cause,
        "fingerprints": dict(zip(PARTS, prints_of(offer), strict=True)),
        "consent_version": offer.study.fingerprints.consent_version,
        "approval": None
        if signed is None
        else {
            "reference": signed.reference,
            "approved_on": signed.approved_on,
            "expires_on": signed.expires_on,
            "fingerprints": dict(zip(PARTS, signed.prints, strict=True)),
            "revoked": signed.revoked,
        },
    }
