"""The same asked of two moments: then and later, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from exports.charts.chart import Bar, Bars, Chart, Dots, Group, Picture, Slice, Table, in_words
from exports.charts.figures import Figures, first_of
from exports.charts.readings import bar_of, base_of, quoted, table_of
from exports.charts.shape import MOST_OPTIONS, Book, Twice

THEN, LATER = "Then", "Later"
TELLING = 5  # percentage points that are worth a word
NOT_THE_SAME_PEOPLE = "Counts of each moment stand by themselves: who changed is not shown."


def _pair(book: Book, figures: Figures, pair: tuple[str, str]) -> tuple[Bar, Bar]:
    then, later = pair
    return (
        bar_of(figures.one_way[first_of(book, pair)], book[then]["label"], figures.parts),
        bar_of(figures.one_way[later], book[later]["label"], figures.parts),
    )


def _named(then: Bar, later: Bar) -> Group:
    """Both rows of a pair; where both moments are asked in the same words, named by the moment."""
    first = Bar(f"{THEN}: {then.label}", then.slices, then.base, then.note)
    second = Bar(f"{LATER}: {later.label}", later.slices, later.base, later.note)
    return Group("", (first, second))


def _highest(bars: Sequence[Bar]) -> str:
    known = [bar for bar in bars if bar.agree is not None]
    if not known:
        return "nothing can be compared, as too few people gave the same answers"
    top = max(known, key=lambda bar: bar.agree or 0)
    upper = [s.label for s in top.slices[-(len(top.slices) // 2) :]]
    return f"{quoted(upper)} was answered most to “{top.label}” (about {top.agree:.0f} %)"


def _bars(found: Twice, pairs: Sequence[tuple[Bar, Bar]]) -> tuple[Picture, Table]:
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


def _dots(then: Bar, later: Bar) -> tuple[Picture, Table]:
    both = zip(then.slices, later.slices, strict=True)
    lines = tuple((one.label, one, other) for one, other in both)
    cells = tuple((label, _cell(one), _cell(other)) for label, one, other in lines)
    table = Table(("Answer", THEN, LATER), cells, frozenset({1, 2}))
    return Dots((THEN, LATER), (then.base, later.base), lines), table


def _cell(part: Slice) -> str:
    return in_words(part.count, part.percent).removeprefix("about ")


def _moved(then: Bar, later: Bar) -> str:
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
        if abs(by) >= TELLING and (by > 0) == (verb == "most gained")
    ]
    if not said:
        return f"No answer whose share is shown differs by {TELLING} points or more."
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _ended(said: str) -> str:
    """A title or a question with a stop after it."""
    return said if said.endswith((".", "?", "!")) else f"{said}."


def later(book: Book, found: Twice, figures: Figures, key: str) -> Chart | None:
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
