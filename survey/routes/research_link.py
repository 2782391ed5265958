"""The way in for clients: link, QR code, leaflet."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, render_template, request

from survey import leaflet
from survey.errors import Refusal
from survey.served.shelf import Offer
from survey.staff.access import staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.staff.work import served_offer
from survey.synthetic.visitor import origin_of

bp = Blueprint("research_link", __name__, url_prefix="/research/<name>")
offer_feature(
    "research", "research_link.link", "Link, QR code, leaflet",
    "What to put on a poster or into people's hands.", part="begin", place=30,
)  # fmt: skip

FORMATS = {"svg": "image/svg+xml", "png": "image/png"}


# Scheme, host and port, and nothing that could hide another host (https://ours@theirs) or end up
# as markup, as a formula or as a code too large to be drawn.
SITE = re.compile(r"https?://(?=.{1,253}$)([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


def site_asked() -> str:
    """Where clients come in: the address given on the page, or the one this page was opened at.

    Raises Refusal for what is no address. Staff may work at another address than clients.
    """
    typed = request.values.get("at", "").strip()
    try:
        site = origin_of(typed or request.url_root)
    except ValueError:  # urllib's, for half an IPv6 address and letters that are no letters
        site = ""
    if not SITE.fullmatch(site):
        raise Refusal("This is no address of a site: give https://… or http://… and its name.")
    return site


def site_here() -> str:
    """The address that this page was opened at; empty where its browser named none."""
    here = f"{request.scheme}://{request.host}"
    return here if SITE.fullmatch(here) else ""


def start_of(offer: Offer, site: str) -> str:
    """What clients open; where the study asks for an invitation, the page that takes the code."""
    return f"{site}/i/" if offer.invited else f"{site}/s/{offer.study.address}/"


@bp.get("/link")
@staff_only("researcher")
def link(name: str) -> str:
    """The link and everything made from it."""
    offer, error = served_offer(name), ""
    try:
        site = site_asked()
    except Refusal as refusal:
        site, error = site_here(), str(refusal)
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
    offer = served_offer(name)
    if kind not in FORMATS:
        abort(404)
    draw = leaflet.qr_svg if kind == "svg" else leaflet.qr_png
    return _file(name, f"qr.{kind}", draw(start_of(offer, _site())), FORMATS[kind])


@bp.get("/leaflet-<paper>.pdf")
@staff_only("researcher")
def paper(name: str, paper: str) -> Response:
    """The leaflet on a4 or a5."""
    offer = served_offer(name)
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
