"""Answers to one family of rows, side by side: one diverging bar a row, grouped by score."""

from __future__ import annotations

from collections.abc import Sequence

from exports.charts.chart import BarGroup, Bars, Chart, ChartBar, ChartTable, Share
from exports.charts.counts import ReleaseCounts
from exports.charts.selection import Book, Family, groups, is_reversed
from exports.tables.one_way import OneWay
from exports.tables.published import WITH_LACKING, figures_of
from exports.tables.variables import SMALLEST_BASE

REVERSED = "reversed: agreement counts against the score"


def bar_of(table: OneWay, label: str, parts: int, *, is_reversed: bool = False) -> ChartBar:
    """Return the published counts of one column as a row: answers in order, none left out."""
    found = [(c, f) for c, f in figures_of(table, parts) if not c.missing]
    lacking = [n for c, n in zip(table.variable.categories, table.counts, strict=True) if c.missing]
    base = max(table.rows - sum(n for n in lacking if n is not None), 0)
    shares = tuple(Share(c.label, f.count, f.percent) for c, f in found)
    notes = [REVERSED] if is_reversed else []
    if any(f.note == WITH_LACKING for _, f in found):
        notes.append("some gave no answer")
    return ChartBar(label, shares, base, "; ".join(notes), is_reversed)


def table_of(bar_groups: Sequence[BarGroup], options: Sequence[str]) -> ChartTable:
    """Return one line a bar: group if there are some, row, base, each option's share, note."""
    grouped = any(group.heading for group in bar_groups)
    lines = tuple(
        (
            *(group.heading,) * grouped,
            bar.label,
            f"about {bar.base}",
            *(share.in_words.removeprefix("about ") for share in bar.shares),
            bar.note,
        )
        for group in bar_groups
        for bar in group.bars
    )
    head = (*("Group",) * grouped, "Row", "Of", *options, "Note")
    return ChartTable(head, lines, frozenset(range(len(head) - len(options) - 2, len(head) - 1)))


def _net_agreement(group: BarGroup) -> float:
    """Return how far a group leans to agreement, reversed rows the other way round."""
    leans = [-bar.net_agreement if bar.is_reversed else bar.net_agreement for bar in group.bars]
    return sum(leans) / len(leans)


def agreement(bar: ChartBar) -> str:
    """Return the labels beyond the middle of the options as they are read aloud."""
    return " or ".join(f"“{share.label}”" for share in bar.upper)


def _sentence(bars: Sequence[ChartBar]) -> str:
    known = [bar for bar in bars if bar.agree is not None and bar.base >= SMALLEST_BASE]
    if not known:
        return "Too few people gave the same answers for any of them to be compared."
    top = max(known, key=lambda bar: bar.agree or 0)
    hidden = len(bars) - len(known)
    opening = "Among the rows where it is shown, " if hidden else ""
    said = f"{opening}{agreement(top)} was answered most often to “{top.label}”"
    said += f": about {top.agree:.0f} %"
    low = min(known, key=lambda bar: bar.agree or 0)
    if low is not top and (top.agree or 0) - (low.agree or 0) >= 1:
        said += f"; least often to “{low.label}”: about {low.agree:.0f} %"
    if hidden:
        said += f". For {hidden} of {len(bars)} rows it is hidden, as too few people answered so"
    return said + "."


def readings(book: Book, family: Family, counts: ReleaseCounts, key: str) -> Chart | None:
    """Return the chart of one family; None where the release has none of its rows."""
    there = [row for row in family.rows if row in counts.one_way]
    if not there:
        return None

    def bar(row: str) -> ChartBar:
        table, label = counts.one_way[row], book[row]["label"]
        return bar_of(table, label, counts.parts, is_reversed=is_reversed(book, row))

    found = [
        BarGroup(heading, tuple(bar(row) for row in rows))
        for heading, rows in groups(book, there).items()
    ]
    found.sort(key=_net_agreement, reverse=True)
    options = tuple(book[there[0]]["codes"].values())
    bars = [bar for group in found for bar in group.bars]
    return Chart(
        key=key,
        title=family.title,
        lead=family.question,
        sentence=_sentence(bars),
        base=base_of(bars),
        picture=Bars(tuple(found), (("", options),)),
        table=table_of(found, options),
    )


def base_of(bars: Sequence[ChartBar]) -> str:
    """Return the base sizes of bars as a sentence."""
    who = about([bar.base for bar in bars])
    return f"Base: {who} people a row. Counts are rounded to 5; no count under 10 is shown."


def about(numbers: Sequence[int]) -> str:
    """Return one number or the range of several in words."""
    low, high = min(numbers), max(numbers)
    return f"about {low}" if low == high else f"about {low} to {high}"
