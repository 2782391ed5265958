"""Tier A as files: tidy CSV, one page to read, and the method in plain words.

Nothing here knows the time: the same tables give the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exports.columns import guarded
from exports.tables.batches import together
from exports.tables.build import Tables
from exports.tables.lines import HIDDEN, Figure, crossed_figures, figures_of
from exports.tables.means import Mean
from exports.tables.methods import methods
from exports.tables.page import page_of
from exports.tables.spans import Span, means_of
from exports.tables.variables import Category

FOLDER = "tables"
TOGETHER = "all"
_FIGURE = ("count", "lowest", "highest", "base", "percent", "note")
ONE_WAY = ("batch", "table", "label", "code", "category", *_FIGURE)
TWO_WAY = (
    "batch", "table", "row_variable", "row_code", "row_category", "column_variable", "column_code",
    "column_category", *_FIGURE,
)  # fmt: skip
FROM_COUNTS = "middle of what the published counts leave possible"
FROM_ITEMS = f"{FROM_COUNTS}; the mean of its parts' means, not of people's scores"
MEANS = ("batch", "score", "label", "mean", "lowest", "highest", "note")

Line = Sequence[object]
Batch = tuple[str, Tables]


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above everything that people read: title, marks (pilot, synthetic), caution."""

    title: str
    mark: str = ""
    caution: str = ""


def _csv(head: Line, lines: Iterable[Line]) -> bytes:
    """RFC 4180: UTF-8, comma, CRLF, header. Text that a spreadsheet would run is guarded."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([guarded(c) if isinstance(c, str) else c for c in line] for line in lines)
    return buffer.getvalue().encode()


def _code(category: Category) -> object:
    """The code as a number wherever it is one."""
    return category.low if category.code == str(category.low) else category.code


def _cells(figure: Figure) -> Line:
    if figure.count is None:
        return (HIDDEN, "", "", "", "", figure.note)
    optional = (figure.base, figure.percent)
    told = ("" if value is None else value for value in optional)
    return (figure.count, figure.lowest, figure.highest, *told, figure.note)


def _one_way(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        for table in tables.one_way:
            about = (batch, table.variable.name, table.variable.label)
            for category, figure in figures_of(table, tables.parts):
                yield (*about, _code(category), category.label, *_cells(figure))


def _two_way(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        for table in tables.two_way:
            row, column = table.row.name, table.column.name
            for down, across, figure in crossed_figures(table, tables.parts):
                side = (row, _code(down), down.label, column, _code(across), across.label)
                yield (batch, f"{row} by {column}", *side, *_cells(figure))


def _mean(mean: Mean) -> Line:
    if mean.value is None:
        return (HIDDEN, "", "", "too few people: one of them could be seen in it")
    half = mean.step / 2
    return (mean.value, round(mean.value - half, 6), round(mean.value + half, 6), "")


def _span(span: Span) -> Line:
    note = FROM_ITEMS if span.parts else FROM_COUNTS
    return (HIDDEN if span.middle is None else span.middle, *span.told, note)


def _means(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        means, spans = means_of(tables)
        for mean in means:
            yield (batch, mean.name, mean.label, *_mean(mean))
        for span in spans:
            yield (batch, span.name, span.label, *_span(span))


def _named(parts: Sequence[Tables]) -> list[Batch]:
    """Each batch by its number; several also all together."""
    single = [(str(number), part) for number, part in enumerate(parts, start=1)]
    return [*single, (TOGETHER, together(parts))] if len(parts) > 1 else single


def _counted(batches: Sequence[Batch]) -> tuple[bytes, bytes]:
    return _csv(ONE_WAY, _one_way(batches)), _csv(TWO_WAY, _two_way(batches))


def counts(tables: Tables) -> bytes:
    """All that was counted of one batch, as it is published: nothing of it may ever differ again.

    What is worked out from it or says how it was made may be worded better one day.
    """
    return b"".join(_counted(_named([tables])))


def files(parts: Sequence[Tables], heading: Heading) -> dict[str, bytes]:
    """Path → bytes of everything that tier A tells, from the tables of each frozen batch.

    The tables of a batch that was released before must be handed over as they were made then.
    """
    batches, whole = _named(parts), together(parts)
    one_way, two_way = _counted(batches)
    words = {"title": heading.title, "mark": heading.mark, "caution": heading.caution}
    made = {
        "one-way.csv": one_way,
        "two-way.csv": two_way,
        "means.csv": _csv(MEANS, _means(batches)),
        "tables.html": page_of(whole, **words),
        "METHODS.md": methods(parts, **words).encode(),
    }
    if not any(_means(batches)):
        del made["means.csv"]
    return {f"{FOLDER}/{name}": content for name, content in made.items()}
