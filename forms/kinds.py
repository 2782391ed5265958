"""Question kinds, one class each, and the columns that their answers fill.

A kind says which keys it takes in questionnaire.toml, which columns it fills, what it asks on a
page, and how an answer goes into a row and back onto the page. A class is called as its kind is;
what else a kind needs is a recipe of docs/developer.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from forms.parse_options import (
    HIGHEST_NUMBER,
    MULTIPLE_RULE,
    Shared,
    read_option_set,
    read_options,
    read_rows,
)
from forms.platform_texts import NOT_TICKED, TICKED, TICKED_BESIDE, TYPED_BESIDE
from forms.study import LEFT_BLANK, SET_BY_PLATFORM, Answers, Column, Question, Study
from forms.toml_tables import TomlTable

LONGEST_TEXT = 5000  # characters (docs/design.md, The walk)
PREFER_NOT = "prefer_not"
# Behind a typed question's name: the input for its missing codes.
MISSING_SUFFIX = "-missing"
# A range of so many numbers (0 to 10) is asked as a row of buttons, a longer one in a number box.
LONGEST_RULER = 11

Prefill = Mapping[str, Sequence[str]]
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
    """Return the name of the input for the missing codes of a kind that types its answer."""
    return question.name + MISSING_SUFFIX


def missing_codes(question: Question) -> tuple[int, ...]:
    """Return the missing codes that a client can choose."""
    return tuple(m.code for m in question.missing)


def column(
    question: Question, name: str, label: str, labels: Mapping[int, str], **more: Any
) -> Column:
    """Return a column of ``question``; its codes are the labelled ones unless given."""
    missing = tuple(sorted({*missing_codes(question), *SET_BY_PLATFORM}))
    given = {"variable": name, "codes": tuple(labels), **more}
    return Column(
        name=name, question=question, label=label, labels=labels, missing=missing, **given
    )


class SingleQuestion:
    """One code in one column, chosen from options: the kind from which the others differ."""

    named_by = "variable"  # the key that holds its name
    needs_text = True  # of its own, whatever the page says above it
    is_text = False  # of the client's own words
    is_number = False  # out of an unbroken range
    is_ticked = False  # a column is one option, ticked or not
    needs_labels = False  # at both ends of its range

    def parse(self, question: Question, table: TomlTable, shared: Shared, /) -> Question:
        """Return the question with the keys of its kind; faults are noted in ``table``."""
        return replace(question, options=read_option_set(table, shared, at_least=2))

    def labels(self, question: Question) -> dict[int, str]:
        """Return code → label, of the codes that have one."""
        return {o.code: o.label for o in question.options}

    def columns(self, question: Question) -> tuple[Column, ...]:
        """Return the columns that it fills."""
        asked = question.text.texts()[0]
        return (column(question, question.name, asked, self.labels(question)),)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Return what it asks on the page."""
        # A number's buttons are no options, so the codes come from what can be chosen.
        codes = (*(int(value) for value, _ in self.choices(question)), *missing_codes(question))
        return (InputSpec(question.name, "code", codes, required=question.required),)

    def choices(self, question: Question, /) -> Choices:
        """Return (value, label) of each substantive answer that can be chosen."""
        return tuple((str(o.code), o.label) for o in question.options)

    def in_words(self, question: Question) -> str:
        """Return what can be answered, in a sentence for boards."""
        return "; ".join(f"{o.code} {o.label}" for o in question.options)

    def contradiction(self, question: Question, values: Mapping[str, Any], /) -> str:
        """Return a sentence asking which of two answers holds; empty where they agree."""
        del question, values
        return ""

    def answers(self, question: Question, values: Mapping[str, Any]) -> dict[str, int | str]:
        """Return column → answer from the values of a valid form; blank is -95."""
        given = {name: values[name] for name in question.variables}
        return {name: LEFT_BLANK if value is None else value for name, value in given.items()}

    def prefill(self, question: Question, answers: Answers) -> Prefill:
        """Return input name → values to mark, from what was answered before."""
        given = {name: answers.get(name, LEFT_BLANK) for name in question.variables}
        return {name: (str(value),) for name, value in given.items() if value != LEFT_BLANK}


