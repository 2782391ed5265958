"""consent.toml, release.toml and support.toml as objects.

They hold every word around the questionnaire, the release policy, and the help lines by country.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from forms.dates import fact_of
from forms.elements import elements
from forms.parse_questionnaire import read_condition
from forms.site_facts import STOP_RULE, placeholders
from forms.study import (
    NEGATIVE,
    POSITIVE,
    TEXT_KEYS,
    ChecklistItem,
    ComprehensionQuestion,
    Condition,
    Consent,
    EligibilityQuestion,
    HelpLine,
    Hierarchy,
    HierarchyGroup,
    Hypothesis,
    Passage,
    ReleasePolicy,
    SmallSamples,
    Statement,
    StopRule,
    Support,
    TablePolicy,
    Tier,
)
from forms.tiers import GROUPS, SMALLEST_L, TIERS
from forms.toml_tables import NAME, NAME_RULE, TomlTable, duplicates, is_date, is_integer

ENDINGS = ("screened_out", "not_now")
# Only these optional statements have a place where the answer is kept.
CHOICES = ("c_open", "c_quote")
MOST_OPTIONS = 4  # of a question about the information: the styles know so many


def read_consent(top: TomlTable) -> Consent:
    """Return the whole of consent.toml; what is wrong with it is noted in ``top``."""
    texts = top.table("texts", required=True)
    consent = Consent(
        version=top.text("version"),
        receipt_code=top.flag("receipt_code", required=True),
        texts={key: texts.text(key) for key in TEXT_KEYS},
        key_facts=read_passages(top, "key_fact", required=True),
        details=read_passages(top, "detail"),
        notice=read_passages(top, "notice"),
        eligibility=tuple(
            EligibilityQuestion(
                id=t.name("id"),
                text=t.text("text"),
                yes=t.text("yes"),
                no=t.text("no"),
                ending=t.one_of("ending", ENDINGS),
                youth=t.flag("youth"),
                why=t.text("why", required=False),
            )
            for t in top.tables("eligibility")
        ),
        statements=tuple(read_statement(t) for t in top.tables("statement", required=True)),
        comprehension=tuple(read_comprehension(t) for t in top.tables("comprehension")),
        debrief=read_passages(top, "debrief"),
        checklist=tuple(read_checklist_item(t) for t in top.tables("checklist")),
        board_note=read_passages(top, "board_note"),
        optional_facts=read_fact_names(top, "optional_facts"),
        board_facts=read_fact_names(top, "board_facts"),
        facts=frozenset(),
        leaflet=read_passages(top, "leaflet"),
    )
    for name in duplicates(item.id for item in consent.checklist):
        top.fault("checklist", f"the id {name!r} stands there twice")
    if consent.statements and not consent.required_statements:
        top.fault("statement", "none is required, so nobody would consent to anything")
    # Only now, since facts may stand in any text that was read.
    return replace(consent, facts=facts_of(consent))


def read_checklist_item(table: TomlTable) -> ChecklistItem:
    """Return an element. What the platform's own ask for stands in its list (elements.toml)."""
    name = table.id()
    own = name not in {element.id for element in elements()}
    return ChecklistItem(
        name,
        table.text("source", required=own),
        table.text("must", required=own),
        table.text("where"),
        table.texts("passages"),
    )


def facts_of(consent: Consent) -> frozenset[str]:
    """Return every fact that the texts ask for, or by whose value they are chosen."""
    words = [*client_words(consent), *board_words(consent)]
    asked = (fact_of(name) for *_, text in words for name in placeholders(text))
    # The program itself fills in the stop rule: no fact of the site.
    return frozenset((*consent.variants, *asked)) - {STOP_RULE}


def read_passages(top: TomlTable, key: str, *, required: bool = False) -> tuple[Passage, ...]:
    """Return the passages of one part of the text."""
    return tuple(
        Passage(t.id(), t.text("heading", required=False), t.text("text"), read_only_if(t))
        for t in top.tables(key, required=required)
    )


