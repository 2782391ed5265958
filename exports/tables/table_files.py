"""Tier A as files: the measurement, CSV of what follows from it, a page to read, the method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from exports.documents.markup import DistributionBar, render_page
from exports.output_files import csv_text
from exports.tables.budget import right_of_100
from exports.tables.estimate import Estimates, Interval, Mean, Table, estimate, together
from exports.tables.measure import HEAD, Measurement, lines_of
from exports.tables.menu import NONE, Axis, Menu, budget_of
from exports.tables.methods import NOT_COVERED, Heading, methods, promise
from exports.tables.spent import Spent, left_of, spent_on

FOLDER = "tables"
TOGETHER = "all"
NO_ANSWER = "No valid answer"
DECIMALS = 3  # of a mean
MEASURED = ("batch", *HEAD)
_BOUNDS = ("count", "low", "high", "base", "percent", "percent_low", "percent_high")
ONE_WAY = ("batch", "table", "label", "code", "category", "missing", *_BOUNDS)
TWO_WAY = (
    "batch", "table", "row", "row_label", "row_code", "row_category",
    "column", "column_label", "column_code", "column_category", *_BOUNDS,
)  # fmt: skip
MEANS = ("batch", "score", "label", "mean", "low", "high", "base", "range_low", "range_high")
BUDGET = ("batch", "statistic", "rho", "right_of_100")
IN_ALL, LEFT = "everything together", "left of the lifetime"

Line = Sequence[object]
T = TypeVar("T", Table, Mean)


@dataclass(frozen=True, slots=True)
class NamedEstimates:
    """The figures of one batch, or of all of them together, under the name that files give it."""

    name: str
    figures: Estimates


def categories(axis: Axis) -> list[tuple[str, str]]:
    """Return (code, label) of each cell of an axis, the last one of those without an answer."""
    return [*((c.code, c.label) for c in axis.categories), (NONE, NO_ANSWER)]


def one_way_of(figures: Estimates) -> list[Table]:
    """Return the tables of one question."""
    return [table for table in figures.tables if len(table.statistic.axes) == 1]


def two_way_of(figures: Estimates) -> list[Table]:
    """Return the tables of two questions."""
    return [table for table in figures.tables if len(table.statistic.axes) > 1]


def row_of(table: Table, at: int) -> range:
    """Return the cells in the row of a cell; of one question, all of them."""
    width = table.statistic.shape[-1]
    start = at // width * width
    return range(start, start + width)


def _figures(table: Table, at: int) -> Line:
    count, percent = table.count(at), table.percent(at, row_of(table, at))
    told = (percent.value, percent.low, percent.high) if percent else ()
    shares = tuple(round(x, 1) for x in told) or ("", "", "")
    return (int(count.value), int(count.low), int(count.high), table.base, *shares)


def _one_way(batches: Sequence[NamedEstimates]) -> Iterator[Line]:
    for batch in batches:
        for table in one_way_of(batch.figures):
            axis = table.statistic.axes[0]
            for at, (code, label) in enumerate(categories(axis)):
                about = (batch.name, axis.column, axis.label, code, label, int(code == NONE))
                yield (*about, *_figures(table, at))


def _two_way(batches: Sequence[NamedEstimates]) -> Iterator[Line]:
    for batch in batches:
        for table in two_way_of(batch.figures):
            down, across = table.statistic.axes
            cells = ((one, other) for one in categories(down) for other in categories(across))
            for at, (one, other) in enumerate(cells):
                sides = (down.column, down.label, *one, across.column, across.label, *other)
                yield (batch.name, table.statistic.name, *sides, *_figures(table, at))


def _means(batches: Sequence[NamedEstimates]) -> Iterator[Line]:
    for batch in batches:
        for mean in batch.figures.means:
            of, f = mean.statistic, mean.figure
            told = (round(x, DECIMALS) for x in (f.value, f.low, f.high))
            yield (batch.name, of.column, of.label, *told, mean.base, of.low, of.high)


def _budget(
    menu: Menu, measured: Sequence[tuple[int, Measurement]], spent: Sequence[Spent]
) -> Iterator[Line]:
    def line(batch: int, name: str, rho: Fraction) -> Line:
        return batch, name, str(rho), round(right_of_100(rho), 1)

    for (number, measurement), paid in zip(measured, spent, strict=True):
        for one in measurement.parts:
            yield line(number, one.statistic.name, one.rho)
        yield line(number, IN_ALL, paid.people)
        yield line(number, LEFT, left_of(budget_of(menu.study), paid.people))


def files(
    menu: Menu, measured: Sequence[tuple[int, Measurement]], heading: Heading, again: str
) -> dict[str, bytes]:
    """Path → bytes of everything that tier A tells, from the measurement of each batch.

    ``again`` says what a second release shows. The same measurements give the same bytes.
    """
    batches = [NamedEstimates(str(number), estimate(one)) for number, one in measured]
    whole = together([batch.figures for batch in batches])
    if len(batches) > 1:
        batches.append(NamedEstimates(TOGETHER, whole))
    spent = [spent_on(menu, one) for _, one in measured]
    sizes = [one.people for _, one in measured]
    lines: dict[str, list[Line]] = {
        "measured.csv": [MEASURED, *((n, *each) for n, one in measured for each in lines_of(one))],
        "one-way.csv": [ONE_WAY, *_one_way(batches)],
        "two-way.csv": [TWO_WAY, *_two_way(batches)],
        "means.csv": [MEANS, *_means(batches)],
        "budget.csv": [BUDGET, *_budget(menu, measured, spent)],
    }
    text = methods(sizes, whole, spent, budget_of(menu.study), heading, again)
    found = {name: csv_text(each).encode() for name, each in lines.items()} | {
        "METHODS.md": text.encode(),
        "tables.html": page_of(whole, _alone(batches, whole), spent, heading, again),
    }
    return {f"{FOLDER}/{name}": content for name, content in found.items()}


def _alone(batches: Sequence[NamedEstimates], whole: Estimates) -> list[NamedEstimates]:
    """Return what was measured in some batches and not in all, by batch."""
    told = {t.statistic.name for t in whole.tables} | {m.statistic.name for m in whole.means}

    def rest(found: Sequence[T]) -> tuple[T, ...]:
        return tuple(one for one in found if one.statistic.name not in told)

    return [
        NamedEstimates(batch.name, Estimates(part.people, rest(part.tables), rest(part.means)))
        for batch in batches
        if (part := batch.figures) and batch.name != TOGETHER
    ]


def _bars(table: Table) -> list[DistributionBar]:
    most = max(int(table.counts.max()), 1)
    return [
        DistributionBar(label, table.counts[at] / most, _words(table, at), quiet=code == NONE)
        for at, (code, label) in enumerate(categories(table.statistic.axes[0]))
    ]


def _half(figure: Interval) -> float:
    return max(figure.high - figure.value, figure.value - figure.low)


def _words(table: Table, at: int) -> str:
    count, share = table.count(at), table.percent(at, row_of(table, at))
    told = f" · {share.value:.0f} %" if share else ""
    return f"{count.value} ± {_half(count)}{told}"


def _cell(table: Table, at: int) -> str:
    told = table.percent(at, row_of(table, at))
    return f"{told.value:.0f} % ({told.low:.0f} to {told.high:.0f})" if told else "–"


def _crossed(table: Table, whose: str) -> dict[str, object]:
    down, across = table.statistic.axes
    width = len(across.codes)
    return {
        "caption": f"{down.label} ({down.column}) by {across.label} ({across.column})"
        + f", {whose}" * bool(whose),
        "head": ("Per cent of the row", *(label for _, label in categories(across))),
        "rows": [
            (label, *(_cell(table, row * width + at) for at in range(width)))
            for row, (_, label) in enumerate(categories(down))
        ],
    }


def _asked(table: Table) -> str:
    """Return how many were asked, which is known but for those that another answer decides of."""
    return f"about {table.base}" if table.statistic.condition else str(table.base)


def page_of(
    figures: Estimates,
    alone: Sequence[NamedEstimates],
    spent: Sequence[Spent],
    heading: Heading,
    again: str,
) -> bytes:
    """Return the page of the figures of all batches together, then of some batches ``alone``."""
    every = [("", figures), *((f"batch {one.name} alone", one.figures) for one in alone)]
    single = [
        (t.statistic.axes[0], _asked(t), _bars(t), whose)
        for whose, part in every
        for t in one_way_of(part)
    ]
    pairs = [_crossed(table, whose) for whose, part in every for table in two_way_of(part)]
    means = [
        (m.statistic.label + f" ({whose})" * bool(whose), m.statistic.column,
         f"{m.figure.value:.2f}", f"{m.figure.low:.2f} to {m.figure.high:.2f}",
         f"{m.statistic.low} to {m.statistic.high}")
        for whose, part in every
        for m in part.means
    ]  # fmt: skip
    sections = {
        "One question at a time": single, "Two questions at a time": pairs, "Means": means
    }  # fmt: skip
    return render_page(
        "tables.html",
        title=f"{heading.title}: tables",
        lead=f"{figures.people} people. Every other figure was changed a little by chance.",
        mark=heading.mark,
        caution=heading.caution,
        promise=promise(spent),
        again=again,
        not_covered=NOT_COVERED,
        headings=[name for name, shown in sections.items() if shown],
        single=single,
        pairs=pairs,
        means=means,
    )
