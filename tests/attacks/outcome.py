"""Rows of the tables: what an attack told and may tell, what else was tried, what did not end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.lengths.attack import Told

__all__ = [
    "BROKEN", "HELD", "LIMIT", "UNPROVEN", "Outcome", "Row", "Told", "Trial", "Unfinished",
    "table", "trials",
]  # fmt: skip

HELD, LIMIT, BROKEN, UNPROVEN = "held", "documented limit", "**broken**", "**proves nothing**"
PROVEN = 0.05  # chance alone explains that an attack succeeds at the weakened copy
SURE = 1e-4  # chance alone fails a row less than once in so many runs


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack reached, at the program as it is and at a copy without one protection.

    ``bound`` is the share that may be told right: that of pure guessing, or a limit that a page
    names (``page``, of docs/).
    """

    adversary: str
    tried: str
    told: Told
    weakened: Told
    without: str
    bound: float
    page: str

    @property
    def by_guessing(self) -> float:
        """Share that pure guessing tells."""
        return self.told.guessed / self.told.tries

    @property
    def proven(self) -> bool:
        """Whether the attack succeeds where the protection is missing: else it shows nothing."""
        weak = self.weakened
        return by_chance(weak.right, weak.tries, weak.guessed / weak.tries) < PROVEN

    @property
    def verdict(self) -> str:
        """Broken where chance cannot explain what lies above the bound."""
        if by_chance(self.told.right, self.told.tries, self.bound) < SURE:
            return BROKEN
        if not self.proven and self.bound < 1:  # what may be told whole proves itself
            return UNPROVEN
        return LIMIT if self.bound > self.by_guessing + 1e-9 else HELD

    @property
    def sound(self) -> bool:
        """Whether the row stands as the pages say."""
        return self.verdict in (HELD, LIMIT)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a server that was flooded, broken or searched for faults: no guessing here.

    ``harm`` counts what must not happen; ``most`` is how much of it may.
    """

    tried: str
    times: int
    found: str
    harm: float
    most: float
    at_most: str

    @property
    def verdict(self) -> str:
        """Broken where more came of it than may."""
        return HELD if self.harm <= self.most else BROKEN

    @property
    def sound(self) -> bool:
        """Whether it stands as the pages say."""
        return self.verdict == HELD


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a part of the run died of; its row fails, the others stand."""

    tried: str
    what: str
    sound: bool = False

    @property
    def verdict(self) -> str:
        """What it says in place of a verdict."""
        return f"**did not finish**: {self.what}"


Row = Outcome | Trial | Unfinished


def by_chance(right: int, tries: int, share: float) -> float:
    """Return how likely so many right ones, or more, are where each is right with ``share``."""
    if share >= 1 or right <= share * tries:
        return 1.0
    if share <= 0:
        return 0.0

    def exactly(n: int) -> float:
        ways = math.lgamma(tries + 1) - math.lgamma(n + 1) - math.lgamma(tries - n + 1)
        return math.exp(ways + n * math.log(share) + (tries - n) * math.log1p(-share))

    return math.fsum(map(exactly, range(right, tries + 1)))


HEADS = (
    "adversary", "what was tried", "tries", "told", "by guessing", "at most, and where it is told",
    "verdict", "the same without the protection",
)  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table of attacks, and of what did not finish."""
    yield "| " + " | ".join(HEADS) + " |"
    yield "|---|---|---:|---:|---:|---|---|---|"
    for row in rows:
        if isinstance(row, Unfinished):
            yield _line("–", row.tried, *["–"] * 4, row.verdict, "–")
        elif isinstance(row, Outcome):
            yield _line(
                row.adversary, row.tried, f"{row.told.tries:,}", row.told.in_words(),
                _percent(row.by_guessing), f"{_percent(row.bound)}: {row.page}", row.verdict,
                f"{row.weakened.in_words()} of {row.weakened.tries:,}: {row.without}",
            )  # fmt: skip


def trials(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table of what is no guessing; nothing where there is none."""
    found = [row for row in rows if isinstance(row, Trial)]
    if found:
        yield _line("what was done", "times", "what came of it", "at most", "verdict")
        yield "|---|---:|---|---|---|"
    for row in found:
        yield _line(row.tried, f"{row.times:,}", row.found, row.at_most, row.verdict)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"
