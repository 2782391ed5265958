"""Claims of a study's files for the verifier, and the intersection attack over several releases.

The attacker holds every release and can tell from the answers which rows of two releases are one
person's. Each release says of a person's key that it lies inside some cells; together they say that
it lies inside the narrowest of them. People with equal narrowest cells are a group that nothing in
the releases tells apart. Rows that say less do not count: that would be k by wildcards. Source:
Ganta, Kasiviswanathan & Smith 2008, "Composition attacks and auxiliary information in data
privacy".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from exports.columns import BRANCH, CORE, DECIMALS, INSIDER, UNSEEN, Field
from exports.generalise import group_codes, hierarchy_of
from exports.lifted import LiftedColumn
from exports.repeats import LEAST_ALIKE, compared
from exports.verify.reading import Claim, OneLevel, OnePerson
from forms.study import MISSING_RANGE, WITHHELD, ReleasePolicy, Tier

Covers = Callable[[str, object, object], bool]  # column, wider cell, narrower cell


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """The key of a segment as one release shows it.

    ``person`` numbers the rows, in every release alike; ``cells`` has one column a key. A cell that
    says nothing, whatever the reason, is one cell everywhere.
    """

    person: pl.Series
    cells: pl.DataFrame


def _known(lines: pl.DataFrame, views: int, key: str, covers: Covers) -> pl.Series:
    """Return what all views together say of each line's key."""
    columns = [lines[f"{at}:{key}"].to_list() for at in range(views)]
    seen: dict[tuple[object, ...], object] = {}
    for cells in zip(*columns, strict=True):
        if cells not in seen:
            # All cells hold the truth and levels nest, so that one lies inside all others.
            there = (cell for cell in cells if cell is not None)
            seen[cells] = reduce(lambda a, b: b if covers(key, a, b) else a, there)
    return pl.Series(key, [seen[cells] for cells in zip(*columns, strict=True)])


def smallest_group(views: Sequence[ReleasedFile], keys: Sequence[str], covers: Covers) -> int:
    """The fewest people of whom ``views`` together say the same.

    ``covers(column, wide, narrow)`` says whether all that ``narrow`` stands for, ``wide`` does.
    A view in which somebody is absent says nothing of them.
    """
    views = [view for view in views if len(view.person)]
    # One line a person in any view: the key cells of all views side by side, null where absent.
    lines = pl.DataFrame({"person": pl.concat([view.person for view in views]).unique().sort()})
    for at, view in enumerate(views):
        named = view.cells.rename({n: f"{at}:{n}" for n in view.cells.columns})
        lines = lines.join(named.with_columns(person=view.person), on="person", how="left")
    if not keys:
        return len(lines)
    known = pl.DataFrame([_known(lines, len(views), key, covers) for key in keys])
    return int(known.group_by(known.columns).len()["len"].min())  # type: ignore[arg-type]


_MISSING = frozenset(str(code) for code in MISSING_RANGE)


def covers_of(field: Field, policy: ReleasePolicy) -> dict[str, frozenset[str]]:
    """Released group → every finer cell that it may stand for, groups of lower levels included."""
    found: dict[str, frozenset[str]] = {}
    finer: dict[int, frozenset[int]] = {}
    if (hierarchy := hierarchy_of(field, policy)) is None:
        return found
    for level in range(1, hierarchy.top):
        groups = {code: group.codes for code, group in group_codes(hierarchy, level).items()}
        for code, asked in groups.items():
            inside = {c for c, codes in finer.items() if codes <= asked}
            found[str(code)] = frozenset(str(c) for c in (*asked, *inside))
        finer |= groups
    return found


def stands_for(keys: Sequence[Field], policy: ReleasePolicy) -> Covers:
    """Return whether a released cell stands for all that another does; missing ones say nothing."""
    wider = {f.name: covers_of(f, policy) for f in keys}

    def covers(column: str, wide: object, narrow: object) -> bool:
        return wide in (narrow, str(WITHHELD)) or narrow in wider[column].get(str(wide), ())

    return covers


def key_cells(table: pl.DataFrame) -> pl.DataFrame:
    """Written key columns with everything that says nothing as one cell."""
    return table.with_columns(
        pl.when(pl.all().is_in(list(_MISSING)))
        .then(pl.lit(str(WITHHELD)))
        .otherwise(pl.all())
        .name.keep()
    )


def _names(fields: Sequence[Field], group: str) -> tuple[str, ...]:
    return tuple(f.name for f in fields if f.key and f.group == group)


def one_level(column: LiftedColumn, policy: ReleasePolicy) -> OneLevel:
    """Return what the verifier holds a lifted column against, from the hierarchy itself."""
    covers = covers_of(column.source, policy)
    at_level = map(str, group_codes(policy.hierarchies[column.source.variable], column.level))
    groups = {code: covers[code] for code in at_level}
    return OneLevel(column.source.name, groups, _MISSING, str(WITHHELD))


def claim_of(
    fields: Sequence[Field],
    policy: ReleasePolicy,
    tier: Tier,
    *,
    segments: Sequence[int],
    lifted: Sequence[LiftedColumn] = (),
) -> Claim:
    """Return what the data file of a release promises; ``segments`` are rows of each."""
    keys = [f for f in fields if f.key]
    names = tuple(f.name for f in fields)
    diverse = tuple(n for n in policy.diverse if n in names)
    return Claim(
        core=_names(fields, CORE),
        k=tier.k,
        # Which branch somebody took, whoever was there knows as well.
        insider=(*_names(fields, INSIDER), *(n for n in names if n == BRANCH)),
        sensitive=diverse,
        columns=("row", *names, *(column.name for column in lifted)),
        lifted={column.name: one_level(column, policy) for column in lifted},
        distinct_l=tier.distinct_l,
        covers={f.name: covers_of(f, policy) for f in keys},
        suppressed={f.name: str(WITHHELD) for f in keys},
        missing=dict.fromkeys((*(f.name for f in keys), *diverse), _MISSING),
        answers=tuple(f.name for f in fields if f.part == "answer" and not f.key),
        no_answer=_MISSING | {""},
        not_asked=frozenset(map(str, UNSEEN)),
        segments=tuple(segments),
        unit="people",
        one_person=OnePerson(
            compared(fields),
            LEAST_ALIKE,
            _MISSING,
            {
                name: frozenset(str(code) for code in codes)
                for name, codes in policy.repeat
                if name in names
            },
        ),
    )


def truth_of(table: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """The columns of a part's source, cells comparable with those written."""
    decimals = []
    for column in (table[f.name] for f in fields if f.type == "decimal"):
        # Worked out otherwise than by the writer, so that a fault of it is not in both.
        values = column.unique().to_list()
        texts = [f"{v:.{DECIMALS}f}" if v >= 0 else str(int(v)) for v in values]
        decimals.append(column.replace_strict(values, texts, return_dtype=pl.String))
    return table.select(f.name for f in fields).with_columns(decimals)
