"""A chart as plain data: what it shows, in a picture, in a table and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exports.csv_text import csv_text

HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Slice:
    """One answer in a row: per cent of those who answered; None is a hidden count."""

    label: str
    count: int | None
    percent: float | None


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One row: its text, its slices in the order of the options, and of how many people.

    ``turned``: agreement counts against the score it stands under.
    """

    label: str
    slices: tuple[Slice, ...]
    base: int
    note: str = ""
    turned: bool = False

    @property
    def told(self) -> str:
        """Its text as a picture has it."""
        return f"{self.label} (reversed)" if self.turned else self.label

    @property
    def drawn(self) -> float:
        """Per cent that can be shown."""
        return sum(s.percent or 0 for s in self.slices)

    @property
    def agree(self) -> float | None:
        """Per cent beyond the middle of the options; None where a part of it is hidden."""
        upper = [s.percent for s in self.slices[-(len(self.slices) // 2) :]]
        known = [p for p in upper if p is not None]
        return sum(known) if len(known) == len(upper) else None

    @property
    def lean(self) -> float:
        """Agreement shown less disagreement shown, in points: for an order only."""
        half = len(self.slices) // 2
        upper, lower = self.slices[-half:], self.slices[:half]
        return sum(s.percent or 0 for s in upper) - sum(s.percent or 0 for s in lower)


@dataclass(frozen=True, slots=True)
class BarGroup:
    """Bars under one heading."""

    heading: str
    bars: tuple[ChartBar, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Diverging stacked bars: disagreement to the left, agreement to the right, both from one line.

    ``options`` are what the colours stand for, one list a set of options.
    """

    groups: tuple[BarGroup, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a heat map: None where hidden."""

    count: int | None
    percent: float | None


@dataclass(frozen=True, slots=True)
class Panel:
    """One heat map: ``cells`` a tuple for each band of what came before, low to high.

    ``levels`` names the bands of the score, low to high too.
    """

    heading: str
    levels: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    bases: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Small multiples: across what came before, upward the score; shade is per cent of a column."""

    across: str
    bands: tuple[str, ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dots:
    """Two dots a line: one answer's share then and later."""

    names: tuple[str, str]
    bases: tuple[int, int]
    lines: tuple[tuple[str, Slice, Slice], ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """So many people from one place to another; None where the count is hidden."""

    label: str
    count: int | None
    percent: float | None
    onward: tuple[Stream, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Everybody, the branches they took, and how these ended; beside, who was asked what."""

    rows: int
    branches: tuple[Stream, ...]
    endings: tuple[Stream, ...]
    asked: tuple[Stream, ...]


Picture = Bars | Heat | Dots | FlowChart


@dataclass(frozen=True, slots=True)
class ChartTable:
    """The same figures to read; ``numbers`` are the places of columns that hold figures."""

    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """``key`` names it in addresses. ``sentence`` says what it shows, ``base`` of how many."""

    key: str
    title: str
    lead: str
    sentence: str
    base: str
    picture: Picture
    table: ChartTable


@dataclass(frozen=True, slots=True)
class ChartSource:
    """What stands under every chart: where its figures come from and how not to read them."""

    study: str
    release: str
    marks: str
    caution: str
    use: str
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Everything, most important first."""
        return tuple(said for said in (self.marks, self.caution, self.use, *self.notes) if said)


def in_words(count: int | None, percent: float | None = None) -> str:
    """A published count with its share: ``about 45 (12 %)``."""
    if count is None:
        return HIDDEN
    return f"about {count}" if percent is None else f"about {count} ({percent:.0f} %)"


def csv_of(chart: Chart, source: ChartSource) -> bytes:
    """The figures for programs, one a line: RFC 4180, UTF-8. Every line has source and caution."""
    about = " ".join(said for said in (source.marks, source.caution) if said)
    lines = ((*place, source.release, about) for place in _figures(chart.picture))
    return csv_text([(*LINE, "release", "caution"), *lines]).encode()


LINE = ("group", "row", "answer", "count", "percent", "base")
Line = tuple[str, str, str, int | str, float | str, int | str]


def _line(
    words: tuple[str, str, str], count: int | None, percent: float | None, base: int | None
) -> Line:
    figures = ("" if percent is None else percent, "" if base is None else base)
    return (*words, HIDDEN if count is None else count, *figures)


def _figures(picture: Picture) -> Iterator[Line]:
    if isinstance(picture, Bars):
        return _bars(picture)
    if isinstance(picture, Heat):
        return _maps(picture)
    return _dots(picture) if isinstance(picture, Dots) else _streams(picture)


def _bars(picture: Bars) -> Iterator[Line]:
    for group in picture.groups:
        for bar in group.bars:
            for part in bar.slices:
                words = (group.heading, bar.label, part.label)
                yield _line(words, part.count, part.percent, bar.base)


def _maps(picture: Heat) -> Iterator[Line]:
    for panel in picture.panels:
        for band, base, cells in zip(picture.bands, panel.bases, panel.cells, strict=True):
            for level, cell in zip(panel.levels, cells, strict=True):
                yield _line((panel.heading, band, level), cell.count, cell.percent, base)


def _dots(picture: Dots) -> Iterator[Line]:
    for label, *both in picture.lines:
        for name, part, base in zip(picture.names, both, picture.bases, strict=True):
            yield _line(("", name, label), part.count, part.percent, base)


def _streams(flow: FlowChart) -> Iterator[Line]:
    for what, found in (("way", flow.branches), ("ending", flow.endings), ("asked", flow.asked)):
        for one in found:
            yield _line((what, one.label, ""), one.count, one.percent, flow.rows)
            for end in one.onward:
                yield _line((what, one.label, end.label), end.count, end.percent, one.count)
