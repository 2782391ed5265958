"""Generalisation of a key column, from the answer as asked over groups of a level to withheld.

A group's code is level x 100 + its position in the hierarchy (from 1); a group of one answer keeps
that answer's code, and one that is a group of a finer level too has its code from there, so that
equal meanings have equal codes in every tier. -93 is withheld. A column may hold codes of several
levels at once. A core column has one missing code, -93, whatever the reason; other keys keep their
missing codes until the whole column is withheld. At which level a column starts hangs on the tier
and the number of rows (docs/design.md, Releases).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from exports.columns import BOOKKEEPING_KEYS, CORE, Field
from exports.errors import ExportRefused
from exports.label_hierarchy import Cell
from forms.study import (
    MISSING_RANGE,
    WITHHELD,
    Hierarchy,
    HierarchyGroup,
    ReleasePolicy,
    Study,
    Tier,
)

LEVEL_STEP = 100
NO_KEY = "With {rows} rows (under {under}) every quasi-identifier is withheld from every row."


def group_codes(hierarchy: Hierarchy, level: int) -> dict[int, HierarchyGroup]:
    """Released code → group at ``level`` (1 or more, below the top)."""
    code_of: dict[frozenset[int], int] = {}
    for at_level, groups in enumerate(hierarchy.levels[:level], start=1):
        if len(groups) >= LEVEL_STEP:
            raise ExportRefused(
                f"{hierarchy.variable}: level {at_level} has {len(groups)} groups; 99 at most."
            )
        for at, group in enumerate(groups, start=1):
            own = min(group.codes) if len(group.codes) == 1 else at_level * LEVEL_STEP + at
            code_of.setdefault(group.codes, own)
    return {code_of[group.codes]: group for group in hierarchy.levels[level - 1]}


def hierarchy_of(field: Field, policy: ReleasePolicy) -> Hierarchy | None:
    """The column's hierarchy; language and versions have none."""
    return policy.hierarchies.get(field.column.variable) if field.column else None


def top_of(field: Field, policy: ReleasePolicy) -> int:
    """The level at which ``field`` is withheld; language and versions have no level between."""
    hierarchy = hierarchy_of(field, policy)
    return hierarchy.top if hierarchy else 1


def level_of(cell: Cell) -> int:
    """The level of a cell of a key column: 0 as asked, also for what has no level."""
    return cell // LEVEL_STEP if isinstance(cell, int) and cell >= LEVEL_STEP else 0


def covered(field: Field, policy: ReleasePolicy, cell: Cell) -> frozenset[int]:
    """The codes as asked that ``cell``, no missing code, stands for."""
    hierarchy, cell = hierarchy_of(field, policy), int(cell)
    if hierarchy is None or not level_of(cell):
        return frozenset([cell])
    return group_codes(hierarchy, level_of(cell))[cell].codes


def generalise_cell(field: Field, policy: ReleasePolicy, cell: Cell, level: int) -> Cell:
    """``cell``, no missing code, at ``level`` or, where it is coarser already, as it is."""
    if level <= level_of(cell):
        return cell
    hierarchy = hierarchy_of(field, policy)
    if hierarchy is None or level >= hierarchy.top:
        return suppressed_cell(field)
    # Levels nest, so that any answer in the group leads to the group above it.
    asked = min(covered(field, policy, cell))
    return next(c for c, group in group_codes(hierarchy, level).items() if asked in group.codes)


def suppressed_cell(field: Field) -> Cell:
    """The withheld cell in the column's own type."""
    return str(WITHHELD) if field.type == "text" else WITHHELD


def is_missing(cell: Cell) -> bool:
    """Return whether a cell of a key column has no answer, a withheld one included."""
    return int(cell) in MISSING_RANGE if not isinstance(cell, str) else cell == str(WITHHELD)


