"""The pages and questions that given answers lead through, in words too, and what they ask.

The path is worked out afresh from the answers each time and never kept. Minutes are an estimate on
the careful side, from seconds for each kind of answer that was given with the flagship's instrument
(4.5 a row of a grid, 7 a single choice) and ours for the rest. They are for planning and for
judging a burden; what clients are told stands in the study.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from forms.kinds import columns_of_question, columns_of_study, kind_of
from forms.readability import words
from forms.study import Answers, Condition, Page, Question, Study

_Turn = tuple[str, Question, tuple[int | None, ...]]


def condition_holds(condition: Condition, answers: Answers) -> bool:
    """Return true when every column named in ``condition`` holds one of its codes."""
    return not condition or all(answers.get(column) in codes for column, codes in condition)


PASSED = "passed:"  # begins the events below


def page_passed_event(page: str, branch: str | None) -> str:
    """Return the event of going on from a page, with the branch that the answers lead to."""
    return f"{PASSED}{page}:{branch or ''}"


def branch_of(study: Study, answers: Answers) -> str | None:
    """Return the name of the first branch whose condition holds; None before one does."""
    return next((b.name for b in study.branches if condition_holds(b.when, answers)), None)


@lru_cache(maxsize=1024)
def _routed(page: Page) -> bool:
    """Return true when a question of ``page`` hangs on an answer; on most pages none does."""
    return any(q.show_if for q in page.questions)


def shown_questions(page: Page, answers: Answers) -> tuple[Question, ...]:
    """Return the questions of ``page`` that these answers show."""
    if not _routed(page):
        return page.questions
    return tuple(q for q in page.questions if condition_holds(q.show_if, answers))


def shown_pages(study: Study, answers: Answers) -> tuple[Page, ...]:
    """Return the pages that these answers lead through, in order."""
    if not study.routed:
        return study.pages
    return tuple(
        p
        for p in study.pages
        if condition_holds(p.show_if, answers) and shown_questions(p, answers)
    )


def shown_names(study: Study, answers: Answers) -> frozenset[str]:
    """Return the names of all questions that these answers show."""
    return frozenset(
        q.name for p in shown_pages(study, answers) for q in shown_questions(p, answers)
    )


@lru_cache(maxsize=4096)
def answer_keys(question: Question) -> tuple[str, ...]:
    """Return what a question's answers are kept by: its columns, or its own name when apart."""
    return tuple(c.name for c in columns_of_question(question)) or (question.name,)


def asked_of_few(study: Study, name: str) -> bool:
    """Return whether the question hangs on an answer, or its page on less than a whole branch.

    That a text is there tells of its writer what leads to the question; a branch is what the study
    itself names and a board has seen.
    """
    return bool(study.questions[name].show_if) or shown_to_few(study, study.page_of[name])


def shown_to_few(study: Study, page: Page) -> bool:
    """Return whether the page hangs on an answer, and is for less than a whole branch."""
    whole = any(_leads_to(branch.when, page.show_if) for branch in study.branches)
    return bool(page.show_if) and not whole


def _leads_to(when: Condition, wanted: Condition) -> bool:
    """Return whether whoever fulfils ``when`` fulfils every part of ``wanted``."""
    return all(
        any(column == asked and known <= codes for column, known in when) for asked, codes in wanted
    )


def drop_hidden(study: Study, answers: Mapping[str, int | str]) -> dict[str, int | str]:
    """Return the answers without those that routing no longer shows."""
    # In the order asked, so that an answer that goes takes with it what it led to.
    kept: dict[str, int | str] = {}
    for page in study.pages:
        if not condition_holds(page.show_if, kept):
            continue
        for question in page.questions:
            if condition_holds(question.show_if, kept):
                kept.update({n: answers[n] for n in answer_keys(question) if n in answers})
    return kept


def _conditions(study: Study) -> list[Condition]:
    """Return every condition on which pages, questions or branches hang."""
    asked = [p.show_if for p in study.pages] + [q.show_if for q in study.questions.values()]
    return asked + [branch.when for branch in study.branches]


def routing_columns(study: Study) -> frozenset[str]:
    """Return every column that some condition looks at."""
    return frozenset(column for condition in _conditions(study) for column, _ in condition)


def _turns(study: Study, only: frozenset[str] | None) -> Iterator[_Turn]:
    """Yield routing columns in the order asked, each with one code per way it can turn."""
    looked_for: dict[str, list[frozenset[int]]] = {}
    for name, codes in chain.from_iterable(_conditions(study)):
        looked_for.setdefault(name, []).append(codes)
    for question in study.questions.values():
        for column in columns_of_question(question):
            if column.name not in looked_for or (only is not None and column.name not in only):
                continue
            turns: dict[tuple[bool, ...], int] = {}
            for code in (*column.codes, *(m.code for m in question.missing)):
                turns.setdefault(tuple(code in s for s in looked_for[column.name]), code)
            # A blank turns as a code does that no condition looks for.
            blank = not question.required and not any(not any(turn) for turn in turns)
            yield column.name, question, (*turns.values(), *((None,) if blank else ()))


def _answered(
    study: Study, turns: Sequence[_Turn], given: dict[str, int | str]
) -> Iterator[dict[str, int | str]]:
    """Yield ``given`` with every combination of answers to ``turns``, none to what is hidden."""
    if not turns:
        yield given
        return
    (name, question, codes), rest = turns[0], turns[1:]
    if not (
        condition_holds(study.page_of[question.name].show_if, given)
        and condition_holds(question.show_if, given)
    ):
        yield from _answered(study, rest, given)
        return
    for code in codes:
        answer = {} if code is None else {name: code}
        yield from _answered(study, rest, {**given, **answer})


