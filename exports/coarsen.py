"""How a value coarsens: from the answer as asked to its group at a level, up to withheld.

A group's code is level x 100 + its position in the hierarchy (from 1); -93 is withheld. A column
may hold codes of several levels at once. The missing codes of an answer stay themselves until the
whole column is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from exports.columns import Field
from exports.refused import Refused
from forms.study import MISSING_RANGE, WITHHELD, Group, Hierarchy, ReleasePolicy

LEVEL_STEP = 100
Cell = int | str


def group_codes(hierarchy: Hierarchy, level: int) -> dict[int, Group]:
    """Released code → group at ``level`` (1 or more, below the top)."""
    groups = hierarchy.levels[level - 1]
    if len(groups) >= LEVEL_STEP:
        raise Refused(f"{hierarchy.variable}: level {level} has {len(groups)} groups; 99 at most.")
    return {level * LEVEL_STEP + at: group for at, group in enumerate(groups, start=1)}


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
    hierarchy = hierarchy_of(field, policy)
    assert isinstance(cell, int)
    if hierarchy is None or not level_of(cell):
        return frozenset([cell])
    return group_codes(hierarchy, level_of(cell))[cell].codes


def raised(field: Field, policy: ReleasePolicy, cell: Cell, level: int) -> Cell:
    """``cell``, no missing code, at ``level`` or, where it is coarser already, as it is."""
    if level >= top_of(field, policy):
        return withheld(field)
    if level <= level_of(cell):
        return cell
    hierarchy = hierarchy_of(field, policy)
    assert hierarchy is not None
    asked = min(covered(field, policy, cell))
    return next(c for c, group in group_codes(hierarchy, level).items() if asked in group.codes)


def withheld(field: Field) -> Cell:
    """The withheld cell in the column's own type."""
    return str(WITHHELD) if field.type == "text" else WITHHELD


def is_missing(cell: Cell) -> bool:
    """Whether a cell of a key column says that there is no answer, a withheld one included."""
    return int(cell) in MISSING_RANGE if not isinstance(cell, str) else cell == str(WITHHELD)


def coarser(table: pl.DataFrame, field: Field, policy: ReleasePolicy, level: int) -> pl.Expr:
    """The key column at ``level`` or above; at its top, missing codes are withheld as well."""
    name = field.name
    if level >= top_of(field, policy):
        return pl.lit(withheld(field), table.schema[name]).alias(name)
    cells = [cell for cell in table[name].unique().to_list() if not is_missing(cell)]
    steps = {cell: raised(field, policy, cell, level) for cell in cells}
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
