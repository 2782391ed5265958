"""Pictures as SVG: bars from nought, shaded fields and dots, each with its margin.

Attributes set the colours of a light page, so that a file stands alone; classes let a stylesheet
set others for a dark screen. Colours are never the only sign: every field has its figure in it or
beside it, and its place says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from exports.charts.chart import Chart, ChartFigure, Group, Line, Share, Style

WIDE, NARROW = 720, 340  # pixels: a computer's screen, a phone's
SIZE, LINE = 13, 17  # of text: height of a letter and of a line
LETTER = 0.53  # mean width of a letter, of its height: a wide sans
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
BUNDLED = "Libertinus Serif"  # comes with typst, so that a PNG is the same wherever it is made

INK, SOFT, PAPER, TRACK = "#26242b", "#5a5661", "#fffdfa", "#ebe6dd"
BAR = "#2b8179"
DEEPER = ("#eef5f4", "#bbdfda", "#7cc4ba", "#3f9a91", "#01665e")
ON_DEEPER = (INK, INK, INK, "#10282a", "#fff")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Inside of a picture, and its size in pixels."""

    width: float
    height: float
    lines: tuple[str, ...]


def width_of(words: str, size: float = SIZE) -> float:
    """Return about how wide words are, in pixels."""
    return len(words) * size * LETTER


def folded(words: str, width: float, *, size: float = SIZE) -> list[str]:
    """Return words in as many lines as they need, none of them cut."""
    kept = words.replace(" %", "\u00a0%")  # a figure stays with its sign
    return wrap(kept, max(int(width / (size * LETTER)), 6)) or [""]


def _attributes(more: dict[str, object]) -> str:
    return "".join(f' {k.replace("_", "-")}="{escape(str(v))}"' for k, v in more.items())


def text(x: float, y: float, words: str, css: str = "c-ink", **more: object) -> str:
    """Return a line of words with its foot at ``y``; further attributes by name, with ``_``."""
    fill = {"c-ink": INK, "c-soft": SOFT}.get(css)
    given = {"font_size": SIZE, **({"fill": fill} if fill else {}), **more}
    return f'<text class="{css}" x="{x:g}" y="{y:g}"{_attributes(given)}>{escape(words)}</text>'


def texts(
    x: float, y: float, lines: Sequence[str], css: str = "c-ink", **more: object
) -> list[str]:
    """Return several lines under each other, the first one's foot at ``y``."""
    return [text(x, y + at * LINE, line, css, **more) for at, line in enumerate(lines)]


def box(x: float, y: float, width: float, height: float, css: str, **more: object) -> str:
    """Return a rectangle, at least a hair wide."""
    size = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{max(width, 0.5):g}", "height": f"{height:g}"}
    return f'<rect class="{css}"{_attributes({**size, **more})}/>'


def rule(x1: float, y1: float, x2: float, y2: float, **more: object) -> str:
    """Return a thin line."""
    ends = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
    return f'<line class="c-rule" {ends}{_attributes({"stroke": SOFT, **more})}/>'


def svg(
    drawing: Drawing,
    *,
    title: str,
    desc: str,
    id_: str,
    css: str = "",
    alone: bool = False,
    font: str = FONT,
) -> str:
    """Return the whole picture, with a title and a description for readers who do not see it.

    ``alone`` makes a file of its own, with its size and its paper.
    """
    w, h = f"{drawing.width:g}", f"{drawing.height:g}"
    more = f' xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}"' if alone else ""
    paper = [box(0, 0, drawing.width, drawing.height, "c-paper", fill=PAPER)] if alone else []
    named = f"{escape(css)} chart".strip()
    opening = (
        f'<svg class="{named}" viewBox="0 0 {w} {h}" role="img" '
        f'aria-labelledby="{id_}-t {id_}-d" font-family="{escape(font)}"{more}>'
    )
    words = f'<title id="{id_}-t">{escape(title)}</title><desc id="{id_}-d">{escape(desc)}</desc>'
    return "".join((opening, words, *paper, *drawing.lines, "</svg>"))


def stacked(drawings: Iterable[Drawing], gap: float = 0) -> Drawing:
    """Return drawings under each other."""
    lines: list[str] = []
    y, width = 0.0, 0.0
    for one in drawings:
        lines += [f'<g transform="translate(0 {y:g})">', *one.lines, "</g>"]
        y, width = y + one.height + gap, max(width, one.width)
    return Drawing(width, y, tuple(lines))


