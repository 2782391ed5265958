"""The routing as a picture in SVG: where each page stands and which page can follow which.

Pages stand from top to bottom in the order of the study, pages with one condition below one
another in a lane. Lines are drawn for what can really happen: for every combination of answers
that makes a difference, from each page to the next.

Attributes give the colours of a light page; classes (``box``, ``line``, ``condition`` …) let a
stylesheet give others, for a dark screen or for print.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby, pairwise
from textwrap import shorten, wrap

from forms.kinds import columns_of_study
from forms.routing import joined, labels_of_codes, routes, shown_pages
from forms.study import Condition, Page, Study

START, END = "start", "end"  # before the first page and after the last one


@dataclass(frozen=True, slots=True)
class Box:
    """One page of the picture. ``lane`` counts from the left and may be a half."""

    id: str
    page: Page | None  # None before the first page and after the last one
    number: int
    row: int
    lane: float


@dataclass(frozen=True, slots=True)
class RouteMap:
    """Boxes by id, lines between them as (from, to), and how many lanes and rows there are."""

    boxes: Mapping[str, Box]
    lines: tuple[tuple[str, str], ...]
    lanes: int
    rows: int


# Pages in a row that all clients meet, or that hang on answers: condition → its pages.
Stretch = Mapping[Condition, Sequence[Page]]


def deciding_columns(study: Study) -> frozenset[str]:
    """Return every column on which the way from page to page hangs, and what leads to those."""
    asked_in = {column.name: column.question for column in columns_of_study(study)}
    wanted = {column for page in study.pages for column, _ in page.show_if}
    for page in study.pages:
        # A page is passed by when none of its questions is asked.
        if page.questions and all(q.show_if for q in page.questions):
            wanted |= {column for q in page.questions for column, _ in q.show_if}
    found: set[str] = set()
    while wanted - found:
        column = min(wanted - found)
        found.add(column)
        if column in asked_in:
            question = asked_in[column]
            conditions = (*question.show_if, *study.page_of[question.name].show_if)
            wanted |= {name for name, _ in conditions}
    return frozenset(found)


def stretches(study: Study) -> Iterator[Stretch]:
    """Yield the pages in order, as stretches of pages that hang on answers or that do not."""
    for _, run in groupby(study.pages, key=lambda page: bool(page.show_if)):
        lanes: dict[Condition, list[Page]] = {}
        for page in run:
            lanes.setdefault(page.show_if, []).append(page)
        yield lanes


def route_map(study: Study) -> RouteMap:
    """Return the picture's boxes and lines."""
    lines = {
        line
        for answers in routes(study, deciding_columns(study))
        for line in pairwise((START, *(p.id for p in shown_pages(study, answers)), END))
    }
    runs = tuple(stretches(study))
    lanes = max((len(run) for run in runs), default=1)
    boxes = {START: Box(START, None, 0, 0, (lanes - 1) / 2)}
    for run in runs:
        _place(run, boxes, study, lines, lanes)
    end = max(box.row for box in boxes.values()) + 1
    boxes[END] = Box(END, None, 0, end, (lanes - 1) / 2)
    rank = {id_: n for n, id_ in enumerate(boxes)}
    ordered = tuple(sorted(lines, key=lambda line: (rank[line[0]], rank[line[1]])))
    return RouteMap(boxes, ordered, lanes, end + 1)


def _place(
    run: Stretch, boxes: dict[str, Box], study: Study, lines: set[tuple[str, str]], lanes: int
) -> None:
    """Put a stretch below all that stands already."""
    top = max(box.row for box in boxes.values()) + 1
    left = (lanes - len(run)) / 2
    lane_of = {page.id: n for n, pages in enumerate(run.values()) for page in pages}
    inside = [(lane_of[a], lane_of[b]) for a, b in lines if a in lane_of and b in lane_of]
    # Where a line leads from lane to lane each page has a row of its own, so that it leads down.
    stepped = any(a != b for a, b in inside)
    order = [p for p in study.pages if p.id in lane_of]
    for n, pages in enumerate(run.values()):
        for depth, page in enumerate(pages):
            row = top + (order.index(page) if stepped else depth)
            number = study.pages.index(page) + 1
            boxes[page.id] = Box(page.id, page, number, row, left + n)


