"""Charts of a release, never of raw rows: drawn from its archived file, to read and to download."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from exports.errors import ExportRefused
from forms.tiers import TIERS
from survey.accounts.access import staff_only
from survey.accounts.audit import note
from survey.errors import Refusal
from survey.releases.archive import Archive
from survey.routes.research.jobs import Answer, published_or_404
from survey.routes.study_cards import register_card
from survey.services import staff
from survey.storage import releases
from survey.storage.releases import Release

if TYPE_CHECKING:
    from survey.releases.charts import DrawnRelease

bp = Blueprint("research_charts", __name__, url_prefix="/research/<name>/charts")
register_card(
    "research",
    "research_charts.overview",
    "Charts",
    "Charts of a release, with tables and words, to read and to download.",
    part="results",
    place=30,
)

MEDIA = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


@bp.get("/")
@staff_only("researcher")
def overview(name: str) -> Answer:
    """Show the releases to choose from; ``?release=`` leads to one."""
    version = published_or_404(name)
    found = _with_figures(name)
    if chosen := request.args.get("release", "", type=str):
        if chosen not in {str(made.number) for made in found}:
            abort(404)
        return redirect(url_for(".charts", name=name, number=int(chosen)), code=303)
    return render_template(
        "research/charts.html",
        title="Charts",
        version=version,
        made=found,
        recalled=_recalled(name),
    )


def _with_figures(name: str) -> list[Release]:
    """Return the releases that hold something to count, the latest first."""
    found = releases.all_releases(staff().stores.office, name)
    return [made for made in reversed(found) if TIERS[made.tier].holds != "texts"]


def _recalled(name: str) -> dict[int, releases.Erratum]:
    return {e.release: e for e in releases.errata(staff().stores.office, name)}


def _known(name: str, number: int) -> Release:
    return next((made for made in _with_figures(name) if made.number == number), None) or abort(404)


def _drawn(made: Release) -> DrawnRelease:
    """Return the charts of a release. Raises Refusal or ExportRefused."""
    from survey.releases.charts import GALLERY  # brings in polars, which the server does without

    archive = Archive(staff().stores.folder, made.study)
    path = archive.zip_of(made.number, made.tier, pilot=made.pilot)
    return GALLERY.of(path, made, published_or_404(made.study).study)


@bp.get("/<int:number>/")
@staff_only("researcher")
def charts(name: str, number: int) -> Answer:
    """Show every chart of one release."""
    version, made = published_or_404(name), _known(name, number)
    shown: dict[str, Any] = {
        "title": f"Charts of release {number}",
        "version": version,
        "made": made,
        "erratum": _recalled(name).get(number),
    }
    try:
        drawn = _drawn(made)
    except ExportRefused as why:
        return render_template("research/charts_none.html", why=str(why), gone=False, **shown)
    except Refusal as why:
        return render_template("research/charts_none.html", why=str(why), gone=True, **shown), 410
    from exports.charts.gallery import inline

    pictures = {chart.key: inline(chart) for chart in drawn.charts}
    return render_template("research/charts_release.html", drawn=drawn, pictures=pictures, **shown)


@bp.get("/<int:number>/<key>.<ending>")
@staff_only("researcher")
def download(name: str, number: int, key: str, ending: str) -> Answer:
    """Send one chart as a file: SVG, PNG or its figures as CSV."""
    made = _known(name, number)
    if ending not in MEDIA:
        abort(404)
    try:
        drawn = _drawn(made)
    except (ExportRefused, Refusal):
        return redirect(url_for(".charts", name=name, number=number), code=303)
    body = _file(drawn, key, ending, _recalled(name).get(number))
    note(f"{name}: chart {key} of release {number}, tier {made.tier}, downloaded as {ending}")
    answer = Response(body, mimetype=MEDIA[ending])
    called = f"{name}-{number:03d}-{made.tier}{'-pilot' * made.pilot}-{key}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{called}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _file(drawn: DrawnRelease, key: str, ending: str, erratum: releases.Erratum | None) -> bytes:
    from exports.charts.chart import csv_of
    from exports.charts.gallery import sheet
    from exports.charts.svg import BUNDLED
    from survey.releases.charts import png

    if (chart := drawn.named(key)) is None:
        abort(404)
    source = drawn.source
    if erratum:
        marks = f"RECALLED on {erratum.at[:10]}: {erratum.why} {source.marks}".strip()
        source = replace(source, marks=marks)
    if ending == "csv":
        return csv_of(chart, source)
    return png(sheet(chart, source, BUNDLED)) if ending == "png" else sheet(chart, source).encode()
