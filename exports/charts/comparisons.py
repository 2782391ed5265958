"""What came before against what was read later: small heat maps of two or three bands.

The same asked of two moments: then and later, side by side.

Which way people took through the questionnaire, how it ended, and who was asked what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from exports.charts.chart import (
    BarGroup,
    Bars,
    Cell,
    Chart,
    ChartBar,
    ChartTable,
    Dots,
    FlowChart,
    Heat,
    Panel,
    Picture,
    Slice,
    Stream,
    in_words,
)
from exports.charts.counts import BRANCH, ENDING, ReleaseCounts, first_of, routed
from exports.charts.grids import bar_of, base_of, quoted, table_of
from exports.charts.selection import MOST_OPTIONS, Book, Hypothesis, Twice
from exports.tables.one_way import OneWay
from exports.tables.published import figures_of
from exports.tables.two_way import TwoWay
from exports.tables.variables import percent

HEAT_TELLING = 10  # percentage points between two columns that are worth a word
HIDDEN_FIELDS = "Fields marked “hidden” stand for under 10 people, or keep such a field hidden."
NOT_WHY = "It shows what goes together here, not why."


def _base(table: TwoWay, at: int, counts: Sequence[int | None]) -> int | None:
    """People of a band who have both scores, from what is shown; None where it is not told."""
    known = [n for n in counts if n is not None]
    if len(known) == len(counts):
        return sum(known)
    total, rest = table.row_totals[at], table.counts[at][-1]
    if total is None or rest is None or not table.column.categories[-1].rest:
        return None
    return max(total - rest, 0)


def _share(count: int | None, base: int | None) -> float | None:
    if count is None or base is None:
        return None
    share = percent(count, base)
    return None if share is None else min(share, 100.0)


def _panel(table: TwoWay, heading: str) -> Panel:
    levels = [c.label for c in table.column.categories if not c.rest]
    cells, bases = [], []
    for at, row in enumerate(table.row.categories):
        if not row.rest:
            counts = table.counts[at][: len(levels)]
            base = _base(table, at, counts)
            cells.append(tuple(Cell(n, _share(n, base)) for n in counts))
            bases.append(base)
    return Panel(heading, tuple(levels), tuple(cells), tuple(bases))


def _ends(panel: Panel) -> tuple[float, float] | None:
    """Share of the highest scores where little and where much came before, if both are shown."""
    first, last = panel.cells[0][-1].percent, panel.cells[-1][-1].percent
    return None if first is None or last is None else (first, last)


def _listed(found: Sequence[tuple[str, float, float]]) -> str:
    return "; ".join(f"“{name}” ({low:.0f} % → {high:.0f} %)" for name, low, high in found)


def _heat_sentence(across: str, panels: Sequence[Panel]) -> str:
    ends = [(p.heading, *pair) for p in panels if (pair := _ends(p))]
    more = [e for e in ends if e[2] - e[1] >= HEAT_TELLING]
    less = [e for e in ends if e[1] - e[2] >= HEAT_TELLING]
    opening = f"Where “{across}” is highest rather than lowest, high scores are"
    told = [
        f"{how} frequent for {_listed(found)}"
        for how, found in (("more", more), ("less", less))
        if found
    ]
    said = [f"{opening} {', and '.join(told)}."] if told else []
    if alike := len(ends) - len(more) - len(less):
        said.append(f"{alike} of {len(panels)} differ by under {HEAT_TELLING} points.")
    if hidden := len(panels) - len(ends):
        said.append(f"For {hidden} of {len(panels)} the fields to compare are hidden.")
    return " ".join([*said, NOT_WHY])


def _heat_lines(panel: Panel, bands: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for band, base, cells in zip(bands, panel.bases, panel.cells, strict=True):
        of = "not told" if base is None else f"about {base}"
        for level, cell in zip(panel.levels, cells, strict=True):
            yield panel.heading, band, level, of, in_words(cell.count, cell.percent)


def heat(book: Book, asked: Hypothesis, figures: ReleaseCounts) -> Chart | None:
    """Every outcome against what came before; None where the release has nothing to compare."""
    tables = {
        o: figures.two_way[p] for o in asked.outcomes if (p := (asked.before, o)) in figures.two_way
    }
    panels = [_panel(table, book[o]["label"]) for o, table in tables.items()]
    panels = [p for p in panels if len(p.cells) > 1 and len(p.levels) > 1]
    if not panels:
        return None
    table = next(iter(tables.values()))
    bands = tuple(c.label for c in table.row.categories if not c.rest)
    across = book[asked.before]["label"]
    lines = tuple(line for panel in panels for line in _heat_lines(panel, bands))
    return Chart(
        key="hypothesis",
        title=f"{across}, and what followed",
        lead="Each column of a small map adds up to about 100 %: how those who came with a lower "
        "or a higher first score answered later.",
        sentence=_heat_sentence(across, panels),
        base=_base_sentence(panels),
        picture=Heat(across, bands, tuple(panels)),
        table=ChartTable(("Score", across, "Score is", "Of", "People"), lines, frozenset({3, 4})),
    )


def _base_sentence(panels: Sequence[Panel]) -> str:
    sums = [sum(n or 0 for n in p.bases) for p in panels if None not in p.bases]
    if not sums:
        return f"Base: not told, as parts of it are too small. {HIDDEN_FIELDS}"
    low, high = min(sums), max(sums)
    who = f"about {low}" if low == high else f"about {low} to {high}"
    return f"Base: {who} people with both scores. {HIDDEN_FIELDS}"


THEN, LATER = "Then", "Later"
LATER_TELLING = 5  # percentage points that are worth a word
NOT_THE_SAME_PEOPLE = "Counts of each moment stand by themselves: who changed is not shown."


def _pair(book: Book, figures: ReleaseCounts, pair: tuple[str, str]) -> tuple[ChartBar, ChartBar]:
    then, later = pair
    return (
        bar_of(figures.one_way[first_of(book, pair)], book[then]["label"], figures.parts),
        bar_of(figures.one_way[later], book[later]["label"], figures.parts),
    )


def _named(then: ChartBar, later: ChartBar) -> BarGroup:
    """Both rows of a pair; where both moments are asked in the same words, named by the moment."""
    first = ChartBar(f"{THEN}: {then.label}", then.slices, then.base, then.note)
    second = ChartBar(f"{LATER}: {later.label}", later.slices, later.base, later.note)
    return BarGroup("", (first, second))


def _highest(bars: Sequence[ChartBar]) -> str:
    known = [bar for bar in bars if bar.agree is not None]
    if not known:
        return "nothing can be compared, as too few people gave the same answers"
    top = max(known, key=lambda bar: bar.agree or 0)
    upper = [s.label for s in top.slices[-(len(top.slices) // 2) :]]
    return f"{quoted(upper)} was answered most to “{top.label}” (about {top.agree:.0f} %)"


def _bars(found: Twice, pairs: Sequence[tuple[ChartBar, ChartBar]]) -> tuple[Picture, ChartTable]:
    sets = [tuple(s.label for s in bars[0].slices) for bars in zip(*pairs, strict=True)]
    groups = tuple(_named(*pair) for pair in pairs)
    if sets[0] == sets[1]:
        return Bars(groups, (("", sets[0]),)), table_of(groups, sets[0])
    options = ((f"{THEN}: {found.first}", sets[0]), (f"{LATER}: {found.second}", sets[1]))
    heads = [
        " / ".join(dict.fromkeys(both)) for both in zip(*_as_long(sets[0], sets[1]), strict=True)
    ]
    return Bars(groups, options), table_of(groups, heads)


def _as_long(one: tuple[str, ...], other: tuple[str, ...]) -> list[tuple[str, ...]]:
    most = max(len(one), len(other))
    return [(*labels, *("–",) * (most - len(labels))) for labels in (one, other)]


def _dots(then: ChartBar, later: ChartBar) -> tuple[Picture, ChartTable]:
    both = zip(then.slices, later.slices, strict=True)
    lines = tuple((one.label, one, other) for one, other in both)
    cells = tuple((label, _cell(one), _cell(other)) for label, one, other in lines)
    table = ChartTable(("Answer", THEN, LATER), cells, frozenset({1, 2}))
    return Dots((THEN, LATER), (then.base, later.base), lines), table


def _cell(part: Slice) -> str:
    return in_words(part.count, part.percent).removeprefix("about ")


def _moved(then: ChartBar, later: ChartBar) -> str:
    """Which answer gained and which lost most, by the shares shown at both moments."""
    both = [
        (round(b.percent) - round(a.percent), a.label, a.percent, b.percent)
        for a, b in zip(then.slices, later.slices, strict=True)
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
        if abs(by) >= LATER_TELLING and (by > 0) == (verb == "most gained")
    ]
    if not said:
        return f"No answer whose share is shown differs by {LATER_TELLING} points or more."
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _ended(said: str) -> str:
    """A title or a question with a stop after it."""
    return said if said.endswith((".", "?", "!")) else f"{said}."


def later(book: Book, found: Twice, figures: ReleaseCounts, key: str) -> Chart | None:
    """The chart of what was asked twice; None where the release lacks it."""
    there = [p for p in found.pairs if {first_of(book, p), p[1]} <= figures.one_way.keys()]
    pairs = [_pair(book, figures, p) for p in there]
    if not pairs:
        return None
    same = [s.label for s in pairs[0][0].slices] == [s.label for s in pairs[0][1].slices]
    if same and len(pairs) == 1:
        sentence = _moved(*pairs[0])
    else:
        sentence = "; ".join(
            f"{name}, {_highest([pair[at] for pair in pairs])}"
            for at, name in enumerate((THEN, LATER.lower()))
        )
        sentence += "."
    one = len(pairs) == 1 and same and len(pairs[0][0].slices) > MOST_OPTIONS
    picture, table = _dots(*pairs[0]) if one else _bars(found, pairs)
    return Chart(
        key=key,
        title=found.title,
        lead=f"{THEN}: {_ended(found.first)} {LATER}: {_ended(found.second)}",
        sentence=f"{sentence} {NOT_THE_SAME_PEOPLE}",
        base=base_of([bar.base for pair in pairs for bar in pair]),
        picture=picture,
        table=table,
    )


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


def _shares(figures: ReleaseCounts, name: str) -> tuple[Stream, ...]:
    """Each answer of a column, of everybody."""
    if name not in figures.one_way:
        return ()
    found = figures_of(figures.one_way[name], figures.parts)
    return tuple(_of_all(c.label, f.count, figures.rows) for c, f in found if not c.missing)


def _of_all(label: str, count: int | None, rows: int) -> Stream:
    return Stream(label, count, None if count is None else percent(count, rows))


def _branches(figures: ReleaseCounts) -> tuple[Stream, ...]:
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


def _asked(book: Book, figures: ReleaseCounts) -> tuple[Stream, ...]:
    """Each condition under which some questions are asked, and for how many it held."""
    found = []
    for name, words in routed(book):
        if name in figures.one_way:
            out = _unasked(figures.one_way[name])
            count = None if out is None else max(figures.rows - out, 0)
            plain = _CODED.sub(r"“\1”", words.removeprefix("Asked "))
            found.append(_of_all(plain, count, figures.rows))
    return tuple(found)


def _flow_sentence(flow: FlowChart) -> str:
    known = [b for b in flow.branches if b.count is not None and b.percent is not None]
    ways = ", ".join(f"about {b.percent:.0f} % “{b.label}”" for b in known)
    said = f"About {flow.rows} answers" + (f", by way: {ways}." if known else ".")
    hidden = len(flow.branches) - len(known)
    if hidden:
        said += f" {hidden} of {len(flow.branches)} ways are too small to be shown."
    return said


def _flow_lines(flow: FlowChart) -> Iterator[tuple[str, ...]]:
    yield "Everybody", "", f"about {flow.rows}"
    for branch in flow.branches:
        yield "Way", branch.label, in_words(branch.count, branch.percent)
        for end in branch.onward:
            yield f"Ending of “{branch.label}”", end.label, in_words(end.count, end.percent)
    for end in flow.endings:
        yield "Ending", end.label, in_words(end.count, end.percent)
    for asked in flow.asked:
        yield "Asked", asked.label, in_words(asked.count, asked.percent)


def flow(book: Book, figures: ReleaseCounts) -> Chart | None:
    """The ways through; None for a study that has but one."""
    if BRANCH not in figures.one_way:
        return None
    found = FlowChart(
        figures.rows, _branches(figures), _shares(figures, ENDING), _asked(book, figures)
    )
    return Chart(
        key="flow",
        title="Ways through the questionnaire",
        lead="The width of a stream is the number of answers; below, who was asked the questions "
        "that not everybody gets.",
        sentence=_flow_sentence(found),
        base=f"Base: about {found.rows} answers. Counts are rounded to 5; none under 10 is shown.",
        picture=found,
        table=ChartTable(("What", "Which", "Answers"), tuple(_flow_lines(found)), frozenset({2})),
    )