WIDE, GUTTER, MARGIN = 264, 36, 14  # pixels: a box, between lanes, around everything
LINE, SIZE = 18, 14  # height of a line of text, and its font size
LETTERS = 29  # that fit into a box at this size, in a wide font and bold
LONGEST_WHEN = 5  # lines of a condition; the rest stands in the table
ARROW = 7
DETOUR = 14  # between lines that pass beside the lanes
NAMES = {START: "Consent", END: "Check and send"}


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box with its corners in pixels, and what stands in it and above it."""

    box: Box
    x: float
    y: float
    height: float
    words: tuple[str, ...]
    small: tuple[str, ...]
    when: tuple[str, ...]
    lead: float = 0  # room above its row, for the longest condition there

    @property
    def middle(self) -> float:
        """Return the abscissa at which lines come in and go out."""
        return self.x + WIDE / 2

    @property
    def bottom(self) -> float:
        """Return the ordinate at which lines go out."""
        return self.y + self.height


def when_in_words(study: Study, condition: Condition) -> str:
    """Return a condition in short: only if saw_tears: “Yes” or “Not sure”."""
    labels = labels_of_codes(study)
    parts = []
    for column, codes in condition:
        known = labels[column]
        # Answers in their order, then the ways of not answering.
        in_order = sorted(codes, key=lambda code: (code < 0, abs(code)))
        chosen = [f"“{known.get(code, code)}”" for code in in_order]
        parts.append(f"{column}: {joined(chosen, 'or')}")
    return "only if " + " and ".join(parts) if parts else ""


def _drawn(study: Study, box: Box, *, entered: bool) -> DrawnBox:
    """Return a box with its words, in its lane and not yet in its row."""
    x, page = MARGIN + box.lane * (WIDE + GUTTER), box.page
    if page is None:
        return DrawnBox(box, x, 0, 0, (NAMES[box.id],), (), ())
    count, some = len(page.questions), sum(1 for q in page.questions if q.show_if)
    told = f"{count} question{'s' if count != 1 else ''}"
    told += f", {some} only for some" if some else ""
    small = (told, "sensitive page") if page.sensitive else (told,)
    # Pages that follow on a page with the same condition need not say it again.
    when = wrap(when_in_words(study, page.show_if), LETTERS) if entered else []
    if len(when) > LONGEST_WHEN:
        rest = " ".join(when[LONGEST_WHEN - 1 :])
        when[LONGEST_WHEN - 1 :] = [shorten(rest, LETTERS, placeholder=" …")]
    title = wrap(f"{box.number}. {page.title}", LETTERS)[:3]
    return DrawnBox(box, x, 0, 0, tuple(title), small, tuple(when))


def _lay_out(study: Study, found: RouteMap) -> dict[str, DrawnBox]:
    """Return every box with its place: rows are as high as their highest box needs."""
    conditions = {id_: box.page.show_if if box.page else () for id_, box in found.boxes.items()}
    entered = {b for a, b in found.lines if conditions[a] != conditions[b]}
    bare = [_drawn(study, box, entered=id_ in entered) for id_, box in found.boxes.items()]
    drawn, y = {}, float(MARGIN)
    for row in range(found.rows):
        here = [d for d in bare if d.box.row == row]
        lead = LINE * max((len(d.when) for d in here), default=0)
        height = LINE * max((len(d.words) + len(d.small) for d in here), default=1) + 16
        y += lead
        drawn.update({d.box.id: replace(d, y=y, height=height, lead=lead) for d in here})
        y += height + 2 * LINE
    return drawn


def _text(x: float, y: float, lines: tuple[str, ...], css: str, more: str) -> Iterator[str]:
    for n, line in enumerate(lines):
        yield f'<text class="{css}" x="{x:g}" y="{y + n * LINE:g}" {more}>{escape(line)}</text>'


def _box(d: DrawnBox) -> Iterator[str]:
    ends = d.box.page is None
    css, fill = ("box ends", "#e3eeed") if ends else ("box", "#fffdfa")
    yield (
        f'<rect class="{css}" x="{d.x:g}" y="{d.y:g}" width="{WIDE}" height="{d.height:g}" '
        f'rx="{24 if ends else 8}" fill="{fill}" stroke="#175c63" stroke-width="1.5"/>'
    )
    y = d.y + SIZE + 8
    middle = f'text-anchor="middle" font-size="{SIZE}"'
    yield from _text(
        d.middle, y, d.words, "page-title", f'{middle} font-weight="600" fill="#26242b"'
    )
    y += LINE * len(d.words)
    small = f'text-anchor="middle" font-size="{SIZE - 1.5}"'
    yield from _text(d.middle, y, d.small, "page-note", f'{small} fill="#5a5661"')
    y = d.y - LINE * (len(d.when) - 1) - ARROW - 9
    yield from _text(d.middle, y, d.when, "condition", f'{small} fill="#8a3f14"')


def _line(a: DrawnBox, b: DrawnBox, *, detour: float | None) -> Iterator[str]:
    """Yield a line with its arrowhead, from the foot of ``a`` to the head of ``b``."""
    above = b.y - b.lead - LINE - 4
    x, y = a.middle, a.bottom
    bends = [(x, y)]
    if detour is not None:
        bends += [(x, y + 8), (detour, y + 8), (detour, above), (b.middle, above)]
    elif x != b.middle:
        bends += [(x, above), (b.middle, above)]
    # A condition stands between the line and its arrowhead.
    bends.append((b.middle, b.y - LINE * len(b.when) - ARROW - (6 if b.when else 0)))
    way = "M" + " L".join(f"{x:g} {y:g}" for x, y in bends)
    yield f'<path class="line" d="{way}" fill="none" stroke="#5a5661" stroke-width="1.5"/>'
    x, y = b.middle, b.y - ARROW - 2
    head = f"M{x - 5:g} {y:g} L{x + 5:g} {y:g} L{x:g} {b.y:g} Z"
    yield f'<path class="head" d="{head}" fill="#5a5661"/>'


_OPENING = """\
<svg xmlns="http://www.w3.org/2000/svg" class="map" role="img" \
aria-labelledby="map-title map-about" width="{width:g}" height="{height:g}" \
viewBox="0 0 {width:g} {height:g}" font-family="system-ui, Segoe UI, Arial, sans-serif">
<title id="map-title">Ways through {title}</title>
<desc id="map-about">{pages} pages from top to bottom, with a line from each to those that can \
follow it.</desc>"""


def picture(study: Study) -> str:
    """Return the whole picture as one ``<svg>`` element."""
    found = route_map(study)
    drawn = _lay_out(study, found)
    right = float(MARGIN + found.lanes * WIDE + (found.lanes - 1) * GUTTER)
    lines: list[str] = []
    for a, b in ((drawn[a], drawn[b]) for a, b in found.lines):
        between = [d for d in drawn.values() if a.box.row < d.box.row < b.box.row]
        # Straight down it would run into a box: it passes to the right of everything.
        blocked = any(d.x - 4 < a.middle < d.x + WIDE + 4 for d in between)
        right += DETOUR if blocked else 0
        lines += _line(a, b, detour=right if blocked else None)
    opening = _OPENING.format(
        width=right + MARGIN,
        height=drawn[END].bottom + MARGIN,
        title=escape(study.title),
        pages=len(study.pages),
    )
    boxes = (part for d in drawn.values() for part in _box(d))
    return "\n".join([opening, *lines, *boxes, "</svg>"])
