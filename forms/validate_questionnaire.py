"""Checks of questionnaire.toml across its tables: names, pages, routing, scores.

Every condition is "these columns hold one of these codes", so all that leads to a page is one such
condition too, together with what leads to the questions it looks at. It can be met exactly when no
column would have to hold a code that it cannot hold; no path has to be walked to see that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from forms.flow import CITED
from forms.kinds import columns_of_question, columns_of_study, kind_of
from forms.parse_documents import passages_of
from forms.routing import asked_of_few, branch_of, routes, routing_columns
from forms.study import (
    Column,
    Composite,
    Condition,
    DifferenceScore,
    Page,
    Question,
    Scale,
    Study,
)
from forms.toml_tables import (
    CONSENT,
    NAME,
    NAME_RULE,
    QUESTIONNAIRE,
    SUPPORT,
    FaultList,
    at,
    duplicates,
    listed,
    nearest,
)

# Columns that every release has; answers must not be called the same.
ADMINISTRATIVE = (
    *("row", "study_version", "consent_version", "lang", "branch", "completion", "c_open"),
    *("c_quote", "dur_band", "key", "fingerprint", "deletion"),
)
# Worked out at export.
TAKEN_PREFIX = "sc_"
TAKEN = frozenset({*ADMINISTRATIVE, "dq_straight", "dq_pair", "dq_share"})
# A question's name is the name of its field: what a form object calls its own parts, and what the
# buttons beside the questions are called, would stand in for an answer.
PARTS_OF_A_FORM = frozenset(
    {
        *("data", "errors", "form_errors", "meta", "populate_obj", "post_process", "process"),
        *("validate", "csrf_token", "change", "delete", "go", "pad", "refuse", "shown", "state"),
        "support",
    }
)
INLINE_VALIDATOR = "validate_"
# Stata cannot hold a longer one.
LONGEST_COLUMN = 32


def check_names(study: Study, notes: FaultList) -> None:
    """Note every name in questionnaire.toml that is there twice, is taken or is too long."""
    for page_id in duplicates(p.id for p in study.pages if p.id):
        notes.add(QUESTIONNAIRE, "page", "id", f"{page_id!r} stands there twice")
    for name in duplicates(name for _, name, _ in names(study) if name):
        where = " and ".join(dict.fromkeys(t for t, other, _ in names(study) if other == name))
        notes.add(QUESTIONNAIRE, where, "", f"the name {name!r} stands there twice")
    for table, name, is_column in names(study):
        if is_column and (name in TAKEN or name.startswith(TAKEN_PREFIX)):
            problem = f"{name!r} is the name of a column of every release"
            notes.add(QUESTIONNAIRE, table, "", problem, "any other name, none with sc_ before it")
        if name in PARTS_OF_A_FORM or name.startswith(INLINE_VALIDATOR):
            problem = f"{name!r} is the name of a part of every form"
            notes.add(QUESTIONNAIRE, table, "", problem, "any other name")
        if is_column and len(name) > LONGEST_COLUMN:
            problem = f"the column {name!r} has {len(name)} characters"
            notes.add(QUESTIONNAIRE, table, "", problem, f"at most {LONGEST_COLUMN}")


def names(study: Study) -> Iterator[tuple[str, str, bool]]:
    """Yield (table, name, true for a column) for all that share one space of names."""
    for page in study.pages:
        for question in page.questions:
            columns = [c.name for c in columns_of_question(question)]
            for name in columns or [question.name]:  # a text kept apart has none
                yield at(page, question), name, True
            if question.name not in columns and columns:
                yield at(page, question), question.name, False


def check_passages(study: Study, notes: FaultList) -> None:
    """Note ids that occur twice and checklist entries that point at nothing."""
    consent, informing = study.consent, list(study.consent.informing)
    found = [  # (file, table, id) of everything that a checklist can point at
        *((CONSENT, table.split()[0], passage.id) for table, passage in passages_of(consent)),
        *((CONSENT, "board_note", note.id) for note in consent.board_note),
        *((CONSENT, "eligibility", question.id) for question in consent.eligibility),
        *((CONSENT, "comprehension", question.id) for question in consent.comprehension),
        *((CONSENT, "statement", statement.id) for statement in consent.statements),
        *((SUPPORT, "passage", passage.id) for passage in study.support.passages),
    ]
    for name in duplicates(name for _, _, name in found if name):
        where = " and ".join(dict.fromkeys(table for _, table, other in found if other == name))
        file = next(file for file, _, other in found if other == name)
        notes.add(file, where, "id", f"{name!r} stands there twice")
    for asked in consent.comprehension:
        if asked.passage not in consent.informing:
            problem = f"there is no passage {asked.passage!r}{nearest(asked.passage, informing)}"
            allowed = "the id of a key fact, a detail or a part of the notice"
            notes.add(CONSENT, f"comprehension {asked.id}", "passage", problem, allowed)
    screens = [screen.name for screen in CITED]
    known = [name for _, _, name in found] + [f"screen:{screen}" for screen in screens]
    for item in consent.checklist:
        for name in item.passages:
            if name not in known:
                problem = f"there is no passage {name!r}{nearest(name, known)}"
                allowed = f"ids of passages and statements, screen:{listed(screens)}"
                notes.add(CONSENT, f"checklist {item.id}", "passages", problem, allowed)


def check_youth_lines(study: Study, notes: FaultList) -> None:
    """Note a promise of help lines for young people where the help page has none."""
    if not any(line.youth for line in study.support.lines):
        for question in study.consent.eligibility:
            if question.youth:
                problem = f"there is no help line for young people in {SUPPORT}"
                allowed = "a [[line]] there with youth = true"
                notes.add(CONSENT, f"eligibility {question.id}", "youth", problem, allowed)


def check_questions(study: Study, notes: FaultList) -> None:
    """Note what questions and pages may not do: force, lock nothing, differ by unknown branch."""
    routing = routing_columns(study)
    deciding = {column for branch in study.branches for column, _ in branch.when}
    # From this place on everybody's branch is known.
    known = max(
        (
            place
            for place, page in enumerate(study.pages, 1)
            for question in page.questions
            if deciding & {c.name for c in columns_of_question(question)}
        ),
        default=0,
    )
    for place, page in enumerate(study.pages):
        check_page(page, notes)
        for question in page.questions:
            if question.required:
                check_required(page, question, routing, notes)
        texts = ((at(page, q), "text", q.text) for q in page.questions)
        for table, key, wording in ((at(page), "intro", page.intro), *texts):
            if wording.by_branch and place < known:
                problem = "differs by branch, but nobody's branch is known before this page"
                notes.add(QUESTIONNAIRE, table, key, f"{problem} is answered", "one text")


def check_texts_are_read(study: Study, notes: FaultList) -> None:
    """Note a text that would be collected and never read: by no reader, and in no release."""
    for name, question in study.questions.items():
        problem, allowed = "", ""
        if kind_of(question).is_text and not question.apart:
            problem, allowed = "nobody would read a text beside the other answers", "apart = true"
        elif kind_of(question).is_text and asked_of_few(study, name):
            problem = "nobody would read a text of which even the existence tells who wrote it"
            allowed = "a text for everybody on a page that is for everybody, or for a whole branch"
        if problem:
            table = at(study.page_of[name], question)
            notes.add(QUESTIONNAIRE, table, "apart", problem, allowed)


def check_page(page: Page, notes: FaultList) -> None:
    """Note an ``answer_once`` without a text and a support offer that can never come."""
    if page.answer_once and not any(kind_of(q).is_text for q in page.questions):
        notes.add(QUESTIONNAIRE, at(page), "answer_once", "there is no text on this page to lock")
    if page.support is None:
        return
    columns = {
        c.name: c
        for q in page.questions
        if not kind_of(q).is_ticked
        for c in columns_of_question(q)
    }
    column = columns.get(page.support.variable)
    if column is None or column.max_length:
        problem = f"{page.support.variable!r} is no question with codes on this page"
        notes.add(QUESTIONNAIRE, f"{at(page)}, support", "variable", problem, listed(columns))
    elif column.codes and page.support.at_least > max(column.codes):
        problem = f"{page.support.variable!r} never reaches {page.support.at_least}"
        allowed = f"at most {max(column.codes)}"
        notes.add(QUESTIONNAIRE, f"{at(page)}, support", "at_least", problem, allowed)


def check_required(
    page: Page, question: Question, routing: Collection[str], notes: FaultList
) -> None:
    """Note a required question on which nothing depends, or without a way not to answer."""
    if page.sensitive:
        problem = "is required, yet a sensitive page says that anything on it can be skipped"
        notes.add(QUESTIONNAIRE, at(page, question), "required", problem)
    if not any(column.name in routing for column in columns_of_question(question)):
        problem = "only a question that others depend on may be required"
        notes.add(QUESTIONNAIRE, at(page, question), "required", problem, "false")
    if not question.missing:
        problem = "is required, so it must offer a way not to answer"
        notes.add(QUESTIONNAIRE, at(page, question), "missing", problem, '["prefer_not"]')


# Branches hang on a few questions; beyond so many answers to them they are not all tried.
MOST_ROUTES = 100_000


@dataclass(frozen=True, slots=True)
class AskedColumn:
    """One column and where it is asked."""

    page: Page
    question: Question
    column: Column

    @property
    def codes(self) -> frozenset[int]:
        """Return every code a client can answer with; blank and not shown are no answers."""
        return frozenset(self.column.codes) | {m.code for m in self.question.missing}


def conditions(study: Study) -> Iterator[tuple[str, str, Condition, Collection[str]]]:
    """Yield (table, key, condition, columns asked before it) for every condition."""
    earlier: list[str] = []
    for page in study.pages:
        yield at(page), "show_if", page.show_if, tuple(earlier)
        for question in page.questions:
            yield at(page, question), "show_if", question.show_if, tuple(earlier)
            earlier += [c.name for c in columns_of_question(question)]
    for branch in study.branches:
        yield f"branch {branch.name}", "when", branch.when, tuple(earlier)


def check_routing(study: Study, notes: FaultList) -> None:
    """Note every condition that cannot be read; if there is none, all that cannot be met."""
    asked = {
        column.name: AskedColumn(page, question, column)
        for page in study.pages
        for question in page.questions
        for column in columns_of_question(question)
    }
    before = len(notes.faults)
    for table, key, condition, earlier in conditions(study):
        for column, codes in condition:
            for problem, allowed in faults_of(column, codes, asked, earlier):
                notes.add(QUESTIONNAIRE, table, f"{key}.{column}", problem, allowed)
    if len(notes.faults) > before:  # what cannot be read cannot be met either: told once
        return
    for page in study.pages:
        if not can_hold(page.show_if, asked):
            notes.add(QUESTIONNAIRE, at(page), "show_if", "no answers lead to this page")
            continue
        for question in page.questions:
            if not can_hold((*page.show_if, *question.show_if), asked):
                problem = "no answers lead to this question"
                notes.add(QUESTIONNAIRE, at(page, question), "show_if", problem)
    check_branches(study, asked, notes)


def faults_of(
    column: str, codes: frozenset[int], asked: Mapping[str, AskedColumn], earlier: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield (problem, what is allowed) for one column of a condition."""
    if column not in asked:
        yield f"no question has the column {column!r}{nearest(column, asked)}", listed(earlier)
    elif column not in earlier:
        yield f"{column!r} is not asked before", listed(earlier)
    elif asked[column].column.max_length:
        yield f"{column!r} is a text, and routing looks at codes only", "a question with codes"
    elif asked[column].column.codes and codes - asked[column].codes:
        unknown = listed(sorted(codes - asked[column].codes))
        yield f"{column!r} is never answered with {unknown}", listed(sorted(asked[column].codes))