# All lengths are pixels.
BAR_TALL, GAP, SMALL = 16, 8, 12  # a bar, the space between rows, figures
FIGURES, MEANS_TOO = 112, 136  # room for a figure with its margin, right of a bar
TIGHT = 10.5  # figures in columns of a phone
ROWS_A_HEAD = 8  # so many rows after which the heads of columns are said again
FIELD_TALL = 52  # a field of a map
NAMES = 0.4  # of the width, for words left of bars
WIDEST = 50  # points of a margin; a shade with a wider one would show little but noise
CAP = 3.5  # half of the end of a whisker
RADIUS = 5.5
BOLD = 1.16  # how much wider bold letters are


@dataclass(frozen=True, slots=True)
class _BarPlaces:
    """Places on one line: words end at ``left``, bars run from ``start`` over ``length``."""

    left: float
    start: float
    length: float
    ends: tuple[float, float]

    def at(self, value: float) -> float:
        """Return the place of a value."""
        low, high = self.ends
        return self.start + self.length * (min(max(value, low), high) - low) / (high - low)


def _scale(width: float, ends: tuple[float, float], figures: float = FIGURES) -> _BarPlaces:
    # A phone has no room beside bars: words stand above them.
    left = width * NAMES if width > NARROW else 0
    start = left + 12 if left else 1
    return _BarPlaces(left, start, width - start - figures, ends)


def draw(chart: Chart, width: float) -> Drawing:
    """Return the picture in so many pixels of width."""
    styles = {
        Style.LIST: _draw_list,
        Style.GRID: _draw_grid,
        Style.PAIR: _draw_pair,
        Style.MAP: _draw_map,
        Style.MEANS: _draw_means,
    }
    return stacked([_legend(chart, width), *styles[chart.style](chart, width)])


def _heading(words: str, width: float) -> Drawing:
    lines = folded(words, width / BOLD)
    drawn = texts(0, SIZE + 8, lines, font_weight=600)
    return Drawing(width, len(lines) * LINE + 12, tuple(drawn))


def _legend(chart: Chart, width: float) -> Drawing:
    """Return what a full track stands for, and what the thin line is."""
    low, high = (f"{end:g}" for end in chart.ends)
    said = f"Scale from {low} to {high}."
    if chart.style is Style.MAP:
        said = "The deeper the shade, the more of the row: under 20 %, 40 %, 60 %, 80 %, or more."
        if chart.has_margins:
            said += f" No shade where the margin is over {WIDEST} points wide."
    elif chart.unit:
        said = f"Bars begin at 0; a full track is {high} %."
    if chart.has_margins:
        said += " The thin line is the margin of the figure."
    lines = folded(said, width, size=SMALL)
    drawn = texts(0, SMALL, lines, "c-soft", font_size=SMALL)
    return Drawing(width, len(lines) * LINE + 6, tuple(drawn))


def _margin(
    figure: ChartFigure, scale: _BarPlaces, y: float, css: str, colour: str, wide: float
) -> str:
    """Return the line from end to end of a margin."""
    low, high = scale.at(figure.low), scale.at(figure.high)
    caps = "".join(f"M{x:g} {y - CAP:g}v{2 * CAP:g}" for x in (low, high))
    look = f'fill="none" stroke="{colour}" stroke-width="{wide}"'
    return f'<path class="{css}" d="M{low:g} {y:g}H{high:g}{caps}" {look}/>'


def _whisker(figure: ChartFigure, scale: _BarPlaces, y: float) -> list[str]:
    """Return the margin over a bar; nothing of an exact figure."""
    if figure.is_exact:
        return []
    # The pale line below keeps the dark one visible on a bar.
    return [
        _margin(figure, scale, y, "c-halo", PAPER, 3.5),
        _margin(figure, scale, y, "c-line", INK, 1.5),
    ]


def _bar(
    figure: ChartFigure, scale: _BarPlaces, y: float, tall: float, css: str = "c-bar"
) -> list[str]:
    fill = BAR if css == "c-bar" else PAPER
    return [
        box(scale.start, y, scale.length, tall, "c-track", fill=TRACK),
        box(scale.start, y, scale.at(figure.value) - scale.start, tall, css,
            fill=fill, stroke=BAR, stroke_width=1.5),
        *_whisker(figure, scale, y + tall / 2),
    ]  # fmt: skip


