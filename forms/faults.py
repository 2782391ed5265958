"""What is wrong with a study folder: every fault at once, each in one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from forms.study import Page, Question

QUESTIONNAIRE = "questionnaire.toml"
CONSENT = "consent.toml"
RELEASE = "release.toml"
SUPPORT = "support.toml"

# A longer list of what is allowed helps nobody; the nearest name does.
LISTED = 12
FIRST = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: file, table and key it stands in, what is wrong and what is allowed."""

    file: str
    table: str
    key: str
    problem: str
    allowed: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.table, self.key) if part)
        line = f"{place}: {self.problem}" + (f"; allowed: {self.allowed}" if self.allowed else "")
        return " ".join(line.split())


class StudyFaults(ValueError):
    """The study cannot be loaded; ``faults`` lists everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def at(page: Page, question: Question | None = None) -> str:
    """The table in which ``page``, or ``question`` on it, is written."""
    return f"page {page.id}, question {question.name}" if question else f"page {page.id}"


def listed(allowed: Iterable[object]) -> str:
    """What is allowed as one phrase, cut short when it is long."""
    names = [str(name) for name in allowed]
    if len(names) <= LISTED:
        return ", ".join(names)
    return ", ".join(names[:FIRST]) + f" … ({len(names)} in all)"


def nearest(name: str, allowed: Iterable[str]) -> str:
    """ ", did you mean …?" when one of ``allowed`` looks like ``name``, else nothing."""
    close = get_close_matches(name, list(allowed), n=1)
    return f" – did you mean {close[0]!r}?" if close else ""
