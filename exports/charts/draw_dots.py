"""Then and later as two dots a line."""

from __future__ import annotations

from exports.charts.chart import Dots, Slice
from exports.charts.pen import (
    DIVERGING,
    LINE,
    NARROW,
    PAPER,
    SIZE,
    Drawing,
    folded,
    rule,
    stacked,
    text,
    texts,
)

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


def _legend(names: tuple[str, str], width: float) -> Drawing:
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
    return stacked([_legend(picture.names, width), *rows])
