"""Published figures as lines: what the CSV files and the page say of each count.

Everything here is worked out from published figures, so that nothing can leak on the way:
percentages are of rounded counts on rounded bases.

Means of scale items and scores, worked out from published counts alone.

Whoever reads the tables could do the same, so nothing is told that they do not tell. A hidden count
can be anything that the others leave, so a mean is a span: the lowest and the highest that fit all
that is published of its table. The true mean lies within.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exports.tables.one_way import Mean, OneWay, Scored
from exports.tables.plan import Tables
from exports.tables.two_way import TwoWay
from exports.tables.variables import ERROR, SMALLEST, Category, percent, span

HIDDEN = "hidden"
WHY_HIDDEN = f"under {SMALLEST}, or hidden so that a count under {SMALLEST} cannot be worked out"
WITH_LACKING = "per cent of everybody, with those whose answer is missing but not shown"


@dataclass(frozen=True, slots=True)
class Figure:
    """One count as published, None where hidden, with what may be said about it."""

    count: int | None
    lowest: int | None = None
    highest: int | None = None
    base: int | None = None
    percent: float | None = None
    note: str = ""


def _figure(count: int | None, base: int | None, *, parts: int, note: str) -> Figure:
    if count is None:
        return Figure(None, note=WHY_HIDDEN)
    low, high = span(count) if parts == 1 else (count - ERROR * parts, count + ERROR * parts)
    share = percent(count, base) if base is not None else None
    if share is None:
        return Figure(count, max(low, 0), high)
    return Figure(count, max(low, 0), high, base, min(share, 100.0), note)


def _lacking(table: OneWay) -> tuple[int, bool]:
    """People shown to have no answer, and whether there are some who are not shown."""
    counts = [n for c, n in zip(table.variable.categories, table.counts, strict=True) if c.missing]
    return sum(n for n in counts if n is not None), None in counts


def figures_of(table: OneWay, parts: int = 1) -> Iterator[tuple[Category, Figure]]:
    """Category and figure, in the order of the table; answers in per cent of those with one."""
    lacking, more = _lacking(table)
    base = max(table.rows - lacking, 0)
    for category, count in zip(table.variable.categories, table.counts, strict=True):
        of = None if category.missing else base
        yield category, _figure(count, of, parts=parts, note=WITH_LACKING if more else "")


def _row_base(table: TwoWay, at: int) -> tuple[int | None, bool]:
    """Those of a row who answered the column's question; whether some without are among them."""
    total = table.row_totals[at]
    if total is None or not table.column.categories or not table.column.categories[-1].rest:
        return total, True
    rest = table.counts[at][-1]
    return (total, True) if rest is None else (max(total - rest, 0), False)


def crossed_figures(table: TwoWay, parts: int = 1) -> Iterator[tuple[Category, Category, Figure]]:
    """Row category, column category and figure; per cent of the row, no answer apart."""
    for at, row in enumerate(table.row.categories):
        base, more = _row_base(table, at)
        for to, column in enumerate(table.column.categories):
            of = None if column.rest else base
            note = WITH_LACKING if more else ""
            yield row, column, _figure(table.counts[at][to], of, parts=parts, note=note)


def empty(table: OneWay | TwoWay) -> bool:
    """Whether every count of a table is hidden."""
    lines = table.counts if isinstance(table, TwoWay) else (table.counts,)
    return all(count is None for line in lines for count in line)


def unread(tables: Tables) -> list[str]:
    """Names of the tables that show no count at all."""
    one = [t.variable.label or t.variable.name for t in tables.one_way if empty(t)]
    return one + [f"{t.row.name} by {t.column.name}" for t in tables.two_way if empty(t)]


WIDEST = 0.25  # of the scale: a wider span has no middle worth telling
DECIMALS = 2

