"""What tier A measures, in which order, and with how much noise.

The menu, the categories and the noise follow from the study, the number of people, the policy's
budget and the noisy sizes of the blocks (who was asked): no other answer plays a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import ceil, isqrt

from exports.codebook import describe
from exports.columns import CORE, SCORE, Field, fields_of
from exports.tables.budget import Budget, cost_of_counts, cost_of_sum
from forms.kinds import columns_of_question
from forms.study import Condition, HierarchyGroup, Study
from forms.tiers import MEAN, PAIR, UNASKED

LEAST_PEOPLE = 100  # people that tables are made of
ROUTING_SHARE = Fraction(1, 20)  # of the budget, for the sizes of blocks
MOST_PAIRS, MANY_PEOPLE = 6, 3000  # pairs under so many people
MOST_CODES, BANDS = 15, 5  # a number with more values is counted in bands
MOST_GROUPS = 6  # of a core variable
MOST_WAYS = 60  # through the questionnaire that are told apart in the account
FINEST = Fraction(1, 4)  # of the planned variance: what is left over lowers it no further
THOUSAND = 1000  # scores are added up in thousandths
NONE = "none"  # the cell of those without a valid answer

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """One answer, or several taken together. ``code`` is how the files name it."""

    code: str
    label: str
    codes: tuple[int, ...] | range


@dataclass(frozen=True, slots=True)
class Axis:
    """A column and the categories that it is counted by; a last one holds everybody else."""

    column: str
    label: str
    categories: tuple[Category, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return how the files name the cells."""
        return (*(c.code for c in self.categories), NONE)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One thing that is measured of the people asked under ``condition``, once.

    Counts by one axis or two, or with ``low`` and ``high`` the sum of a score, ``column``. The
    ``name`` is its key in the files and in the ledger.
    """

    name: str
    axes: tuple[Axis, ...] = ()
    condition: Condition = ()
    column: str = ""
    label: str = ""
    low: int = 0
    high: int = 0

    @property
    def is_score(self) -> bool:
        """Return whether it is a sum."""
        return bool(self.column)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of cells along each axis; of a score: the sum, and who has none."""
        return (2,) if self.is_score else tuple(len(axis.codes) for axis in self.axes)

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the names of its cells, in the order in which they are measured."""
        if self.is_score:
            return ("sum", NONE)
        names = [""]
        for axis in self.axes:
            names = [f"{a}{PAIR}{code}" if a else code for a in names for code in axis.codes]
        return tuple(names)

    @property
    def span(self) -> int:
        """Return how far one person can change a sum, in thousandths."""
        return (self.high - self.low) * THOUSAND

    @property
    def without(self) -> int:
        """Return what a person without the score adds to the second number.

        So much that getting a score or losing it changes no more than going from one end of the
        scale to the other: both numbers for the price of one.
        """
        return isqrt(3 * self.span * self.span // 4)

    def planned_variance(self, base: int) -> Fraction:
        """Return the variance that so many people can bear: the sampling error of a half."""
        if self.is_score:
            return Fraction(81, 1600) * self.span * self.span * base
        return Fraction(ceil(Fraction(max(base, 1), 4)))

    def cost(self, variance: Fraction, *, joins: bool = False) -> Fraction:
        """Return rho, of somebody who was asked before and after, or who joins or leaves."""
        if self.is_score:
            return cost_of_sum(self.without if joins else self.span, variance)
        return cost_of_counts(variance) / (2 if joins else 1)

    def least_variance(self, cap: Fraction) -> Fraction:
        """Return the variance of which the cost is ``cap``."""
        return Fraction(self.span * self.span) / (2 * cap) if self.is_score else 1 / cap


@dataclass(frozen=True, slots=True)
class Planned:
    """A statistic with its noise."""

    statistic: Statistic
    variance: Fraction

    @property
    def rho(self) -> Fraction:
        """Return what it costs somebody who is asked."""
        return self.statistic.cost(self.variance)


def budget_of(study: Study) -> Budget:
    """Return the policy's budget, exactly as its decimals say."""
    said = study.policy.tables
    return Budget(*(Fraction(str(x)) for x in (said.budget, said.lifetime, said.cap)))


