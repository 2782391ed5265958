"""Forms of what a client posts: pages of questions, eligibility and consent.

A form's class is made once for each set of questions and bound to what was posted; its fields say
how each kind of input is read, and what a client reads where it cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from wtforms import Field, Form
from wtforms.fields.core import UnboundField
from wtforms.validators import ValidationError

from forms.kinds import InputSpec, kind_of, missing_name
from forms.platform_texts import (
    CHOOSE_ONE,
    CHOOSE_SHOWN,
    TOO_LONG,
    WHOLE_NUMBER,
)
from forms.study import Consent, EligibilityQuestion, Question, Statement


class CodeField(Field):  # type: ignore[misc]  # wtforms ships no types
    """One code out of ``codes``; None when nothing was chosen."""

    def __init__(self, codes: Collection[int], *, required: str | bool = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes
        self.required = CHOOSE_ONE if required is True else required
        self.data: int | None = None

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the last value posted; anything that is no offered code is refused."""
        if not valuelist or valuelist[-1] == "":
            self.data = None
            return
        code = as_code(valuelist[-1])
        if code is None or code not in self.codes:
            raise ValueError(CHOOSE_SHOWN)
        self.data = code

    def pre_validate(self, form: object) -> None:
        """Ask for presence here: with codes 0 is an answer, so truth is no test."""
        del form
        if self.required and self.data is None and not self.process_errors:
            raise ValidationError(self.required)


class CodesField(Field):  # type: ignore[misc]  # wtforms ships no types
    """Any number of codes out of ``codes``."""

    def __init__(self, codes: Collection[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes
        self.data: list[int] = []

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read every tick; a foreign code refuses them all."""
        codes = [as_code(value) for value in valuelist]
        if any(code is None or code not in self.codes for code in codes):
            raise ValueError(CHOOSE_SHOWN)
        self.data = [code for code in codes if code is not None]


class NumberField(Field):  # type: ignore[misc]  # wtforms ships no types
    """A whole number between two bounds, both included; None when left blank."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum, self.maximum = minimum, maximum
        self.data: int | None = None

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the number typed; spaces around it do not matter."""
        text = valuelist[-1].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        number = as_code(text)
        if number is None or not self.minimum <= number <= self.maximum:
            raise ValueError(WHOLE_NUMBER.format(self.minimum, self.maximum))
        self.data = number


class WordsField(Field):  # type: ignore[misc]  # wtforms ships no types
    """The client's own words, at most ``max_length`` characters, line ends as one character."""

    def __init__(self, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.data: str = ""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the text without the spaces around it and without control characters."""
        text = valuelist[-1] if valuelist else ""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = "".join(c for c in text if c in "\n\t" or c.isprintable() or c == "\u200d").strip()
        self.data = text
        if len(text) > self.max_length:
            raise ValueError(TOO_LONG.format(self.max_length, len(text)))


def as_code(text: str) -> int | None:
    """The integer that ``text`` writes in plain ASCII digits, or None (never a traceback)."""
    digits = text[1:] if text[:1] == "-" else text
    if len(text) > 6 or not (digits.isascii() and digits.isdigit()):
        return None
    return int(text)


FIELDS: Mapping[str, Callable[[InputSpec], UnboundField]] = {
    "code": lambda asked: CodeField(codes=asked.codes, required=asked.required),
    "codes": lambda asked: CodesField(codes=asked.codes),
    "number": lambda asked: NumberField(minimum=asked.minimum, maximum=asked.maximum),
    "words": lambda asked: WordsField(max_length=asked.maximum),
}


def field_of(asked: InputSpec) -> UnboundField:
    """The field that reads this input."""
    return FIELDS[asked.form](asked)


@lru_cache(maxsize=512)
def form_class(questions: tuple[Question, ...]) -> type[Form]:
    """The form that asks ``questions``, one class for each set of them."""
    asked = [a for question in questions for a in kind_of(question).inputs(question)]
    fields: dict[str, Any] = {a.name: field_of(a) for a in asked}
    return type("PageForm", (Form,), fields)


def read_page(
    questions: tuple[Question, ...], posted: Any
) -> tuple[dict[str, int | str], dict[str, str]]:
    """Return the sound answers among ``posted`` by column, and the errors by input name.

    What was left blank is -95. ``posted`` is a multidict.
    """
    form = form_class(questions)(posted)
    form.validate()
    errors = {name: said[0] for name, said in form.errors.items()}
    values: Mapping[str, Any] = form.data
    answers: dict[str, int | str] = {}
    for question in questions:
        if not (errors and errors.keys() & _inputs(question)):
            answers.update(kind_of(question).answers(question, values))
    return answers, errors


def _inputs(question: Question) -> set[str]:
    return {row.variable for row in question.rows} or {question.name, missing_name(question)}


YES, NO = 1, 2


@lru_cache(maxsize=64)
def _form_class(fields: tuple[tuple[str, tuple[int, ...], str], ...]) -> type[Form]:
    built = {name: CodeField(codes=codes, required=error) for name, codes, error in fields}
    return type("ConsentForm", (Form,), built)


def eligibility_form(questions: tuple[EligibilityQuestion, ...], formdata: Any) -> Form:
    """One yes/no a question, each needed; the answers are looked at and never stored."""
    return _form_class(tuple((q.id, (YES, NO), CHOOSE_ONE) for q in questions))(formdata)


def first_no(questions: tuple[EligibilityQuestion, ...], form: Form) -> EligibilityQuestion | None:
    """The first question answered "no"; None when everything was "yes"."""
    return next((q for q in questions if form[q.id].data == NO), None)


def consent_form(consent: Consent, formdata: Any) -> Form:
    """A box for each required statement, a yes/no for each choice (a blank counts as no)."""

    def field(statement: Statement) -> tuple[str, tuple[int, ...], str]:
        if statement.required:
            return statement.id, (YES,), CHOOSE_ONE
        return statement.id, (YES, NO), ""

    return _form_class(tuple(field(s) for s in consent.statements))(formdata)


def choices_of(consent: Consent, form: Form) -> dict[str, bool]:
    """Id of each optional statement → whether it was agreed to."""
    return {s.id: form[s.id].data == YES for s in consent.choices}
