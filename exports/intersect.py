"""The intersection attack over several releases of the same people, run before the next is made.

The attacker holds every release and can tell from the answers which rows of two releases are one
person's. Each release says of a person's key that it lies inside some cells; together they say that
it lies inside the narrowest of them. People of whom the same is known are a crowd: nothing in
the releases tells them apart. Rows that say less are no company: that would be k by wildcards.
Source: Ganta, Kasiviswanathan & Smith 2008, "Composition attacks and auxiliary information in data
privacy".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

Covers = Callable[[str, object, object], bool]  # column, wider cell, narrower cell


@dataclass(frozen=True, slots=True)
class View:
    """What one release shows of a segment's key.

    ``person`` numbers the rows, in every view alike; ``cells`` has one column a key. A cell that
    says nothing, whatever the reason, is the same cell everywhere.
    """

    person: pl.Series
    cells: pl.DataFrame


def _narrowest(cells: Iterable[object], key: str, covers: Covers) -> object:
    """The cell inside all others. All of them hold the truth and levels nest, so there is one."""
    there = [cell for cell in cells if cell is not None]
    return reduce(lambda wide, cell: cell if covers(key, wide, cell) else wide, there)


def _known(lines: pl.DataFrame, views: int, key: str, covers: Covers) -> pl.Series:
    """What all views together say of each line's key."""
    columns = [lines[f"{at}:{key}"].to_list() for at in range(views)]
    seen: dict[tuple[object, ...], object] = {}
    for cells in zip(*columns, strict=True):
        if cells not in seen:
            seen[cells] = _narrowest(cells, key, covers)
    return pl.Series(key, [seen[cells] for cells in zip(*columns, strict=True)])


def _beside(views: Sequence[View]) -> pl.DataFrame:
    """One line for each person in any view: its key cells side by side, null where absent."""
    people = pl.concat([view.person for view in views]).unique().sort()
    lines = pl.DataFrame({"person": people})
    for at, view in enumerate(views):
        named = view.cells.rename({n: f"{at}:{n}" for n in view.cells.columns})
        lines = lines.join(named.with_columns(person=view.person), on="person", how="left")
    return lines


def smallest_crowd(views: Sequence[View], keys: Sequence[str], covers: Covers) -> int:
    """The fewest people of whom ``views`` together say the same.

    ``covers(column, wide, narrow)`` says whether all that ``narrow`` stands for, ``wide`` does.
    A view in which somebody is absent says nothing of them.
    """
    views = [view for view in views if len(view.person)]
    lines = _beside(views)
    if not keys:
        return len(lines)
    known = pl.DataFrame([_known(lines, len(views), key, covers) for key in keys])
    return int(known.group_by(known.columns).len()["len"].min())  # type: ignore[arg-type]
