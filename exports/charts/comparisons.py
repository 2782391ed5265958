"""Charts of families of rows, of two scores, of two moments, and of the ways through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from exports.charts.chart import (
    BarGroup,
    Bars,
    Chart,
    ChartBar,
    ChartTable,
    DotPlot,
    FlowChart,
    HeatMaps,
    Panel,
    Picture,
    Share,
)
from exports.charts.counts import (
    BRANCH,
    ENDING,
    MOST_OPTIONS,
    Book,
    Family,
    Hypothesis,
    ReleaseCounts,
    Twice,
    first_of,
    groups,
    is_reversed,
    routed,
)
from exports.tables.one_way import OneWay
from exports.tables.published import WITH_LACKING, figures_of
from exports.tables.two_way import TwoWay
from exports.tables.variables import SMALLEST_BASE, percent

REVERSED = "reversed: agreement counts against the score"


def bar_of(table: OneWay, label: str, parts: int, *, is_reversed: bool = False) -> ChartBar:
    """Return the published counts of one column as a row: answers in order, none left out."""
    found = [(c, f) for c, f in figures_of(table, parts) if not c.missing]
    lacking = [n for c, n in zip(table.variable.categories, table.counts, strict=True) if c.missing]
    # Where a number without an answer is hidden, it cannot be taken off: the note says so.
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
    # The scores with most agreement on top; hidden shares count as none.
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


HEAT_WORTH_A_WORD = 10  # percentage points between two columns
HIDDEN_FIELDS = "Fields marked “hidden” stand for under 10 people, or keep such a field hidden."
NOT_WHY = "It shows what goes together here, not why."
THEN, LATER = "Then", "Later"
LATER_WORTH_A_WORD = 5  # percentage points between two moments
NOT_THE_SAME_PEOPLE = "Counts of each moment stand by themselves: who changed is not shown."
_CODED = re.compile(r"-?\d+ \(([^()]*)\)")  # an answer by code and label (forms/routing.py)


def _base(table: TwoWay, at: int, counts: Sequence[int | None]) -> int | None:
    """Return the people of a band who have both scores; None where the release does not tell."""
    known = [n for n in counts if n is not None]
    if len(known) == len(counts):
        return sum(known)
    # Beside a hidden field: the total of the band less those without the second score.
    total, rest = table.row_totals[at], table.counts[at][-1]
    if total is None or rest is None or not table.column.categories[-1].rest:
        return None
    return max(total - rest, 0)


def _percent(count: int | None, base: int | None) -> float | None:
    share = None if count is None or base is None else percent(count, base)
    # Counts are rounded one by one, and one may come to more than its sum.
    return None if share is None else min(share, 100.0)


def _panel(table: TwoWay, heading: str) -> Panel:
    levels = tuple(c.label for c in table.column.categories if not c.rest)
    cells, bases = [], []
    for at, row in enumerate(table.row.categories):
        if not row.rest:
            counts = table.counts[at][: len(levels)]
            base = _base(table, at, counts)
            column = zip(levels, counts, strict=True)
            cells.append(tuple(Share(label, n, _percent(n, base)) for label, n in column))
            bases.append(base)
    return Panel(heading, levels, tuple(cells), tuple(bases))


def _heat_sentence(across: str, panels: Sequence[Panel]) -> str:
    shown = [(p.heading, p.cells[0][-1].percent, p.cells[-1][-1].percent) for p in panels]
    ends = [(name, low, high) for name, low, high in shown if low is not None and high is not None]
    more = [e for e in ends if e[2] - e[1] >= HEAT_WORTH_A_WORD]
    less = [e for e in ends if e[1] - e[2] >= HEAT_WORTH_A_WORD]
    found = []
    for how, differing in (("more", more), ("less", less)):
        if differing:
            names = (f"“{name}” ({low:.0f} % → {high:.0f} %)" for name, low, high in differing)
            found.append(f"{how} frequent for {'; '.join(names)}")
    opening = f"Where “{across}” is highest rather than lowest, high scores are"
    said = [f"{opening} {', and '.join(found)}."] if found else []
    if alike := len(ends) - len(more) - len(less):
        said.append(f"{alike} of {len(panels)} differ by under {HEAT_WORTH_A_WORD} points.")
    if hidden := len(panels) - len(ends):
        said.append(f"For {hidden} of {len(panels)} the fields to compare are hidden.")
    return " ".join([*said, NOT_WHY])


def heat(book: Book, tested: Hypothesis, counts: ReleaseCounts) -> Chart | None:
    """Return every outcome against the score before; None where the release cannot compare."""
    pairs = [(tested.before, outcome) for outcome in tested.outcomes]
    tables = {pair[1]: counts.two_way[pair] for pair in pairs if pair in counts.two_way}
    panels = [_panel(table, book[outcome]["label"]) for outcome, table in tables.items()]
    panels = [p for p in panels if len(p.cells) > 1 and len(p.levels) > 1]
    if not panels:
        return None
    first = next(iter(tables.values()))
    bands = tuple(c.label for c in first.row.categories if not c.rest)
    across = book[tested.before]["label"]
    sums = [sum(n or 0 for n in p.bases) for p in panels if None not in p.bases]
    people = "not told, as parts of it are too small"
    if sums:
        people = f"{about(sums)} people with both scores"
    lines = tuple(
        (
            panel.heading,
            band,
            cell.label,
            "not told" if base is None else f"about {base}",
            cell.in_words,
        )
        for panel in panels
        for band, base, cells in zip(bands, panel.bases, panel.cells, strict=True)
        for cell in cells
    )
    return Chart(
        key="hypothesis",
        title=f"{across}, and what followed",
        lead="Each column of a small map adds up to about 100 %: how those who came with a lower "
        "or a higher first score answered later.",
        sentence=_heat_sentence(across, panels),
        base=f"Base: {people}. {HIDDEN_FIELDS}",
        picture=HeatMaps(across, bands, tuple(panels)),
        table=ChartTable(("Score", across, "Score is", "Of", "People"), lines, frozenset({3, 4})),
    )


def _highest(bars: Sequence[ChartBar]) -> str:
    known = [bar for bar in bars if bar.agree is not None]
    if not known:
        return "nothing can be compared, as too few people gave the same answers"
    top = max(known, key=lambda bar: bar.agree or 0)
    return f"{agreement(top)} was answered most to “{top.label}” (about {top.agree:.0f} %)"


def _bars(found: Twice, pairs: Sequence[tuple[ChartBar, ChartBar]]) -> tuple[Picture, ChartTable]:
    """Return pairs of bars; where both moments are asked in the same words, named by the moment."""
    one, other = (tuple(s.label for s in bar.shares) for bar in pairs[0])
    groups = tuple(
        BarGroup("", tuple(
            ChartBar(f"{moment}: {bar.label}", bar.shares, bar.base, bar.note)
            for moment, bar in zip((THEN, LATER), pair, strict=True)
        ))
        for pair in pairs
    )  # fmt: skip
    if one == other:
        return Bars(groups, (("", one),)), table_of(groups, one)
    options = ((f"{THEN}: {found.first}", one), (f"{LATER}: {found.second}", other))
    heads = [" / ".join(dict.fromkeys(both)) for both in zip_longest(one, other, fillvalue="–")]
    return Bars(groups, options), table_of(groups, heads)


def _dots(then: ChartBar, later: ChartBar) -> tuple[Picture, ChartTable]:
    lines = tuple(zip(then.shares, later.shares, strict=True))
    cells = tuple(
        (line[0].label, *(share.in_words.removeprefix("about ") for share in line))
        for line in lines
    )
    table = ChartTable(("Answer", THEN, LATER), cells, frozenset({1, 2}))
    return DotPlot((THEN, LATER), (then.base, later.base), lines), table


def _moved(then: ChartBar, later: ChartBar) -> str:
    """Return which answer gained and which lost most, by the shares shown at both moments."""
    both = [
        (round(b.percent) - round(a.percent), a.label, a.percent, b.percent)
        for a, b in zip(then.shares, later.shares, strict=True)
        if a.percent is not None and b.percent is not None
    ]
    if not both:
        return "Too few people gave the same answers for the two moments to be compared."
    said = [
        f"{verb} “{label}” (about {before:.0f} % then, {after:.0f} % later)"
        for verb, (by, label, before, after) in (
            ("most gained", max(both)),
            ("most lost", min(both)),
        )
        if abs(by) >= LATER_WORTH_A_WORD and (by > 0) == (verb == "most gained")
    ]
    if not said:
        return f"No answer whose share is shown differs by {LATER_WORTH_A_WORD} points or more."
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _ended(said: str) -> str:
    """Return a title or a question with a stop after it."""
    return said if said.endswith((".", "?", "!")) else f"{said}."


def later(book: Book, found: Twice, counts: ReleaseCounts, key: str) -> Chart | None:
    """Return the chart of columns asked twice; None where the release lacks them."""

    def bar(name: str, label: str) -> ChartBar:
        return bar_of(counts.one_way[name], label, counts.parts)

    pairs = [
        (bar(first, book[pair[0]]["label"]), bar(pair[1], book[pair[1]]["label"]))
        for pair in found.pairs
        if {first := first_of(book, pair), pair[1]} <= counts.one_way.keys()
    ]
    if not pairs:
        return None
    then, after = pairs[0]
    alone = len(pairs) == 1 and [s.label for s in then.shares] == [s.label for s in after.shares]
    if alone:
        sentence = _moved(then, after)
    else:
        first, second = (_highest(bars) for bars in zip(*pairs, strict=True))
        sentence = f"{THEN}, {first}; {LATER.lower()}, {second}."
    # So many answers have no middle from which bars could start.
    many = alone and len(then.shares) > MOST_OPTIONS
    picture, table = _dots(then, after) if many else _bars(found, pairs)
    return Chart(
        key=key,
        title=found.title,
        lead=f"{THEN}: {_ended(found.first)} {LATER}: {_ended(found.second)}",
        sentence=f"{sentence} {NOT_THE_SAME_PEOPLE}",
        base=base_of([bar for pair in pairs for bar in pair]),
        picture=picture,
        table=table,
    )


def _endings(table: TwoWay | None, branch: str) -> tuple[Share, ...]:
    """Return how a branch ended, where the two were counted together."""
    codes = [c.code for c in table.row.categories] if table else []
    if table is None or branch not in codes:
        return ()
    at = codes.index(branch)
    total, counts = table.row_totals[at], table.counts[at]
    return tuple(
        Share(category.label, n, None if n is None or total is None else percent(n, total))
        for category, n in zip(table.column.categories, counts, strict=True)
        if not category.rest
    )


def _of_everybody(counts: ReleaseCounts, label: str, count: int | None) -> Share:
    return Share(label, count, None if count is None else percent(count, counts.rows))


def _answers(counts: ReleaseCounts, name: str) -> tuple[Share, ...]:
    """Return each answer of a column, of everybody."""
    if name not in counts.one_way:
        return ()
    found = figures_of(counts.one_way[name], counts.parts)
    return tuple(_of_everybody(counts, c.label, f.count) for c, f in found if not c.missing)


def _asked(book: Book, counts: ReleaseCounts) -> Iterator[Share]:
    """Yield each condition under which some questions are asked, and for how many it held."""
    for name, words in routed(book):
        if table := counts.one_way.get(name):
            every = zip(table.variable.categories, table.counts, strict=True)
            # Where the table does not list people who were not asked, there were none.
            out = next((n for category, n in every if category.routed), 0)
            count = None if out is None else max(counts.rows - out, 0)
            plain = _CODED.sub(r"“\1”", words.removeprefix("Asked "))
            yield _of_everybody(counts, plain, count)


def _flow_lines(found: FlowChart) -> Iterator[tuple[str, ...]]:
    yield "Everybody", "", f"about {found.rows}"
    for branch in found.branches:
        yield "Way", branch.label, branch.in_words
        for end in branch.onward:
            yield f"Ending of “{branch.label}”", end.label, end.in_words
    for what, shares in (("Ending", found.endings), ("Asked", found.asked)):
        for share in shares:
            yield what, share.label, share.in_words


def flow(book: Book, counts: ReleaseCounts) -> Chart | None:
    """Return the ways through the questionnaire; None for a study that has but one."""
    if BRANCH not in counts.one_way:
        return None
    endings = counts.two_way.get((BRANCH, ENDING))
    codes = [c.code for c in counts.one_way[BRANCH].variable.categories if not c.missing]
    branches = tuple(
        replace(share, onward=_endings(endings, code))
        for code, share in zip(codes, _answers(counts, BRANCH), strict=True)
    )
    asked = tuple(_asked(book, counts))
    found = FlowChart(counts.rows, branches, _answers(counts, ENDING), asked)
    known = [b for b in branches if b.count is not None and b.percent is not None]
    ways = ", ".join(f"about {b.percent:.0f} % “{b.label}”" for b in known)
    said = f"About {counts.rows} answers" + (f", by way: {ways}." if known else ".")
    if hidden := len(branches) - len(known):
        said += f" {hidden} of {len(branches)} ways are too small to be shown."
    return Chart(
        key="flow",
        title="Ways through the questionnaire",
        lead="The width of a stream is the number of answers; below, who was asked the questions "
        "that not everybody gets.",
        sentence=said,
        base=f"Base: about {found.rows} answers. Counts are rounded to 5; none under 10 is shown.",
        picture=found,
        table=ChartTable(("What", "Which", "Answers"), tuple(_flow_lines(found)), frozenset({2})),
    )
