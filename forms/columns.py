"""The columns of a stored row: one definition for the table, the data page and the codebook."""

from __future__ import annotations

from functools import lru_cache

from forms.kinds import KINDS
from forms.study import Column, Question, Study

__all__ = ["Column", "of_question", "of_study"]


# Questions are compared by identity, so these caches hold one entry a question of a loaded study.
@lru_cache(maxsize=4096)
def of_question(question: Question) -> tuple[Column, ...]:
    """The columns that one question fills; a kept-apart text has none."""
    return KINDS[question.kind].columns(question)


@lru_cache(maxsize=64)
def _of_questions(questions: tuple[Question, ...]) -> tuple[Column, ...]:
    return tuple(column for question in questions for column in of_question(question))


def of_study(study: Study) -> tuple[Column, ...]:
    """Every column of the study's answers, in the order asked (administrative ones excluded)."""
    return _of_questions(tuple(study.questions.values()))
