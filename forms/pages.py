"""A page's form: built once for each set of questions, bound to what the client posted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from wtforms import Form

from forms.fields import field_of
from forms.kinds import KINDS
from forms.study import Question


@lru_cache(maxsize=512)
def form_class(questions: tuple[Question, ...]) -> type[Form]:
    """The form that asks ``questions``; the same questions give the same class."""
    asked = [a for question in questions for a in KINDS[question.kind].inputs(question)]
    fields: dict[str, Any] = {a.name: field_of(a) for a in asked}
    return type("PageForm", (Form,), fields)


def page_form(questions: tuple[Question, ...], formdata: Any) -> Form:
    """The form bound to ``formdata`` (a multidict of what was posted)."""
    return form_class(questions)(formdata)


def answers_of(questions: tuple[Question, ...], form: Form) -> dict[str, int | str]:
    """Answers by column of a valid form: codes, text, and -95 for what was left blank."""
    values: Mapping[str, Any] = form.data
    answers: dict[str, int | str] = {}
    for question in questions:
        answers.update(KINDS[question.kind].answers(question, values))
    return answers
