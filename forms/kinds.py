"""Question kinds: one table. A kind says which keys it takes, which columns it fills, what it asks
on a page, and how an answer goes into a row and back onto the page.

Adding a kind is a class and a row in ``KINDS`` here, a macro in ``templates/parts/questions.html``,
a tiny study in the tests and a paragraph in docs/study-format.md.

The columns of a stored row: one definition for the table, the data page and the codebook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from forms import parse_kinds
from forms.parse_kinds import Shared
from forms.study import LEFT_BLANK, SET_BY_PLATFORM, Answers, Column, Question, Study
from forms.toml_tables import TomlTable

PREFER_NOT = "prefer_not"
# Behind a typed question's name: the input for its missing codes.
MISSING_SUFFIX = "-missing"
# A range of so many steps is asked as a row of buttons, a longer one in a number box.
LONGEST_RULER = 11

Values = Mapping[str, Any]
Filled = Mapping[str, Sequence[str]]
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a page: ``form`` is code, codes, number or words.

    ``codes`` bounds the first two, ``minimum`` and ``maximum`` a number, ``maximum`` the length
    of words.
    """

    name: str
    form: str
    codes: tuple[int, ...] = ()
    minimum: int = 0
    maximum: int = 0
    required: bool = False


def missing_name(question: Question) -> str:
    """Name of the input for the missing codes of a kind that types its answer."""
    return question.name + MISSING_SUFFIX


def offered(question: Question) -> tuple[int, ...]:
    """The missing codes that the client can choose."""
    return tuple(m.code for m in question.missing)


def column(
    question: Question, name: str, label: str, labels: Mapping[int, str], **more: Any
) -> Column:
    """A column of ``question``; its codes are the labelled ones unless given."""
    missing = tuple(sorted({*offered(question), *SET_BY_PLATFORM}))
    given = {"variable": name, "codes": tuple(labels), **more}
    return Column(
        name=name, question=question, label=label, labels=labels, missing=missing, **given
    )


def _asked_text(question: Question) -> str:
    return question.text.texts()[0]


def _labels(question: Question) -> dict[int, str]:
    return {o.code: o.label for o in question.options}


class SingleQuestion:
    """One code in one column, chosen from options: what the other kinds differ from."""

    macro = "single"

    def keys(self, question: Question, table: TomlTable, shared: Shared) -> Question:
        """The question with the keys of its kind; faults are noted in ``table``."""
        return parse_kinds.read_single(question, table, shared)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """The columns it fills."""
        return (column(question, question.name, _asked_text(question), _labels(question)),)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """What it asks on the page."""
        codes = tuple(int(value) for value, _ in self.choices(question)) + offered(question)
        return (InputSpec(question.name, "code", codes, required=question.required),)

    def choices(self, question: Question, /) -> Choices:
        """(value, label) of each substantive answer that can be chosen."""
        return tuple((str(o.code), o.label) for o in question.options)

    def answers(self, question: Question, values: Values) -> dict[str, int | str]:
        """Column → answer from the values of a valid form; blank is -95."""
        given = values[question.name]
        return {question.name: LEFT_BLANK if given is None else given}

    def filled(self, question: Question, answers: Answers) -> Filled:
        """Input name → values to mark, from what was answered before."""
        given = answers.get(question.name, LEFT_BLANK)
        return {} if given == LEFT_BLANK else {question.name: (str(given),)}


