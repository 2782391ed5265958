"""Every chart of a release in the order of a reader's interest, on a page and as a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import ceil

from exports.charts.chart import Chart, ChartSource, Group, Line, Share, Style
from exports.charts.counts import WAYS, Book, Counts, Pair, maps_of, texts_of
from exports.charts.draw import (
    FONT,
    LINE,
    NARROW,
    SIZE,
    WIDE,
    Drawing,
    draw,
    folded,
    stacked,
    svg,
    text,
)
from exports.charts.sentences import (
    agreement,
    ends_of_maps,
    highest_and_lowest,
    means_in_words,
    most_frequent,
    moved,
)
from forms.study import Study

EDGE = 24  # pixels around a file's content
MOST_BESIDE = 7  # answers in columns; more stand under each other
WAYS_TITLE = "Ways through the questionnaire"
WAYS_LEAD = "How people went through and ended."
IN_ROWS = ("grid", "statements")
MARGINS = (
    "Figures in brackets and the thin lines are margins: 19 times in 20 the figure without the "
    "noise that protects people lies within. They say nothing of who took part."
)
_PART_OF = re.compile(r"\s*\(\d+ of \d+\)$")


def gallery(book: Book, study: Study, counts: Counts) -> list[Chart]:
    """Return the map, the means, before and after, then all questions in the order asked.

    Charts for which the release has nothing are left out.
    """
    found = [
        _maps(book, study, counts),
        *_means(book, study, counts),
        *_twice(book, study, counts),
        *_questions(book, counts),
        *_pairs(book, study, counts),
        _list(counts, "ways", WAYS_TITLE, WAYS_LEAD, _named(book, counts, WAYS)),
    ]
    return [chart for chart in found if chart is not None]


def _named(book: Book, counts: Counts, names: Sequence[str]) -> list[Line]:
    there = [name for name in names if name in counts.one and name in book]
    return [Line(book[n]["label"], counts.one[n].shares, counts.one[n].base) for n in there]


def _top(groups: Sequence[Group]) -> float:
    """Return where bars end: the highest margin, up to the next 10 per cent."""
    highs = [s.figure.high for group in groups for line in group.lines for s in line.shares]
    return max(10 * ceil(max(highs) / 10), 10)


def base_of(groups: Sequence[Group], of: str) -> str:
    """Return the base sizes as a sentence."""
    lines = [line for group in groups for line in group.lines]
    bases = [line.base for line in lines]
    is_exact = all(share.figure.is_exact for line in lines for share in line.shares)
    low, high = min(bases), max(bases)
    who = f"{low}" if low == high else f"{low} to {high}"
    said = f"Base: {'' if is_exact else 'about '}{who} people {of}."
    return said if is_exact else f"{said} {MARGINS}"


def _chart(
    counts: Counts,
    key: str,
    title: str,
    lead: str,
    sentence: str,
    style: Style,
    groups: Sequence[Group],
) -> Chart:
    ends = (0.0, 100.0 if style is Style.MAP else _top(groups))
    return Chart(key, title, lead, sentence, base_of(groups, counts.of), style, tuple(groups), ends)


def _list(counts: Counts, key: str, title: str, lead: str, lines: Sequence[Line]) -> Chart | None:
    told = [line for line in lines if line.shares]
    if not told:
        return None
    return _chart(
        counts, key, title, lead, most_frequent(told), Style.LIST, [Group("", tuple(told))]
    )


def _maps(book: Book, study: Study, counts: Counts) -> Chart | None:
    pairs = [pair for pair in maps_of(study) if counts.two.get(pair) and set(pair) <= book.keys()]
    groups = [Group(book[later]["label"], counts.two[first, later]) for first, later in pairs]
    groups = [group for group in groups if len(group.lines) > 1]
    if not groups:
        return None
    before = book[pairs[0][0]]["label"]
    lead = f"A row for each band of “{before}”, in per cent of the people {counts.of} in that band."
    return _chart(counts, "map", f"{before}, and what followed", lead, ends_of_maps(groups),
                  Style.MAP, groups)  # fmt: skip


def _means(book: Book, study: Study, counts: Counts) -> Iterator[Chart]:
    primary = [outcome for _, outcome in maps_of(study)]
    by_scale: dict[tuple[float, float], list[str]] = {}
    for name in sorted(counts.means, key=lambda name: name not in primary):
        if name in book:
            low, high = book[name]["range"]
            by_scale.setdefault((low, high), []).append(name)
    for at, (ends, names) in enumerate(by_scale.items()):
        lines = tuple(counts.means[name] for name in names)
        first = [counts.means[name] for name in names if name in primary]
        groups = (Group("", lines),)
        yield Chart(
            key=f"means-{at + 1}",
            title=f"Means of scores from {ends[0]:g} to {ends[1]:g}",
            lead="The mean over everybody who has the score.",
            sentence=means_in_words(first or lines),
            base=base_of(groups, "who have the score"),
            style=Style.MEANS,
            groups=groups,
            ends=ends,
        )


def _twice(book: Book, study: Study, counts: Counts) -> Iterator[Chart]:
    for pair in study.policy.compare:
        before, after = counts.twice.get((pair.before, pair.after), (None, None))
        if before and after and before.shares and after.shares:
            first, second = (texts_of(book[name]) for name in (pair.before, pair.after))
            lines = (
                Line("Before", before.shares, before.base),
                Line("After", after.shares, after.base),
            )
            yield _chart(
                counts,
                f"compare-{pair.before}",
                pair.label,
                f"Before: “{first}” After: “{second}”",
                moved(*lines),
                Style.PAIR,
                [Group("", lines)],
            )


def _together(book: Book) -> dict[tuple[str, ...], list[str]]:
    """Return the columns that one chart shows: rows asked in the same words, or a page's others."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, entry in book.items():
        if entry["part"] == "answer":
            # Only rows whose wording says what they have in common are taken across pages.
            page = "" if any(entry["question"].values()) else entry["page"]
            rows = (texts_of(entry), *entry["codes"].values(), entry["routing"], page)
            alike = entry["kind"] in IN_ROWS
            found.setdefault(rows if alike else (entry["page"],), []).append(name)
    return found


