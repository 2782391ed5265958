"""Every chart of a release, in the order in which a reader wants them."""

from __future__ import annotations

from exports.charts.chart import Chart
from exports.charts.figures import Figures
from exports.charts.flow import flow
from exports.charts.heat import heat
from exports.charts.later import later
from exports.charts.readings import readings
from exports.charts.shape import Book, Family, families, hypothesis, twice


def _first(book: Book) -> list[Family]:
    """Families in the order asked, that of the outcomes before all others."""
    asked = hypothesis(book)
    rows = {
        row
        for row, entry in book.items()
        if asked
        for told in entry["scales"]
        if told["score"] in asked.outcomes
    }
    return sorted(families(book), key=lambda family: not rows & set(family.rows))


def gallery(book: Book, figures: Figures) -> list[Chart]:
    """Readings of the main hypothesis first, then the hypothesis, then and later, flow, the rest.

    Charts for which the release has nothing are left out.
    """
    first, *rest = [
        readings(book, family, figures, f"answers-{at}")
        for at, family in enumerate(_first(book), start=1)
    ] or [None]
    asked = hypothesis(book)
    made = [
        first,
        heat(book, asked, figures) if asked else None,
        *(later(book, f, figures, f"later-{at}") for at, f in enumerate(twice(book), start=1)),
        flow(book, figures),
        *rest,
    ]
    return [chart for chart in made if chart is not None]