def read_statement(table: TomlTable) -> Statement:
    """Return one consent statement."""
    name, required = table.name("id"), table.flag("required", required=True)
    if name in CHOICES and required:
        table.fault("required", f"{name} is a choice of the client's own", "false")
    if name not in CHOICES and not required and table.data.get("required") is False:
        table.fault("id", "the answer to an optional statement is kept only for", "c_open, c_quote")
    # Told to boards; a required statement has no other effect than taking part.
    effect = "" if required else table.text("effect")
    return Statement(name, table.text("text"), required, effect, read_only_if(table))


def read_only_if(table: TomlTable) -> tuple[str, str] | None:
    """Return the fact, and its value, on which a passage or a statement hangs; None without one."""
    if not table.has("only_if"):
        return None
    match table.data["only_if"]:
        case dict(given) if len(given) == 1:
            [(fact, value)] = given.items()
            if NAME.fullmatch(fact) and isinstance(value, str) and value.strip():
                return fact, value.strip()
    table.fault("only_if", "is not one fact with one value", '{ name_of_fact = "value" }')
    return None


def read_comprehension(table: TomlTable) -> ComprehensionQuestion:
    """Return one question about the information."""
    options, right = table.texts("options"), table.text("right")
    if not 2 <= len(options) <= MOST_OPTIONS:
        table.fault("options", f"it has {len(options)}", f"2 to {MOST_OPTIONS} answers")
    if right and options and right not in options:
        table.fault("right", f"{right!r} is none of its options", ", ".join(options))
    return ComprehensionQuestion(
        table.name("id"), table.text("text"), options, right, table.text("passage")
    )


def read_fact_names(top: TomlTable, key: str) -> frozenset[str]:
    """Return names of facts."""
    names = top.texts(key, required=False)
    for name in names:
        if not NAME.fullmatch(name):
            top.fault(key, f"{name!r} is not a name that can stand here", NAME_RULE)
    return frozenset(names)


def passages_of(consent: Consent) -> Iterator[tuple[str, Passage]]:
    """Yield (table, passage) for every passage that a client can read."""
    for table, passages in (
        ("key_fact", consent.key_facts),
        ("detail", consent.details),
        ("notice", consent.notice),
        ("debrief", consent.debrief),
        ("leaflet", consent.leaflet),
    ):
        for passage in passages:
            yield f"{table} {passage.id}", passage


def client_words(consent: Consent) -> Iterator[tuple[str, str, str]]:
    """Yield (table, key, words) for all that a client can read in consent.toml."""
    for key, text in consent.texts.items():
        yield "texts", key, text
    for table, passage in passages_of(consent):
        yield table, "heading", passage.heading
        yield table, "text", passage.text
    for question in consent.eligibility:
        for key in ("text", "yes", "no"):
            yield f"eligibility {question.id}", key, getattr(question, key)
    for asked in consent.comprehension:
        for text in (asked.text, *asked.options):
            yield f"comprehension {asked.id}", "text", text
    for statement in consent.statements:
        yield f"statement {statement.id}", "text", statement.text


def board_words(consent: Consent) -> Iterator[tuple[str, str, str]]:
    """Yield (table, key, words) for the texts that only the board reads."""
    for note in consent.board_note:
        yield f"board_note {note.id}", "text", note.text
    for statement in consent.choices:
        yield f"statement {statement.id}", "effect", statement.effect


FEWEST_A_DAY = 50  # of a limit for each day (docs/design.md, Collection)
# Of fewer, a verdict would be about few people (docs/design.md, Collection).
FEWEST_COUNTED = 20
LEVEL_RULE = '[["label", [codes]], …]'


