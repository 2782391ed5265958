"""How much a way through the study asks of a client: questions, answers, minutes.

Minutes are an estimate on the careful side, from seconds for each kind of answer that was given
with the flagship's instrument (4.5 a row of a grid, 7 a single choice) and ours for the rest. They
are for planning and for judging a burden; what clients are told stands in the study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from forms.path import branch_of, names_of, paths, shown_questions
from forms.reading import words
from forms.study import Answers, Page, Question, Study

ROW_SECONDS = 4.5  # one row of a grid
CHOICE_SECONDS = 7.0  # any other question answered by choosing
TEXT_SECONDS = 30.0  # a text in one's own words, where one is written
LINE_SECONDS = 10.0  # a few words, such as how one calls oneself
LONGEST_LINE = 100  # characters up to which a text is a few words
PAGE_SECONDS = 2.0  # turning a page and finding one's way on it
WORDS_A_MINUTE = 200  # reading introductions, slower than the 238 of Brysbaert 2019 (JML 109)


@dataclass(frozen=True, slots=True)
class Way:
    """One way through: the routing answers that lead there, and what it asks.

    ``answers_asked`` counts a grid's rows one by one. ``told`` are the minutes that the study
    tells clients for this branch, None where it tells none.
    """

    answers: Mapping[str, int | str]
    pages: tuple[Page, ...]
    branch: str | None
    questions: int
    answers_asked: int
    minutes: float
    told: float | None


def _seconds(question: Question) -> float:
    if question.kind == "text":
        return TEXT_SECONDS if question.max_length > LONGEST_LINE else LINE_SECONDS
    return ROW_SECONDS * len(question.rows) if question.rows else CHOICE_SECONDS


def _asked(question: Question) -> int:
    """Answers that one question asks for; ticks in one list count as one."""
    return len(names_of(question)) if question.rows else 1


@lru_cache(maxsize=1024)
def _reading(page: Page, branch: str | None) -> float:
    return len(words(page.intro.of(branch))) * 60 / WORDS_A_MINUTE


def _way(study: Study, answers: Answers, pages: tuple[Page, ...]) -> Way:
    branch = branch_of(study, answers)
    asked = [q for page in pages for q in shown_questions(page, answers)]
    seconds = sum(map(_seconds, asked))
    seconds += sum(PAGE_SECONDS + _reading(page, branch) for page in pages)
    return Way(
        answers=answers,
        pages=pages,
        branch=branch,
        questions=len(asked),
        answers_asked=sum(map(_asked, asked)),
        minutes=seconds / 60,
        told=study.minutes.get(branch or "everybody"),
    )


def ways(study: Study) -> Iterator[Way]:
    """Every different way through, each once (``forms.path.paths`` says what differs)."""
    return (_way(study, answers, pages) for answers, pages in paths(study))


@dataclass(frozen=True, slots=True)
class WayAlong:
    """All ways along the same pages: what they ask at least and at most."""

    pages: tuple[Page, ...]
    branches: tuple[str, ...]
    ways: tuple[Way, ...]

    def span(self, of: str) -> tuple[float, float]:
        """Least and most of ``questions``, ``answers_asked`` or ``minutes``."""
        values = [getattr(way, of) for way in self.ways]
        return min(values), max(values)

    @property
    def told(self) -> tuple[float, ...]:
        """Minutes that clients are told on these ways, without repeats."""
        return tuple(dict.fromkeys(w.told for w in self.ways if w.told is not None))


def along_pages(found: tuple[Way, ...]) -> tuple[WayAlong, ...]:
    """The ways grouped by the pages they lead along, in the order found."""
    groups: dict[tuple[Page, ...], list[Way]] = {}
    for way in found:
        groups.setdefault(way.pages, []).append(way)
    return tuple(
        WayAlong(pages, tuple(dict.fromkeys(w.branch for w in group if w.branch)), tuple(group))
        for pages, group in groups.items()
    )