def needed(condition: Condition, asked: Mapping[str, AskedColumn]) -> dict[str, frozenset[int]]:
    """Return column → codes that ``condition``, and all that leads to its questions, allows."""
    wanted: dict[str, frozenset[int]] = {}
    todo = list(condition)
    while todo:
        column, codes = todo.pop()
        if column not in wanted:
            todo += [*asked[column].page.show_if, *asked[column].question.show_if]
        wanted[column] = wanted.get(column, codes) & codes
    return wanted


def can_hold(condition: Condition, asked: Mapping[str, AskedColumn]) -> bool:
    """Return true when some answers meet ``condition`` and are all asked for."""
    wanted = needed(condition, asked)
    several = {asked[c].question for c in wanted if kind_of(asked[c].question).is_ticked}
    return all(wanted.values()) and all(can_tick(question, wanted) for question in several)


def can_tick(question: Question, wanted: Mapping[str, frozenset[int]]) -> bool:
    """Return true when some tick, or one missing code for all, answers a multiple question so."""
    sets = [wanted.get(c.name, frozenset({0, 1})) for c in columns_of_question(question)]
    ticked = all(codes & {0, 1} for codes in sets) and any(1 in codes for codes in sets)
    asked_for = [wanted[c.name] for c in columns_of_question(question) if c.name in wanted]
    return ticked or any(all(m.code in codes for codes in asked_for) for m in question.missing)