class Menu:
    """Every statistic that a study can have measured, in the order of its policy."""

    def __init__(self, study: Study) -> None:
        self.study = study
        left_out = study.policy.not_in_tables
        self._fields: dict[str, Field] = {
            f.name: f
            for f in fields_of(study)
            if f.role != "free_text" and not {f.name, f.variable} & left_out
        }
        self._conditions = _conditions(study)

    @cached_property
    def routing(self) -> tuple[Statistic, ...]:
        """Return the columns that decide who is asked what, measured first of all."""
        named = dict.fromkeys(c for condition in self._conditions.values() for c, _ in condition)
        return tuple(self._table(name, f"routing {name}") for name in named if self._coded(name))

    @cached_property
    def every(self) -> tuple[Statistic, ...]:
        """Return everything else that can be measured, in the usual order."""
        found: dict[str, Statistic] = {}
        for statistic in self._in_order():
            found.setdefault(statistic.name, statistic)
        return tuple(found.values())

    @cached_property
    def statistics(self) -> tuple[Statistic, ...]:
        """Return what the policy names, in its order; where it names nothing, everything."""
        wanted = self.study.policy.tables.menu
        return tuple(self._named(name) for name in wanted) if wanted else self.every

    def _named(self, name: str) -> Statistic:
        one, pair, other = name.partition(PAIR)
        if pair:
            return self._pair(one, other)
        score = name.removeprefix(MEAN)
        return self._table(name) if score == name else next(self._scores([score]))

    def _in_order(self) -> Iterator[Statistic]:
        policy, said = self.study.policy, self.study.policy.tables
        primary = [SCORE + name for name in said.primary]
        stop = [column for column, _ in policy.stop.signs] if policy.stop else []
        for statistic in self.routing:
            yield self._table(statistic.axes[0].column)
        yield from self._scores(primary)
        if said.predictor:
            yield from (self._pair(SCORE + said.predictor, name) for name in primary)
        first = [n for v in policy.distinct for n in self._of_variable(v)]
        yield from self._tables([*first, *stop])
        core = [n for n, f in self._fields.items() if f.column and f.group == CORE]
        yield from self._tables(core)
        yield from self._scores(self._fields)
        yield from self._tables(self._fields)
        yield from (self._pair(a, b) for b in first for a in core)

    def _of_variable(self, variable: str) -> list[str]:
        return [n for n, f in self._fields.items() if f.column and f.variable == variable]

    def _coded(self, name: str) -> bool:
        field = self._fields.get(name)
        return field is not None and (field.column is not None or name in UNASKED)

    def _tables(self, names: Iterable[str]) -> Iterator[Statistic]:
        yield from (self._table(name) for name in names if self._coded(name))

    def _scores(self, names: Iterable[str]) -> Iterator[Statistic]:
        for name in names:
            field = self._fields.get(name)
            if field and field.part == "score" and field.type == "decimal":
                low, high = self._range(name)
                yield Statistic(
                    f"{MEAN}{name}", (), self._condition(name), name, self._label(name), low, high
                )

    def _table(self, name: str, key: str = "") -> Statistic:
        return Statistic(key or name, (self._axis(name),), self._condition(name))

    def _pair(self, one: str, other: str) -> Statistic:
        both = (self._condition(one), self._condition(other))
        condition = tuple(dict.fromkeys(part for c in both for part in c))
        return Statistic(f"{one}{PAIR}{other}", (self._axis(one), self._axis(other)), condition)

    def _condition(self, name: str) -> Condition:
        """Return what must hold for somebody to be asked, of a score: asked any of its items."""
        field = self._fields[name]
        if field.column:
            return self._conditions.get(field.column.question.name, ())
        if not field.items:
            return ()
        parts = [self._condition(item) for item in field.items]
        return tuple(part for part in parts[0] if all(part in other for other in parts))

    def _label(self, name: str) -> str:
        return str(describe(self.study, self._fields[name], rows=0)["label"])

    def _range(self, name: str) -> tuple[int, int]:
        low, high = describe(self.study, self._fields[name], rows=0)["range"]
        return int(low), int(high)

    def _axis(self, name: str) -> Axis:
        return Axis(name, self._label(name), tuple(self._categories(name)))

    def _categories(self, name: str) -> Iterable[Category]:
        field = self._fields[name]
        if field.part == "score":
            return bands_of_score(*self._range(name))
        entry = describe(self.study, field, rows=0)
        labels = {int(code): label for code, label in entry["codes"].items()}
        if field.group == CORE and len(labels) > MOST_GROUPS:
            return _groups(self.study, field.variable, labels)
        if entry["range"] is None:
            return [Category(str(code), label, (code,)) for code, label in labels.items()]
        low, high = (int(bound) for bound in entry["range"])
        return categories_of_number(low, high, labels)


