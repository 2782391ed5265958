"""questionnaire.toml as objects: what is asked, in which order, and how answers are scored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from forms.kinds import KINDS
from forms.parse_options import HIGHEST_NUMBER, Shared, read_options
from forms.study import (
    LEFT_BLANK,
    MISSING_RANGE,
    NOT_REACHED,
    NOT_SCORED,
    NOT_SHOWN,
    WITHHELD,
    BeforeAfter,
    Branch,
    Composite,
    Condition,
    Consent,
    DifferenceScore,
    Fingerprints,
    Missing,
    Page,
    QualityFlags,
    Question,
    ReleasePolicy,
    Scale,
    Study,
    Support,
    SupportOffer,
    Wording,
)
from forms.toml_tables import NAME, NAME_RULE, TomlTable, duplicates

# Codes that only the platform sets: every study names them, none offers them to the client.
PLATFORM_CODES: Mapping[str, int] = {
    "not_shown": NOT_SHOWN,
    "left_blank": LEFT_BLANK,
    "not_reached": NOT_REACHED,
    "withheld": WITHHELD,
    "not_scored": NOT_SCORED,
}


def read_condition(table: TomlTable, key: str, *, required: bool = False) -> Condition:
    """Return ``{ column = [codes] }`` sorted by column: the order of keys means nothing."""
    if not required and not table.has(key):
        return ()
    inner = table.table(key, required=required)
    if not inner.data and table.has(key):
        table.fault(key, "names no question", "{ question = [codes] }")
    found = {column: frozenset(inner.integers(column)) for column in inner.data}
    for column, codes in found.items():
        if not codes:
            inner.fault(column, "needs at least one code")
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))


def read_wording(table: TomlTable, key: str, shared: Shared, *, required: bool) -> Wording:
    """Return one text for all clients, or one for each branch."""
    if not isinstance(table.data.get(key), dict):
        return Wording(everybody=table.text(key, required=required))
    inner = table.table(key)
    if not shared.branches:
        table.fault(key, "gives one text a branch, but the study has no branches", "one text")
        return Wording()
    return Wording(by_branch=tuple((name, inner.text(name)) for name in shared.branches))


def read_page(table: TomlTable, shared: Shared) -> Page:
    """Return one page with its questions."""
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


def read_support_offer(table: TomlTable) -> SupportOffer | None:
    """Return the condition under which this page opens the support page, if it can."""
    if not table.has("support"):
        return None
    inner = table.table("support")
    return SupportOffer(
        variable=inner.text("variable"),
        at_least=inner.integer("at_least", 0, HIGHEST_NUMBER),
        label=inner.text("offer"),
    )


def read_question(table: TomlTable, shared: Shared) -> Question:
    """Return one question with the keys that its kind takes."""
    known = table.one_of("kind", KINDS)
    kind = KINDS[known or "single"]  # an unknown kind is a fault already
    offered = [code for code in shared.missing if code not in PLATFORM_CODES]
    common = Question(
        name=table.name(kind.named_by),
        kind=known or "single",
        text=read_wording(table, "text", shared, required=kind.needs_text),
        hint=table.text("hint", required=False),
        missing=tuple(
            shared.missing[code] for code in table.known("missing", offered, required=False)
        ),
        required=table.flag("required"),
        show_if=read_condition(table, "show_if"),
        construct=table.text("construct", required=False),
        note=table.text("note", required=False),
    )
    if not known:
        table.asked += table.data  # which other keys it may have depends on the kind
        return common
    return kind.parse(common, table, shared)


ADDRESS = re.compile(r"[a-z][a-z-]{1,30}")
ADDRESS_RULE = "2 to 31 lower-case letters and hyphens, a letter first"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
LANGUAGE_RULE = "a language code such as en or pt-BR"


def read_questionnaire(
    top: TomlTable, *, name: str, consent: Consent, policy: ReleasePolicy, support: Support
) -> Study:
    """Return the study, not yet checked across its files; faults are noted in ``top``."""
    missing = read_missing(top)
    branches = read_branches(top)
    options = top.table("options")
    sets = {key: read_options(options, key) for key in options.data}
    shared = Shared(sets, {m.name: m for m in missing}, tuple(b.name for b in branches))
    return Study(
        name=name,
        title=top.text("title"),
        address=top.matching("address", ADDRESS, ADDRESS_RULE),
        version=top.text("version"),
        language=top.matching("language", LANGUAGE, LANGUAGE_RULE),
        exit_url=top.https("exit"),
        reading_grade=top.number("reading_grade", 1, 20),
        duration_bands=read_bands(top),
        missing=missing,
        branches=branches,
        pages=tuple(read_page(t, shared) for t in top.tables("page", required=True)),
        scales=tuple(read_scale(name, t) for name, t in top.table("scale").entries()),
        composites=tuple(read_composite(name, t) for name, t in top.table("composite").entries()),
        differences=tuple(
            DifferenceScore(name, t.text("label"), t.text("minuend"), t.text("subtrahend"))
            for name, t in top.table("difference").entries()
        ),
        quality=read_quality(top.table("quality")),
        minutes=read_minutes(top.table("minutes"), shared.branches or ("everybody",)),
        consent=consent,
        # Nothing that clients read, and so no part of the words: it says what figures are told.
        policy=replace(policy, compare=read_comparisons(top)),
        support=support,
        # Worked out once the whole study is checked (forms.load).
        fingerprints=Fingerprints("", "", ""),
        content="",
    )


def read_bands(top: TomlTable) -> tuple[int, ...]:
    """Return the upper bounds of the duration bands, in minutes."""
    bands = top.integers("duration_bands")
    if not bands or list(bands) != sorted(bands) or bands[0] < 1:
        top.fault("duration_bands", "must be minutes above 0 that rise, such as [3, 6, 20]")
    return bands


def read_minutes(table: TomlTable, known: tuple[str, ...]) -> Mapping[str, float]:
    """Return branch (``everybody`` where there are none) → minutes told to the board."""
    return {name: table.number(name, 0.5, 240) for name in known if table.has(name)}


def read_missing(top: TomlTable) -> tuple[Missing, ...]:
    """Return the study's missing codes, highest first."""
    table = top.table("missing", required=True)
    found = [
        Missing(
            code=entry.integer("code", MISSING_RANGE[0], MISSING_RANGE[-1]),
            name=name,
            label=entry.text("label"),
            set_by=entry.text("set_by", required=False),
        )
        for name, entry in table.entries()
    ]
    for code in duplicates(m.code for m in found):
        table.fault("", f"code {code} stands there twice")
    for entry in found:
        if not NAME.fullmatch(entry.name):
            table.fault(entry.name, "is not a name that can stand here", NAME_RULE)
    for name, code in PLATFORM_CODES.items():
        if not any((m.name, m.code) == (name, code) for m in found):
            table.fault(name, f"the platform sets this code, so it must be there as {code}")
    return tuple(sorted(found, key=lambda m: -m.code))


