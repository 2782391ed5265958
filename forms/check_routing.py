"""Routing: conditions that name what is not there, and pages and branches nobody can meet.

Every condition is "these columns hold one of these codes", so all that leads to a page is one such
condition too, together with what leads to the questions it looks at. It can be met exactly when no
column would have to hold a code that it cannot hold; no path has to be walked to see that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from forms.columns import Column, of_question
from forms.faults import QUESTIONNAIRE, at, listed, nearest
from forms.path import branch_of, routes
from forms.read import Notes
from forms.study import Condition, Page, Question, Study

# Branches hang on a few questions; beyond so many answers to them they are not all tried.
MOST_ROUTES = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One column and where it is asked."""

    page: Page
    question: Question
    column: Column

    @property
    def codes(self) -> frozenset[int]:
        """Every code a client can answer with; blank and not shown are no answers."""
        return frozenset(self.column.codes) | {m.code for m in self.question.missing}


def asked_columns(study: Study) -> dict[str, Asked]:
    """Every column with its page and question, in the order asked."""
    return {
        column.name: Asked(page, question, column)
        for page in study.pages
        for question in page.questions
        for column in of_question(question)
    }


def conditions(study: Study) -> Iterator[tuple[str, str, Condition, Collection[str]]]:
    """(table, key, condition, columns asked before it) for all of them."""
    earlier: list[str] = []
    for page in study.pages:
        yield at(page), "show_if", page.show_if, tuple(earlier)
        for question in page.questions:
            yield at(page, question), "show_if", question.show_if, tuple(earlier)
            earlier += [c.name for c in of_question(question)]
    for branch in study.branches:
        yield f"branch {branch.name}", "when", branch.when, tuple(earlier)


def check_routing(study: Study, notes: Notes) -> None:
    """Note every condition that cannot be read; if there is none, all that nobody can meet."""
    asked = asked_columns(study)
    before = len(notes.faults)
    for table, key, condition, earlier in conditions(study):
        for column, codes in condition:
            for problem, allowed in faults_of(column, codes, asked, earlier):
                notes.add(QUESTIONNAIRE, table, f"{key}.{column}", problem, allowed)
    if len(notes.faults) == before:
        check_reach(study, asked, notes)
        check_branches(study, asked, notes)


def faults_of(
    column: str, codes: frozenset[int], asked: Mapping[str, Asked], earlier: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(problem, what is allowed) for one column of a condition."""
    if column not in asked:
        yield f"no question has the column {column!r}{nearest(column, asked)}", listed(earlier)
    elif column not in earlier:
        yield f"{column!r} is not asked before", listed(earlier)
    elif asked[column].column.max_length:
        yield f"{column!r} is a text, and routing looks at codes only", "a question with codes"
    elif asked[column].column.codes and codes - asked[column].codes:
        unknown = listed(sorted(codes - asked[column].codes))
        yield f"{column!r} is never answered with {unknown}", listed(sorted(asked[column].codes))


def check_reach(study: Study, asked: Mapping[str, Asked], notes: Notes) -> None:
    """Note every page and question that no answers lead to."""
    for page in study.pages:
        if not can_hold(page.show_if, asked):
            notes.add(QUESTIONNAIRE, at(page), "show_if", "no answers lead to this page")
            continue
        for question in page.questions:
            if not can_hold((*page.show_if, *question.show_if), asked):
                problem = "no answers lead to this question"
                notes.add(QUESTIONNAIRE, at(page, question), "show_if", problem)


def needed(condition: Condition, asked: Mapping[str, Asked]) -> dict[str, frozenset[int]]:
    """Column → the codes it may hold, for ``condition`` and all that leads to its questions."""
    wanted: dict[str, frozenset[int]] = {}
    todo = list(condition)
    while todo:
        column, codes = todo.pop()
        if column not in wanted:
            todo += [*asked[column].page.show_if, *asked[column].question.show_if]
        wanted[column] = wanted.get(column, codes) & codes
    return wanted


def can_hold(condition: Condition, asked: Mapping[str, Asked]) -> bool:
    """Whether some answers meet ``condition`` and are all asked for."""
    wanted = needed(condition, asked)
    several = {asked[c].question for c in wanted if asked[c].question.kind == "multiple"}
    return all(wanted.values()) and all(can_tick(question, wanted) for question in several)


def can_tick(question: Question, wanted: Mapping[str, frozenset[int]]) -> bool:
    """Whether a multiple question can be answered so: some tick, or one missing code for all."""
    sets = [wanted.get(c.name, frozenset({0, 1})) for c in of_question(question)]
    ticked = all(codes & {0, 1} for codes in sets) and any(1 in codes for codes in sets)
    asked_for = [wanted[c.name] for c in of_question(question) if c.name in wanted]
    return ticked or any(all(m.code in codes for codes in asked_for) for m in question.missing)


def check_branches(study: Study, asked: Mapping[str, Asked], notes: Notes) -> None:
    """Note every branch that nobody can be on, because an earlier one takes all its clients."""
    together = tuple(pair for branch in study.branches for pair in branch.when)
    found: set[str | None] = set()
    tried = 0
    for answers in islice(routes(study, frozenset(needed(together, asked))), MOST_ROUTES):
        found.add(branch_of(study, answers))
        tried += 1
    for branch in study.branches:
        if branch.name not in found and tried < MOST_ROUTES:
            notes.add(QUESTIONNAIRE, f"branch {branch.name}", "when", "nobody can be on it")