class MultipleQuestion(SingleQuestion):
    """Any number of options with a key each, and a 0/1 column each."""

    is_ticked = True

    def parse(self, question: Question, table: TomlTable, _: Shared, /) -> Question:
        """Return it with options of its own, which name its columns."""
        if isinstance(table.data.get("options"), str):
            table.fault("options", "a multiple question needs options of its own", MULTIPLE_RULE)
            return question
        return replace(question, options=read_options(table, "options", keyed=True))

    def columns(self, question: Question) -> tuple[Column, ...]:
        """Return ``variable__key`` for each option."""
        name, asked = question.name, question.text.texts()[0]
        ticks = {0: NOT_TICKED, 1: TICKED}
        return tuple(
            column(question, f"{name}__{o.key}", f"{asked} – {o.label}", ticks, variable=name)
            for o in question.options
        )

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Return tick boxes under one name."""
        codes = (*self.labels(question), *missing_codes(question))
        return (InputSpec(question.name, "codes", codes),)

    def contradiction(self, question: Question, values: Mapping[str, Any], /) -> str:
        """Ask which holds where a missing code is ticked beside anything else."""
        ticked = values[question.name] or ()  # None where a code is foreign
        alone = next((m.label for m in question.missing if m.code in ticked), "")
        return TICKED_BESIDE.format(alone) if alone and len(set(ticked)) > 1 else ""

    def answers(self, question: Question, values: Mapping[str, Any]) -> dict[str, int | str]:
        """Return all columns missing alike when refused or left blank."""
        ticked = values[question.name]
        names = [c.name for c in self.columns(question)]
        refused = next((code for code in missing_codes(question) if code in ticked), None)
        if refused is not None or not ticked:
            return dict.fromkeys(names, LEFT_BLANK if refused is None else refused)
        return {n: int(o.code in ticked) for n, o in zip(names, question.options, strict=True)}

    def prefill(self, question: Question, answers: Answers) -> Prefill:
        """Return the ticked options, or the missing code chosen instead."""
        values = {o.code: answers.get(f"{question.name}__{o.key}") for o in question.options}
        ticked = [str(code) for code, value in values.items() if value == 1]
        refused = set(values.values()) & set(missing_codes(question))
        return {question.name: (*ticked, *(str(code) for code in refused))}


class GridQuestion(SingleQuestion):
    """Sentences with the same answers, a column each."""

    named_by = "grid"
    needs_text = False

    def parse(self, question: Question, table: TomlTable, shared: Shared, /) -> Question:
        """Return it with a set of options and with rows, which may come in any order."""
        options = read_option_set(table, shared, at_least=2)
        random_order = table.flag("random_order")
        return replace(question, options=options, rows=read_rows(table), random_order=random_order)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """Return a column for each row."""
        labels = self.labels(question)
        return tuple(column(question, r.variable, r.text, labels) for r in question.rows)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Return a set of buttons for each row."""
        codes = (*self.labels(question), *missing_codes(question))
        return tuple(InputSpec(name, "code", codes) for name in question.variables)


class _Typed(SingleQuestion):
    """An answer that is typed, with its missing codes in an input beside it."""

    def choices(self, _: Question, /) -> Choices:
        """Return none."""
        return ()

    def contradiction(self, question: Question, values: Mapping[str, Any], /) -> str:
        """Ask which holds where something is typed and a missing code chosen."""
        refused = values.get(missing_name(question))
        chosen = next((m.label for m in question.missing if m.code == refused), "")
        typed = values[question.name] not in (None, "")
        return TYPED_BESIDE.format(chosen) if chosen and typed else ""

    def answers(self, question: Question, values: Mapping[str, Any]) -> dict[str, int | str]:
        """Return what was typed, or the missing code chosen instead."""
        refused = values.get(missing_name(question))
        given = values[question.name] if refused is None else refused
        return {question.name: LEFT_BLANK if given in (None, "") else given}

    def prefill(self, question: Question, answers: Answers) -> Prefill:
        """Return what was typed, or the missing code."""
        given = answers.get(question.name, LEFT_BLANK)
        if given in (LEFT_BLANK, ""):
            return {}
        missing = isinstance(given, int) and given < 0
        return {missing_name(question) if missing else question.name: (str(given),)}


