"""Charts as plain data: shares, the pictures made of them, their table and their sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exports.output_files import csv_text

HIDDEN = "hidden"
LINE = ("group", "row", "answer", "count", "percent", "base")
Line = tuple[str, str, str, int | str, float | str, int | str]


@dataclass(frozen=True, slots=True)
class Share:
    """People who have something in common: None is a hidden count, or a per cent not to be shown.

    ``onward`` is where they went from there.
    """

    label: str
    count: int | None
    percent: float | None
    onward: tuple[Share, ...] = ()

    @property
    def in_words(self) -> str:
        """Published count with its share: ``about 45 (12 %)``."""
        if self.count is None:
            return HIDDEN
        return f"about {self.count}" + ("" if self.percent is None else f" ({self.percent:.0f} %)")

    def line(self, group: str, row: str, answer: str, base: int | None) -> Line:
        """Return the figures as a line of a CSV, below these words."""
        count = HIDDEN if self.count is None else self.count
        percent = "" if self.percent is None else self.percent
        return group, row, answer, count, percent, "" if base is None else base


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One row: its text, the shares of its options in order, and of how many people.

    ``is_reversed``: agreement counts against the score it stands under.
    """

    label: str
    shares: tuple[Share, ...]
    base: int
    note: str = ""
    is_reversed: bool = False

    @property
    def drawn_label(self) -> str:
        """Text beside the bar in a picture."""
        return f"{self.label} (reversed)" if self.is_reversed else self.label

    @property
    def drawn(self) -> float:
        """Per cent that can be shown."""
        return sum(s.percent or 0 for s in self.shares)

    @property
    def upper(self) -> tuple[Share, ...]:
        """Options beyond the middle."""
        # An odd one in the middle is neither agreement nor disagreement.
        return self.shares[-(len(self.shares) // 2) :]

    @property
    def agree(self) -> float | None:
        """Per cent beyond the middle of the options; None where a part of it is hidden."""
        known = [s.percent for s in self.upper if s.percent is not None]
        # A sum of the shown parts alone would say too little.
        return sum(known) if len(known) == len(self.upper) else None

    @property
    def net_agreement(self) -> float:
        """Agreement shown less disagreement shown, in points: for an order only."""
        lower = self.shares[: len(self.shares) // 2]
        return sum(s.percent or 0 for s in self.upper) - sum(s.percent or 0 for s in lower)


@dataclass(frozen=True, slots=True)
class BarGroup:
    """Bars under one heading."""

    heading: str
    bars: tuple[ChartBar, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Diverging stacked bars: disagreement to the left, agreement to the right, both from one line.

    ``options`` are what the colours stand for: heading and labels of each set of options.
    """

    groups: tuple[BarGroup, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]

    def figures(self) -> Iterator[Line]:
        """Yield every figure."""
        for group in self.groups:
            for bar in group.bars:
                for share in bar.shares:
                    yield share.line(group.heading, bar.label, share.label, bar.base)


@dataclass(frozen=True, slots=True)
class Panel:
    """One heat map: ``cells`` hold a column for each band of the first score, low to high.

    ``levels`` names the bands of the second score, low to high too.
    """

    heading: str
    levels: tuple[str, ...]
    cells: tuple[tuple[Share, ...], ...]
    bases: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class HeatMaps:
    """Small multiples: across the first score, upward the second; shade is per cent of a column."""

    across: str
    bands: tuple[str, ...]
    panels: tuple[Panel, ...]

    def figures(self) -> Iterator[Line]:
        """Yield every figure."""
        for panel in self.panels:
            for band, base, cells in zip(self.bands, panel.bases, panel.cells, strict=True):
                for cell in cells:
                    yield cell.line(panel.heading, band, cell.label, base)


@dataclass(frozen=True, slots=True)
class DotPlot:
    """Two dots a line: one answer's share at two moments."""

    names: tuple[str, str]
    bases: tuple[int, int]
    lines: tuple[tuple[Share, Share], ...]

    def figures(self) -> Iterator[Line]:
        """Yield every figure."""
        for line in self.lines:
            for name, share, base in zip(self.names, line, self.bases, strict=True):
                yield share.line("", name, line[0].label, base)


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Everybody, the branches they took, and how these ended; beside, who was asked what."""

    rows: int
    branches: tuple[Share, ...]
    endings: tuple[Share, ...]
    asked: tuple[Share, ...]

    def figures(self) -> Iterator[Line]:
        """Yield every figure."""
        parts = (("way", self.branches), ("ending", self.endings), ("asked", self.asked))
        for part, shares in parts:
            for share in shares:
                yield share.line(part, share.label, "", self.rows)
                # Endings are counted of those who took the way, not of everybody.
                for end in share.onward:
                    yield end.line(part, share.label, end.label, share.count)


Picture = Bars | HeatMaps | DotPlot | FlowChart


@dataclass(frozen=True, slots=True)
class ChartTable:
    """The figures to read; ``numbers`` are the places of columns that hold figures."""

    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its words. ``key`` names it in addresses, ``base`` says of how many it is."""

    key: str
    title: str
    lead: str
    sentence: str
    base: str
    picture: Picture
    table: ChartTable


@dataclass(frozen=True, slots=True)
class ChartSource:
    """Words under every chart: where its figures come from and how not to read them."""

    release: str
    marks: str
    caution: str
    use: str

    def lines(self) -> tuple[str, ...]:
        """Return everything, most important first."""
        return tuple(said for said in (self.marks, self.caution, self.use) if said)


def csv_of(chart: Chart, source: ChartSource) -> bytes:
    """Return the figures for programs, one a line: RFC 4180, UTF-8.

    Every line repeats release and caution, as lines are copied without their file.
    """
    about = " ".join(said for said in (source.marks, source.caution) if said)
    lines = ((*line, source.release, about) for line in chart.picture.figures())
    return csv_text([(*LINE, "release", "caution"), *lines]).encode()
