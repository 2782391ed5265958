"""Makes a table k-anonymous in its core key: coarser columns first, then single cells.

``protect`` is the seam: whatever engine stands behind it takes a table and gives a ``Protected``;
the release measures what comes out by other code (exports/measure.py) and trusts nothing here.

This engine follows INSTRUMENT.md section 8. Full-domain generalisation: Samarati 2001, "Protecting
respondents' identities in microdata release"; cell suppression as in Sweeney 2002.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from exports.coarsen import coarsen, top_of, withheld
from exports.columns import BOOKKEEPING_KEYS, CORE, INSIDER, Field
from exports.refused import Refused
from forms.study import MISSING_RANGE, WITHHELD, ReleasePolicy, Tier

Levels = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Protected:
    """A table in which every core class has at least k rows, and what that cost.

    ``levels`` maps each key column to its level; ``violating`` is the share of rows (0-1) in
    classes under k before single cells were withheld, ``touched`` the number of rows in which
    cells were.
    """

    table: pl.DataFrame
    levels: Levels
    violating: float
    touched: int


@dataclass(frozen=True, slots=True)
class _Task:
    """What stays the same while the engine searches."""

    table: pl.DataFrame  # in the order of its own content, so that no order of arrival matters
    fields: Mapping[str, Field]
    policy: ReleasePolicy
    tier: Tier
    start: Levels  # the level at which the table holds each key column
    seed: int

    @property
    def core(self) -> tuple[str, ...]:
        """Core key columns in the order of generalisation; language and versions come last."""
        return tuple(n for n in self._ordered() if self.fields[n].group == CORE)

    @property
    def insider(self) -> tuple[str, ...]:
        """Insider key columns; their level is fixed by the tier."""
        return tuple(n for n in self._ordered() if self.fields[n].group == INSIDER)

    def _ordered(self) -> Iterator[str]:
        rank = {variable: at for at, variable in enumerate(self.policy.order)}

        def place(name: str) -> tuple[bool, int]:
            column = self.fields[name].column
            return name in BOOKKEEPING_KEYS, rank.get(column.variable if column else "", len(rank))

        return iter(sorted((n for n, f in self.fields.items() if f.key), key=place))

    @property
    def allowance(self) -> int:
        """Rows in which single cells may be withheld."""
        return int(self.tier.max_violating * len(self.table))


def category(field: Field) -> pl.Expr:
    """The column as a key: all its missing codes, withheld ones included, are one category."""
    if field.type == "text":
        return pl.col(field.name)
    low, high = MISSING_RANGE[0], MISSING_RANGE[-1]
    missing = pl.col(field.name).is_between(low, high)
    return pl.when(missing).then(pl.lit(WITHHELD)).otherwise(pl.col(field.name)).alias(field.name)


def _sizes(task: _Task, table: pl.DataFrame) -> pl.Series:
    """Of each row, how many rows share its core key."""
    keys = table.select(category(task.fields[n]) for n in task.core)
    return keys.select(pl.len().over(list(task.core)).alias("size"))["size"]


def _varying(task: _Task) -> tuple[str, ...]:
    """Core columns with more than one category: coarsening any other would merge nothing."""
    keys = task.table.select(category(task.fields[n]) for n in task.core)
    return tuple(n for n in task.core if keys[n].n_unique() > 1)


def _first_levels(task: _Task) -> dict[str, int]:
    """The finest level that the tier allows, never finer than the table already is."""
    levels = {}
    for name in (*task.core, *task.insider):
        field, top = task.fields[name], top_of(task.fields[name], task.policy)
        least = 0 if name in BOOKKEEPING_KEYS else task.tier.min_level.get(field.group, 0)
        levels[name] = min(top, max(task.start.get(name, 0), least))
    if "lang" in levels and _rarest_language(task) < task.tier.min_rows_per_language:
        levels["lang"] = 1
    return levels


def _rarest_language(task: _Task) -> int:
    return min(Counter(task.table["lang"].to_list()).values())


def _ladder(task: _Task) -> Iterator[dict[str, int]]:
    """Levels, finest first: each round raises every varying column by one, in the policy's order.

    Ends before the study's whole core key would be withheld: such a file says nothing about whom
    it holds, and k in it would be an accident of the number of rows.
    """
    levels = _first_levels(task)
    tops = {name: top_of(task.fields[name], task.policy) for name in task.core}
    asked = [name for name in task.core if name not in BOOKKEEPING_KEYS]
    yield dict(levels)
    varying = _varying(task)
    while any(levels[name] < tops[name] for name in varying):
        for name in varying:
            if levels[name] < tops[name]:
                levels[name] += 1
                if not asked or any(levels[n] < tops[n] for n in asked):
                    yield dict(levels)


def _withhold(task: _Task, table: pl.DataFrame, name: str, rows: pl.Series) -> pl.DataFrame:
    """``table`` with the answers of column ``name`` withheld where ``rows`` is true.

    A missing code stays: it already counts as withheld, and says why it is missing.
    """
    field = task.fields[name]
    known = category(field) != withheld(field)
    changed = pl.when(pl.lit(rows) & known).then(withheld(field)).otherwise(pl.col(name))
    return table.with_columns(changed.alias(name))


def _without_rare(task: _Task, table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Values of a single column that fewer than k rows carry: no class can ever hold them."""
    for name in names:
        shared = table.select(category(task.fields[name]))
        table = _withhold(
            task, table, name, shared.select(pl.len().over(name).alias("n"))["n"] < task.tier.k
        )
    return table


