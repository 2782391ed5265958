"""Which tables a study's tier A holds, and what its routing gives away between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from exports.columns import CORE
from exports.errors import ExportRefused
from exports.scores import SCORE
from forms.kinds import columns_of_study
from forms.study import Condition, Study
from forms.tiers import RESTRICTED_ROWS, TABLES

MOST_PAIRS = 40  # more two-way tables than this nobody reads
ADMINISTRATIVE = ("branch", "completion", "dur_band")
BRANCH = "branch"

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
