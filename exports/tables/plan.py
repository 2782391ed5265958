"""The tables of tier A: their plan, each frozen batch by itself, and the sum of the batches.

Tables of all batches, made anew with each, would tell the newcomers by subtraction. So the tables
of a batch never change, and the sum is made of published figures alone: it tells nothing that they
do not tell. A count hidden in any batch is hidden in the sum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from exports.columns import BRANCH, CORE, SCORE
from exports.errors import ExportRefused
from exports.tables.one_way import Mean, OneWay, Scored, count, mean, scored_of
from exports.tables.two_way import TwoWay, cross
from exports.tables.variables import SMALLEST_BASE, Category, Entry, Variable, rounded, variables_of
from forms.kinds import columns_of_study
from forms.study import Condition, Study
from forms.tiers import RESTRICTED_ROWS, TABLES

MOST_PAIRS = 40  # more two-way tables than this nobody reads
ADMINISTRATIVE = ("branch", "completion", "dur_band")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The tables to make.

    ``sums`` maps a column to the sets of its codes whose total other columns show (who is asked a
    routed question, which branch somebody took). ``links`` are pairs of columns of which routing
    decides one by the other, ``blocks`` maps a routed column to those asked under one condition.
    """

    one_way: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()
    means: tuple[str, ...] = ()
    sums: Mapping[str, tuple[frozenset[int], ...]] = field(default_factory=dict)
    links: tuple[Pair, ...] = ()
    blocks: Mapping[str, Condition] = field(default_factory=dict)


def _conditions(study: Study) -> dict[str, Condition]:
    """Column → everything that must hold for it to be asked; without those asked of everybody."""
    return {
        c.name: condition
        for c in columns_of_study(study)
        if (condition := (*study.page_of[c.question.name].show_if, *c.question.show_if))
    }


def _sums(study: Study, blocks: Mapping[str, Condition]) -> dict[str, tuple[frozenset[int], ...]]:
    found: dict[str, set[frozenset[int]]] = {}
    for condition in (*blocks.values(), *(b.when for b in study.branches)):
        for column, codes in condition:
            found.setdefault(column, set()).add(codes)
    return {column: tuple(sorted(sets, key=sorted)) for column, sets in found.items()}


def _links(study: Study, blocks: Mapping[str, Condition]) -> tuple[Pair, ...]:
    routed = {(column, name) for name, condition in blocks.items() for column, _ in condition}
    branch = {(column, BRANCH) for b in study.branches for column, _ in b.when}
    return tuple(sorted(routed | branch))


def _reached(start: str, pairs: Iterable[Pair]) -> set[str]:
    """Every column that a chain of ``pairs`` leads to."""
    beside: dict[str, set[str]] = {}
    for a, b in pairs:
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    seen, queue = {start}, [start]
    for column in queue:
        new = beside.get(column, set()) - seen
        seen |= new
        queue.extend(sorted(new))
    return seen


def closes_ring(pair: Pair, before: Sequence[Pair], plan: Plan) -> bool:
    """Whether ``pair`` is already joined by a chain of other tables and of routing.

    Two questions asked under one condition are joined by that condition alone, which does no harm:
    who was asked neither is left out of account when their table is made.
    """
    a, b = pair
    block = plan.blocks.get(a)
    same = block is not None and block == plan.blocks.get(b)
    alike = {name for name, condition in plan.blocks.items() if condition == block} if same else {}
    links = [link for link in plan.links if link[1] not in alike]
    return b in _reached(a, (*before, *links))


def rings(plan: Plan) -> tuple[Pair, ...]:
    """The pairs that close a ring of tables, in the order planned.

    In a ring, one table bounds the cells of another beyond their shared totals (Dobra & Fienberg
    2000, PNAS 97(22)); without rings it does not (Vorob'ev 1962).
    """
    kept: list[Pair] = []
    found: list[Pair] = []
    for pair in plan.pairs:
        (found if closes_ring(pair, kept, plan) else kept).append(pair)
    return tuple(found)


def check(plan: Plan) -> None:
    """Raises Refused if the tables of ``plan`` would tell more together than each alone."""
    if found := rings(plan):
        pairs = ", ".join(f"{a} by {b}" for a, b in found)
        raise ExportRefused(
            f"No tables: {pairs} would close a ring of two-way tables, and counts hidden in one "
            "could be worked out from the others. Leave these pairs out of the plan."
        )