def read_release(top: TomlTable) -> ReleasePolicy:
    """Return the whole of release.toml; what is wrong with it is noted in ``top``."""
    roles, groups = read_roles(top.table("roles", required=True))
    hierarchies = tuple(
        Hierarchy(
            t.text("variable"),
            tuple(read_level(t, n, level) for n, level in enumerate(t.array("levels"), 1)),
        )
        for t in top.tables("hierarchy", "variable")
    )
    tiers = tuple(read_tier(t) for t in top.tables("tier", "name", required=True))
    for name in duplicates(h.variable for h in hierarchies):
        top.fault("hierarchy", f"{name!r} has two")
    for name in duplicates(t.name for t in tiers if t.name):
        top.fault("tier", f"the name {name!r} stands there twice")
    stop = None
    if top.has("stop_rule"):
        table = top.table("stop_rule")
        ships = StopRule(0, ())
        stop = StopRule(
            table.number("share", 0, 1),
            read_condition(table, "any", required=True),
            table.integer("first", FEWEST_COUNTED, 1_000, default=ships.first),
            table.integer("hour", 0, 23, default=ships.hour),
        )
    return ReleasePolicy(
        roles=roles,
        groups=groups,
        hierarchies={h.variable: h for h in hierarchies},
        order=tuple(h.variable for h in hierarchies),
        distinct=top.texts("distinct", required=False),
        distinct_warning=top.integer("distinct_warning", 2, 100, default=3),
        tiers={t.name: t for t in tiers},
        min_new_rows=top.integer("min_new_rows", 1, 1_000_000),
        small=read_small(top.table("small")),
        tables=read_tables(top.table("tables")),
        hypotheses=read_hypotheses(top),
        caution=top.text("caution", required=False),
        stop=stop,
        population=top.text("population", required=False),
        repeat=_any_of(top, "repeat"),
        not_used=_any_of(top, "not_used"),
        originals_days=top.integer("originals_days", 1, 365, default=30),
        daily_limit=top.integer("daily_limit", FEWEST_A_DAY, 100_000, default=0),
    )


def _any_of(top: TomlTable, key: str) -> Condition:
    """Return the answers of an optional table, of which any one is enough."""
    return read_condition(top.table(key), "any", required=True) if top.has(key) else ()


def read_small(table: TomlTable) -> SmallSamples:
    """Return the limits for few rows; a figure that the study leaves out stays as it ships."""
    ships = SmallSamples()
    return SmallSamples(
        min_rows=table.integer("min_rows", 2, 1_000_000, default=ships.min_rows),
        no_key_under=table.integer("no_key_under", 0, 1_000_000, default=ships.no_key_under),
        few_key_up_to=table.integer("few_key_up_to", 0, 1_000_000, default=ships.few_key_up_to),
        few_key=table.integer("few_key", 0, 100, default=ships.few_key),
    )


def read_tables(table: TomlTable) -> TablePolicy:
    """Return what tier A may tell; a figure that the study leaves out stays as it ships."""
    ships = TablePolicy()
    lifetime = table.number("lifetime", 0.01, 1, default=ships.lifetime)
    budget = table.number("budget", 0.01, lifetime, default=min(ships.budget, lifetime))
    return TablePolicy(
        budget=budget,
        lifetime=lifetime,
        cap=table.number("cap", 0.001, budget, default=min(ships.cap, budget)),
        predictor=table.text("predictor", required=False),
        primary=table.texts("primary", required=False),
        menu=table.texts("menu", required=False),
    )


def read_hypotheses(top: TomlTable) -> tuple[Hypothesis, ...]:
    """Return the relations that the analysis plan expects."""
    found = tuple(
        Hypothesis(
            t.id(), t.text("predictor"), t.text("outcome"), t.one_of("sign", (POSITIVE, NEGATIVE))
        )
        for t in top.tables("hypothesis", "id")
    )
    for name in duplicates(one.id for one in found if one.id):
        top.fault("hypothesis", f"the id {name!r} stands there twice")
    return found


