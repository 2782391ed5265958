"""Names that occur twice or are taken: variables, columns, grids, pages, ids, passages."""

from __future__ import annotations

from collections.abc import Iterator

from forms.columns import of_question
from forms.faults import CONSENT, QUESTIONNAIRE, SUPPORT, at, listed, nearest
from forms.read import Notes, duplicates
from forms.read_consent import passages_of
from forms.study import Study

# Columns that every release has; answers must not be called the same.
ADMINISTRATIVE = (
    "row",
    "study_version",
    "consent_version",
    "lang",
    "branch",
    "completion",
    "c_open",
    "c_quote",
    "dur_band",
    "key",
    "fingerprint",
    "deletion",
)
# Worked out at export.
TAKEN_PREFIX = "sc_"
TAKEN = frozenset({*ADMINISTRATIVE, "dq_straight", "dq_pair", "dq_share"})
# A question's name is the name of its field: what a form object calls its own parts, and what the
# buttons beside the questions are called, would stand in for an answer.
PARTS_OF_A_FORM = frozenset(
    {
        *("data", "errors", "form_errors", "meta", "populate_obj", "post_process", "process"),
        *("validate", "csrf_token", "change", "delete", "go", "refuse", "shown", "state"),
        "support",
    }
)
INLINE_VALIDATOR = "validate_"
# Stata cannot hold a longer one.
LONGEST_COLUMN = 32

SCREENS = (
    "landing",
    "information",
    "eligibility",
    "consent",
    "questions",
    "check",
    "done",
    "support",
    "stop",
    "withdraw",
    "declined",
    "leave",
)


def check_names(study: Study, notes: Notes) -> None:
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
    """(table, name, whether it is a column) for all that share one space of names."""
    for page in study.pages:
        for question in page.questions:
            columns = [c.name for c in of_question(question)]
            for name in columns or [question.name]:
                yield at(page, question), name, True
            if question.name not in columns and columns:
                yield at(page, question), question.name, False


def check_passages(study: Study, notes: Notes) -> None:
    """Note ids that occur twice and checklist entries that point at nothing."""
    found = list(passage_ids(study))
    for name in duplicates(name for _, _, name in found if name):
        where = " and ".join(dict.fromkeys(table for _, table, other in found if other == name))
        file = next(file for file, _, other in found if other == name)
        notes.add(file, where, "id", f"{name!r} stands there twice")
    known = [name for _, _, name in found] + [f"screen:{screen}" for screen in SCREENS]
    for item in study.consent.checklist:
        for name in item.passages:
            if name not in known:
                problem = f"there is no passage {name!r}{nearest(name, known)}"
                allowed = f"ids of passages and statements, screen:{listed(SCREENS)}"
                notes.add(CONSENT, f"checklist {item.id}", "passages", problem, allowed)


def passage_ids(study: Study) -> Iterator[tuple[str, str, str]]:
    """(file, table, id) for everything a checklist can point at."""
    consent = study.consent
    for table, passage in passages_of(consent):
        yield CONSENT, table.split()[0], passage.id
    for note in consent.board_note:
        yield CONSENT, "board_note", note.id
    for question in consent.eligibility:
        yield CONSENT, "eligibility", question.id
    for statement in consent.statements:
        yield CONSENT, "statement", statement.id
    for passage in study.support.passages:
        yield SUPPORT, "passage", passage.id