def _left_out(study: Study) -> set[str]:
    tiers = study.policy.tiers
    kinds = (TABLES, RESTRICTED_ROWS)
    return {name for kind in kinds if kind.name in tiers for name in tiers[kind.name].leave_out}


def _coded(study: Study) -> list[str]:
    """Every coded column that tiers A and C both keep, in the order asked."""
    out, roles = _left_out(study), study.policy.roles
    return [
        c.name
        for c in columns_of_study(study)
        if not c.max_length
        and roles.get(c.variable) != "free_text"
        and not {c.name, c.variable} & out
    ]


def _wished(study: Study, coded: Sequence[str]) -> Iterator[Pair]:
    """Pairs worth a table, best first.

    Who somebody is (core) by what must stay diverse, in the order of the policy; then, by branch,
    sensitive answers before the others.
    """
    policy, variable = study.policy, {c.name: c.variable for c in columns_of_study(study)}
    core = [name for name in coded if policy.groups.get(variable[name]) == CORE]
    for wanted in policy.distinct:
        yield from ((key, n) for n in coded if variable[n] == wanted for key in core)
    if study.branches:
        for role in ("sensitive", "none"):
            yield from ((BRANCH, n) for n in coded if policy.roles.get(variable[n]) == role)


def _without_rings(plan: Plan, wished: Iterable[Pair]) -> tuple[Pair, ...]:
    kept: list[Pair] = []
    for pair in wished:
        if len(kept) < MOST_PAIRS and not closes_ring(pair, kept, plan):
            kept.append(pair)
    return tuple(kept)


def _kept(names: Iterable[str], columns: Collection[str] | None) -> tuple[str, ...]:
    return tuple(n for n in names if columns is None or n in columns)


def default_plan(study: Study, *, columns: Collection[str] | None = None) -> Plan:
    """Every answer by itself, some in pairs (40 at most, without a ring), the scores as means.

    ``columns`` are the columns to choose from, all of the study's unless told: hand over those
    that are not withheld from every row. Differences between two answers have no mean here.
    """
    blocks, coded = _conditions(study), _kept(_coded(study), columns)
    about = [n for n in ADMINISTRATIVE if n != BRANCH or study.branches]
    scores = [SCORE + scale.name for scale in study.scales]
    scores += [SCORE + composite.name for composite in study.composites]
    plan = Plan(
        one_way=(*_kept(about, columns), *coded),
        means=_kept(scores, columns),
        sums=_sums(study, blocks),
        links=_links(study, blocks),
        blocks=blocks,
    )
    wished = (p for p in _wished(study, coded) if set(p) <= set(plan.one_way))
    return replace(plan, pairs=_without_rings(plan, wished))


@dataclass(frozen=True, slots=True)
class Tables:
    """Finished tables: nothing in them but what may be read.

    ``rows`` is rounded. ``parts`` counts the groups of people whose tables were added up: batches,
    and in a batch the sides of an open file; a shown count is at most 2 from the true one for each.
    """

    rows: int
    one_way: tuple[OneWay, ...]
    two_way: tuple[TwoWay, ...] = ()
    means: tuple[Mean, ...] = ()
    parts: int = 1
    scores: tuple[Scored, ...] = ()

    @property
    def unproven(self) -> tuple[TwoWay, ...]:
        """Tables whose search ended before it was sure that nothing less will do."""
        return tuple(t for t in self.two_way if not t.proven)

    def cells(self) -> Iterator[int | None]:
        """Every count, hidden ones as None; a cell of nobody's answer (rest by rest) is none."""
        for one in self.one_way:
            yield from one.counts
        for two in self.two_way:
            for at, line in enumerate(two.counts):
                last = two.row_totals[at] is None and two.column_totals[-1] is None
                yield from line[:-1] if last else line

    @property
    def hidden_share(self) -> float:
        """Share of all counts that are hidden, 0 to 1."""
        cells = list(self.cells())
        return sum(cell is None for cell in cells) / len(cells) if cells else 0.0


