"""Diverging stacked bars as a picture.

Then and later as two dots a line.

Ways through the questionnaire as streams, and bars of who was asked what.

Small heat maps as a picture: across what came before, upward the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from exports.charts.chart import (
    HIDDEN,
    BarGroup,
    Bars,
    Cell,
    ChartBar,
    Dots,
    FlowChart,
    Heat,
    Panel,
    Slice,
    Stream,
    in_words,
)
from exports.charts.svg import (
    DEEPER,
    DIVERGING,
    INK,
    LINE,
    NARROW,
    ON_DEEPER,
    ON_DIVERGING,
    PAPER,
    SIZE,
    STEPS,
    Drawing,
    box,
    field,
    folded,
    held_back,
    rule,
    stacked,
    text,
    texts,
    width_of,
)

THICK, BAR_GAP = 24, 9  # pixels: a bar, and between rows
BAR_SMALL = 12
HELD = "answers hidden"
REST = 80  # for the share that is not shown, at the right


@dataclass(frozen=True, slots=True)
class _BarLayout:
    """Where things stand: words end at ``left``, ``middle`` is the line, ``unit`` one per cent."""

    width: float
    left: float
    middle: float
    unit: float

    @property
    def beside(self) -> bool:
        """Whether words stand beside their bar, not above it."""
        return self.left > 0


def _before(bar: ChartBar) -> float:
    """Per cent that lies left of the line: disagreement and half of the middle."""
    half = len(bar.slices) // 2
    before = sum(s.percent or 0 for s in bar.slices[:half])
    odd = bar.slices[half].percent or 0 if len(bar.slices) % 2 else 0
    return before + odd / 2


def _plan(bars: Sequence[ChartBar], width: float) -> _BarLayout:
    left = width * 0.4 if width > NARROW else 0
    low = max(_before(bar) for bar in bars)
    high = max(bar.drawn - _before(bar) for bar in bars)
    unit = (width - left - REST - 12) / max(low + high, 1)
    return _BarLayout(width, left, left + 12 * bool(left) + low * unit, unit)


def _slices(bar: ChartBar, plan: _BarLayout, y: float) -> list[str]:
    x, lines = plan.middle - _before(bar) * plan.unit, []
    for step, part in zip(STEPS[len(bar.slices)], bar.slices, strict=True):
        if part.percent is not None:
            wide = part.percent * plan.unit
            lines.append(field(x, y, wide, THICK, step))
            said = f"{part.percent:.0f}"
            if wide > width_of(said, BAR_SMALL) + 4:
                lines.append(
                    text(x + wide / 2, y + THICK / 2 + 4, said, f"l{step}", font_size=BAR_SMALL,
                         fill=ON_DIVERGING[step], text_anchor="middle")
                )  # fmt: skip
            x += wide
    return lines


def _rest(bar: ChartBar, plan: _BarLayout, y: float) -> list[str]:
    """How many answers no field shows. How many people gave them is not worked out for anybody."""
    if not (hidden := [s for s in bar.slices if s.percent is None]):
        return []
    left = plan.width - REST + 8
    said = "all hidden" if len(hidden) == len(bar.slices) else f"{len(hidden)} hidden"
    return [
        held_back(left, y + 3, REST - 10, THICK - 6),
        text(left + REST / 2 - 5, y + THICK / 2 + 4, said, "c-soft",
             font_size=11, text_anchor="middle"),
    ]  # fmt: skip


def _row(bar: ChartBar, plan: _BarLayout) -> Drawing:
    words = folded(bar.told, plan.left if plan.beside else plan.width)
    tall = len(words) * LINE
    if plan.beside:
        height = max(tall, THICK)
        y, foot = (height - THICK) / 2, (height - tall) / 2 + SIZE
    else:
        height, y, foot = tall + THICK + 4, tall + 4, float(SIZE)
    line = rule(plan.middle, y - BAR_GAP / 2, plan.middle, y + THICK + BAR_GAP / 2)
    lines = [line, *texts(0, foot, words), *_slices(bar, plan, y), *_rest(bar, plan, y)]
    return Drawing(plan.width, height + BAR_GAP, tuple(lines))


def _heading(words: str, width: float) -> Drawing:
    lines = folded(words, width, size=SIZE + 1)
    drawn = texts(0, SIZE + 8, lines, font_size=SIZE + 1, font_weight=600)
    return Drawing(width, len(lines) * LINE + 12, tuple(drawn))


def _group(group: BarGroup, plan: _BarLayout) -> Drawing:
    heading = [_heading(group.heading, plan.width)] if group.heading else []
    space = [] if group.heading else [Drawing(plan.width, 8, ())]
    return stacked([*heading, *(_row(bar, plan) for bar in group.bars), *space])


def _bar_legend(options: Sequence[str], width: float, *, last: bool) -> Drawing:
    """Each colour with its words, in the order of the bars, as many to a line as fit."""
    lines: list[str] = []
    x, y = 0.0, 4.0
    steps: list[int | None] = [*STEPS[len(options)], *(None,) * last]
    for step, words in zip(steps, [*options, *(HELD,) * last], strict=True):
        room = 22 + width_of(words) * 1.08 + 14
        if x and x + room > width:
            x, y = 0, y + LINE + 5
        lines.append(held_back(x, y, 15, 15) if step is None else field(x, y, 15, 15, step))
        lines.append(text(x + 21, y + 12, words))
        x += room
    return Drawing(width, y + LINE + 8, tuple(lines))


def _legends(picture: Bars, width: float) -> list[Drawing]:
    drawn = []
    for at, (what, options) in enumerate(picture.options, start=1):
        drawn += [_heading(what, width)] if what else []
        drawn.append(_bar_legend(options, width, last=at == len(picture.options)))
    return drawn


def draw_bars(picture: Bars, width: float) -> Drawing:
    """The bars under their legend, in so many pixels of width."""
    bars = [bar for group in picture.groups for bar in group.bars]
    plan = _plan(bars, width)
    return stacked([*_legends(picture, width), *(_group(group, plan) for group in picture.groups)])


RADIUS, ROOM = 7, 34


def _dot(x: float, y: float, *, later: bool) -> str:
    """An open ring for then, a full dot for later."""
    css, fill = ("c-later", DIVERGING[6]) if later else ("c-then", PAPER)
    return (
        f'<circle class="{css}" cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="{fill}" '
        f'stroke="{DIVERGING[6]}" stroke-width="2.5"/>'
    )


def _said(then: Slice, later: Slice) -> str:
    both = ["hidden" if s.percent is None else f"{s.percent:.0f} %" for s in (then, later)]
    return " → ".join(both)


def _line(
    label: str, parts: tuple[Slice, Slice], *, left: float, width: float, most: float
) -> Drawing:
    words = folded(label, left or width, most=3)
    top = 0 if left else len(words) * LINE
    height = max(len(words) * LINE + 8, ROOM) if left else top + ROOM
    y = height / 2 if left else top + ROOM / 2
    start, unit = left + 16, (width - 132 - left) / most
    end = start + unit * most
    places = [None if s.percent is None else start + unit * s.percent for s in parts]
    foot = y + 4 - (len(words) - 1) * LINE / 2 if left else float(SIZE)
    lines = [*texts(0, foot, words), rule(start, y, end, y, stroke_width=0.5)]
    if None not in places:
        lines.append(rule(*(places[0] or 0, y, places[1] or 0, y), stroke_width=3))
    lines += [_dot(x, y, later=bool(at)) for at, x in enumerate(places) if x is not None]
    lines.append(text(width, y + 4, _said(*parts), "c-soft", font_size=12, text_anchor="end"))
    return Drawing(width, height, tuple(lines))


def _dot_legend(names: tuple[str, str], width: float) -> Drawing:
    lines = [
        _dot(9, 10, later=False), text(24, 14, names[0]),
        _dot(99, 10, later=True), text(114, 14, names[1]),
    ]  # fmt: skip
    return Drawing(width, 30, tuple(lines))


def draw_dots(picture: Dots, width: float) -> Drawing:
    """Every answer with its share at both moments, on one axis from nought."""
    left = width * 0.4 if width > NARROW else 0
    shares = [s.percent or 0 for _, then, later in picture.lines for s in (then, later)]
    most = max([*shares, 10.0])
    rows = [
        _line(label, (then, later), left=left, width=width, most=most)
        for label, then, later in picture.lines
    ]
    return stacked([_dot_legend(picture.names, width), *rows])


STREAM_TALL, STREAM_GAP, NODE = 170, 26, 14  # pixels: everybody, between streams, a place
LEAST = 26  # so that two lines of words fit beside a stream
STEP_OF = {1: (6,), **STEPS}


def _colour(at: int, of: int) -> int:
    return STEP_OF[min(max(of, 1), 7)][at % 7]


def _heights(parts: tuple[Stream, ...]) -> list[float]:
    known = sum(p.count or 0 for p in parts) or 1
    return [max(STREAM_TALL * (p.count or 0) / known, LEAST) for p in parts]


def _stream(x: tuple[float, float], one: tuple[float, float], other: tuple[float, float],
            step: int) -> str:  # fmt: skip
    """From the stretch ``one`` (top, height) at x[0] to ``other`` at x[1]."""
    (a, b), (top, tall), (to, high) = x, one, other
    middle = (a + b) / 2
    path = (
        f"M{a:g} {top:g}C{middle:g} {top:g} {middle:g} {to:g} {b:g} {to:g}V{to + high:g}"
        f"C{middle:g} {to + high:g} {middle:g} {top + tall:g} {a:g} {top + tall:g}Z"
    )
    return f'<path class="d{step}" d="{path}" fill="{DIVERGING[step]}" fill-opacity="0.55"/>'


def _endings(onward: tuple[Stream, ...]) -> str:
    known = [f"{e.label}: {in_words(e.count, e.percent)}" for e in onward if e.count is not None]
    return "; ".join(known)


def _ways(flow: FlowChart, width: float) -> Drawing:
    """Everybody at the left, each branch at its height at the right with its words."""
    heights = _heights(flow.branches)
    whole = sum(heights)
    start, end = 0.0, width * (0.3 if width <= NARROW else 0.42)
    room, y, from_ = width - end - NODE - 10, 24.0, 24.0 + STREAM_GAP * (len(heights) - 1) / 2
    lines = [text(0, SIZE, f"Everybody: about {flow.rows}", font_weight=600)]
    lines.append(box(start, from_, NODE, whole, "c-node", fill="#5a5661"))
    for at, (branch, tall) in enumerate(zip(flow.branches, heights, strict=True)):
        step = _colour(at, len(heights))
        lines.append(_stream((start + NODE, end), (from_, tall), (y, tall), step))
        lines.append(box(end, y, NODE, tall, f"d{step}", fill=DIVERGING[step], stroke=PAPER))
        words = folded(branch.label, room, most=4)
        said = [*words, in_words(branch.count, branch.percent)]
        said += folded(ends, room, most=3) if (ends := _endings(branch.onward)) else []
        foot = y + tall / 2 + 4 - (len(said) - 1) * LINE / 2
        lines += texts(end + NODE + 10, foot, said[: len(words)], font_weight=600)
        lines += texts(end + NODE + 10, foot + len(words) * LINE, said[len(words) :], "c-soft")
        y, from_ = y + max(tall, len(said) * LINE) + STREAM_GAP, from_ + tall
    return Drawing(width, y, tuple(lines))


def _asked(asked: Stream, rows: int, width: float) -> Drawing:
    words = folded(f"Asked {asked.label}", width, most=5)
    y, full = len(words) * LINE + 4, width - 130
    said = in_words(asked.count, asked.percent)
    wide = full * min((asked.count or 0) / max(rows, 1), 1)
    bar = (
        held_back(0, y, full, 18)
        if asked.count is None
        else box(0, y, wide, 18, "d5", fill=DIVERGING[5])
    )
    back = box(0, y, full, 18, "c-back", fill="#f1ece4")
    figure = text(full + 8, y + 13, said, "c-soft", font_size=12)
    return Drawing(width, y + 34, (*texts(0, SIZE, words), back, bar, figure))


def draw_flow(picture: FlowChart, width: float) -> Drawing:
    """The ways, and below them who was asked the questions that not everybody gets."""
    heading = text(0, SIZE + 6, "Questions for some", font_size=SIZE + 1, font_weight=600)
    parts = [_ways(picture, width)]
    if picture.asked:
        parts.append(Drawing(width, 34, (heading,)))
    return stacked([*parts, *(_asked(a, picture.rows, width) for a in picture.asked)])


CELL_TALL, GUTTER, CELL_SMALL = 40, 20, 11.5
SIDE = 78  # for the words beside a map
BOLD = 1.15  # how much wider bold letters are
LEGEND = ("0–19 %", "20–39 %", "40–59 %", "60–79 %", "80–100 %")


def shade(percent: float) -> int:
    """Which of five depths stands for a share."""
    return min(int(percent // 20), len(DEEPER) - 1)


def _short(label: str) -> str:
    """``Low (1 to under 2.5)`` without its bounds; the legend has them."""
    return label.split(" (")[0]


def _cell(cell: Cell, x: float, y: float, wide: float) -> list[str]:
    middle, foot = x + wide / 2, y + CELL_TALL / 2 + 4
    if cell.percent is None:
        said = HIDDEN if cell.count is None else f"about {cell.count}"
        return [
            held_back(x + 1, y + 1, wide - 2, CELL_TALL - 2),
            text(middle, foot, said, "c-soft", font_size=CELL_SMALL, text_anchor="middle"),
        ]
    step = shade(cell.percent)
    return [
        box(x, y, wide, CELL_TALL, f"q{step}", fill=DEEPER[step], stroke=INK, stroke_width=0.75),
        text(middle, foot, f"{cell.percent:.0f} %", f"k{step}", fill=ON_DEEPER[step],
             font_weight=600, text_anchor="middle"),
    ]  # fmt: skip


def _panel(panel: Panel, bands: tuple[str, ...], width: float, *, heading: int) -> Drawing:
    words = folded(panel.heading, width / BOLD, most=heading)
    top = heading * LINE + 6
    wide = (width - SIDE) / len(bands)
    lines = texts(0, SIZE + (heading - len(words)) * LINE, words, font_weight=600)
    for up, level in enumerate(reversed(panel.levels)):
        y = top + up * CELL_TALL
        said = folded(_short(level), SIDE - 4, size=CELL_SMALL, most=2)
        foot = y + CELL_TALL / 2 + 4 - (len(said) - 1) * LINE / 2
        lines += texts(SIDE - 6, foot, said, "c-soft", font_size=CELL_SMALL, text_anchor="end")
        for at in range(len(bands)):
            lines += _cell(panel.cells[at][len(panel.levels) - 1 - up], SIDE + at * wide, y, wide)
    foot = top + len(panel.levels) * CELL_TALL
    for at, (band, base) in enumerate(zip(bands, panel.bases, strict=True)):
        x, n = SIDE + (at + 0.5) * wide, "not told" if base is None else f"of {base}"
        said = [*folded(_short(band), wide, size=CELL_SMALL, most=2), n]
        lines += texts(
            x, foot + SIZE + 2, said, "c-soft", font_size=CELL_SMALL, text_anchor="middle"
        )
    return Drawing(width, foot + 3 * LINE + 8, tuple(lines))


def _beside(panels: list[Drawing | None], width: float) -> Drawing:
    lines: list[str] = []
    for at, panel in enumerate(panels):
        if panel is not None:
            move = f'<g transform="translate({at * (width + GUTTER):g} 0)">'
            lines += [move, *panel.lines, "</g>"]
    there = [p for p in panels if p is not None]
    whole = len(panels) * (width + GUTTER) - GUTTER
    return Drawing(whole, max(p.height for p in there), tuple(lines))


def _heat_legend(picture: Heat, width: float) -> Drawing:
    said = folded(f"Across: {picture.across}: {', '.join(picture.bands)}. Upward: the later score.",
                  width, most=6)  # fmt: skip
    lines = texts(0, SIZE, said)
    x, y = 0.0, len(said) * LINE + 4.0
    for step, words in enumerate(LEGEND):
        if x + 100 > width:
            x, y = 0, y + LINE + 5
        lines += [
            box(x, y, 15, 15, f"q{step}", fill=DEEPER[step], stroke="#5a5661", stroke_width=0.5),
            text(x + 21, y + 12, words),
        ]
        x += 104
    return Drawing(width, y + LINE + 14, tuple(lines))


def draw_heat(picture: Heat, width: float) -> Drawing:
    """The maps under their legend, three to a line where there is room."""
    across = 1 if width <= NARROW else 3
    wide = (width - (across - 1) * GUTTER) / across
    tallest = max(len(folded(p.heading, wide / BOLD, most=3)) for p in picture.panels)
    drawn = [_panel(p, picture.bands, wide, heading=tallest) for p in picture.panels]
    rows = [list(row) for row in zip_longest(*[iter(drawn)] * across)]
    return stacked([_heat_legend(picture, width), *(_beside(row, wide) for row in rows)])