def read_branches(top: TomlTable) -> tuple[Branch, ...]:
    """Return the named ways through the study."""
    found = tuple(
        Branch(
            code=t.integer("code", 0, 99),
            name=t.name("name"),
            label=t.text("label"),
            when=read_condition(t, "when", required=True),
        )
        for t in top.tables("branch", "name")
    )
    for name in duplicates(b.name for b in found):
        top.fault("branch", f"the name {name!r} stands there twice")
    for code in duplicates(b.code for b in found):
        top.fault("branch", f"the code {code} stands there twice")
    return found


def read_scale(name: str, table: TomlTable) -> Scale:
    """Return a mean of items, some of them reversed."""
    items = table.texts("items")
    return Scale(
        name=name,
        label=table.text("label"),
        items=items,
        reverse=frozenset(table.known("reverse", items, required=False)),
        # Without items, which is a fault already, there would be no range.
        min_answered=table.integer("min_answered", 1, max(1, len(items))),
    )


def read_composite(name: str, table: TomlTable) -> Composite:
    """Return a mean of scores."""
    scores = table.texts("scores")
    return Composite(
        name=name,
        label=table.text("label"),
        scores=scores,
        min_answered=table.integer("min_answered", 1, max(1, len(scores))),
    )


def read_comparisons(top: TomlTable) -> tuple[BeforeAfter, ...]:
    """Return the pairs of questions that ask the same of two moments."""
    tables = top.tables("compare", "before")
    return tuple(BeforeAfter(t.text("label"), t.text("before"), t.text("after")) for t in tables)


def read_quality(table: TomlTable) -> QualityFlags:
    """Return the answers that the data-quality flags are worked out from."""
    pair = table.texts("pair", required=False)
    if pair and len(pair) != 2:
        table.fault("pair", "must name two items")
    return QualityFlags(
        straight=table.texts("straight", required=False),
        pair=(pair[0], pair[1]) if len(pair) == 2 else None,
        pair_reverse=table.text("pair_reverse", required=bool(pair)),
    )
