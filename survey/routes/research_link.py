"""The way in for clients: link, QR code, leaflet."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from survey import leaflet
from survey.errors import Refusal
from survey.shelf import Offer
from survey.staff.access import offer_named, staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.visitor import origin_of

bp = Blueprint("research_link", __name__, url_prefix="/research/<name>")
offer_feature(
    "research", "research_link.link", "Link, QR code, leaflet",
    "What to put on a poster or into people's hands.", part="begin", place=30,
)  # fmt: skip

FORMATS = {"svg": "image/svg+xml", "png": "image/png"}


def site_asked() -> str:
    """Where clients come in: the address given on the page, or the one this page was opened at.

    Raises Refusal for what is no address. Staff may work at another address than clients.
    """
    return origin_of(request.values.get("at", "").strip() or request.url_root)


def start_of(offer: Offer, site: str) -> str:
    """What clients open; where the study asks for an invitation, the page that takes the code."""
    return f"{site}/i/" if offer.invited else f"{site}/s/{offer.study.address}/"


@bp.get("/link")
@staff_only("researcher")
def link(name: str) -> str:
    """The link and everything made from it."""
    offer, error = offer_named(name), ""
    try:
        site = site_asked()
    except Refusal as refusal:
        site, error = origin_of(request.url_root), str(refusal)
    address = start_of(offer, site)
    return render_template(
        "research/link.html",
        title="Link and leaflet",
        offer=offer,
        site=site,
        address=address,
        picture=leaflet.qr_inline(address),
        papers=leaflet.PAPERS,
        error=error,
    )


def _file(name: str, ending: str, content: bytes, mimetype: str) -> Response:
    note(f"{name}: {ending} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{name}-{ending}"'}
    return Response(content, mimetype=mimetype, headers=kept)


@bp.get("/qr.<kind>")
@staff_only("researcher")
def qr(name: str, kind: str) -> Response:
    """The QR code as svg or png."""
    offer = offer_named(name)
    if kind not in FORMATS:
        abort(404)
    draw = leaflet.qr_svg if kind == "svg" else leaflet.qr_png
    return _file(name, f"qr.{kind}", draw(start_of(offer, _site())), FORMATS[kind])


@bp.get("/leaflet-<paper>.pdf")
@staff_only("researcher")
def paper(name: str, paper: str) -> Response:
    """The leaflet on a4 or a5."""
    offer = offer_named(name)
    chosen = next((p for p in leaflet.PAPERS if p == paper), None)
    if chosen is None:
        abort(404)
    try:
        made = leaflet.leaflet(offer, start_of(offer, _site()), chosen)
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    return _file(name, f"leaflet-{chosen}.pdf", made, "application/pdf")


def _site() -> str:
    try:
        return site_asked()
    except Refusal:
        abort(400)
