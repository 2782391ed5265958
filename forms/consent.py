"""Eligibility and consent as forms: what must be answered before the questionnaire starts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from wtforms import Form

from forms.fields import CodeField
from forms.study import Consent, EligibilityQuestion, Statement

YES, NO = 1, 2
# Each error names what it is about, so that a list of them can be told apart.
ANSWER_TO_GO_ON = "Choose an answer: {}"
TICK_TO_TAKE_PART = "To take part, tick: {}"


@lru_cache(maxsize=64)
def _form_class(fields: tuple[tuple[str, tuple[int, ...], str], ...]) -> type[Form]:
    built = {name: CodeField(codes=codes, required=error) for name, codes, error in fields}
    return type("ConsentForm", (Form,), built)


def eligibility_form(questions: tuple[EligibilityQuestion, ...], formdata: Any) -> Form:
    """One yes/no a question, each needed; the answers are looked at and never stored."""
    return _form_class(tuple((q.id, (YES, NO), ANSWER_TO_GO_ON.format(q.text)) for q in questions))(
        formdata
    )


def first_no(questions: tuple[EligibilityQuestion, ...], form: Form) -> EligibilityQuestion | None:
    """The first question answered "no"; None when everything was "yes"."""
    return next((q for q in questions if form[q.id].data == NO), None)


def consent_form(consent: Consent, formdata: Any) -> Form:
    """A box for each required statement, a yes/no for each choice (a blank counts as no)."""

    def field(statement: Statement) -> tuple[str, tuple[int, ...], str]:
        if statement.required:
            return statement.id, (YES,), TICK_TO_TAKE_PART.format(statement.text)
        return statement.id, (YES, NO), ""

    return _form_class(tuple(field(s) for s in consent.statements))(formdata)


def choices_of(consent: Consent, form: Form) -> dict[str, bool]:
    """Id of each optional statement → whether it was agreed to."""
    return {s.id: form[s.id].data == YES for s in consent.choices}
