"""Diverging stacked bars as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exports.charts.chart import Bar, Bars, Group
from exports.charts.pen import (
    LINE,
    NARROW,
    ON_DIVERGING,
    SIZE,
    STEPS,
    Drawing,
    field,
    folded,
    held_back,
    rule,
    stacked,
    text,
    texts,
    width_of,
)

THICK, GAP = 24, 9  # pixels: a bar, and between rows
SMALL = 12
HELD = "answers hidden"
REST = 80  # for the share that is not shown, at the right


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where things stand: words end at ``left``, ``middle`` is the line, ``unit`` one per cent."""

    width: float
    left: float
    middle: float
    unit: float

    @property
    def beside(self) -> bool:
        """Whether words stand beside their bar, not above it."""
        return self.left > 0


def _before(bar: Bar) -> float:
    """Per cent that lies left of the line: disagreement and half of the middle."""
    half = len(bar.slices) // 2
    before = sum(s.percent or 0 for s in bar.slices[:half])
    odd = bar.slices[half].percent or 0 if len(bar.slices) % 2 else 0
    return before + odd / 2


def _plan(bars: Sequence[Bar], width: float) -> _Plan:
    left = width * 0.4 if width > NARROW else 0
    low = max(_before(bar) for bar in bars)
    high = max(bar.drawn - _before(bar) for bar in bars)
    unit = (width - left - REST - 12) / max(low + high, 1)
    return _Plan(width, left, left + 12 * bool(left) + low * unit, unit)


def _slices(bar: Bar, plan: _Plan, y: float) -> list[str]:
    x, lines = plan.middle - _before(bar) * plan.unit, []
    for step, part in zip(STEPS[len(bar.slices)], bar.slices, strict=True):
        if part.percent is not None:
            wide = part.percent * plan.unit
            lines.append(field(x, y, wide, THICK, step))
            said = f"{part.percent:.0f}"
            if wide > width_of(said, SMALL) + 4:
                lines.append(
                    text(x + wide / 2, y + THICK / 2 + 4, said, f"l{step}", font_size=SMALL,
                         fill=ON_DIVERGING[step], text_anchor="middle")
                )  # fmt: skip
            x += wide
    return lines


def _rest(bar: Bar, plan: _Plan, y: float) -> list[str]:
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


def _row(bar: Bar, plan: _Plan) -> Drawing:
    words = folded(bar.told, plan.left if plan.beside else plan.width)
    tall = len(words) * LINE
    if plan.beside:
        height = max(tall, THICK)
        y, foot = (height - THICK) / 2, (height - tall) / 2 + SIZE
    else:
        height, y, foot = tall + THICK + 4, tall + 4, float(SIZE)
    line = rule(plan.middle, y - GAP / 2, plan.middle, y + THICK + GAP / 2)
    lines = [line, *texts(0, foot, words), *_slices(bar, plan, y), *_rest(bar, plan, y)]
    return Drawing(plan.width, height + GAP, tuple(lines))


def _heading(words: str, width: float) -> Drawing:
    lines = folded(words, width, size=SIZE + 1)
    drawn = texts(0, SIZE + 8, lines, font_size=SIZE + 1, font_weight=600)
    return Drawing(width, len(lines) * LINE + 12, tuple(drawn))


def _group(group: Group, plan: _Plan) -> Drawing:
    heading = [_heading(group.heading, plan.width)] if group.heading else []
    space = [] if group.heading else [Drawing(plan.width, 8, ())]
    return stacked([*heading, *(_row(bar, plan) for bar in group.bars), *space])


def _legend(options: Sequence[str], width: float, *, last: bool) -> Drawing:
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
        drawn.append(_legend(options, width, last=at == len(picture.options)))
    return drawn


def draw_bars(picture: Bars, width: float) -> Drawing:
    """The bars under their legend, in so many pixels of width."""
    bars = [bar for group in picture.groups for bar in group.bars]
    plan = _plan(bars, width)
    return stacked([*_legends(picture, width), *(_group(group, plan) for group in picture.groups)])