def routes(study: Study, only: frozenset[str] | None = None) -> Iterator[dict[str, int | str]]:
    """Return the routing answers that can make a difference, each combination once.

    With ``only``, those of these columns alone (what leads to them must be among them).
    """
    return _answered(study, tuple(_turns(study, only)), {})


def paths(study: Study) -> Iterator[tuple[dict[str, int | str], tuple[Page, ...]]]:
    """Yield every different way through, once: (routing answers that lead there, pages).

    Ways differ when their pages, their shown questions or their branches differ.
    """
    seen: set[tuple[frozenset[str], str | None]] = set()
    for answers in routes(study):
        names = shown_names(study, answers), branch_of(study, answers)
        if names not in seen:
            seen.add(names)
            yield answers, shown_pages(study, answers)


def joined(words: Sequence[str], last: str) -> str:
    """Return ``words`` as one phrase, such as "a, b or c"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def labels_of_codes(study: Study) -> Mapping[str, Mapping[int, str]]:
    """Return column → code → label, missing codes included."""
    missing = {code: m.label for code, m in study.missing_by_code.items()}
    return {c.name: {**missing, **c.labels} for c in columns_of_study(study)}


def condition_in_words(study: Study, condition: Condition) -> str:
    """Return a routing condition as a sentence part; empty when it always holds."""
    labels, parts = labels_of_codes(study), []
    for column, codes in condition:
        said = [f"{code} ({labels[column].get(code, 'no label')})" for code in sorted(codes)]
        parts.append(f"{column} is {joined(said, 'or')}")
    return " and ".join(parts)


def condition_by_question(study: Study, condition: Condition) -> str:
    """Return a routing condition by the words of question and answers, its codes beside them."""
    labels, parts = labels_of_codes(study), []
    texts = {c.name: c.question.text.texts()[0] for c in columns_of_study(study)}
    for column, codes in condition:
        said = [f"“{labels[column].get(code, code)}”" for code in sorted(codes)]
        names = ", ".join(map(str, sorted(codes)))
        parts.append(f"{joined(said, 'or')} was answered to “{texts[column]}” ({column} {names})")
    return " and ".join(parts)


# Seconds that an answer is reckoned to take, on the careful side (docs/design.md, The walk).
ROW_SECONDS = 4.5  # one row of a grid
CHOICE_SECONDS = 7.0  # any other question answered by choosing
TEXT_SECONDS = 30.0  # a text in one's own words, where one is written
LINE_SECONDS = 10.0  # a few words, such as how one calls oneself
LONGEST_LINE = 100  # characters up to which a text is a few words
PAGE_SECONDS = 2.0  # turning a page and finding one's way on it
WORDS_A_MINUTE = 200  # reading introductions, slower than the 238 of Brysbaert 2019 (JML 109)


@dataclass(frozen=True, slots=True)
class Route:
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
    """Return the time that one question is reckoned to take."""
    if kind_of(question).is_text:
        return TEXT_SECONDS if question.max_length > LONGEST_LINE else LINE_SECONDS
    return ROW_SECONDS * len(question.rows) if question.rows else CHOICE_SECONDS


# Many routes lead along the same pages: each introduction is counted once.
@lru_cache(maxsize=1024)
def _reading(page: Page, branch: str | None) -> float:
    return len(words(page.intro.of(branch))) * 60 / WORDS_A_MINUTE


def minutes_of(pages: Iterable[Page], answers: Answers, branch: str | None) -> float:
    """Return how many minutes these pages are reckoned to take."""
    seconds = sum(
        PAGE_SECONDS + _reading(page, branch) + sum(map(_seconds, shown_questions(page, answers)))
        for page in pages
    )
    return seconds / 60


def routes_in_words(study: Study) -> Iterator[Route]:
    """Yield every different way through, each once (``paths`` says what differs)."""
    for answers, pages in paths(study):
        branch = branch_of(study, answers)
        asked = [q for page in pages for q in shown_questions(page, answers)]
        yield Route(
            answers=answers,
            pages=pages,
            branch=branch,
            questions=len(asked),
            answers_asked=sum(len(q.rows) or 1 for q in asked),
            minutes=minutes_of(pages, answers, branch),
            told=study.minutes.get(branch or "everybody"),
        )


@dataclass(frozen=True, slots=True)
class RouteAlongPages:
    """All ways along the same pages: what they ask at least and at most."""

    pages: tuple[Page, ...]
    branches: tuple[str, ...]
    ways: tuple[Route, ...]

    def span(self, of: str) -> tuple[float, float]:
        """Return least and most of ``questions``, ``answers_asked`` or ``minutes``."""
        values = [getattr(way, of) for way in self.ways]
        return min(values), max(values)

    @property
    def told(self) -> tuple[float, ...]:
        """Return the minutes that clients are told on these ways, without repeats."""
        return tuple(dict.fromkeys(w.told for w in self.ways if w.told is not None))


def along_pages(found: tuple[Route, ...]) -> tuple[RouteAlongPages, ...]:
    """Return the ways grouped by the pages they lead along, in the order found."""
    groups: dict[tuple[Page, ...], list[Route]] = {}
    for way in found:
        groups.setdefault(way.pages, []).append(way)
    return tuple(
        RouteAlongPages(pages, tuple(dict.fromkeys(w.branch for w in ways if w.branch)), (*ways,))
        for pages, ways in groups.items()
    )
