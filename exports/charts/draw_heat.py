"""Small heat maps as a picture: across what came before, upward the score."""

from __future__ import annotations

from itertools import zip_longest

from exports.charts.chart import HIDDEN, Cell, Heat, Panel
from exports.charts.pen import (
    DEEPER,
    INK,
    LINE,
    NARROW,
    ON_DEEPER,
    SIZE,
    Drawing,
    box,
    folded,
    held_back,
    stacked,
    text,
    texts,
)

TALL, GUTTER, SMALL = 40, 20, 11.5
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
    middle, foot = x + wide / 2, y + TALL / 2 + 4
    if cell.percent is None:
        said = HIDDEN if cell.count is None else f"about {cell.count}"
        return [
            held_back(x + 1, y + 1, wide - 2, TALL - 2),
            text(middle, foot, said, "c-soft", font_size=SMALL, text_anchor="middle"),
        ]
    step = shade(cell.percent)
    return [
        box(x, y, wide, TALL, f"q{step}", fill=DEEPER[step], stroke=INK, stroke_width=0.75),
        text(middle, foot, f"{cell.percent:.0f} %", f"k{step}", fill=ON_DEEPER[step],
             font_weight=600, text_anchor="middle"),
    ]  # fmt: skip


def _panel(panel: Panel, bands: tuple[str, ...], width: float, *, heading: int) -> Drawing:
    words = folded(panel.heading, width / BOLD, most=heading)
    top = heading * LINE + 6
    wide = (width - SIDE) / len(bands)
    lines = texts(0, SIZE + (heading - len(words)) * LINE, words, font_weight=600)
    for up, level in enumerate(reversed(panel.levels)):
        y = top + up * TALL
        said = folded(_short(level), SIDE - 4, size=SMALL, most=2)
        foot = y + TALL / 2 + 4 - (len(said) - 1) * LINE / 2
        lines += texts(SIDE - 6, foot, said, "c-soft", font_size=SMALL, text_anchor="end")
        for at in range(len(bands)):
            lines += _cell(panel.cells[at][len(panel.levels) - 1 - up], SIDE + at * wide, y, wide)
    foot = top + len(panel.levels) * TALL
    for at, (band, base) in enumerate(zip(bands, panel.bases, strict=True)):
        x, n = SIDE + (at + 0.5) * wide, "not told" if base is None else f"of {base}"
        said = [*folded(_short(band), wide, size=SMALL, most=2), n]
        lines += texts(x, foot + SIZE + 2, said, "c-soft", font_size=SMALL, text_anchor="middle")
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


def _legend(picture: Heat, width: float) -> Drawing:
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
    return stacked([_legend(picture, width), *(_beside(row, wide) for row in rows)])
