"""Question kinds: one table from kind to the fields that ask it and the answers it gives.

Adding a kind is a row in ``KINDS``, a builder here, its columns in ``forms.columns``, a macro in
``templates/parts/questions.html``, a tiny study in the tests and a paragraph in
docs/study-format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import Field
from wtforms.fields.core import UnboundField
from wtforms.validators import ValidationError

from forms.columns import of_question
from forms.study import LEFT_BLANK, Question

CHOOSE_SHOWN = "Choose one of the answers shown."
CHOOSE_ONE = "Choose an answer to go on."

# A range this short is asked as a row of buttons, a longer one in a number box.
LONGEST_RULER = 11
PREFER_NOT = "prefer_not"
# Behind a typed question's name: the input for its missing codes.
MISSING_SUFFIX = "-missing"

Fields = Mapping[str, UnboundField]
Values = Mapping[str, Any]


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
            raise ValueError(f"Enter a whole number from {self.minimum} to {self.maximum}.")
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
            raise ValueError(
                f"Shorten this to {self.max_length} characters. It has {len(text)} now."
            )


def as_code(text: str) -> int | None:
    """The integer that ``text`` writes in plain ASCII digits, or None (never a traceback)."""
    digits = text[1:] if text[:1] == "-" else text
    if len(text) > 6 or not (digits.isascii() and digits.isdigit()):
        return None
    return int(text)


def missing_name(question: Question) -> str:
    """Name of the input for the missing codes of a kind that types its answer."""
    return question.name + MISSING_SUFFIX


def on_ruler(question: Question) -> bool:
    """Whether a range is short enough to be asked as a row of buttons."""
    return question.maximum - question.minimum < LONGEST_RULER


def _offered(question: Question) -> list[int]:
    return [m.code for m in question.missing]


def _single_fields(question: Question) -> Fields:
    codes = [o.code for o in question.options] + _offered(question)
    return {question.name: CodeField(codes=codes, required=question.required)}


def _multiple_fields(question: Question) -> Fields:
    codes = [o.code for o in question.options] + _offered(question)
    return {question.name: CodesField(codes=codes)}


def _rows_fields(question: Question) -> Fields:
    codes = [o.code for o in question.options] + _offered(question)
    return {row.variable: CodeField(codes=codes) for row in question.rows}


def _range_fields(question: Question) -> Fields:
    bounds = question.minimum, question.maximum
    if question.kind == "number" and on_ruler(question):
        codes = [*range(bounds[0], bounds[1] + 1), *_offered(question)]
        return {question.name: CodeField(codes=codes)}
    return {
        question.name: NumberField(minimum=bounds[0], maximum=bounds[1]),
        missing_name(question): CodeField(codes=_offered(question)),
    }


def _text_fields(question: Question) -> Fields:
    words = {question.name: WordsField(max_length=question.max_length)}
    if question.apart:
        return words
    return {**words, missing_name(question): CodeField(codes=_offered(question))}


def _read_code(question: Question, values: Values) -> dict[str, int | str]:
    """One code a column; a refusal beside a typed answer wins, since it is the stricter wish."""
    refused = values.get(missing_name(question))
    given = values[question.name] if refused is None else refused
    return {question.name: LEFT_BLANK if given in (None, "") else given}


def _read_words(question: Question, values: Values) -> dict[str, int | str]:
    """A kept-apart text is kept as it is, blank included: there is no column to mark."""
    if question.apart:
        return {question.name: values[question.name]}
    return _read_code(question, values)


def _read_ticks(question: Question, values: Values) -> dict[str, int | str]:
    """0/1 a column; all of them missing alike when refused or left blank."""
    ticked = values[question.name]
    refused = [code for code in _offered(question) if code in ticked]
    names = [column.name for column in of_question(question)]
    if refused or not ticked:
        return dict.fromkeys(names, refused[0] if refused else LEFT_BLANK)
    return {n: int(o.code in ticked) for n, o in zip(names, question.options, strict=True)}


def _read_rows(question: Question, values: Values) -> dict[str, int | str]:
    return {
        row.variable: LEFT_BLANK if values[row.variable] is None else values[row.variable]
        for row in question.rows
    }


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of question is asked: its fields, its answers, its macro."""

    fields: Callable[[Question], Fields]
    read: Callable[[Question, Values], dict[str, int | str]]
    macro: str


KINDS: Mapping[str, Kind] = {
    "single": Kind(_single_fields, _read_code, "single"),
    "multiple": Kind(_multiple_fields, _read_ticks, "multiple"),
    "grid": Kind(_rows_fields, _read_rows, "grid"),
    "vas": Kind(_range_fields, _read_code, "analogue"),
    "number": Kind(_range_fields, _read_code, "number"),
    "text": Kind(_text_fields, _read_words, "text"),
    "statements": Kind(_rows_fields, _read_rows, "statements"),
}