def one_missing_code(table: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """``table`` with every missing code of a core column as -93, so that no reader tells them."""
    asked = [f.name for f in fields if f.key and f.group == CORE and f.column]
    lacking = dict.fromkeys(MISSING_RANGE, WITHHELD)
    return table.with_columns(pl.col(name).replace(lacking) for name in asked)


def unanswered(table: pl.DataFrame, fields: Sequence[Field]) -> pl.Series:
    """Return which rows have no answer in any core column, shape (rows,)."""
    asked = [f.name for f in fields if f.key and f.group == CORE and f.column]
    nothing = [pl.col(name).is_between(MISSING_RANGE[0], MISSING_RANGE[-1]) for name in asked]
    return table.select(
        pl.all_horizontal(pl.repeat(value=True, n=len(table)), *nothing)
    ).to_series()


def coarser(table: pl.DataFrame, field: Field, policy: ReleasePolicy, level: int) -> pl.Expr:
    """The key column at ``level`` or above; at its top, missing codes are withheld as well."""
    name = field.name
    if level >= top_of(field, policy):
        return pl.lit(suppressed_cell(field), table.schema[name]).alias(name)
    cells = [cell for cell in table[name].unique().to_list() if not is_missing(cell)]
    steps = {cell: generalise_cell(field, policy, cell, level) for cell in cells}
    moved = {cell: to for cell, to in steps.items() if to != cell}
    return pl.col(name).replace(moved) if moved else pl.col(name)


def coarsen(
    table: pl.DataFrame,
    fields: Mapping[str, Field],
    policy: ReleasePolicy,
    levels: Mapping[str, int],
) -> pl.DataFrame:
    """``table`` with every column named in ``levels`` raised to at least that level."""
    return table.with_columns(
        coarser(table, fields[name], policy, level) for name, level in levels.items()
    )


def tier_of(study: Study, name: str) -> Tier:
    """The tier of this name. Raise ExportRefused, naming those there are."""
    tiers = study.policy.tiers
    if name not in tiers:
        raise ExportRefused(
            f"The study {study.name} has no tier {name}; release.toml names {', '.join(tiers)}."
        )
    return tiers[name]


def path_to(study: Study, name: str) -> tuple[Tier, ...]:
    """The tiers of microdata that tier ``name`` goes through, the one made from answers first.

    Raise ExportRefused where there is none.
    """
    tiers = study.policy.tiers
    path = tuple(tiers[n] for n in tier_of(study, name).kind.made_from if n in tiers)
    if not path:
        raise ExportRefused(
            f"Tier {name} of {study.name} is made from tier C, which release.toml lacks."
        )
    return path


@dataclass(frozen=True, slots=True)
class InitialLevels:
    """At which level each key column starts (its top: withheld from everybody), and why."""

    levels: Mapping[str, int]
    notes: tuple[str, ...] = ()


def initial_levels(
    table: pl.DataFrame, fields: Sequence[Field], policy: ReleasePolicy, tier: Tier
) -> InitialLevels:
    """The finest level that the tier and the number of rows allow.

    Raise ExportRefused where there are too few rows for any file.
    """
    rows, small = len(table), policy.small
    fewest = max(small.min_rows, tier.k)
    if rows < fewest:
        raise ExportRefused(
            f"Tier {tier.name} takes {fewest} rows or more; there are {rows}. "
            f"Wait for {fewest - rows} more."
        )
    keys = [f for f in fields if f.key]
    levels = least_levels(keys, policy, tier)
    # Sizes decide before any cell is looked at (docs/decisions/0009-small-samples.md).
    if "lang" in levels and min(Counter(table["lang"]).values()) < tier.min_rows_per_language:
        levels["lang"] = 1
    if rows < small.no_key_under:
        return InitialLevels(
            {f.name: top_of(f, policy) for f in keys},
            (NO_KEY.format(rows=rows, under=small.no_key_under),),
        )
    if rows <= small.few_key_up_to:
        return _few(table, keys, policy, levels)
    return InitialLevels(levels)


def core_in_order(fields: Sequence[Field], policy: ReleasePolicy) -> list[str]:
    """Core key columns in the order of being given up; language and versions come last."""
    rank = {variable: at for at, variable in enumerate(policy.order)}
    core = [f for f in fields if f.key and f.group == CORE]
    core.sort(key=lambda f: rank.get(f.column.variable, 0) if f.column else len(rank))
    return [f.name for f in core]


def least_levels(fields: Sequence[Field], policy: ReleasePolicy, tier: Tier) -> dict[str, int]:
    """Key column → the finest level that the tier allows, whatever the rows are."""
    levels = {}
    for field in (f for f in fields if f.key):
        least = 0 if field.name in BOOKKEEPING_KEYS else tier.min_level.get(field.group, 0)
        levels[field.name] = min(top_of(field, policy), least)
    return levels


def _few(
    table: pl.DataFrame,
    keys: Sequence[Field],
    policy: ReleasePolicy,
    levels: Mapping[str, int],
) -> InitialLevels:
    """Few rows: the last variables of the policy's order stay, coarse.

    A column that says the same of everybody identifies nobody, so it neither counts nor goes.
    """
    by_name = {f.name: f for f in keys}
    asked = [by_name[n] for n in core_in_order(keys, policy) if n not in BOOKKEEPING_KEYS]
    kept = asked[-policy.small.few_key :] if policy.small.few_key else []
    gone = [f for f in asked if f not in kept]
    gone += [f for f in keys if f.name in BOOKKEEPING_KEYS and table[f.name].n_unique() > 1]
    coarse = {f.name: min(top_of(f, policy), max(1, levels[f.name])) for f in kept}
    tops = {f.name: top_of(f, policy) for f in gone}
    names = ", ".join(f.name for f in kept) or "none"
    small = policy.small
    note = (
        f"With {len(table)} rows (up to {small.few_key_up_to}) at most {small.few_key} core "
        f"variables are kept, none finer than level 1: {names}. The others are columns of -93."
    )
    return InitialLevels({**levels, **coarse, **tops}, (note,))
