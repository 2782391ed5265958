"""What differs between the screens of a dossier and the pages of a site, text by text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from survey.board.dossier.opened import Dossier
from survey.board.dossier.seen import Seen
from survey.served.offer import BY_INVITATION

CLIENT, BOARD = "client’s page", "board’s walk"
WEIGHED = 20  # texts that one which is missing is likened to; a wholly other page has hundreds
ALIKE = 0.5  # share from which on two texts are told as one that was changed
HELP = frozenset(["support", "thanks"])

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One text that is not the same: where, and both; an empty one is not there at all."""

    where: str
    dossier: str
    site: str

    def __str__(self) -> str:
        nothing = "(nothing)"
        return (
            f"{self.where}\n  dossier: {self.dossier or nothing}\n  site:    {self.site or nothing}"
        )


@dataclass
class Report:
    """What was compared: differences, each once, and what could not be seen."""

    differences: dict[Difference, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    screens: int = 0
    ways: int = 0

    def add(self, where: str, dossier: str, site: str) -> None:
        """Note one text that differs."""
        self.differences[Difference(where, dossier, site)] = None


def where_of(screen: Json, whose: str) -> str:
    """The screen and on whose pages, as a person is told."""
    apart = "; help lines may be corrected at any time" if screen["id"] in HELP else ""
    return f"{screen['name']} [{screen['id']}], {whose}{apart}"


def compare(screen: Json, seen: Seen, whose: str, dossier: Dossier, report: Report) -> None:
    """Every line of one screen, both ways."""
    report.screens += 1
    where = where_of(screen, whose)
    if screen["title"] != seen.title:
        report.add(f"{where}, title", screen["title"], seen.title)
    lines = screen.get("preview", screen["lines"]) if whose == BOARD else screen["lines"]
    ours: Counter[str] = Counter(lines)
    theirs: Counter[str] = Counter(seen.lines)
    missing = _in_order(lines, ours - theirs)
    extra = _in_order(seen.lines, theirs - ours)
    if screen["asks"]:
        extra = [line for line in extra if line not in dossier.may_also_say]
    if screen["id"] == "landing":
        extra = [line for line in extra if line.replace(" .", ".") != BY_INVITATION]
    for one, other in _paired(missing, extra):
        report.add(where, one, other)
    if not (missing or extra or screen["any_order"]):
        met = [line for line in seen.lines if line in ours]
        moved = next((pair for pair in zip(lines, met, strict=False) if pair[0] != pair[1]), None)
        if moved is not None:
            report.add(f"{where}, order", *moved)


def _in_order(lines: Sequence[str], left: Counter[str]) -> list[str]:
    """Those of ``lines`` that are left over, in their order."""
    left = Counter(left)
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
            found.append(line)
    return found


def _paired(missing: list[str], extra: list[str]) -> Iterator[tuple[str, str]]:
    """What is not there beside what is there instead: the most alike together."""
    rest = list(extra)
    for line in missing:
        likeness = [SequenceMatcher(None, line, other).ratio() for other in rest[:WEIGHED]]
        best = max(range(len(rest)), key=likeness.__getitem__, default=None)
        if best is not None and likeness[best] > ALIKE:
            yield line, rest.pop(best)
        else:
            yield line, ""
    yield from (("", line) for line in rest)
