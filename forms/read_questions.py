"""Pages and questions of questionnaire.toml as objects."""

from __future__ import annotations

from collections.abc import Mapping

from forms.kinds import KINDS
from forms.read import Table
from forms.read_kinds import HIGHEST_NUMBER, Shared
from forms.study import (
    LEFT_BLANK,
    NOT_REACHED,
    NOT_SCORED,
    NOT_SHOWN,
    WITHHELD,
    Condition,
    Missing,
    Page,
    Question,
    SupportOffer,
    Wording,
)

# Codes that only the platform sets: every study names them, none offers them to the client.
SET_BY_PLATFORM: Mapping[str, int] = {
    "not_shown": NOT_SHOWN,
    "left_blank": LEFT_BLANK,
    "not_reached": NOT_REACHED,
    "withheld": WITHHELD,
    "not_scored": NOT_SCORED,
}

PLAINEST = "single"


def read_condition(table: Table, key: str, *, required: bool = False) -> Condition:
    """``{ column = [codes] }``, sorted by column: the order of keys means nothing."""
    if not required and not table.has(key):
        return ()
    inner = table.table(key, required=required)
    if not inner.data and table.has(key):
        table.fault(key, "names no question", "{ question = [codes] }")
    found = [(column, frozenset(inner.integers(column))) for column in inner.data]
    for column, codes in found:
        if not codes:
            inner.fault(column, "needs at least one code")
    return tuple(sorted(found, key=lambda pair: pair[0]))


def read_wording(table: Table, key: str, shared: Shared, *, required: bool) -> Wording:
    """One text for everybody, or one for each branch."""
    if not isinstance(table.data.get(key), dict):
        return Wording(everybody=table.text(key, required=required))
    inner = table.table(key)
    if not shared.branches:
        table.fault(key, "gives one text a branch, but the study has no branches", "one text")
        return Wording()
    return Wording(by_branch=tuple((name, inner.text(name)) for name in shared.branches))


def read_page(table: Table, shared: Shared) -> Page:
    """One page with its questions."""
    return Page(
        id=table.name("id"),
        title=table.text("title"),
        intro=read_wording(table, "intro", shared, required=False),
        questions=tuple(
            read_question(t, shared)
            for t in table.tables("question", "variable", "grid", required=True)
        ),
        show_if=read_condition(table, "show_if"),
        sensitive=table.flag("sensitive"),
        answer_once=table.flag("answer_once"),
        support=read_support_offer(table),
    )


def read_support_offer(table: Table) -> SupportOffer | None:
    """When the support page opens, if this page can open it."""
    if not table.has("support"):
        return None
    inner = table.table("support")
    return SupportOffer(
        variable=inner.text("variable"),
        at_least=inner.integer("at_least", 0, HIGHEST_NUMBER),
        offer=inner.text("offer"),
    )


def read_question(table: Table, shared: Shared) -> Question:
    """One question of one kind, with the keys that its kind takes."""
    kind = table.one_of("kind", KINDS)
    common = Question(
        name=table.name("grid" if kind == "grid" else "variable"),
        kind=kind or PLAINEST,  # an unknown kind is a fault already
        text=read_wording(table, "text", shared, required=kind not in ("grid", "statements")),
        hint=table.text("hint", required=False),
        missing=read_offered(table, shared),
        required=table.flag("required"),
        show_if=read_condition(table, "show_if"),
        construct=table.text("construct", required=False),
        note=table.text("note", required=False),
    )
    if not kind:
        table.asked += table.data  # which other keys it may have depends on the kind
        return common
    return KINDS[kind].keys(common, table, shared)


def read_offered(table: Table, shared: Shared) -> tuple[Missing, ...]:
    """The missing codes offered to the client, in the order shown."""
    offered = [m.name for m in shared.missing.values() if m.name not in SET_BY_PLATFORM]
    names = table.known("missing", offered, required=False)
    return tuple(shared.missing[name] for name in names)
