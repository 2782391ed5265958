"""What came before against what was read later: small heat maps of two or three bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exports.charts.chart import Cell, Chart, Heat, Panel, Table, in_words
from exports.charts.figures import Figures
from exports.charts.shape import Book, Hypothesis
from exports.tables.rule import percent
from exports.tables.two_way import TwoWay

TELLING = 10  # percentage points between two columns that are worth a word
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


def _sentence(across: str, panels: Sequence[Panel]) -> str:
    ends = [(p.heading, *pair) for p in panels if (pair := _ends(p))]
    more = [e for e in ends if e[2] - e[1] >= TELLING]
    less = [e for e in ends if e[1] - e[2] >= TELLING]
    opening = f"Where “{across}” is highest rather than lowest, high scores are"
    told = [
        f"{how} frequent for {_listed(found)}"
        for how, found in (("more", more), ("less", less))
        if found
    ]
    said = [f"{opening} {', and '.join(told)}."] if told else []
    if alike := len(ends) - len(more) - len(less):
        said.append(f"{alike} of {len(panels)} differ by under {TELLING} points.")
    if hidden := len(panels) - len(ends):
        said.append(f"For {hidden} of {len(panels)} the fields to compare are hidden.")
    return " ".join([*said, NOT_WHY])


def _lines(panel: Panel, bands: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for band, base, cells in zip(bands, panel.bases, panel.cells, strict=True):
        of = "not told" if base is None else f"about {base}"
        for level, cell in zip(panel.levels, cells, strict=True):
            yield panel.heading, band, level, of, in_words(cell.count, cell.percent)


def heat(book: Book, asked: Hypothesis, figures: Figures) -> Chart | None:
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
    lines = tuple(line for panel in panels for line in _lines(panel, bands))
    return Chart(
        key="hypothesis",
        title=f"{across}, and what followed",
        lead="Each column of a small map adds up to about 100 %: how those who came with a lower "
        "or a higher first score answered later.",
        sentence=_sentence(across, panels),
        base=_base_sentence(panels),
        picture=Heat(across, bands, tuple(panels)),
        table=Table(("Score", across, "Score is", "Of", "People"), lines, frozenset({3, 4})),
    )


def _base_sentence(panels: Sequence[Panel]) -> str:
    sums = [sum(n or 0 for n in p.bases) for p in panels if None not in p.bases]
    if not sums:
        return f"Base: not told, as parts of it are too small. {HIDDEN_FIELDS}"
    low, high = min(sums), max(sums)
    who = f"about {low}" if low == high else f"about {low} to {high}"
    return f"Base: {who} people with both scores. {HIDDEN_FIELDS}"