def _conditions(study: Study) -> dict[str, Condition]:
    """Return question → everything that must hold for it to be asked, of its routers as well."""
    found: dict[str, Condition] = {}
    asked_in = {c.name: q.name for q in study.questions.values() for c in columns_of_question(q)}
    for name, question in study.questions.items():
        own = (*study.page_of[name].show_if, *question.show_if)
        routers = [found.get(asked_in.get(column, ""), ()) for column, _ in own]
        found[name] = tuple(dict.fromkeys((*(p for r in routers for p in r), *own)))
    return found


def bands_of_score(low: int, high: int) -> list[Category]:
    """Return a score's three bands, in thousandths: the middle is half a step around its middle."""
    start, end = low * THOUSAND, high * THOUSAND
    one, two = (start + end) // 2 - (end - start) // 8, (start + end) // 2 + (end - start) // 8
    a, b = one / THOUSAND, two / THOUSAND
    return [
        Category("low", f"Low ({low} to under {a:g})", range(start, one)),
        Category("middle", f"Middle ({a:g} to under {b:g})", range(one, two)),
        Category("high", f"High ({b:g} to {high})", range(two, end + 1)),
    ]


def categories_of_number(low: int, high: int, labels: Mapping[int, str]) -> list[Category]:
    """Return every number where there are few, else BANDS bands; the last takes what is left."""
    if high - low < MOST_CODES:
        every = range(low, high + 1)
        return [Category(str(c), labels.get(c, "") or str(c), (c,)) for c in every]
    width = (high - low) // BANDS
    starts = [low + at * width for at in range(BANDS)]
    ends = [*starts[1:], high + 1]
    return [
        Category(f"{a}-{b - 1}", f"{a} to {b - 1}", range(a, b))
        for a, b in zip(starts, ends, strict=True)
    ]


def _groups(study: Study, variable: str, labels: Mapping[int, str]) -> list[Category]:
    """Return the finest level of a core variable that has few groups; as asked without one."""
    hierarchy = study.policy.hierarchies[variable]
    for level, groups in enumerate(hierarchy.levels, start=1):
        if len(groups) <= MOST_GROUPS:
            return [_group(level, at, group) for at, group in enumerate(groups, start=1)]
    return [Category(str(code), label, (code,)) for code, label in labels.items()]


def _group(level: int, at: int, group: HierarchyGroup) -> Category:
    return Category(str(level * 100 + at), group.label, tuple(sorted(group.codes)))


Ways = tuple[frozenset[Condition], ...]


