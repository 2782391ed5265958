"""Figures for the methods section: totals that move in steps, as a page, as text and as CSV.

The way in for clients: link, QR code, leaflet.

Invitations in the researcher's room: made and downloaded once, taken back, told in steps.

The preregistration package of a study: what it holds, whether it comes in time, the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, render_template, request, url_for

from survey import leaflet
from survey.accounts.access import Answer, signed_in, staff_only, version_or_404
from survey.accounts.audit import note
from survey.collection import figures, stop_rule
from survey.collection.figures import CollectionFigures
from survey.errors import Refusal
from survey.respondents import invitations
from survey.routes.research.jobs import published_or_404
from survey.routes.study_cards import register_card
from survey.services import services
from survey.storage import studies
from survey.studies.version import StudyVersion
from survey.synthetic.http_client import origin_of

bp = Blueprint("research_figures", __name__, url_prefix="/research/<name>/figures")
register_card(
    "research", "research_figures.overview", "Figures",
    "For the methods section: page loads, consent, completion, the stop rule.",
    part="run", place=20,
)  # fmt: skip

OVER = ("closed", "frozen")


@bp.app_template_global()
def stop_alarm(version: StudyVersion) -> str | None:
    """For templates: what staff must read above everything else; None for anybody else."""
    return stop_rule.alarm(services().stores, version) if signed_in() else None


def _figures(version: StudyVersion) -> CollectionFigures:
    stores, study = services().stores, version.study
    return figures.figures_of(stores, study, pilot=version.pilot, over=_over(version))


def _over(version: StudyVersion) -> bool:
    """Whether collection has closed; a pilot never does."""
    status = studies.status(services().stores.office, version.study.name)
    return not version.pilot and status in OVER


def wanted(version: StudyVersion) -> int | None:
    """How many answers are wanted: where the study closes by itself, or what clients are told."""
    told = version.facts.get("target_n", "").replace(",", "").strip()
    return version.limit or (int(told) if told.isascii() and told.isdigit() else None)


@bp.get("/")
@staff_only("researcher")
def overview(name: str) -> str:
    """Everything that may be told now."""
    version = version_or_404(name)
    found = _figures(version)
    return render_template(
        "research/figures.html",
        title="Figures",
        version=version,
        figures=found,
        lines=figures.lines_of(found),
        text=figures.as_text(version, found),
        wanted=wanted(version),
        next_due=stop_rule.next_due(found.verdicts),
        whom=stop_rule.whom(version),
        number=figures.number,
        by_page=figures.by_page,
        over=_over(version),
        rule=figures,
        pages={page.id: page.title for page in version.study.pages},
    )


def _file(version: StudyVersion, ending: str, content: str | bytes, mimetype: str) -> Response:
    note(f"{version.study.name}: {ending} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{version.study.name}-{ending}"'}
    return Response(content, mimetype=mimetype, headers=kept)


@bp.get("/figures.csv")
@staff_only("researcher")
def table(name: str) -> Response:
    """The figures as a table."""
    version = version_or_404(name)
    return _file(version, "figures.csv", figures.as_csv(version, _figures(version)), "text/csv")


@bp.get("/cherries.md")
@staff_only("researcher")
def cherries(name: str) -> Response:
    """The reporting checklist, prefilled."""
    version = version_or_404(name)
    said = figures.checklist(version, _figures(version))
    return _file(version, "cherries.md", said, "text/markdown")


link_bp = Blueprint("research_link", __name__, url_prefix="/research/<name>")
register_card(
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


def start_of(version: StudyVersion, site: str) -> str:
    """What clients open; where the study asks for an invitation, the page that takes the code."""
    return f"{site}/i/" if version.invited else f"{site}/s/{version.study.address}/"


@link_bp.get("/link")
@staff_only("researcher")
def link(name: str) -> str:
    """The link and everything made from it."""
    version, error = published_or_404(name), ""
    try:
        site = site_asked()
    except Refusal as refusal:
        site, error = site_here(), str(refusal)
    address = start_of(version, site)
    return render_template(
        "research/link.html",
        title="Link and leaflet",
        version=version,
        site=site,
        address=address,
        picture=leaflet.qr_inline(address),
        papers=leaflet.PAPERS,
        error=error,
    )


def _link_file(name: str, ending: str, content: bytes, mimetype: str) -> Response:
    note(f"{name}: {ending} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{name}-{ending}"'}
    return Response(content, mimetype=mimetype, headers=kept)


@link_bp.get("/qr.<kind>")
@staff_only("researcher")
def qr(name: str, kind: str) -> Response:
    """The QR code as svg or png."""
    version = published_or_404(name)
    if kind not in FORMATS:
        abort(404)
    draw = leaflet.qr_svg if kind == "svg" else leaflet.qr_png
    return _link_file(name, f"qr.{kind}", draw(start_of(version, _site())), FORMATS[kind])


@link_bp.get("/leaflet-<paper>.pdf")
@staff_only("researcher")
def paper(name: str, paper: str) -> Response:
    """The leaflet on a4 or a5."""
    version = published_or_404(name)
    chosen = next((p for p in leaflet.PAPERS if p == paper), None)
    if chosen is None:
        abort(404)
    try:
        made = leaflet.leaflet(version, start_of(version, _site()), chosen)
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    return _link_file(name, f"leaflet-{chosen}.pdf", made, "application/pdf")


def _site() -> str:
    try:
        return site_asked()
    except Refusal:
        abort(400)


invitations_bp = Blueprint(
    "research_invitations", __name__, url_prefix="/research/<name>/invitations"
)
register_card(
    "research", "research_invitations.invitation_overview", "Invitations",
    "Codes that open the survey once each.", part="begin", place=35,
)  # fmt: skip

FORMS = {"csv": "text/csv", "txt": "text/plain"}


@invitations_bp.get("/")
@staff_only("researcher")
def invitation_overview(name: str) -> str:
    """How many are unspent, as far as it may be told, and a form to make more."""
    return _page(name)


def _page(name: str, error: str = "", field: str = "count") -> str:
    version = published_or_404(name)
    shown = invitations.unspent_shown(services().stores, version.study.name, pilot=version.pilot)
    return render_template(
        "research/invitations.html",
        title="Invitations",
        version=version,
        unspent=shown,
        most=invitations.MOST_INVITATIONS,
        site=request.form.get("at", "").strip() or site_here(),
        count=request.form.get("count", "20"),
        error=error,
        field=field,
    )


@invitations_bp.post("/make")
@staff_only("researcher")
def make(name: str) -> Answer:
    """New codes as a file: the only time that anybody sees them."""
    version, typed = published_or_404(name), request.form.get("count", "").strip()
    form = request.form.get("form", "csv")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
    if not 1 <= count <= invitations.MOST_INVITATIONS or form not in FORMS:
        return _page(name, f"Give a number from 1 to {invitations.MOST_INVITATIONS:,}."), 400
    try:
        site = site_asked()
    except Refusal as refusal:
        return _page(name, str(refusal), "at"), 400
    codes = invitations.draw(count)
    desk, study = services(), version.study.name
    invitations.keep(desk.stores, desk.seal, study, codes, pilot=version.pilot)
    note(f"{study}: {count} invitations made")
    body = invitations.as_csv(codes, site) if form == "csv" else invitations.as_text(codes)
    kept = {"Content-Disposition": f'attachment; filename="{study}-invitations.{form}"'}
    return Response(body, mimetype=FORMS[form], headers=kept)


@invitations_bp.get("/take-back")
@staff_only("researcher")
def consider(name: str) -> str:
    """What taking back means, before it is done."""
    version = published_or_404(name)
    title = "Take back unused invitations"
    return render_template("research/take_back.html", title=title, version=version)


@invitations_bp.post("/take-back")
@staff_only("researcher")
def take_back(name: str) -> Answer:
    """No unspent code opens the study any more."""
    version = published_or_404(name)
    invitations.take_back(services().stores, version.study.name, pilot=version.pilot)
    note(f"{version.study.name}: unused invitations taken back")
    return Response(status=303, headers={"Location": url_for(".invitation_overview", name=name)})


if TYPE_CHECKING:
    from survey.preregistration import Answers

preregistration_bp = Blueprint("research_preregistration", __name__, url_prefix="/research/<name>")
register_card(
    "research", "research_preregistration.preregistration_overview", "Preregistration",
    "Everything a registry wants, before the first answer.", part="begin", place=20,
)  # fmt: skip


def answers_of(version: StudyVersion) -> Answers:
    """Whether there are real answers, without telling whether there is one: by life and figures."""
    stores, study = services().stores, version.study
    if not any(what == "open" for _, what in studies.turns(stores.office, study.name)):
        return "none"
    shown = figures.figures_of(stores, study, pilot=False, over=False)
    return "some" if shown.progress or shown.totals.get("completed") else "possible"


@preregistration_bp.get("/preregistration")
@staff_only("researcher")
def preregistration_overview(name: str) -> str:
    """What the package holds, and whether it comes in time."""
    from survey import preregistration  # brings in polars, which the server does without

    version = version_or_404(name)
    answers = answers_of(version)
    return render_template(
        "research/preregistration.html",
        title="Preregistration",
        version=version,
        late=answers != "none",
        status=preregistration.STATUS[answers],
        plan=(version.folder / preregistration.ANALYSIS).is_dir(),
    )


@preregistration_bp.get("/preregistration.zip")
@staff_only("researcher")
def package(name: str) -> Response:
    """The package."""
    from survey import preregistration

    version = version_or_404(name)
    try:
        made = preregistration.package(version, answers_of(version))
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    note(f"{version.study.name}: preregistration package downloaded")
    kept = {
        "Content-Disposition": f'attachment; filename="{version.study.name}-preregistration.zip"'
    }
    return Response(made, mimetype="application/zip", headers=kept)
