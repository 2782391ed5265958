"""questionnaire.toml as objects: what is asked, in which order, and how answers are scored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forms.read import NAME, NAME_RULE, Table, duplicates
from forms.read_kinds import Shared, read_options
from forms.read_questions import SET_BY_PLATFORM, read_condition, read_page
from forms.study import (
    MISSING_RANGE,
    Branch,
    Composite,
    Difference,
    Missing,
    Page,
    QualityFlags,
    Scale,
)

ADDRESS = re.compile(r"[a-z][a-z-]{1,30}")
ADDRESS_RULE = "2 to 31 lower-case letters and hyphens, a letter first"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
LANGUAGE_RULE = "a language code such as en or pt-BR"


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What questionnaire.toml says, before it is checked against the other files."""

    title: str
    address: str
    version: str
    language: str
    exit_url: str
    reading_grade: float
    duration_bands: tuple[int, ...]
    missing: tuple[Missing, ...]
    branches: tuple[Branch, ...]
    pages: tuple[Page, ...]
    scales: tuple[Scale, ...]
    composites: tuple[Composite, ...]
    differences: tuple[Difference, ...]
    quality: QualityFlags
    minutes: Mapping[str, float]


def read_questionnaire(top: Table) -> Questionnaire:
    """The whole file; what is wrong with it is noted in ``top``."""
    missing = read_missing(top)
    branches = read_branches(top)
    options = top.table("options")
    sets = {key: read_options(options, key) for key in options.data}
    shared = Shared(sets, {m.name: m for m in missing}, tuple(b.name for b in branches))
    return Questionnaire(
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
            read_difference(name, t) for name, t in top.table("difference").entries()
        ),
        quality=read_quality(top.table("quality")),
        minutes=read_minutes(top.table("minutes"), shared.branches),
    )


def read_bands(top: Table) -> tuple[int, ...]:
    """Upper bounds of the duration bands, in minutes."""
    bands = top.integers("duration_bands")
    if not bands or list(bands) != sorted(bands) or bands[0] < 1:
        top.fault("duration_bands", "must be minutes above 0 that rise, such as [3, 6, 20]")
    return bands


def read_minutes(table: Table, branches: tuple[str, ...]) -> Mapping[str, float]:
    """Branch (or ``everybody`` where there are none) → minutes told to the board."""
    known = branches or ("everybody",)
    return {name: table.number(name, 0.5, 240) for name in known if table.has(name)}


def read_missing(top: Table) -> tuple[Missing, ...]:
    """The study's missing codes, highest first."""
    table = top.table("missing", required=True)
    low, high = MISSING_RANGE[0], MISSING_RANGE[-1]
    found = [
        Missing(
            code=entry.integer("code", low, high),
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
    for name, code in SET_BY_PLATFORM.items():
        if not any((m.name, m.code) == (name, code) for m in found):
            table.fault(name, f"the platform sets this code, so it must be there as {code}")
    return tuple(sorted(found, key=lambda m: -m.code))


def read_branches(top: Table) -> tuple[Branch, ...]:
    """The named ways through the study."""
    tables = top.tables("branch", "name")
    found = tuple(
        Branch(
            code=t.integer("code", 0, 99),
            name=t.name("name"),
            label=t.text("label"),
            when=read_condition(t, "when", required=True),
        )
        for t in tables
    )
    for name in duplicates(b.name for b in found):
        top.fault("branch", f"the name {name!r} stands there twice")
    for code in duplicates(b.code for b in found):
        top.fault("branch", f"the code {code} stands there twice")
    return found


def read_scale(name: str, table: Table) -> Scale:
    """The mean of items, some of them reversed."""
    items = table.texts("items")
    return Scale(
        name=name,
        label=table.text("label"),
        items=items,
        reverse=frozenset(table.known("reverse", items, required=False)),
        min_answered=table.integer("min_answered", 1, max(1, len(items))),
    )


def read_composite(name: str, table: Table) -> Composite:
    """The mean of scores."""
    scores = table.texts("scores")
    return Composite(
        name=name,
        label=table.text("label"),
        scores=scores,
        min_answered=table.integer("min_answered", 1, max(1, len(scores))),
    )


def read_difference(name: str, table: Table) -> Difference:
    """One column minus another."""
    return Difference(
        name=name,
        label=table.text("label"),
        minuend=table.text("minuend"),
        subtrahend=table.text("subtrahend"),
    )


def read_quality(table: Table) -> QualityFlags:
    """Which answers the data-quality flags are worked out from."""
    pair = table.texts("pair", required=False)
    if pair and len(pair) != 2:
        table.fault("pair", "must name two items")
    return QualityFlags(
        straight=table.texts("straight", required=False),
        pair=(pair[0], pair[1]) if len(pair) == 2 else None,
        pair_reverse=table.text("pair_reverse", required=bool(pair)),
    )
