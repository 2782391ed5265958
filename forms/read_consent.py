"""consent.toml as objects: every word around the questionnaire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from forms.facts import placeholders
from forms.read import NAME, NAME_RULE, Table, duplicates
from forms.study import (
    TEXT_KEYS,
    ChecklistItem,
    Consent,
    EligibilityQuestion,
    Passage,
    Statement,
)

ENDINGS = ("screened_out", "not_now")
# Only these optional statements have a place where the answer is kept.
CHOICES = ("c_open", "c_quote")


def read_consent(top: Table) -> Consent:
    """The whole file; what is wrong with it is noted in ``top``."""
    consent = Consent(
        version=top.text("version"),
        receipt_code=top.flag("receipt_code", required=True),
        texts=read_texts(top.table("texts", required=True)),
        key_facts=read_passages(top, "key_fact", required=True),
        details=read_passages(top, "detail"),
        notice=read_passages(top, "notice"),
        eligibility=tuple(read_eligibility(t) for t in top.tables("eligibility")),
        statements=tuple(read_statement(t) for t in top.tables("statement", required=True)),
        debrief=read_passages(top, "debrief"),
        checklist=tuple(read_checklist(t) for t in top.tables("checklist")),
        board_note=read_passages(top, "board_note"),
        optional_facts=read_fact_names(top, "optional_facts"),
        board_facts=read_fact_names(top, "board_facts"),
        facts=frozenset(),
    )
    note_twice(top, consent)
    return with_facts(consent)


def read_texts(table: Table) -> Mapping[str, str]:
    """The single sentences, by key."""
    return {key: table.text(key) for key in TEXT_KEYS}


def read_passages(top: Table, key: str, *, required: bool = False) -> tuple[Passage, ...]:
    """The passages of one part of the text."""
    return tuple(
        Passage(t.id(), t.text("heading", required=False), t.text("text"))
        for t in top.tables(key, required=required)
    )


def read_eligibility(table: Table) -> EligibilityQuestion:
    """One question before consent."""
    return EligibilityQuestion(
        id=table.name("id"),
        text=table.text("text"),
        yes=table.text("yes"),
        no=table.text("no"),
        ending=table.one_of("ending", ENDINGS),
        youth=table.flag("youth"),
    )


def read_statement(table: Table) -> Statement:
    """One consent statement."""
    name, required = table.name("id"), table.flag("required", required=True)
    if name in CHOICES and required:
        table.fault("required", f"{name} is a choice of the client's own", "false")
    if name not in CHOICES and not required and table.data.get("required") is False:
        table.fault("id", "the answer to an optional statement is kept only for", "c_open, c_quote")
    effect = "" if required else table.text("effect")
    return Statement(name, table.text("text"), required, effect)


def read_checklist(table: Table) -> ChecklistItem:
    """One thing that a board looks for."""
    return ChecklistItem(
        id=table.id(),
        source=table.text("source"),
        must=table.text("must"),
        where=table.text("where"),
        passages=table.texts("passages"),
    )


def read_fact_names(top: Table, key: str) -> frozenset[str]:
    """Names of facts."""
    names = top.texts(key, required=False)
    for name in names:
        if not NAME.fullmatch(name):
            top.fault(key, f"{name!r} is not a name that can stand here", NAME_RULE)
    return frozenset(names)


def note_twice(top: Table, consent: Consent) -> None:
    """Note what is there twice, and that nobody could agree to anything."""
    for name in duplicates(item.id for item in consent.checklist):
        top.fault("checklist", f"the id {name!r} stands there twice")
    if consent.statements and not consent.required_statements:
        top.fault("statement", "none is required, so nobody would consent to anything")


def passages_of(consent: Consent) -> Iterator[tuple[str, Passage]]:
    """(table, passage) for every passage a client can read."""
    parts = {
        "key_fact": consent.key_facts,
        "detail": consent.details,
        "notice": consent.notice,
        "debrief": consent.debrief,
    }
    for table, passages in parts.items():
        for passage in passages:
            yield f"{table} {passage.id}", passage


def client_words(consent: Consent) -> Iterator[tuple[str, str, str]]:
    """(table, key, words) for everything a client can read in consent.toml."""
    for key, text in consent.texts.items():
        yield "texts", key, text
    for table, passage in passages_of(consent):
        yield table, "heading", passage.heading
        yield table, "text", passage.text
    for question in consent.eligibility:
        for key in ("text", "yes", "no"):
            yield f"eligibility {question.id}", key, getattr(question, key)
    for statement in consent.statements:
        yield f"statement {statement.id}", "text", statement.text


def board_words(consent: Consent) -> Iterator[tuple[str, str, str]]:
    """(table, key, words) for what only the board reads."""
    for note in consent.board_note:
        yield f"board_note {note.id}", "text", note.text
    for statement in consent.choices:
        yield f"statement {statement.id}", "effect", statement.effect


def with_facts(consent: Consent) -> Consent:
    """The same with the names of all facts that its words ask for."""
    words = [*client_words(consent), *board_words(consent)]
    return replace(consent, facts=frozenset(n for *_, text in words for n in placeholders(text)))
