"""Every chart of a release in the order of a reader's interest, on a page and as a file."""

from __future__ import annotations

from exports.charts.chart import Chart, ChartSource
from exports.charts.comparisons import flow, heat, later, readings
from exports.charts.counts import Book, ReleaseCounts, families, hypothesis, twice
from exports.charts.draw import (
    FONT,
    LINE,
    NARROW,
    SIZE,
    WIDE,
    Drawing,
    draw,
    folded,
    stacked,
    svg,
    text,
)

EDGE = 24  # pixels around a file's content


def gallery(book: Book, counts: ReleaseCounts) -> list[Chart]:
    """Return the readings of the main hypothesis, itself, then and later, flow, and the rest.

    Charts for which the release has nothing are left out.
    """
    tested = hypothesis(book)
    outcomes = tested.outcomes if tested else ()
    tested_rows = {
        row for row, entry in book.items() for s in entry["scales"] if s["score"] in outcomes
    }
    # Families of the hypothesis first, both parts in the order asked.
    in_order = sorted(families(book), key=lambda family: not tested_rows & set(family.rows))
    answers = [
        readings(book, family, counts, f"answers-{at}") for at, family in enumerate(in_order, 1)
    ]
    found = [
        *answers[:1],
        heat(book, tested, counts) if tested else None,
        *(later(book, asked, counts, f"later-{at}") for at, asked in enumerate(twice(book), 1)),
        flow(book, counts),
        *answers[1:],
    ]
    return [chart for chart in found if chart is not None]


def inline(chart: Chart) -> str:
    """Return the picture for a page twice, wide and narrow: the stylesheet shows one of them."""
    said = f"{chart.sentence} {chart.base} The table below has every figure."
    return "".join(
        svg(
            draw(chart.picture, width),
            title=chart.title,
            desc=said,
            id_=f"{chart.key}-{css}",
            css=css,
        )
        for width, css in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def _words(said: str, *, size: float = SIZE, bold: bool = False) -> Drawing:
    if not said:
        return Drawing(WIDE, 0, ())
    lines = folded(said, WIDE, size=size, most=20)
    step, weight = size / SIZE, 600 if bold else 400
    drawn = (
        text(0, size + at * LINE * step, line, font_size=size, font_weight=weight)
        for at, line in enumerate(lines)
    )
    return Drawing(WIDE, len(lines) * LINE * step + 8, tuple(drawn))


def sheet(chart: Chart, source: ChartSource, font: str = FONT) -> str:
    """Return the file: title, picture, sentence, base, caution and where its figures come from."""
    inner = stacked(
        [
            _words(chart.title, size=19, bold=True),
            _words(chart.lead),
            _words(chart.sentence),
            draw(chart.picture, WIDE),
            _words(chart.base),
            *(_words(line, bold=at == 0) for at, line in enumerate(source.lines())),
            _words(source.release, size=11),
        ],
        gap=4,
    )
    moved = (f'<g transform="translate({EDGE} {EDGE})">', *inner.lines, "</g>")
    whole = Drawing(WIDE + 2 * EDGE, inner.height + 2 * EDGE, moved)
    said = " ".join((chart.sentence, chart.base, *source.lines()))
    return svg(whole, title=chart.title, desc=said, id_=chart.key, alone=True, font=font) + "\n"