def tables(frame: pl.DataFrame, codebook: Sequence[Entry], plan: Plan) -> Tables:
    """The tables of ``plan`` over ``frame``: released rows of one batch, in any order.

    ``codebook`` are its entries (exports/codebook.py). The same people must never be tabulated
    twice: a batch is frozen, and later ones get tables of their own (``together``).
    Raises Refused on under 20 rows, columns that do not fit, or a ring of tables.
    """
    if len(frame) < SMALLEST_BASE:
        raise ExportRefused(
            f"No tables of {len(frame)} rows: a percentage takes {SMALLEST_BASE} people at least. "
            f"Wait for {SMALLEST_BASE - len(frame)} more."
        )
    check(plan)
    names = dict.fromkeys((*plan.one_way, *(name for pair in plan.pairs for name in pair)))
    variables = variables_of(codebook, tuple(names))
    counted = {n: count(frame, variables[n], plan.sums.get(n, ())) for n in names}
    entries = {entry["variable"]: entry for entry in codebook}
    return Tables(
        rounded(len(frame)),
        tuple(counted[name].published for name in names),
        tuple(cross(counted[a], counted[b]) for a, b in plan.pairs),
        tuple(mean(frame, entries[name]) for name in plan.means),
        scores=tuple(score for n in plan.means if (score := scored_of(entries[n]))),
    )


def one_way(frame: pl.DataFrame, codebook: Sequence[Entry], columns: Iterable[str]) -> Tables:
    """Tables of single columns by the 10-5 rule, as for files too small to have key columns."""
    return tables(frame, codebook, Plan(tuple(columns)))


Figure = int | None


def _sum(figures: Sequence[Figure]) -> Figure:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if len(known) == len(figures) else None


def _shared(variables: Sequence[Variable]) -> list[Category]:
    """Categories of all batches, by rising code."""
    found = {c.code: c for variable in variables for c in variable.categories}
    return sorted(found.values(), key=lambda c: c.low)


def _figure(table: OneWay, category: Category) -> Figure:
    """A missing code that a table does not list is one that nobody in its batch had."""
    codes = [c.code for c in table.variable.categories]
    return table.counts[codes.index(category.code)] if category.code in codes else 0


def _one(tables: Sequence[OneWay]) -> OneWay:
    categories = _shared([t.variable for t in tables])
    variable = Variable(tables[0].variable.name, tables[0].variable.label, tuple(categories))
    counts = tuple(_sum([_figure(t, c) for t in tables]) for c in categories)
    return OneWay(variable, sum(t.rows for t in tables), counts)


def _everywhere(variables: Sequence[Variable]) -> tuple[Category, ...]:
    """Answers that every batch's table shows; the rest differs from batch to batch."""
    return tuple(
        c
        for c in variables[0].categories
        if not c.rest and all(c in variable.categories for variable in variables)
    )


def _side(variables: Sequence[Variable]) -> tuple[Variable, list[list[int]]]:
    """The variable of the sum, and where its categories stand in each batch's table."""
    shared = _everywhere(variables)
    at = [[variable.categories.index(c) for c in shared] for variable in variables]
    return Variable(variables[0].name, variables[0].label, shared), at


def _two(tables: Sequence[TwoWay]) -> TwoWay:
    row, down = _side([t.row for t in tables])
    column, across = _side([t.column for t in tables])
    every = range(len(tables))

    def cell(i: int, j: int) -> Figure:
        return _sum([tables[t].counts[down[t][i]][across[t][j]] for t in every])

    height, width = range(len(row.categories)), range(len(column.categories))
    return TwoWay(
        row,
        column,
        tuple(_sum([tables[t].row_totals[down[t][i]] for t in every]) for i in height),
        tuple(_sum([tables[t].column_totals[across[t][j]] for t in every]) for j in width),
        tuple(tuple(cell(i, j) for j in width) for i in height),
        all(t.proven for t in tables),
    )


def _in_all(name: object, batches: Sequence[Mapping[Any, object]]) -> bool:
    return all(name in batch for batch in batches)


def together(batches: Sequence[Tables]) -> Tables:
    """The sum of the tables that all ``batches`` have: in one a variable may be withheld.

    Means of people's scores stand by batch only; means from counts follow from the sums.
    """
    if len(batches) == 1:
        return batches[0]
    one_way = [{t.variable.name: t for t in b.one_way} for b in batches]
    two_way = [{(t.row.name, t.column.name): t for t in b.two_way} for b in batches]
    return Tables(
        rows=sum(b.rows for b in batches),
        one_way=tuple(_one([b[n] for b in one_way]) for n in one_way[0] if _in_all(n, one_way)),
        two_way=tuple(_two([b[n] for b in two_way]) for n in two_way[0] if _in_all(n, two_way)),
        parts=sum(b.parts for b in batches),
        scores=batches[0].scores,
    )
