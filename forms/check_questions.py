"""What a question or page may not do: force an answer, lock nothing, differ by unknown branches."""

from __future__ import annotations

from collections.abc import Collection

from forms.columns import of_question
from forms.faults import QUESTIONNAIRE, at, listed
from forms.path import routing_columns
from forms.read import Notes
from forms.study import Page, Question, Study, Wording


def check_questions(study: Study, notes: Notes) -> None:
    """Note everything of this kind in questionnaire.toml."""
    routing = routing_columns(study)
    known = 0 if not study.branches else first_page_with_branch(study)
    for place, page in enumerate(study.pages):
        check_page(page, notes)
        for question in page.questions:
            if question.required:
                check_required(page, question, routing, notes)
        if place < known:
            check_wordings(page, notes)


def check_page(page: Page, notes: Notes) -> None:
    """Note an ``answer_once`` without a text and a support offer that can never come."""
    if page.answer_once and not any(q.kind == "text" for q in page.questions):
        notes.add(QUESTIONNAIRE, at(page), "answer_once", "there is no text on this page to lock")
    if page.support is None:
        return
    columns = {c.name: c for q in page.questions if q.kind != "multiple" for c in of_question(q)}
    column = columns.get(page.support.variable)
    if column is None or column.max_length:
        problem = f"{page.support.variable!r} is no question with codes on this page"
        notes.add(QUESTIONNAIRE, f"{at(page)}, support", "variable", problem, listed(columns))
    elif column.codes and page.support.at_least > max(column.codes):
        problem = f"{page.support.variable!r} never reaches {page.support.at_least}"
        allowed = f"at most {max(column.codes)}"
        notes.add(QUESTIONNAIRE, f"{at(page)}, support", "at_least", problem, allowed)


def check_required(page: Page, question: Question, routing: Collection[str], notes: Notes) -> None:
    """Only a routing question may be required, and only with a visible way not to answer."""
    columns = [c.name for c in of_question(question)]
    if not any(column in routing for column in columns):
        problem = "only a question that others depend on may be required"
        notes.add(QUESTIONNAIRE, at(page, question), "required", problem, "false")
    if not question.missing:
        problem = "is required, so it must offer a way not to answer"
        notes.add(QUESTIONNAIRE, at(page, question), "missing", problem, '["prefer_not"]')


def first_page_with_branch(study: Study) -> int:
    """Place of the first page on which everybody's branch is known."""
    deciding = {column for branch in study.branches for column, _ in branch.when}
    places = [
        place
        for place, page in enumerate(study.pages, 1)
        for question in page.questions
        if deciding & {c.name for c in of_question(question)}
    ]
    return max(places, default=0)


def check_wordings(page: Page, notes: Notes) -> None:
    """Note texts that differ by branch where no branch is known yet."""
    texts: list[tuple[str, str, Wording]] = [(at(page), "intro", page.intro)]
    texts += [(at(page, q), "text", q.text) for q in page.questions]
    for table, key, wording in texts:
        if wording.by_branch:
            problem = "differs by branch, but nobody's branch is known before this page is answered"
            notes.add(QUESTIONNAIRE, table, key, problem, "one text")
