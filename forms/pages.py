"""A page's form: built once for each set of questions, bound to what the client posted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from wtforms import Form

from forms.fields import KINDS
from forms.study import Question


@lru_cache(maxsize=512)
def form_class(questions: tuple[Question, ...]) -> type[Form]:
    """The form that asks ``questions``; the same questions give the same class."""
    fields: dict[str, Any] = {}
    for question in questions:
        fields.update(KINDS[question.kind].fields(question))
    return type("PageForm", (Form,), fields)


def page_form(questions: tuple[Question, ...], formdata: Any) -> Form:
    """The form bound to ``formdata`` (a multidict of what was posted)."""
    return form_class(questions)(formdata)


def answers_of(questions: tuple[Question, ...], form: Form) -> dict[str, int | str]:
    """Answers by column of a valid form: codes, text, and -95 for what was left blank."""
    values: Mapping[str, Any] = form.data
    answers: dict[str, int | str] = {}
    for question in questions:
        answers.update(KINDS[question.kind].read(question, values))
    return answers