def read_roles(table: TomlTable) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return variable → role, and quasi-identifier → group."""
    quasi = table.table("quasi_identifier")
    by_group = [(name, group) for group in GROUPS for name in quasi.texts(group, required=False)]
    by_role = [(name, "quasi_identifier") for name, _ in by_group]
    for role in ("sensitive", "free_text", "none"):
        by_role += [(name, role) for name in table.texts(role, required=False)]
    for name in duplicates(name for name, _ in by_role):
        table.fault("", f"{name!r} is listed more than once", "one role for each variable")
    return dict(by_role), dict(by_group)


def read_level(table: TomlTable, place: int, level: object) -> tuple[HierarchyGroup, ...]:
    """Return the groups of one level."""
    entries = level if isinstance(level, list) else []
    found = []
    for entry in entries:
        match entry:
            case [str(label), [*codes]] if label.strip() and codes:
                whole = frozenset(code for code in codes if is_integer(code))
                if len(whole) == len(codes):
                    found.append(HierarchyGroup(label.strip(), whole))
    groups = tuple(found)
    if not groups or len(groups) != len(entries):
        table.fault("levels", f"level {place} is not a list of groups", LEVEL_RULE)
    for label in duplicates(group.label for group in groups):
        table.fault("levels", f"level {place} has the label {label!r} twice")
    return groups


def read_tier(table: TomlTable) -> Tier:
    """Return one way to release."""
    min_level = table.table("min_level")
    name = table.one_of("name", TIERS)
    # Without a name, which is a fault already, there is no kind whose floor could be asked.
    least = TIERS[name].least_k if name else 0
    return Tier(
        name=name,
        label=table.text("label"),
        audience=table.text("audience"),
        k=table.integer("k", least, 10_000, default=None if least or not name else 0),
        distinct_l=table.integer("l", TIERS[name].least_l if name else 1, 100, default=SMALLEST_L),
        max_violating=table.number("max_violating", 0, 1, default=0.05),
        min_level={g: min_level.integer(g, 0, 9) for g in GROUPS if min_level.has(g)},
        leave_out=table.texts("leave_out", required=False),
        needs_open_consent=table.flag("needs_open_consent"),
        min_rows_per_language=table.integer("min_rows_per_language", 0, 1_000_000, default=0),
        singled_out=table.number("singled_out", 0, 1) if table.has("singled_out") else None,
    )


def read_support(top: TomlTable) -> Support:
    """Return the whole of support.toml; what is wrong with it is noted in ``top``."""
    emergency = top.tables("emergency", "countries", required=True)
    support = Support(
        intro=top.text("intro"),
        lines=tuple(read_lines(top)),
        emergency=tuple((t.text("countries"), t.text("number")) for t in emergency),
        passages=read_passages(top, "passage"),
        emergency_last_checked=read_check(top, "emergency_last_checked", required=False),
        emergency_for={t.text("countries"): t.texts("for") for t in emergency if t.has("for")},
    )
    for table in emergency:
        for country in table.texts("for", required=False):
            if country not in support.countries:
                table.fault("for", f"no line is for {country!r}", "a country that a line names")
    return support


def read_lines(top: TomlTable) -> Iterator[HelpLine]:
    """Yield the help lines. Name and countries tell them apart, so no two have both alike."""
    known: set[str] = set()
    for table in top.tables("line", "name", required=True):
        line = read_line(table)
        if line.label in known:
            table.fault("name", f"{line.label} stands twice", "another name, or one line")
        known.add(line.label)
        yield line


def read_check(table: TomlTable, key: str, *, required: bool = True) -> str:
    """Return the ISO date of a check, or nothing."""
    checked = table.text(key, required=required, blank=True)
    if checked and not is_date(checked):
        table.fault(key, f"{checked!r} is not a date", 'empty, or such as "2026-01-31"')
    return checked


def read_line(table: TomlTable) -> HelpLine:
    """Return one place to get help."""
    checked = read_check(table, "last_checked")
    return HelpLine(
        countries=table.texts("countries"),
        name=table.text("name"),
        contact=table.text("contact"),
        url=table.https("url", blank=True),
        last_checked=checked,
        youth=table.flag("youth"),
        hours=table.text("hours", required=False),
        cost=table.text("cost", required=False),
        languages=table.text("languages", required=False),
    )