def check_branches(study: Study, asked: Mapping[str, AskedColumn], notes: FaultList) -> None:
    """Note every empty branch: an earlier one takes all its clients."""
    together = tuple(pair for branch in study.branches for pair in branch.when)
    ways = islice(routes(study, frozenset(needed(together, asked))), MOST_ROUTES)
    found = Counter(branch_of(study, answers) for answers in ways)
    for branch in study.branches:
        if branch.name not in found and found.total() < MOST_ROUTES:
            notes.add(QUESTIONNAIRE, f"branch {branch.name}", "when", "nobody can be on it")


LONGEST_SCORE = LONGEST_COLUMN - len(TAKEN_PREFIX)

Ranges = Mapping[str, tuple[int, int] | None]
"""Item or score → its lowest and highest code; None where a fault of its own hides them."""


def check_scores(study: Study, notes: FaultList) -> None:
    """Note scales, composites, differences and flags that cannot be worked out."""
    # Ticks and texts have no range, over which a mean could be taken.
    items = {
        column.name: (min(column.codes), max(column.codes)) if column.codes else None
        for column in columns_of_study(study)
        if not (kind_of(column.question).is_ticked or kind_of(column.question).is_text)
    }
    scores: dict[str, tuple[int, int] | None] = {}
    for scale in study.scales:
        table = f"scale {scale.name}"
        check_together(table, "items", scale.items, items, notes)
        scores[scale.name] = next((items[item] for item in scale.items if item in items), None)
    for composite in study.composites:
        check_together(f"composite {composite.name}", "scores", composite.scores, scores, notes)
    for difference in study.differences:
        pair = (difference.minuend, difference.subtrahend)
        check_together(f"difference {difference.name}", "", pair, items, notes)
    scored: tuple[Scale | Composite | DifferenceScore, ...]
    scored = (*study.scales, *study.composites, *study.differences)
    for name in duplicates(score.name for score in scored):
        notes.add(QUESTIONNAIRE, "scale", name, "two scores have this name")
    for score in scored:
        if not NAME.fullmatch(score.name) or len(score.name) > LONGEST_SCORE:
            table = type(score).__name__.lower()
            problem = "is not a name that can stand here"
            notes.add(
                QUESTIONNAIRE, table, score.name, problem, f"{NAME_RULE}, {LONGEST_SCORE} in all"
            )
    check_quality(study, items, notes)


