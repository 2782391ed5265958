"""A page as it is shown: each question with the values to mark and the errors to say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from forms.draft import Draft, is_refused, question_ids, rows_in_order, wants_support
from forms.form_fields import NO_CHOICE, plain_value
from forms.kinds import PREFER_NOT, Prefill, kind_of, missing_name
from forms.platform_texts import (
    ANSWERS_REMOVED,
    CANT_SAY,
    GRID_CLEARED,
    LONGEST_ERROR,
    MINUTES_STEP,
    MORE_QUESTIONS,
    ONE_MORE_QUESTION,
)
from forms.post_length import filling
from forms.routing import branch_of, minutes_of, shown_pages
from forms.study import Page, Question, Study


@dataclass(frozen=True, slots=True)
class Input:
    """One group of inputs with one name: what is ticked or typed in it, and its error.

    ``id`` counts and names nothing: a link to it stays in the browser's history.
    """

    name: str
    id: str
    label: str
    ticked: frozenset[str]
    typed: str
    error: str

    @property
    def blank(self) -> bool:
        """Return whether nothing is ticked or typed in it, and nothing has to be mended."""
        return not (self.ticked or self.typed or self.error)


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question as it is shown. ``choices`` are (value, label), missing ones apart."""

    question: Question
    id: str
    text: str
    inputs: tuple[Input, ...]
    choices: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    missing_input: Input
    locked: bool
    once: bool  # a text that can be written once, and is not written yet
    opened: bool  # the last answers on this page brought it
    refused: bool
    can_refuse: bool

    @property
    def blank(self) -> bool:
        """Return whether it looks as it does to a client who has not come to it."""
        inputs = (*self.inputs, self.missing_input)
        told = self.locked or self.refused or self.opened
        return not told and all(given.blank for given in inputs)


@dataclass(frozen=True, slots=True)
class PageView:
    """One page as it is shown; ``number`` of ``total`` (None before the way is known)."""

    page: Page
    intro: str
    questions: tuple[QuestionView, ...]
    names: str  # of the questions shown, for the hidden input that says what was asked
    number: int
    total: int | None
    minutes_left: int  # with this page, in steps and rounded up; 0 before the way is known
    filling: int  # characters that make its form as long as any other
    before: Page | None  # the page that Back leads to
    errors: tuple[tuple[str, str], ...]  # (input id, sentence), in the order shown
    support_wanted: bool  # support was asked for on the page that has to be mended
    news: tuple[str, ...]  # sentences on what the last answers did


def _missing(question: Question) -> tuple[tuple[str, str], ...]:
    """Return (code, label) of the missing codes as the client sees them."""
    if not question.rows:
        return tuple((str(m.code), m.label) for m in question.missing)
    # In a grid "prefer not" is the button below it.
    offered = [m for m in question.missing if m.name != PREFER_NOT]
    return tuple((str(m.code), CANT_SAY.get(m.name, m.label)) for m in offered)


def _input(
    name: str, label: str, values: Mapping[str, Sequence[str]], errors: Mapping[str, str], id_: str
) -> Input:
    given = [value for value in values.get(name, ()) if plain_value(value) != NO_CHOICE]
    typed = given[-1] if given else ""
    ticked = frozenset(map(plain_value, given))
    return Input(name, id_, label, ticked, typed, errors.get(name, ""))


def news(draft: Draft) -> tuple[str, ...]:
    """Return what the last answers did that nobody would see otherwise, as sentences."""
    more = len(draft.opened)
    said = (
        (ONE_MORE_QUESTION if more == 1 else MORE_QUESTIONS.format(more)) if more else "",
        GRID_CLEARED if draft.refused else "",
        ANSWERS_REMOVED if draft.removed else "",
    )
    return tuple(sentence for sentence in said if sentence)


