"""The yearly report: one study, one year, as a page, as text to copy, and as CSV."""

from __future__ import annotations

from flask import Response, abort, request

from survey.board import yearly
from survey.board.yearly import Section
from survey.collection.figures import figures_of
from survey.collection.methods import marks_of
from survey.routes.board import bp, page, the_folder, the_name
from survey.services import services
from survey.staff.access import staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature

for _room in ("ethics", "research"):
    offer_feature(
        _room, "board.report", "Yearly report", "What was approved, opened and released.", place=80
    )


def _year() -> tuple[str, list[str]]:
    """The year asked for, and those there are."""
    years = yearly.years_of(services().stores.office, the_name(), services().availability.today())
    year = request.args.get("year", years[0])
    if year not in years:
        abort(404)
    return year, years


def _sections(year: str) -> list[Section]:
    """The year's sections; those of this year begin with the totals as they may be shown."""
    stores, today = services().stores, services().availability.today()
    found = yearly.report(stores.office, the_name(), year)
    if year != today[:4]:
        return found
    offer = the_folder().latest
    shown = figures_of(stores, offer.study, pilot=offer.pilot, over=False)
    return [*found, yearly.so_far(shown.totals, today, marks_of(offer, shown))]


@bp.get("/report")
@staff_only("board", "researcher")
def report() -> str:
    """Everything that was noted in one year."""
    year, years = _year()
    sections = _sections(year)
    return page(
        "report",
        "Yearly report",
        year=year,
        years=years,
        sections=sections,
        text=yearly.as_text(sections),
    )


@bp.get("/report.csv")
@staff_only("board", "researcher")
def report_csv() -> Response:
    """The same as one table."""
    year, _ = _year()
    table = yearly.as_csv(_sections(year))
    note(f"{the_name()}: yearly report {year} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{the_name()}-report-{year}.csv"'}
    return Response(table, mimetype="text/csv", headers=kept)