def check_together(
    table: str, key: str, names: Iterable[str], ranges: Ranges, notes: FaultList
) -> None:
    """Note unknown names and names whose codes do not run over the same range."""
    found = {name: ranges[name] for name in names if name in ranges}
    for name in names:
        if name and name not in ranges:
            problem = f"unknown: {name!r}{nearest(name, ranges)}"
            notes.add(QUESTIONNAIRE, table, key, problem, listed(ranges))
    known = {name: span for name, span in found.items() if span}
    if len(set(known.values())) > 1:
        differ = listed(f"{name} {low}-{high}" for name, (low, high) in known.items())
        notes.add(QUESTIONNAIRE, table, key, f"the ranges differ: {differ}", "one common range")


def check_comparisons(study: Study, notes: FaultList) -> None:
    """Note pairs of before and after that do not ask the same."""
    known = {
        column.name: (column.codes, dict(column.labels))
        for column in columns_of_study(study)
        if column.codes and not kind_of(column.question).is_ticked
    }
    for pair in study.policy.compare:
        table, sides = f"compare {pair.before}", (("before", pair.before), ("after", pair.after))
        unknown = [(key, name) for key, name in sides if name and name not in known]
        for key, name in unknown:
            problem = f"unknown: {name!r}{nearest(name, known)}"
            notes.add(QUESTIONNAIRE, table, key, problem, "two columns with codes")
        if pair.before == pair.after:
            notes.add(QUESTIONNAIRE, table, "after", "is the same question as before")
        elif not unknown and known.get(pair.before) != known.get(pair.after):
            problem = f"{pair.before} and {pair.after} have other answers to choose from"
            notes.add(QUESTIONNAIRE, table, "after", problem, "the same codes with the same labels")
    for name in duplicates(pair.before for pair in study.policy.compare):
        notes.add(QUESTIONNAIRE, f"compare {name}", "before", "stands there twice")


def check_quality(study: Study, items: Ranges, notes: FaultList) -> None:
    """Note grids and items that the quality flags cannot be worked out from."""
    grids = [q.name for q in study.questions.values() if kind_of(q).named_by == "grid"]
    for name in study.quality.straight:
        if name not in grids:
            problem = f"no grid is called {name!r}{nearest(name, grids)}"
            notes.add(QUESTIONNAIRE, "quality", "straight", problem, listed(grids))
    if study.quality.pair is None:
        return
    check_together("quality", "pair", study.quality.pair, items, notes)
    if study.quality.pair_reverse and study.quality.pair_reverse not in study.quality.pair:
        problem = f"{study.quality.pair_reverse!r} is not one of the pair"
        notes.add(QUESTIONNAIRE, "quality", "pair_reverse", problem, listed(study.quality.pair))
