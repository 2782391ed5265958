"""The fields of a form: how each kind of input is read and what it says when it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from wtforms import Field
from wtforms.fields.core import UnboundField
from wtforms.validators import ValidationError

from forms.kinds import Asked

CHOOSE_SHOWN = "Choose one of the answers shown."
CHOOSE_ONE = "Choose an answer to go on."


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


FIELDS: Mapping[str, Callable[[Asked], UnboundField]] = {
    "code": lambda asked: CodeField(codes=asked.codes, required=asked.required),
    "codes": lambda asked: CodesField(codes=asked.codes),
    "number": lambda asked: NumberField(minimum=asked.minimum, maximum=asked.maximum),
    "words": lambda asked: WordsField(max_length=asked.maximum),
}


def field_of(asked: Asked) -> UnboundField:
    """The field that reads this input."""
    return FIELDS[asked.form](asked)
