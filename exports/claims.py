"""What the files of a study claim, in the verifier's terms: cells as written."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from exports.coarsen import group_codes, hierarchy_of
from exports.columns import CORE, INSIDER, Field
from exports.intersect import Covers
from exports.scores import DECIMALS
from exports.verify.claim import Claim
from forms.study import MISSING_RANGE, WITHHELD, ReleasePolicy, Tier

_MISSING = frozenset(str(code) for code in MISSING_RANGE)


def covers_of(field: Field, policy: ReleasePolicy) -> dict[str, frozenset[str]]:
    """Released group → every finer cell that it may stand for, groups of lower levels included."""
    hierarchy = hierarchy_of(field, policy)
    found: dict[str, frozenset[str]] = {}
    finer: dict[int, frozenset[int]] = {}
    for level in range(1, hierarchy.top if hierarchy else 0):
        assert hierarchy is not None
        groups = {code: group.codes for code, group in group_codes(hierarchy, level).items()}
        for code, asked in groups.items():
            inside = {c for c, codes in finer.items() if codes <= asked}
            found[str(code)] = frozenset(str(c) for c in (*asked, *inside))
        finer |= groups
    return found


def stands_for(keys: Sequence[Field], policy: ReleasePolicy) -> Covers:
    """Whether a released cell stands for all that another one does; missing ones say nothing."""
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


def claim_of(
    fields: Sequence[Field], policy: ReleasePolicy, tier: Tier, *, segments: Sequence[int]
) -> Claim:
    """What the data file of a release in ``tier`` promises; ``segments`` are rows of each."""
    keys = [f for f in fields if f.key]
    names = tuple(f.name for f in fields)
    return Claim(
        core=_names(fields, CORE),
        k=tier.k,
        insider=_names(fields, INSIDER),
        sensitive=tuple(n for n in policy.distinct if n in names),
        columns=("row", *names),
        distinct_l=tier.distinct_l,
        covers={f.name: covers_of(f, policy) for f in keys},
        suppressed={f.name: str(WITHHELD) for f in keys},
        missing={f.name: _MISSING for f in keys},
        segments=tuple(segments),
    )


def _digits(column: pl.Series) -> pl.Series:
    """A decimal column as it has to be written, worked out otherwise than by the writer."""
    values = column.unique().to_list()
    texts = [f"{v:.{DECIMALS}f}" if v >= 0 else str(int(v)) for v in values]
    return column.replace_strict(values, texts, return_dtype=pl.String)


def truth_of(table: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """The columns of a part's source, cells comparable with those written."""
    decimals = [_digits(table[f.name]) for f in fields if f.type == "decimal"]
    return table.select(f.name for f in fields).with_columns(decimals)