# (code, lowest count, highest count)
Limits = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """What a mean can be, on a scale from ``ends[0]`` to ``ends[1]``; ``parts`` of a score."""

    name: str
    label: str
    lowest: float
    highest: float
    ends: tuple[float, float]
    parts: int = 0

    @property
    def middle(self) -> float | None:
        """The middle of the span; None where it is too wide to have one."""
        wide = self.highest - self.lowest > WIDEST * (self.ends[1] - self.ends[0])
        return None if wide else round((self.lowest + self.highest) / 2, DECIMALS)

    @property
    def told(self) -> tuple[float, float]:
        """Both ends, rounded outwards."""
        grain = 10**DECIMALS
        low, high = (round(end * grain, 6) for end in (self.lowest, self.highest))
        return math.floor(low) / grain, math.ceil(high) / grain


def least(cells: Sequence[Limits], people: tuple[int, int]) -> float | None:
    """The lowest mean of codes with so many people; None where there may be nobody at all.

    Codes are filled from the lowest up, as long as it lowers the mean or somebody is left over.
    """
    fewest, most = people
    count = sum(low for _, low, _ in cells)
    total = sum(code * low for code, low, _ in cells)
    for code, low, high in sorted(cells):
        if not count or total > code * count:
            more = min(high - low, most - count)
        else:
            more = min(high - low, max(fewest - count, 0))
        count, total = count + more, total + code * more
    return total / count if count else None


def _greatest(cells: Sequence[Limits], people: tuple[int, int]) -> float | None:
    found = least([(-code, low, high) for code, low, high in cells], people)
    return None if found is None else -found


def item_span(table: OneWay, batches: int) -> Span | None:
    """The mean of one column of single codes; None for bands, and where nothing is known."""
    every = table.rows + ERROR * batches
    answers: list[Limits] = []
    fewest, most = table.rows - ERROR * batches, every
    for category, figure in figures_of(table, batches):
        low, high = figure.lowest or 0, every if figure.highest is None else figure.highest
        if category.missing:
            fewest, most = fewest - high, most - low
        elif category.low != category.high:
            return None
        else:
            answers.append((category.low, low, high))
    known = sum(low for _, low, _ in answers)
    people = (max(fewest, known), max(most, known))
    lowest, highest = least(answers, people), _greatest(answers, people)
    if lowest is None or highest is None or not known:
        return None
    ends = (float(min(answers)[0]), float(max(answers)[0]))
    return Span(table.variable.name, table.variable.label, lowest, highest, ends)


def _facing(span: Span, *, turned: bool) -> tuple[float, float]:
    both = sum(span.ends)
    return (both - span.highest, both - span.lowest) if turned else (span.lowest, span.highest)


def _score_span(score: Scored, known: Mapping[str, Span]) -> Span | None:
    """The mean of the parts' means; None where one of them is not known."""
    if not set(score.parts) <= known.keys():
        return None
    parts = [known[name] for name in score.parts]
    spans = [_facing(p, turned=p.name in score.turned) for p in parts]
    lowest, highest = (sum(ends) / len(spans) for ends in zip(*spans, strict=True))
    ends = (min(p.ends[0] for p in parts), max(p.ends[1] for p in parts))
    return Span(score.name, score.label, lowest, highest, ends, len(parts))


def _spans(one_way: Sequence[OneWay], scores: Sequence[Scored], batches: int) -> Iterator[Span]:
    wanted = {part for score in scores for part in score.parts}
    tables = [t for t in one_way if t.variable.name in wanted]
    items = {s.name: s for t in tables if (s := item_span(t, batches))}
    known = dict(items)
    for score in scores:
        if span := _score_span(score, known):
            known[score.name] = span
            yield span
    yield from items.values()


def means_of(tables: Tables) -> tuple[list[Mean], list[Span]]:
    """Every mean that can be told: of people's scores; and from counts, scores before items.

    A score whose own mean is hidden, or not there, is told by its span where it has one.
    """
    shown = {mean.name for mean in tables.means if mean.value is not None}
    found = _spans(tables.one_way, tables.scores, tables.parts)
    spans = [span for span in found if span.name not in shown]
    known = {span.name for span in spans}
    return [mean for mean in tables.means if mean.name not in known], spans