def ways_of(conditions: Iterable[Condition]) -> Ways:
    """Return the sets of conditions that one person can meet together.

    Where there are too many to tell apart, a person who meets all of them stands for everybody,
    which costs no less.
    """
    every = tuple(dict.fromkeys((*conditions, ())))
    routers = dict.fromkeys(column for c in every for column, _ in c)
    ways: set[frozenset[tuple[str, frozenset[int]]]] = {frozenset()}
    for column in routers:
        asked = dict.fromkeys(codes for c in every for name, codes in c if name == column)
        codes = sorted({code for part in asked for code in part})
        kinds = {frozenset((column, part) for part in asked if code in part) for code in codes}
        ways = {way | kind for way in ways for kind in (*kinds, frozenset())}
        if len(ways) > MOST_WAYS * MOST_WAYS:
            return (frozenset(every),)
    met = {frozenset(c for c in every if set(c) <= way) for way in ways}
    return tuple(met) if len(met) <= MOST_WAYS else (frozenset(every),)


class CostAccount:
    """What the person pays who pays most, of everything planned so far."""

    def __init__(self, ways: Ways) -> None:
        self._spent = {pair: Fraction(0) for pair in combinations_with_replacement(ways, 2)}

    def _parts(self, planned: Planned) -> Iterator[tuple[tuple[object, object], Fraction]]:
        statistic, variance = planned.statistic, planned.variance
        costs = statistic.cost(variance, joins=True), statistic.cost(variance)
        for one, other in self._spent:
            if asked := (statistic.condition in one) + (statistic.condition in other):
                yield (one, other), costs[asked - 1]

    def with_(self, planned: Planned) -> Fraction:
        """Return the most that anybody would pay with one more statistic."""
        most = max(self._spent.values())
        return max((self._spent[at] + cost for at, cost in self._parts(planned)), default=most)  # type: ignore[index]

    def add(self, planned: Planned) -> None:
        """Take a statistic in."""
        for at, cost in list(self._parts(planned)):
            self._spent[at] += cost  # type: ignore[index]

    @property
    def most(self) -> Fraction:
        """Return the most that anybody pays."""
        return max(self._spent.values())


def account_of(planned: Sequence[Planned]) -> CostAccount:
    """Return the account of these statistics."""
    account = CostAccount(ways_of([p.statistic.condition for p in planned]))
    for one in planned:
        account.add(one)
    return account


def plan_routing(menu: Menu, budget: Budget) -> tuple[Planned, ...]:
    """Return the measurements of who is asked what, for their share of the budget."""
    many = len(menu.routing)
    return tuple(
        Planned(s, max(many / (ROUTING_SHARE * budget.release), s.least_variance(budget.cap)))
        for s in menu.routing
    )


def choose(
    menu: Menu, people: int, sizes: Mapping[Condition, int], budget: Budget
) -> tuple[Planned, ...]:
    """Return what is measured beside the routing: in order, everything that the budget bears.

    ``sizes`` are the measured sizes of the blocks; what is left over lowers all noise.
    """
    if people < LEAST_PEOPLE:
        return ()
    first = plan_routing(menu, budget)
    conditions = [s.condition for s in (*menu.routing, *menu.statistics)]
    account = CostAccount(ways_of(conditions))
    for planned in first:
        account.add(planned)
    left = budget.release - account.most
    account = CostAccount(ways_of(conditions))
    chosen: list[Planned] = []
    pairs = 0
    for statistic in menu.statistics:
        is_pair = len(statistic.axes) > 1
        if is_pair and people < MANY_PEOPLE and pairs == MOST_PAIRS:
            continue
        variance = statistic.planned_variance(sizes.get(statistic.condition, people))
        planned = Planned(statistic, max(variance, statistic.least_variance(budget.cap)))
        if account.with_(planned) <= left:
            account.add(planned)
            chosen.append(planned)
            pairs += is_pair
    if not chosen:
        return ()
    # Rounded up, so that the sum stays within the budget.
    less = max(FINEST, Fraction(ceil(account.most / left * THOUSAND), THOUSAND))
    return tuple(
        Planned(p.statistic, max(p.variance * less, p.statistic.least_variance(budget.cap)))
        for p in chosen
    )
