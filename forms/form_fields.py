"""Forms of what a client posts: pages of questions, eligibility and consent.

A form's class is made once for each set of questions and bound to what was posted; its fields say
how each kind of input is read, and what a client reads where it cannot be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from forms.study import Consent, EligibilityQuestion, Question
from forms.typed_text import tidy_words, typed_number

NO_CHOICE = ""  # the value of the choice that stands for none, in every set of radio buttons

CODE_WIDTH = 4  # characters: the highest code and the lowest missing code fit


class CodeField(Field):  # type: ignore[misc]  # wtforms ships no types
    """One code out of ``codes``; None when nothing was chosen."""

    def __init__(self, codes: Collection[int], *, required: str | bool = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes
        self.required = CHOOSE_ONE if required is True else required
        self.data: int | None = None

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the last value posted; anything that is no offered code is refused.

        The choice that stands for none counts as none.
        """
        given = [value for value in valuelist if plain_value(value) != NO_CHOICE]
        if not given:
            self.data = None
            return
        code = as_code(given[-1])
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
        """Read the number typed, in digits of any script; spaces around it do not matter."""
        text = typed_number(valuelist[-1]) if valuelist else ""
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
        text = tidy_words(valuelist[-1]) if valuelist else ""
        self.data = text
        if len(text) > self.max_length:
            raise ValueError(TOO_LONG.format(self.max_length, len(text)))


def as_code(text: str) -> int | None:
    """Return the integer that ``text`` writes in plain ASCII digits, else None."""
    digits = text[1:] if text[:1] == "-" else text
    # No code has more than four digits; int() alone would take ٣, and raise for thousands of them.
    if len(text) > 6 or not (digits.isascii() and digits.isdigit()):
        return None
    return int(text)


def fixed_width(value: str | int) -> str:
    """Return ``value`` as a page holds it: a choice sends as many characters as any other.

    Codes are filled up with zeros, words and a blank with hyphens, which no encoding lengthens.
    """
    value = str(value)
    if as_code(value) is None:
        return value.ljust(CODE_WIDTH, "-")
    return f"{int(value):0{CODE_WIDTH}}"


def plain_value(sent: str) -> str:
    """Return what ``fixed_width`` was given; a value that it never made comes back as well."""
    if (code := as_code(sent)) is not None:
        return str(code)
    return sent.rstrip("-") if len(sent) == CODE_WIDTH else sent


def field_of(asked: InputSpec) -> UnboundField:
    """Return the field that reads this input."""
    match asked.form:
        case "code":
            return CodeField(codes=asked.codes, required=asked.required)
        case "codes":
            return CodesField(codes=asked.codes)
        case "number":
            return NumberField(minimum=asked.minimum, maximum=asked.maximum)
    return WordsField(max_length=asked.maximum)


@lru_cache(maxsize=512)
def form_class(questions: tuple[Question, ...]) -> type[Form]:
    """Return the form that asks ``questions``, one class for each set of them."""
    asked = [a for question in questions for a in kind_of(question).inputs(question)]
    return type("PageForm", (Form,), {a.name: field_of(a) for a in asked})


class KeptPost(dict[str, Sequence[str]]):
    """A post that a draft keeps, to be read as a form reads the multidict that it was."""

    def get(self, name: str, default: Any = None, /) -> Any:
        """Return the first value of ``name``."""
        return next(iter(self.getlist(name)), default)

    def getlist(self, name: str) -> Sequence[str]:
        """Return every value of ``name``."""
        return super().get(name, ())


def contradictions(questions: tuple[Question, ...], values: Mapping[str, Any]) -> dict[str, str]:
    """Return question name → sentence, where an answer and a refusal of one were both given."""
    said = ((q.name, kind_of(q).contradiction(q, values)) for q in questions)
    return {name: sentence for name, sentence in said if sentence}


def read_page(
    questions: tuple[Question, ...], posted: Any, before: Any = None
) -> tuple[dict[str, int | str], dict[str, str]]:
    """Return the sound answers among ``posted`` by column, and the errors by input name.

    What was left blank is -95. ``posted`` is a multidict, and so is ``before``, the last post of
    the page, where that had errors: a contradiction is asked about once, then the refusal counts.
    """
    form = form_class(questions)(posted)
    form.validate()
    errors = {name: said[0] for name, said in form.errors.items()}
    values: Mapping[str, Any] = form.data
    told = contradictions(questions, form_class(questions)(before).data) if before else {}
    for name, sentence in contradictions(questions, values).items():
        if name not in told:
            errors.setdefault(name, sentence)
    answers: dict[str, int | str] = {}
    for question in questions:
        # A fault in one input spoils its question alone; the others are kept (save_partial).
        asked = (*question.variables, missing_name(question)) if errors else ()
        if errors.keys().isdisjoint(asked):
            answers.update(kind_of(question).answers(question, values))
    return answers, errors


YES, NO = 1, 2


@lru_cache(maxsize=64)
def _form_class(fields: tuple[tuple[str, tuple[int, ...], str], ...]) -> type[Form]:
    built = {name: CodeField(codes=codes, required=error) for name, codes, error in fields}
    return type("ConsentForm", (Form,), built)


def eligibility_form(questions: tuple[EligibilityQuestion, ...], formdata: Any) -> Form:
    """Return one yes/no a question, each needed; the answers are looked at and never stored."""
    return _form_class(tuple((q.id, (YES, NO), CHOOSE_ONE) for q in questions))(formdata)


def first_no(questions: tuple[EligibilityQuestion, ...], form: Form) -> EligibilityQuestion | None:
    """Return the first question answered "no"; None when everything was "yes"."""
    return next((q for q in questions if form[q.id].data == NO), None)


def consent_form(consent: Consent, formdata: Any) -> Form:
    """Return a box for each required statement, a yes/no for each choice (a blank is a no)."""
    asked = tuple(
        (s.id, (YES,), CHOOSE_ONE) if s.required else (s.id, (YES, NO), "")
        for s in consent.statements
    )
    return _form_class(asked)(formdata)


def choices_of(consent: Consent, form: Form) -> dict[str, bool]:
    """Return id → agreed or not, of each optional statement."""
    return {s.id: form[s.id].data == YES for s in consent.choices}
