"""Drawing with SVG: shapes, colours and the width of words.

Attributes give the colours of a light page, so that a file stands alone; classes let a stylesheet
give others for a dark screen. Colours are never the only sign: every field has its figure in it or
beside it, and its place says what it is. Brown to teal is told apart by every kind of colour vision
(Brewer's BrBG). Neighbours of like depth are parted by a line of 3:1 or more to one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

WIDE, NARROW = 720, 340  # pixels: a computer's screen, a phone's
SIZE, LINE = 13, 17  # of text: height of a letter and of a line
LETTER = 0.53  # mean width of a letter, of its height: a wide sans
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
BUNDLED = "Libertinus Serif"  # comes with typst, so that a PNG is the same wherever it is made

INK, SOFT, RULE, PAPER, HELD = "#26242b", "#5a5661", "#ddd4c8", "#fffdfa", "#f1ece4"
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