def _questions(book: Book, counts: Counts) -> Iterator[Chart | None]:
    for names in _together(book).values():
        there = [name for name in names if name in counts.one]
        if not there:
            continue
        entry = book[there[0]]
        title, key = _PART_OF.sub("", entry["page"]), f"answers-{names[0]}"
        if entry["kind"] in IN_ROWS:
            yield _rows(book, counts, there, key, title)
        else:
            lines = list(_asked(book, counts, there))
            lead = f"Each answer in per cent of the people {counts.of}."
            yield _list(counts, key, title, lead, lines)


def _rows(book: Book, counts: Counts, names: Sequence[str], key: str, title: str) -> Chart:
    """Return rows of grids under the scores that they count towards, most agreement first."""
    headed: dict[str, list[Line]] = {}
    for name in names:
        scales = [scale for scale in book[name]["scales"] if scale["score"] in book]
        heading = book[scales[0]["score"]]["label"] if scales else book[name]["construct"]
        is_reversed = bool(scales and scales[0]["reversed"])
        label = book[name]["label"] + " (reversed)" * is_reversed
        told = counts.one[name]
        headed.setdefault(heading, []).append(Line(label, told.shares, told.base))
    groups = [
        Group(heading, tuple(sorted(lines, key=lambda x: -agreement(x).value)))
        for heading, lines in headed.items()
    ]
    entry = book[names[0]]
    lead = texts_of(entry)
    if any("(reversed)" in line.label for group in groups for line in group.lines):
        lead += " Agreement with a row marked “reversed” counts against its score."
    sentence = highest_and_lowest([line for group in groups for line in group.lines])
    style = Style.GRID if len(entry["codes"]) <= MOST_BESIDE else Style.LIST
    return _chart(counts, key, title, lead.strip(), sentence, style, groups)


def _asked(book: Book, counts: Counts, names: Sequence[str]) -> Iterator[Line]:
    """Yield each question of a page; the ticks of one question are its answers."""
    ticked: dict[str, list[str]] = {}
    for name in names:
        ticked.setdefault(texts_of(book[name]), []).append(name)
    for asked, columns in ticked.items():
        if book[columns[0]]["kind"] != "multiple":
            yield from (Line(asked, counts.one[n].shares, counts.one[n].base) for n in columns)
            continue
        found = [(_option(book, name), counts.one[name]) for name in columns]
        shares = (Share(label, t.shares[-1].figure, t.shares[-1].count) for label, t in found)
        yield Line(asked, tuple(shares), max(line.base for _, line in found))


def _option(book: Book, name: str) -> str:
    """Return ``A loss`` of ``What was it? – A loss`` (forms/kinds.py)."""
    asked = next(iter(book[name]["question"].values()))
    return str(book[name]["label"]).removeprefix(f"{asked} – ")


def _pairs(book: Book, study: Study, counts: Counts) -> Iterator[Chart | None]:
    """Yield each further table of two columns: a line for each answer of the first."""
    for pair in [pair for pair in counts.two if pair not in maps_of(study)]:
        if set(pair) <= book.keys():
            title = f"{book[pair[1]]['label']} By: {book[pair[0]]['label']}"
            lead = f"Each answer in per cent of the people {counts.of} in the group above it."
            yield _list(counts, _key(pair), title, lead, counts.two[pair])


def _key(pair: Pair) -> str:
    return "-by-".join(reversed(pair))


def inline(chart: Chart) -> str:
    """Return the picture for a page twice, wide and narrow: the stylesheet shows one of them."""
    said = f"{chart.sentence} {chart.base} The table below has every figure."
    return "".join(
        svg(draw(chart, width), title=chart.title, desc=said, id_=f"{chart.key}-{css}", css=css)
        for width, css in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def _words(said: str, *, size: float = SIZE, bold: bool = False) -> Drawing:
    if not said:
        return Drawing(WIDE, 0, ())
    lines = folded(said, WIDE, size=size)
    step, weight = size / SIZE, 600 if bold else 400
    drawn = (
        text(0, size + at * LINE * step, line, font_size=size, font_weight=weight)
        for at, line in enumerate(lines)
    )
    return Drawing(WIDE, len(lines) * LINE * step + 8, tuple(drawn))


def sheet(chart: Chart, source: ChartSource, font: str = FONT) -> str:
    """Return the file: title, picture, sentence, base, caution and where its figures come from."""
    inner = stacked(
        [
            _words(chart.title, size=19, bold=True),
            _words(chart.lead),
            _words(chart.sentence),
            draw(chart, WIDE),
            _words(chart.base),
            *(_words(line, bold=at == 0) for at, line in enumerate(source.lines())),
            _words(source.release, size=11),
        ],
        gap=4,
    )
    moved_in = (f'<g transform="translate({EDGE} {EDGE})">', *inner.lines, "</g>")
    whole = Drawing(WIDE + 2 * EDGE, inner.height + 2 * EDGE, moved_in)
    said = " ".join((chart.sentence, chart.base, *source.lines()))
    return svg(whole, title=chart.title, desc=said, id_=chart.key, alone=True, font=font) + "\n"
