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
from survey.routes.research.jobs import Answer, uses_data
from survey.services import services
from survey.storage import releases
from survey.storage.releases import Release
from survey.studies.current import current_name, current_version

if TYPE_CHECKING:
    from survey.releases.charts import DrawnRelease

bp = Blueprint("charts", __name__, url_prefix="/research/<name>/charts")

MEDIA = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


@bp.get("/")
@staff_only("researcher")
def overview() -> Answer:
    """Show the releases to choose from; ``?release=`` leads to one."""
    found = _with_figures()
    if chosen := request.args.get("release", "", type=str):
        if chosen not in {str(made.number) for made in found}:
            abort(404)
        return redirect(url_for(".charts", number=int(chosen)), code=303)
    return render_template(
        "research/charts.html",
        title="Charts",
        version=current_version(),
        made=found,
        recalled=_recalled(),
    )


def _with_figures() -> list[Release]:
    """Return the releases that hold something to count, the latest first."""
    made = releases.all_releases(services().stores.office, current_name())
    return [one for one in reversed(made) if TIERS[one.tier].holds != "texts"]


def _recalled() -> dict[int, releases.Erratum]:
    return {e.release: e for e in releases.errata(services().stores.office, current_name())}


def _release_or_404(number: int) -> Release:
    return next((made for made in _with_figures() if made.number == number), None) or abort(404)


def _drawn(made: Release) -> DrawnRelease:
    """Return the charts of a release. Raises Refusal or ExportRefused."""
    from survey.releases.charts import GALLERY  # brings in polars, which the server does without

    archive = Archive(services().stores.folder, made.study)
    path = archive.zip_of(made.number, made.tier, pilot=made.pilot)
    return GALLERY.of(path, made, current_version().study)


@bp.get("/<int:number>/")
@staff_only("researcher")
@uses_data
def charts(number: int) -> Answer:
    """Show every chart of one release."""
    made = _release_or_404(number)
    shown: dict[str, Any] = {
        "title": f"Charts of release {number}",
        "version": current_version(),
        "made": made,
        "erratum": _recalled().get(number),
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
@uses_data
def download(number: int, key: str, ending: str) -> Answer:
    """Return one chart as a file: SVG, PNG or its table as CSV."""
    made = _release_or_404(number)
    if ending not in MEDIA:
        abort(404)
    try:
        drawn = _drawn(made)
    except (ExportRefused, Refusal):
        return redirect(url_for(".charts", number=number), code=303)
    body = _file(drawn, key, ending, _recalled().get(number))
    said = f"chart {key} of release {number}, tier {made.tier}, downloaded as {ending}"
    note(f"{current_name()}: {said}")
    answer = Response(body, mimetype=MEDIA[ending])
    called = f"{current_name()}-{number:03d}-{made.tier}{'-pilot' * made.pilot}-{key}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{called}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _file(drawn: DrawnRelease, key: str, ending: str, erratum: releases.Erratum | None) -> bytes:
    from exports.charts.draw import BUNDLED
    from exports.charts.gallery import sheet
    from survey.releases.charts import png

    if (chart := drawn.named(key)) is None:
        abort(404)
    source = drawn.source
    if erratum:
        marks = f"RECALLED on {erratum.at[:10]}: {erratum.why} {source.marks}".strip()
        source = replace(source, marks=marks)
    if ending == "csv":
        return chart.csv(source)
    return png(sheet(chart, source, BUNDLED)) if ending == "png" else sheet(chart, source).encode()
