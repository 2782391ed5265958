"""A study's collection: figures that move in steps, the way in, invitations, preregistration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from forms.stop_signs import rule_in_words
from forms.typed_text import typed_number
from survey import leaflet
from survey.accounts.access import Answer, signed_in, staff_only
from survey.accounts.audit import note
from survey.collection import figures, stop_rule
from survey.collection.figures import CollectionFigures
from survey.errors import Refusal
from survey.respondents import invitations
from survey.routes.research.jobs import uses_data
from survey.services import services
from survey.storage import admission, studies
from survey.studies.current import current_name, current_version
from survey.studies.version import StudyVersion

if TYPE_CHECKING:
    from survey.preregistration import Answers

bp = Blueprint("collection", __name__, url_prefix="/research/<name>")

OVER = ("closed", "frozen")
PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
CODE_FILES = {"csv": "text/csv", "txt": "text/plain"}


@bp.app_template_global()
def stop_alarm(version: StudyVersion) -> str | None:
    """Return what staff must read above everything else; None for all others."""
    return stop_rule.alarm(services().stores, version) if signed_in() else None


def _file(ending: str, content: str | bytes, mimetype: str, *, said: str = "") -> Response:
    """Return a download, and note it in the audit."""
    # Before it is handed out (docs/decisions/0012-staff-sign-in.md).
    note(f"{current_name()}: {said or f'{ending} downloaded'}")
    kept = {"Content-Disposition": f'attachment; filename="{current_name()}-{ending}"'}
    return Response(content, mimetype=mimetype, headers=kept)


# Figures for the methods section, as a page, as text and as CSV.


def _is_over(version: StudyVersion) -> bool:
    """Return whether collection has closed; a pilot never does."""
    status = studies.status(services().stores.office, version.study.name)
    return not version.pilot and status in OVER


def _figures(version: StudyVersion) -> CollectionFigures:
    study, pilot = version.study, version.pilot
    found = figures.figures_of(services().stores, study, pilot=pilot, over=_is_over(version))
    return figures.with_understanding(found, services().understanding, study, pilot=pilot)


def wanted(version: StudyVersion) -> int | None:
    """Return how many answers are wanted: the limit of the study, or the number told to clients."""
    target = version.facts.get("target_n", "").replace(",", "").strip()
    return version.limit or (int(target) if target.isascii() and target.isdigit() else None)


@bp.get("/figures/")
@staff_only("researcher")
def figures_page() -> str:
    """Show every figure that may be told now."""
    version = current_version()
    found = _figures(version)
    return render_template(
        "research/figures.html",
        title="Figures",
        version=version,
        figures=found,
        lines=[*figures.lines_of(found), *figures.understanding_lines(version.study, found)],
        in_memory=figures.IN_MEMORY,
        text=figures.as_text(version, found),
        wanted=wanted(version),
        next_due=stop_rule.next_due(version.study, found.verdicts),
        rule_in_words=rule_in_words(version.study),
        number=figures.number,
        by_page=figures.by_page,
        over=_is_over(version),
        rule=figures,
        pages={page.id: page.title for page in version.study.pages},
    )


@bp.get("/figures/figures.csv")
@staff_only("researcher")
@uses_data
def figures_csv() -> Response:
    """Return the figures as a table."""
    version = current_version()
    return _file("figures.csv", figures.as_csv(version, _figures(version)), "text/csv")


@bp.get("/figures/cherries.md")
@staff_only("researcher")
@uses_data
def cherries() -> Response:
    """Return the reporting checklist, prefilled."""
    version = current_version()
    return _file("cherries.md", figures.checklist(version, _figures(version)), "text/markdown")


# The way in for clients: link, QR code, leaflet.


def site_asked() -> str:
    """Return the address of the site that is typed, or at which this page was opened.

    Raises Refusal for what is no address. Staff may work at another address than clients.
    """
    return invitations.site_of(request.values.get("at", "").strip() or request.url_root)


def site_here() -> str:
    """Return the address that this page was opened at; empty where its browser named none."""
    here = f"{request.scheme}://{request.host}"
    return here if invitations.SITE.fullmatch(here) else ""


def start_of(version: StudyVersion, site: str) -> str:
    """Return the address that clients open; by invitation it is the page that takes the code."""
    return f"{site}/i/" if version.invited else f"{site}/s/{version.study.address}/"


@bp.get("/link")
@staff_only("researcher")
def link() -> str:
    """Show the link and everything made from it."""
    version, error = current_version(), ""
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


def _start() -> str:
    try:
        return start_of(current_version(), site_asked())
    except Refusal:
        abort(400)


@bp.get("/qr.<kind>")
@staff_only("researcher")
def qr(kind: str) -> Response:
    """Return the QR code as svg or png."""
    if kind not in PICTURES:
        abort(404)
    draw = leaflet.qr_svg if kind == "svg" else leaflet.qr_png
    return _file(f"qr.{kind}", draw(_start()), PICTURES[kind])


@bp.get("/leaflet-<paper>.pdf")
@staff_only("researcher")
def paper(paper: str) -> Response:
    """Return the leaflet on a4 or a5."""
    chosen = next((p for p in leaflet.PAPERS if p == paper), None) or abort(404)
    try:
        made = leaflet.leaflet(current_version(), _start(), chosen)
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    return _file(f"leaflet-{chosen}.pdf", made, "application/pdf")


# Invitations: made and downloaded once, taken back, told in steps.


@bp.get("/invitations/")
@staff_only("researcher")
def invitations_page() -> str:
    """Show how many are unspent, as far as it may be told, and a form to make more."""
    return _invitations_page()


def _invitations_page(error: str = "", field: str = "count") -> str:
    version = current_version()
    shown = invitations.unspent_shown(services().stores, version.study.name, pilot=version.pilot)
    return render_template(
        "research/invitations.html",
        title="Invitations",
        version=version,
        unspent=shown,
        watched=admission.watch_codes(
            services().stores.office, version.study.name, pilot=version.pilot
        ),
        most=invitations.MOST_INVITATIONS,
        site=request.form.get("at", "").strip() or site_here(),
        count=request.form.get("count", "20"),
        links="links" in request.form,
        links_stay=invitations.LINKS_STAY,
        error=error,
        field=field,
    )


@bp.post("/invitations/make")
@staff_only("researcher")
def make_invitations() -> Answer:
    """Return new codes as a file, the only copy, with links only where they were ticked."""
    typed, form = typed_number(request.form.get("count", "")), request.form.get("form", "csv")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
    if not 1 <= count <= invitations.MOST_INVITATIONS or form not in CODE_FILES:
        return _invitations_page(f"Give a number from 1 to {invitations.MOST_INVITATIONS:,}."), 400
    try:
        site = site_asked()
    except Refusal as refusal:
        return _invitations_page(str(refusal), "at"), 400
    codes, here, pilot = invitations.draw(count), services(), current_version().pilot
    links = form == "csv" and "links" in request.form
    table = invitations.as_csv(codes, site if links else "")
    body = table if form == "csv" else invitations.as_text(codes)
    said = f"{count} invitations made{', with links' if links else ''}"
    # Its line first: codes lie in another file, and none of them is without one.
    answer = _file(f"invitations.{form}", body, CODE_FILES[form], said=said)
    invitations.keep(here.stores, here.keys, current_name(), codes, pilot=pilot)
    return answer


@bp.get("/invitations/take-back")
@staff_only("researcher")
def consider_taking_back() -> str:
    """Say what taking back means, before it is done."""
    title = "Take back unused invitations"
    return render_template("research/take_back.html", title=title, version=current_version())


@bp.post("/invitations/take-back")
@staff_only("researcher")
def take_back() -> Answer:
    """Take back the unspent codes: none opens the study any more."""
    note(f"{current_name()}: unused invitations taken back")
    invitations.take_back(services().stores, current_name(), pilot=current_version().pilot)
    return redirect(url_for(".invitations_page"), code=303)


# The preregistration package.


def answers_of(version: StudyVersion) -> Answers:
    """Return whether there are real answers, by status and figures: never whether there is one."""
    stores, study = services().stores, version.study
    if not any(what == "open" for _, what in studies.turns(stores.office, study.name)):
        return "none"
    shown = figures.figures_of(stores, study, pilot=False, over=False)
    return "some" if shown.progress or shown.totals.get("completed") else "possible"


@bp.get("/preregistration")
@staff_only("researcher")
def preregistration_page() -> str:
    """Say what the package holds, and whether it comes in time."""
    from survey import preregistration  # brings in polars, which the server does without

    version = current_version()
    answers = answers_of(version)
    return render_template(
        "research/preregistration.html",
        title="Preregistration",
        version=version,
        late=answers != "none",
        status=preregistration.STATUS[answers],
        plan=(version.folder / preregistration.ANALYSIS).is_dir(),
    )


@bp.get("/preregistration.zip")
@staff_only("researcher")
def preregistration_zip() -> Response:
    """Return the package."""
    from survey import preregistration

    version = current_version()
    try:
        made = preregistration.package(version, answers_of(version))
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    said = "preregistration package downloaded"
    return _file("preregistration.zip", made, "application/zip", said=said)
