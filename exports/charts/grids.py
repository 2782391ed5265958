"""Answers to one family of rows, side by side: one diverging bar a row, grouped by score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exports.charts.chart import BarGroup, Bars, Chart, ChartBar, ChartTable, Slice, in_words
from exports.charts.counts import ReleaseCounts
from exports.charts.selection import Book, Family, groups, is_reversed
from exports.tables.one_way import OneWay
from exports.tables.published import WITH_LACKING, figures_of
from exports.tables.variables import SMALLEST_BASE

REVERSED = "reversed: agreement counts against the score"


def bar_of(table: OneWay, label: str, parts: int, *, turned: bool = False) -> ChartBar:
    """The published counts of one column as a row: answers in order, no answer left out."""
    found = [(c, f) for c, f in figures_of(table, parts) if not c.missing]
    lacking = [n for c, n in zip(table.variable.categories, table.counts, strict=True) if c.missing]
    base = max(table.rows - sum(n for n in lacking if n is not None), 0)
    slices = tuple(Slice(c.label, f.count, f.percent) for c, f in found)
    more = [REVERSED] if turned else []
    if any(f.note == WITH_LACKING for _, f in found):
        more.append("some gave no answer")
    return ChartBar(label, slices, base, "; ".join(more), turned)


def table_of(groups: Sequence[BarGroup], options: Sequence[str]) -> ChartTable:
    """One line a bar: group if there are some, row, base, each option's count and share, note."""
    grouped = any(group.heading for group in groups)
    lines = tuple(
        (*(group.heading,) * grouped, bar.label, f"about {bar.base}", *_counts(bar), bar.note)
        for group in groups
        for bar in group.bars
    )
    head = (*("Group",) * grouped, "Row", "Of", *options, "Note")
    return ChartTable(head, lines, frozenset(range(len(head) - len(options) - 2, len(head) - 1)))


def _counts(bar: ChartBar) -> Iterable[str]:
    return (in_words(s.count, s.percent).removeprefix("about ") for s in bar.slices)


def _strength(group: BarGroup) -> float:
    """How far a group leans to agreement, rows that count the other way round turned."""
    leans = [-bar.lean if bar.turned else bar.lean for bar in group.bars]
    return sum(leans) / len(leans)


def quoted(labels: Sequence[str]) -> str:
    """Answers as one reads them aloud."""
    return " or ".join(f"“{label}”" for label in labels)


def _sentence(bars: Sequence[ChartBar]) -> str:
    known = [bar for bar in bars if bar.agree is not None and bar.base >= SMALLEST_BASE]
    if not known:
        return "Too few people gave the same answers for any of them to be compared."
    top = max(known, key=lambda bar: bar.agree or 0)
    upper = [s.label for s in top.slices[-(len(top.slices) // 2) :]]
    hidden = len(bars) - len(known)
    opening = "Among the rows where it is shown, " if hidden else ""
    said = f"{opening}{quoted(upper)} was answered most often to “{top.label}”"
    said += f": about {top.agree:.0f} %"
    low = min(known, key=lambda bar: bar.agree or 0)
    if low is not top and (top.agree or 0) - (low.agree or 0) >= 1:
        said += f"; least often to “{low.label}”: about {low.agree:.0f} %"
    if hidden:
        said += f". For {hidden} of {len(bars)} rows it is hidden, as too few people answered so"
    return said + "."


def readings(book: Book, family: Family, figures: ReleaseCounts, key: str) -> Chart | None:
    """The chart of one family; None where the release has none of its rows."""
    there = [row for row in family.rows if row in figures.one_way]
    if not there:
        return None
    made = [
        BarGroup(
            heading,
            tuple(
                bar_of(
                    figures.one_way[row],
                    book[row]["label"],
                    figures.parts,
                    turned=is_reversed(book, row),
                )
                for row in rows
            ),
        )
        for heading, rows in groups(book, there).items()
    ]
    made.sort(key=_strength, reverse=True)
    options = tuple(book[there[0]]["codes"].values())
    bars = [bar for group in made for bar in group.bars]
    return Chart(
        key=key,
        title=family.title,
        lead=family.question,
        sentence=_sentence(bars),
        base=base_of([bar.base for bar in bars]),
        picture=Bars(tuple(made), (("", options),)),
        table=table_of(made, options),
    )


def base_of(bases: Sequence[int]) -> str:
    """Base sizes as a sentence."""
    low, high = min(bases), max(bases)
    who = f"about {low}" if low == high else f"about {low} to {high}"
    return f"Base: {who} people a row. Counts are rounded to 5; no count under 10 is shown."
