"""Answers at their end: the row that will be stored, and the same row in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from forms.kinds import columns_of_question, columns_of_study, kind_of
from forms.platform_texts import (
    AS_SHOWN,
    COMPLETIONS,
    MADE_AT_SEND,
    NO,
    NO_BATCH,
    NOT_PROVIDED,
    ROW_LINES,
    YES,
)
from forms.routing import asked_of_few, branch_of, shown_names, shown_pages, shown_questions
from forms.study import LEFT_BLANK, NOT_REACHED, NOT_SHOWN, Column, Page, Question, Study

# The check page is shown in parts of so many columns, or one page of questions where that has more;
# a text counts as one more for every so many of its characters.
PART_COLUMNS, PART_CHARACTERS = 32, 30


def stored_values(study: Study, answers: Mapping[str, int | str]) -> dict[str, int | str]:
    """Return column → value to store: -96 where hidden, -94 where shown but never reached."""
    shown = shown_names(study, answers)
    return {
        column.name: (
            answers.get(column.name, NOT_REACHED) if column.question.name in shown else NOT_SHOWN
        )
        for column in columns_of_study(study)
    }


def stored_texts(study: Study, answers: Mapping[str, int | str]) -> dict[str, str]:
    """Return kept-apart texts by variable, without blank ones."""
    apart = [q.name for q in study.questions.values() if q.apart]
    return {name: str(answers[name]) for name in apart if answers.get(name)}


def text_language(study: Study, variable: str, language: str) -> str | None:
    """Return the language kept with a text; None where it would narrow down the few asked."""
    return None if asked_of_few(study, variable) else language


def duration_band(study: Study, seconds: int) -> int:
    """Return 1 for the shortest band, one more for each bound (in minutes) that was reached."""
    return 1 + sum(seconds >= 60 * bound for bound in study.duration_bands)


def in_words(study: Study, column: Column, value: int | str) -> str:
    """Return the value of ``column`` as its label; a number without label as itself."""
    if isinstance(value, str):
        return value
    if value in column.labels:
        return column.labels[value]
    missing = study.missing_by_code.get(value)
    return missing.label if missing else str(value)


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of "exactly what we will store": column, what it is, value in code and words."""

    column: str
    about: str
    code: str
    words: str


def stored_lines(
    study: Study, answers: Mapping[str, int | str], choices: Mapping[str, bool], *, completion: int
) -> Iterator[StoredLine]:
    """Yield every stored column, administrative ones first, in the order of the table."""
    # What is drawn or worked out only when the answers are sent has no value to show here.
    c_open = int(choices.get("c_open", False))
    given = {
        "key": ("–", MADE_AT_SEND),
        "fingerprint": (study.fingerprints.words[:12] + "…", AS_SHOWN),
        "lang": (study.language, study.language),
        "c_open": (str(c_open), (NO, YES)[c_open]),
        "completion": (str(completion), COMPLETIONS[completion]),
        "dur_band": ("–", MADE_AT_SEND),
        "deletion": ("–", MADE_AT_SEND),
        "batch": ("0", NO_BATCH),
    }
    yield from (StoredLine(name, ROW_LINES[name], *pair) for name, pair in given.items())
    values = stored_values(study, answers)
    for column in columns_of_study(study):
        value = values[column.name]
        yield StoredLine(
            column.name,
            column.label,
            str(value) if isinstance(value, int) else "text",
            in_words(study, column, value),
        )


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One row of the check page: a question and what was answered, a line for each part."""

    question: Question
    asked: str
    given: tuple[tuple[str, str], ...]  # (row or "", answer in words)


def _given(
    study: Study, question: Question, answers: Mapping[str, int | str]
) -> Iterator[tuple[str, str]]:
    """Yield (row or "", answer in words) for each part of a question."""
    if question.apart:
        yield "", str(answers.get(question.name) or NOT_PROVIDED)
        return
    columns = columns_of_question(question)
    values = {c.name: answers.get(c.name, LEFT_BLANK) for c in columns}
    if kind_of(question).is_ticked and 1 in values.values():
        ticked = [o.label for o, v in zip(question.options, values.values(), strict=True) if v == 1]
        yield "", "; ".join(ticked)
        return
    # The columns of options of which none is ticked are all missing alike: one says it.
    for column in columns if question.rows else columns[:1]:
        value = values[column.name]
        words = NOT_PROVIDED if value == LEFT_BLANK else in_words(study, column, value)
        yield (column.label if question.rows else ""), words


def page_lines(
    study: Study,
    page: Page,
    questions: Iterable[Question],
    answers: Mapping[str, int | str],
    branch: str | None,
) -> tuple[AnswerLine, ...]:
    """Return one line for each of these questions of the page."""
    return tuple(
        AnswerLine(q, q.text.of(branch) or page.title, tuple(_given(study, q, answers)))
        for q in questions
    )


def answer_lines(
    study: Study, answers: Mapping[str, int | str]
) -> Iterator[tuple[Page, tuple[AnswerLine, ...]]]:
    """Yield the lines of the check page: each page on the path with one line a question."""
    branch = branch_of(study, answers)
    for page in shown_pages(study, answers):
        yield page, page_lines(study, page, shown_questions(page, answers), answers, branch)


@lru_cache(maxsize=64)
def _parts(pages: tuple[Page, ...]) -> tuple[tuple[Page, ...], ...]:
    parts: list[list[Page]] = []
    room = 0
    for page in pages:
        needs = sum(
            max(1, len(columns_of_question(q))) + q.max_length // PART_CHARACTERS
            for q in page.questions
        )
        if not parts or needs > room:
            parts.append([])
            room = PART_COLUMNS
        parts[-1].append(page)
        room -= needs
    return tuple(map(tuple, parts))


def check_parts(study: Study) -> tuple[tuple[Page, ...], ...]:
    """Return the pages whose answers stand on each part of the check page.

    The same for every client, whatever was asked of them: the number of parts tells nothing.
    """
    return _parts(study.pages)


def part_of(study: Study, page: Page) -> int:
    """Return the number of the part that shows the answers of ``page``, from 1."""
    return next(n for n, pages in enumerate(check_parts(study), start=1) if page in pages)


def part_lines(
    study: Study, answers: Mapping[str, int | str], choices: Mapping[str, bool], part: int
) -> list[StoredLine]:
    """Return what will be stored of one part, the administrative columns with the first."""
    pages = check_parts(study)[part - 1]
    here = {c.name for page in pages for q in page.questions for c in columns_of_question(q)}
    answered = {column.name for column in columns_of_study(study)}
    lines = stored_lines(study, answers, choices, completion=1)
    return [
        one for one in lines if one.column in here or (part == 1 and one.column not in answered)
    ]
