"""Sentences worked out from figures: no difference is told that the noise alone could make."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from exports.charts.chart import ChartFigure, Group, Line, Share

WORTH_A_WORD = 5  # percentage points between two moments or two bands
NOT_WHY = "It shows what goes together here, not why."
NOT_THE_SAME_PEOPLE = "Counts of each moment stand by themselves: who changed is not shown."


def told(figure: ChartFigure, decimals: int = 0) -> str:
    """Return a figure within a sentence."""
    return figure.in_words("" if decimals else "%", decimals)


def _margin(figure: ChartFigure) -> float:
    # An end that was cut at 0 or 100 says less than the other one.
    return max(figure.high - figure.value, figure.value - figure.low)


def _differ(one: ChartFigure, other: ChartFigure) -> bool:
    """Return whether two figures differ by more than a reader cares and the noise can do."""
    least = max(WORTH_A_WORD, hypot(_margin(one), _margin(other)))
    return abs(one.value - other.value) >= least


def _beyond(line: Line) -> str:
    """Return what else a difference must exceed to be told."""
    return "" if all(share.figure.is_exact for share in line.shares) else " and beyond its margin"


def _most(line: Line) -> str:
    """Return the answer given most often, and the next one where it may be as frequent."""
    first, *rest = sorted(line.shares, key=lambda share: share.figure.value, reverse=True)
    said = f"most often “{first.label}”, {told(first.figure)}"
    if rest and rest[0].figure.high >= first.figure.low:
        said += f"; “{rest[0].label}”, {told(rest[0].figure)}, may be as frequent"
    return said


def most_frequent(lines: Sequence[Line]) -> str:
    """Return what was answered most often to each question."""
    if len(lines) == 1:
        said = _most(lines[0])
        return f"{said[0].upper()}{said[1:]}."
    return " ".join(f"{_ended(line.label)} {_capital(_most(line))}." for line in lines)


def _capital(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}"


def _ended(said: str) -> str:
    """Return a title or a question with a stop after it."""
    return said if said.endswith((".", "?", "!", ":", "…")) else f"{said}:"


def _upper(line: Line) -> tuple[Share, ...]:
    """Return the answers beyond the middle; one in the middle is neither agreement nor not."""
    return line.shares[-max(len(line.shares) // 2, 1) :]


def agreement(line: Line) -> ChartFigure:
    """Return the per cent beyond the middle of the answers.

    Noise in the answers of one table pulls against each other, so the margin is at most this wide.
    """
    upper = [share.figure for share in _upper(line)]
    value = sum(figure.value for figure in upper)
    margin = hypot(*(_margin(figure) for figure in upper))
    return ChartFigure(value, max(value - margin, 0), min(value + margin, 100))


def highest_and_lowest(lines: Sequence[Line]) -> str:
    """Return the rows with most and with least agreement."""
    ranked = sorted(lines, key=lambda line: agreement(line).value, reverse=True)
    top, low = ranked[0], ranked[-1]
    answers = " or ".join(f"“{share.label}”" for share in _upper(top))
    said = f"{answers} was answered most often to “{top.label}”, {told(agreement(top))}"
    if low is top:
        return f"{said}."
    if not _differ(agreement(top), agreement(low)):
        return f"{said}; no row is {WORTH_A_WORD} points or more below it{_beyond(top)}."
    return f"{said}, and least often to “{low.label}”, {told(agreement(low))}."


def moved(before: Line, after: Line) -> str:
    """Return which answers gained and lost from one moment to the other."""
    later = {share.label: share for share in after.shares}
    both = [(share, later[share.label]) for share in before.shares if share.label in later]
    differing = [(a, b) for a, b in both if _differ(a.figure, b.figure)]
    if not differing:
        said = f"No answer differs by {WORTH_A_WORD} points or more{_beyond(before)}."
        return f"{said} {NOT_THE_SAME_PEOPLE}"
    ordered = sorted(differing, key=lambda pair: pair[1].figure.value - pair[0].figure.value)
    parts = [
        f"“{a.label}” {'rose' if b.figure.value > a.figure.value else 'fell'} from "
        f"{told(a.figure)} to {told(b.figure)}"
        for a, b in reversed(ordered)
    ]
    return f"{_capital('; '.join(parts))}. {NOT_THE_SAME_PEOPLE}"


def ends_of_maps(groups: Sequence[Group]) -> str:
    """Return how the highest band of each later score differs between the ends of the first."""
    said = []
    for group in groups:
        ends = group.lines[0], group.lines[-1]
        low, high = (line.shares[-1].figure for line in ends)
        how = "more often" if high.value > low.value else "less often"
        if not _differ(low, high):
            how = "neither clearly more nor less often"
        said.append(
            f"“{group.heading}” is high {how} where the first score is “{ends[1].label}”, "
            f"{told(high)}, than where it is “{ends[0].label}”, {told(low)}."
        )
    return " ".join([*said, NOT_WHY])


def means_in_words(lines: Sequence[Line]) -> str:
    """Return each of these means."""
    return "; ".join(f"“{line.label}”: {told(line.shares[0].figure, 2)}" for line in lines) + "."