def _said(figure: ChartFigure, scale: _BarPlaces, y: float, unit: str, decimals: int = 0) -> str:
    x = scale.start + scale.length + 8
    return text(x, y, figure.in_words(unit, decimals), "c-soft", font_size=SMALL)


def _row(
    words: str, scale: _BarPlaces, width: float, tall: float
) -> tuple[float, float, list[str]]:
    """Return the height of a row, where its bars begin, and its words."""
    lines = folded(words, scale.left or width)
    high = len(lines) * LINE
    if not scale.left:
        return high + 4 + tall + GAP, high + 4, texts(0, SIZE, lines)
    height = max(high, tall)
    return height + GAP, (height - tall) / 2, texts(0, (height - high) / 2 + SIZE, lines)


def _draw_list(chart: Chart, width: float) -> Iterable[Drawing]:
    scale = _scale(width, chart.ends)
    for group in chart.groups:
        for line in group.lines:
            base = f"about {line.base} asked" if chart.has_margins else f"{line.base} answers"
            yield _heading(f"{line.label} ({base})", width)
            for share in line.shares:
                height, y, words = _row(share.label, scale, width, BAR_TALL)
                drawn = _bar(share.figure, scale, y, BAR_TALL)
                figure = _said(share.figure, scale, y + BAR_TALL - 4, chart.unit)
                yield Drawing(width, height, (*words, *drawn, figure))


def _draw_pair(chart: Chart, width: float) -> Iterable[Drawing]:
    scale = _scale(width, chart.ends)
    for group in chart.groups:
        before, after = group.lines
        yield _pair_legend((before.label, after.label), width)
        later = {share.label: share for share in after.shares}
        for share in [share for share in before.shares if share.label in later]:
            height, y, words = _row(share.label, scale, width, 2 * BAR_TALL + 3)
            sides = [(share, "c-before"), (later[share.label], "c-bar")]
            drawn: list[str] = []
            for at, (side, css) in enumerate(sides):
                top = y + at * (BAR_TALL + 3)
                drawn += _bar(side.figure, scale, top, BAR_TALL, css)
                drawn.append(_said(side.figure, scale, top + BAR_TALL - 4, chart.unit))
            yield Drawing(width, height + 4, (*words, *drawn))


def _pair_legend(labels: tuple[str, str], width: float) -> Drawing:
    drawn: list[str] = []
    marks = (("c-before", PAPER), ("c-bar", BAR))
    for at, (label, (css, fill)) in enumerate(zip(labels, marks, strict=True)):
        x = at * 110.0 + 1
        drawn += [
            box(x, 3, 22, 13, css, fill=fill, stroke=BAR, stroke_width=1.5),
            text(x + 30, 14, label),
        ]
    return Drawing(width, 32, tuple(drawn))


def _columns(
    shares: Sequence[Share], scale: _BarPlaces, width: float
) -> tuple[list[tuple[float, float]], Drawing]:
    """Return where each column begins and how wide it is, and their heads, one wording each."""
    room = (width - 1 - scale.start) / len(shares)
    places = [(scale.start + at * room, room) for at in range(len(shares))]
    heads = [folded(share.label, room - 6, size=SMALL) for share in shares]
    tallest = max(len(head) for head in heads)
    drawn: list[str] = []
    for (x, _), head in zip(places, heads, strict=True):
        foot = SMALL + (tallest - len(head)) * LINE
        drawn += texts(x, foot, head, "c-soft", font_size=SMALL)
    return places, Drawing(width, tallest * LINE + 6, tuple(drawn))


def _in_short(figure: ChartFigure, room: float) -> tuple[str, float]:
    """Return a figure in per cent, with its margin where columns have room for it, and its size."""
    said = f"{figure.value:.0f}"
    widest = "00 (00–00)"
    size = SMALL if width_of(widest, SMALL) <= room else TIGHT
    if figure.is_exact or width_of(widest, size) > room:
        return said, SMALL
    return f"{said} ({figure.low:.0f}–{figure.high:.0f})", size