class MultipleQuestion(SingleQuestion):
    """Any number of options, a 0/1 column each."""

    macro = "multiple"

    def keys(self, question: Question, table: TomlTable, shared: Shared) -> Question:
        """Options of its own, each with a key."""
        return parse_kinds.read_multiple(question, table, shared)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """``variable__key`` for each option."""
        ticks = {0: "Not ticked", 1: "Ticked"}
        asked = _asked_text(question)
        return tuple(
            column(
                question,
                f"{question.name}__{o.key}",
                f"{asked} – {o.label}",
                ticks,
                variable=question.name,
            )
            for o in question.options
        )

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Tick boxes under one name."""
        return (InputSpec(question.name, "codes", (*_labels(question), *offered(question))),)

    def answers(self, question: Question, values: Values) -> dict[str, int | str]:
        """All columns missing alike when refused (the stricter wish wins) or left blank."""
        ticked = values[question.name]
        names = [c.name for c in self.columns(question)]
        refused = [code for code in offered(question) if code in ticked]
        if refused or not ticked:
            return dict.fromkeys(names, refused[0] if refused else LEFT_BLANK)
        return {n: int(o.code in ticked) for n, o in zip(names, question.options, strict=True)}

    def filled(self, question: Question, answers: Answers) -> Filled:
        """The ticked options, or the missing code chosen instead."""
        values = {o.code: answers.get(f"{question.name}__{o.key}") for o in question.options}
        ticked = [str(code) for code, value in values.items() if value == 1]
        refused = set(values.values()) & set(offered(question))
        return {question.name: (*ticked, *(str(code) for code in refused))}


class GridQuestion(SingleQuestion):
    """Sentences with the same answers, a column each."""

    macro = "grid"

    def keys(self, question: Question, table: TomlTable, shared: Shared) -> Question:
        """A shared set of options, and rows."""
        return parse_kinds.read_grid(question, table, shared)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """A column for each row."""
        labels = _labels(question)
        return tuple(column(question, r.variable, r.text, labels) for r in question.rows)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """A set of buttons for each row."""
        codes = (*_labels(question), *offered(question))
        return tuple(InputSpec(row.variable, "code", codes) for row in question.rows)

    def answers(self, question: Question, values: Values) -> dict[str, int | str]:
        """One code a row."""
        given = {row.variable: values[row.variable] for row in question.rows}
        return {name: LEFT_BLANK if v is None else v for name, v in given.items()}

    def filled(self, question: Question, answers: Answers) -> Filled:
        """The code of each row."""
        given = {r.variable: answers.get(r.variable, LEFT_BLANK) for r in question.rows}
        return {name: (str(value),) for name, value in given.items() if value != LEFT_BLANK}


class StatementsQuestion(GridQuestion):
    """Statements, each agreed to or not."""

    macro = "statements"

    def keys(self, question: Question, table: TomlTable, shared: Shared) -> Question:
        """Options and rows, in the order written."""
        return parse_kinds.read_statements(question, table, shared)


class TypedQuestion(SingleQuestion):
    """An answer that is typed, with its missing codes in an input beside it."""

    def choices(self, _question: Question, /) -> Choices:
        """None: it is typed."""
        return ()

    def answers(self, question: Question, values: Values) -> dict[str, int | str]:
        """A refusal beside a typed answer wins, since it is the stricter wish."""
        refused = values.get(missing_name(question))
        given = values[question.name] if refused is None else refused
        return {question.name: LEFT_BLANK if given in (None, "") else given}

    def filled(self, question: Question, answers: Answers) -> Filled:
        """What was typed, or the missing code."""
        given = answers.get(question.name, LEFT_BLANK)
        if given in (LEFT_BLANK, ""):
            return {}
        missing = isinstance(given, int) and given < 0
        return {missing_name(question) if missing else question.name: (str(given),)}


class VasQuestion(TypedQuestion):
    """A whole number on a line between two ends, typed or set."""

    macro = "analogue"

    def keys(self, question: Question, table: TomlTable, shared: Shared) -> Question:
        """Its two ends."""
        return parse_kinds.read_range(question, table, shared)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """One column that allows every integer between the ends."""
        ends = {question.minimum: question.minimum_label, question.maximum: question.maximum_label}
        labels = {code: label for code, label in ends.items() if label}
        codes = tuple(range(question.minimum, question.maximum + 1))
        return (column(question, question.name, _asked_text(question), labels, codes=codes),)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """A number box, and the missing codes."""
        return (
            InputSpec(question.name, "number", minimum=question.minimum, maximum=question.maximum),
            InputSpec(missing_name(question), "code", offered(question)),
        )


class NumberQuestion(VasQuestion):
    """A whole number; a short range is a row of buttons."""

    macro = "number"

    def _on_ruler(self, question: Question) -> bool:
        return question.maximum - question.minimum < LONGEST_RULER

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Buttons for a short range, else a number box."""
        ruler = self._on_ruler(question)
        return SingleQuestion.inputs(self, question) if ruler else super().inputs(question)

    def choices(self, question: Question, /) -> Choices:
        """Every number of a short range."""
        if not self._on_ruler(question):
            return ()
        return tuple((str(n), str(n)) for n in range(question.minimum, question.maximum + 1))

    def filled(self, question: Question, answers: Answers) -> Filled:
        """One of the buttons, or what was typed."""
        ruler = self._on_ruler(question)
        return (
            SingleQuestion.filled(self, question, answers)
            if ruler
            else super().filled(question, answers)
        )


class TextQuestion(TypedQuestion):
    """The client's own words: a text column, or none when they are kept apart."""

    macro = "text"

    def keys(self, question: Question, table: TomlTable, shared: Shared) -> Question:
        """How long, and whether kept apart."""
        return parse_kinds.read_text(question, table, shared)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """A kept-apart text has none."""
        if question.apart:
            return ()
        asked = _asked_text(question)
        return (column(question, question.name, asked, {}, max_length=question.max_length),)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """A text box; with a column also the missing codes."""
        words = InputSpec(question.name, "words", maximum=question.max_length)
        if question.apart:
            return (words,)
        return words, InputSpec(missing_name(question), "code", offered(question))

    def answers(self, question: Question, values: Values) -> dict[str, int | str]:
        """A kept-apart text as it is, blank included: there is no column to mark."""
        if question.apart:
            return {question.name: values[question.name]}
        return super().answers(question, values)


KINDS: Mapping[str, SingleQuestion] = {
    "single": SingleQuestion(),
    "multiple": MultipleQuestion(),
    "grid": GridQuestion(),
    "vas": VasQuestion(),
    "number": NumberQuestion(),
    "text": TextQuestion(),
    "statements": StatementsQuestion(),
}


__all__ = ["Column", "columns_of_question", "columns_of_study"]


# Questions are compared by identity, so these caches hold one entry a question of a loaded study.
@lru_cache(maxsize=4096)
def columns_of_question(question: Question) -> tuple[Column, ...]:
    """The columns that one question fills; a kept-apart text has none."""
    return KINDS[question.kind].columns(question)


@lru_cache(maxsize=64)
def _of_questions(questions: tuple[Question, ...]) -> tuple[Column, ...]:
    return tuple(column for question in questions for column in columns_of_question(question))


def columns_of_study(study: Study) -> tuple[Column, ...]:
    """Every column of the study's answers, in the order asked (administrative ones excluded)."""
    return _of_questions(tuple(study.questions.values()))
