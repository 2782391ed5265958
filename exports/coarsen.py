"""How a value coarsens: from the answer as asked to its group at a level, up to withheld.

A group's code is level x 100 + its position in the hierarchy (from 1); -93 is withheld. The
missing codes of an answer stay themselves until the level at which everything is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from exports.columns import Field
from exports.refused import Refused
from forms.study import WITHHELD, Group, Hierarchy, ReleasePolicy

LEVEL_STEP = 100


def group_codes(hierarchy: Hierarchy, level: int) -> dict[int, Group]:
    """Released code → group at ``level`` (1 or more, below the top)."""
    groups = hierarchy.levels[level - 1]
    if len(groups) >= LEVEL_STEP:
        raise Refused(f"{hierarchy.variable}: level {level} has {len(groups)} groups; 99 at most.")
    return {level * LEVEL_STEP + at: group for at, group in enumerate(groups, start=1)}


def recode(hierarchy: Hierarchy, *, start: int, to: int) -> dict[int, int]:
    """Code released at level ``start`` → code at ``to``, for ``to`` below the top."""
    if start == to:
        return {}
    targets = group_codes(hierarchy, to)
    code_of = {asked: code for code, group in targets.items() for asked in group.codes}
    if start == 0:
        return code_of
    origins = group_codes(hierarchy, start)
    return {code: code_of[min(group.codes)] for code, group in origins.items()}


def top_of(field: Field, policy: ReleasePolicy) -> int:
    """The level at which ``field`` is withheld; language and versions have no level between."""
    hierarchy = _hierarchy(field, policy)
    return hierarchy.top if hierarchy else 1


def _hierarchy(field: Field, policy: ReleasePolicy) -> Hierarchy | None:
    return policy.hierarchies.get(field.column.variable) if field.column else None


def withheld(field: Field) -> pl.Expr:
    """The withheld cell in the column's own type."""
    return pl.lit(str(WITHHELD) if field.type == "text" else WITHHELD)


def coarser(field: Field, policy: ReleasePolicy, *, start: int, to: int) -> pl.Expr:
    """The column at level ``to``, given that the table holds it at level ``start``."""
    if start < to == top_of(field, policy):
        return withheld(field).alias(field.name)
    hierarchy = _hierarchy(field, policy)
    steps = recode(hierarchy, start=start, to=to) if hierarchy else {}
    return pl.col(field.name).replace(steps) if steps else pl.col(field.name)


def coarsen(
    table: pl.DataFrame,
    fields: Mapping[str, Field],
    policy: ReleasePolicy,
    *,
    start: Mapping[str, int],
    to: Mapping[str, int],
) -> pl.DataFrame:
    """``table`` with every column named in ``to`` raised from its level in ``start``."""
    return table.with_columns(
        coarser(fields[name], policy, start=start.get(name, 0), to=level)
        for name, level in to.items()
    )