def _question_view(
    question: Question,
    page: Page,
    draft: Draft,
    branch: str | None,
    errors: Mapping[str, str],
    posted: Any,
    *,
    id_: str,
) -> QuestionView:
    values: Prefill
    # A locked text is not posted again: it is shown as it was written.
    if errors and question.name not in draft.locked:
        names = (*question.variables, missing_name(question))
        values = {name: posted.getlist(name) for name in names}
    else:
        values = kind_of(question).prefill(question, draft.answers)
    rows = rows_in_order(draft, question)
    labelled = [(r.variable, r.text) for r in rows] or [(question.name, question.text.of(branch))]
    apart = missing_name(question)
    return QuestionView(
        question=question,
        id=id_,
        text=question.text.of(branch),
        inputs=tuple(
            _input(name, label, values, errors, f"{id_}-{n}")
            for n, (name, label) in enumerate(labelled, start=1)
        ),
        choices=kind_of(question).choices(question),
        missing=() if question.apart else _missing(question),
        missing_input=_input(apart, "", values, errors, f"{id_}-0"),
        locked=question.name in draft.locked,
        once=page.answer_once and kind_of(question).is_text and question.name not in draft.locked,
        opened=question.name in draft.opened,
        refused=bool(question.rows) and is_refused(draft, question),
        can_refuse=any(m.name == PREFER_NOT for m in question.missing),
    )


def page_view(
    study: Study,
    draft: Draft,
    page: Page,
    *,
    errors: Mapping[str, str] | None = None,
    posted: Any = None,
) -> PageView:
    """Return the page for this draft; after a faulty post with what was typed and what to mend."""
    branch = branch_of(study, draft.answers)
    pages = shown_pages(study, draft.answers)
    ids = question_ids(page, draft)
    questions = tuple(
        _question_view(study.questions[name], page, draft, branch, errors or {}, posted, id_=id_)
        for name, id_ in ids.items()
    )
    at = pages.index(page)
    undecided = bool(study.branches) and branch is None  # how many pages follow is not known yet
    inputs = [i for view in questions for i in (*view.inputs, view.missing_input)]
    return PageView(
        page=page,
        intro=page.intro.of(branch),
        questions=questions,
        names=" ".join(view.question.name for view in questions),
        number=at + 1,
        before=pages[at - 1] if at else None,
        total=None if undecided else len(pages),
        minutes_left=0 if undecided else _in_steps(minutes_of(pages[at:], draft.answers, branch)),
        filling=filling(study, (view.question for view in questions)),
        errors=tuple((i.id, i.error) for i in inputs if i.error),
        support_wanted=bool(errors) and wants_support(posted),
        news=() if errors else news(draft),
    )


LONGEST_CHARACTER = "'"  # five bytes in a page, more than any other character takes


def _in_steps(minutes: float) -> int:
    return -(-ceil(minutes) // MINUTES_STEP) * MINUTES_STEP


def fullest_view(study: Study, page: Page, branch: str | None, *, locked: bool) -> PageView:
    """The page at its longest: every question, texts at full length, at fault what can be."""
    draft = Draft(seed="", words="", language=study.language, started=0)
    questions = tuple(
        _fullest(_question_view(q, page, draft, branch, {}, None, id_=f"q{n}"), locked=locked)
        for n, q in enumerate(page.questions, start=1)
    )
    inputs = [i for view in questions for i in (*view.inputs, view.missing_input)]
    return PageView(
        page=page,
        intro=page.intro.of(branch),
        questions=questions,
        names=" ".join(view.question.name for view in questions),
        number=len(study.pages),
        total=len(study.pages),
        minutes_left=10 * MINUTES_STEP,
        filling=filling(study, page.questions[:1]),
        before=page,
        errors=tuple((i.id, i.error) for i in inputs if i.error),
        support_wanted=False,
        news=(MORE_QUESTIONS.format(len(page.questions)), GRID_CLEARED, ANSWERS_REMOVED),
    )


def _fullest(view: QuestionView, *, locked: bool) -> QuestionView:
    question = view.question
    values = [value for value, _ in (*view.choices, *view.missing)]
    ticked = frozenset(values if kind_of(question).is_ticked else values[:1])
    typed = LONGEST_CHARACTER * (question.max_length or len(str(question.maximum)))
    asked = kind_of(question).inputs(question)[0]
    can_fail = asked.required or asked.form in ("number", "words")  # a browser offers sound codes
    error = f"{LONGEST_ERROR} {view.text}" if can_fail else ""
    full = tuple(replace(i, ticked=ticked, typed=typed, error=error) for i in view.inputs)
    apart = replace(view.missing_input, ticked=ticked)
    locked = locked and kind_of(question).is_text
    return replace(view, inputs=full, missing_input=apart, locked=locked, refused=True, opened=True)