class VasQuestion(_Typed):
    """A visual analogue scale: a whole number on a line between two ends, typed or set."""

    is_number = True
    needs_labels = True

    def parse(self, question: Question, table: TomlTable, _: Shared, /) -> Question:
        """Return it with its two ends."""
        minimum = table.integer("minimum", 0, HIGHEST_NUMBER)
        maximum = table.integer("maximum", 0, HIGHEST_NUMBER)
        # Where one of them is missing, 0 stands for it and that fault is told alone.
        if table.has("minimum") and table.has("maximum") and minimum >= maximum:
            table.fault("maximum", f"{maximum} must be above the minimum, {minimum}")
        return replace(
            question,
            minimum=minimum,
            maximum=maximum,
            minimum_label=table.text("minimum_label", required=self.needs_labels),
            maximum_label=table.text("maximum_label", required=self.needs_labels),
        )

    def labels(self, question: Question) -> dict[int, str]:
        """Return the labels of the ends."""
        ends = {question.minimum: question.minimum_label, question.maximum: question.maximum_label}
        return {code: label for code, label in ends.items() if label}

    def columns(self, question: Question) -> tuple[Column, ...]:
        """Return one column that allows every integer between the ends."""
        codes = tuple(range(question.minimum, question.maximum + 1))
        asked = question.text.texts()[0]
        return (column(question, question.name, asked, self.labels(question), codes=codes),)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Return a number box, and the missing codes."""
        return (
            InputSpec(question.name, "number", minimum=question.minimum, maximum=question.maximum),
            InputSpec(missing_name(question), "code", missing_codes(question)),
        )

    def in_words(self, question: Question) -> str:
        """Return the ends of its range."""
        low, high = question.minimum, question.maximum
        return (
            f"A whole number: {low} = {question.minimum_label} … {high} = "
            f"{question.maximum_label}; no position chosen beforehand."
        )


class NumberQuestion(VasQuestion):
    """A whole number; a short range is a row of buttons."""

    needs_labels = False

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Return buttons for a short range, else a number box."""
        if self.choices(question):
            return SingleQuestion.inputs(self, question)
        return super().inputs(question)

    def choices(self, question: Question, /) -> Choices:
        """Return every number of a short range."""
        if question.maximum - question.minimum >= LONGEST_RULER:
            return ()
        return tuple((str(n), str(n)) for n in range(question.minimum, question.maximum + 1))

    def prefill(self, question: Question, answers: Answers) -> Prefill:
        """Return one of the buttons, or what was typed."""
        if self.choices(question):
            return SingleQuestion.prefill(self, question, answers)
        return super().prefill(question, answers)


class TextQuestion(_Typed):
    """The client's own words: a text column, or none when they are kept apart."""

    is_text = True

    def parse(self, question: Question, table: TomlTable, _: Shared, /) -> Question:
        """Return it with how long it may be, and whether it is kept apart."""
        length, apart = table.integer("max_length", 1, LONGEST_TEXT), table.flag("apart")
        return replace(question, max_length=length, apart=apart)

    def columns(self, question: Question) -> tuple[Column, ...]:
        """Return none for a text that is kept apart."""
        if question.apart:
            return ()
        asked = question.text.texts()[0]
        return (column(question, question.name, asked, {}, max_length=question.max_length),)

    def inputs(self, question: Question) -> tuple[InputSpec, ...]:
        """Return a text box; with a column also the missing codes."""
        words = InputSpec(question.name, "words", maximum=question.max_length)
        if question.apart:
            return (words,)
        return words, InputSpec(missing_name(question), "code", missing_codes(question))

    def in_words(self, question: Question) -> str:
        """Return how long it may be and where it is kept."""
        apart = ", kept apart from the other answers" if question.apart else ""
        return f"In the client’s own words, up to {question.max_length} characters{apart}."

    def answers(self, question: Question, values: Mapping[str, Any]) -> dict[str, int | str]:
        """Return a text kept apart as it is, blank included: there is no column to mark."""
        if question.apart:
            return {question.name: values[question.name]}
        return super().answers(question, values)


class StatementsQuestion(GridQuestion):
    """Statements in the order written, each agreed to or not."""

    named_by = "variable"

    def parse(self, question: Question, table: TomlTable, shared: Shared, /) -> Question:
        """Return it with options, of which one may do, and rows."""
        options = read_option_set(table, shared, at_least=1)
        return replace(question, options=options, rows=read_rows(table))


# Every class above that is called SomethingQuestion, under its name in questionnaire.toml.
KINDS: Mapping[str, SingleQuestion] = {
    name.removesuffix("Question").lower(): kind()
    for name, kind in list(globals().items())
    if name.endswith("Question") and isinstance(kind, type) and issubclass(kind, SingleQuestion)
}


def kind_of(question: Question) -> SingleQuestion:
    """Return the kind of a question."""
    return KINDS[question.kind]


# Questions are compared by identity, so these caches hold one entry a question of a loaded study.
@lru_cache(maxsize=4096)
def columns_of_question(question: Question) -> tuple[Column, ...]:
    """Return the columns that one question fills; a text that is kept apart has none."""
    return kind_of(question).columns(question)


@lru_cache(maxsize=64)
def _of_questions(questions: tuple[Question, ...]) -> tuple[Column, ...]:
    return tuple(column for question in questions for column in columns_of_question(question))


def columns_of_study(study: Study) -> tuple[Column, ...]:
    """Return every column of the study's answers, in the order asked, bookkeeping excluded."""
    return _of_questions(tuple(study.questions.values()))
