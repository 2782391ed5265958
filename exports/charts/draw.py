"""Pictures as SVG: diverging bars, heat maps, dots of two moments, and streams of a flow.

Attributes set the colours of a light page, so that a file stands alone; classes let a stylesheet
set others for a dark screen. Colours are never the only sign: every field has its figure in it or
beside it, and its place says what it is. Brown to teal is told apart by every kind of colour vision
(Brewer's BrBG). Neighbours of like depth are parted by a line of 3:1 or more to one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from exports.charts.chart import (
    HIDDEN,
    Bars,
    ChartBar,
    DotPlot,
    FlowChart,
    HeatMaps,
    Panel,
    Picture,
    Share,
)

WIDE, NARROW = 720, 340  # pixels: a computer's screen, a phone's
SIZE, LINE = 13, 17  # of text: height of a letter and of a line
LETTER = 0.53  # mean width of a letter, of its height: a wide sans
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
BUNDLED = "Libertinus Serif"  # comes with typst, so that a PNG is the same wherever it is made

INK, SOFT, PAPER, HELD = "#26242b", "#5a5661", "#fffdfa", "#f1ece4"
DIVERGING = ("#8c510a", "#bf812d", "#dfc27d", "#dcd8d0", "#80cdc1", "#3fa69d", "#01665e")
ON_DIVERGING = ("#fff", INK, INK, INK, INK, INK, "#fff")
DEEPER = ("#eef5f4", "#c7e5e1", "#8fcfc6", "#3f9a91", "#01665e")
ON_DEEPER = (INK, INK, INK, "#10282a", "#fff")
# Which of the seven colours stand for so many options, from one end to the other.
STEPS = {
    2: (1, 5), 3: (1, 3, 5), 4: (0, 2, 4, 6), 5: (0, 2, 3, 4, 6), 6: (0, 1, 2, 4, 5, 6),
    7: (0, 1, 2, 3, 4, 5, 6),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawing:
    """Inside of a picture, and its size in pixels."""

    width: float
    height: float
    lines: tuple[str, ...]


def width_of(words: str, size: float = SIZE) -> float:
    """Return about how wide words are, in pixels."""
    return len(words) * size * LETTER


def folded(words: str, width: float, *, size: float = SIZE, most: int = 4) -> list[str]:
    """Return words in lines that fit; too long ones end in an ellipsis, the table has all."""
    kept = words.replace(" %", "\u00a0%")  # a figure stays with its sign
    lines = wrap(kept, max(int(width / (size * LETTER)), 6)) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1].rstrip(".,;") + " …"]
    return lines


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


def field(x: float, y: float, width: float, height: float, step: int) -> str:
    """Return a field in one of the seven diverging colours."""
    return box(x, y, width, height, f"d{step}", fill=DIVERGING[step], stroke=INK, stroke_width=0.75)


def held_back(x: float, y: float, width: float, height: float) -> str:
    """Return the field of a hidden count."""
    return box(
        x, y, width, height, "c-held",
        fill=HELD, stroke=SOFT, stroke_width=1, stroke_dasharray="3 3",
    )  # fmt: skip


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
THICK, BAR_GAP, BAR_SMALL = 24, 9, 12  # a bar, the space between rows, its figures
REST = 80  # for the share that is not shown, at the right
RADIUS, DOT_LINE = 7, 34
STREAM_TALL, STREAM_GAP, NODE = 170, 26, 14  # everybody, between streams, a place
LEAST = 26  # so that two lines of words fit beside a stream
CELL_TALL, GUTTER, CELL_SMALL = 40, 20, 11.5
SIDE = 78  # for the words beside a map
BOLD = 1.15  # how much wider bold letters are


def draw(picture: Picture, width: float) -> Drawing:
    """Return the picture in so many pixels of width."""
    if isinstance(picture, Bars):
        return _draw_bars(picture, width)
    if isinstance(picture, HeatMaps):
        return _draw_heat(picture, width)
    return (
        _draw_dots(picture, width) if isinstance(picture, DotPlot) else _draw_flow(picture, width)
    )


def _swatches(
    entries: Iterable[tuple[Callable[[float, float], str], str, float]], width: float, y: float
) -> tuple[list[str], float]:
    """Return swatches with their words, as many to a line as have room, and the foot of all."""
    lines: list[str] = []
    x = 0.0
    for swatch, words, room in entries:
        if x and x + room > width:
            x, y = 0, y + LINE + 5
        lines += [swatch(x, y), text(x + 21, y + 12, words)]
        x += room
    return lines, y + LINE


@dataclass(frozen=True, slots=True)
class _BarLayout:
    """Places: words end at ``left``, ``middle`` is the line, ``unit`` one per cent."""

    width: float
    left: float
    middle: float
    unit: float


def _before(bar: ChartBar) -> float:
    """Return the per cent left of the line: disagreement and half of the middle."""
    half = len(bar.shares) // 2
    before = sum(s.percent or 0 for s in bar.shares[:half])
    odd = bar.shares[half].percent or 0 if len(bar.shares) % 2 else 0
    return before + odd / 2


def _draw_bars(picture: Bars, width: float) -> Drawing:
    bars = [bar for group in picture.groups for bar in group.bars]
    left = width * 0.4 if width > NARROW else 0
    low = max(_before(bar) for bar in bars)
    high = max(bar.drawn - _before(bar) for bar in bars)
    unit = (width - left - REST - 12) / max(low + high, 1)
    layout = _BarLayout(width, left, left + 12 * bool(left) + low * unit, unit)
    drawn = []
    for at, (what, options) in enumerate(picture.options, start=1):
        drawn += [_heading(what, width)] if what else []
        drawn.append(_bar_legend(options, width, last=at == len(picture.options)))
    for group in picture.groups:
        above = [_heading(group.heading, width)] if group.heading else []
        rows = [_row(bar, layout) for bar in group.bars]
        below = [] if group.heading else [Drawing(width, 8, ())]
        drawn.append(stacked([*above, *rows, *below]))
    return stacked(drawn)


def _heading(words: str, width: float) -> Drawing:
    lines = folded(words, width, size=SIZE + 1)
    drawn = texts(0, SIZE + 8, lines, font_size=SIZE + 1, font_weight=600)
    return Drawing(width, len(lines) * LINE + 12, tuple(drawn))


def _bar_legend(options: Sequence[str], width: float, *, last: bool) -> Drawing:
    """Return each colour with its words, in the order of the bars; after the last, hidden ones."""

    def swatch(step: int) -> Callable[[float, float], str]:
        return lambda x, y: field(x, y, 15, 15, step)

    named = [
        (swatch(step), words) for step, words in zip(STEPS[len(options)], options, strict=True)
    ]
    if last:
        named.append((lambda x, y: held_back(x, y, 15, 15), "answers hidden"))
    entries = ((mark, words, 22 + width_of(words) * 1.08 + 14) for mark, words in named)
    lines, foot = _swatches(entries, width, 4.0)
    return Drawing(width, foot + 8, tuple(lines))


def _row(bar: ChartBar, layout: _BarLayout) -> Drawing:
    words = folded(bar.drawn_label, layout.left or layout.width)
    tall = len(words) * LINE
    if layout.left:
        height = max(tall, THICK)
        y, foot = (height - THICK) / 2, (height - tall) / 2 + SIZE
    else:  # words stand above their bar, not beside it
        height, y, foot = tall + THICK + 4, tall + 4, float(SIZE)
    line = rule(layout.middle, y - BAR_GAP / 2, layout.middle, y + THICK + BAR_GAP / 2)
    lines = [line, *texts(0, foot, words), *_fields(bar, layout, y)]
    # How many people gave the hidden answers is not worked out for the reader.
    if hidden := sum(share.percent is None for share in bar.shares):
        left = layout.width - REST + 8
        said = "all hidden" if hidden == len(bar.shares) else f"{hidden} hidden"
        lines += [
            held_back(left, y + 3, REST - 10, THICK - 6),
            text(left + REST / 2 - 5, y + THICK / 2 + 4, said, "c-soft",
                 font_size=11, text_anchor="middle"),
        ]  # fmt: skip
    return Drawing(layout.width, height + BAR_GAP, tuple(lines))


def _fields(bar: ChartBar, layout: _BarLayout, y: float) -> list[str]:
    x, lines = layout.middle - _before(bar) * layout.unit, []
    for step, share in zip(STEPS[len(bar.shares)], bar.shares, strict=True):
        if share.percent is not None:
            wide = share.percent * layout.unit
            lines.append(field(x, y, wide, THICK, step))
            said = f"{share.percent:.0f}"
            if wide > width_of(said, BAR_SMALL) + 4:
                lines.append(
                    text(x + wide / 2, y + THICK / 2 + 4, said, f"l{step}", font_size=BAR_SMALL,
                         fill=ON_DIVERGING[step], text_anchor="middle")
                )  # fmt: skip
            x += wide
    return lines


def _draw_dots(picture: DotPlot, width: float) -> Drawing:
    """Return every answer with its share at both moments, on one axis from nought."""
    most = max([share.percent or 0 for line in picture.lines for share in line] + [10.0])
    one, other = picture.names
    legend = (
        _dot(9, 10, later=False), text(24, 14, one), _dot(99, 10, later=True), text(114, 14, other),
    )  # fmt: skip
    lines = (_dot_line(line, width, most) for line in picture.lines)
    return stacked([Drawing(width, 30, legend), *lines])


def _dot(x: float, y: float, *, later: bool) -> str:
    """Return an open ring for then, a full dot for later."""
    css, fill = ("c-later", DIVERGING[6]) if later else ("c-then", PAPER)
    return (
        f'<circle class="{css}" cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="{fill}" '
        f'stroke="{DIVERGING[6]}" stroke-width="2.5"/>'
    )


def _dot_line(line: tuple[Share, Share], width: float, most: float) -> Drawing:
    left = width * 0.4 if width > NARROW else 0
    words = folded(line[0].label, left or width, most=3)
    top = 0 if left else len(words) * LINE
    height = max(len(words) * LINE + 8, DOT_LINE) if left else top + DOT_LINE
    y = height / 2 if left else top + DOT_LINE / 2
    start, unit = left + 16, (width - 132 - left) / most
    places = [None if s.percent is None else start + unit * s.percent for s in line]
    foot = y + 4 - (len(words) - 1) * LINE / 2 if left else float(SIZE)
    lines = [*texts(0, foot, words), rule(start, y, start + unit * most, y, stroke_width=0.5)]
    if None not in places:
        lines.append(rule(places[0] or 0, y, places[1] or 0, y, stroke_width=3))
    lines += [_dot(x, y, later=bool(at)) for at, x in enumerate(places) if x is not None]
    said = " → ".join(HIDDEN if s.percent is None else f"{s.percent:.0f} %" for s in line)
    lines.append(text(width, y + 4, said, "c-soft", font_size=12, text_anchor="end"))
    return Drawing(width, height, tuple(lines))


def _draw_flow(picture: FlowChart, width: float) -> Drawing:
    """Return the ways, and below them who was asked the questions that not everybody gets."""
    parts = [_streams(picture, width)]
    if picture.asked:
        heading = text(0, SIZE + 6, "Questions for some", font_size=SIZE + 1, font_weight=600)
        parts.append(Drawing(width, 34, (heading,)))
    return stacked([*parts, *(_asked(share, picture.rows, width) for share in picture.asked)])


def _streams(flow: FlowChart, width: float) -> Drawing:
    """Return everybody at the left, each branch at its height at the right with its words."""
    known = sum(branch.count or 0 for branch in flow.branches) or 1
    heights = [max(STREAM_TALL * (b.count or 0) / known, LEAST) for b in flow.branches]
    steps = STEPS.get(min(len(heights), 7), (6,))
    end = width * (0.3 if width <= NARROW else 0.42)
    room, y, source = width - end - NODE - 10, 24.0, 24.0 + STREAM_GAP * (len(heights) - 1) / 2
    lines = [text(0, SIZE, f"Everybody: about {flow.rows}", font_weight=600)]
    lines.append(box(0.0, source, NODE, sum(heights), "c-node", fill=SOFT))
    for at, (branch, tall) in enumerate(zip(flow.branches, heights, strict=True)):
        step = steps[at % 7]
        lines.append(_stream(float(NODE), source, end, y, tall, step))
        lines.append(box(end, y, NODE, tall, f"d{step}", fill=DIVERGING[step], stroke=PAPER))
        words = folded(branch.label, room, most=4)
        ends = [f"{e.label}: {e.in_words}" for e in branch.onward if e.count is not None]
        below = [branch.in_words, *(folded("; ".join(ends), room, most=3) if ends else ())]
        height = len(words) + len(below)
        foot = y + tall / 2 + 4 - (height - 1) * LINE / 2
        lines += texts(end + NODE + 10, foot, words, font_weight=600)
        lines += texts(end + NODE + 10, foot + len(words) * LINE, below, "c-soft")
        y, source = y + max(tall, height * LINE) + STREAM_GAP, source + tall
    return Drawing(width, y, tuple(lines))


def _stream(left: float, top: float, right: float, to: float, tall: float, step: int) -> str:
    """Return a stream of one height from (``left``, ``top``) to (``right``, ``to``)."""
    middle = (left + right) / 2
    path = (
        f"M{left:g} {top:g}C{middle:g} {top:g} {middle:g} {to:g} {right:g} {to:g}V{to + tall:g}"
        f"C{middle:g} {to + tall:g} {middle:g} {top + tall:g} {left:g} {top + tall:g}Z"
    )
    return f'<path class="d{step}" d="{path}" fill="{DIVERGING[step]}" fill-opacity="0.55"/>'


def _asked(share: Share, rows: int, width: float) -> Drawing:
    words = folded(f"Asked {share.label}", width, most=5)
    y, full = len(words) * LINE + 4, width - 130
    bar = held_back(0, y, full, 18)
    if share.count is not None:
        wide = full * min(share.count / max(rows, 1), 1)
        bar = box(0, y, wide, 18, "d5", fill=DIVERGING[5])
    back = box(0, y, full, 18, "c-back", fill=HELD)
    figure = text(full + 8, y + 13, share.in_words, "c-soft", font_size=12)
    return Drawing(width, y + 34, (*texts(0, SIZE, words), back, bar, figure))


def _draw_heat(picture: HeatMaps, width: float) -> Drawing:
    """Return the maps under their legend, three to a line where there is room."""
    across = 1 if width <= NARROW else 3
    wide = (width - (across - 1) * GUTTER) / across
    tallest = max(len(folded(p.heading, wide / BOLD, most=3)) for p in picture.panels)
    drawn = [_panel(p, picture.bands, wide, heading=tallest) for p in picture.panels]
    rows = []
    for first in range(0, len(drawn), across):
        lines: list[str] = []
        row = drawn[first : first + across]
        for at, panel in enumerate(row):
            move = f'<g transform="translate({at * (wide + GUTTER):g} 0)">'
            lines += [move, *panel.lines, "</g>"]
        rows.append(Drawing(width, max(p.height for p in row), tuple(lines)))
    return stacked([_heat_legend(picture, width), *rows])


def _heat_legend(picture: HeatMaps, width: float) -> Drawing:
    def swatch(step: int) -> Callable[[float, float], str]:
        fill = DEEPER[step]
        return lambda x, y: box(x, y, 15, 15, f"q{step}", fill=fill, stroke=SOFT, stroke_width=0.5)

    said = folded(f"Across: {picture.across}: {', '.join(picture.bands)}. Upward: the later score.",
                  width, most=6)  # fmt: skip
    shares = ("0–19 %", "20–39 %", "40–59 %", "60–79 %", "80–100 %")
    entries = ((swatch(step), words, 104) for step, words in enumerate(shares))
    lines, foot = _swatches(entries, width, len(said) * LINE + 4.0)
    return Drawing(width, foot + 14, (*texts(0, SIZE, said), *lines))


def _panel(panel: Panel, bands: tuple[str, ...], width: float, *, heading: int) -> Drawing:
    words = folded(panel.heading, width / BOLD, most=heading)
    top = heading * LINE + 6
    wide = (width - SIDE) / len(bands)
    lines = texts(0, SIZE + (heading - len(words)) * LINE, words, font_weight=600)
    for up, level in enumerate(reversed(panel.levels)):
        y = top + up * CELL_TALL
        said = folded(_without_bounds(level), SIDE - 4, size=CELL_SMALL, most=2)
        foot = y + CELL_TALL / 2 + 4 - (len(said) - 1) * LINE / 2
        lines += texts(SIDE - 6, foot, said, "c-soft", font_size=CELL_SMALL, text_anchor="end")
        for at in range(len(bands)):
            lines += _cell(panel.cells[at][len(panel.levels) - 1 - up], SIDE + at * wide, y, wide)
    foot = top + len(panel.levels) * CELL_TALL
    for at, (band, base) in enumerate(zip(bands, panel.bases, strict=True)):
        said = folded(_without_bounds(band), wide, size=CELL_SMALL, most=2)
        said.append("not told" if base is None else f"of {base}")
        lines += texts(SIDE + (at + 0.5) * wide, foot + SIZE + 2, said, "c-soft",
                       font_size=CELL_SMALL, text_anchor="middle")  # fmt: skip
    return Drawing(width, foot + 3 * LINE + 8, tuple(lines))


def _without_bounds(label: str) -> str:
    """Return ``Low`` of ``Low (1 to under 2.5)``; the legend has the bounds."""
    return label.split(" (")[0]


def _cell(cell: Share, x: float, y: float, wide: float) -> list[str]:
    middle, foot = x + wide / 2, y + CELL_TALL / 2 + 4
    if cell.percent is None:
        return [
            held_back(x + 1, y + 1, wide - 2, CELL_TALL - 2),
            text(middle, foot, cell.in_words, "c-soft", font_size=CELL_SMALL, text_anchor="middle"),
        ]
    step = min(int(cell.percent // 20), len(DEEPER) - 1)
    return [
        box(x, y, wide, CELL_TALL, f"q{step}", fill=DEEPER[step], stroke=INK, stroke_width=0.75),
        text(middle, foot, f"{cell.percent:.0f} %", f"k{step}", fill=ON_DEEPER[step],
             font_weight=600, text_anchor="middle"),
    ]  # fmt: skip
