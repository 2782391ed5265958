"""Answers at their end: the row that will be stored, and the same row in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forms.kinds import columns_of_question, columns_of_study, kind_of
from forms.routing import asked_of_few, branch_of, shown_names, shown_pages, shown_questions
from forms.study import LEFT_BLANK, NOT_REACHED, NOT_SHOWN, Column, Page, Question, Study

NOT_PROVIDED = "Not provided"
MADE_AT_SEND = "made when you send"


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
    yield StoredLine("key", "A random number for the row", "–", MADE_AT_SEND)
    yield StoredLine(
        "fingerprint", "Which words you were shown", study.fingerprints.words[:12] + "…", "as shown"
    )
    yield StoredLine("lang", "Language", study.language, study.language)
    c_open = int(choices.get("c_open", False))
    yield StoredLine("c_open", "May be part of an open file", str(c_open), ("No", "Yes")[c_open])
    ends = {1: "Reached the end", 2: "Stopped early and sent"}
    yield StoredLine("completion", "How it ended", str(completion), ends[completion])
    yield StoredLine("dur_band", "About how long it took, in four bands", "–", MADE_AT_SEND)
    yield StoredLine("deletion", "For deleting it later, or random", "–", MADE_AT_SEND)
    yield StoredLine("batch", "Which frozen batch it belongs to", "0", "None yet")
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


def answer_lines(
    study: Study, answers: Mapping[str, int | str]
) -> Iterator[tuple[Page, tuple[AnswerLine, ...]]]:
    """Yield the lines of the check page: each page on the path with one line a question."""
    branch = branch_of(study, answers)
    for page in shown_pages(study, answers):
        lines = (
            AnswerLine(q, q.text.of(branch) or page.title, tuple(_given(study, q, answers)))
            for q in shown_questions(page, answers)
        )
        yield page, tuple(lines)
