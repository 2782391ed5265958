"""Figures for the methods section: totals that move in steps, as a page, as text and as CSV."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from survey.collection import figures, methods, stoprule
from survey.collection.figures import Figures
from survey.served.shelf import Offer
from survey.services import services
from survey.staff.access import offer_named, signed_in, staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.store import studies

bp = Blueprint("research_figures", __name__, url_prefix="/research/<name>/figures")
offer_feature(
    "research", "research_figures.overview", "Figures",
    "For the methods section: page loads, consent, completion, the stop rule.",
    part="run", place=20,
)  # fmt: skip

OVER = ("closed", "frozen")


@bp.app_template_global()
def stop_alarm(offer: Offer) -> str | None:
    """For templates: what staff must read above everything else; None for anybody else."""
    return stoprule.alarm(services().stores, offer) if signed_in() else None


def _figures(offer: Offer) -> Figures:
    stores, study = services().stores, offer.study
    return figures.figures_of(stores, study, pilot=offer.pilot, over=_over(offer))


def _over(offer: Offer) -> bool:
    """Whether collection has closed; a pilot never does."""
    status = studies.status(services().stores.office, offer.study.name)
    return not offer.pilot and status in OVER


def wanted(offer: Offer) -> int | None:
    """How many answers are wanted: where the study closes by itself, or what clients are told."""
    told = offer.facts.get("target_n", "").replace(",", "").strip()
    return offer.limit or (int(told) if told.isascii() and told.isdigit() else None)


@bp.get("/")
@staff_only("researcher")
def overview(name: str) -> str:
    """Everything that may be told now."""
    offer = offer_named(name)
    found = _figures(offer)
    return render_template(
        "research/figures.html",
        title="Figures",
        offer=offer,
        figures=found,
        lines=methods.lines_of(found),
        text=methods.as_text(offer, found),
        wanted=wanted(offer),
        next_due=stoprule.next_due(found.verdicts),
        whom=stoprule.whom(offer),
        number=methods.number,
        by_page=methods.by_page,
        over=_over(offer),
        rule=figures,
        pages={page.id: page.title for page in offer.study.pages},
    )


def _file(offer: Offer, ending: str, content: str | bytes, mimetype: str) -> Response:
    note(f"{offer.study.name}: {ending} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{offer.study.name}-{ending}"'}
    return Response(content, mimetype=mimetype, headers=kept)


@bp.get("/figures.csv")
@staff_only("researcher")
def table(name: str) -> Response:
    """The figures as a table."""
    offer = offer_named(name)
    return _file(offer, "figures.csv", methods.as_csv(offer, _figures(offer)), "text/csv")


@bp.get("/cherries.md")
@staff_only("researcher")
def cherries(name: str) -> Response:
    """The reporting checklist, prefilled."""
    offer = offer_named(name)
    said = methods.checklist(offer, _figures(offer))
    return _file(offer, "cherries.md", said, "text/markdown")
