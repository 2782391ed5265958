"""release.toml as objects: what may leave the house, and in which shape."""

from __future__ import annotations

from collections.abc import Mapping

from forms.read import Table, duplicates, is_integer
from forms.read_questions import read_condition
from forms.study import Group, Hierarchy, ReleasePolicy, SmallSamples, StopRule, Tier

GROUPS = ("core", "insider")
# Cell sizes in practice (El Emam): 5 is the historical norm, and nobody goes below it.
SMALLEST_K = 5
LEVEL_RULE = '[["label", [codes]], …]'


def read_release(top: Table) -> ReleasePolicy:
    """The whole file; what is wrong with it is noted in ``top``."""
    roles, groups = read_roles(top.table("roles", required=True))
    hierarchies = tuple(read_hierarchy(t) for t in top.tables("hierarchy", "variable"))
    tiers = tuple(read_tier(t) for t in top.tables("tier", "name", required=True))
    for name in duplicates(h.variable for h in hierarchies):
        top.fault("hierarchy", f"{name!r} has two")
    for name in duplicates(t.name for t in tiers):
        top.fault("tier", f"the name {name!r} stands there twice")
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
        caution=top.text("caution", required=False),
        stop=read_stop_rule(top),
    )


def read_stop_rule(top: Table) -> StopRule | None:
    """When collection should pause, if the study says so."""
    if not top.has("stop_rule"):
        return None
    table = top.table("stop_rule")
    return StopRule(table.number("share", 0, 1), read_condition(table, "any", required=True))


def read_small(table: Table) -> SmallSamples:
    """What few rows may tell; what is not said stays as it ships."""
    ships = SmallSamples()
    return SmallSamples(
        min_rows=table.integer("min_rows", 2, 1_000_000, default=ships.min_rows),
        no_key_under=table.integer("no_key_under", 0, 1_000_000, default=ships.no_key_under),
        few_key_up_to=table.integer("few_key_up_to", 0, 1_000_000, default=ships.few_key_up_to),
        few_key=table.integer("few_key", 0, 100, default=ships.few_key),
    )


def read_roles(table: Table) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Variable → role, and quasi-identifier → group."""
    quasi = table.table("quasi_identifier")
    by_group = [(name, group) for group in GROUPS for name in quasi.texts(group, required=False)]
    by_role = [(name, "quasi_identifier") for name, _ in by_group]
    for role in ("sensitive", "free_text", "none"):
        by_role += [(name, role) for name in table.texts(role, required=False)]
    for name in duplicates(name for name, _ in by_role):
        table.fault("", f"{name!r} is listed more than once", "one role for each variable")
    return dict(by_role), dict(by_group)


def read_hierarchy(table: Table) -> Hierarchy:
    """How one quasi-identifier coarsens, level by level."""
    levels = table.array("levels")
    return Hierarchy(
        variable=table.text("variable"),
        levels=tuple(read_level(table, place, level) for place, level in enumerate(levels, 1)),
    )


def read_level(table: Table, place: int, level: object) -> tuple[Group, ...]:
    """The groups of one level."""
    found = [read_group(entry) for entry in level] if isinstance(level, list) else []
    groups = tuple(group for group in found if group)
    if not groups or len(groups) != len(found):
        table.fault("levels", f"level {place} is not a list of groups", LEVEL_RULE)
    for label in duplicates(group.label for group in groups):
        table.fault("levels", f"level {place} has the label {label!r} twice")
    return groups


def read_group(entry: object) -> Group | None:
    """``["label", [codes]]``; None when it is not made so."""
    if not isinstance(entry, list) or len(entry) != 2:
        return None
    label, codes = entry
    if not isinstance(label, str) or not label.strip() or not isinstance(codes, list):
        return None
    if not codes or not all(is_integer(code) for code in codes) or duplicates(codes):
        return None
    return Group(label.strip(), frozenset(codes))


def read_tier(table: Table) -> Tier:
    """One way to release."""
    min_level = table.table("min_level")
    return Tier(
        name=table.id("name"),
        label=table.text("label"),
        audience=table.text("audience"),
        k=table.integer("k", SMALLEST_K, 10_000),
        distinct_l=table.integer("l", 1, 100, default=1),
        max_violating=table.number("max_violating", 0, 1, default=0.05),
        min_level={g: min_level.integer(g, 0, 9) for g in GROUPS if min_level.has(g)},
        leave_out=table.texts("leave_out", required=False),
        needs_open_consent=table.flag("needs_open_consent"),
        min_rows_per_language=table.integer("min_rows_per_language", 0, 1_000_000, default=0),
    )
