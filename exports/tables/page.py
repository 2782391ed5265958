"""Tier A as one page to read: bars for single answers, tables for pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markupsafe import Markup

from exports.documents import html
from exports.tables.build import Tables
from exports.tables.lines import HIDDEN, Figure, crossed_figures, empty, figures_of, unread
from exports.tables.one_way import OneWay
from exports.tables.rule import ERROR, SMALLEST, SMALLEST_BASE, STEP
from exports.tables.spans import Span, means_of
from exports.tables.two_way import TwoWay

_RULE = (
    f"No count under {SMALLEST} people is shown. Counts are rounded to the nearest {STEP}, so they "
    f"need not add up; percentages are of rounded counts and stand only where {SMALLEST_BASE} or "
    "more people answered. A hidden count is small, or keeps a small one from being worked out. "
    "METHODS.md says how."
)
_PAIRS = (
    'The "rest" are those without an answer to that question, those not asked, and those whose '
    "answer is hidden in its own table."
)


def _words(figure: Figure) -> str:
    if figure.count is None:
        return HIDDEN
    share = "" if figure.percent is None else f" · {figure.percent:.0f} %"
    return f"{figure.count}{share}"


def _bars(table: OneWay, parts: int) -> Markup:
    found = list(figures_of(table, parts))
    most = max((f.count or 0 for _, f in found), default=0) or 1
    return html.bars(
        html.Bar(
            category.label,
            None if figure.count is None else figure.count / most,
            _words(figure),
            quiet=category.missing,
        )
        for category, figure in found
    )


def _one(table: OneWay, parts: int) -> Markup:
    name = html.paragraph(html.code(table.variable.name), kind="small")
    return html.card(
        table.variable.label or table.variable.name,
        name,
        _bars(table, parts),
        id_=html.anchor(table.variable.name),
    )


def _two(table: TwoWay, parts: int) -> Markup:
    """The table stood on its side: who somebody is has few and short answers, and heads columns."""
    words = [_words(figure) for *_, figure in crossed_figures(table, parts)]
    width = len(table.column.categories)
    lines = [(across.label, *words[at::width]) for at, across in enumerate(table.column.categories)]
    caption = f"{table.column.label} ({table.column.name}) by {table.row.label} ({table.row.name})"
    heads = ("Rest" if down.rest else down.label for down in table.row.categories)
    head = ("Per cent of the column", *heads)
    return html.table(head, lines, caption=caption, numbers=range(1, len(head)))


def _means(tables: Tables) -> Iterator[Markup]:
    """Means of people's scores, where they are told, and those that follow from the counts."""
    means, spans = means_of(tables)
    lines = [
        (m.label, m.name, HIDDEN if m.value is None else f"{m.value:g}", f"± {m.step / 2:g}")
        for m in means
    ]
    caption = "Mean of each score, rounded so that nobody can be seen in it"
    head = ("Score", "Name", "Mean", "Rounding")
    if lines:
        yield html.table(head, lines, caption=caption, numbers=(2, 3))
    if spans:
        yield _spans(spans)


def _spans(spans: Iterable[Span]) -> Markup:
    lines = [
        (s.label, s.name, HIDDEN if s.middle is None else f"{s.middle:.2f}",
         "{:.2f} to {:.2f}".format(*s.told))
        for s in spans
    ]  # fmt: skip
    caption = (
        "Means from the counts shown above: what they leave possible, and its middle unless that "
        "is over a quarter of the scale. A score here is the mean of its parts' means."
    )
    head = ("Score or item", "Name", "Mean", "Lies from")
    return html.table(head, lines, caption=caption, numbers=(2, 3))


def _lead(tables: Tables) -> str:
    batches = f" in {tables.parts} batches" if tables.parts > 1 else ""
    error = ERROR * tables.parts
    return f"About {tables.rows} people{batches}. Every count is at most {error} from the true one."


def _hidden_whole(tables: Tables) -> Markup:
    names = unread(tables)
    said = "Too small to show anything: " + "; ".join(names) + "."
    return html.paragraph(said) if names else Markup()


def page_of(tables: Tables, *, title: str, mark: str = "", caution: str = "") -> bytes:
    """The page of one batch's tables, or of their sum."""
    single = [_one(t, tables.parts) for t in tables.one_way if not empty(t)]
    pairs = [_two(t, tables.parts) for t in tables.two_way if not empty(t)]
    parts: list[tuple[str, list[Markup]]] = [
        ("One question at a time", single),
        ("Two questions at a time", [html.paragraph(_PAIRS), *pairs] if pairs else []),
        ("Means", list(_means(tables))),
    ]
    there = [(heading, made) for heading, made in parts if made]
    return html.page(
        f"{title}: tables",
        html.paragraph(_RULE),
        _hidden_whole(tables),
        html.contents((heading, html.anchor(heading)) for heading, _ in there),
        *(html.section(heading, *made) for heading, made in there),
        mark=mark,
        lead=_lead(tables),
        caution=caution,
    )
