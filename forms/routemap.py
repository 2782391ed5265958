"""The routing as a picture: where each page stands and which page can follow which. Pure layout.

Pages stand from top to bottom in the order of the study, pages with the same condition below one
another in a lane. Lines are drawn for what can really happen: for every combination of answers
that makes a difference, from each page to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

from forms.columns import of_study
from forms.path import routes, shown_pages
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pages in a row that everybody meets, or that hang on answers: condition → its pages."""

    lanes: Mapping[Condition, tuple[Page, ...]]


def _hangs_on(page: Page) -> frozenset[str]:
    """Columns that decide whether ``page`` is shown: its own, or those of all its questions."""
    own = {column for column, _ in page.show_if}
    if page.questions and all(q.show_if for q in page.questions):
        own |= {column for q in page.questions for column, _ in q.show_if}
    return frozenset(own)


def deciding_columns(study: Study) -> frozenset[str]:
    """Every column on which the way from page to page hangs, and what leads to those."""
    asked_in = {column.name: column.question for column in of_study(study)}
    wanted = {column for page in study.pages for column in _hangs_on(page)}
    found: set[str] = set()
    while wanted - found:
        column = min(wanted - found)
        found.add(column)
        if column in asked_in:
            question = asked_in[column]
            conditions = (*question.show_if, *study.page_of[question.name].show_if)
            wanted |= {name for name, _ in conditions}
    return frozenset(found)


def page_ways(study: Study) -> tuple[tuple[Page, ...], ...]:
    """Every different sequence of pages, each once."""
    found = (shown_pages(study, answers) for answers in routes(study, deciding_columns(study)))
    return tuple(dict.fromkeys(found))


def stretches(study: Study) -> Iterator[Stretch]:
    """The pages in order, as stretches of pages that hang on answers or that do not."""
    for _, run in groupby(study.pages, key=lambda page: bool(page.show_if)):
        lanes: dict[Condition, list[Page]] = {}
        for page in run:
            lanes.setdefault(page.show_if, []).append(page)
        yield Stretch({condition: tuple(pages) for condition, pages in lanes.items()})


def _crossed(stretch: Stretch, lines: set[tuple[str, str]]) -> bool:
    """Whether a page of one lane can be followed by one of another lane beside it."""
    lane_of = {p.id: n for n, pages in enumerate(stretch.lanes.values()) for p in pages}
    return any(a in lane_of and b in lane_of and lane_of[a] != lane_of[b] for a, b in lines)


def route_map(study: Study) -> RouteMap:
    """The picture's boxes and lines."""
    lines = {
        line
        for pages in page_ways(study)
        for line in pairwise((START, *(p.id for p in pages), END))
    }
    runs = tuple(stretches(study))
    lanes = max((len(run.lanes) for run in runs), default=1)
    boxes = {START: Box(START, None, 0, 0, (lanes - 1) / 2)}
    for run in runs:
        _place(run, boxes, study, lanes=lanes, stepped=_crossed(run, lines))
    end = max(box.row for box in boxes.values()) + 1
    boxes[END] = Box(END, None, 0, end, (lanes - 1) / 2)
    rank = {id_: n for n, id_ in enumerate(boxes)}
    ordered = tuple(sorted(lines, key=lambda line: (rank[line[0]], rank[line[1]])))
    return RouteMap(boxes, ordered, lanes, end + 1)


def _place(run: Stretch, boxes: dict[str, Box], study: Study, *, lanes: int, stepped: bool) -> None:
    """Put a stretch below all that stands already; ``stepped`` gives each page its own row."""
    top = max(box.row for box in boxes.values()) + 1
    left = (lanes - len(run.lanes)) / 2
    order = [p for p in study.pages if p.show_if in run.lanes and p in run.lanes[p.show_if]]
    for n, pages in enumerate(run.lanes.values()):
        for depth, page in enumerate(pages):
            row = top + (order.index(page) if stepped else depth)
            number = study.pages.index(page) + 1
            boxes[page.id] = Box(page.id, page, number, row, left + n)