def _draw_grid(chart: Chart, width: float) -> Iterable[Drawing]:
    scale = _scale(width, chart.ends)
    rows = ROWS_A_HEAD
    for group in chart.groups:
        if group.heading:
            yield _heading(group.heading, width)
        places, heads = _columns(group.lines[0].shares, scale, width)
        if rows >= ROWS_A_HEAD:
            rows = 0
            yield heads
        rows += len(group.lines)
        for line in group.lines:
            yield _grid_row(line, scale, places, width)


def _grid_row(
    line: Line, scale: _BarPlaces, places: Sequence[tuple[float, float]], width: float
) -> Drawing:
    height, y, drawn = _row(line.label, scale, width, LINE + BAR_TALL / 2 + 2)
    for (x, room), share in zip(places, line.shares, strict=True):
        cell = _BarPlaces(0, x, room - 10, scale.ends)
        said, size = _in_short(share.figure, room - 10)
        drawn.append(text(x, y + SMALL, said, "c-soft", font_size=size))
        drawn += _bar(share.figure, cell, y + LINE, BAR_TALL / 2)
    return Drawing(width, height + 2, tuple(drawn))


def _draw_map(chart: Chart, width: float) -> Iterable[Drawing]:
    for group in chart.groups:
        yield _heading(group.heading, width)
        yield from _map(group, width)


def _map(group: Group, width: float) -> Iterable[Drawing]:
    left = width * (NAMES if width > NARROW else 0.3)
    scale = _BarPlaces(left, left + 8, width - left - 9, (0, 100))
    places, heads = _columns(group.lines[0].shares, scale, width)
    yield heads
    for line in group.lines:
        words = folded(f"{line.label}, of {line.base}", left)
        height = max(FIELD_TALL, len(words) * LINE)
        drawn = texts(0, (height - len(words) * LINE) / 2 + SIZE, words)
        for (x, room), share in zip(places, line.shares, strict=True):
            drawn += _field(share.figure, x, room, height)
        yield Drawing(width, height, tuple(drawn))
    yield Drawing(width, 10, ())


def _field(figure: ChartFigure, x: float, room: float, tall: float) -> list[str]:
    """Return a shaded field with its figure, and its margin in words and as a line at its foot."""
    # Where the margin leaves all open, a shade would mislead: the lightest stands for none.
    is_open = figure.high - figure.low > WIDEST
    step = 0 if is_open else min(int(figure.value // 20), len(DEEPER) - 1)
    middle, colour = x + room / 2, ON_DEEPER[step]
    ink = {"fill": colour, "text_anchor": "middle"}
    said = [
        box(x, 0, room, tall, f"q{step}", fill=DEEPER[step], stroke=SOFT, stroke_width=1),
        text(middle, tall / 2 - (2 if not figure.is_exact else -5), f"{figure.value:.0f} %",
             f"k{step}", font_weight=600, **ink),
    ]  # fmt: skip
    if figure.is_exact:
        return said
    inside = _BarPlaces(0, x + 6, room - 12, (0, 100))
    return [
        *said,
        text(middle, tall / 2 + 11, f"{figure.low:.0f}–{figure.high:.0f}", f"k{step}",
             font_size=11, **ink),
        _margin(figure, inside, tall - 8, f"m{step}", colour, 1.5),
    ]  # fmt: skip


def _draw_means(chart: Chart, width: float) -> Iterable[Drawing]:
    scale = _scale(width, chart.ends, MEANS_TOO)
    for group in chart.groups:
        for line in group.lines:
            height, y, drawn = _row(line.label, scale, width, BAR_TALL)
            yield Drawing(width, height, (*drawn, *_mean(line, scale, y + BAR_TALL / 2)))


def _mean(line: Line, scale: _BarPlaces, y: float) -> list[str]:
    figure = line.shares[0].figure
    low, high = (int(end) for end in scale.ends)
    ticks = range(low, high + 1) if high - low <= 10 else (low, high)
    return [
        box(scale.start, y - 2, scale.length, 4, "c-track", fill=TRACK),
        *(rule(scale.at(tick), y - 4, scale.at(tick), y + 4) for tick in ticks),
        _dot(scale.at(figure.value), y),
        *_whisker(figure, scale, y),
        _said(figure, scale, y + 4, "", 2),
    ]


def _dot(x: float, y: float) -> str:
    place = f'class="c-dot" cx="{x:g}" cy="{y:g}" r="{RADIUS}"'
    return f'<circle {place} fill="{BAR}" stroke="{PAPER}" stroke-width="1.5"/>'
