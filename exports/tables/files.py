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
from exports.tables.variables import Category

FOLDER = "tables"
TOGETHER = "all"
_FIGURE = ("count", "lowest", "highest", "base", "percent", "note")
ONE_WAY = ("batch", "table", "label", "code", "category", *_FIGURE)
TWO_WAY = (
    "batch", "table", "row_variable", "row_code", "row_category", "column_variable", "column_code",
    "column_category", *_FIGURE,
)  # fmt: skip
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


def _means(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        for mean in tables.means:
            yield (batch, mean.name, mean.label, *_mean(mean))


def _named(parts: Sequence[Tables]) -> list[Batch]:
    """Each batch by its number; several also all together."""
    single = [(str(number), part) for number, part in enumerate(parts, start=1)]
    return [*single, (TOGETHER, together(parts))] if len(parts) > 1 else single


def files(parts: Sequence[Tables], heading: Heading) -> dict[str, bytes]:
    """Path → bytes of everything that tier A tells, from the tables of each frozen batch.

    The tables of a batch that was released before must be handed over as they were made then.
    """
    batches, whole = _named(parts), together(parts)
    words = {"title": heading.title, "mark": heading.mark, "caution": heading.caution}
    made = {
        "one-way.csv": _csv(ONE_WAY, _one_way(batches)),
        "two-way.csv": _csv(TWO_WAY, _two_way(batches)),
        "means.csv": _csv(MEANS, _means(batches)),
        "tables.html": page_of(whole, **words),
        "METHODS.md": methods(parts, **words).encode(),
    }
    if not any(part.means for part in parts):
        del made["means.csv"]
    return {f"{FOLDER}/{name}": content for name, content in made.items()}
