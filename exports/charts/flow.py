"""Which way people took through the questionnaire, how it ended, and who was asked what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from exports.charts.chart import Chart, Flow, Stream, Table, in_words
from exports.charts.figures import BRANCH, ENDING, Figures, routed
from exports.charts.shape import Book
from exports.tables.lines import figures_of
from exports.tables.one_way import OneWay
from exports.tables.rule import percent
from exports.tables.two_way import TwoWay

_CODED = re.compile(r"-?\d+ \(([^()]*)\)")  # an answer by code and label (forms/routing.py)


def _endings(table: TwoWay | None, branch: str) -> tuple[Stream, ...]:
    """How a branch ended, where the two were counted together."""
    codes = [c.code for c in table.row.categories] if table else []
    if table is None or branch not in codes:
        return ()
    at = codes.index(branch)
    total, counts = table.row_totals[at], table.counts[at]
    return tuple(
        Stream(category.label, n, None if n is None or total is None else percent(n, total))
        for category, n in zip(table.column.categories, counts, strict=True)
        if not category.rest
    )


def _shares(figures: Figures, name: str) -> tuple[Stream, ...]:
    """Each answer of a column, of everybody."""
    if name not in figures.one_way:
        return ()
    found = figures_of(figures.one_way[name], figures.parts)
    return tuple(_of_all(c.label, f.count, figures.rows) for c, f in found if not c.missing)


def _of_all(label: str, count: int | None, rows: int) -> Stream:
    return Stream(label, count, None if count is None else percent(count, rows))


def _branches(figures: Figures) -> tuple[Stream, ...]:
    endings = figures.two_way.get((BRANCH, ENDING))
    codes = [c.code for c in figures.one_way[BRANCH].variable.categories if not c.missing]
    return tuple(
        replace(stream, onward=_endings(endings, code))
        for code, stream in zip(codes, _shares(figures, BRANCH), strict=True)
    )


def _unasked(table: OneWay) -> int | None:
    """People who were not asked; nobody where the table does not list them."""
    for category, n in zip(table.variable.categories, table.counts, strict=True):
        if category.routed:
            return n
    return 0


def _asked(book: Book, figures: Figures) -> tuple[Stream, ...]:
    """Each condition under which some questions are asked, and for how many it held."""
    found = []
    for name, words in routed(book):
        if name in figures.one_way:
            out = _unasked(figures.one_way[name])
            count = None if out is None else max(figures.rows - out, 0)
            plain = _CODED.sub(r"“\1”", words.removeprefix("Asked "))
            found.append(_of_all(plain, count, figures.rows))
    return tuple(found)


def _sentence(flow: Flow) -> str:
    known = [b for b in flow.branches if b.count is not None and b.percent is not None]
    ways = ", ".join(f"about {b.percent:.0f} % “{b.label}”" for b in known)
    said = f"About {flow.rows} answers" + (f", by way: {ways}." if known else ".")
    hidden = len(flow.branches) - len(known)
    if hidden:
        said += f" {hidden} of {len(flow.branches)} ways are too small to be shown."
    return said


def _lines(flow: Flow) -> Iterator[tuple[str, ...]]:
    yield "Everybody", "", f"about {flow.rows}"
    for branch in flow.branches:
        yield "Way", branch.label, in_words(branch.count, branch.percent)
        for end in branch.onward:
            yield f"Ending of “{branch.label}”", end.label, in_words(end.count, end.percent)
    for end in flow.endings:
        yield "Ending", end.label, in_words(end.count, end.percent)
    for asked in flow.asked:
        yield "Asked", asked.label, in_words(asked.count, asked.percent)


def flow(book: Book, figures: Figures) -> Chart | None:
    """The ways through; None for a study that has but one."""
    if BRANCH not in figures.one_way:
        return None
    found = Flow(figures.rows, _branches(figures), _shares(figures, ENDING), _asked(book, figures))
    return Chart(
        key="flow",
        title="Ways through the questionnaire",
        lead="The width of a stream is the number of answers; below, who was asked the questions "
        "that not everybody gets.",
        sentence=_sentence(found),
        base=f"Base: about {found.rows} answers. Counts are rounded to 5; none under 10 is shown.",
        picture=found,
        table=Table(("What", "Which", "Answers"), tuple(_lines(found)), frozenset({2})),
    )