def _pull_in(task: _Task, table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Fill up the class of rows withheld all over, which may itself have come out too small.

    Rows are drawn (by the seed) from the largest classes, which can spare them.
    """
    sizes = _sizes(task, table)
    small = int((sizes < task.tier.k).sum())
    if not small:
        return table
    draw = random.Random(task.seed)  # noqa: S311  (no secret: the same seed gives the same file)
    largest = max(sizes.to_list())
    donors = [i for i, size in enumerate(sizes) if size == largest]
    wanted = min(task.tier.k - small, max(0, largest - task.tier.k))
    chosen = set(draw.sample(donors, wanted))
    rows = pl.Series([i in chosen for i in range(len(table))])
    for name in names:
        table = _withhold(task, table, name, rows)
    return table if not wanted else _pull_in(task, table, names)


def _mend(task: _Task, coarse: pl.DataFrame) -> pl.DataFrame:
    """``coarse`` with single cells withheld, in the policy's order, in rows of small classes.

    The rows of a small class move together, so no class of k rows ever loses one on the way.
    """
    names = _varying(replace(task, table=coarse))
    table = _without_rare(task, coarse, names)
    for name in names:
        table = _withhold(task, table, name, _sizes(task, table) < task.tier.k)
    return _pull_in(task, table, names)


def _touched(task: _Task, before: pl.DataFrame, after: pl.DataFrame) -> int:
    changed = [before[name] != after[name] for name in task.core]
    return int(pl.DataFrame(changed).select(pl.any_horizontal(pl.all()).sum()).item())


def _attempt(task: _Task, levels: Levels) -> tuple[Protected, bool]:
    """The table at ``levels``, mended, and whether it may be released."""
    coarse = coarsen(task.table, task.fields, task.policy, start=task.start, to=levels)
    violating = int((_sizes(task, coarse) < task.tier.k).sum())
    if violating > task.allowance:
        return Protected(coarse, levels, violating / len(coarse), violating), False
    table = _mend(task, coarse)
    touched = _touched(task, coarse, table)
    reached = bool((_sizes(task, table) >= task.tier.k).all())
    fits = reached and touched <= task.allowance
    return Protected(table, levels, violating / len(coarse), touched), fits


def _give_back(task: _Task, protected: Protected) -> Protected:
    """Take back steps that turn out not to be needed, the policy's last variable first.

    A later step of the ladder often makes an earlier one superfluous.
    """
    first = _first_levels(task)
    for name in reversed(task.core):
        while protected.levels[name] > first[name]:
            finer = {**protected.levels, name: protected.levels[name] - 1}
            attempt, fits = _attempt(task, finer)
            if not fits:
                break
            protected = attempt
    return protected


def protect(
    table: pl.DataFrame,
    fields: Sequence[Field],
    policy: ReleasePolicy,
    tier: Tier,
    *,
    start: Levels,
    seed: int,
) -> Protected:
    """``table`` with at least ``tier.k`` rows in every class of its core key.

    ``start`` says at which level the table already holds each key column (absent: as asked).
    Raises Refused, naming the figures, when single cells in at most ``tier.max_violating`` of the
    rows do not suffice at any level short of withholding the whole key.
    """
    if len(table) < tier.k:
        raise Refused(
            f"Tier {tier.name} needs at least {tier.k} rows alike; there are {len(table)} in all."
        )
    by_name = {f.name: f for f in fields}
    task = _Task(table.sort(table.columns), by_name, policy, tier, start, seed)
    fewest = len(table)
    for levels in _ladder(task):
        protected, fits = _attempt(task, levels)
        if fits:
            return _give_back(task, protected)
        fewest = min(fewest, protected.touched)
    raise Refused(_too_diverse(task, fewest))


def _too_diverse(task: _Task, fewest: int) -> str:
    rows, tier = len(task.table), task.tier
    return (
        f"Tier {tier.name} cannot reach k = {tier.k} in {rows} rows: short of withholding every "
        f"core variable from everybody, at least {fewest} rows ({fewest / rows:.1%}) would need "
        f"single cells withheld; the policy allows {task.allowance} ({tier.max_violating:.1%}). "
        "Collect more answers, or change release.toml and have it approved again."
    )
