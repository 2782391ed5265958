"""Every chart of a release, in the order in which a reader wants them.

A chart as a picture on a page, and as a file that stands alone with everything to be said.
"""

from __future__ import annotations

from exports.charts.chart import Bars, Chart, ChartSource, Dots, Heat, Picture
from exports.charts.comparisons import flow, heat, later
from exports.charts.counts import ReleaseCounts
from exports.charts.draw import draw_bars, draw_dots, draw_flow, draw_heat
from exports.charts.grids import readings
from exports.charts.selection import Book, Family, families, hypothesis, twice
from exports.charts.svg import FONT, LINE, NARROW, WIDE, Drawing, folded, stacked, svg, texts


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


def gallery(book: Book, figures: ReleaseCounts) -> list[Chart]:
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


EDGE = 24  # pixels around a file's content


def draw(picture: Picture, width: float) -> Drawing:
    """The picture in so many pixels of width."""
    if isinstance(picture, Bars):
        return draw_bars(picture, width)
    if isinstance(picture, Heat):
        return draw_heat(picture, width)
    if isinstance(picture, Dots):
        return draw_dots(picture, width)
    return draw_flow(picture, width)


def inline(chart: Chart) -> str:
    """Twice in a page, for a desk and for a phone: the stylesheet shows one of them."""
    said = f"{chart.sentence} {chart.base} The table below has every figure."
    return "".join(
        svg(
            draw(chart.picture, width),
            title=chart.title,
            told=said,
            id_=f"{chart.key}-{css}",
            css=css,
        )
        for width, css in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def _words(said: str, width: float, *, size: float = 13, bold: bool = False) -> Drawing:
    if not said:
        return Drawing(width, 0, ())
    lines = folded(said, width, size=size, most=20)
    step, weight = size / 13, 600 if bold else 400
    drawn = [
        line
        for at, row in enumerate(lines)
        for line in texts(0, size + at * LINE * step, [row], font_size=size, font_weight=weight)
    ]
    return Drawing(width, len(lines) * LINE * step + 8, tuple(drawn))


def sheet(chart: Chart, source: ChartSource, font: str = FONT) -> str:
    """The file: title, picture, sentence, base, caution and where its figures come from."""
    inner = stacked(
        [
            _words(chart.title, WIDE, size=19, bold=True),
            _words(chart.lead, WIDE),
            _words(chart.sentence, WIDE),
            draw(chart.picture, WIDE),
            _words(chart.base, WIDE),
            *(_words(line, WIDE, bold=at == 0) for at, line in enumerate(source.lines())),
            _words(source.release, WIDE, size=11),
        ],
        gap=4,
    )
    moved = (f'<g transform="translate({EDGE} {EDGE})">', *inner.lines, "</g>")
    whole = Drawing(WIDE + 2 * EDGE, inner.height + 2 * EDGE, moved)
    told = " ".join((chart.sentence, chart.base, *source.lines()))
    return svg(whole, title=chart.title, told=told, id_=chart.key, alone=True, font=font) + "\n"
