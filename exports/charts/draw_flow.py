"""Ways through the questionnaire as streams, and bars of who was asked what."""

from __future__ import annotations

from exports.charts.chart import Flow, Stream, in_words
from exports.charts.pen import (
    DIVERGING,
    LINE,
    NARROW,
    PAPER,
    SIZE,
    STEPS,
    Drawing,
    box,
    folded,
    held_back,
    stacked,
    text,
    texts,
)

TALL, GAP, NODE = 170, 26, 14  # pixels: everybody, between streams, a place
LEAST = 26  # so that two lines of words fit beside a stream
STEP_OF = {1: (6,), **STEPS}


def _colour(at: int, of: int) -> int:
    return STEP_OF[min(max(of, 1), 7)][at % 7]


def _heights(parts: tuple[Stream, ...]) -> list[float]:
    known = sum(p.count or 0 for p in parts) or 1
    return [max(TALL * (p.count or 0) / known, LEAST) for p in parts]


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


def _ways(flow: Flow, width: float) -> Drawing:
    """Everybody at the left, each branch at its height at the right with its words."""
    heights = _heights(flow.branches)
    whole = sum(heights)
    start, end = 0.0, width * (0.3 if width <= NARROW else 0.42)
    room, y, from_ = width - end - NODE - 10, 24.0, 24.0 + GAP * (len(heights) - 1) / 2
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
        y, from_ = y + max(tall, len(said) * LINE) + GAP, from_ + tall
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


def draw_flow(picture: Flow, width: float) -> Drawing:
    """The ways, and below them who was asked the questions that not everybody gets."""
    heading = text(0, SIZE + 6, "Questions for some", font_size=SIZE + 1, font_weight=600)
    parts = [_ways(picture, width)]
    if picture.asked:
        parts.append(Drawing(width, 34, (heading,)))
    return stacked([*parts, *(_asked(a, picture.rows, width) for a in picture.asked)])
