"""The columns of a stored row: one definition for the table, the data page and the codebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from forms.study import LEFT_BLANK, NOT_REACHED, NOT_SHOWN, Question, Study

# Set by the platform on any column, whatever the question offers (INSTRUMENT.md section 3).
SET_BY_PLATFORM = (NOT_SHOWN, LEFT_BLANK, NOT_REACHED)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the row: what it asks and every value it may hold.

    A coded column allows ``low`` to ``high`` (all of them in ``codes`` where they are labelled)
    and ``missing``. A text column (``max_length`` above 0) allows text or a missing code.
    """

    name: str
    variable: str
    question: Question
    label: str
    codes: tuple[int, ...]  # substantive codes; for a range every integer of it
    labels: Mapping[int, str]  # label by substantive code, where it has one
    missing: tuple[int, ...]
    max_length: int = 0

    def allows(self, value: object) -> bool:
        """Whether ``value`` may be stored here."""
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            return value in self.codes or value in self.missing
        return isinstance(value, str) and 0 < len(value) <= self.max_length


@lru_cache(maxsize=4096)
def of_question(question: Question) -> tuple[Column, ...]:
    """The columns that one question fills; a kept-apart text has none."""
    missing = tuple(sorted({m.code for m in question.missing} | set(SET_BY_PLATFORM)))

    def column(name: str, variable: str, label: str, codes: Mapping[int, str]) -> Column:
        return Column(name, variable, question, label, tuple(codes), codes, missing)

    asked = question.text.texts()[0]
    labels = {o.code: o.label for o in question.options}
    if question.kind == "text":
        if question.apart:
            return ()
        return (
            Column(question.name, question.name, question, asked, (), {}, missing,
                   max_length=question.max_length),
        )  # fmt: skip
    if question.kind == "multiple":
        return tuple(
            column(f"{question.name}__{o.key}", question.name, f"{asked} – {o.label}",
                   {0: "Not ticked", 1: "Ticked"})
            for o in question.options
        )  # fmt: skip
    if question.rows:
        return tuple(column(r.variable, r.variable, r.text, labels) for r in question.rows)
    if question.kind in ("vas", "number"):
        codes = tuple(range(question.minimum, question.maximum + 1))
        ends = {question.minimum: question.minimum_label, question.maximum: question.maximum_label}
        labels = {code: label for code, label in ends.items() if label}
        return (Column(question.name, question.name, question, asked, codes, labels, missing),)
    return (column(question.name, question.name, asked, labels),)


def of_study(study: Study) -> tuple[Column, ...]:
    """Every column of the study's answers, in the order asked (administrative ones excluded)."""
    return _of_questions(tuple(study.questions.values()))


# Questions are compared by identity, so these caches hold one entry a question of a loaded study.
@lru_cache(maxsize=64)
def _of_questions(questions: tuple[Question, ...]) -> tuple[Column, ...]:
    return tuple(column for question in questions for column in of_question(question))
