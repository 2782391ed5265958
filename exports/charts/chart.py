"""Charts as plain data: figures with their margins, the table and the file made of them.

Every picture is the same tree: groups of lines, and of each line the shares of its answers. The
style alone says how it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from exports.output_files import csv_text

COLUMNS = ("group", "row", "answer", "unit", "value", "low", "high", "count", "base")


@dataclass(frozen=True, slots=True)
class ChartFigure:
    """A per cent or a mean; ``low`` and ``high`` bound it where noise was added, else are it."""

    value: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        """Return whether it was counted plainly."""
        return self.low == self.high

    def in_words(self, unit: str, decimals: int = 0) -> str:
        """Return it as it is told: ``34 % (30 to 38)``."""
        value, low, high = (f"{n:.{decimals}f}" for n in (self.value, self.low, self.high))
        said = f"{value} {unit}".strip()
        return said if self.is_exact else f"{said} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Share:
    """One answer of a line: how many people gave it, and what per cent that is; or a mean."""

    label: str
    figure: ChartFigure
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One question, row or band, of about ``base`` people."""

    label: str
    shares: tuple[Share, ...]
    base: int


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    heading: str
    lines: tuple[Line, ...]


class Style(Enum):
    """How lines are drawn."""

    LIST = auto()  # a heading for each line, a bar for each answer below it
    GRID = auto()  # a row for each line, a bar for each answer beside it
    PAIR = auto()  # two lines a group: both bars of an answer under each other
    MAP = auto()  # a row for each line, a shaded field for each answer beside it
    MEANS = auto()  # a dot for each line, on the scale


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its words. ``key`` names it in addresses, ``ends`` are those of its scale."""

    key: str
    title: str
    lead: str
    sentence: str
    base: str
    style: Style
    groups: tuple[Group, ...]
    ends: tuple[float, float]

    @property
    def unit(self) -> str:
        """Return what its figures are."""
        return "" if self.style is Style.MEANS else "%"

    @property
    def decimals(self) -> int:
        """Return how many decimals its figures are told with."""
        return 2 if self.style is Style.MEANS else 0

    @property
    def has_margins(self) -> bool:
        """Return whether noise was added to its figures."""
        return not all(share.figure.is_exact for _, _, share in self._figures())

    def _figures(self) -> Iterator[tuple[Group, Line, Share]]:
        for group in self.groups:
            for line in group.lines:
                for share in line.shares:
                    yield group, line, share

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return head and lines of the figures to read; the last three columns are numbers."""
        grouped = any(group.heading for group in self.groups)
        head = (*("Group",) * grouped, "Row", "Answer", "Figure", "People", "Of")
        lines = [
            (
                *(group.heading,) * grouped,
                line.label,
                share.label,
                share.figure.in_words(self.unit, self.decimals),
                "" if share.count is None else str(share.count),
                str(line.base),
            )
            for group, line, share in self._figures()
        ]
        return head, lines

    def csv(self, source: ChartSource) -> bytes:
        """Return the figures for programs, one a line: RFC 4180, UTF-8; no margin, no low and high.

        Every line repeats release and caution, as lines are copied without their file.
        """
        about = " ".join(said for said in (source.marks, source.whose, source.caution) if said)
        unit = "per cent" if self.unit else "mean"
        lines = []
        for group, line, share in self._figures():
            figure = share.figure
            margin = ("", "") if figure.is_exact else (figure.low, figure.high)
            told = (group.heading, line.label, share.label, unit, figure.value, *margin)
            count = "" if share.count is None else share.count
            lines.append((*told, count, line.base, source.release, about))
        return csv_text([(*COLUMNS, "release", "caution"), *lines]).encode()


@dataclass(frozen=True, slots=True)
class ChartSource:
    """Words under every chart: where its figures come from and how not to read them."""

    release: str
    marks: str
    whose: str
    caution: str
    use: str

    def lines(self) -> tuple[str, ...]:
        """Return everything, most important first."""
        return tuple(said for said in (self.marks, self.whose, self.caution, self.use) if said)
